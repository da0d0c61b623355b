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
