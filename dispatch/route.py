"""What the feasibility check reads: a vehicle's duty and the visits of its route, in integer milliseconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, inf, isinf

from mobility.core.booking import Load
from mobility.core.ids import BookingId, StopId
from mobility.core.ports import TravelTimes
from mobility.core.refusal import RefusalCode

Drive = Callable[[StopId, StopId], int]
"""Driving time between two stops in milliseconds."""

Metres = Callable[[StopId, StopId], float]
"""Driving distance between two stops in metres."""

ANYWHERE = StopId("")
"""Stop of a visit that takes place wherever the vehicle stands: a driver's break."""

UNREACHABLE_MS = 10**12
"""Stands for "there is no way": longer than any shift (31 years)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One future pickup, drop-off or break. All times are instants or spans in milliseconds."""

    booking_id: BookingId
    stop_id: StopId
    """``ANYWHERE`` for a break: nobody may be aboard, and the vehicle stays where it is."""
    is_pickup: bool
    """Whether it needs no visit before it: true for breaks."""
    earliest_ms: int
    latest_ms: int
    """Service may begin in [earliest, latest]."""
    service_ms: int
    seats: int
    """Seats taken (positive) or given back (negative)."""
    wheelchairs: int
    max_ride_ms: int
    """Longest time from end of service at the pickup to begin of service at the drop-off."""
    prams: int = 0
    luggage: int = 0
    """Large pieces; both counted like seats."""

    @property
    def is_break(self) -> bool:
        """Whether it is a break of the driver."""
        return self.stop_id == ANYWHERE

    @property
    def load(self) -> Load:
        """What boards (positive) or leaves (negative)."""
        return Load(self.seats, self.wheelchairs, self.prams, self.luggage)


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
    prams: int = 0
    luggage: int = 0
    """Places for prams and for large pieces."""
    longest_ms: int | None = None
    """Longest time from departure to arrival at the depot; the vehicle may leave later than ``leave_ms``."""
    reach_m: float = inf
    """Farthest it can drive (battery)."""

    def holds(self, seats: int, wheelchairs: int, prams: int = 0, luggage: int = 0) -> bool:
        """Return whether so many fit in at once."""
        return self.overfull(Load(seats, wheelchairs, prams, luggage)) is None

    def overfull(self, load: Load) -> "Constraint | None":
        """Return what there would be too little of, ``None`` when everything fits in."""
        if load.wheelchairs > self.wheelchair_places:
            return Constraint.WHEELCHAIRS
        if load.seats + load.wheelchairs * self.seats_lost > self.seats:
            return Constraint.SEATS
        if load.prams > self.prams:
            return Constraint.PRAMS
        return Constraint.LUGGAGE if load.luggage > self.luggage else None


RIDING_SHARE = 10
"""Ten minutes of riders weigh as much as one driven minute: of equal ways, the one people sit in shortest."""


class Constraint(StrEnum):
    """What can make a route impossible."""

    WINDOW = "window"
    RIDE_TIME = "ride_time"
    SEATS = "seats"
    WHEELCHAIRS = "wheelchairs"
    SHIFT_END = "shift_end"
    PRAMS = "prams"
    LUGGAGE = "luggage"
    DURATION = "duration"
    """The route would be longer than a driver may drive."""
    BREAK = "break"
    """Somebody would be aboard while the driver has a break."""
    REACH = "reach"
    """The battery would not last."""


LOADS = frozenset({Constraint.SEATS, Constraint.WHEELCHAIRS, Constraint.PRAMS, Constraint.LUGGAGE})
"""What is too little room."""

REFUSED_BY = {
    Constraint.WINDOW: RefusalCode.NO_VEHICLE_IN_TIME,
    Constraint.RIDE_TIME: RefusalCode.RIDE_TOO_LONG,
    Constraint.SEATS: RefusalCode.NO_SEAT_LEFT,
    Constraint.WHEELCHAIRS: RefusalCode.NO_WHEELCHAIR_PLACE,
    Constraint.SHIFT_END: RefusalCode.SHIFT_ENDS,
    Constraint.PRAMS: RefusalCode.NO_PRAM_PLACE,
    Constraint.LUGGAGE: RefusalCode.NO_LUGGAGE_ROOM,
    Constraint.DURATION: RefusalCode.DRIVEN_TOO_LONG,
    Constraint.BREAK: RefusalCode.BREAK_DUE,
    Constraint.REACH: RefusalCode.BATTERY_TOO_LOW,
}
"""The refusal that tells a rider of each constraint."""


@dataclass(frozen=True, slots=True)
class Violation:
    """The first binding constraint: which, at which visit, and by how much."""

    constraint: Constraint
    position: int
    """Index of the visit; the number of visits stands for the return to the depot."""
    excess_ms: int
    """How far beyond the limit; 0 for what is no time: loads, people in a break, reach."""


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
    leave_ms: int = 0
    """Departure: the latest that moves no visit."""

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


def places(duty: Duty, visits: Sequence[Visit]) -> list[StopId]:
    """Return where the vehicle is at each visit; at a break where it was before."""
    found: list[StopId] = []
    place = duty.start
    for visit in visits:
        place = place if visit.is_break else visit.stop_id
        found.append(place)
    return found


def nearer(a: Violation | None, b: Violation) -> Violation:
    """Return the violation that is less far from feasible: full vehicles in time, then milliseconds late."""
    if a is None:
        return b
    return b if _distance(b) < _distance(a) else a


def _distance(violation: Violation) -> tuple[int, int]:
    return (0 if violation.constraint in LOADS else 1, violation.excess_ms)
