"""A quarter of an hour of a day of faults has no finding, and the rig finds what is planted into it."""

import shutil
from pathlib import Path

import pytest

from tests.rigs.fault_days import MANY_DAYS, MUST_BE_TOLD, drive, look, one_day, plant, summed_up
from tests.rigs.fault_days_drawn import drawn_scenario

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("day") / "out"
    drive(out, 2, 0.25)
    return out


def test_a_window_of_faults_has_no_finding_and_tells_of_faults(recorded: Path) -> None:
    feeds, told = look(recorded)
    assert feeds.is_clean, feeds
    assert feeds.messages >= 31
    assert told["SCHEDULED"] > 0
    assert told["CANCELED"] + told["alert"] > 0


def test_a_planted_error_is_found(recorded: Path, tmp_path: Path) -> None:
    spoilt = Path(shutil.copytree(recorded, tmp_path / "spoilt"))
    plant(spoilt)
    feeds, _ = look(spoilt)
    assert feeds.errors == feeds.ours == {"E003": 1}
    assert not feeds.is_clean


def test_one_wrong_day_of_many_is_wrong_and_so_are_days_that_tell_nothing() -> None:
    spoilt = one_day(2, 0.1, None, is_spoilt=True)
    clean = {**spoilt, "seed": 3, "feeds": {**spoilt["feeds"], "ok": True, "errors": {}, "ours": {}, "examples": []}}
    result = summed_up([spoilt, clean])
    assert not result["ok"]
    assert result["clean"] == 1
    assert [day["seed"] for day in result["wrong"]] == [2]
    assert summed_up([clean])["ok"]
    quiet = summed_up([{**clean, "told": {"SCHEDULED": 9}}] * MANY_DAYS)
    assert not quiet["ok"]
    assert set(quiet["never_told"]) == set(MUST_BE_TOLD) - {"SCHEDULED"}


def test_a_seed_gives_the_same_day_and_another_seed_another_one() -> None:
    drawn = [drawn_scenario(seed, 1) for seed in range(40)]
    assert drawn == [drawn_scenario(seed, 1) for seed in range(40)]
    assert len({(each.day, each.starts) for each in drawn}) > 20
    assert any(each.line for each in drawn)
    assert any(each.ends > 24 * 3600 for each in drawn), "the night is among them"
    assert all(each.starts < each.ends for each in drawn)
