"""Readers by others, from npm and PyPI, take every message we send and understand the same as we said."""

import asyncio
import base64
import json
import struct
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from google.protobuf.unknown_fields import UnknownFieldSet
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.edge.write import schedule_zip
from gtfs.timetable import Timetable
from mobility.core.events import TripCancelled
from mobility.core.ids import TripId, VehicleId
from mobility.core.vehicle import TripRef, VehicleState
from passenger_info.edge.push import PushHub
from passenger_info.edge.push_listener import PATH, listen
from passenger_info.edge.service import PassengerInfo
from passenger_info.runs import Runs
from tests.foreign_clients.npm import installed, run
from tests.foreign_clients.recording import Recording, recorded
from tests.node import find_node
from tests.passenger_info.day import BACK, ONE_HOUR, OUT, SPECS, Drive, run_on, timetable_of
from tests.passenger_info.live_clock import LiveClock
from tests.patience import LONG_PATIENCE_S
from tests.planner.backend import Backend, scene_of_next_week, vehicle_of

pytestmark = pytest.mark.slow

MOST_FRAMES = 10_000
PROTO = Path(__file__).parents[2] / "passenger_info" / "frame.proto"


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("npm"))


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    second = {"D4": (8 * 3600 + 300, OUT, "b2"), "D5": (8 * 3600 + 1200, BACK, "b2")}
    return timetable_of({**ONE_HOUR, **second}, tmp_path_factory.mktemp("feed"))


@pytest.fixture(scope="module")
def recording(timetable: Timetable) -> Recording:
    """Two vehicles drive two trips each, a fifth trip is cancelled; ten thousand frames of all kinds of topics."""
    vehicles = [
        [state for trip in trips for state in Drive(run_on(timetable, trip), timetable, vehicle_id=vehicle).states()]
        for vehicle, trips in ((VehicleId("shuttle-1"), ("D1", "D2")), (VehicleId("shuttle-2"), ("D4", "D5")))
    ]
    return recorded(timetable, *map(_forward, vehicles), most=MOST_FRAMES)


def _forward(states: Iterable[VehicleState]) -> Iterator[VehicleState]:
    """The states that follow on one another in time."""
    newest = 0
    for state in states:
        if state.as_of > newest:
            newest = state.as_of
            yield state


def entities_of(message: bytes) -> dict[str, gtfs_realtime.FeedEntity]:
    return {entity.id: entity for entity in gtfs_realtime.FeedMessage.FromString(message).entity}


def test_pypis_bindings_take_every_frame_and_every_topic_ends_where_it_should(recording: Recording) -> None:
    held: dict[str, dict[str, gtfs_realtime.FeedEntity]] = {}
    for frame in recording.frames:
        message = gtfs_realtime.FeedMessage.FromString(frame.feed)
        assert message.IsInitialized()
        is_full = message.header.incrementality == gtfs_realtime.FeedHeader.FULL_DATASET
        known = {} if is_full else held[frame.topic]
        held[frame.topic] = known
        for entity in message.entity:
            assert len(UnknownFieldSet(entity)) == 0
            if entity.is_deleted:
                known.pop(entity.id)
            else:
                known[entity.id] = entity
    assert len(recording.frames) >= MOST_FRAMES
    assert held["all"] == entities_of(recording.full_dataset)


def test_npms_bindings_take_every_frame_and_lose_nothing(recording: Recording, npm: Path, tmp_path: Path) -> None:
    frames = recording.write(tmp_path / "all.frames")
    said = json.loads(run(npm, "frames.mjs", frames, PROTO))
    assert said["frames"] == said["messages"] == len(recording.frames)
    ours: dict[str, dict[str, gtfs_realtime.FeedEntity]] = {}
    for frame in recording.frames:
        known = ours.setdefault(frame.topic, {})
        for entity in gtfs_realtime.FeedMessage.FromString(frame.feed).entity:
            known.pop(entity.id, None)
            if not entity.is_deleted:
                known[entity.id] = entity
    theirs = {
        topic: {name: gtfs_realtime.FeedEntity.FromString(base64.b64decode(text)) for name, text in known.items()}
        for topic, known in said["held"].items()
    }
    # What they wrote again has every field we wrote: nothing was unknown to them.
    assert theirs == ours


def test_a_frame_cut_short_does_not_go_unnoticed_there(recording: Recording, npm: Path, tmp_path: Path) -> None:
    frame = recording.frames[-1]
    frame = type(frame)(topic=frame.topic, feed=frame.feed[:-3])
    path = Recording(recording.at, [frame]).write(tmp_path / "cut.frames")
    with pytest.raises(AssertionError, match="index out of range"):
        run(npm, "frames.mjs", path, PROTO)


def test_the_npm_library_for_differential_feeds_makes_our_full_dataset_of_our_deltas(
    recording: Recording, npm: Path, tmp_path: Path
) -> None:
    deltas, out = tmp_path / "all.deltas", tmp_path / "full.pb"
    deltas.write_bytes(b"".join(struct.pack(">I", len(feed)) + feed for feed in recording.feeds("all")))
    said = json.loads(run(npm, "full_dataset.mjs", deltas, out))
    assert said["taken"] > 500
    theirs, ours = entities_of(out.read_bytes()), entities_of(recording.full_dataset)
    ours = {name: entity for name, entity in ours.items() if not entity.HasField("alert")}
    assert {name: entity for name, entity in theirs.items() if name in ours} == ours
    # It keeps what was deleted until its own time is over: it knows no deletion.
    assert len(theirs) == said["entities"] >= len(ours)


def test_a_published_viewer_shows_ten_thousand_messages(recording: Recording, npm: Path) -> None:
    feeds = [frame.feed for frame in recording.frames if frame.feed]
    stream = b"".join(_varint(len(feed)) + feed for feed in feeds)
    shown = [json.loads(line) for line in _viewer(npm, stream).splitlines()]
    counted = Counter(entity.id for feed in feeds for entity in gtfs_realtime.FeedMessage.FromString(feed).entity)
    assert Counter(entity["id"] for entity in shown) == counted


def test_a_foreign_client_follows_the_live_stream_over_a_real_socket(timetable: Timetable, npm: Path) -> None:
    most = 25

    async def main() -> bytes:
        states = list(Drive(run_on(timetable, "D1"), timetable).states())
        clock = LiveClock(states[60].as_of)
        info = PassengerInfo(timetable=timetable, clock=clock, specs=SPECS)
        info.observe(states[60])
        hub = PushHub(info, clock)
        async with listen(hub, "127.0.0.1", 0) as server, asyncio.timeout(LONG_PATIENCE_S):
            port = server.sockets[0].getsockname()[1]
            command = [find_node().program, "live.mjs", f"ws://127.0.0.1:{port}{PATH}", str(PROTO), str(most)]
            client = await asyncio.create_subprocess_exec(*command, cwd=npm, stdout=subprocess.PIPE)
            reading = asyncio.ensure_future(client.communicate())
            while not (hub.counters.topics or reading.done()):  # noqa: ASYNC110 - it starts slowly
                await asyncio.sleep(0.02)
            for state in states[61:]:
                if reading.done():
                    break
                info.observe(state)
                await asyncio.sleep(0.06)
            heard, _ = await reading
            assert client.returncode == 0
            return heard

    shown = [json.loads(line) for line in _viewer(npm, asyncio.run(main())).splitlines()]
    positions = [entity["vehicle"]["position"] for entity in shown if "vehicle" in entity]
    assert len(positions) >= most - 5
    assert len({(place["latitude"], place["longitude"]) for place in positions}) > 1


def test_node_gtfs_imports_our_feed_and_reads_our_realtime_from_a_loopback_address(npm: Path, tmp_path: Path) -> None:
    scene = scene_of_next_week()
    trip = TripRef(TripId("D-out-mofr-0807"), scene.day.date)
    feed = tmp_path / "schedule.zip"
    feed.write_bytes(schedule_zip(scene.region))
    with Backend(scene) as backend:
        running = Runs(scene.timetable).get(trip)
        drive = Drive(running, scene.timetable, vehicle_id=vehicle_of(scene, trip.trip_id), start_late_s=240, every_s=5)
        backend.observe(state for state in drive.states() if state.as_of <= scene.at("08:13"))
        cancelled = TripRef(TripId("D-out-mofr-0837"), scene.day.date)
        backend.facts(TripCancelled(trip=cancelled, reason="Fahrzeugschaden"))
        printed = run(npm, "node_gtfs.mjs", feed, backend.address, tmp_path / "gtfs.sqlite")
    known = json.loads(printed.splitlines()[-1])
    assert set(known["routes"]) >= {"D", "A", "B"}
    assert known["stops"] == len(scene.timetable.stops)
    assert known["trips"] >= len(scene.timetable.trips)
    updates = {update["trip_id"]: update for update in known["tripUpdates"]}
    assert updates[trip.trip_id]["schedule_relationship"] == "SCHEDULED"
    assert updates[cancelled.trip_id]["schedule_relationship"] == "CANCELED"
    calls = [call for call in known["stopTimeUpdates"] if call["trip_id"] == trip.trip_id]
    assert [call["stop_id"] for call in calls][-1] == "gustav-kirchhoff-platz"
    (position,) = [place for place in known["vehiclePositions"] if place["trip_id"] == trip.trip_id]
    assert position["latitude"] == pytest.approx(50.68, abs=0.02)


def _viewer(npm: Path, stream: bytes) -> str:
    command = [find_node().program, "node_modules/print-gtfs-rt-cli/cli.js", "--length-prefixed", "--json"]
    done = subprocess.run(command, input=stream, capture_output=True, check=False, cwd=npm, timeout=LONG_PATIENCE_S)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.decode()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))
