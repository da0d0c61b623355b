"""A few recorded minutes pass the rig, and the rig finds what is planted into them."""

import shutil
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.frame_pb2 import Frame
from tests.rigs.feed_findings import run
from tests.rigs.feed_findings_day import frames, record, write_frames


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def planted(recorded: Path, tmp_path: Path) -> Path:
    """A copy to plant a fault into."""
    return Path(shutil.copytree(recorded, tmp_path / "copy"))


def test_recorded_minutes_have_no_finding_and_a_stream_that_says_the_same(recorded: Path) -> None:
    result = run([recorded])
    assert result["ok"], result
    assert result["feeds"]["messages"] == 29
    assert set(result["feeds"]["excused"]) <= {"W002", "W003"}
    stream = result["streams"][recorded.name]
    assert stream["compared"] == 29
    assert stream["entities"] >= 40
    assert stream["frames"]["delta"] > 300


def test_chunks_by_several_workers_find_the_same_as_one(planted: Path) -> None:
    plant_into_feed(planted, 13, lambda m: m.header.ClearField("incrementality"))
    whole = run([planted])
    assert run([planted], workers=2, chunk=10) == whole
    assert whole["feeds"]["errors"] == {"E049": 1}


def plant_into_feed(folder: Path, k: int, change) -> None:
    file = sorted((folder / "feeds").glob("*.pb"))[k]
    message = gtfs_realtime.FeedMessage.FromString(file.read_bytes())
    change(message)
    file.write_bytes(message.SerializeToString())


def test_a_warning_about_a_trip_that_has_a_vehicle_is_found(planted: Path) -> None:
    plant_into_feed(planted, 8, lambda m: m.entity[0].vehicle.ClearField("vehicle"))
    plant_into_feed(planted, 9, lambda m: m.entity[0].vehicle.ClearField("trip"))
    feeds = run([planted])["feeds"]
    assert feeds["warnings"] == {"W002": 1, "W003": 1}
    assert not feeds["ok"]
    assert any("W003 trip_id D1" in example for example in feeds["examples"])


def test_an_error_is_found_by_the_reference_and_by_us(planted: Path) -> None:
    plant_into_feed(planted, 8, lambda m: setattr(m.entity[0].vehicle.position, "latitude", 51.0))
    result = run([planted])
    assert not result["ok"]
    assert result["feeds"]["errors"] == {"E028": 1}
    assert result["feeds"]["ours"] == {"E028": 1}


def test_a_dataset_of_another_feed_version_is_found(planted: Path) -> None:
    plant_into_feed(planted, 5, lambda m: setattr(m.header, "feed_version", "v0"))
    feeds = run([planted])["feeds"]
    assert not feeds["ok"]
    assert ["v0" in fault for fault in feeds["faults"]] == [True]


def test_a_lost_frame_is_found(planted: Path) -> None:
    bodies = frames(planted)
    del bodies[200]
    write_frames(planted, bodies)
    stream = run([planted])["streams"][planted.name]
    assert not stream["ok"]
    assert stream["gaps"] == 1


def test_a_reader_that_misses_a_removal_is_found_though_the_numbers_fit(planted: Path) -> None:
    bodies = frames(planted)
    k = next(k for k, body in enumerate(bodies) if b"\x10\x01" in body and removed(body))
    frame = Frame.FromString(bodies[k])
    feed = gtfs_realtime.FeedMessage.FromString(frame.feed)
    kept = [entity for entity in feed.entity if not entity.is_deleted]
    del feed.entity[:]
    feed.entity.extend(kept)
    frame.feed = feed.SerializeToString()
    bodies[k] = frame.SerializeToString()
    write_frames(planted, bodies)
    stream = run([planted])["streams"][planted.name]
    assert not stream["ok"]
    assert stream["wrong"] >= 1
    assert stream["gaps"] == 0


def removed(body: bytes) -> list[str]:
    return [e.id for e in gtfs_realtime.FeedMessage.FromString(Frame.FromString(body).feed).entity if e.is_deleted]


def test_a_frame_that_is_no_feed_is_found(planted: Path) -> None:
    bodies = frames(planted)
    frame = Frame.FromString(bodies[100])
    frame.feed = b"\xff\xff"
    bodies[100] = frame.SerializeToString()
    write_frames(planted, bodies)
    stream = run([planted])["streams"][planted.name]
    assert not stream["ok"]
    assert stream["unreadable"] == 1


def test_a_recording_without_stream_is_a_fault(planted: Path) -> None:
    shutil.rmtree(planted / "stream")
    assert not run([planted])["ok"]
