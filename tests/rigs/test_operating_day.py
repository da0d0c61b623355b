"""A morning of the operating day rig, and proof that it finds what it is there to find."""

import shutil
from pathlib import Path

import pytest

from tests.rigs.operating_day import PLANTS, drive, look
from tests.rigs.operating_day_checker import contradictions, feed_faults, unequal_files

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """From four to twenty past six in the morning."""
    out = tmp_path_factory.mktemp("day") / "out"
    drive(out, 1, "06:20", hash_seed=3)
    return out


@pytest.fixture
def few_feeds(morning: Path, tmp_path: Path) -> Path:
    """The same with the last eight feeds only, to be spoilt."""
    out = tmp_path / "copy"
    shutil.copytree(morning, out)
    for path in sorted((out / "feeds").glob("*.pb"))[:-8]:
        path.unlink()
    return out


def test_a_morning_has_figures_that_add_up_and_feeds_without_a_fault(morning: Path):
    seen = look(morning, is_whole_day=False)
    assert seen["faults"] == []
    assert seen["feeds"] == 281
    assert seen["warnings"] == {}


def test_a_feed_that_was_spoilt_is_found(few_feeds: Path):
    PLANTS["feed"](few_feeds)
    assert [fault for fault in feed_faults(few_feeds)[0] if fault.startswith("E026")]


def test_a_feed_that_was_cut_off_or_left_out_is_found(few_feeds: Path):
    PLANTS["torn-feed"](few_feeds)
    sorted((few_feeds / "feeds").glob("*.pb"))[2].unlink()
    faults = feed_faults(few_feeds)[0]
    assert [fault for fault in faults if fault.endswith("is no feed")]
    assert "the feeds do not come every 30 seconds" in faults


def test_a_promise_that_was_counted_too_much_is_found(few_feeds: Path):
    assert contradictions(few_feeds, is_whole_day=False) == []
    PLANTS["promise"](few_feeds)
    assert "made = kept + revised + broken + open" in contradictions(few_feeds, is_whole_day=False)


def test_a_single_other_byte_is_found(few_feeds: Path, morning: Path, tmp_path: Path):
    honest = tmp_path / "honest"
    shutil.copytree(few_feeds, honest)
    assert unequal_files(few_feeds, honest) == []
    assert len(unequal_files(few_feeds, morning)) == 281 - 8
    PLANTS["byte"](few_feeds)
    assert unequal_files(few_feeds, honest) == ["trip_log/stop_visits.parquet"]
