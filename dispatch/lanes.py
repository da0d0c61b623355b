"""Tours under repair: the open calls of each, with hard windows, eased only where lateness can not be avoided.

A lane's limits are the promised windows as a whole, not the narrower ones that ordinary plans use. Where reality is
late already a call's limit is the least time at which it can happen in the order of the lane, so that nothing else is
allowed to make it later still. Ride times are kept for everybody who has not boarded yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from dispatch.feasibility import schedule
from dispatch.promise import latest_begin_ms
from dispatch.quote import Service
from dispatch.route import UNREACHABLE_MS, Drive, Duty, Schedule, Visit
from dispatch.tours import Route, retimed, route_of, visit_of
from mobility.core.booking import Booking
from mobility.core.clock import Instant
from mobility.core.fold import State
from mobility.core.ids import BookingId
from mobility.core.plan import Task, TaskKind, Tour

_FAR_MS = 10**15
"""Later than anything (the year 33658)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One open task of a lane."""

    task: Task
    visit: Visit
    hard_ms: int
    """The last begin that is sure to keep its window: later than that only if it can not be helped."""


@dataclass(frozen=True)
class Lane:
    """The open part of one tour."""

    position: int
    """Which tour of the plan."""
    route: Route
    """What is passed and frozen; its visits are not used."""
    duty: Duty
    calls: tuple[Call, ...]
    """The frozen ones first, with eased limits."""
    times: Schedule
    """The calls' schedule within these limits."""
    frozen: int

    @cached_property
    def visits(self) -> tuple[Visit, ...]:
        """The calls as the feasibility check sees them."""
        return tuple(call.visit for call in self.calls)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for lanes in which a ride can be put at the same places: idle vans at one depot share it."""
        calls = ((call.task.task_id, call.visit.earliest_ms, call.visit.latest_ms) for call in self.calls)
        return (self.duty, self.frozen, *calls)

    def late_ms(self) -> dict[BookingId, int]:
        """Return by how much rides can not be served in their windows; punctual ones are left out."""
        late: dict[BookingId, int] = {}
        for call, earliest_ms in zip(self.calls, self.times.earliest_ms, strict=True):
            over_ms = earliest_ms - call.hard_ms
            if over_ms > 0:
                late[call.task.booking_id] = max(late.get(call.task.booking_id, 0), over_ms)
        return late

    def movable(self) -> dict[BookingId, None]:
        """Return the rides that may go elsewhere: neither aboard nor with a frozen call."""
        fixed = {call.task.booking_id for call in self.calls[: self.frozen]}
        pickups = [call.task.booking_id for call in self.calls if call.task.kind is TaskKind.PICKUP]
        return dict.fromkeys(booking_id for booking_id in pickups if booking_id not in fixed)

    def tour(self) -> Tour:
        """Return the tour with its open calls timed."""
        return retimed(self.route, [call.task for call in self.calls], self.times.begin_ms)


def lane_of(service: Service, state: State, position: int, tour: Tour, now: Instant) -> Lane | None:
    """Return the lane of a tour, ``None`` when it can not be driven in this order, however late."""
    route = route_of(tour, service.fleet[tour.shift.vehicle_id], state.bookings, now, service.drive)
    duty = replace(duty_of(route, now, service.drive), back_ms=tour.shift.span.latest)
    calls = tuple(_calls(tour, route.passed, state, now))
    return eased(Lane(position, route, duty, calls, _EMPTY, min(route.frozen, len(calls))), service)


def duty_of(route: Route, now: Instant, drive: Drive) -> Duty:
    """Return the duty of what is still to be driven, also where a road was closed behind a vehicle or before it.

    Whoever is being brought somewhere is taken to arrive as planned: nobody knows on which side of the closed road the
    vehicle is, and its driver will say so. Where it can not get to its depot the tour ends where it stands.
    """
    duty = route.duty
    following = route.tour.tasks[route.passed] if route.frozen and route.visits else None
    is_carrying = following is not None and following.kind is TaskKind.DROPOFF and duty.leave_ms <= now
    if following is not None and is_carrying and drive(duty.start, following.stop_id) >= UNREACHABLE_MS:
        duty = replace(duty, start=following.stop_id, leave_ms=max(duty.leave_ms, following.begin, now))
    is_kept_away = drive(duty.start, duty.depot) >= UNREACHABLE_MS
    return replace(duty, depot=duty.start) if is_kept_away else duty


def eased(lane: Lane, service: Service) -> Lane | None:
    """Return the lane with limits as tight as can be held and its schedule, ``None`` when no schedule exists."""
    punctual = replace(lane.duty, back_ms=lane.route.tour.shift.span.latest)
    if all(call.visit.latest_ms == call.hard_ms for call in lane.calls):
        times = schedule(punctual, tuple(call.visit for call in lane.calls), service.drive)
        if isinstance(times, Schedule):
            return replace(lane, duty=punctual, times=times)
    free = tuple(replace(call.visit, latest_ms=_FAR_MS) for call in lane.calls)
    least = schedule(replace(lane.duty, back_ms=2 * _FAR_MS), free, service.drive)
    if not isinstance(least, Schedule) or least.driving_ms >= UNREACHABLE_MS:
        return None
    calls = tuple(
        _limited(call, max(call.hard_ms, earliest_ms))
        for call, earliest_ms in zip(lane.calls, least.earliest_ms, strict=True)
    )
    duty = replace(punctual, back_ms=max(punctual.back_ms, _soonest_back_ms(punctual, calls, least, service)))
    times = schedule(duty, tuple(call.visit for call in calls), service.drive)
    return replace(lane, calls=calls, duty=duty, times=times) if isinstance(times, Schedule) else None


def opened(lane: Lane, calls: Sequence[Call], service: Service) -> Lane | None:
    """Return the lane with other calls, its end of shift as it is."""
    return eased(replace(lane, calls=tuple(calls), frozen=min(lane.frozen, len(calls))), service)


def _limited(call: Call, latest_ms: int) -> Call:
    same = call.visit.latest_ms == latest_ms
    return call if same else replace(call, visit=replace(call.visit, latest_ms=latest_ms))


def _soonest_back_ms(duty: Duty, calls: Sequence[Call], least: Schedule, service: Service) -> int:
    if not calls:
        return duty.leave_ms + service.drive(duty.start, duty.depot)
    last = calls[-1].visit
    return least.earliest_ms[-1] + last.service_ms + service.drive(last.stop_id, duty.depot)


def _calls(tour: Tour, passed: int, state: State, now: Instant) -> list[Call]:
    open_tasks = tour.tasks[passed:]
    boarding = {task.booking_id for task in open_tasks if task.kind is TaskKind.PICKUP}
    return [
        call_of(
            task,
            state.bookings[task.booking_id],
            now,
            is_planned=True,
            limit_ms=None if task.booking_id in boarding else _aboard_limit_ms(tour, passed, task, state),
        )
        for task in open_tasks
    ]


def call_of(
    task: Task,
    booking: Booking,
    now: Instant,
    *,
    widened_ms: int = 0,
    limit_ms: int | None = None,
    is_planned: bool = False,
) -> Call:
    """Return the call of a task whose window is widened at its end; ``limit_ms`` ends it for riders aboard.

    ``is_planned``: its planned begin is one of the lane it stands in, not of another vehicle.
    """
    # What should have happened by now and was not reported counts as done in time: drivers with paper report nothing.
    visit = visit_of(task, round(booking.max_ride_s * 1000), not_before_ms=min(now, task.begin) if is_planned else now)
    latest_ms = latest_begin_ms(task.window, task.service_s)
    if limit_ms is not None:
        latest_ms = max(min(latest_ms, limit_ms), visit.earliest_ms)
    return Call(task, replace(visit, latest_ms=latest_ms + widened_ms), latest_ms)


def _aboard_limit_ms(tour: Tour, passed: int, dropoff: Task, state: State) -> int | None:
    """Return when the longest ride of somebody aboard ends; ``None`` where the tour knows no boarding."""
    for k, task in enumerate(tour.tasks[:passed]):
        if task.booking_id == dropoff.booking_id and task.kind is TaskKind.PICKUP:
            service_ms = 0 if k < tour.done else round(task.service_s * 1000)
            return task.begin + service_ms + round(state.bookings[task.booking_id].max_ride_s * 1000)
    return None


_EMPTY = Schedule(earliest_ms=(), begin_ms=(), driving_ms=0, waiting_ms=0, riding_ms=0, back_ms=0)
