"""What the feasibility check reads: a vehicle's duty and the visits of its route, in integer milliseconds."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, isinf

from mobility.core.booking import Load
from mobility.core.ids import BookingId, StopId
from mobility.core.ports import TravelTimes
from mobility.core.refusal import RefusalCode

Drive = Callable[[StopId, StopId], int]
"""Driving time between two stops in milliseconds."""

UNREACHABLE_MS = 10**12
"""Stands for "there is no way": longer than any shift (31 years)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One future pickup or drop-off. All times are instants or spans in milliseconds."""

    booking_id: BookingId
    stop_id: StopId
    is_pickup: bool
    earliest_ms: int
    latest_ms: int
    """Service may begin in [earliest, latest]."""
    service_ms: int
    seats: int
    """Seats taken (positive) or given back (negative)."""
    wheelchairs: int
    max_ride_ms: int
    """Longest time from end of service at the pickup to begin of service at the drop-off."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Where a vehicle's route may start, where and when it must end, and what fits in."""

    start: StopId
    leave_ms: int
    """Earliest instant it can leave ``start``."""
    depot: StopId
    back_ms: int
    """Latest instant at the depot."""
    seats: int
    wheelchair_places: int
    seats_lost: int
    """Seats folded away by each wheelchair aboard."""
    aboard: Load
    """Who is in the vehicle at ``start``."""

    def holds(self, seats: int, wheelchairs: int) -> bool:
        """Return whether so many fit in at once."""
        return wheelchairs <= self.wheelchair_places and seats + wheelchairs * self.seats_lost <= self.seats


RIDING_SHARE = 10
"""Ten minutes of riders weigh as much as one driven minute: of equal ways, the one people sit in shortest."""


class Constraint(StrEnum):
    """What can make a route impossible."""

    WINDOW = "window"
    RIDE_TIME = "ride_time"
    SEATS = "seats"
    WHEELCHAIRS = "wheelchairs"
    SHIFT_END = "shift_end"


REFUSED_BY = {
    Constraint.WINDOW: RefusalCode.NO_VEHICLE_IN_TIME,
    Constraint.RIDE_TIME: RefusalCode.RIDE_TOO_LONG,
    Constraint.SEATS: RefusalCode.NO_SEAT_LEFT,
    Constraint.WHEELCHAIRS: RefusalCode.NO_WHEELCHAIR_PLACE,
    Constraint.SHIFT_END: RefusalCode.SHIFT_ENDS,
}
"""The refusal that tells a rider of each constraint."""


@dataclass(frozen=True, slots=True)
class Violation:
    """The first binding constraint: which, at which visit, and by how much."""

    constraint: Constraint
    position: int
    """Index of the visit; the number of visits stands for the return to the depot."""
    excess_ms: int
    """How far beyond the limit; 0 for seats and wheelchair places."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times of a feasible route; tuples are as long as its visits."""

    earliest_ms: tuple[int, ...]
    """Least begin of service at each visit: no feasible schedule begins any of them earlier."""
    begin_ms: tuple[int, ...]
    """Planned begin: as early as possible, but nobody waits aboard who could be fetched later."""
    driving_ms: int
    waiting_ms: int
    """Standing with riders aboard, boarding and alighting not counted."""
    riding_ms: int
    """Time aboard summed over all riders, from here on."""
    back_ms: int
    """Arrival at the depot."""

    @property
    def cost_ms(self) -> int:
        """What insertion and planner minimise: driving plus waiting, and a tenth of the riders' time aboard."""
        return self.driving_ms + self.waiting_ms + self.riding_ms // RIDING_SHARE


def drive_ms(travel: TravelTimes) -> Drive:
    """Return driving times in milliseconds, rounded up, remembered; ``UNREACHABLE_MS`` where there is no way."""
    known: dict[tuple[StopId, StopId], int] = {}

    def drive(origin: StopId, destination: StopId) -> int:
        pair = (origin, destination)
        if pair not in known:
            seconds = travel.seconds(origin, destination)
            known[pair] = UNREACHABLE_MS if isinf(seconds) else ceil(seconds * 1000)
        return known[pair]

    return drive
