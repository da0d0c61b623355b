import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from mobility.core.clock import Instant
from mobility.core.errors import ReadOnlyError, StorageError
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryLog
from mobility.core.vehicle import VehicleState
from sim.edge.loop import run_virtual
from tests.fakes.clock import SettableClock
from tests.fakes.stream import MemoryStream, stream_pair
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.v2x.making import (
    BOOT,
    NOON,
    SHUTTLE,
    HeldBackLog,
    KeptFrames,
    acknowledged,
    batch,
    heard,
    hello,
    identify,
    payload_of,
    sample_at,
    settled,
)
from v2x.client_frames import Holding, batch_frame
from v2x.codec import encode_sample
from v2x.edge import connection
from v2x.edge.gateway import Gateway
from v2x.goodbye import GoodbyeReason
from v2x.server_frames import Ack, Goodbye, Resume, Welcome

NOW = Instant(NOON + 60_000)


class Site:
    """A gateway with everything around it."""

    def __init__(self, log: TelemetryLog, group: asyncio.TaskGroup) -> None:
        self.clock = SettableClock(NOW)
        self.quarantine = KeptFrames()
        self.gateway = Gateway(log=log, clock=self.clock, identify=identify, quarantine=self.quarantine)
        self.group = group

    def dial(self) -> tuple[MemoryStream, asyncio.Task[None]]:
        ours, theirs = stream_pair()
        return ours, self.group.create_task(self.gateway.serve(theirs))

    async def vehicle(self, *holdings: Holding, vehicle_id: VehicleId = SHUTTLE) -> MemoryStream:
        stream, _ = self.dial()
        await stream.send(hello(*holdings, vehicle_id=vehicle_id))
        (welcome,) = await heard(stream)
        assert isinstance(welcome, Welcome)
        return stream


@asynccontextmanager
async def site(log: TelemetryLog) -> AsyncIterator[Site]:
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        made = Site(log, group)
        yield made
        for each in list(made.gateway._connections):
            await each._stream.close()


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await body()

    # In virtual time, so that a busy machine lets no waiting end early.
    run_virtual(main())


def test_samples_are_kept_then_acknowledged_then_shown():
    async def body() -> None:
        log = MemoryTelemetryLog()
        async with site(log) as made:
            stream = await made.vehicle()
            await stream.send(batch(1, 3))
            assert await heard(stream) == [Ack(BOOT, 3)]
            assert [record.sample.seq for record in log.records] == [1, 2, 3]
            assert made.gateway.latest()[SHUTTLE].sample.seq == 3

    run(body)


def test_nothing_is_acknowledged_or_shown_before_the_disk_has_it():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            seen: list[VehicleState] = []
            made.gateway.subscribe(seen.append)
            stream = await made.vehicle()
            await stream.send(batch(1, 2))
            assert await heard(stream) == []
            assert (log.syncing, made.gateway.latest(), seen) == (1, {}, [])
            log.finish()
            assert await heard(stream) == [Ack(BOOT, 2)]
            assert [state.sample.seq for state in seen] == [1, 2]

    run(body)


def test_frames_are_read_while_a_group_is_on_its_way_to_disk_and_go_there_together():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            stream = await made.vehicle()
            for seq in range(1, 11):
                await stream.send(batch(seq))
                await settled()
            assert made.gateway.counters.frames == 11
            log.finish()
            await settled()
            log.finish()
            await settled()
            assert [len(group) for group in log.groups] == [1, 9]
            assert await heard(stream) == [Ack(BOOT, 1), Ack(BOOT, 10)]

    run(body)


def test_reading_stops_when_too_much_waits_for_the_disk_and_goes_on_after_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "MAX_PENDING_RECORDS", 5)

    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            stream = await made.vehicle()
            for seq in range(1, 21):
                await stream.send(batch(seq))
            await settled()
            assert made.gateway.counters.frames < 1 + 20
            while log.syncing:
                log.finish()
                await settled()
            assert acknowledged(await heard(stream)) == {(BOOT, seq) for seq in range(1, 21)}
            assert [record.sample.seq for record in log.records] == list(range(1, 21))

    run(body)


def test_a_vehicle_that_never_reads_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "MAX_WAITING_REPLIES", 4)

    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            stream = await made.vehicle()
            never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

            async def stuck(_frame: bytes | str) -> None:
                await never

            monkeypatch.setattr(stream.other, "send", stuck)
            for _ in range(50):
                await stream.send(batch(1))
                await settled()
            assert made.gateway.counters.frames < 20
            never.set_result(None)

    run(body)


def test_what_was_received_before_the_connection_broke_is_kept():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            stream = await made.vehicle()
            await stream.send(batch(1))
            await settled()
            await stream.send(batch(2))
            await settled()
            await stream.close()
            await settled()
            log.finish()
            await settled()
            log.finish()
            await settled()
            assert [record.sample.seq for record in log.records] == [1, 2]
            assert made.gateway.counters.connections == 0

    run(body)


def test_a_newer_connection_of_a_vehicle_ends_the_older_one():
    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            older = await made.vehicle()
            newer = await made.vehicle()
            assert await heard(older) == [Goodbye(GoodbyeReason.REPLACED)]
            assert older.is_closed
            await newer.send(batch(1))
            assert await heard(newer) == [Ack(BOOT, 1)]
            assert (made.gateway.counters.connections, made.gateway.counters.replaced) == (1, 1)

    run(body)


def test_what_the_older_connection_took_is_acknowledged_on_the_newer_one_and_kept_once():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            older = await made.vehicle()
            await older.send(batch(1, 2))
            await settled()
            newer, _ = made.dial()
            await newer.send(hello(Holding(BOOT, 1, 2)))
            assert await heard(newer) == [Welcome((Resume(BOOT, 1, ((1, 2),)),), NOW)]
            await newer.send(batch(1, 2))
            assert await heard(newer) == []
            log.finish()
            assert await heard(newer) == [Ack(BOOT, 2)]
            assert len(log.records) == 2

    run(body)


def test_a_failed_disk_is_never_acknowledged_and_everybody_is_told():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            first, other = await made.vehicle(), await made.vehicle(vehicle_id=VehicleId("van"))
            await first.send(batch(1))
            await settled()
            await first.send(batch(2))
            await settled()
            log.finish(ReadOnlyError("the disk is full"))
            for stream in (first, other):
                assert await heard(stream) == [Goodbye(GoodbyeReason.READ_ONLY)]
            assert log.syncing == 0
            assert made.gateway.latest() == {}
            late, _ = made.dial()
            assert await heard(late) == [Goodbye(GoodbyeReason.READ_ONLY)]
            assert late.is_closed
            assert made.gateway.is_read_only

    run(body)


def test_a_connection_that_is_cancelled_takes_nothing_with_it_that_others_brought():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            cancelled, serving = made.dial()
            await cancelled.send(hello())
            other = await made.vehicle(vehicle_id=VehicleId("van"))
            await cancelled.send(batch(1))
            await other.send(batch(1))
            await settled()
            serving.cancel()
            await settled()
            while log.syncing:
                log.finish()
                await settled()
            assert await heard(other) == [Ack(BOOT, 1)]
            assert len(log.records) == 2
            assert made.gateway.counters.samples == 2

    run(body)


def test_a_passing_fault_of_the_log_ends_one_connection_and_the_samples_are_taken_again():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            first, other = await made.vehicle(), await made.vehicle(vehicle_id=VehicleId("van"))
            await first.send(batch(1))
            await settled()
            log.finish(StorageError("too much waits"))
            assert await heard(first) == [Goodbye(GoodbyeReason.READ_ONLY)]
            assert not other.is_closed
            again = await made.vehicle(Holding(BOOT, 1, 1))
            await again.send(batch(1))
            await settled()
            log.finish()
            assert await heard(again) == [Ack(BOOT, 1)]

    run(body)


def test_a_stranger_is_told_why_and_sent_away():
    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            stream, serving = made.dial()
            await stream.send(hello(token="guessed"))
            assert await heard(stream) == [Goodbye(GoodbyeReason.BAD_TOKEN)]
            await serving
            assert (made.gateway.counters.refused, made.gateway.counters.sessions) == (1, 0)

    run(body)


def test_who_never_says_hello_is_sent_away(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "HELLO_TIMEOUT_S", 0.02)

    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            stream, serving = made.dial()
            await serving
            assert await heard(stream) == [Goodbye(GoodbyeReason.NO_HELLO)]

    run(body)


def test_foreign_frames_are_kept_and_counted_and_the_vehicle_goes_on():
    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            stream = await made.vehicle()
            foreign = ["hello?", b"\x16\x03\x01\x02", batch(1)[:-2]]
            for frame in foreign:
                await stream.send(frame)
            await stream.send(batch(1))
            assert await heard(stream) == [Ack(BOOT, 1)]
            assert [(vehicle, reason) for vehicle, reason, _ in made.quarantine.kept] == [
                (SHUTTLE, "text"),
                (SHUTTLE, "corrupt"),
                (SHUTTLE, "corrupt"),
            ]
            assert made.quarantine.kept[2][2] == batch(1)[:-2]
            counters = made.gateway.counters
            assert (counters.quarantined, counters.corrupt, counters.samples) == (3, 3, 1)

    run(body)


def test_listeners_hear_of_newer_samples_only():
    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            seen: list[VehicleState] = []
            made.gateway.subscribe(seen.append)
            stream = await made.vehicle(Holding(BOOT, 1, 4))
            for frame in (batch(5), batch(1, 4), batch(6)):
                await stream.send(frame)
            await settled()
            assert [state.sample.seq for state in seen] == [5, 6]
            assert made.gateway.counters.late == 4

    run(body)


def test_a_clock_five_minutes_ahead_neither_loses_a_sample_nor_moves_live_state_ahead():
    async def body() -> None:
        log = MemoryTelemetryLog()
        async with site(log) as made:
            stream = await made.vehicle()
            for seq in (1, 2):
                await stream.send(batch_frame(BOOT, seq, [encode_sample(sample_at(seq, at=NOW + 300_000))]))
                await settled()
                made.clock.advance(1)
            state = made.gateway.latest()[SHUTTLE]
            assert (state.sample.seq, state.as_of) == (2, Instant(NOW + 1000))
            assert [record.sample.device_time - record.event_time for record in log.records] == [300_000, 299_000]
            assert made.gateway.counters.clock_ahead == 2

    run(body)


def test_what_the_log_has_from_before_is_not_kept_twice():
    async def body() -> None:
        log = MemoryTelemetryLog()
        async with site(log) as made:
            stream = await made.vehicle()
            await stream.send(batch(1, 2))
            await settled()
        async with site(log) as made:
            stream, _ = made.dial()
            await stream.send(hello(Holding(BOOT, 1, 3)))
            await stream.send(batch(1, 3))
            assert await heard(stream) == [
                Welcome((Resume(BOOT, 3, ((3, 3),), ((1, 2),)),), NOW),
                Ack(BOOT, 2),
                Ack(BOOT, 3),
            ]
            assert [record.payload for record in log.records] == [payload_of(seq) for seq in (1, 2, 3)]

    run(body)


def test_going_down_says_goodbye_and_keeps_what_was_taken():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            stream = await made.vehicle()
            await stream.send(batch(1))
            await settled()
            made.gateway.dismiss_all(GoodbyeReason.SHUTTING_DOWN)
            await settled()
            log.finish()
            await settled()
            assert await heard(stream) == [Goodbye(GoodbyeReason.SHUTTING_DOWN)]
            assert len(log.records) == 1

    run(body)
