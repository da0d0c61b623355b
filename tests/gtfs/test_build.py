"""The tables of a region's feed."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfs.build import tables
from gtfs.colour import text_colour
from gtfs.days import calendar_rows, date_rows, first_and_last_day
from gtfs.digest import feed_version
from mobility.core.geo import LatLon
from mobility.core.ids import BlockId, StopId, VehicleId
from mobility.core.region import Calendar
from mobility.core.vehicle import ServiceKind
from tests.gtfs.small_region import CAMPUS, STATION, WEEKDAYS, line, region, renamed, stop, trip


def test_every_file_has_rows_and_one_set_of_columns():
    files = tables(region())
    assert list(files) == [
        "agency.txt",
        "feed_info.txt",
        "stops.txt",
        "routes.txt",
        "trips.txt",
        "stop_times.txt",
        "shapes.txt",
        "calendar.txt",
        "calendar_dates.txt",
    ]
    for rows in files.values():
        assert all(list(row) == list(rows[0]) for row in rows)


def test_a_trip_after_midnight_has_hours_beyond_24():
    rows = [row for row in tables(region())["stop_times.txt"] if row["trip_id"] == "out-2355"]
    assert [row["arrival_time"] for row in rows] == ["23:55:00", "23:57:30", "24:00:00"]
    assert [row["departure_time"] for row in rows] == ["23:55:00", "23:58:00", "24:00:00"]


def test_research_lines_and_stops_without_trips_are_not_published():
    lines = [line([trip("a", "7:00")]), line([trip("x", "8:00")], route_id="X", kind=ServiceKind.RESEARCH)]
    meeting_point = StopId("meeting-point")
    area = region(lines)
    area = replace(area, stops={**area.stops, meeting_point: stop(meeting_point, LatLon(50.7, 10.9))})
    files = tables(area)
    assert [row["route_id"] for row in files["routes.txt"]] == ["D"]
    assert [row["trip_id"] for row in files["trips.txt"]] == ["a"]
    assert meeting_point not in [row["stop_id"] for row in files["stops.txt"]]


def test_a_trip_takes_wheelchairs_when_the_vehicle_of_its_block_does():
    area = region([line([trip("a", "7:00"), trip("b", "8:00", block="2")])])
    assert [row["wheelchair_accessible"] for row in tables(area)["trips.txt"]] == ["1", "0"]
    no_ramp = {VehicleId("shuttle-1"): replace(area.fleet[VehicleId("shuttle-1")], has_ramp=False)}
    area = replace(area, fleet=no_ramp, blocks={BlockId("1"): VehicleId("shuttle-1")})
    assert [row["wheelchair_accessible"] for row in tables(area)["trips.txt"]] == ["2", "0"]


def test_distances_rise_along_shapes_and_calls():
    files = tables(region())
    for name, key in (("shapes.txt", "shape_id"), ("stop_times.txt", "trip_id")):
        rows = files[name]
        for one, other in pairwise(rows):
            if one[key] == other[key]:
                assert float(one["shape_dist_traveled"]) < float(other["shape_dist_traveled"])


def test_points_at_the_same_place_are_drawn_once():
    base = line([trip("a", "7:00")])
    doubled = tuple(place for place in base.patterns[0].path for _ in range(2))
    area = region([replace(base, patterns=(replace(base.patterns[0], path=doubled),))])
    assert len(tables(area)["shapes.txt"]) == 3


def test_a_pattern_without_a_drawn_line_has_no_shape():
    base = line([trip("a", "7:00")])
    area = region([replace(base, patterns=(replace(base.patterns[0], path=()),))])
    files = tables(area)
    assert "shapes.txt" not in files
    assert files["trips.txt"][0]["shape_id"] == ""
    assert {row["shape_dist_traveled"] for row in files["stop_times.txt"]} == {""}


def test_an_assumed_timetable_says_so():
    assert tables(region())["routes.txt"][0]["route_desc"] == "Fahrplan angenommen, nicht amtlich."


def test_zones_are_plain_names_of_places():
    area = region()
    stops = {**area.stops, CAMPUS: replace(area.stops[CAMPUS], locality="Stützerbach am Rennsteig")}
    rows = {row["stop_id"]: row for row in tables(replace(area, stops=stops))["stops.txt"]}
    assert rows[CAMPUS]["zone_id"] == "stuetzerbach-am-rennsteig"
    assert rows[CAMPUS]["stop_desc"] == "Stützerbach am Rennsteig"


def test_a_calendar_becomes_a_week_and_exceptions():
    assert list(calendar_rows({"weekdays": WEEKDAYS})) == [
        {
            "service_id": "weekdays",
            "monday": "1",
            "tuesday": "1",
            "wednesday": "1",
            "thursday": "1",
            "friday": "1",
            "saturday": "0",
            "sunday": "0",
            "start_date": "20250901",
            "end_date": "20251213",
        }
    ]
    assert [(row["date"], row["exception_type"]) for row in date_rows({"weekdays": WEEKDAYS})] == [
        ("20250906", "1"),
        ("20251003", "2"),
    ]
    assert first_and_last_day([WEEKDAYS]) == ("20250901", "20251212")


def test_a_calendar_of_single_days_needs_no_week():
    fair = Calendar(
        calendar_id="fair",
        weekdays=frozenset(),
        first=date(2025, 9, 20),
        last=date(2025, 9, 20),
        added=frozenset({date(2025, 9, 20)}),
    )
    assert list(calendar_rows({"fair": fair})) == []
    assert first_and_last_day([fair]) == ("20250920", "20250920")
    assert first_and_last_day([]) == ("", "")


@given(st.integers(0, 0xFFFFFF))
def test_text_on_a_lines_colour_has_a_contrast_of_at_least_4_5(colour):
    def luminance(text):
        shares = [int(text[k : k + 2], 16) / 255 for k in (0, 2, 4)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    background = f"{colour:06X}"
    low, high = sorted((luminance(background), luminance(text_colour(background))))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_the_version_changes_with_the_content_and_with_nothing_else():
    area = region()
    version = feed_version(area)
    assert feed_version(region()) == version
    assert len(version) == 12
    # What is not in the feed does not make a new one.
    assert feed_version(replace(area, demo_starts=area.demo_starts, map_names=(("X", LatLon(50, 10)),))) == version
    assert feed_version(renamed(area, STATION, "Bahnhof")) != version


@pytest.mark.parametrize("change", ["headsign", "colour", "start", "calendar"])
def test_whatever_a_rider_can_see_makes_a_new_version(change):
    base = line([trip("a", "7:00")])
    changed = {
        "headsign": replace(base, patterns=(replace(base.patterns[0], headsign="Zoo"), *base.patterns[1:])),
        "colour": replace(base, colour="ffffff"),
        "start": line([trip("a", "7:01")]),
        "calendar": base,
    }[change]
    calendars = {"weekdays": replace(WEEKDAYS, removed=frozenset())} if change == "calendar" else None
    assert feed_version(region([changed], calendars=calendars)) != feed_version(region([base]))
