"""What a disruption does to a plan before anybody repairs it: who is late, who is out, who is gone, what is too full.

How each kind is read:

- late: the vehicle leaves for its next stop ``delay_s`` after it should have left;
- breakdown, driver missing: from ``begins`` on the vehicle's tours take nobody, until their end or ``ends``;
- no-show: the rider did not come, the stop counts as served at ``begins``;
- unannounced load: the ride takes the place that is really needed, and boarding the time that goes with it;
- road closed: nothing in the plan changes, but its travel times do; they come with the service.
"""

from dataclasses import dataclass, replace

from dispatch.booking import released
from dispatch.lanes import lane_of
from dispatch.offer import service_s
from dispatch.quote import Service
from dispatch.tours import ASSUMED_DONE_MS, plan_of, route_of
from mobility.core.booking import BookingState, Load
from mobility.core.clock import Instant, shifted
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.disruption_events import BookingChanged
from mobility.core.events import Event, RiderNoShow
from mobility.core.fold import State
from mobility.core.ids import BookingId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour
from mobility.core.promise import PromiseKind
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.service_day import ServiceDay

OUT = frozenset({DisruptionKind.BREAKDOWN, DisruptionKind.DRIVER_MISSING})
"""Kinds after which a vehicle does not go on."""
_OF_VEHICLE = OUT | {DisruptionKind.VEHICLE_LATE}
_OF_BOOKING = frozenset({DisruptionKind.NO_SHOW, DisruptionKind.UNANNOUNCED_LOAD})
LONGEST_DELAY_S = 12 * 3600.0
"""Whoever is later than half a day does not come at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upset:
    """State and plan as they are once the disruption is known, and the facts that are true because of it."""

    state: State
    plan: DayPlan
    """Not repaired: tours may be impossible to drive."""
    facts: tuple[Event, ...] = ()


def refused(service: Service, state: State, disruption: Disruption, now: Instant) -> Refusal | None:
    """Return why a report can not be true, ``None`` for a plausible one."""
    plan = day_plan(service, state, disruption)
    kind = disruption.kind
    if disruption.ends is not None and disruption.ends <= disruption.begins:
        return _invalid("ends")
    if kind in _OF_VEHICLE and not upset_tours(plan, disruption):
        return Refusal(RefusalCode.UNKNOWN_VEHICLE)
    if kind is DisruptionKind.VEHICLE_LATE and not 0 < disruption.delay_s <= LONGEST_DELAY_S:  # also refuses NaN
        return _invalid("delay_s")
    if disruption.stop_id is not None and disruption.stop_id not in _stops(service, plan):
        return Refusal(RefusalCode.UNKNOWN_STOP)
    if kind is DisruptionKind.ROAD_CLOSED and (disruption.centre is None or not disruption.radius_m > 0):
        return _invalid("centre" if disruption.centre is None else "radius_m")
    return _refused_booking(service, state, plan, disruption, now) if kind in _OF_BOOKING else None


def day_plan(service: Service, state: State, disruption: Disruption) -> DayPlan:
    """Return the published plan of the disruption's day, or the empty one."""
    day = ServiceDay(disruption.day, service.zone)
    return plan_of(state.plans, service.area, day, service.fleet, state.rosters)


def upset_tours(plan: DayPlan, disruption: Disruption) -> tuple[int, ...]:
    """Return the positions of the tours of the disruption's vehicle that it touches; of a late one the next alone.

    A tour whose shift is over still is the next one while somebody sits in the bus or waits for it.
    """
    touched = [
        (tour.shift.span.earliest, position)
        for position, tour in enumerate(plan.tours)
        if tour.shift.vehicle_id == disruption.vehicle_id
        and (tour.shift.span.latest > disruption.begins or _is_overdue(tour, disruption))
        and (disruption.ends is None or tour.shift.span.earliest < disruption.ends)
    ]
    positions = tuple(position for _, position in sorted(touched))
    return positions[:1] if disruption.kind is DisruptionKind.VEHICLE_LATE else positions


def _is_overdue(tour: Tour, disruption: Disruption) -> bool:
    is_late = disruption.kind is DisruptionKind.VEHICLE_LATE
    return is_late and any(task.begin > disruption.begins - ASSUMED_DONE_MS for task in tour.tasks[tour.done :])


def upset(service: Service, state: State, disruption: Disruption, now: Instant) -> Upset:
    """Return what is true once the disruption is known; only for one that ``refused`` lets pass."""
    plan = day_plan(service, state, disruption)
    touched = upset_tours(plan, disruption)
    match disruption.kind:
        case DisruptionKind.VEHICLE_LATE:
            moment = min(now, disruption.begins)
            late = {k: _held(service, state, (k, plan.tours[k]), disruption, moment) for k in touched}
            return Upset(state=state, plan=_with(plan, late))
        case DisruptionKind.BREAKDOWN | DisruptionKind.DRIVER_MISSING:
            out = {k: _out(plan.tours[k], disruption) for k in touched}
            return Upset(state=state, plan=_with(plan, out))
        case DisruptionKind.NO_SHOW:
            return _not_there(state, plan, disruption)
        case DisruptionKind.UNANNOUNCED_LOAD:
            return _with_load(service, state, plan, disruption, now)
        case DisruptionKind.ROAD_CLOSED:
            return Upset(state=state, plan=plan)


def _held(service: Service, state: State, placed: tuple[int, Tour], disruption: Disruption, moment: Instant) -> Tour:
    """Return the tour of a late vehicle, timed anew as of the report: a held vehicle has done nothing since."""
    position, tour = placed
    route = route_of(tour, service.fleet[tour.shift.vehicle_id], state.bookings, moment, service.drive)
    leave = max(disruption.begins, tour.shift.span.earliest)
    if route.passed < len(tour.tasks):
        following = tour.tasks[route.passed]
        leave = Instant(following.begin - service.drive(route.duty.start, following.stop_id))
    until = shifted(leave, disruption.delay_s)
    held = replace(tour, held_until=max(until, tour.held_until or until))
    lane = lane_of(service, state, position, held, moment)
    return held if lane is None else lane.tour()


def _out(tour: Tour, disruption: Disruption) -> Tour:
    return replace(tour, out_from=max(disruption.begins, tour.shift.span.earliest))


def _not_there(state: State, plan: DayPlan, disruption: Disruption) -> Upset:
    booking_id, position = _carried(plan, disruption)
    tour = plan.tours[position]
    pickup = next(task for task in tour.tasks if task.booking_id == booking_id and task.kind is TaskKind.PICKUP)
    others = [task for task in tour.tasks if task.booking_id != booking_id]
    others.insert(tour.done, replace(pickup, begin=disruption.begins, load=Load(0)))
    left = replace(tour, tasks=tuple(others), done=tour.done + 1)
    facts = (
        RiderNoShow(booking_id=booking_id, vehicle_id=tour.shift.vehicle_id, at=disruption.begins),
        *released(booking_id, disruption.begins),
    )
    bookings = {**state.bookings, booking_id: replace(state.bookings[booking_id], state=BookingState.NO_SHOW)}
    promises = {key: promise for key, promise in state.promises.items() if key[0] != booking_id}
    known = replace(state, bookings=bookings, promises=promises)
    return Upset(state=known, plan=_with(plan, {position: left}), facts=facts)


def standing_at(tour: Tour, booking_id: BookingId, now: Instant) -> Tour:
    """Return the tour of a vehicle that stands at a ride's pickup now, though it may have been planned earlier."""

    def there(task: Task) -> Task:
        is_here = task.booking_id == booking_id and task.kind is TaskKind.PICKUP
        return replace(task, begin=max(task.begin, now)) if is_here else task

    return replace(tour, tasks=tuple(there(task) for task in tour.tasks))


def _with_load(service: Service, state: State, plan: DayPlan, disruption: Disruption, now: Instant) -> Upset:
    booking_id, position = _carried(plan, disruption)
    assert disruption.load is not None  # noqa: S101 - ``refused`` let it pass
    load, boarding_s = disruption.load, service_s(service.area, disruption.load)

    def real(task: Task) -> Task:
        if task.booking_id != booking_id:
            return task
        return replace(task, load=load if task.kind is TaskKind.PICKUP else -load, service_s=boarding_s)

    tour = standing_at(plan.tours[position], booking_id, now)
    booking = state.bookings[booking_id]
    bookings = {**state.bookings, booking_id: replace(booking, wish=replace(booking.wish, load=load))}
    return Upset(
        state=replace(state, bookings=bookings),
        plan=_with(plan, {position: replace(tour, tasks=tuple(real(task) for task in tour.tasks))}),
        facts=(BookingChanged(booking_id=booking_id, load=load),),
    )


def _carried(plan: DayPlan, disruption: Disruption) -> tuple[BookingId, int]:
    booking_id = disruption.booking_id
    assert booking_id is not None  # noqa: S101 - ``refused`` let it pass
    return booking_id, next(k for k, tour in enumerate(plan.tours) if _open_pickup(tour, booking_id))


def _open_pickup(tour: Tour, booking_id: BookingId) -> Task | None:
    open_tasks = tour.tasks[tour.done :]
    return next((t for t in open_tasks if t.booking_id == booking_id and t.kind is TaskKind.PICKUP), None)


def _refused_booking(
    service: Service, state: State, plan: DayPlan, disruption: Disruption, now: Instant
) -> Refusal | None:
    booking = state.bookings.get(disruption.booking_id) if disruption.booking_id is not None else None
    if booking is None:
        return Refusal(RefusalCode.UNKNOWN_BOOKING)
    carried = any(_open_pickup(tour, booking.booking_id) for tour in plan.tours)
    if booking.state is not BookingState.PROMISED or not carried:
        return Refusal(RefusalCode.WRONG_STATE, {"state": booking.state.value})
    if disruption.kind is DisruptionKind.UNANNOUNCED_LOAD:
        return _refused_load(service, disruption.load)
    promise = state.promises[booking.booking_id, PromiseKind.PICKUP]
    if min(disruption.begins, now) < promise.window.earliest:
        # Nobody can miss a bus that came before the time that was promised.
        return Refusal(RefusalCode.WRONG_STATE, {"state": "before_window"})
    return None


def _refused_load(service: Service, load: Load | None) -> Refusal | None:
    if load is None or min(load.seats, load.wheelchairs, load.prams, load.luggage) < 0:
        return _invalid("load")
    return None if load.seats + load.wheelchairs > 0 and service.fleet else _invalid("load")


def _stops(service: Service, plan: DayPlan) -> frozenset[str]:
    return frozenset(service.area.stops) | {tour.shift.depot for tour in plan.tours}


def _with(plan: DayPlan, changed: dict[int, Tour]) -> DayPlan:
    return replace(plan, tours=tuple(changed.get(k, tour) for k, tour in enumerate(plan.tours)))


def _invalid(detail: str) -> Refusal:
    return Refusal(RefusalCode.INVALID_INPUT, {"detail": detail})
