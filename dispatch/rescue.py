"""Rescue of riders aboard a broken vehicle: another one fetches them in one step, as a pickup called a transfer.

In the rescue vehicle's tour stands a pickup task ``<booking>:transfer`` at the stop next to the breakdown, then the
ride's own drop-off. In the broken vehicle's tour the pickup stays as done, without load: whoever is counted in the one
tour is not counted in the other. A second rescue of the same ride is ``<booking>:transfer-2``, and so on.

For ``dispatch.outcome.report``: a task for which ``is_transfer`` holds may be reported as boarded only, by the vehicle
in whose tour that task stands; its facts are ``transferred(...)`` instead of ``RiderBoarded``, no promise is settled
by it, and the plan goes on as after any pickup. Which tour carries a ride now is ``carrier``: the last one with a task
of it that is a drop-off.
"""

import re
from dataclasses import replace

from mobility.core.booking import Booking, BookingState, Load, Window
from mobility.core.clock import Instant
from mobility.core.disruption_events import RiderTransferred
from mobility.core.events import Event, PromiseSettled, RiderBoarded
from mobility.core.fold import State
from mobility.core.ids import BookingId, StopId, TaskId, VehicleId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour
from mobility.core.promise import PromiseKind, PromiseOutcome

_TRANSFER = re.compile(r".+:transfer(-\d+)?")


def is_transfer(task_id: TaskId) -> bool:
    """Return whether a task fetches a rider out of a broken vehicle."""
    # Asked for every task of every plan: the text search is ten times as fast as the pattern.
    return ":transfer" in task_id and _TRANSFER.fullmatch(task_id) is not None


def transfer_task(tour: Tour, dropoff: Task, stop_id: StopId, moment: Instant) -> Task:
    """Return the task that fetches the rider of ``dropoff``, who is aboard ``tour``, at ``stop_id``; not yet timed."""
    booking_id = dropoff.booking_id
    before = max((_number(task.task_id) for task in tour.tasks if task.booking_id == booking_id), default=0)
    return Task(
        task_id=TaskId(f"{booking_id}:transfer" + (f"-{before + 1}" if before else "")),
        kind=TaskKind.PICKUP,
        booking_id=booking_id,
        stop_id=stop_id,
        window=Window(moment, moment),
        load=-dropoff.load,
        service_s=dropoff.service_s,
        begin=moment,
    )


def _number(task_id: TaskId) -> int:
    """Return which rescue of its ride a task is, 0 for none."""
    found = _TRANSFER.fullmatch(task_id)
    return 0 if found is None else int(found[1].removeprefix("-")) if found[1] else 1


def emptied(tour: Tour, bookings: frozenset[BookingId]) -> Tour:
    """Return a tour in which some riders count as never boarded: another vehicle carries them from here on."""

    def light(task: Task) -> Task:
        return replace(task, load=Load(0)) if task.booking_id in bookings else task

    return replace(tour, tasks=tuple(light(task) for task in tour.tasks))


def carrier(plan: DayPlan, booking_id: BookingId) -> int | None:
    """Return the position of the tour that brings a rider to the destination, ``None`` where none does."""
    for position, tour in enumerate(plan.tours):
        if any(task.booking_id == booking_id and task.kind is TaskKind.DROPOFF for task in tour.tasks):
            return position
    return None


def transferred(state: State, booking_id: BookingId, *, to_vehicle: VehicleId, at: Instant) -> list[Event]:
    """Return the facts of a rider who boarded the rescue vehicle at ``at``; raises ``KeyError`` for an unknown ride.

    Nobody may have reported the first boarding, as drivers with paper do not: then it is made up for, as if it had
    been when it was planned.
    """
    booking = state.bookings[booking_id]
    moved = RiderTransferred(
        booking_id=booking_id, from_vehicle=_left(state, booking, to_vehicle), to_vehicle=to_vehicle, at=at
    )
    return [*_boarded_before(state, booking, moved.from_vehicle, at), moved]


def _left(state: State, booking: Booking, to_vehicle: VehicleId) -> VehicleId:
    pickups = [
        tour.shift.vehicle_id
        for plan in state.plans.values()
        for tour in plan.tours
        for k, task in enumerate(tour.tasks)
        if task.booking_id == booking.booking_id and task.kind is TaskKind.PICKUP
        if tour.shift.vehicle_id != to_vehicle and (k < tour.done or tour.out_from is not None)
    ]
    return pickups[-1] if pickups else booking.vehicle_id


def _boarded_before(state: State, booking: Booking, vehicle_id: VehicleId, at: Instant) -> list[Event]:
    if booking.state is not BookingState.PROMISED:
        return []
    planned = next(
        (
            task.begin
            for plan in state.plans.values()
            for tour in plan.tours
            for task in tour.tasks
            if task.task_id == f"{booking.booking_id}:{TaskKind.PICKUP.value}"
        ),
        at,
    )
    boarded = Instant(min(planned, at))
    facts: list[Event] = [RiderBoarded(booking_id=booking.booking_id, vehicle_id=vehicle_id, at=boarded)]
    promise = state.promises.get((booking.booking_id, PromiseKind.PICKUP))
    if promise is not None and promise.outcome is PromiseOutcome.OPEN:
        is_kept = promise.window.holds(boarded) and not promise.was_told_late
        outcome = PromiseOutcome.KEPT if is_kept else PromiseOutcome.BROKEN
        facts.append(
            PromiseSettled(booking_id=booking.booking_id, kind=PromiseKind.PICKUP, outcome=outcome, at=boarded)
        )
    return facts
