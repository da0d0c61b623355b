"""Hostile strangers on the real sockets of gateway and push hub: everybody else is served as if they were not there."""

import asyncio
import json
import random
import resource
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import date
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gtfs.timetable import Timetable
from mobility.core.service_day import ServiceDay
from mobility.storage.segments import read_day
from passenger_info.edge import push, push_listener
from passenger_info.frame_pb2 import Frame
from tests.passenger_info.day import ONE_HOUR, timetable_of
from tests.patience import PATIENCE_S
from tests.v2x.making import BOOT, NOON, batch, hello, said, sample_at
from tests.wire.test_gateway import ZONE, Server, answer, heard_until_closed, kept_in, server
from tests.wire.test_push import cut, news, serve
from v2x.client_frames import batch_frame
from v2x.codec import encode_sample
from v2x.edge import connection as gateway_connection
from v2x.edge import listener as gateway_listener
from v2x.edge.client import connect_websocket
from v2x.goodbye import GoodbyeReason
from v2x.server_frames import Ack, Goodbye, Welcome

PROMPT_S = 10.0
"""It takes milliseconds; a machine under load stands still for seconds, and who waits for strangers waits for ever."""


class Vehicle:
    """An honest vehicle that measures how long its acknowledgements take."""

    def __init__(self, stream) -> None:
        self._stream = stream
        self._seq = 0
        self.slowest_s = 0.0

    @classmethod
    async def at(cls, url: str) -> "Vehicle":
        stream = await connect_websocket(url)
        await stream.send(hello())
        assert isinstance(await answer(stream), Welcome)
        return cls(stream)

    async def drive(self, samples: int = 5) -> None:
        for _ in range(samples):
            self._seq += 1
            started = time.monotonic()
            await self._stream.send(batch(self._seq))
            assert await answer(self._stream) == Ack(BOOT, self._seq)
            self.slowest_s = max(self.slowest_s, time.monotonic() - started)

    async def leave(self) -> None:
        await self._stream.close()
        assert self.slowest_s < PROMPT_S


async def fewer_than(made: Server, connections: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while made.gateway.counters.connections >= connections:  # noqa: ASYNC110 - sockets of strangers set no event
            await asyncio.sleep(0.01)


def port_of(made: Server) -> int:
    return int(made.url.split(":")[2].split("/")[0])


def test_two_hundred_connections_that_never_say_hello_are_sent_away_and_harm_nobody(tmp_path, monkeypatch):
    async def main() -> None:
        async with server(tmp_path) as made, AsyncExitStack() as stack:
            vehicle = await Vehicle.at(made.url)
            monkeypatch.setattr(gateway_connection, "HELLO_TIMEOUT_S", 1.0)
            silent = [await stack.enter_async_context(connect(made.url, proxy=None)) for _ in range(200)]
            await vehicle.drive()
            for link in silent:
                (frame,) = said([await link.recv()])
                assert frame == Goodbye(GoodbyeReason.NO_HELLO)
            await vehicle.drive()
            assert made.gateway.counters.connections == 1
            await vehicle.leave()

    asyncio.run(main())
    assert len(kept_in(tmp_path)) == 10


def test_the_gateway_takes_only_so_many_connections(tmp_path, monkeypatch):
    monkeypatch.setattr(gateway_listener, "MOST_CONNECTIONS", 5)

    async def main() -> None:
        async with server(tmp_path) as made, AsyncExitStack() as stack:
            vehicle = await Vehicle.at(made.url)
            silent = [await stack.enter_async_context(connect(made.url, proxy=None)) for _ in range(4)]
            with pytest.raises(InvalidStatus) as refused:
                await connect(made.url, proxy=None)
            assert refused.value.response.status_code == 503
            await vehicle.drive()
            await silent[0].close()
            await fewer_than(made, 5)
            await stack.enter_async_context(connect(made.url, proxy=None))
            await vehicle.leave()

    asyncio.run(main())
    assert len(kept_in(tmp_path)) == 5


def test_half_requests_half_hellos_and_garbage_on_many_sockets_at_once(tmp_path):
    async def slow(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in b"GET /vehicle HTTP/1.1\r\nHost: x\r\n":
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)
        writer.transport.abort()
        await reader.read()

    async def half(url: str, n: int) -> None:
        async with connect(url, proxy=None) as link:
            await link.send(hello()[: n % len(hello())])
            link.transport.abort()

    async def babble(url: str, n: int) -> None:
        chance = random.Random(n)
        async with connect(url, proxy=None) as link:
            for _ in range(20):
                frame = chance.randbytes(chance.randrange(300))
                await link.send(frame if chance.random() < 0.7 else frame.hex())

    async def main() -> None:
        async with server(tmp_path) as made:
            vehicle = await Vehicle.at(made.url)
            async with asyncio.TaskGroup() as group:
                for n in range(20):
                    group.create_task(slow(port_of(made)))
                    group.create_task(half(made.url, n))
                    group.create_task(babble(made.url, n))
                group.create_task(vehicle.drive(30))
            await fewer_than(made, 2)
            counters = made.gateway.counters
            assert counters.corrupt == len(made.quarantine.kept) >= 20 * 20
            assert {vehicle_id for vehicle_id, _, _ in made.quarantine.kept} == {None}
            await vehicle.leave()

    asyncio.run(main())
    assert len(kept_in(tmp_path)) == 30


def test_a_frame_of_ten_megabytes_ends_its_connection_and_no_other(tmp_path):
    async def main() -> None:
        async with server(tmp_path) as made:
            link = await connect(made.url, proxy=None, compression=None)
            vehicle = await Vehicle.at(made.url)
            with suppress(ConnectionClosed):
                await link.send(bytes(10_000_000))
            with pytest.raises(ConnectionClosed):
                await link.recv()
            await vehicle.drive()
            await vehicle.leave()

    asyncio.run(main())
    assert len(kept_in(tmp_path)) == 5


def test_two_clients_that_take_a_vehicle_from_each_other_a_hundred_times_lose_nothing(tmp_path):
    async def main() -> None:
        async with server(tmp_path) as made:
            last = None
            for seq in range(1, 101):
                stream = await connect_websocket(made.url)
                await stream.send(hello())
                await stream.send(batch(seq))
                assert isinstance(await answer(stream), Welcome)
                assert await answer(stream) == Ack(BOOT, seq)
                if last is not None:
                    assert Goodbye(GoodbyeReason.REPLACED) in await heard_until_closed(last)
                last = stream
            assert made.gateway.counters.replaced == 99
            await fewer_than(made, 2)

    asyncio.run(main())
    assert sorted(kept_in(tmp_path)) == [(BOOT, seq) for seq in range(1, 101)]


@contextmanager
def few_files(spare: int) -> Iterator[None]:
    """A process that may open only so many more files."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + spare, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_vehicle_with_a_clock_that_names_three_hundred_days_does_not_stop_the_log(tmp_path):
    days = 300

    async def main() -> None:
        async with server(tmp_path) as made:
            stream = await connect_websocket(made.url)
            await stream.send(hello())
            await stream.receive()
            with few_files(60):
                payloads = [encode_sample(sample_at(n + 1, at=NOON - n * 86_400_000)) for n in range(days)]
                await stream.send(batch_frame(BOOT, 1, payloads))
                assert await answer(stream) == Ack(BOOT, days)
            assert not made.gateway.is_read_only
            await stream.close()

    asyncio.run(main())
    assert kept_in(tmp_path) == [(BOOT, 1)]
    folders = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert len(folders) == days
    oldest = list(read_day(tmp_path, ServiceDay(date.fromisoformat(folders[0]), ZONE)))
    assert [record.sample.seq for record in oldest] == [days]


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


async def asked(link: ClientConnection, topics: list[str], name: str = "x") -> dict:
    """Subscribe and return the answer, past whatever frames come first."""
    await link.send(json.dumps({"type": "sub", "id": name, "topics": topics}))
    while True:
        frame = await link.recv()
        if isinstance(frame, str):
            return json.loads(frame)


async def rude(stack: AsyncExitStack, url: str, **how: int) -> ClientConnection:
    """A connection that is cut off in the end without a word, because it does not read what it was sent."""
    link = await connect(url, **how)
    stack.callback(cut, link)
    return link


def boxes(n: int) -> list[str]:
    return [f"bbox:{i / 1e4},{n / 1e4},{1 + i / 1e4},{1 + n / 1e4}" for i in range(100)]


def test_ten_thousand_topics_are_refused_and_the_others_still_get_each_change(timetable, monkeypatch):
    async def scene(info, hub, address, states) -> None:
        url = address + push_listener.PATH
        async with AsyncExitStack() as stack:
            good = await stack.enter_async_context(connect(url))
            assert (await asked(good, ["all"]))["type"] == "subscribed"
            assert (await news(good)).kind == Frame.SNAPSHOT
            answers = []
            for n in range(30):
                link = await rude(stack, url)
                answers += [await asked(link, boxes(4 * n + k), f"s{k}") for k in range(4)]
            refused = [answer for answer in answers if answer["type"] == "error"]
            assert {answer["code"] for answer in refused} == {"too_many_topics"}
            assert hub.counters.topics <= push.MOST_BOXES + 1
            started = time.monotonic()
            info.observe(states[31])
            assert (await news(good)).kind == Frame.DELTA
            assert time.monotonic() - started < PROMPT_S

    serve(timetable, scene)


def test_a_reader_that_changes_its_topics_for_ever_leaves_nothing_behind(timetable):
    async def scene(info, hub, address, states) -> None:
        async with AsyncExitStack() as stack:
            link = await rude(stack, address + push_listener.PATH)
            for n in range(40):
                assert (await asked(link, boxes(n)))["type"] == "subscribed"
            assert hub.counters.topics <= push.MOST_BOXES

    serve(timetable, scene)


def test_readers_that_babble_or_never_read_do_not_delay_the_others(timetable):
    async def scene(info, hub, address, states) -> None:
        url = address + push_listener.PATH
        async with AsyncExitStack() as stack:
            good = await stack.enter_async_context(connect(url))
            assert (await asked(good, ["all"]))["type"] == "subscribed"
            await good.recv()
            for n in range(20):
                deaf = await rude(stack, url, max_queue=1)
                await deaf.send(json.dumps({"type": "sub", "id": "x", "topics": ["all"]}))
                babbling = await stack.enter_async_context(connect(url))
                for said_ in ("{", "[" * 5000, '{"type":"sub","id":"x","topics":[1]}', "null", bytes(range(n))):
                    await babbling.send(said_)
                assert json.loads(await babbling.recv())["type"] == "error"
            for n in range(32, 60):
                started = time.monotonic()
                info.observe(states[n])
                assert (await news(good)).kind == Frame.DELTA
                assert time.monotonic() - started < PROMPT_S
            assert hub.counters.errors == 100

    serve(timetable, scene)


def test_the_hub_takes_only_so_many_readers(timetable, monkeypatch):
    monkeypatch.setattr(push_listener, "MOST_READERS", 2)

    async def scene(info, hub, address, states) -> None:
        url = address + push_listener.PATH
        async with connect(url) as first, connect(url) as second:
            with pytest.raises(InvalidStatus) as refused:
                await connect(url)
            assert refused.value.response.status_code == 503
            assert (await asked(first, ["all"]))["type"] == "subscribed"
            assert (await asked(second, ["all"]))["type"] == "subscribed"

    serve(timetable, scene)
