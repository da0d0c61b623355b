"""Three times what the disk takes: memory stays bounded, routine samples become fewer, all events arrive."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mobility.core.clock import Instant
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream, TelemetryRecord
from mobility.core.supervision import OccasionKind
from sim.edge.loop import run_virtual
from sim.edge.pipe import pipe
from tests.v2x.making import NOON, KeptFrames, identify, sample_at
from v2x.credit import Level
from v2x.edge.client import MemoryBuffer, VehicleClient
from v2x.edge.gateway import Gateway
from v2x.extension import Extension, Incident

INCIDENT = Extension(incidents=(Incident(kind=OccasionKind.DISTURBANCE),))
CAPACITY_PER_S = 200
VEHICLES = 20


class LoopClock:
    def now(self) -> Instant:
        return Instant(NOON + round(asyncio.get_running_loop().time() * 1000))

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


class SlowLog:
    """A disk that takes so many samples a second and no more."""

    def __init__(self) -> None:
        self.records: list[TelemetryRecord] = []
        self._free_at_s = 0.0

    async def append(self, records: Sequence[TelemetryRecord]) -> None:
        now_s = asyncio.get_running_loop().time()
        self._free_at_s = max(self._free_at_s, now_s) + len(records) / CAPACITY_PER_S
        await asyncio.sleep(self._free_at_s - now_s)
        self.records.extend(records)

    def received(self) -> Mapping[tuple[VehicleId, BootId], Mapping[int, int]]:
        return {}


@dataclass
class Outcome:
    offered: int = 0
    events: set[tuple[VehicleId, int]] = field(default_factory=set)
    kept: list[TelemetryRecord] = field(default_factory=list)
    most_pending: int = 0
    levels: set[Level] = field(default_factory=set)
    held_back: int = 0
    reconnects: int = 0
    drained: bool = False
    last_level: Level = Level.OVER


def drive(rate_hz: float, seconds: float) -> Outcome:
    """Every vehicle samples so often, and each tenth sample is an event."""
    outcome = Outcome()

    async def main() -> None:
        clock, log = LoopClock(), SlowLog()
        gateway = Gateway(log=log, clock=clock, identify=identify, quarantine=KeptFrames())
        async with asyncio.TaskGroup() as group:

            async def connect() -> FrameStream:
                outcome.reconnects += 1
                ours, theirs = pipe(clock=clock, latency_s=0.02)
                group.create_task(gateway.serve(theirs))
                return ours

            fleet = [
                VehicleClient(
                    vehicle_id=VehicleId(f"van-{n}"),
                    boot_id=BootId("b"),
                    token=f"token of van-{n}",
                    buffer=MemoryBuffer(),
                    connect=connect,
                    clock=clock,
                )
                for n in range(VEHICLES)
            ]
            running = [group.create_task(each.run()) for each in fleet]
            await clock.sleep(1)
            for step in range(round(rate_hz * seconds)):
                for each in fleet:
                    outcome.offered += 1
                    seq = each.next_seq
                    sample = sample_at(seq, at=clock.now(), vehicle_id=each.vehicle_id, boot_id=BootId("b"))
                    if step % 10 == 0:
                        assert each.record(sample, INCIDENT)
                        outcome.events.add((each.vehicle_id, seq))
                    else:
                        each.record(sample)
                outcome.most_pending = max(outcome.most_pending, gateway.pressure.pending_samples)
                outcome.levels.add(gateway.pressure.level)
                await clock.sleep(1 / rate_hz)
            outcome.drained = all([await each.drained(120) for each in fleet])
            for each in fleet:
                each.record(sample_at(each.next_seq, vehicle_id=each.vehicle_id, boot_id=BootId("b")))
                await clock.sleep(1)
            outcome.last_level = gateway.pressure.level
            outcome.held_back = sum(each.link.held_back for each in fleet)
            outcome.kept = log.records
            for task in running:
                task.cancel()

    run_virtual(main())
    return outcome


def test_without_overload_nothing_is_held_back() -> None:
    outcome = drive(rate_hz=8, seconds=30)
    assert (outcome.held_back, outcome.levels, outcome.reconnects) == (0, {Level.EASY}, VEHICLES)
    assert len(outcome.kept) == outcome.offered + VEHICLES


def test_at_three_times_the_capacity_memory_is_bounded_and_no_event_is_shed() -> None:
    outcome = drive(rate_hz=30, seconds=60)
    kept = {(record.sample.vehicle_id, record.sample.seq) for record in outcome.kept}
    assert len(kept) == len(outcome.kept)
    assert outcome.events <= kept
    assert len(outcome.events) == VEHICLES * 180
    assert outcome.held_back > outcome.offered / 3
    # About two seconds of what the disk takes: the credit works before the vehicles' own windows would.
    assert outcome.most_pending < CAPACITY_PER_S * 6
    assert outcome.levels >= {Level.FULL}
    assert (outcome.drained, outcome.last_level, outcome.reconnects) == (True, Level.EASY, VEHICLES)
