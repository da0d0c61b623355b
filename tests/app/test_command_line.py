"""The command as people type it: results on stdout, one clear sentence on stderr, exit codes 0, 1 and 2."""

import json
import os
import socket
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from mobility.cli.main import main
from tests.patience import LONG_PATIENCE_S

ROOT = Path(__file__).parents[2]
ILMENAU = ROOT / "mobility" / "regions" / "ilmenau"
BROKEN_MAP = '<?xml version="1.0"?>\n<osm version="0.6"><node id="1" lat="fifty" lon="11"/></osm>\n'


def mobility(*arguments: object, **environment: str) -> tuple[int, str, str]:
    """Run the command from a folder without settings; whatever it raises but an exit is a traceback to its user."""
    out, told = StringIO(), StringIO()
    code = 0
    with (
        patch.object(sys, "argv", ["mobility", *(str(argument) for argument in arguments)]),
        patch.dict(os.environ, {"COLUMNS": "200", **environment}),
        chdir(ROOT / "tests"),
        redirect_stdout(out),
        redirect_stderr(told),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return code, out.getvalue(), told.getvalue()


def in_its_own_process(*arguments: object) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "mobility", *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG_PATIENCE_S, cwd=ROOT, check=False)
    return done.returncode, done.stdout, done.stderr


def is_one_sentence(told: str) -> bool:
    return told.strip().startswith("mobility: ") and len(told.strip().splitlines()) == 1


@pytest.fixture
def no_folder(tmp_path: Path) -> Path:
    """A path below a file, where nothing can be written even by root."""
    (tmp_path / "file").write_text("a file")
    return tmp_path / "file" / "below"


@pytest.fixture
def corrupt(tmp_path: Path) -> Path:
    """A data directory whose ledger is none."""
    folder = tmp_path / "corrupt"
    folder.mkdir()
    (folder / "ledger.sqlite").write_bytes(b"SQLite format 4\0" + bytes(range(256)) * 40)
    return folder


def test_a_short_day_prints_one_object_and_writes_its_card_and_its_log(tmp_path: Path):
    run = ("sim", "run", "ilmenau", "--until", "04:02", "--out", tmp_path / "day", "--json")
    code, out, told = in_its_own_process(*run)
    assert (code, told) == (0, "")
    card = json.loads(out)
    assert len(out.strip().splitlines()) == 1
    assert json.loads((tmp_path / "day" / "scorecard.json").read_text()) == card
    assert (tmp_path / "day" / "trip_log" / "rides.parquet").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "names"),
    [
        (("sim", "run", "atlantis"), 1, "atlantis"),
        (("sim", "run", "ilmenau", "--until", "25"), 1, "--until"),
        (("sim", "run", "ilmenau", "--seed", "one"), 2, "--seed"),
    ],
)
def test_a_day_that_can_not_be_run_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], code: int, names: str):
    got, out, told = mobility(*arguments, "--out", tmp_path / "out")
    assert (got, out) == (code, "")
    assert names in told
    assert code == 2 or is_one_sentence(told)
    assert not (tmp_path / "out").exists()


def test_a_result_folder_that_can_not_be_made_is_wrong_use_and_named(no_folder: Path, tmp_path: Path):
    code, out, told = mobility("sim", "run", "ilmenau", "--until", "04:01", "--out", no_folder)
    assert (code, out) == (2, "")
    assert is_one_sentence(told)
    assert str(no_folder) in told
    code, out, told = mobility("gtfs", "export", "--out", no_folder / "a.zip")
    assert (code, out) == (2, "")
    assert is_one_sentence(told)


@pytest.mark.parametrize("content", [b"", b"hello world", b"\x0a\x0d\x0a\x032.0\x10\x00\x18", "folder"])
def test_a_recording_that_is_none_replays_nothing(tmp_path: Path, content: bytes | str):
    feed, positions = tmp_path / "feed.zip", tmp_path / "positions.pb"
    assert mobility("gtfs", "export", "--out", feed)[0] == 0
    if isinstance(content, bytes):
        positions.write_bytes(content)
    else:
        positions.mkdir()
    code, out, told = mobility("sim", "replay", "--schedule", feed, "--positions", positions, "--out", tmp_path / "out")
    assert (code, out) == (1, "")
    assert is_one_sentence(told)
    assert "positions" in told
    assert not (tmp_path / "out").exists()


def test_a_schedule_that_is_none_is_named(tmp_path: Path):
    (tmp_path / "feed.zip").write_bytes(b"PK\x03\x04 and then nothing")
    (tmp_path / "positions.pb").write_bytes(b"")
    replay = ("sim", "replay", "--positions", tmp_path / "positions.pb", "--out", tmp_path / "out", "--schedule")
    code, out, told = mobility(*replay, tmp_path / "feed.zip")
    assert (code, out) == (1, "")
    assert "feed.zip" in told
    assert mobility(*replay, tmp_path / "nothing.zip")[0] == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("span", "names"),
    [
        (("2025-10-15", "2025-10-14"), "before"),
        (("yesterday", "2025-10-14"), "--from"),
        (("2025-02-30", "2025-10-14"), "--from"),
        (("0001-01-01", "9999-12-31"), "more than"),
        (("2025-10-14", "2025-10-14"), "no ledger.sqlite"),
    ],
)
def test_an_export_of_no_days_or_no_data_is_wrong_use(tmp_path: Path, span: tuple[str, str], names: str):
    export = ("export", "trips", "--data-dir", tmp_path, "--out", tmp_path / "out")
    code, out, told = mobility(*export, "--from", span[0], "--to", span[1])
    assert (code, out) == (2, "")
    assert names in told
    assert not (tmp_path / "out").exists()


def test_a_corrupt_ledger_is_named_by_every_command_that_needs_it(corrupt: Path, tmp_path: Path):
    code, out, told = mobility("ledger", "verify", "--data-dir", corrupt, "--json")
    assert (code, told) == (1, "")
    assert json.loads(out)["sound"] is False
    for command in (
        ("ledger", "rebuild", "--data-dir", corrupt),
        (
            "export",
            "trips",
            "--from",
            "2025-10-14",
            "--to",
            "2025-10-14",
            "--data-dir",
            corrupt,
            "--out",
            tmp_path / "o",
        ),
    ):
        code, out, told = mobility(*command)
        assert (code, out) == (1, "")
        assert is_one_sentence(told)
        assert "ledger.sqlite" in told
    code, out, told = mobility("serve", MOBILITY_DATA_DIR=str(corrupt), MOBILITY_PORT="23999")
    assert (code, out) == (1, "")
    assert "ledger.sqlite" in told
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("text", "names"),
    [("port = ", "TOML"), ('port = "many"', "port"), ("surprise = 1", "surprise"), ('region = "atlantis"', "atlantis")],
)
def test_settings_that_can_not_be_used_are_named(tmp_path: Path, text: str, names: str):
    (tmp_path / "own.toml").write_text(text)
    code, out, told = mobility("serve", "--config", tmp_path / "own.toml", MOBILITY_DATA_DIR=str(tmp_path / "var"))
    assert (code, out) == (1, "")
    assert is_one_sentence(told)
    assert names in told
    assert not (tmp_path / "var").exists()


def test_a_data_folder_that_can_not_be_made_is_named(no_folder: Path):
    code, out, told = mobility("serve", MOBILITY_DATA_DIR=str(no_folder), MOBILITY_PORT="23996")
    assert (code, out) == (2, "")
    assert is_one_sentence(told)
    assert str(no_folder) in told


def test_a_port_in_use_is_named_and_nothing_is_emptied(tmp_path: Path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "ledger.sqlite").write_bytes(b"of a demo that is running")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        code, out, told = mobility("demo", "--port", min(number, 65533), "--data-dir", folder)
    assert (code, out) == (1, "")
    assert is_one_sentence(told)
    assert str(number) in told
    assert (folder / "ledger.sqlite").read_bytes() == b"of a demo that is running"


def test_the_demo_empties_no_folder_of_somebody_else(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("dear")
    code, out, told = mobility("demo", "--port", "23993", "--data-dir", tmp_path)
    assert (code, out) == (1, "")
    assert str(tmp_path) in told
    assert (tmp_path / "letter.txt").read_text() == "dear"
    code, out, told = mobility("demo", "--port", "23993", "--data-dir", tmp_path / "letter.txt")
    assert (code, out) == (2, "")
    assert is_one_sentence(told)


@pytest.mark.parametrize("port", ["0", "70000", "eight"])
def test_a_port_that_is_none_is_wrong_use(port: str):
    code, out, told = mobility("demo", "--port", port)
    assert (code, out) == (2, "")
    assert "--port" in told


def test_a_bundle_and_a_map_are_checked_before_anything_is_written(tmp_path: Path):
    code, out, told = mobility("region", "check", ILMENAU, "--json")
    assert (code, told, json.loads(out)["errors"]) == (0, "", 0)
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "region.toml").write_text("id = [")
    code, out, told = mobility("region", "check", tmp_path / "bundle", "--json")
    assert (code, json.loads(out)["errors"]) == (1, 1)
    (tmp_path / "map.osm").write_text(BROKEN_MAP)
    code, out, told = mobility("region", "build", "--osm", tmp_path / "map.osm", "--out", tmp_path / "built")
    assert (code, out) == (1, "")
    assert is_one_sentence(told)
    assert "map.osm" in told
    assert not (tmp_path / "built").exists()


def test_a_feed_that_is_none_is_one_sentence(tmp_path: Path):
    (tmp_path / "feed.zip").write_bytes(b"no zip")
    code, out, told = mobility("gtfs", "check", tmp_path / "feed.zip")
    assert (code, out) == (1, "")
    assert is_one_sentence(told)
    assert "feed.zip" in told


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("sim",), ("sim", "run"), ("export", "trips")])
def test_half_a_command_is_wrong_use(arguments: tuple[str, ...]):
    assert mobility(*arguments)[0] == 2
