"""Quotes: up to three offers around a wish, or the binding constraint and the nearest times that work."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from dispatch import rules
from dispatch.insertion import Insertion, Slack, cheapest, slack_of
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
from dispatch.route import REFUSED_BY, Constraint, Drive, Violation
from dispatch.tours import plan_of, route_of
from mobility.core.booking import RideWish, WishKind
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.ids import BookingId, ServiceAreaId, VehicleId
from mobility.core.plan import DayPlan
from mobility.core.ports import TravelTimes
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.region import ServiceArea
from mobility.core.vehicle import VehicleSpec

MOST_OFFERS = 3
_QUARTER_MS = 900_000
_NEAR_STEPS = 2
"""Offers lie at most half an hour from the wish, in quarters of an hour."""
_FAR_STEPS = 24
"""Alternatives are looked for up to six hours around the wish."""
_DAYS_AHEAD = 8
"""... and, when the day itself has no service, on the next days with service."""
_MEMORY_MS = 10_000
_NEVER_HELPED = frozenset(
    {
        RefusalCode.OUTSIDE_AREA,
        RefusalCode.SAME_STOP,
        RefusalCode.TOO_SHORT,
        RefusalCode.PARTY_TOO_LARGE,
        RefusalCode.NO_WHEELCHAIR_PLACE,
        RefusalCode.INVALID_INPUT,
    }
)
"""Refusals that no other time would change."""

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
class Memory:
    """Keeps the free room of days between quotes, as long as their plans stand and for seconds at most.

    A quote reserves nothing and acceptance looks anew, so a little age does no harm.
    """

    days: dict[tuple[ServiceAreaId, date], tuple[int, Instant, list[Slack]]] = field(default_factory=dict)
    """Plan version, when it was computed, and the room in each tour."""

    def slacks(self, service: Service, state: State, plan: DayPlan, now: Instant) -> list[Slack]:
        """Return the free room of a plan's tours."""
        version, computed, slacks = self.days.get((plan.area_id, plan.day), (-1, now, []))
        if version != plan.version or not 0 <= now - computed <= _MEMORY_MS:
            slacks = _slacks(service, state, plan, now)
            self.days[plan.area_id, plan.day] = plan.version, now, slacks
        return slacks


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
    direct_s: float = 0.0
    buses: Sequence[rules.LineBus] = ()
    tried: dict[Instant, Offer | Refusal] = field(default_factory=dict)


def quote(
    service: Service,
    state: State,
    wish: RideWish,
    now: Instant,
    *,
    buses_of: BusesOf,
    new_id: Callable[[], str],
    memory: Memory | None = None,
) -> Quote:
    """Answer a wish on a snapshot. Insertion only: milliseconds, no solver; nothing is reserved."""
    search = _Search(service, state, wish, now, buses_of, new_id, memory or Memory())
    refusal = _impossible(search)
    if refusal is not None and (refusal.code in _NEVER_HELPED or not _serves(service.area, wish)):
        return Quote(refusal=refusal)
    centre = _centre(search, refusal)
    if centre is None:
        return Quote(refusal=refusal)
    search.buses = _buses_around(search, centre)
    if refusal is None:
        first = _tried(search, centre)
        offers = _nearest(search, centre, range(_NEAR_STEPS + 1)) if _may_offer(first) else ()
        if offers:
            return Quote(offers=offers)
        refusal = first if isinstance(first, Refusal) else None
    return Quote(refusal=refusal, alternatives=_alternatives(search, centre, refusal))


def insert(
    service: Service, state: State, plan: DayPlan, now: Instant, *, offer: Offer, booking_id: BookingId
) -> Insertion | Violation | None:
    """Return where the offered ride fits into ``plan`` now, within the windows that were offered."""
    tasks = tasks_of(booking_id, offer.wish, (offer.pickup, offer.arrival), service_s(service.area, offer.wish.load))
    pickup, dropoff = visits_of(tasks, offer.max_ride_s)
    return cheapest(_slacks(service, state, plan, now), pickup, dropoff, service.drive)


def _may_offer(first: Offer | Refusal) -> bool:
    """A rule that binds at the wished time refuses; a vehicle that is busy then only moves the offer."""
    return isinstance(first, Offer) or first.code in REFUSED_BY.values()


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
        return Refusal(RefusalCode.OUTSIDE_AREA, {"area": service.area.name})
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
    first = centre - _FAR_STEPS * _QUARTER_MS - round(area.line_bus_before_s * 1000)
    last = centre + _FAR_STEPS * _QUARTER_MS + round(area.line_bus_after_s * 1000)
    return search.buses_of(Instant(first), Instant(last))


def _nearest(search: _Search, centre: Instant, steps: range) -> tuple[Offer, ...]:
    """Return the first offers going outward from ``centre``, the nearest first."""
    found: list[Offer] = []
    for moment in _outward(centre, steps, is_arrival=search.wish.kind is WishKind.ARRIVE):
        offer = _tried(search, moment)
        if isinstance(offer, Offer):
            found.append(offer)
            if len(found) == MOST_OFFERS:
                break
    return tuple(found)


def _outward(centre: Instant, steps: range, *, is_arrival: bool) -> Iterator[Instant]:
    """Yield times around ``centre``: who wants to leave gets the later first, who wants to arrive the earlier."""
    sign = -1 if is_arrival else 1
    for step in steps:
        yield Instant(centre + sign * step * _QUARTER_MS)
        if step:
            yield Instant(centre - sign * step * _QUARTER_MS)


def _alternatives(search: _Search, centre: Instant, refusal: Refusal | None) -> tuple[Offer, ...]:
    if refusal is not None and refusal.code is RefusalCode.NO_SERVICE_ON_DAY:
        return _other_days(search, centre)
    return _nearest(search, centre, range(_FAR_STEPS + 1)) or _other_days(search, centre)


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


def _tried(search: _Search, pickup_from: Instant) -> Offer | Refusal:
    if pickup_from not in search.tried:
        search.tried[pickup_from] = _offer_at(search, pickup_from)
    return search.tried[pickup_from]


def _offer_at(search: _Search, pickup_from: Instant) -> Offer | Refusal:
    service, wish, area = search.service, search.wish, search.service.area
    early = _too_soon_or_far(search, pickup_from, pickup_from)
    if early is not None:
        return early
    day = rules.day_of(pickup_from, service.zone)
    pickup, arrival = windows(area, search.direct_s, pickup_from)
    refusal = (
        rules.of_day(area, day.date, service.calendar)
        or rules.of_hours(area, day, pickup, arrival)
        or rules.of_line_bus(area, pickup_from, search.buses, service.zone)
    )
    if refusal is not None:
        return refusal
    plan = plan_of(search.state.plans, area, day, service.fleet)
    slacks = search.memory.slacks(service, search.state, plan, search.now)
    ride_s = max_ride_s(area, search.direct_s)
    tasks = tasks_of(BookingId("?"), wish, (pickup, arrival), service_s(area, wish.load))
    found = cheapest(slacks, *visits_of(tasks, ride_s), service.drive)
    if not isinstance(found, Insertion):
        return refused_by(found, area)
    return Offer(
        offer_id=search.new_id(),
        wish=wish,
        day=day.date,
        pickup=pickup,
        arrival=arrival,
        vehicle_id=found.route.tour.shift.vehicle_id,
        fare_cent=fare_cent(area, wish.load),
        direct_time_s=search.direct_s,
        max_ride_s=ride_s,
        valid_until=Instant(search.now + VALID_MS),
        plan_version=plan.version,
    )


def refused_by(violation: Violation | None, area: ServiceArea) -> Refusal:
    """Return the refusal that names the binding constraint of the vehicle that was nearest to feasible."""
    if violation is None:
        return Refusal(RefusalCode.NO_VEHICLE_IN_TIME, {"late_min": 0, "phone": area.phone})
    over_min = max(1, -(-violation.excess_ms // 60_000))
    match violation.constraint:
        case Constraint.WINDOW:
            parameters: dict[str, str | int | float] = {"late_min": over_min}
        case Constraint.RIDE_TIME | Constraint.SHIFT_END:
            parameters = {"over_min": over_min}
        case Constraint.SEATS | Constraint.WHEELCHAIRS:
            parameters = {}
    return Refusal(REFUSED_BY[violation.constraint], parameters | {"phone": area.phone})


def _slacks(service: Service, state: State, plan: DayPlan, now: Instant) -> list[Slack]:
    routes = (
        route_of(tour, service.fleet[tour.shift.vehicle_id], state.bookings, now, service.drive) for tour in plan.tours
    )
    slacks = (slack_of(route, service.drive) for route in routes)
    # A tour that can not even be driven as it stands takes nobody else.
    return [slack for slack in slacks if isinstance(slack, Slack)]
