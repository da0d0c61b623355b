"""The driver's manifest: the tasks of a vehicle on a day, in order, with when to leave for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dispatch.route import Drive
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All shifts and tasks of a vehicle on a day, from one plan version."""

    vehicle_id: VehicleId
    day: date
    version: int
    shifts: tuple[Shift, ...]
    tasks: tuple[ManifestTask, ...]

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
        tasks=tuple(line for tour in tours for line in _lines(tour, bookings, drive)),
    )


def _lines(tour: Tour, bookings: Mapping[BookingId, Booking], drive: Drive) -> list[ManifestTask]:
    lines: list[ManifestTask] = []
    place = tour.shift.depot
    for k, task in enumerate(tour.tasks):
        lines.append(_line(task, bookings[task.booking_id], drive(place, task.stop_id), is_done=k < tour.done))
        place = task.stop_id
    return lines


def _line(task: Task, booking: Booking, drive_ms: int, *, is_done: bool) -> ManifestTask:
    return ManifestTask(
        task_id=task.task_id,
        kind=task.kind,
        booking_id=task.booking_id,
        rider=booking.rider,
        state=booking.state,
        stop_id=task.stop_id,
        window=task.window,
        leave=Instant(task.begin - drive_ms),
        begin=task.begin,
        service_s=task.service_s,
        load=booking.wish.load,
        is_done=is_done,
    )
