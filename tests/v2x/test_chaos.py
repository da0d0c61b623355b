"""Whatever the link does, what was sent is kept exactly once and live state never goes back."""

import asyncio
import random
from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mobility.core.clock import Instant, shifted
from mobility.core.errors import StreamClosedError
from mobility.core.ids import BootId
from mobility.core.ports import FrameStream, TelemetryRecord
from mobility.core.vehicle import VehicleState
from sim.edge.loop import run_virtual
from sim.edge.pipe import PipeEnd, pipe
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.v2x.making import NOON, SHUTTLE, KeptFrames, acknowledged, batch, hello, identify, said, sample_at
from v2x.client_frames import Holding
from v2x.edge.client import MemoryBuffer, VehicleClient
from v2x.edge.gateway import Gateway
from v2x.goodbye import GoodbyeReason
from v2x.received import Received
from v2x.session import VehicleSession
from v2x.track import VehicleTracker

BOOTS = (BootId("boot-a"), BootId("boot-b"))
LAST_SEQ = 12
EVERYTHING = {(boot_id, seq) for boot_id in BOOTS for seq in range(1, LAST_SEQ + 1)}
LATER = shifted(NOON, 3600)


class LinkMachine(RuleBasedStateMachine):
    """Batches arrive in any order, any number of times, on any number of connections; the disk takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.received = Received()
        self.stored: list[TelemetryRecord] = []
        self.on_the_way: list[list[TelemetryRecord]] = []
        self.acked: set[tuple[BootId, int]] = set()
        self.tracker = VehicleTracker()
        self.shown: list[Instant] = []
        self.session = VehicleSession(identify=identify, received=self.received)
        self.reconnect(BOOTS[0], 1)

    def reply(self, frames: object) -> None:
        self.acked |= acknowledged(said(frames))

    @rule(boot_id=st.sampled_from(BOOTS), first=st.integers(1, LAST_SEQ))
    def reconnect(self, boot_id: BootId, first: int) -> None:
        self.session.dismiss(GoodbyeReason.REPLACED, LATER)
        self.session = VehicleSession(identify=identify, received=self.received)
        self.reply(self.session.receive(hello(Holding(boot_id, first, LAST_SEQ), boot_id=boot_id), LATER).replies)

    @rule(boot_id=st.sampled_from(BOOTS), first=st.integers(1, LAST_SEQ), length=st.integers(0, 5))
    def deliver(self, boot_id: BootId, first: int, length: int) -> None:
        turn = self.session.receive(batch(first, min(first + length, LAST_SEQ), boot_id=boot_id), LATER)
        self.reply(turn.replies)
        assert not turn.quarantined
        if turn.records:
            self.on_the_way.append(list(turn.records))

    @rule(junk=st.binary(max_size=30) | st.text(max_size=5))
    def disturb(self, junk: bytes | str) -> None:
        assert not self.session.receive(junk, LATER).records

    @precondition(lambda self: self.on_the_way)
    @rule(data=st.data())
    def finish_a_group(self, data: st.DataObject) -> None:
        group = self.on_the_way.pop(data.draw(st.integers(0, len(self.on_the_way) - 1)))
        self.stored += group
        self.reply(self.session.durable(group, LATER).replies)
        for record in group:
            state = self.tracker.observe(record)
            if state is not None:
                self.shown.append(state.as_of)

    @precondition(lambda self: self.on_the_way)
    @rule()
    def lose_a_group(self) -> None:
        self.session.not_kept(self.on_the_way.pop(), LATER)

    @invariant()
    def nothing_is_kept_twice(self) -> None:
        keys = [(record.sample.boot_id, record.sample.seq) for record in self.stored]
        assert len(keys) == len(set(keys))

    @invariant()
    def only_what_is_kept_is_acknowledged(self) -> None:
        assert self.acked <= {(record.sample.boot_id, record.sample.seq) for record in self.stored}

    @invariant()
    def live_state_never_goes_back(self) -> None:
        assert self.shown == sorted(self.shown)

    def teardown(self) -> None:
        for boot_id in BOOTS:
            self.deliver(boot_id, 1, 5)
            self.deliver(boot_id, 7, 5)
        while self.on_the_way:
            group = self.on_the_way.pop(0)
            self.stored += group
            self.reply(self.session.durable(group, LATER).replies)
        for boot_id in BOOTS:
            self.deliver(boot_id, 1, 11)
        assert {(record.sample.boot_id, record.sample.seq) for record in self.stored} == EVERYTHING
        self.nothing_is_kept_twice()
        assert self.acked == EVERYTHING


TestLink = LinkMachine.TestCase
TestLink.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


class LoopClock:
    """The loop's own time."""

    def now(self) -> Instant:
        return Instant(NOON + round(asyncio.get_running_loop().time() * 1000))

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


@dataclass
class BadStream:
    """A vehicle's end that loses, repeats, mangles and delays frames, and breaks."""

    inner: PipeEnd
    chance: random.Random
    faults: dict[str, float] = field(default_factory=dict)

    def happens(self, fault: str) -> bool:
        return self.chance.random() < self.faults.get(fault, 0.0)

    async def receive(self) -> bytes | str:
        while True:
            frame = await self.inner.receive()
            if not self.happens("ack lost"):
                return frame

    async def send(self, frame: bytes | str) -> None:
        if self.happens("cut"):
            self.inner.cut()
            raise StreamClosedError("cut")
        if self.happens("lost"):
            return
        if self.happens("mangled") and isinstance(frame, bytes):
            position = self.chance.randrange(len(frame))
            frame = frame[:position] + bytes([self.chance.randrange(256)]) + frame[position + 1 :]
        await self.inner.send(frame)
        if self.happens("repeated"):
            await self.inner.send(frame)

    async def close(self, reason: str = "") -> None:
        await self.inner.close(reason)


@dataclass
class Outcome:
    log: MemoryTelemetryLog
    shown: list[VehicleState]
    clients: list[VehicleClient]
    gateway: Gateway


def drive(seed: int, faults: dict[str, float], *, samples: int = 120) -> Outcome:
    """Two boots of one vehicle, a sample a second each, over a bad link that mends at the end."""
    chance = random.Random(seed)
    log, clock = MemoryTelemetryLog(), LoopClock()
    gateway = Gateway(log=log, clock=clock, identify=identify, quarantine=KeptFrames())
    outcome = Outcome(log, [], [], gateway)
    gateway.subscribe(outcome.shown.append)
    buffer = MemoryBuffer()

    async def drive_boot(boot_id: BootId, group: asyncio.TaskGroup) -> None:
        async def connect() -> FrameStream:
            if chance.random() < faults.get("no network", 0.0):
                raise StreamClosedError("no network")
            ours, theirs = pipe(clock=clock, latency_s=0.05)
            group.create_task(gateway.serve(theirs))
            return BadStream(ours, chance, faults)

        client = VehicleClient(
            vehicle_id=SHUTTLE, boot_id=boot_id, token="token of shuttle-1", buffer=buffer, connect=connect, clock=clock
        )
        outcome.clients.append(client)
        running = group.create_task(client.run())
        for _ in range(samples):
            client.record(sample_at(client.next_seq, at=clock.now(), boot_id=boot_id))
            await clock.sleep(1)
        if boot_id == BOOTS[-1]:
            faults.clear()
            # A vehicle goes on sampling, which is what finds out about a dead link.
            while not await client.drained(20):
                client.record(sample_at(client.next_seq, at=clock.now(), boot_id=boot_id))
        running.cancel()

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for boot_id in BOOTS:
                await drive_boot(boot_id, group)

    run_virtual(main())
    return outcome


def is_kept_exactly_once(outcome: Outcome, samples: int = 120) -> bool:
    kept = [(record.sample.boot_id, record.sample.seq) for record in outcome.log.records]
    recorded = {
        (boot_id, seq)
        for boot_id, client in zip(BOOTS, outcome.clients, strict=True)
        for seq in range(1, client.next_seq)
    }
    assert len(recorded) >= 2 * samples
    assert len(kept) == len(set(kept))
    assert set(kept) == recorded
    times = [state.as_of for state in outcome.shown]
    assert times == sorted(times)
    return sum(client.acknowledged for client in outcome.clients) == len(recorded)


def test_a_clean_link_carries_everything_without_repetition():
    outcome = drive(1, {})
    assert is_kept_exactly_once(outcome)
    counters = outcome.gateway.counters
    assert (counters.duplicates, counters.quarantined, counters.sessions) == (0, 0, 2)


def test_a_link_that_repeats_a_third_of_all_frames():
    outcome = drive(2, {"repeated": 0.3})
    assert is_kept_exactly_once(outcome)
    assert outcome.gateway.counters.duplicates >= 40


@settings(max_examples=15, deadline=None)
@example(381318, {"cut": 0.0625, "mangled": 0.0625})  # garbled a Hello so that it announced less than was held
@given(
    st.integers(0, 2**32),
    st.fixed_dictionaries(
        {
            "cut": st.floats(0, 0.2),
            "lost": st.floats(0, 0.1),
            "ack lost": st.floats(0, 0.1),
            "mangled": st.floats(0, 0.1),
            "repeated": st.floats(0, 0.4),
            "no network": st.floats(0, 0.8),
        }
    ),
)
def test_a_bad_link_loses_nothing_and_repeats_nothing(seed: int, faults: dict[str, float]) -> None:
    assert is_kept_exactly_once(drive(seed, dict(faults)))


def test_the_same_link_behaves_the_same_way_again():
    faults = {"cut": 0.1, "lost": 0.05, "repeated": 0.2, "no network": 0.3}
    first, second = drive(7, dict(faults)), drive(7, dict(faults))
    assert [(r.sample, r.received_at) for r in first.log.records] == [
        (r.sample, r.received_at) for r in second.log.records
    ]
    assert first.gateway.counters == second.gateway.counters
