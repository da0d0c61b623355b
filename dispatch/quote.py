"""Quotes: up to three offers around a wish, or the binding constraint and the nearest times that work."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from dispatch import rules
from dispatch.free_room import Asked, FreeRoom, Memory, free_room
from dispatch.insertion import Insertion
from dispatch.offer import (
    VALID_MS,
    Offer,
    Quote,
    fare_cent,
    max_ride_s,
    pickup_for,
    service_s,
    tasks_of,
    visits_of,
    windows,
)
from dispatch.route import LOADS, REFUSED_BY, Constraint, Drive, Violation, Visit
from dispatch.tours import plan_of, route_of
from mobility.core.booking import Load, RideWish, Window, WishKind
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.ids import BookingId, VehicleId
from mobility.core.plan import DayPlan
from mobility.core.ports import TravelTimes
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.region import ServiceArea
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import VehicleSpec

MOST_OFFERS = 3
_QUARTER_MS = 900_000
_NEAR_STEPS = 2
"""Offers lie at most half an hour from the wish, in quarters of an hour."""
_STEP_MS = 300_000
_FAR_STEPS = 72
"""Alternatives are looked for every five minutes up to six hours around the wish."""
_DAYS_AHEAD = 8
"""... and, when the day itself has no service, on the next days with service."""
_DAY_S = 86_400
_NEVER_HELPED = frozenset(
    {
        RefusalCode.OUTSIDE_AREA,
        RefusalCode.SAME_STOP,
        RefusalCode.WAY_CLOSED,
        RefusalCode.TOO_SHORT,
        RefusalCode.PARTY_TOO_LARGE,
        RefusalCode.NO_WHEELCHAIR_PLACE,
        RefusalCode.NO_PRAM_PLACE,
        RefusalCode.NO_LUGGAGE_ROOM,
        RefusalCode.INVALID_INPUT,
    }
)
"""Refusals that no other time would change."""

Windows = tuple[Window, Window]
"""Of pickup and arrival."""
Protect = Callable[[RideWish, Windows], Windows | Refusal]
"""Narrows windows so that the transfers of a wish hold, or tells why they can not."""
BusesOf = Callable[[Instant, Instant], Sequence[rules.LineBus]]
"""Direct line buses of the wish's stops that leave between two instants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What quoting needs to know of an area and never changes within a day."""

    area: ServiceArea
    fleet: Mapping[VehicleId, VehicleSpec]
    zone: str
    calendar: rules.Calendar
    travel: TravelTimes
    drive: Drive


@dataclass(slots=True)
class _Search:
    """One quote at work: what was computed once for all its candidate times."""

    service: Service
    state: State
    wish: RideWish
    now: Instant
    buses_of: BusesOf
    new_id: Callable[[], str]
    memory: Memory
    protect: Protect | None = None
    direct_s: float = 0.0
    buses: Sequence[rules.LineBus] = ()
    tried: dict[Instant, Offer | Refusal | None] = field(default_factory=dict)
    asked: dict[date, Asked] = field(default_factory=dict)


def quote(
    service: Service,
    state: State,
    wish: RideWish,
    now: Instant,
    *,
    buses_of: BusesOf,
    new_id: Callable[[], str],
    memory: Memory | None = None,
    protect: Protect | None = None,
) -> Quote:
    """Answer a wish on a snapshot. Insertion only: milliseconds, no solver; nothing is reserved.

    ``protect`` narrows the windows of rides that continue a journey.
    """
    search = _Search(service, state, wish, now, buses_of, new_id, memory or Memory(), protect)
    refusal = _impossible(search)
    if refusal is not None and (refusal.code in _NEVER_HELPED or not _serves(service.area, wish)):
        return Quote(refusal=refusal)
    centre = _centre(search, refusal)
    if centre is None:
        return Quote(refusal=refusal)
    search.buses = _buses_around(search, centre)
    if refusal is None:
        first = _tried(search, centre)
        # A rule that binds at the wished time refuses; a vehicle that is busy then only moves the offer.
        offers = () if isinstance(first, Refusal) else _nearest(search, centre, range(_NEAR_STEPS + 1))
        if offers:
            return Quote(offers=offers)
        refusal = first if isinstance(first, Refusal) else _explained(search, centre)
    bus = rules.line_bus_instead(service.area, centre, search.buses)
    return Quote(
        refusal=refusal,
        alternatives=_alternatives(search, centre, refusal),
        line_bus=bus if refusal.code is RefusalCode.LINE_BUS_RUNS else None,
    )


def insert(
    service: Service, state: State, plan: DayPlan, now: Instant, *, offer: Offer, booking_id: BookingId
) -> Insertion | None:
    """Return where the offered ride fits into ``plan`` now, within the windows that were offered."""
    tasks = tasks_of(booking_id, offer.wish, (offer.pickup, offer.arrival), service_s(service.area, offer.wish.load))
    ends = visits_of(tasks, offer.max_ride_s)
    return _room(service, state, plan, now).asked(*ends).best(*ends)


def warm(service: Service, plan: DayPlan, now: Instant) -> None:
    """Look for a ride in an empty plan, so that the compiled search is loaded before somebody waits for it."""
    stops = service.area.stops
    if len(stops) < 2:  # noqa: PLR2004 - a ride has two ends
        return
    wish = RideWish(
        area_id=service.area.area_id,
        origin=stops[0],
        destination=stops[1],
        kind=WishKind.DEPART,
        at=now,
        load=Load(1),
    )
    search = _Search(service, State(), wish, now, lambda _earliest, _latest: (), lambda: "", Memory())
    search.direct_s = service.travel.seconds(wish.origin, wish.destination)
    _asked(search, plan).best(*_ends(search, *windows(service.area, search.direct_s, now)))


def _serves(area: ServiceArea, wish: RideWish) -> bool:
    return wish.origin in area.stops and wish.destination in area.stops


def _impossible(search: _Search) -> Refusal | None:
    """Return the refusal that the wish meets whatever vehicles do; sets the direct time when stops are served."""
    service, wish = search.service, search.wish
    outside = rules.of_stops(service.area, wish.origin, wish.destination, math.inf)
    if outside is not None:
        return Refusal(RefusalCode.IN_THE_PAST) if wish.at < search.now else outside
    search.direct_s = service.travel.seconds(wish.origin, wish.destination)
    length_m = service.travel.metres(wish.origin, wish.destination)
    if math.isinf(search.direct_s):
        return Refusal(RefusalCode.WAY_CLOSED, {"phone": service.area.phone})
    return (
        rules.of_stops(service.area, wish.origin, wish.destination, length_m)
        or rules.of_party(service.area, wish.load, service.fleet)
        or _too_soon_or_far(search, wish.at, pickup_for(service.area, wish, search.direct_s))
    )


def _too_soon_or_far(search: _Search, wished: Instant, pickup_from: Instant) -> Refusal | None:
    service = search.service
    return rules.of_notice(service.area, wished, pickup_from, now=search.now, zone=service.zone)


def _centre(search: _Search, refusal: Refusal | None) -> Instant | None:
    """Return the pickup time to search around: the wish, or now where the wish lies before it."""
    area = search.service.area
    if refusal is not None and refusal.code is RefusalCode.TOO_FAR_AHEAD:
        return None
    soonest = -(-(search.now + round(area.lead_time_s * 1000)) // 300_000) * 300_000
    wished = pickup_for(area, search.wish, search.direct_s)
    return wished if refusal is None else Instant(max(wished, soonest))


def _buses_around(search: _Search, centre: Instant) -> Sequence[rules.LineBus]:
    area = search.service.area
    first = centre - _FAR_STEPS * _STEP_MS - round(area.line_bus_before_s * 1000)
    last = centre + _FAR_STEPS * _STEP_MS + round(area.line_bus_after_s * 1000)
    return search.buses_of(Instant(first), Instant(last))


def _nearest(search: _Search, centre: Instant, steps: range) -> tuple[Offer, ...]:
    """Return the first offers going outward from ``centre`` in quarters of an hour, the nearest first."""
    found: list[Offer] = []
    for moment in _outward(search.wish, centre, steps, _QUARTER_MS):
        offer = _tried(search, moment)
        if isinstance(offer, Offer):
            found.append(offer)
            if len(found) == MOST_OFFERS:
                break
    return tuple(found)


def _outward(wish: RideWish, centre: Instant, steps: range, step_ms: int) -> Iterator[Instant]:
    """Yield times around ``centre``: who wants to leave gets the later first, who wants to arrive the earlier."""
    sign = -1 if wish.kind is WishKind.ARRIVE else 1
    for step in steps:
        yield Instant(centre + sign * step * step_ms)
        if step:
            yield Instant(centre - sign * step * step_ms)


def _alternatives(search: _Search, centre: Instant, refusal: Refusal | None) -> tuple[Offer, ...]:
    if refusal is not None and refusal.code is RefusalCode.NO_SERVICE_ON_DAY:
        return _other_days(search, centre)
    return _on_both_sides(search, centre) or _other_days(search, centre)


def _on_both_sides(search: _Search, centre: Instant) -> tuple[Offer, ...]:
    """Return the nearest times that work, at least a quarter of an hour apart, one of them on the other side.

    Where nothing works before the wish, or nothing after it, all of them lie on one side.
    """
    found: list[Offer] = []
    sides: set[bool] = set()
    for moment in _outward(search.wish, centre, range(_FAR_STEPS + 1), _STEP_MS):
        if any(abs(moment - other.pickup.earliest) < _QUARTER_MS for other in found):
            continue
        is_after = moment >= centre
        if len(found) >= MOST_OFFERS and is_after in sides:
            continue
        offer = _tried(search, moment)
        if isinstance(offer, Offer):
            found.append(offer)
            sides.add(is_after)
        if len(found) >= MOST_OFFERS and len(sides) > 1:
            break
    if len(found) > MOST_OFFERS:
        # The last one is the nearest of the other side.
        found = [*found[: MOST_OFFERS - 1], found[-1]]
    return tuple(found)


def _other_days(search: _Search, centre: Instant) -> tuple[Offer, ...]:
    """Return offers at the same clock time on the next days with service."""
    service = search.service
    day = rules.day_of(centre, service.zone)
    found: list[Offer] = []
    for ahead in range(1, _DAYS_AHEAD):
        later = day.plus(ahead)
        if rules.of_day(service.area, later.date, service.calendar) is None:
            moment = Instant(later.start + (centre - day.start))
            search.buses = _buses_around(search, moment)
            found.extend(_nearest(search, moment, range(_NEAR_STEPS + 1))[: MOST_OFFERS - len(found)])
        if len(found) >= MOST_OFFERS:
            break
    return tuple(found)


def _tried(search: _Search, pickup_from: Instant) -> Offer | Refusal | None:
    if pickup_from not in search.tried:
        search.tried[pickup_from] = _offer_at(search, pickup_from)
    return search.tried[pickup_from]


def _offer_at(search: _Search, pickup_from: Instant) -> Offer | Refusal | None:
    """Return the offer at a time, the rule that forbids it, or ``None`` where no vehicle can do it."""
    service, wish, area = search.service, search.wish, search.service.area
    early = _too_soon_or_far(search, pickup_from, pickup_from)
    if early is not None:
        return early
    day = rules.day_of(pickup_from, service.zone)
    found_windows = _windows_at(search, pickup_from)
    if isinstance(found_windows, Refusal):
        return found_windows
    pickup, arrival = found_windows
    refusal = (
        rules.of_day(area, day.date, service.calendar)
        or rules.of_hours(area, day, pickup, arrival)
        or rules.of_line_bus(area, pickup_from, search.buses, service.zone)
    )
    if refusal is not None:
        return refusal
    plan = plan_of(search.state.plans, area, day, service.fleet, search.state.rosters)
    found = _asked(search, plan).best(*_ends(search, pickup, arrival))
    if found is None:
        return None
    return Offer(
        offer_id=search.new_id(),
        wish=wish,
        day=day.date,
        pickup=pickup,
        arrival=arrival,
        vehicle_id=found.route.tour.shift.vehicle_id,
        fare_cent=fare_cent(area, wish.load),
        direct_time_s=search.direct_s,
        max_ride_s=max_ride_s(area, search.direct_s),
        valid_until=Instant(search.now + VALID_MS),
        plan_version=plan.version,
    )


def _windows_at(search: _Search, pickup_from: Instant) -> Windows | Refusal:
    found = windows(search.service.area, search.direct_s, pickup_from)
    return found if search.protect is None else search.protect(search.wish, found)


def _ends(search: _Search, pickup: Window, arrival: Window) -> tuple[Visit, Visit]:
    area, wish = search.service.area, search.wish
    tasks = tasks_of(BookingId("?"), wish, (pickup, arrival), service_s(area, wish.load))
    return visits_of(tasks, max_ride_s(area, search.direct_s))


def _asked(search: _Search, plan: DayPlan) -> Asked:
    """Return the day's room as seen by the wished ride, at any time of the day."""
    if plan.day not in search.asked:
        room = _room(search.service, search.state, plan, search.now, search.memory)
        day = ServiceDay(plan.day, search.service.zone)
        whole = Window(day.at(0), day.at(2 * _DAY_S))
        search.asked[plan.day] = room.asked(*_ends(search, whole, whole))
    return search.asked[plan.day]


def _explained(search: _Search, pickup_from: Instant) -> Refusal:
    """Return what binds at a time where no vehicle can serve the wish: the vehicle nearest to feasible tells."""
    service, area = search.service, search.service.area
    plan = plan_of(
        search.state.plans, area, rules.day_of(pickup_from, service.zone), service.fleet, search.state.rosters
    )
    room = _room(service, search.state, plan, search.now, search.memory)
    at_that_time = _windows_at(search, pickup_from)
    if isinstance(at_that_time, Refusal):
        return at_that_time
    found = room.explained(*_ends(search, *at_that_time))
    return refused_by(found if isinstance(found, Violation) else None, area)


def refused_by(violation: Violation | None, area: ServiceArea) -> Refusal:
    """Return the refusal that names the binding constraint of the vehicle that was nearest to feasible."""
    if violation is None:
        return Refusal(RefusalCode.NO_VEHICLE_IN_TIME, {"late_min": 0, "phone": area.phone})
    over_min = max(1, -(-violation.excess_ms // 60_000))
    parameters: dict[str, str | int | float] = {}
    if violation.constraint is Constraint.WINDOW:
        parameters = {"late_min": over_min}
    elif violation.constraint not in LOADS:
        parameters = {"over_min": over_min}
    return Refusal(REFUSED_BY[violation.constraint], parameters | {"phone": area.phone})


def _room(service: Service, state: State, plan: DayPlan, now: Instant, memory: Memory | None = None) -> FreeRoom:
    known = memory.known(plan, service.drive, now) if memory is not None else None
    if known is not None:
        return known
    routes = [
        route_of(tour, service.fleet[tour.shift.vehicle_id], state.bookings, now, service.drive) for tour in plan.tours
    ]
    room = free_room(routes, service.drive, service.area.stops)
    return room if memory is None else memory.keep(plan, service.drive, now, room)
