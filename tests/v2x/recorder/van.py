"""A research van that tells all it has, a shuttle that tells little, and a recorder to hear them."""

from collections.abc import Sequence
from dataclasses import replace

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import DrivingMode, Sample, ServiceKind, VehicleSpec
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.occasion_archive import MemoryOccasionArchive, MemoryWindows
from v2x.codec import encode_sample
from v2x.edge.recorder import EventRecorder
from v2x.extension import (
    Environment,
    Extension,
    Light,
    LinkReading,
    SafetySystem,
    SystemCode,
    SystemState,
)
from v2x.extension_codec import extension_of

NOON = Instant(1_763_463_600_000)
"""12:00 in Ilmenau on 18 November 2025, 11:00 UTC."""
ZONE = "Europe/Berlin"
VAN, SHUTTLE = VehicleId("pmover-1"), VehicleId("shuttle-1")
VIN = "WV1ZZZ7HZ8H012345"


def spec(vehicle_id: VehicleId, sae_level: int, kind: ServiceKind = ServiceKind.RESEARCH) -> VehicleSpec:
    return VehicleSpec(
        vehicle_id=vehicle_id,
        label=f"Wagen {vehicle_id}",
        kind=kind,
        seats=6,
        wheelchair_places=1,
        seats_lost_per_wheelchair=2,
        sae_level=sae_level,
        max_speed_mps=16.0,
        has_ramp=True,
        battery_wh=80_000.0,
        is_bookable=False,
    )


SPECS = {VAN: spec(VAN, 4), SHUTTLE: spec(SHUTTLE, 2, ServiceKind.SHUTTLE)}


def usual(seq: int, *, is_minute: bool | None = None) -> Extension:
    """What the van tells with its sample: all of it once a minute, the quick values always."""
    quick = Extension(
        altitude_m=480.0,
        acceleration_long_mps2=0.1,
        acceleration_lat_mps2=-0.2,
        supply_v=12.8,
        lights_on=frozenset({Light.LOW_BEAM}),
        state_version=7,
    )
    if not (seq % 60 == 1 if is_minute is None else is_minute):
        return quick
    return replace(
        quick,
        vin=VIN,
        environment=Environment(temperature_degc=4.5, illuminance_lx=9000, is_wiper_on=True),
        link=LinkReading(latency_ms=38, bandwidth_kbps=21_000, rsrp_dbm=-97, loss_frac=0.01),
        system=SystemState(software_version="7.2.1", codes=()),
        safety_systems=(SafetySystem(name="lane_keeping", is_active=True, triggered_by="vehicle"),),
    )


def record(
    seq: int,
    extension: Extension | None = None,
    *,
    vehicle_id: VehicleId = VAN,
    boot: str = "b1",
    at: int | None = None,
    received: int | None = None,
    mode: DrivingMode = DrivingMode.AUTOMATED,
    speed_mps: float | None = 8.0,
) -> TelemetryRecord:
    """The sample ``seq`` seconds after noon, unless ``at`` (UTC ms) is given, with what a vehicle encoded."""
    moment = Instant(NOON + seq * 1000 if at is None else at)
    sample = Sample(
        vehicle_id=vehicle_id,
        boot_id=BootId(boot),
        seq=seq,
        device_time=moment,
        place=LatLon(50.6842 + seq * 1e-5, 10.9222),
        speed_mps=speed_mps,
        mode=mode,
    )
    return TelemetryRecord(
        sample=sample,
        received_at=Instant(moment + 40 if received is None else received),
        event_time=moment,
        payload=encode_sample(sample, extension),
    )


def drive(first: int, last: int) -> list[TelemetryRecord]:
    """The van's records of seconds ``first`` to ``last``."""
    return [record(seq, usual(seq)) for seq in range(first, last + 1)]


def shuttle_drive(first: int, last: int) -> list[TelemetryRecord]:
    return [record(seq, vehicle_id=SHUTTLE, mode=DrivingMode.ASSISTED, speed_mps=4.0) for seq in range(first, last + 1)]


def code(name: str, began_s: int) -> SystemCode:
    return SystemCode(code=name, text="Lidar verschmutzt", began_at=Instant(NOON + began_s * 1000))


class House:
    """A recorder with everything in memory; time moves with the records."""

    def __init__(self, start: Instant = NOON) -> None:
        self.clock = SettableClock(start)
        self.ledger = MemoryLedger(self.clock)
        self.windows = MemoryWindows()
        self.archive = MemoryOccasionArchive()
        self.settled_at = int(start)
        self.recorder = self.another()

    def another(self) -> EventRecorder:
        """A recorder as it is after a restart: storage and facts are as they were."""
        made = EventRecorder(
            ledger=self.ledger,
            windows=self.windows,
            archive=self.archive,
            clock=self.clock,
            specs=SPECS,
            zone=ZONE,
        )
        made.facts(list(self.ledger.read()))
        self.ledger.subscribe(made.facts)
        self.recorder = made
        return made

    async def hear(self, records: Sequence[TelemetryRecord]) -> None:
        """Hear records as they become durable, settling every five seconds of their time of receipt."""
        for each in records:
            while self.settled_at + 5000 <= each.received_at:
                self.settled_at += 5000
                self.clock.moment = Instant(max(self.clock.moment, self.settled_at))
                await self.recorder.settle()
            self.clock.moment = Instant(max(self.clock.moment, each.received_at))
            self.windows.records.append(each)
            self.recorder.observe(each, extension_of(each.payload))

    async def wait(self, seconds: int) -> None:
        for _ in range(seconds // 5):
            self.clock.advance(5)
            self.settled_at = self.clock.moment
            await self.recorder.settle()
