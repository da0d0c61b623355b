"""``mobility gtfs``: results on stdout, words on stderr, exit codes that scripts can trust."""

import importlib.util
import json
import zipfile

import pytest
from typer.testing import CliRunner

from gtfs.edge.check import VALIDATORS, installed_validators
from gtfs.edge.load import load_feed
from mobility.cli.gtfs import app
from tests.gtfs.feed_files import FILES, feed

RUN = CliRunner()


@pytest.fixture
def both_validators():
    if VALIDATORS - set(installed_validators()):
        pytest.skip("gtfs-guru and gtfs-validator are not both installed")


def invoke(*arguments):
    return RUN.invoke(app, [str(argument) for argument in arguments])


def test_export_writes_a_feed_that_loads_and_writes_it_the_same_twice(tmp_path):
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    for out in (first, second):
        assert invoke("export", "--out", out).exit_code == 0
    assert first.read_bytes() == second.read_bytes()
    assert load_feed(first).trips
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip"]


def test_export_as_json_is_one_object_on_stdout(tmp_path):
    done = invoke("export", "--out", tmp_path / "a.zip", "--json")
    result = json.loads(done.stdout)
    assert result["bytes"] == (tmp_path / "a.zip").stat().st_size
    assert result["rows"]["trips.txt"] > 100
    assert result["feed_version"]
    assert done.stderr == ""


def test_export_into_a_folder_that_does_not_exist_is_wrong_use(tmp_path):
    done = invoke("export", "--out", tmp_path / "none" / "a.zip")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no such directory" in done.stderr


def test_export_of_a_broken_bundle_writes_nothing(tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "region.toml").write_text("id = [", encoding="utf-8")
    out = tmp_path / "a.zip"
    done = invoke("export", "--out", out, "--region", tmp_path / "bundle")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("mobility: ")
    assert not out.exists()


@pytest.mark.usefixtures("both_validators")
def test_check_of_a_good_feed_exits_0(tmp_path):
    invoke("export", "--out", tmp_path / "a.zip")
    done = invoke("check", tmp_path / "a.zip", "--date", "2025-10-14", "--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["errors"], report["warnings"], report["fault"]) == (0, 0, 0, "")
    assert report["notes"] == [
        "trips.txt: trips left out because their calls are zones or time windows, not times at stops (GTFS-Flex): 1"
    ]
    assert set(report["validators"]) == set(VALIDATORS)


@pytest.mark.usefixtures("both_validators")
def test_check_of_a_feed_with_errors_exits_1_and_lists_them(tmp_path):
    # No agency_url: an error by the standard, but nothing a timetable needs.
    agency = FILES["agency.txt"].replace("https://buses.example.org/", "")
    done = invoke("check", feed(tmp_path, {"agency.txt": agency}), "--date", "2025-10-14")
    assert done.exit_code == 1
    assert "error   missing_required_field" in done.stdout
    assert "2 trips load" in done.stdout


def test_check_of_what_is_no_feed_exits_1_with_one_sentence(tmp_path):
    path = tmp_path / "feed.zip"
    path.write_bytes(b"no zip")
    done = invoke("check", path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.strip() == "mobility: feed.zip: this is no zip file, or its end is missing"


def test_check_of_nothing_is_wrong_use(tmp_path):
    done = invoke("check", tmp_path / "absent.zip")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no such feed" in done.stderr


def test_check_without_validators_exits_2_and_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    done = invoke("check", feed(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "pip install gtfs-guru gtfs-validator" in done.stderr


@pytest.mark.usefixtures("both_validators")
def test_a_missing_validator_is_named_and_the_other_one_still_checks(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "gtfs_validator" else find(name))
    done = invoke("check", feed(tmp_path), "--date", "2025-10-14")
    assert "gtfs-validator is not installed" in done.stderr
    assert "2 trips load" in done.stdout


@pytest.mark.usefixtures("both_validators")
def test_check_of_a_feed_that_does_not_load_says_what_the_validators_found_and_why(tmp_path):
    times = FILES["stop_times.txt"].replace("08:10:00,08:10:00", "08:05:30,08:05:30")
    done = invoke("check", feed(tmp_path, {"stop_times.txt": times}), "--date", "2025-10-14", "--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["trips"], report["feed_version"]) == (1, 0, "")
    assert "stop_times.txt" in report["fault"]
    assert report["errors"] > 0


@pytest.mark.usefixtures("both_validators")
def test_check_of_a_feed_written_to_a_draft_says_what_to_repair(tmp_path):
    times = (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,start_pickup_dropoff_window,"
        "end_pickup_dropoff_window\nt1,08:00:00,08:00:00,a,1,,\nt1,08:10:00,08:10:00,c,2,,\n"
        "t2,,,a,1,08:00:00,17:00:00\nt2,,,c,2,08:00:00,17:00:00\n"
    )
    done = invoke("check", feed(tmp_path, {"stop_times.txt": times}), "--date", "2025-10-14")
    assert "write start_pickup_drop_off_window" in done.stdout
    assert "1 trips load" in done.stdout


def test_export_names_the_site_that_takes_bookings(tmp_path):
    result = json.loads(invoke("export", "--out", tmp_path / "a.zip", "--json").stdout)
    done = invoke("export", "--out", tmp_path / "b.zip", "--site", "https://bus.example.net/", "--json")
    assert json.loads(done.stdout)["feed_version"] != result["feed_version"]
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert "https://bus.example.net/book" in archive.read("booking_rules.txt").decode()
