"""What is expected at stops: predictions and trip states, as every room and page reads them."""

from dataclasses import dataclass
from enum import StrEnum

from mobility.core.clock import Instant
from mobility.core.ids import RouteId, StopId, VehicleId
from mobility.core.vehicle import TripRef


class TripStanding(StrEnum):
    """What may honestly be said of a trip. Never *running* without fresh evidence."""

    RUNNING = "running"
    EXPECTED = "expected"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class OccupancyStep(StrEnum):
    """How full a vehicle is, in the three steps that German law asks for (Mobilitätsdatenverordnung, annex)."""

    LOW = "low"
    """Less than 50 % of the places are taken."""
    MEDIUM = "medium"
    """From 50 to 75 %."""
    HIGH = "high"
    """More than 75 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Predicted instants of one event at a stop: 10, 50 and 90 % quantiles, p10 <= p50 <= p90."""

    p10: Instant
    p50: Instant
    p90: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One stop of one trip run: schedule and, where there is evidence, prediction or observation."""

    stop_id: StopId
    stop_sequence: int
    scheduled_arrival: Instant
    scheduled_departure: Instant
    arrival: Prediction | None = None
    departure: Prediction | None = None
    has_departed: bool = False
    is_skipped: bool = False
    """Whether the vehicle passes without stopping."""
    instead: StopId | None = None
    """Where to get on or off instead of a skipped call, where there is such a stop."""
    is_on_detour: bool = False
    """Whether the stop is served because of a detour only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TripStatus:
    """A trip run as known at ``as_of``."""

    trip: TripRef
    route_id: RouteId
    headsign: str
    standing: TripStanding
    as_of: Instant
    """When the newest evidence was taken; for EXPECTED and UNKNOWN the present."""
    vehicle_id: VehicleId | None = None
    delay_s: float | None = None
    """Observed deviation from the schedule at the vehicle's place; positive is late."""
    chainage_m: float | None = None
    calls: tuple[Call, ...] = ()
    reason: str = ""
    """Why it is cancelled or held."""
    note: str = ""
    """Why it differs from the timetable though it runs (detour, closed stop, other vehicle): German, for riders."""
    is_extra: bool = False
    """Whether it runs beside the timetable: an extra trip of a line, or a public tour of the citizen bus."""
    wheelchair: bool | None = None
    """Whether the vehicle that really comes can take a wheelchair now; ``None`` where that is not known."""
    is_ramp_broken: bool = False
    """Whether the ramp of the vehicle that really comes is broken."""
    occupancy: OccupancyStep | None = None
    """How full the vehicle is; ``None`` where the load is not known."""
    free_seats: int | None = None
    """Seats that can still be booked, of a public tour of the citizen bus."""
