"""The whole server and the simulator in virtual time, over public interfaces only."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "scorecard.json"
    }


def _run(out: Path, hash_seed: str) -> dict:
    arguments = ["sim", "run", "ilmenau", "--seed", "1", "--until", "06:20", "--record-feeds", "--out", str(out)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-m", "mobility", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return json.loads((out / "scorecard.json").read_text())


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory) -> list[tuple[dict, Path]]:
    """The same seed twice with different hash seeds, from four to twenty past six in the morning."""
    folders = [tmp_path_factory.mktemp(name) for name in ("a", "b")]
    return [(_run(folder, seed), folder) for folder, seed in zip(folders, ("1", "2"), strict=True)]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed(two_runs):
    (first_card, first), (second_card, second) = two_runs
    assert _files(first)
    assert _files(first) == _files(second)
    assert {**first_card, "wall_s": 0} == {**second_card, "wall_s": 0}


@pytest.mark.slow
def test_a_morning_is_driven_booked_and_published(two_runs):
    card, folder = two_runs[0]
    assert card["trips"]["operated"] == card["witnessed"]["trips_driven"] > 0
    assert card["rides"]["promised"] == card["witnessed"]["rides_booked"] > 0
    assert card["promises"]["broken"] == 0
    assert card["frames"]["sent"] == card["frames"]["acknowledged"] > 1000
    # Every 30 s from 04:00 to 06:20, both included.
    assert len(list((folder / "feeds").glob("all-*.pb"))) == 281
