"""Readers of passenger information who send far too much, or nonsense: a named answer, bounded memory, no harm."""

import asyncio
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gtfs.timetable import Timetable
from passenger_info.edge import push
from passenger_info.edge.push_listener import PATH
from passenger_info.edge.sse import PATH as EVENTS
from passenger_info.edge.sse import events_router
from passenger_info.frame_pb2 import Frame
from tests.fakes.clock import SettableClock
from tests.passenger_info.board_scene import NOW, at, scene_app
from tests.passenger_info.day import ONE_HOUR, timetable_of
from tests.wire.test_push import cut, news, serve

TEN_MEGABYTES = 10_000_000
PIECE = b"x" * 50_000
MOST_GROWTH = 4_000_000
"""Bytes that serving something refused may take at most, client and server together."""


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """Says by how many bytes memory has grown at its highest."""
    tracemalloc.start()
    begun = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1] - begun
    finally:
        tracemalloc.stop()


async def pieces() -> AsyncIterator[str]:
    for _ in range(TEN_MEGABYTES // len(PIECE)):
        yield PIECE.decode()


async def one_frame(link: ClientConnection) -> None:
    """A single frame, which is cut into pieces only on its way: its head says how long it is."""
    with suppress(ConnectionError):
        link.transport.write(b"\x81\xff" + TEN_MEGABYTES.to_bytes(8, "big") + b"\0\0\0\0")
        for _ in range(TEN_MEGABYTES // len(PIECE)):
            link.transport.write(PIECE)
            await asyncio.sleep(0)
            if link.transport.is_closing():
                return


async def in_fragments(link: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        await link.send(pieces())


@pytest.mark.parametrize("flood", [one_frame, in_fragments])
def test_ten_megabytes_close_their_connection_and_are_not_kept(
    timetable: Timetable, flood: Callable[[ClientConnection], Awaitable[None]]
) -> None:
    async def scene(info, hub, address, states) -> None:
        async with connect(address + PATH) as good:
            await subscribed(good, ["all"])
            await good.recv()
            async with AsyncExitStack() as stack:
                bad = await connect(address + PATH)
                stack.callback(cut, bad)
                with traced() as growth:
                    await flood(bad)
                    with pytest.raises(ConnectionClosed) as closed:
                        await bad.recv()
                    assert growth() < MOST_GROWTH
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1009
            info.observe(states[31])
            assert (await news(good)).kind == Frame.DELTA

    serve(timetable, scene)


async def subscribed(link: ClientConnection, topics: list[str], **more: object) -> dict:
    """Subscribe and return the answer, past whatever frames come first."""
    await link.send(json.dumps({"type": "sub", "id": "x", "topics": topics, **more}))
    while True:
        frame = await link.recv()
        if isinstance(frame, str):
            return json.loads(frame)


def test_a_hundred_thousand_topics_are_refused_by_name_and_the_others_are_served(
    timetable: Timetable,
) -> None:
    async def scene(info, hub, address, states) -> None:
        async with AsyncExitStack() as stack:
            good = await stack.enter_async_context(connect(address + PATH))
            assert (await subscribed(good, ["all"]))["type"] == "subscribed"
            await good.recv()
            codes: dict[str, int] = {}
            with traced() as growth:
                for n in range(50):
                    link = await connect(address + PATH, max_queue=None)
                    stack.callback(cut, link)
                    for k in range(20):
                        names = [f"vehicle:{n}-{k}-{i}" for i in range(100)]
                        answer = await subscribed(link, names, id=f"s{k}")
                        code = answer.get("code", answer["type"])
                        codes[code] = codes.get(code, 0) + 1
                assert growth() < 60_000_000
            assert set(codes) == {"subscribed", "too_many_topics"}
            assert codes["subscribed"] * 100 <= push.MOST_TOPICS
            assert hub.counters.topics <= push.MOST_TOPICS
            info.observe(states[31])
            assert (await news(good)).kind == Frame.DELTA

    serve(timetable, scene)


@pytest.mark.parametrize("epoch", ["beef", "", "../../etc/passwd", "x" * 10_000, "\x00"])
def test_whoever_resumes_from_another_life_of_the_server_gets_a_snapshot(timetable: Timetable, epoch: str) -> None:
    async def scene(info, hub, address, states) -> None:
        async with connect(address + PATH) as link:
            for number in (0, 1, 2**63 - 1):
                resume = {"epoch": epoch, "all": number}
                assert (await subscribed(link, ["all"], id=f"s{number}", resume=resume))["type"] == "subscribed"
                frame = await news(link)
                assert (frame.kind, frame.topic) == (Frame.SNAPSHOT, "all")
            answer = await subscribed(link, ["all"], resume={"epoch": epoch, "all": -1})
            assert (answer["type"], answer["code"]) == ("error", "bad_field")

    serve(timetable, scene)


@asynccontextmanager
async def served(app: object) -> AsyncIterator[int]:
    """An application on a port of its own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none", lifespan="off"))
        serving = asyncio.ensure_future(server.serve([listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await serving


async def get(port: int, path: str, pieces: int = 0) -> bytes:
    """What a server answers to a path as it is written; ``pieces`` of 50,000 letters are put behind it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(ConnectionError):
        writer.write(b"GET " + path.encode("latin-1"))
        for _ in range(pieces):
            writer.write(PIECE)
            await writer.drain()
        writer.write(b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await writer.drain()
    answer = b""
    with suppress(ConnectionError):
        while got := await reader.read(65_536):
            answer += got
    writer.close()
    return answer


def test_an_address_of_ten_megabytes_is_refused_before_it_is_read(timetable: Timetable) -> None:
    async def scene(info, hub, address, states) -> None:
        app = scene_app(SettableClock(at(NOW)))
        app.include_router(events_router(hub))
        async with served(app) as port:
            with traced() as growth:
                answers = [
                    await get(port, f"{EVENTS}?topics=", TEN_MEGABYTES // len(PIECE)),
                    await get(port, "/board/", TEN_MEGABYTES // len(PIECE)),
                ]
                assert growth() < MOST_GROWTH
            assert {answer[:12] for answer in answers} <= {b"HTTP/1.1 400", b""}
            assert (await get(port, "/board/busbahnhof")).startswith(b"HTTP/1.1 200")
            assert hub.counters.readers == 0

    serve(timetable, scene)


TRICKS = (
    "..%2f..%2fetc",
    "..%2f..%2fetc%2fpasswd",
    "../../etc/passwd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%5c..%5cetc%5cpasswd",
    "%00",
    "busbahnhof%00.html",
    "%c0%ae%c0%ae%c0%af%c0%ae%c0%ae%c0%afetc",
    "%e0%80%ae%e0%80%ae%2fetc",
    "%ff%fe",
    "%25%32%65%25%32%65%2fetc",
    "%0d%0aX-Injected:%20yes",
    "x" * 5_000,
)


def test_path_tricks_in_stop_ids_get_the_answer_that_names_an_unknown_stop() -> None:
    async def main() -> None:
        async with served(scene_app(SettableClock(at(NOW)))) as port:
            for trick in TRICKS:
                for path in (f"/board/{trick}", f"/board/{trick}.txt", f"/board/{trick}?day=1"):
                    head, _, body = (await get(port, path)).partition(b"\r\n\r\n")
                    assert head.startswith(b"HTTP/1.1 404"), (path[:60], head[:40])
                    assert b"root:" not in body
                    assert b"X-Injected" not in head
                    assert b"Traceback" not in body

    asyncio.run(main())
