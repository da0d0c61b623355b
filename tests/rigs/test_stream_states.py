"""A reader of a few recorded minutes never has an error in hand, and the rig finds one that is planted."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.frame_pb2 import Frame
from tests.rigs.feed_findings_day import frames, record, write_frames
from tests.rigs.stream_states import run


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def planted(recorded: Path, tmp_path: Path) -> Path:
    """A copy to plant a fault into."""
    return Path(shutil.copytree(recorded, tmp_path / "copy"))


def plant(folder: Path, change: Callable[[gtfs_realtime.FeedEntity], None]) -> None:
    """Change the first position of a vehicle on a trip that comes after two hundred frames."""
    bodies = frames(folder)
    for k in range(200, len(bodies)):
        frame = Frame.FromString(bodies[k])
        feed = gtfs_realtime.FeedMessage.FromString(frame.feed)
        found = [each for each in feed.entity if each.vehicle.HasField("trip")]
        if found:
            change(found[0])
            frame.feed = feed.SerializeToString()
            bodies[k] = frame.SerializeToString()
            break
    write_frames(folder, bodies)


def test_between_two_datasets_a_reader_has_no_error_in_hand(recorded: Path) -> None:
    result = run(recorded, states=100)
    assert result["ok"], result
    assert result["deltas"] > 300
    assert result["asked"] >= 4
    assert result["states"]["messages"] >= 90, "but for what the end of the stream leaves no room for"


def test_a_position_that_names_another_vehicle_than_its_update_is_found(planted: Path) -> None:
    plant(planted, lambda entity: setattr(entity.vehicle.vehicle, "id", "shuttle-9"))
    result = run(planted, states=5)
    assert not result["ok"]
    assert result["broken"] == {"E047": 1}
    assert result["longest_s"] == 1
    assert "shuttle-9" in result["examples"][0]


def test_an_entity_that_breaks_a_rule_by_itself_is_found_in_the_whole(planted: Path) -> None:
    plant(planted, lambda entity: setattr(entity.vehicle.position, "bearing", 400.0))
    result = run(planted, states=10_000)
    assert not result["ok"]
    assert result["broken"] == {}
    assert result["states"]["errors"] == result["states"]["ours"]
    assert result["states"]["errors"]["E027"] >= 1


def test_a_recording_without_frames_shows_nothing(planted: Path) -> None:
    write_frames(planted, [])
    assert not run(planted)["ok"]
