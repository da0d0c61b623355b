"""The push hub on streams in memory and in virtual time: commands, catching up, slow and hostile readers."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.timetable import Timetable
from mobility.core.clock import shifted
from mobility.core.errors import StreamClosedError
from passenger_info.dataset import DatasetKind
from passenger_info.edge import push
from passenger_info.edge.push import PushHub
from passenger_info.edge.reader_link import MOST_WAITING
from passenger_info.edge.service import PassengerInfo
from passenger_info.frame_pb2 import Frame
from passenger_info.frames import Reader
from sim.edge.loop import run_virtual
from tests.fakes.stream import MemoryStream, stream_pair
from tests.passenger_info.day import ONE_HOUR, SPECS, Drive, at, run_on, timetable_of
from tests.passenger_info.live_clock import LiveClock


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


Scene = Callable[[PassengerInfo, PushHub, MemoryStream, list], Awaitable[None]]


def play(timetable: Timetable, scene: Scene, *, server_stream=None) -> None:
    """Run a scene with a hub that serves one end of a stream; the scene gets the other end and states to feed."""

    async def main() -> None:
        states = list(Drive(run_on(timetable, "D1"), timetable).states())
        clock = LiveClock(states[30].as_of)
        info = PassengerInfo(timetable=timetable, clock=clock, specs=SPECS)
        hub = PushHub(info, clock)
        theirs, ours = stream_pair()
        info.observe(states[30])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hub.serve(server_stream(ours) if server_stream else ours))
            async with asyncio.timeout(8):
                await scene(info, hub, theirs, states)
            await theirs.close()
        assert hub.counters.readers == 0

    run_virtual(main())


async def said(stream: MemoryStream) -> dict:
    heard = await stream.receive()
    assert isinstance(heard, str)
    return json.loads(heard)


async def frame(stream: MemoryStream) -> Frame:
    heard = await stream.receive()
    assert isinstance(heard, bytes)
    return Frame.FromString(heard)


async def subscribe(stream: MemoryStream, *topics: str, **more: object) -> dict:
    await stream.send(json.dumps({"type": "sub", "id": "x", "topics": list(topics), **more}))
    return await said(stream)


def test_a_reader_greets_subscribes_and_gets_a_snapshot_then_deltas(timetable: Timetable) -> None:
    async def scene(info, hub, stream, states) -> None:
        await stream.send('{"type":"hello","version":1}')
        hello = await said(stream)
        assert (hello["type"], hello["version"], hello["feed_version"]) == ("hello", 1, "v1")
        assert (await subscribe(stream, "all"))["type"] == "subscribed"
        reader = Reader()
        assert reader.take(await frame(stream))
        # the trips that follow in the block are told ahead
        assert sorted(reader.entities) == [*(f"trip:20251014:D{k}" for k in (1, 2, 3)), "vehicle:shuttle-1"]
        info.observe(states[31])
        delta = await frame(stream)
        assert (delta.kind, delta.epoch) == (Frame.DELTA, hello["epoch"])
        assert reader.take(delta)
        assert reader.entities["vehicle:shuttle-1"].vehicle.timestamp == states[31].as_of // 1000

    play(timetable, scene)


def test_json_frames_say_the_same_in_text(timetable: Timetable) -> None:
    async def scene(info, hub, stream, states) -> None:
        await subscribe(stream, "vehicle:shuttle-1", format="json")
        snapshot = await said(stream)
        assert (snapshot["kind"], snapshot["topic"], snapshot["seq"]) == ("snapshot", "vehicle:shuttle-1", 1)
        assert {e["id"] for e in snapshot["feed"]["entity"]} == {"trip:20251014:D1", "vehicle:shuttle-1"}

    play(timetable, scene)


def test_a_resume_gets_only_what_was_missed(timetable: Timetable) -> None:
    async def scene(info, hub, stream, states) -> None:
        await subscribe(stream, "all")
        first = await frame(stream)
        info.observe(states[31])
        await frame(stream)
        again = await subscribe(stream, "all", resume={"epoch": first.epoch, "all": first.seq})
        assert again["type"] == "subscribed"
        missed = await frame(stream)
        assert (missed.kind, missed.prev_seq, missed.seq) == (Frame.DELTA, 1, 2)
        await subscribe(stream, "all", resume={"epoch": "of yesterday", "all": 2})
        assert (await frame(stream)).kind == Frame.SNAPSHOT

    play(timetable, scene)


def test_changes_within_the_pacing_are_one_frame(timetable: Timetable) -> None:
    async def scene(info, hub, stream, states) -> None:
        await subscribe(stream, "vehicle:shuttle-1")
        await frame(stream)
        for seen in states[31:60]:
            info.observe(seen)
        reader_seq = (await frame(stream)).seq
        assert reader_seq == 2
        assert hub.counters.frames == 1

    play(timetable, scene)


def test_hostile_commands_get_an_error_and_the_connection_survives(timetable: Timetable) -> None:
    async def scene(info, hub, stream, states) -> None:
        for hostile, code in (
            ("{", "bad_json"),
            ("x" * 1_000_000, "too_large"),
            (b"\xff\x00", "not_text"),
            (json.dumps({"type": "sub", "id": "x", "topics": [f"stop:{i}" for i in range(10_000)]}), "too_large"),
            (json.dumps({"type": "sub", "id": "x", "topics": ["stop:nowhere"]}), "unknown_topic"),
            ('{"type":"unsub","id":"never"}', "unknown_subscription"),
        ):
            await stream.send(hostile)
            assert (await said(stream))["code"] == code
        assert (await subscribe(stream, "stop:campus"))["topics"] == ["stop:campus"]
        assert (await frame(stream)).topic == "stop:campus"
        assert hub.counters.errors == 6

    play(timetable, scene)


def test_a_connection_can_not_pile_up_topics(timetable: Timetable) -> None:
    async def scene(info, hub, stream, states) -> None:
        codes = []
        for n in range(6):
            topics = [f"vehicle:{n}-{i}" for i in range(99)]
            await stream.send(json.dumps({"type": "sub", "id": str(n), "topics": topics}))
            reply = await said(stream)
            codes.append(reply.get("code", reply["type"]))
            for _ in range(99 if reply["type"] == "subscribed" else 0):
                await frame(stream)
        assert codes == ["subscribed"] * 4 + ["too_many_topics"] * 2

    play(timetable, scene)


def test_after_unsub_nothing_more_comes(timetable: Timetable) -> None:
    async def scene(info, hub, stream, states) -> None:
        await subscribe(stream, "all")
        await frame(stream)
        await stream.send('{"type":"unsub","id":"x"}')
        assert (await said(stream))["type"] == "unsubscribed"
        info.observe(states[31])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await stream.receive()

    play(timetable, scene)


def test_heartbeats_tell_where_a_topic_stands(timetable: Timetable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "HEARTBEAT_S", 0.1)

    async def scene(info, hub, stream, states) -> None:
        await subscribe(stream, "all")
        snapshot = await frame(stream)
        beat = await frame(stream)
        assert (beat.kind, beat.seq, beat.feed) == (Frame.HEARTBEAT, snapshot.seq, b"")

    play(timetable, scene)


class Stalled:
    """A stream whose reader takes nothing until it is let go."""

    def __init__(self, inner: MemoryStream) -> None:
        self.inner, self.may_go = inner, asyncio.Event()
        self.receive, self.close = inner.receive, inner.close

    async def send(self, message: bytes | str) -> None:
        await self.may_go.wait()
        await self.inner.send(message)


def test_a_slow_reader_falls_back_to_a_snapshot_and_its_queue_stays_bounded(
    timetable: Timetable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "PACING_S", 0.0)
    stalled: list[Stalled] = []

    def wrap(stream: MemoryStream) -> Stalled:
        stalled.append(Stalled(stream))
        return stalled[0]

    async def scene(info, hub, stream, states) -> None:
        await stream.send(json.dumps({"type": "sub", "id": "x", "topics": ["all"]}))
        await asyncio.sleep(0.01)
        for seen in states[31 : 31 + 3 * MOST_WAITING]:
            info.observe(seen)
            await asyncio.sleep(0.002)
        link = next(iter(hub._links))
        assert len(link._outbox) <= MOST_WAITING
        assert link.lagging
        stalled[0].may_go.set()
        reader, heard = Reader(), []
        while "trip:20251014:D1" not in reader.entities or heard[-1].kind != Frame.SNAPSHOT:
            message = await stream.receive()
            if isinstance(message, bytes):
                heard.append(Frame.FromString(message))
                reader.take(heard[-1])
        assert hub.counters.fallbacks == 1
        assert len(heard) < MOST_WAITING
        full = {e.entity_id for e in info.feed.entities(DatasetKind.ALL, info.clock.now())}
        assert set(reader.entities) == full

    play(timetable, scene, server_stream=wrap)


def test_a_reader_that_is_cut_again_and_again_ends_with_the_full_dataset(timetable: Timetable) -> None:
    async def main() -> None:
        clock = LiveClock(at("07:59"))
        info = PassengerInfo(timetable=timetable, clock=clock, specs=SPECS)
        hub = PushHub(info, clock)
        reader = Reader()
        states = list(Drive(run_on(timetable, "D1"), timetable).states())
        async with asyncio.TaskGroup() as tasks:
            for cut in range(12):
                theirs, ours = stream_pair()
                tasks.create_task(hub.serve(ours))
                resume = {"epoch": reader.epoch, "all": reader.seq}
                await subscribe(theirs, "all", resume=resume)
                kinds = []
                for seen in states[cut * 20 : cut * 20 + 5 + cut]:
                    info.observe(seen)
                    await asyncio.sleep(0.005)
                async with asyncio.timeout(5):
                    while not kinds:
                        kinds.append(await frame(theirs))
                for heard in kinds:
                    assert reader.take(heard)
                await theirs.close()
                for seen in states[cut * 20 + 6 + cut : cut * 20 + 20]:
                    info.observe(seen)
            await asyncio.sleep(2 * push.PACING_S)
            theirs, ours = stream_pair()
            tasks.create_task(hub.serve(ours))
            await subscribe(theirs, "all", resume={"epoch": reader.epoch, "all": reader.seq})
            assert reader.take(await frame(theirs))
            await theirs.close()
        full = info.feed.entities(DatasetKind.ALL, clock.now())
        assert sorted(reader.entities) == sorted(e.entity_id for e in full)
        expected = gtfs_realtime.FeedMessage.FromString(info.full_dataset(DatasetKind.ALL, shifted(clock.now(), 60)))
        assert {e.id: e for e in expected.entity if e.HasField("vehicle")} == {
            k: v for k, v in reader.entities.items() if v.HasField("vehicle")
        }

    run_virtual(main())


def test_a_closed_stream_ends_the_session_quietly(timetable: Timetable) -> None:
    async def scene(info, hub, stream, states) -> None:
        await subscribe(stream, "all")
        await stream.close()
        await asyncio.sleep(0.05)
        with pytest.raises(StreamClosedError):
            await stream.send("x")
        info.observe(states[31])

    play(timetable, scene)


def test_the_generated_frame_code_is_that_of_the_proto_file(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    # In a process of its own: its library and that of OR-Tools do not live together in one.
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{root}", f"--python_out={tmp_path}"]
    subprocess.run([*protoc, str(root / "passenger_info/frame.proto")], check=True, timeout=300)
    made = (tmp_path / "passenger_info/frame_pb2.py").read_text()
    assert made == (root / "passenger_info/frame_pb2.py").read_text()
