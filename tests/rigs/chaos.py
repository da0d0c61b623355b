"""A bad link and bad clocks: what is stored is what a clean run stores, and live state never goes back.

Vehicles with clocks up to five minutes wrong drive a day's hours over a link that repeats 30 % of all frames, lets 20 %
overtake others, loses some, breaks now and then and is gone for two hours. The same vehicles with right clocks over a
clean link are the measure. Virtual time, real gateway, sessions and clients.

``python -m tests.rigs.chaos --seed 1 --hours 4`` prints one JSON object; exit 0 when nothing is wanting, 1 else.
``--plant`` builds a fault into the gateway; then the rig must say 1.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from mobility.core.clock import Instant, shifted
from mobility.core.errors import StreamClosedError
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream, TelemetryRecord
from mobility.core.vehicle import Sample, VehicleState
from sim.edge.loop import run_virtual
from sim.edge.pipe import PipeEnd, pipe
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.v2x.making import NOON, KeptFrames, identify, sample_at
from v2x import client_frames
from v2x.codec import encode_sample
from v2x.device_clock import DeviceClock
from v2x.edge.client import MemoryBuffer, VehicleClient
from v2x.edge.gateway import Gateway
from v2x.received import BootReceived
from v2x.track import VehicleTracker

CLOCKS_WRONG_S = (-300, 300, -41, 120, 0, 3)
"""By how much the vehicles' clocks are ahead, one after the other."""
FIRST_SAMPLES = 120
"""Until the first ping is answered a clock is believed, unless it is in the future."""
ASTRAY_MS = 2000
"""A later event time that is further from the truth is wanting."""
REPEATED, OVERTAKEN, LOST, MANGLED, CUT = 0.3, 0.2, 0.01, 0.005, 0.002
GAP_STARTS_FRAC, GAP_FRAC, LONGEST_GAP_S = 0.2, 0.5, 7200.0
"""The link is gone from a fifth of the run on for half of it, at most two hours: all of them in four."""
LATENCY_S = 0.05
DRAIN_TRIES = 45


class LoopClock:
    """The loop's own time, ``ahead_s`` of it."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self._ahead_s = ahead_s

    def now(self) -> Instant:
        return shifted(NOON, asyncio.get_running_loop().time() + self._ahead_s)

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


@dataclass
class Air:
    """The link of a run: whether there is any, and what happens to frames."""

    chance: random.Random
    is_bad: bool
    is_gone: bool = False
    ends: list[PipeEnd] = field(default_factory=list)

    def happens(self, share: float) -> bool:
        return self.is_bad and self.chance.random() < share

    def vanish(self) -> None:
        self.is_gone = True
        for end in self.ends:
            end.cut()
        self.ends.clear()


@dataclass
class BadStream:
    """A vehicle's end of a connection through bad air."""

    inner: PipeEnd
    air: Air
    held: list[bytes | str] = field(default_factory=list)

    async def receive(self) -> bytes | str:
        while True:
            frame = await self.inner.receive()
            if not self.air.happens(LOST):
                return frame

    async def send(self, frame: bytes | str) -> None:
        air = self.air
        if air.happens(CUT):
            self.inner.cut()
            raise StreamClosedError("cut")
        if air.happens(LOST):
            return
        if air.happens(MANGLED) and isinstance(frame, bytes):
            at = air.chance.randrange(len(frame))
            frame = frame[:at] + bytes([air.chance.randrange(256)]) + frame[at + 1 :]
        if not self.held and air.happens(OVERTAKEN):
            self.held.append(frame)
            return
        await self.inner.send(frame)
        while self.held:
            await self.inner.send(self.held.pop())
        if air.happens(REPEATED):
            await self.inner.send(frame)

    async def close(self, reason: str = "") -> None:
        await self.inner.close(reason)


@dataclass
class Outcome:
    """What a run stored and showed."""

    records: list[TelemetryRecord]
    taken: dict[tuple[str, int], bytes]
    """Every sample as its vehicle took it, encoded."""
    ahead_ms: dict[str, int]
    """How far each boot's clock was ahead."""
    went_back: int
    in_the_future: int
    counters: dict[str, int]
    is_drained: bool

    def stored(self, through_seq: int) -> list[tuple[str, int, Sample]]:
        """Boot, number and sample with the true time, in order, of each boot's first so many."""
        found = []
        for record in self.records:
            sample = record.sample
            if sample.seq > through_seq:
                continue
            true = Instant(sample.device_time - self.ahead_ms[sample.boot_id])
            found.append((sample.boot_id, sample.seq, replace(sample, device_time=true)))
        return sorted(found, key=lambda each: each[:2])


class Fleet:
    """Vehicles, their gateway and the air between them, in one run."""

    def __init__(self, seed: int, hours: float, *, is_bad: bool) -> None:
        log, self.clock, self.air = MemoryTelemetryLog(), LoopClock(), Air(random.Random(seed), is_bad)
        self.hours, self.is_bad = hours, is_bad
        self.gateway = Gateway(log=log, clock=self.clock, identify=identify, quarantine=KeptFrames())
        self.gateway.subscribe(self._show)
        self.outcome = Outcome(log.records, {}, {}, 0, 0, {}, is_drained=True)
        self._shown: dict[VehicleId, Instant] = {}

    async def run(self) -> None:
        """Drive, lose the link for hours where the air is bad, drive on."""
        async with asyncio.TaskGroup() as group:
            for number in range(len(CLOCKS_WRONG_S)):
                group.create_task(self._vehicle(number, group))
            if self.is_bad:
                await self.clock.sleep(GAP_STARTS_FRAC * self.hours * 3600)
                self.air.vanish()
                await self.clock.sleep(gap_s(self.hours))
                self.air.is_gone = False

    def _show(self, state: VehicleState) -> None:
        vehicle_id = state.sample.vehicle_id
        self.outcome.went_back += state.as_of < self._shown.get(vehicle_id, Instant(0))
        self.outcome.in_the_future += state.as_of > self.clock.now()
        self._shown[vehicle_id] = state.as_of

    async def _connect(self, group: asyncio.TaskGroup) -> FrameStream:
        if self.air.is_gone:
            raise StreamClosedError("no network")
        ours, theirs = pipe(clock=self.clock, latency_s=LATENCY_S)
        self.air.ends.append(ours)
        group.create_task(self.gateway.serve(theirs))
        return BadStream(ours, self.air)

    async def _vehicle(self, number: int, group: asyncio.TaskGroup) -> None:
        ahead_s = CLOCKS_WRONG_S[number] if self.is_bad else 0
        own, vehicle_id, boot_id = LoopClock(ahead_s), VehicleId(f"vehicle-{number}"), BootId(f"b{number}")
        self.outcome.ahead_ms[boot_id] = ahead_s * 1000
        client = VehicleClient(
            vehicle_id=vehicle_id,
            boot_id=boot_id,
            token=f"token of {vehicle_id}",
            buffer=MemoryBuffer(),
            connect=lambda: self._connect(group),
            clock=own,
        )
        running = group.create_task(client.run())

        def take() -> None:
            sample = sample_at(client.next_seq, at=own.now(), vehicle_id=vehicle_id, boot_id=boot_id)
            self.outcome.taken[boot_id, sample.seq] = encode_sample(sample)
            client.record(sample)

        for _ in range(round(self.hours * 3600)):
            take()
            await self.clock.sleep(1)
        self.air.is_bad = False
        # A vehicle goes on sampling, which is what finds out about a frame that got lost; this is not compared.
        for _ in range(DRAIN_TRIES):
            if await client.drained(20):
                break
            take()
        self.outcome.is_drained &= client.waiting == 0
        running.cancel()


def drive(seed: int, hours: float, *, is_bad: bool) -> Outcome:
    """Let the fleet drive for so long, a sample a second each, until everything is acknowledged."""
    fleet = Fleet(seed, hours, is_bad=is_bad)
    run_virtual(fleet.run())
    counters = fleet.gateway.counters
    names = ("samples", "duplicates", "late", "quarantined")
    fleet.outcome.counters = {name: getattr(counters, name) for name in names}
    return fleet.outcome


def gap_s(hours: float) -> float:
    """How long the link is gone."""
    return min(LONGEST_GAP_S, GAP_FRAC * hours * 3600)


@contextmanager
def replaced(owner: type, name: str, instead: object) -> Iterator[None]:
    """Build a fault in, and take it out again."""
    honest = getattr(owner, name)
    setattr(owner, name, instead)
    try:
        yield
    finally:
        setattr(owner, name, honest)


Plant = AbstractContextManager[None]


def plant_no_sequence_check() -> Plant:
    """Every sample counts as new."""
    return replaced(BootReceived, "crc", lambda self, seq: None)


def plant_highest_only() -> Plant:
    """What is not newer than the newest counts as a duplicate, whatever its number."""

    def crc(self: BootReceived, seq: int) -> int | None:
        return 0 if seq <= self.highest else None

    return replaced(BootReceived, "crc", crc)


def plant_no_checksum() -> Plant:
    """The checksum of a batch is not looked at."""
    return replaced(client_frames.wire.Batch, "HasField", lambda self, name: False)


def plant_last_received_is_live() -> Plant:
    """Live state is whatever came last."""

    def observe(self: VehicleTracker, record: TelemetryRecord) -> VehicleState:
        return VehicleState(sample=record.sample, as_of=record.event_time, received_at=record.received_at)

    return replaced(VehicleTracker, "observe", observe)


def plant_any_offset() -> Plant:
    """Every offset that a ping tells is believed."""
    report = DeviceClock.report

    def believe(self: DeviceClock, **said: int) -> bool:
        return report(self, **{**said, "sent_ms": said["now"] - said["offset_ms"]})

    return replaced(DeviceClock, "report", believe)


PLANTS: dict[str, Callable[[], Plant]] = {
    "no-sequence-check": plant_no_sequence_check,
    "highest-only": plant_highest_only,
    "no-checksum": plant_no_checksum,
    "last-received-is-live": plant_last_received_is_live,
    "any-offset": plant_any_offset,
}


def run(seed: int, hours: float, plant: str | None = None) -> dict[str, object]:
    """Run clean and bad, compare, and return the figures; ``ok`` tells whether anything was wanting."""
    clean = drive(seed, hours, is_bad=False)
    with PLANTS[plant]() if plant else nullcontext():
        bad = drive(seed, hours, is_bad=True)
    taken = round(hours * 3600)
    measure, stored = clean.stored(taken), bad.stored(taken)
    keys = [each[:2] for each in stored]
    altered = sum(bad.taken.get((r.sample.boot_id, r.sample.seq)) != r.payload for r in bad.records)
    errors_ms = [
        (abs(r.event_time - (r.sample.device_time - bad.ahead_ms[r.sample.boot_id])), r.sample.seq) for r in bad.records
    ]
    wanting = {
        "missing": len({each[:2] for each in measure} - set(keys)),
        "stored_twice": len(keys) - len(set(keys)),
        "altered": altered,
        "live_went_back": bad.went_back,
        "live_in_the_future": bad.in_the_future,
        "astray": sum(error_ms > ASTRAY_MS for error_ms, seq in errors_ms if seq > FIRST_SAMPLES),
    }
    return {
        "rig": "chaos",
        "seed": seed,
        "hours": hours,
        "gap_s": gap_s(hours),
        "plant": plant,
        "samples": len(measure),
        **wanting,
        "identical": stored == measure,
        **{f"gateway_{name}": count for name, count in bad.counters.items()},
        "event_time_error_max_ms": max(errors_ms)[0],
        "ok": stored == measure and not any(wanting.values()) and clean.is_drained and bad.is_drained,
    }


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--hours", type=float, default=4.0)
    arguments.add_argument("--plant", choices=PLANTS)
    given = arguments.parse_args()
    result = run(given.seed, given.hours, given.plant)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
