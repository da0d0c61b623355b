"""Telemetry records for logs under test."""

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, TripId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import Doors, DrivingMode, Sample, TripRef
from tests.contracts.sample_facts import DAY, START


def record(seq: int, *, vehicle: str = "shuttle-1", boot: str = "b1", at: int | None = None) -> TelemetryRecord:
    """The sample ``seq`` seconds after 08:00 of 14 October 2025 in Ilmenau, unless ``at`` (UTC ms) is given."""
    moment = Instant(START + seq * 1000 if at is None else at)
    sample = Sample(
        vehicle_id=VehicleId(vehicle),
        boot_id=BootId(boot),
        seq=seq,
        device_time=moment,
        place=LatLon(50.68 + seq * 1e-5, 10.92),
        speed_mps=4.2 if seq % 3 else None,
        bearing_deg=90.0,
        mode=DrivingMode.ASSISTED,
        doors=Doors.RAMP_OUT if seq % 5 == 0 else Doors.CLOSED,
        passengers=seq % 7 or None,
        wheelchairs=0,
        battery_frac=0.75,
        odometer_m=None if seq % 2 else 1234.5,
        trip=TripRef(TripId("D-0807"), DAY) if seq % 4 else None,
    )
    return TelemetryRecord(
        sample=sample, received_at=Instant(moment + 40), event_time=moment, payload=f"{vehicle}/{seq}".encode()
    )
