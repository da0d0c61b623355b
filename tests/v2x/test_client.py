import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError, StreamClosedError
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream
from sim.edge.loop import run_virtual
from sim.edge.pipe import PipeEnd, pipe
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.v2x.making import BOOT, NOON, SHUTTLE, KeptFrames, identify, sample_at
from v2x.edge.client import ACK_TIMEOUT_S, LONGEST_BACKOFF_S, REFUSED_BACKOFF_S, MemoryBuffer, VehicleClient
from v2x.edge.gateway import Gateway
from v2x.goodbye import GoodbyeReason

TOKEN = "token of shuttle-1"


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
        self.client = VehicleClient(
            vehicle_id=SHUTTLE, boot_id=BOOT, token=token, buffer=self.buffer, connect=self.connect, clock=self.clock
        )

    async def connect(self) -> FrameStream:
        self.dialled.append(asyncio.get_running_loop().time())
        if not self.has_network:
            raise ConnectionRefusedError("no network")
        ours, theirs = pipe(clock=self.clock, latency_s=0.02)
        self.lines.append(ours)
        self.group.create_task(self.gateway.serve(theirs))
        return ours

    def record(self, at: int | None = None) -> None:
        self.client.record(sample_at(self.client.next_seq, at=self.clock.now() if at is None else at))

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
