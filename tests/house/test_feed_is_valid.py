"""The static feed we publish has nothing to complain about: no error and no warning in either validator."""

import csv
import io
import zipfile

import pytest

from gtfs.edge.check import VALIDATORS, check_feed, installed_validators
from gtfs.edge.load import load_feed
from gtfs.edge.write import schedule_zip
from gtfs.from_region import timetable_of
from mobility.storage.bundles import load_region, shipped_region


@pytest.fixture(scope="module")
def ilmenau():
    return load_region(shipped_region("ilmenau"))


@pytest.fixture
def schedule(ilmenau, tmp_path):
    path = tmp_path / "schedule.zip"
    path.write_bytes(schedule_zip(ilmenau))
    return path


def test_the_feed_of_ilmenau_has_no_findings_on_its_scenario_day(ilmenau, schedule):
    missing = VALIDATORS - set(installed_validators())
    if missing:
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")
    assert check_feed(schedule, on=ilmenau.scenario_day) == []


def test_the_feed_of_ilmenau_reads_as_the_timetable_the_server_runs_on(ilmenau, schedule):
    own, read = timetable_of(ilmenau), load_feed(schedule)
    assert read.feed_version == own.feed_version
    # The citizen bus is told in the feed and has no times at stops: its one trip is no trip of a timetable.
    assert read.notes == (
        "trips.txt: trips left out because their calls are zones or time windows, not times at stops (GTFS-Flex): 1",
    )
    assert (list(read.stops), list(read.routes)) == (list(own.stops), list(own.routes))
    assert read.calendars == own.calendars
    assert list(read.trips) == list(own.trips)
    for name, trip in own.trips.items():
        other = read.trips[name]
        assert (other.arrival, other.departure, other.block_id) == (trip.arrival, trip.departure, trip.block_id)
        assert other.pattern.stop_chainage_m == pytest.approx(trip.pattern.stop_chainage_m, abs=1.0)


def test_trips_run_on_the_scenario_day(ilmenau):
    running = timetable_of(ilmenau).trips_on(ilmenau.scenario_day)
    assert len(running) > 100
    # Shuttle, town line and valley line alike.
    assert {trip.route_id for trip in running} == {line.route_id for line in ilmenau.lines}


def test_the_citizen_bus_is_in_the_feed_with_phone_page_and_notice(schedule):
    files = {name: rows for name, rows in _rows(schedule).items() if "book" in name or "location" in name}
    (rule,) = files["booking_rules.txt"]
    assert (rule["booking_type"], rule["prior_notice_duration_min"]) == ("1", "60")
    assert rule["phone_number"] == "03677 88890"
    assert rule["booking_url"].startswith("https://")
    assert len(files["location_group_stops.txt"]) == 30


def _rows(schedule):
    with zipfile.ZipFile(schedule) as archive:
        return {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode())))
            for name in archive.namelist()
            if name.endswith(".txt")
        }
