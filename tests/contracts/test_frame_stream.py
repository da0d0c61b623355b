"""The contract of ``FrameStream``, tried on the pipe of the simulator, the fake, and real WebSockets of both rooms."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from mobility.core.errors import StreamClosedError
from mobility.core.ports import FrameStream
from passenger_info.edge import push_listener
from sim.edge.pipe import pipe
from tests.fakes.stream import stream_pair
from tests.patience import PATIENCE_S
from v2x.edge import websocket

Pair = tuple[FrameStream, FrameStream]
Opened = Callable[[], AbstractAsyncContextManager[Pair]]


@asynccontextmanager
async def piped() -> AsyncIterator[Pair]:
    yield pipe()


@asynccontextmanager
async def faked() -> AsyncIterator[Pair]:
    yield stream_pair()


def over_sockets(wrap: Callable[[ServerConnection], FrameStream]) -> Opened:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Pair]:
        accepted: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

        async def accept(connection: ServerConnection) -> None:
            accepted.set_result(connection)
            await connection.wait_closed()

        made = push_listener.PushConnection
        async with serve(accept, "127.0.0.1", 0, compression=None, create_connection=made) as server:
            port = server.sockets[0].getsockname()[1]
            async with connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None) as near:
                yield websocket.WebSocketStream(near), wrap(await accepted)

    return opened


ADAPTERS = {
    "pipe": piped,
    "fake": faked,
    "vehicle socket": over_sockets(websocket.WebSocketStream),
    "push socket": over_sockets(push_listener.WebSocketStream),
}


@pytest.fixture(params=ADAPTERS.values(), ids=ADAPTERS.keys())
def opened(request: pytest.FixtureRequest) -> Opened:
    return request.param


def play(opened: Opened, scene: Callable[[FrameStream, FrameStream], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S), opened() as (near, far):
            await scene(near, far)

    asyncio.run(main())


def test_frames_arrive_whole_in_order_and_of_their_kind(opened: Opened) -> None:
    async def scene(near: FrameStream, far: FrameStream) -> None:
        sent: list[bytes | str] = [b"\x00\xff", "grün", b"", b"x" * 70_000]
        for frame in sent:
            await near.send(frame)
        assert [await far.receive() for _ in sent] == sent

    play(opened, scene)


def test_both_ends_may_speak(opened: Opened) -> None:
    async def scene(near: FrameStream, far: FrameStream) -> None:
        await near.send(b"ping")
        await far.send(b"pong")
        assert await far.receive() == b"ping"
        assert await near.receive() == b"pong"

    play(opened, scene)


def test_what_was_sent_before_the_end_is_still_read(opened: Opened) -> None:
    async def scene(near: FrameStream, far: FrameStream) -> None:
        await near.send(b"last words")
        closing = asyncio.ensure_future(near.close("done"))
        assert await far.receive() == b"last words"
        with pytest.raises(StreamClosedError):
            await far.receive()
        await closing

    play(opened, scene)


def test_nothing_can_be_sent_into_a_closed_stream(opened: Opened) -> None:
    async def scene(near: FrameStream, far: FrameStream) -> None:
        closing = asyncio.ensure_future(near.close())
        with pytest.raises(StreamClosedError):
            await far.receive()
        await closing
        for end in (near, far):
            with pytest.raises(StreamClosedError):
                await end.send(b"too late")

    play(opened, scene)


def test_closing_twice_is_closing_once(opened: Opened) -> None:
    async def scene(near: FrameStream, far: FrameStream) -> None:
        await asyncio.gather(near.close("ä" * 200), far.close())
        await near.close()
        with pytest.raises(StreamClosedError):
            await near.receive()

    play(opened, scene)
