"""The push hub on real loopback sockets."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from types import SimpleNamespace
from typing import cast

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State

from gtfs.timetable import Timetable
from passenger_info.dataset import DatasetKind
from passenger_info.edge.push import PushHub
from passenger_info.edge.push_listener import PATH, PushConnection, WebSocketStream, listen
from passenger_info.edge.service import PassengerInfo
from passenger_info.frame_pb2 import Frame
from passenger_info.frames import Reader
from tests.passenger_info.day import ONE_HOUR, SPECS, Drive, run_on, timetable_of
from tests.passenger_info.live_clock import LiveClock


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


Scene = Callable[[PassengerInfo, PushHub, str, list], Awaitable[None]]


def serve(timetable: Timetable, scene: Scene) -> None:
    async def main() -> None:
        states = list(Drive(run_on(timetable, "D1"), timetable).states())
        clock = LiveClock(states[30].as_of)
        info = PassengerInfo(timetable=timetable, clock=clock, specs=SPECS)
        hub = PushHub(info, clock)
        info.observe(states[30])
        async with listen(hub, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with asyncio.timeout(600):
                await scene(info, hub, f"ws://127.0.0.1:{port}", states)

    asyncio.run(main())


async def subscribed(link: ClientConnection, reader: Reader) -> None:
    resume = {"epoch": reader.epoch, "all": reader.seq}
    await link.send(json.dumps({"type": "sub", "id": "x", "topics": ["all"], "resume": resume}))
    assert json.loads(await link.recv())["type"] == "subscribed"


def cut(link: ClientConnection) -> None:
    """Break a connection without a word; one that has just ended by itself may have no event loop any more."""
    with suppress(AttributeError):
        link.transport.abort()


async def news(link: ClientConnection) -> Frame:
    """The next frame that says something: heartbeats come between whenever ten seconds are over."""
    while (frame := Frame.FromString(await link.recv())).kind == Frame.HEARTBEAT:
        pass
    return frame


def test_two_hundred_readers_get_each_change(timetable: Timetable) -> None:
    async def scene(info, hub, address, states) -> None:
        links = [await connect(address + PATH, compression=None) for _ in range(200)]
        for link in links:
            await subscribed(link, Reader())
            assert (await news(link)).kind == Frame.SNAPSHOT
        info.observe(states[31])
        heard = [await news(link) for link in links]
        assert {(frame.kind, frame.seq) for frame in heard} == {(Frame.DELTA, 2)}
        assert hub.counters.readers == 200
        for link in links:
            await link.close()

    serve(timetable, scene)


def test_a_cut_connection_resumes_without_loss(timetable: Timetable) -> None:
    async def scene(info, hub, address, states) -> None:
        reader = Reader()
        for cut in range(8):
            async with connect(address + PATH) as link:
                await subscribed(link, reader)
                assert reader.take(Frame.FromString(await link.recv()))
                info.observe(states[40 + 10 * cut])
                assert reader.take(Frame.FromString(await link.recv()))
                link.transport.abort()
            info.observe(states[45 + 10 * cut])
            await asyncio.sleep(0.06)
        async with connect(address + PATH) as link:
            await subscribed(link, reader)
            assert reader.take(Frame.FromString(await link.recv()))
        full = info.feed.entities(DatasetKind.ALL, info.clock.now())
        assert sorted(reader.entities) == sorted(entity.entity_id for entity in full)

    serve(timetable, scene)


def test_a_message_of_a_megabyte_closes_only_the_connection_it_came_on(timetable: Timetable) -> None:
    async def scene(info, hub, address, states) -> None:
        async with connect(address + PATH) as good, AsyncExitStack() as stack:
            bad = await connect(address + PATH)
            stack.callback(cut, bad)
            await subscribed(good, Reader())
            await good.recv()
            with suppress(ConnectionClosed):  # it may be shut before it is through
                await bad.send("x" * 1_000_000)
            with pytest.raises(ConnectionClosed) as closed:
                await bad.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009
            info.observe(states[31])
            assert (await news(good)).kind == Frame.DELTA

    serve(timetable, scene)


def test_another_path_is_not_found(timetable: Timetable) -> None:
    async def scene(info, hub, address, states) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(address + "/elsewhere")
        assert refused.value.response.status_code == 404

    serve(timetable, scene)


def test_the_listener_offers_no_compression(timetable: Timetable) -> None:
    async def scene(info, hub, address, states) -> None:
        async with connect(address + PATH, compression="deflate") as link:
            assert link.protocol.extensions == []

    serve(timetable, scene)


class Held(asyncio.Protocol):
    """As much of a connection as its stream looks at."""

    stream: WebSocketStream
    paused = False
    protocol = SimpleNamespace(state=State.OPEN)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.lost = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


def test_a_connection_that_closed_itself_with_its_last_byte_can_still_be_given_up() -> None:
    async def story() -> None:
        here, there = socket.socketpair()
        with there:
            there.setblocking(False)
            loop = asyncio.get_running_loop()
            _, held = await loop.create_connection(Held, sock=here)
            stream = WebSocketStream(cast("PushConnection", held))
            stream.finish(bytes(5_000_000))
            held.transport.close()
            taken = 0
            while taken < 5_000_000:
                taken += len(await loop.sock_recv(there, 1 << 20))
            await held.lost.wait()
            stream.abort()
            assert stream.is_over
            assert stream.descriptor == -1

    asyncio.run(story())
