"""Plans of the citizen bus: tasks in order for each vehicle, versioned per service day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mobility.core.booking import Load, Window
from mobility.core.clock import Instant
from mobility.core.ids import BookingId, DriverRef, ServiceAreaId, StopId, TaskId, VehicleId


class TaskKind(StrEnum):
    """What a driver does at a stop."""

    PICKUP = "pickup"
    DROPOFF = "dropoff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One pickup or drop-off with its promised window and its planned times."""

    task_id: TaskId
    kind: TaskKind
    booking_id: BookingId
    stop_id: StopId
    window: Window
    """Hard: the rider boards or leaves inside it."""
    load: Load
    """What boards (positive) or leaves (negative)."""
    service_s: float
    """Time for boarding or alighting."""
    begin: Instant
    """Planned begin of service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """When a vehicle has a driver, and where it starts and must be back."""

    vehicle_id: VehicleId
    driver: DriverRef
    span: Window
    depot: StopId


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """The tasks of one vehicle in one shift, in driving order. The first ``done`` tasks have happened."""

    shift: Shift
    tasks: tuple[Task, ...] = ()
    done: int = 0
    held_until: Instant | None = None
    """The vehicle can not leave where it stands before then: it is late, as was reported."""
    out_from: Instant | None = None
    """From then on it takes nobody: broken down, or without a driver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """All tours of a service area on one service day. A new version replaces the former as a whole."""

    area_id: ServiceAreaId
    day: date
    version: int
    tours: tuple[Tour, ...]

    def tours_by_vehicle(self) -> Mapping[VehicleId, tuple[Tour, ...]]:
        """Return each vehicle's tours in the order of their shifts."""
        grouped: dict[VehicleId, tuple[Tour, ...]] = {}
        for tour in sorted(self.tours, key=lambda t: (t.shift.vehicle_id, t.shift.span.earliest)):
            grouped[tour.shift.vehicle_id] = (*grouped.get(tour.shift.vehicle_id, ()), tour)
        return grouped
