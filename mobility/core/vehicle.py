"""Vehicles: what they are, one telemetry sample, and their live state by event time."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, TripId, VehicleId


class ServiceKind(StrEnum):
    """What a vehicle or line is to the public; decides its sign (shape and letter)."""

    SHUTTLE = "shuttle"
    LINE_BUS = "line_bus"
    CITIZEN_BUS = "citizen_bus"
    RESEARCH = "research"


class DrivingMode(StrEnum):
    """Who drives. ``MINIMAL_RISK`` is the L4 minimal-risk condition (StVG §1d)."""

    UNKNOWN = "unknown"
    MANUAL = "manual"
    ASSISTED = "assisted"
    AUTOMATED = "automated"
    MINIMAL_RISK = "minimal_risk"


class Doors(StrEnum):
    """Door state; ``RAMP_OUT`` means open with the wheelchair ramp extended."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    OPEN = "open"
    RAMP_OUT = "ramp_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleSpec:
    """A vehicle of the fleet."""

    vehicle_id: VehicleId
    label: str
    """What is written on it."""
    kind: ServiceKind
    seats: int
    """Passenger seats, driver and attendant not counted."""
    wheelchair_places: int
    seats_lost_per_wheelchair: int
    """Seats folded away for each wheelchair aboard."""
    sae_level: int
    """0..5 (SAE J3016)."""
    max_speed_mps: float
    has_ramp: bool
    battery_wh: float
    """0 for a combustion engine."""
    is_bookable: bool
    """Whether dispatch may put public riders aboard (the research van: not by default)."""
    pram_places: int = 0
    luggage_places: int = 0
    """Places for large pieces: walking frames, suitcases."""

    @property
    def takes_wheelchairs(self) -> bool:
        """Whether it is built for wheelchairs: a place for one, and a ramp to it."""
        return self.wheelchair_places > 0 and self.has_ramp


@dataclass(frozen=True, slots=True)
class TripRef:
    """One run of a trip: the trip and the date its service day starts."""

    trip_id: TripId
    start_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One telemetry sample as the vehicle sent it. Sequence numbers rise by exactly 1 within (vehicle, boot)."""

    vehicle_id: VehicleId
    boot_id: BootId
    seq: int
    device_time: Instant
    place: LatLon
    speed_mps: float | None = None
    bearing_deg: float | None = None
    """Degrees clockwise from north, 0 <= value < 360."""
    mode: DrivingMode = DrivingMode.UNKNOWN
    doors: Doors = Doors.UNKNOWN
    passengers: int | None = None
    wheelchairs: int | None = None
    battery_frac: float | None = None
    """State of charge, 0..1."""
    odometer_m: float | None = None
    trip: TripRef | None = None
    """The vehicle's own log-on, where it knows its trip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleState:
    """The newest sample of a vehicle by event time (never by arrival), and when it reached us."""

    sample: Sample
    as_of: Instant
    """Event time: the device time, corrected where the device's clock is ahead."""
    received_at: Instant

    @property
    def vehicle_id(self) -> VehicleId:
        """The vehicle."""
        return self.sample.vehicle_id

    def age_s(self, now: Instant) -> float:
        """Return seconds since the sample was taken."""
        return (now - self.as_of) / 1000
