"""Putting freed rides back: cheapest insertion with windows that are widened in stages, in several orders.

A ride is first tried as it was promised, then with windows that end 10, 20, 30, 45 and 60 minutes later; whoever can
still be told an hour ahead may also be fetched that much earlier. At each stage the vehicle that had the ride comes
first, because nobody has to be called for it. What fits at no stage is left over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dispatch.insertion import Insertion, Slack, best_insertion, slack_of
from dispatch.lanes import Call, Lane, call_of, opened
from dispatch.quote import Service
from dispatch.tours import Route
from mobility.core.booking import Booking
from mobility.core.clock import Instant
from mobility.core.ids import BookingId, TaskId
from mobility.core.plan import Task

STAGES_MS = tuple(minutes * 60_000 for minutes in (0, 10, 20, 30, 45, 60))
"""By how much windows are widened, one stage after the other."""
RESCUE_STAGES_MS = (*STAGES_MS, 90 * 60_000, 120 * 60_000, 240 * 60_000)
"""Who sits in a broken vehicle is fetched even hours later."""
_NOTICE_MS = 3_600_000
"""Nobody is fetched earlier than was told when there is less time than this to tell it."""


@dataclass(frozen=True, slots=True)
class Ride:
    """A ride to be put somewhere."""

    booking: Booking
    pickup: Task
    dropoff: Task
    home: int
    """Position of the tour that had it."""
    is_aboard: bool = False
    """Whether the rider sits in a broken vehicle: the pickup is a transfer, which has no promised window."""

    @property
    def booking_id(self) -> BookingId:
        """Its booking."""
        return self.booking.booking_id


class Order(StrEnum):
    """Which ride is put back first."""

    SOONEST = "soonest"
    """The one to be fetched first."""
    REGRET = "regret"
    """The one that loses most when its best vehicle is taken (Potvin & Rousseau 1993)."""
    LARGEST = "largest"
    """The one that needs most room, then the longest."""


@dataclass(slots=True)
class Bench:
    """What one repair computes again and again: the room in lanes and the best places in them."""

    service: Service
    now: Instant
    slacks: dict[int, Slack | None] = field(default_factory=dict)
    places: dict[tuple[int, TaskId, int], Insertion | None] = field(default_factory=dict)
    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    seen: dict[int, tuple[int, Lane]] = field(default_factory=dict)

    def place(self, lane: Lane, ride: Ride, stage_ms: int) -> Insertion | None:
        """Return the cheapest place of a ride in a lane at a stage, ``None`` when there is none."""
        key = (self._number(lane), ride.pickup.task_id, stage_ms)
        if key not in self.places:
            slack = self._slack(lane)
            found = None
            if slack is not None:
                pickup, dropoff = widened(ride, stage_ms, self.now)
                found = best_insertion(slack, pickup.visit, dropoff.visit, self.service.drive)
            self.places[key] = found if isinstance(found, Insertion) else None
        return self.places[key]

    def _number(self, lane: Lane) -> int:
        """Return a number for the lane's key: a long key is looked up once, not for every ride."""
        if id(lane) not in self.seen:
            # The lane is kept, so that its identity stays its own.
            self.seen[id(lane)] = self.numbers.setdefault(lane.key, len(self.numbers)), lane
        return self.seen[id(lane)][0]

    def _slack(self, lane: Lane) -> Slack | None:
        key = self._number(lane)
        if key not in self.slacks:
            route = Route(lane.route.tour, lane.route.passed, lane.duty, lane.visits, lane.frozen)
            slack = slack_of(route, self.service.drive)
            self.slacks[key] = slack if isinstance(slack, Slack) else None
        return self.slacks[key]


@dataclass(frozen=True, slots=True)
class _Choice:
    ride: Ride
    lane: Lane
    place: Insertion
    second_ms: int
    """How much more the second best vehicle would cost."""

    @property
    def rank(self) -> tuple[int, int, int]:
        """Who sits in a broken vehicle is fetched soonest; others stay in their vehicle where that is possible."""
        first = self.place.schedule.earliest_ms[self.place.pickup] if self.ride.is_aboard else self._is_moved
        return first, self.place.extra_ms, self.lane.position

    @property
    def _is_moved(self) -> int:
        return int(self.lane.position != self.ride.home)


def widened(ride: Ride, stage_ms: int, now: Instant) -> tuple[Call, Call]:
    """Return the calls of a ride whose windows are widened by ``stage_ms``."""
    pickup = call_of(ride.pickup, ride.booking, now, widened_ms=stage_ms)
    dropoff = call_of(ride.dropoff, ride.booking, now, widened_ms=stage_ms)
    if ride.is_aboard:
        # A transfer has no promised time; once placed, nothing may put it off.
        return replace(pickup, visit=replace(pickup.visit, latest_ms=dropoff.visit.latest_ms), hard_ms=0), dropoff
    if stage_ms and ride.pickup.window.earliest - stage_ms > now + _NOTICE_MS:
        return _earlier(pickup, stage_ms), _earlier(dropoff, stage_ms)
    return pickup, dropoff


def put_back(
    bench: Bench, lanes: Mapping[int, Lane], rides: Sequence[Ride], order: Order, *, only: Iterable[int] | None = None
) -> tuple[dict[int, Lane], tuple[Ride, ...]]:
    """Return the lanes with as many rides as fit, and those that fit nowhere. ``only`` names the lanes that may take.

    Lanes are keyed by the position of their tour; a tour that takes nobody is not among them.
    """
    search = _Search(bench, dict(lanes), order, frozenset(lanes if only is None else only))
    left = _sorted(rides, order)
    for stage_ms in RESCUE_STAGES_MS if any(ride.is_aboard for ride in rides) else STAGES_MS:
        due = [ride for ride in left if ride.is_aboard or stage_ms in STAGES_MS]
        while (choice := search.next(due, stage_ms)) is not None:
            placed = _placed(bench, choice, stage_ms)
            due = [ride for ride in due if ride is not choice.ride]
            if placed is not None:
                search.lanes[choice.lane.position] = placed
                left = [ride for ride in left if ride is not choice.ride]
        if not left:
            break
    return search.lanes, tuple(left)


@dataclass(slots=True)
class _Search:
    bench: Bench
    lanes: dict[int, Lane]
    order: Order
    allowed: frozenset[int]

    def next(self, due: Sequence[Ride], stage_ms: int) -> _Choice | None:
        """Return what is done next: the first ride of the order that fits, or of all the one with most regret."""
        most: _Choice | None = None
        for ride in due:
            choice = self.best(ride, stage_ms)
            if choice is not None and (most is None or choice.second_ms > most.second_ms):
                most = choice
                if self.order is not Order.REGRET:
                    break
        return most

    def best(self, ride: Ride, stage_ms: int) -> _Choice | None:
        """Return the best vehicle of a ride and how much worse the next one is."""
        found = [
            _Choice(ride, lane, place, 0)
            for position, lane in self.lanes.items()
            if position in self.allowed and (place := self.bench.place(lane, ride, stage_ms)) is not None
        ]
        if not found:
            return None
        ranked = sorted(found, key=lambda choice: choice.rank)
        # With one vehicle left to take it, a ride can not wait.
        second_ms = ranked[1].place.extra_ms - ranked[0].place.extra_ms if len(ranked) > 1 else 10**12
        return replace(ranked[0], second_ms=second_ms)


def _placed(bench: Bench, choice: _Choice, stage_ms: int) -> Lane | None:
    pickup, dropoff = widened(choice.ride, stage_ms, bench.now)
    calls = list(choice.lane.calls)
    calls.insert(choice.place.pickup, pickup)
    calls.insert(choice.place.dropoff, dropoff)
    return opened(choice.lane, calls, bench.service)


def _sorted(rides: Sequence[Ride], order: Order) -> list[Ride]:
    def size(ride: Ride) -> tuple[int, int, float]:
        load = ride.pickup.load
        return -load.wheelchairs, -load.seats, -ride.booking.direct_time_s

    def soonest(ride: Ride) -> tuple[bool, int, str]:
        return not ride.is_aboard, ride.pickup.window.earliest, ride.booking_id

    if order is Order.LARGEST:
        return sorted(rides, key=lambda ride: (not ride.is_aboard, *size(ride), ride.booking_id))
    return sorted(rides, key=soonest)


def _earlier(call: Call, stage_ms: int) -> Call:
    visit = replace(call.visit, earliest_ms=call.visit.earliest_ms - stage_ms)
    return replace(call, visit=visit)
