"""What a repaired plan means for what was told: new windows where the told ones do not hold, and whom to tell by when.

A window that was told stays wherever the plan keeps it. Where it can not, the new one begins with the minute of the
planned time and is as wide as the area's rules say, so that ordinary plans have room in it. News are due by a quarter
of an hour before the earlier of the old and the new pickup, when people leave home; of riders aboard by the end of the
arrival they were told. Where that is past, they are due now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil

from dispatch.harm import Harm
from dispatch.promise import RISK_MS, happens, is_sure, keeps, outside_ms
from dispatch.rescue import is_transfer
from mobility.core.booking import Window
from mobility.core.clock import Instant
from mobility.core.disruption import DisruptionKind
from mobility.core.fold import State
from mobility.core.ids import BookingId, VehicleId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour
from mobility.core.promise import Promise, PromiseKind, PromiseOutcome, Revision, RevisionReason
from mobility.core.region import ServiceArea

LEAVE_HOME_MS = 900_000
"""People leave home a quarter of an hour before the pickup."""
_MINUTE_MS = 60_000

REASON_OF: Mapping[DisruptionKind, RevisionReason] = {
    DisruptionKind.NO_SHOW: RevisionReason.VEHICLE_LATE,
    DisruptionKind.VEHICLE_LATE: RevisionReason.VEHICLE_LATE,
    DisruptionKind.BREAKDOWN: RevisionReason.BREAKDOWN,
    DisruptionKind.DRIVER_MISSING: RevisionReason.DRIVER_MISSING,
    DisruptionKind.ROAD_CLOSED: RevisionReason.ROAD_CLOSED,
    DisruptionKind.UNANNOUNCED_LOAD: RevisionReason.NO_SPACE,
}
"""What riders are told about each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What has to be told because of a plan."""

    revisions: tuple[Revision, ...]
    """The most urgent first."""
    lapsed: tuple[BookingId, ...]
    """Rides with untold news of which nothing is left."""


def promise_of(state: State, task: Task) -> Promise | None:
    """Return the open promise that a task keeps; transfers keep none."""
    if is_transfer(task.task_id):
        return None
    kind = PromiseKind.PICKUP if task.kind is TaskKind.PICKUP else PromiseKind.ARRIVAL
    promise = state.promises.get((task.booking_id, kind))
    return promise if promise is not None and promise.outcome is PromiseOutcome.OPEN else None


def rewindowed(area: ServiceArea, state: State, tour: Tour, passed: int) -> Tour:
    """Return the tour whose open tasks have windows that they are sure to keep: the told ones where they are."""

    def held(task: Task) -> Task:
        promise = promise_of(state, task)
        if promise is not None and is_sure(task, promise.window):
            return replace(task, window=promise.window)
        return task if is_sure(task, task.window) else replace(task, window=_anew(area, task))

    return replace(tour, tasks=(*tour.tasks[:passed], *(held(task) for task in tour.tasks[passed:])))


def harm_to_promises(state: State, tasks: Iterable[Task]) -> Harm:
    """Return how many promises open tasks as planned break, and by how much altogether."""
    beyond_ms = [
        abs(outside_ms(promise.window, happens(task)))
        for task in tasks
        if (promise := promise_of(state, task)) is not None and not keeps(task, promise.window)
    ]
    return Harm(broken=len(beyond_ms), beyond_ms=sum(beyond_ms))


def news_of(
    state: State, before: DayPlan, after: DayPlan, ended: Iterable[BookingId], *, reason: RevisionReason, now: Instant
) -> News:
    """Return what riders of two plans of a day must be told; ``ended`` are rides that nobody drives any more."""
    was, will = _open_rides(state, before), _open_rides(state, after)
    gone = dict.fromkeys(ended)
    due: list[Revision] = []
    lapsed: list[BookingId] = []
    for booking_id in dict.fromkeys((*was, *will)):
        if booking_id in gone:
            due.append(_ended(state, was[booking_id], reason, now))
        elif booking_id in will:
            revision = _changed(state, was.get(booking_id), will[booking_id], reason, now)
            pending = state.revisions.get(booking_id)
            # Who was told to be stranded stays so until another vehicle carries the ride.
            still_stuck = (
                pending is not None and pending.is_withdrawn and pending.vehicle_id == will[booking_id].vehicle_id
            )
            if revision is None and pending is not None and not still_stuck:
                lapsed.append(booking_id)
            elif revision is not None and not _is_same(revision, pending):
                due.append(revision)
    return News(revisions=tuple(sorted(due, key=lambda each: (each.tell_by, each.booking_id))), lapsed=tuple(lapsed))


@dataclass(frozen=True, slots=True)
class _Riding:
    """The open part of a ride in a plan."""

    vehicle_id: VehicleId
    tasks: tuple[Task, ...]


def _open_rides(state: State, plan: DayPlan) -> dict[BookingId, _Riding]:
    rides: dict[BookingId, _Riding] = {}
    for tour in plan.tours:
        for task in tour.tasks[tour.done :]:
            if promise_of(state, task) is not None or is_transfer(task.task_id):
                known = rides.get(task.booking_id)
                tasks = (*known.tasks, task) if known else (task,)
                # Of a ride in two vehicles the one that brings the rider there counts.
                carrier = known.vehicle_id if known and task.kind is TaskKind.PICKUP else tour.shift.vehicle_id
                rides[task.booking_id] = _Riding(carrier, tasks)
    return rides


def _changed(state: State, was: _Riding | None, will: _Riding, reason: RevisionReason, now: Instant) -> Revision | None:
    windows: dict[PromiseKind, Window] = {}
    for task in will.tasks:
        promise = promise_of(state, task)
        if promise is not None and not _is_within(task.window, promise.window):
            windows[promise.kind] = task.window
    booking_id = will.tasks[0].booking_id
    # Riders aboard see with their own eyes which vehicle they change to; their driver is with them.
    boards = any(task.kind is TaskKind.PICKUP and not is_transfer(task.task_id) for task in will.tasks)
    if not windows and not (boards and will.vehicle_id != _told_vehicle(state, was, will)):
        return None
    return Revision(
        booking_id=booking_id,
        reason=reason,
        tell_by=_tell_by(state, booking_id, windows.get(PromiseKind.PICKUP), now),
        vehicle_id=will.vehicle_id,
        pickup=windows.get(PromiseKind.PICKUP),
        arrival=windows.get(PromiseKind.ARRIVAL),
    )


def _told_vehicle(state: State, was: _Riding | None, will: _Riding) -> VehicleId:
    """Return the vehicle that the rider expects: as was booked while other news have not been told."""
    booking_id = will.tasks[0].booking_id
    if was is None or booking_id in state.revisions:
        return state.bookings[booking_id].vehicle_id
    return was.vehicle_id


def _ended(state: State, was: _Riding, reason: RevisionReason, now: Instant) -> Revision:
    booking_id = was.tasks[0].booking_id
    return Revision(
        booking_id=booking_id,
        reason=reason,
        tell_by=_tell_by(state, booking_id, None, now),
        vehicle_id=was.vehicle_id,
        is_withdrawn=True,
    )


def _tell_by(state: State, booking_id: BookingId, pickup: Window | None, now: Instant) -> Instant:
    told = state.promises.get((booking_id, PromiseKind.PICKUP))
    if told is None or told.outcome is not PromiseOutcome.OPEN:
        arrival = state.promises.get((booking_id, PromiseKind.ARRIVAL))
        return now if arrival is None else max(now, arrival.window.latest)
    earliest = told.window.earliest if pickup is None else min(told.window.earliest, pickup.earliest)
    return max(now, Instant(earliest - LEAVE_HOME_MS))


def _is_same(revision: Revision, pending: Revision | None) -> bool:
    """Return whether the same is due already: tries that were made for it count on."""
    return (
        pending is not None
        and replace(revision, tries=pending.tries, tell_by=pending.tell_by, reason=pending.reason) == pending
    )


def _is_within(window: Window, told: Window) -> bool:
    return told.earliest <= window.earliest and window.latest <= told.latest


def _anew(area: ServiceArea, task: Task) -> Window:
    width_s = area.pickup_window_s if task.kind is TaskKind.PICKUP else area.arrival_window_s
    start = task.begin // _MINUTE_MS * _MINUTE_MS
    # However narrow the rules: a stop that begins at the end of the first minute has to be sure to keep it.
    least_ms = _MINUTE_MS + round(task.service_s * 1000) + RISK_MS
    return Window(Instant(start), Instant(start + max(ceil(width_s) * 1000, least_ms)))
