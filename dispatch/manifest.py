"""The driver's manifest: the tasks of a vehicle on a day, in order, with when to leave for each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from dispatch.rescue import is_transfer
from dispatch.route import UNREACHABLE_MS, Drive
from mobility.core.booking import Booking, BookingState, Load, Window
from mobility.core.clock import Instant
from mobility.core.ids import BookingId, DriverRef, RiderRef, StopId, TaskId, VehicleId
from mobility.core.plan import DayPlan, Shift, Task, TaskKind, Tour


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestTask:
    """One line of the manifest. Holds a reference to the rider; the name is looked up at the edge."""

    task_id: TaskId
    kind: TaskKind
    booking_id: BookingId
    rider: RiderRef
    state: BookingState
    stop_id: StopId
    window: Window
    leave: Instant
    """When the vehicle has to set off for the stop."""
    begin: Instant
    """Planned begin; of a done task, when it was reported."""
    service_s: float
    load: Load
    """People who board or leave, never negative."""
    is_done: bool
    is_aboard: bool = False
    """Of a drop-off: the rider's boarding into this vehicle is reported."""
    fetched_from: VehicleId | None = None
    """Of a transfer: the vehicle that can not go on, in which the rider sits."""
    is_cut_off: bool = False
    """No open road leads to the stop at present; ``leave`` says nothing then."""

    @property
    def is_transfer(self) -> bool:
        """Whether a rider is fetched out of another vehicle; nothing was promised for that."""
        return self.fetched_from is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All shifts and tasks of a vehicle on a day, from one plan version."""

    vehicle_id: VehicleId
    day: date
    version: int
    shifts: tuple[Shift, ...]
    tasks: tuple[ManifestTask, ...]
    held_until: Instant | None = None
    """The plan reckons that the vehicle leaves its last stop only then."""
    out_from: Instant | None = None
    """From then on the vehicle takes nobody."""

    @property
    def driver(self) -> DriverRef | None:
        """Who drives the first shift."""
        return self.shifts[0].driver if self.shifts else None


def manifest(plan: DayPlan, vehicle_id: VehicleId, bookings: Mapping[BookingId, Booking], drive: Drive) -> Manifest:
    """Return the manifest of a vehicle; empty when it has no shift that day."""
    tours = plan.tours_by_vehicle().get(vehicle_id, ())
    return Manifest(
        vehicle_id=vehicle_id,
        day=plan.day,
        version=plan.version,
        shifts=tuple(tour.shift for tour in tours),
        tasks=tuple(line for tour in tours for line in _lines(tour, plan, bookings, drive)),
        held_until=max((tour.held_until for tour in tours if tour.held_until is not None), default=None),
        out_from=min((tour.out_from for tour in tours if tour.out_from is not None), default=None),
    )


def _lines(tour: Tour, plan: DayPlan, bookings: Mapping[BookingId, Booking], drive: Drive) -> list[ManifestTask]:
    lines: list[ManifestTask] = []
    place = tour.shift.depot
    waiting = {task.booking_id for task in tour.tasks[tour.done :] if task.kind is TaskKind.PICKUP}
    for k, task in enumerate(tour.tasks):
        line = _line(task, bookings[task.booking_id], drive(place, task.stop_id), is_done=k < tour.done)
        lines.append(
            replace(
                line,
                is_aboard=task.kind is TaskKind.DROPOFF and task.booking_id not in waiting,
                fetched_from=_left(plan, tour, line.booking_id) if is_transfer(task.task_id) else None,
            )
        )
        place = task.stop_id
    return lines


def _left(plan: DayPlan, tour: Tour, booking_id: BookingId) -> VehicleId:
    """Return the vehicle that a rider is fetched out of: the last other one with a boarding of theirs."""
    others = [
        each.shift.vehicle_id
        for each in plan.tours
        if each.shift.vehicle_id != tour.shift.vehicle_id
        and any(task.booking_id == booking_id and task.kind is TaskKind.PICKUP for task in each.tasks)
    ]
    return others[-1] if others else tour.shift.vehicle_id


def _line(task: Task, booking: Booking, drive_ms: int, *, is_done: bool) -> ManifestTask:
    is_cut_off = drive_ms >= UNREACHABLE_MS
    return ManifestTask(
        task_id=task.task_id,
        kind=task.kind,
        booking_id=task.booking_id,
        rider=booking.rider,
        state=booking.state,
        stop_id=task.stop_id,
        window=task.window,
        leave=task.begin if is_cut_off else Instant(task.begin - drive_ms),
        begin=task.begin,
        service_s=task.service_s,
        load=booking.wish.load,
        is_done=is_done,
        is_cut_off=is_cut_off,
    )
