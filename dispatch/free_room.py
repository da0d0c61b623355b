"""The free room of a day's plan: where one more ride fits, found by the compiled search and timed by the plain check.

The compiled search looks at all vehicles in microseconds; many windows of one ride are asked of one prepared board.
What it finds is timed by ``dispatch.feasibility``, which also searches again, in plain Python, when a refusal has to be
explained: only it can name the constraint that binds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from dispatch.day_problem import DayProblem, day_problem, with_ride
from dispatch.feasibility import schedule
from dispatch.insertion import Insertion, Slack, cheapest, slack_of
from dispatch.route import Drive, Schedule, Violation, Visit
from dispatch.tours import Route
from mobility.core.clock import Instant
from mobility.core.ids import ServiceAreaId, StopId
from mobility.core.plan import DayPlan

_MEMORY_MS = 10_000


@dataclass(slots=True)
class FreeRoom:
    """The tours of one plan version at one moment that may take another ride."""

    routes: tuple[Route, ...]
    costs_ms: tuple[int, ...]
    """What each of them costs as it stands."""
    drive: Drive
    places: Sequence[StopId]
    """Stops between which rides may be asked for."""
    _slacks: list[Slack] | None = None
    _day: DayProblem | None = None

    @property
    def slacks(self) -> list[Slack]:
        """What the plain search needs of each tour, computed once."""
        if self._slacks is None:
            found = (slack_of(route, self.drive) for route in self.routes)
            self._slacks = [slack for slack in found if isinstance(slack, Slack)]
        return self._slacks

    @property
    def day(self) -> DayProblem:
        """What the compiled search needs, computed once."""
        if self._day is None:
            self._day = day_problem(self.routes, self.drive, self.places)
        return self._day

    def asked(self, pickup: Visit, dropoff: Visit) -> "Asked":
        """Return the room as seen by one ride; the windows of its visits are the widest it may ask for."""
        return Asked(self, pickup, dropoff)

    def explained(self, pickup: Visit, dropoff: Visit) -> Insertion | Violation | None:
        """Search in plain Python: the cheapest insertion or the violation nearest to feasible; slow."""
        return cheapest(self.slacks, pickup, dropoff, self.drive)


class Asked:
    """A board with one ride that is in no route, to be asked for many windows."""

    def __init__(self, room: FreeRoom, pickup: Visit, dropoff: Visit) -> None:
        """Prepare the board; loads the compiled search on first use."""
        from dispatch.darp.insertion import Board  # noqa: PLC0415 - a second of import, once per process

        self._room = room
        problem = with_ride(room.day, pickup, dropoff)
        self._ride = problem.rides - 1
        self._board = Board(problem, room.day.present)

    def best(self, pickup: Visit, dropoff: Visit) -> Insertion | None:
        """Return the cheapest feasible place within the windows of the visits, ``None`` when there is none."""
        origin_ms = self._room.day.origin_ms
        place = self._board.best(
            self._ride,
            earliest_pickup=pickup.earliest_ms - origin_ms,
            latest_pickup=pickup.latest_ms - origin_ms,
            earliest_dropoff=dropoff.earliest_ms - origin_ms,
            latest_dropoff=dropoff.latest_ms - origin_ms,
        )
        if place is None:
            return None
        route = self._room.routes[place.vehicle]
        whole = list(route.visits)
        whole.insert(place.pickup_position, pickup)
        whole.insert(place.dropoff_position, dropoff)
        times = schedule(route.duty, whole, self._room.drive)
        if not isinstance(times, Schedule):
            # The two checks agree by test; should they ever not, the plain one is right.
            found = self._room.explained(pickup, dropoff)
            return found if isinstance(found, Insertion) else None
        extra_ms = times.cost_ms - self._room.costs_ms[place.vehicle]
        return Insertion(route, place.pickup_position, place.dropoff_position, tuple(whole), times, extra_ms)


def free_room(routes: Sequence[Route], drive: Drive, places: Sequence[StopId] = ()) -> FreeRoom:
    """Return the room in some tours; one that is out or can not even be driven as it stands takes nobody else."""
    kept = [(route, schedule(route.duty, route.visits, drive)) for route in routes if not route.is_out]
    driven = [(route, times.cost_ms) for route, times in kept if isinstance(times, Schedule)]
    return FreeRoom(tuple(route for route, _ in driven), tuple(cost for _, cost in driven), drive, places)


@dataclass(slots=True)
class Memory:
    """Keeps the free room of days between quotes, as long as their plans stand and for seconds at most.

    A quote reserves nothing and acceptance looks anew, so a little age does no harm.
    """

    days: dict[tuple[ServiceAreaId, date], tuple[int, Drive, Instant, FreeRoom]] = field(default_factory=dict)
    """Plan version, driving times, when it was computed, and the room."""

    def known(self, plan: DayPlan, drive: Drive, now: Instant) -> FreeRoom | None:
        """Return the room of a plan where it is fresh enough."""
        found = self.days.get((plan.area_id, plan.day))
        if found is None or found[:2] != (plan.version, drive) or not 0 <= now - found[2] <= _MEMORY_MS:
            return None
        return found[3]

    def keep(self, plan: DayPlan, drive: Drive, now: Instant, room: FreeRoom) -> FreeRoom:
        """Keep the room of a plan and return it."""
        self.days[plan.area_id, plan.day] = plan.version, drive, now, room
        return room
