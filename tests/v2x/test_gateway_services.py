"""What the gateway does for the rest of the program: identity from outside, settled frames, records, commands, link."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from mobility.core.clock import Instant
from mobility.core.errors import ReadOnlyError, StorageError
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryLog, TelemetryRecord
from mobility.core.supervision import OccasionKind
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
    batch,
    heard,
    hello,
    identify,
    payload_of,
    sample_at,
    settled,
)
from v2x.client_frames import batch_frame, ping_frame
from v2x.codec import encode_sample
from v2x.credit import CALM
from v2x.edge.gateway import Gateway
from v2x.extension import Extension, Incident
from v2x.server_frames import Ack, CommandMessage, Credit, Pong, Welcome, command_frame

NOW = Instant(NOON + 60_000)
INCIDENT = Extension(incidents=(Incident(kind=OccasionKind.CONFLICT, detail="deer"),))
COMMAND = CommandMessage(b"release", (("supervision", bytes(64)),))


class Told:
    """A link observer that remembers."""

    def __init__(self) -> None:
        self.lines: list[tuple[object, ...]] = []

    def connected(self, vehicle_id: VehicleId, now: Instant) -> None:
        self.lines.append(("connected", vehicle_id, now - NOW))

    def disconnected(self, vehicle_id: VehicleId, now: Instant) -> None:
        self.lines.append(("disconnected", vehicle_id, now - NOW))

    def heard(self, vehicle_id: VehicleId, size_bytes: int, now: Instant) -> None:
        self.lines.append(("heard", vehicle_id, size_bytes))

    def timed(self, vehicle_id: VehicleId, round_trip_ms: int, offset_ms: int, error_ms: int, now: Instant) -> None:
        self.lines.append(("timed", vehicle_id, round_trip_ms, offset_ms, error_ms))

    def kept(self, record: TelemetryRecord, extension: Extension | None, now: Instant) -> None:
        self.lines.append(("kept", record.sample.seq, extension))

    def repeated(self, vehicle_id: VehicleId, samples: int, now: Instant) -> None:
        self.lines.append(("repeated", vehicle_id, samples))


class Site:
    """A gateway with everything around it."""

    def __init__(self, log: TelemetryLog, group: asyncio.TaskGroup) -> None:
        self.clock = SettableClock(NOW)
        self.quarantine = KeptFrames()
        self.link = Told()
        self.gateway = Gateway(log=log, clock=self.clock, identify=identify, quarantine=self.quarantine, link=self.link)
        self.records: list[tuple[int, Extension | None]] = []
        self.gateway.subscribe_records(lambda record, extension: self.records.append((record.sample.seq, extension)))
        self.group = group

    def dial(self, **how: object) -> tuple[MemoryStream, asyncio.Task[None]]:
        ours, theirs = stream_pair()
        return ours, self.group.create_task(self.gateway.serve(theirs, **how))

    async def vehicle(self, vehicle_id: VehicleId = SHUTTLE, **how: object) -> MemoryStream:
        stream, _ = self.dial(**how)
        await stream.send(hello(vehicle_id=vehicle_id))
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

    run_virtual(main())


def record(seq: int, *, at: int = NOW, boot_id: str = "cam-7") -> TelemetryRecord:
    sample = sample_at(seq, at=at, boot_id=BootId(boot_id))
    return TelemetryRecord(
        sample=sample, received_at=NOW, event_time=sample.device_time, payload=payload_of(seq, boot_id=BootId(boot_id))
    )


def test_who_is_there_may_be_known_from_outside_and_then_the_token_means_nothing():
    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            await made.vehicle(VehicleId("van"), identify=lambda _token: VehicleId("van"))
            stranger, serving = made.dial(identify=lambda _token: VehicleId("van"))
            await stranger.send(hello(vehicle_id=SHUTTLE))
            await serving
            assert list(made.gateway.connected()) == ["van"]

    run(body)


def test_frames_are_settled_in_order_once_their_records_are_durable():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            told: list[int] = []
            stream = await made.vehicle(settled=told.append)
            await stream.send(batch(1, 2))
            await settled()
            await stream.send("no frame")
            await stream.send(batch(1, 2))
            await settled()
            assert told == [1]
            log.finish()
            await settled()
            assert told == [1, 3]

    run(body)


def test_frames_whose_records_can_not_be_kept_are_never_settled():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            told: list[int] = []
            stream = await made.vehicle(settled=told.append)
            await stream.send(batch(1))
            await settled()
            log.finish(StorageError("too much waits"))
            await settled()
            assert told == [1]

    run(body)


def test_every_durable_record_is_told_once_with_its_extension_late_ones_too():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            stream = await made.vehicle()
            with_event = encode_sample(sample_at(2), INCIDENT)
            for frame in (batch(3), batch_frame(BOOT, 2, [with_event]), batch(3), batch_frame(BOOT, 2, [with_event])):
                await stream.send(frame)
                await settled()
            assert made.records == []
            log.finish()
            await settled()
            log.finish()
            await settled()
            assert made.records == [(3, None), (2, INCIDENT)]
            assert made.gateway.counters.late == 1

    run(body)


def test_an_extension_that_can_not_be_read_costs_only_itself():
    async def body() -> None:
        log = MemoryTelemetryLog()
        async with site(log) as made:
            stream = await made.vehicle()
            broken = encode_sample(sample_at(1), Extension(vin="WVWZZZ1JZXW000001"))
            broken = broken.replace(b"WVWZZZ1JZXW000001", b"WVWZZZ1JZXW00000I")
            await stream.send(batch_frame(BOOT, 1, [broken]))
            assert await heard(stream) == [Ack(BOOT, 1)]
            assert made.records == [(1, None)]
            assert made.gateway.counters.bad_extensions == 1
            assert made.quarantine.kept == [(SHUTTLE, "bad_sample", broken)]

    run(body)


def test_injected_records_are_kept_once_and_published_like_any_other():
    async def body() -> None:
        log = MemoryTelemetryLog()
        async with site(log) as made:
            seen: list[VehicleState] = []
            made.gateway.subscribe(seen.append)
            await made.gateway.inject([record(1), record(2), record(1)])
            await made.gateway.inject([record(2), record(3)])
            assert [each.sample.seq for each in log.records] == [1, 2, 3]
            assert [state.sample.seq for state in seen] == [1, 2, 3]
            assert [seq for seq, _ in made.records] == [1, 2, 3]
            assert (made.gateway.counters.samples, made.gateway.counters.duplicates) == (3, 2)

    run(body)


def test_injecting_returns_only_when_all_is_durable_also_what_another_call_has_under_way():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            first = made.group.create_task(made.gateway.inject([record(1)]))
            again = made.group.create_task(made.gateway.inject([record(1)]))
            await settled()
            assert (first.done(), again.done(), log.syncing) == (False, False, 1)
            log.finish()
            await settled()
            assert (first.done(), again.done(), len(log.records)) == (True, True, 1)

    run(body)


def test_what_could_not_be_injected_may_be_injected_again():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:

            async def refused() -> None:
                with pytest.raises(StorageError):
                    await made.gateway.inject([record(1)])

            for _ in range(2):
                made.group.create_task(refused())
            await settled()
            log.finish(StorageError("too much waits"))
            await settled()
            again = made.group.create_task(made.gateway.inject([record(1)]))
            await settled()
            log.finish()
            await again
            assert len(log.records) == 1

    run(body)


def test_a_disk_that_fails_while_injecting_stops_the_gateway():
    async def body() -> None:
        log = MemoryTelemetryLog()
        log.is_read_only = True
        async with site(log) as made:
            for _ in range(2):
                with pytest.raises(ReadOnlyError):
                    await made.gateway.inject([record(1)])
            assert made.gateway.is_read_only

    run(body)


def test_an_injected_record_of_the_future_counts_as_received_and_other_bytes_are_set_aside():
    async def body() -> None:
        log = MemoryTelemetryLog()
        async with site(log) as made:
            forged: list[tuple[str, str]] = []
            made.gateway.subscribe_forged(lambda vehicle_id, each: forged.append((vehicle_id, each.reason)))
            await made.gateway.inject([record(1, at=NOW + 600_000)])
            await made.gateway.inject([replace(record(1), payload=b"other")])
            assert [each.event_time for each in log.records] == [NOW]
            assert forged == [(SHUTTLE, "other_bytes")]
            counters = made.gateway.counters
            assert (counters.forged, counters.quarantined, counters.duplicates) == (1, 1, 0)

    run(body)


def test_a_vehicle_that_sends_other_bytes_under_a_known_number_is_told_of():
    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            forged: list[str] = []
            made.gateway.subscribe_forged(lambda vehicle_id, _: forged.append(vehicle_id))
            stream = await made.vehicle()
            await stream.send(batch(1))
            await settled()
            await stream.send(batch_frame(BOOT, 1, [encode_sample(sample_at(1, passengers=6))]))
            await settled()
            assert (forged, made.gateway.counters.forged) == ([SHUTTLE], 1)

    run(body)


def test_a_command_goes_out_while_the_disk_is_stuck_and_only_to_who_is_there():
    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            stream = await made.vehicle()
            await stream.send(batch(1))
            await settled()
            assert log.syncing == 1
            assert made.gateway.send_command(SHUTTLE, command_frame(COMMAND))
            assert not made.gateway.send_command(VehicleId("van"), command_frame(COMMAND))
            assert await heard(stream) == [COMMAND]
            log.finish()
            await stream.close()
            await settled()
            assert not made.gateway.send_command(SHUTTLE, command_frame(COMMAND))

    run(body)


def test_the_link_observer_hears_of_everything_in_order():
    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            stream = await made.vehicle()
            await stream.send(ping_frame(Instant(NOW - 20)))
            assert await heard(stream) == [Pong(NOW - 20, NOW, NOW)]
            await stream.send(ping_frame(Instant(NOW - 20), clock_offset_ms=-3, clock_error_ms=21, round_trip_ms=40))
            for frame in (batch(1), batch(1)):
                await stream.send(frame)
                await settled()
            made.clock.advance(5)
            await stream.close()
            await settled()
            told = [line for line in made.link.lines if line[0] != "heard"]
            assert told == [
                ("connected", SHUTTLE, 0),
                ("timed", SHUTTLE, 40, -3, 21),
                ("kept", 1, None),
                ("repeated", SHUTTLE, 1),
                ("disconnected", SHUTTLE, 5000),
            ]
            sizes = [line[2] for line in made.link.lines if line[0] == "heard"]
            assert len(sizes) == 5
            assert sizes[-1] == len(batch(1))

    run(body)


def test_a_replaced_connection_is_no_loss_of_the_link():
    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            await made.vehicle()
            await made.vehicle()
            await settled()
            assert [line[0] for line in made.link.lines if line[0] != "heard"] == ["connected", "connected"]
            assert list(made.gateway.connected()) == [SHUTTLE]

    run(body)


def test_a_measured_clock_places_samples_where_they_belong():
    async def body() -> None:
        log = MemoryTelemetryLog()
        async with site(log) as made:
            stream = await made.vehicle()
            await stream.send(
                ping_frame(Instant(NOW + 300_000), clock_offset_ms=-300_000, clock_error_ms=30, round_trip_ms=60)
            )
            await stream.send(batch_frame(BOOT, 1, [encode_sample(sample_at(1, at=NOW + 299_000))]))
            await settled()
            (kept,) = log.records
            assert (kept.event_time, kept.sample.device_time, kept.received_at) == (NOW - 1000, NOW + 299_000, NOW)
            counters = made.gateway.counters
            assert (counters.clock_ahead, counters.clock_corrected, counters.clock_jumps) == (1, 1, 0)

    run(body)


def test_credit_is_told_when_it_changes_and_only_then():
    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            stream = await made.vehicle()
            made.gateway.pressure.taken(20_000, 0)
            await stream.send(batch(1))
            assert await heard(stream) == [
                Credit(window_samples=500, backlog_samples=0, routine_interval_ms=1000),
                Ack(BOOT, 1),
            ]
            made.gateway.pressure.settled(20_000, 0, 0)
            await stream.send(batch(2))
            told = await heard(stream)
            assert [type(each) for each in told] == [Credit, Ack]

    run(body)


def test_relief_is_told_also_to_a_vehicle_that_waits_for_it():
    async def body() -> None:
        async with site(MemoryTelemetryLog()) as made:
            waiting, other = await made.vehicle(), await made.vehicle(VehicleId("van"))
            made.gateway.pressure.taken(20_000, 0)
            await waiting.send(batch(1))
            assert [type(each) for each in await heard(waiting)] == [Credit, Ack]
            made.gateway.pressure.settled(20_000, 0, 0)
            await other.send(batch(1))
            assert await heard(waiting) == [CALM]

    run(body)


def test_when_all_connections_together_hold_too_much_each_waits_for_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("v2x.pressure.MOST_PENDING_SAMPLES", 4)

    async def body() -> None:
        log = HeldBackLog()
        async with site(log) as made:
            streams = [await made.vehicle(VehicleId(name)) for name in ("a", "b", "c")]
            for stream in streams:
                for seq in range(1, 8):
                    await stream.send(batch(seq))
            await settled()
            assert made.gateway.pressure.pending_samples <= 4 + len(streams)
            while log.syncing:
                log.finish()
                await settled()
            assert len(log.records) == 21

    run(body)
