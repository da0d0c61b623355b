"""The stream of server-sent events on a real HTTP server: the same numbers as the WebSocket, resumed by the last id."""

import asyncio
import json
import socket
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse

from gtfs.timetable import Timetable
from mobility.core.errors import RefusedError
from passenger_info.edge import push, sse
from passenger_info.edge.push import PushHub
from passenger_info.edge.reader_link import MOST_WAITING
from passenger_info.edge.service import PassengerInfo
from passenger_info.edge.sse import PATH, EventStreamResponse, events_router
from passenger_info.event_id import event_id, resume_from
from passenger_info.frame_pb2 import Frame
from passenger_info.frames import Reader
from passenger_info.protocol import Format, Subscribe
from passenger_info.topics import split_topics
from tests.passenger_info.day import ONE_HOUR, SPECS, Drive, run_on, timetable_of
from tests.passenger_info.live_clock import LiveClock

TOPICS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1)


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


@pytest.fixture(autouse=True)
def _no_heartbeat_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a test takes longer than ten seconds none comes between what it expects."""
    monkeypatch.setattr(push, "HEARTBEAT_S", 600.0)


@dataclass
class Site:
    """A server with one vehicle under way."""

    info: PassengerInfo
    hub: PushHub
    states: list
    server: uvicorn.Server
    web: httpx.AsyncClient


@dataclass
class Event:
    name: str = ""
    data: str = ""
    id: str = ""
    comments: list[str] = field(default_factory=list)


def play(timetable: Timetable, scene: Callable[[Site], Awaitable[None]]) -> None:
    async def main() -> None:
        states = list(Drive(run_on(timetable, "D1"), timetable).states())
        clock = LiveClock(states[30].as_of)
        info = PassengerInfo(timetable=timetable, clock=clock, specs=SPECS)
        hub = PushHub(info, clock)
        info.observe(states[30])
        app = FastAPI()
        app.include_router(events_router(hub))

        @app.exception_handler(RefusedError)
        async def refused(request: Request, error: RefusedError) -> JSONResponse:
            return JSONResponse({"code": error.refusal.code, **error.refusal.parameters}, error.status)

        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            port = listening.getsockname()[1]
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="off"))
            async with asyncio.TaskGroup() as tasks, asyncio.timeout(120):
                serving = tasks.create_task(server.serve([listening]))
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as web:
                    await scene(Site(info, hub, states, server, web))
                await hub.end()
                server.should_exit = True
                await serving
        assert hub.counters.readers == 0

    asyncio.run(main())


@asynccontextmanager
async def reading(site: Site, query: str, **headers: str) -> AsyncIterator[AsyncIterator[Event]]:
    async with site.web.stream("GET", f"{PATH}?{query}", headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        yield events(answer)


async def events(answer: httpx.Response) -> AsyncIterator[Event]:
    """Read events as the HTML standard says."""
    event = Event()
    async for line in answer.aiter_lines():
        if not line:
            if event.data:
                yield event
            event = Event()
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                event.name = value
            case "data":
                event.data += value
            case "id":
                event.id = value


def test_a_reader_gets_a_snapshot_and_then_deltas_with_the_numbers_of_the_hub(timetable: Timetable) -> None:
    async def scene(site: Site) -> None:
        async with reading(site, "topics=all") as stream:
            assert json.loads((await anext(stream)).data)["type"] == "subscribed"
            first = await anext(stream)
            snapshot = json.loads(first.data)
            assert (first.name, snapshot["kind"], snapshot["seq"]) == ("snapshot", "snapshot", 1)
            told = {e["id"] for e in snapshot["feed"]["entity"]}
            assert told == {*(f"trip:20251014:D{k}" for k in (1, 2, 3)), "vehicle:shuttle-1"}
            site.info.observe(site.states[31])
            second = await anext(stream)
            delta = json.loads(second.data)
            assert (second.name, delta["prev_seq"], delta["seq"]) == ("delta", 1, 2)
            assert second.id == event_id(delta["epoch"], ["all"], {"all": 2})

    play(timetable, scene)


def test_the_last_id_of_a_broken_stream_resumes_every_topic_of_it(timetable: Timetable) -> None:
    query = "topics=route:D,vehicle:shuttle-1&format=pb"

    async def scene(site: Site) -> None:
        readers = {"route:D": Reader(), "vehicle:shuttle-1": Reader()}
        last = ""
        for k in range(31, 37):
            async with reading(site, query, **{"last-event-id": last} if last else {}) as stream:
                assert (await anext(stream)).name == "subscribed"
                heard = [await anext(stream) for _ in readers]
                assert {event.name for event in heard} <= {"snapshot"} if not last else {"delta", "heartbeat"}
                site.info.observe(site.states[2 * k])
                heard += [await anext(stream) for _ in readers]
                for event in heard:
                    frame = Frame.FromString(b64decode(event.data))
                    assert readers[frame.topic].take(frame)
                last = heard[-1].id
            site.info.observe(site.states[2 * k + 1])
            await asyncio.sleep(2 * push.PACING_S)
        seen = readers["route:D"].entities["vehicle:shuttle-1"].vehicle.timestamp
        assert seen == site.states[72].as_of // 1000

    play(timetable, scene)


def test_an_id_of_another_life_or_of_other_topics_begins_with_a_snapshot(timetable: Timetable) -> None:
    async def scene(site: Site) -> None:
        site.info.observe(site.states[31])
        for last in ("beef:00000000:2", event_id("beef", ["all"], {"all": 2}), "../../etc/passwd", "9" * 100_00):
            async with reading(site, "topics=all", **{"last-event-id": last}) as stream:
                await anext(stream)
                assert (await anext(stream)).name == "snapshot"

    play(timetable, scene)


def test_what_does_not_exist_or_is_too_much_is_refused_by_name(
    timetable: Timetable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "MOST_READERS", 1)

    async def scene(site: Site) -> None:
        many = ",".join(f"vehicle:{i}" for i in range(101))
        for query, status, code in (
            ("", 400, "too_many_topics"),
            ("topics=", 400, "too_many_topics"),
            (f"topics={many}", 400, "too_many_topics"),
            ("topics=stop:../../etc/passwd", 404, "unknown_topic"),
            ("topics=all,stop:%00", 404, "unknown_topic"),
            ("topics=bbox:1,2,3", 404, "unknown_topic"),
            ("topics=" + "x" * 30_000, 404, "unknown_topic"),
        ):
            answer = await site.web.get(f"{PATH}?{query}")
            assert (answer.status_code, answer.json()["code"]) == (status, code), query
        assert (await site.web.get(f"{PATH}?topics=all&format=xml")).status_code == 422
        async with reading(site, "topics=all") as stream:
            await anext(stream)
            answer = await site.web.get(f"{PATH}?topics=all")
            assert (answer.status_code, answer.json()["code"]) == (503, "too_many_readers")

    play(timetable, scene)


def test_silence_is_filled_with_heartbeats(timetable: Timetable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "HEARTBEAT_S", 0.1)

    async def scene(site: Site) -> None:
        async with reading(site, "topics=bbox:10,50,11,51,stop:campus") as stream:
            names = [(await anext(stream)).name for _ in range(5)]
            assert names == ["subscribed", "snapshot", "snapshot", "heartbeat", "heartbeat"]

    play(timetable, scene)


def test_a_stopping_server_ends_its_streams_and_takes_no_new_ones(timetable: Timetable) -> None:
    async def scene(site: Site) -> None:
        async with reading(site, "topics=all") as stream:
            await anext(stream)
            await anext(stream)
            await site.hub.end()
            assert [event async for event in stream] == []
        assert (await site.web.get(f"{PATH}?topics=all")).status_code == 503

    play(timetable, scene)


def test_a_reader_that_takes_nothing_keeps_a_bounded_queue_and_gets_a_snapshot_when_it_reads_again(
    timetable: Timetable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "PACING_S", 0.0)

    async def scene(site: Site) -> None:
        may_go, gone, written = asyncio.Event(), asyncio.Event(), []

        async def receive() -> dict:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict) -> None:
            if len(written) > 2:
                await may_go.wait()
            written.append(message.get("body", b"").decode())

        wanted = Subscribe(request_id="x", topics=("all",), format=Format.EVENT_JSON, epoch="", resume={})
        response = EventStreamResponse(site.hub, wanted, set())
        serving = asyncio.ensure_future(response({}, receive, send))
        await asyncio.sleep(0.01)
        for seen in site.states[31 : 31 + 2 * MOST_WAITING]:
            site.info.observe(seen)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert all(len(link._outbox) <= MOST_WAITING for link in site.hub._links)
        assert site.hub.counters.fallbacks == 0
        may_go.set()
        while "event: snapshot" not in written[-1].splitlines()[1:2]:  # noqa: ASYNC110 - limited by play
            await asyncio.sleep(0.01)
        assert site.hub.counters.fallbacks == 1
        assert len(written) < MOST_WAITING
        gone.set()
        await serving

    play(timetable, scene)


@settings(max_examples=200, deadline=None)
@given(
    epoch=st.integers(1, 2**60).map(lambda n: f"{n:x}"),
    numbers=st.dictionaries(TOPICS, st.integers(0, 10**17), min_size=1, max_size=8),
)
def test_an_id_gives_back_the_numbers_it_was_made_of(epoch: str, numbers: dict[str, int]) -> None:
    topics = list(numbers)
    said = event_id(epoch, topics, numbers)
    assert resume_from(said, topics) == (epoch, numbers)
    assert resume_from(said, [*topics, "all"]) == ("", {})


@settings(max_examples=200, deadline=None)
@given(st.text() | st.from_regex(r"[0-9a-f]+:[0-9a-f]{8}:[0-9.]+"), st.lists(st.text(), min_size=1, max_size=3))
def test_whatever_comes_back_as_an_id_is_read_or_ignored(said: str, topics: list[str]) -> None:
    epoch, numbers = resume_from(said, topics)
    assert (epoch == "") == (numbers == {})
    assert set(numbers) <= set(topics)


def test_commas_part_topics_but_not_boxes_and_ids() -> None:
    assert split_topics(["all,route:D,bbox:1,2,3,4,stop:a,b", "vehicle:x", "all"]) == (
        "all",
        "route:D",
        "bbox:1,2,3,4",
        "stop:a,b",
        "vehicle:x",
    )
    assert split_topics(["", ","]) == (",",)
