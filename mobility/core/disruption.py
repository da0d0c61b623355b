"""Disruptions: what upsets a published plan, as a person or a vehicle reported it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mobility.core.booking import Load
from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import BookingId, DisruptionId, ServiceAreaId, StopId, VehicleId


class DisruptionKind(StrEnum):
    """What happened."""

    NO_SHOW = "no_show"
    VEHICLE_LATE = "vehicle_late"
    BREAKDOWN = "breakdown"
    DRIVER_MISSING = "driver_missing"
    ROAD_CLOSED = "road_closed"
    UNANNOUNCED_LOAD = "unannounced_load"
    """A wheelchair, a pram or more people stand at the stop than were booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disruption:
    """One disruption. Which fields are filled follows from its kind."""

    disruption_id: DisruptionId
    kind: DisruptionKind
    area_id: ServiceAreaId
    day: date
    begins: Instant
    ends: Instant | None = None
    """``None``: until it is reported as over, at most to the end of ``day``."""
    vehicle_id: VehicleId | None = None
    """Which is late, broken or has no driver."""
    booking_id: BookingId | None = None
    """Who did not come, or came with more than booked."""
    stop_id: StopId | None = None
    """Where a broken vehicle stands: the stop next to it."""
    delay_s: float = 0.0
    """How much later a late vehicle can leave where it stands."""
    load: Load | None = None
    """What really stands at the stop."""
    centre: LatLon | None = None
    radius_m: float = 0.0
    """Roads inside this circle are closed."""
    note: str = ""
