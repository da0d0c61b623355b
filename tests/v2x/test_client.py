import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError, StreamClosedError
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream
from mobility.core.supervision import OccasionKind
from sim.edge.loop import run_virtual
from sim.edge.pipe import PipeEnd, pipe
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.v2x.making import BOOT, NOON, SHUTTLE, KeptFrames, identify, sample_at
from v2x.client_session import LIVE_LIMIT
from v2x.credit import CALM, Credit
from v2x.edge.client import ACK_TIMEOUT_S, LONGEST_BACKOFF_S, REFUSED_BACKOFF_S, MemoryBuffer, VehicleClient
from v2x.edge.gateway import Gateway
from v2x.extension import Extension, Incident
from v2x.goodbye import GoodbyeReason
from v2x.server_frames import CommandMessage, command_frame

TOKEN = "token of shuttle-1"
INCIDENT = Extension(incidents=(Incident(kind=OccasionKind.CONFLICT, detail="deer"),))


class LoopClock:
    def now(self) -> Instant:
        return Instant(NOON + round(asyncio.get_running_loop().time() * 1000))

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


class Road:
    """A gateway, a vehicle, and a network between them that can be switched off."""

    def __init__(self, group: asyncio.TaskGroup, *, token: str = TOKEN) -> None:
        self.clock = LoopClock()
        self.log = MemoryTelemetryLog()
        self.quarantine = KeptFrames()
        self.gateway = Gateway(log=self.log, clock=self.clock, identify=identify, quarantine=self.quarantine)
        self.group = group
        self.has_network = True
        self.dialled: list[float] = []
        self.lines: list[PipeEnd] = []
        self.buffer = MemoryBuffer()
        self.commands: list[CommandMessage] = []
        self.client = VehicleClient(
            vehicle_id=SHUTTLE,
            boot_id=BOOT,
            token=token,
            buffer=self.buffer,
            connect=self.connect,
            clock=self.clock,
            on_command=self.commands.append,
        )

    async def connect(self) -> FrameStream:
        self.dialled.append(asyncio.get_running_loop().time())
        if not self.has_network:
            raise ConnectionRefusedError("no network")
        ours, theirs = pipe(clock=self.clock, latency_s=0.02)
        self.lines.append(ours)
        self.group.create_task(self.gateway.serve(theirs))
        return ours

    def record(self, at: int | None = None) -> bool:
        return self.client.record(sample_at(self.client.next_seq, at=self.clock.now() if at is None else at))

    @property
    def kept(self) -> list[int]:
        return [record.sample.seq for record in self.log.records]


def on_the_road(body: Callable[[Road], Awaitable[None]], *, token: str = TOKEN) -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            road = Road(group, token=token)
            running = group.create_task(road.client.run())
            await body(road)
            running.cancel()

    run_virtual(main())


def test_a_recorded_sample_is_acknowledged_and_leaves_the_buffer():
    async def body(road: Road) -> None:
        road.record()
        assert await road.client.drained(5)
        assert (road.kept, road.client.sent, road.client.acknowledged, road.client.waiting) == ([1], 1, 1, 0)

    on_the_road(body)


def test_samples_of_an_outage_follow_behind_live_ones():
    async def body(road: Road) -> None:
        await road.clock.sleep(1)
        road.has_network = False
        road.lines[-1].cut()
        for _ in range(30):
            road.record()
            await road.clock.sleep(1)
        road.has_network = True
        while not road.client.link.is_live:
            road.record()
            await road.clock.sleep(0.01)
        last = road.client.next_seq - 1
        assert await road.client.drained(5)
        assert sorted(road.kept) == list(range(1, last + 1))
        assert road.kept[0] > 30
        assert road.client.sent == last

    on_the_road(body)


def test_without_a_network_it_waits_longer_each_time_up_to_a_limit():
    async def body(road: Road) -> None:
        road.has_network = False
        await road.clock.sleep(200)
        waits = [later - earlier for earlier, later in zip(road.dialled, road.dialled[1:], strict=False)]
        assert 0.25 <= waits[0] <= 0.5
        assert waits[3] > waits[0]
        assert all(LONGEST_BACKOFF_S / 2 <= wait <= LONGEST_BACKOFF_S for wait in waits[7:])
        assert len(set(waits[7:])) > 3

    on_the_road(body)


def test_two_vehicles_do_not_come_back_in_the_same_instant():
    def waits(name: str) -> float:
        client = VehicleClient(
            vehicle_id=VehicleId(name),
            boot_id=BOOT,
            token="",
            buffer=MemoryBuffer(),
            connect=lambda: pytest.fail("not called"),
            clock=LoopClock(),
        )
        return client._backoff_s()

    assert waits("shuttle-1") == waits("shuttle-1")
    assert waits("shuttle-1") != waits("shuttle-2")


def test_a_wrong_token_is_tried_again_only_rarely():
    async def body(road: Road) -> None:
        await road.clock.sleep(REFUSED_BACKOFF_S * 3 - 1)
        assert len(road.dialled) == 3
        assert road.gateway.counters.refused == 3

    on_the_road(body, token="guessed")


def test_the_reason_of_a_goodbye_can_be_read():
    async def body(road: Road) -> None:
        await road.clock.sleep(1)
        assert road.client.goodbye is GoodbyeReason.BAD_TOKEN
        assert not road.client.is_connected

    on_the_road(body, token="guessed")


def test_a_gateway_that_can_not_keep_anything_costs_no_sample():
    async def body(road: Road) -> None:
        road.log.is_read_only = True
        road.record()
        await road.clock.sleep(5)
        assert (road.client.acknowledged, road.client.waiting) == (0, 1)
        mended = Gateway(log=road.log, clock=road.clock, identify=identify, quarantine=road.quarantine)
        road.log.is_read_only = False
        road.gateway = mended
        assert await road.client.drained(30)
        assert road.kept == [1]

    on_the_road(body)


def test_a_link_that_swallows_everything_is_given_up_and_dialled_anew():
    async def body(road: Road) -> None:
        await road.clock.sleep(1)

        async def swallow(_frame: bytes | str) -> None:
            pass

        road.lines[-1].send = swallow
        for _ in range(int(ACK_TIMEOUT_S) + 3):
            road.record()
            await road.clock.sleep(1)
        assert len(road.lines) == 2
        assert await road.client.drained(5)
        assert sorted(road.kept) == list(range(1, road.client.next_seq))

    on_the_road(body)


def test_the_last_frame_of_a_vehicle_that_samples_nothing_more_is_missed_when_it_is_lost():
    async def body(road: Road) -> None:
        await road.clock.sleep(1)

        async def swallow(_frame: bytes | str) -> None:
            pass

        road.lines[-1].send = swallow
        road.record()
        await road.clock.sleep(ACK_TIMEOUT_S - 1)
        assert len(road.lines) == 1
        assert await road.client.drained(5)
        assert len(road.lines) == 2
        assert road.kept == [1]

    on_the_road(body)


def test_waiting_for_a_drained_buffer_ends_at_its_time():
    async def body(road: Road) -> None:
        road.has_network = False
        road.record()
        began = asyncio.get_running_loop().time()
        assert not await road.client.drained(7)
        assert asyncio.get_running_loop().time() - began == 7

    on_the_road(body)


def test_only_the_next_sample_of_this_vehicle_and_boot_is_recorded():
    async def body(road: Road) -> None:
        for wrong in (sample_at(2), sample_at(1, boot_id=BootId("b")), sample_at(1, vehicle_id=VehicleId("van"))):
            with pytest.raises(ValueError, match="does not follow"):
                road.client.record(wrong)
        with pytest.raises(BadInputError):
            road.client.record(sample_at(1, speed_mps=float("nan")))
        assert (road.client.next_seq, road.client.waiting) == (1, 0)

    on_the_road(body)


def test_strange_frames_of_the_gateway_do_not_end_the_client():
    async def body(road: Road) -> None:
        await road.clock.sleep(1)
        for connection in road.gateway._connections:
            connection.reply([b"\xff\xff\xff"])
        road.record()
        assert await road.client.drained(5)
        assert road.client.link.strange_frames == 1
        assert len(road.lines) == 1

    on_the_road(body)


def test_a_fault_of_the_buffer_is_not_hidden():
    class BrokenBuffer(MemoryBuffer):
        def get(self, boot_id: BootId, seq: int) -> bytes | None:
            raise OSError(5, "the disk is broken")

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            road = Road(group)
            buffer = BrokenBuffer()
            client = VehicleClient(
                vehicle_id=SHUTTLE,
                boot_id=BOOT,
                token=TOKEN,
                buffer=buffer,
                connect=road.connect,
                clock=road.clock,
            )
            client.record(sample_at(1))
            with pytest.raises(ExceptionGroup) as caught:
                await client.run()
            assert caught.group_contains(OSError)
            assert not isinstance(caught.value, StreamClosedError)

    run_virtual(main())


class WrongClock(LoopClock):
    def __init__(self, by_ms: int) -> None:
        self.by_ms = by_ms

    def now(self) -> Instant:
        return Instant(super().now() + self.by_ms)


def test_an_extension_travels_with_its_sample_and_comes_out_of_the_record():
    async def body(road: Road) -> None:
        told: list[Extension | None] = []
        road.gateway.subscribe_records(lambda _, extension: told.append(extension))
        assert road.client.record(sample_at(1, at=road.clock.now()), INCIDENT)
        assert await road.client.drained(5)
        assert told == [INCIDENT]

    on_the_road(body)


def test_a_command_reaches_the_vehicle():
    async def body(road: Road) -> None:
        await road.clock.sleep(1)
        command = CommandMessage(b"stop", (("supervision", bytes(64)),))
        assert road.gateway.send_command(SHUTTLE, command_frame(command))
        await road.clock.sleep(0.1)
        assert road.commands == [command]

    on_the_road(body)


def test_under_load_routine_samples_are_held_back_and_events_never():
    async def body(road: Road) -> None:
        await road.clock.sleep(1)
        road.gateway.pressure.taken(20_000, 0)  # somebody else's
        assert road.record()
        await road.clock.sleep(0.2)
        assert road.client.link.credit.routine_interval_ms == 1000
        assert not road.record()
        number = road.client.next_seq
        assert road.client.record(sample_at(number, at=road.clock.now()), INCIDENT)
        assert road.client.record(sample_at(number + 1, at=road.clock.now()), is_routine=False)
        assert road.client.link.held_back == 1
        await road.clock.sleep(1)
        assert road.record()
        assert await road.client.drained(5)
        assert road.kept == [1, 2, 3, 4]

    on_the_road(body)


def test_credit_ends_with_its_connection():
    async def body(road: Road) -> None:
        await road.clock.sleep(1)
        road.gateway.pressure.taken(40_000, 0)
        road.record()
        await road.clock.sleep(0.2)
        road.gateway.pressure.settled(40_000, 0, 0)
        road.has_network = False
        road.lines[-1].cut()
        await road.clock.sleep(0.1)
        assert road.record()
        assert road.record()

    on_the_road(body)


@pytest.mark.parametrize("by_ms", [-3_600_000, -400, 0, 400, 3_600_000])
def test_a_wrong_clock_is_measured_and_its_samples_are_placed_right(by_ms: int):
    async def body(road: Road) -> None:
        own = WrongClock(by_ms)
        road.client._clock = own
        for _ in range(100):
            road.record(at=own.now())
            await road.clock.sleep(0.1)
        assert abs(road.client.gateway_now() - road.clock.now()) <= 2
        placed = [record.received_at - record.event_time for record in road.log.records[30:]]
        assert all(0 <= late_ms <= 40 for late_ms in placed)
        assert road.gateway.latest()[SHUTTLE].as_of <= road.clock.now()
        assert len(road.log.records) == 100

    on_the_road(body)


def test_a_clock_that_is_set_back_on_the_way_soon_counts_again():
    async def body(road: Road) -> None:
        now_ms = 0
        own = WrongClock(0)
        road.client._clock = own
        for n in range(300):
            if n == 100:
                own.by_ms = -60_000
            road.record(at=own.now())
            await road.clock.sleep(0.1)
            now_ms = road.clock.now()
        assert now_ms - road.gateway.latest()[SHUTTLE].as_of <= 200
        late = [r for r in road.log.records if abs(r.received_at - r.event_time) > 1000]
        assert 0 < len(late) <= 20
        assert road.gateway.counters.clock_jumps == 1

    on_the_road(body)


def test_more_live_samples_than_may_wait_become_backlog_and_none_is_lost():
    async def body(road: Road) -> None:
        await road.clock.sleep(1)
        road.client.link.credit = Credit(window_samples=1, backlog_samples=1)
        for _ in range(LIVE_LIMIT + 500):
            road.record()
        assert len(road.client.link._live) == LIVE_LIMIT
        road.client.link.credit = CALM
        assert await road.client.drained(30)
        assert sorted(road.kept) == list(range(1, LIVE_LIMIT + 501))
        assert road.client.sent == LIVE_LIMIT + 500

    on_the_road(body)
