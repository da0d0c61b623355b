"""The volunteers' roster: duties of a period and who does them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mobility.core.ids import DriverRef, DutyId, ServiceAreaId, VehicleId
from mobility.core.refusal import Refusal
from mobility.core.service_day import ServiceTime


class DutyRole(StrEnum):
    """What a duty consists of."""

    DRIVER = "driver"
    SUBSTITUTE = "substitute"
    """At home, ready to step in."""
    PHONE = "phone"
    """At the booking telephone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One duty of one person."""

    duty_id: DutyId
    day: date
    starts: ServiceTime
    ends: ServiceTime
    role: DutyRole
    group: str
    """Duties of one shift share a group, e.g. ``Di vormittags``: a driver and the substitute for it."""
    vehicle_id: VehicleId | None = None
    """The vehicle of a driver or a substitute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who does a duty, or why nobody does."""

    duty: Duty
    driver: DriverRef | None
    why_open: tuple[Refusal, ...] = ()
    """For an uncovered duty: what stands against whom, the most frequent reason first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All duties of a service area in a period. A new version replaces the former as a whole."""

    area_id: ServiceAreaId
    first: date
    last: date
    """Last day, included."""
    version: int
    assignments: tuple[Assignment, ...]

    def driver_of(self, day: date, vehicle_id: VehicleId, starts: ServiceTime) -> DriverRef | None:
        """Return who drives a shift, ``None`` where nobody is assigned or the roster has no such duty."""
        for assignment in self.assignments:
            duty = assignment.duty
            shift = (duty.day, duty.vehicle_id, duty.starts)
            if duty.role is DutyRole.DRIVER and shift == (day, vehicle_id, starts):
                return assignment.driver
        return None
