"""The citizen bus as GTFS-Flex: places, windows, days, notice, and what both validators say."""

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.build import documents, tables
from gtfs.digest import feed_version
from gtfs.edge.check import VALIDATORS, check_feed, installed_validators
from gtfs.edge.load import load_feed
from gtfs.edge.write import schedule_zip
from gtfs.flex import ring
from gtfs.flex_ids import flex_route_id
from gtfs.flex_site import with_booking_site
from gtfs.from_region import timetable_of
from gtfs.on_demand import service_windows
from gtfs.timetable import Route
from mobility.core.geo import LatLon
from mobility.core.region import SafeDuration, ServiceZone
from mobility.core.vehicle import ServiceKind
from tests.gtfs.small_region import CAMPUS, MARKET, STATION, VILLAGE, area, clock, region, shift, with_bus

DAY = date(2025, 10, 14)
FIELD = ServiceZone(
    zone_id="field",
    name="Feld",
    outline=(LatLon(50.60, 10.80), LatLon(50.61, 10.80), LatLon(50.61, 10.82), LatLon(50.60, 10.82)),
)


def rows(name, **changes):
    return tables(with_bus(area(**changes)))[name]


def flexible(name, **changes):
    return [row for row in rows(name, **changes) if row["trip_id"].startswith("village")]


def test_a_region_without_on_demand_service_has_no_file_more():
    assert "booking_rules.txt" not in tables(region())
    assert "start_pickup_drop_off_window" not in tables(region())["stop_times.txt"][0]
    assert documents(region()) == {}


def test_the_route_of_an_area_carries_its_id_and_the_places_it_serves():
    (route,) = [row for row in rows("routes.txt") if row["route_id"] == flex_route_id(area().area_id)]
    assert (route["route_short_name"], route["route_long_name"]) == ("Bus", "Ilmenau")
    assert "03677 123456" in route["route_desc"]
    (unnamed,) = [row for row in rows("routes.txt", short_name="") if row["route_id"] == "village"]
    assert (unnamed["route_short_name"], unnamed["route_long_name"]) == ("", "Bürgerbus Dorf")


def test_shifts_that_meet_are_one_window_and_a_pause_makes_two():
    assert service_windows(area()) == ((clock("8:00"), clock("17:00")),)
    pause = area(shifts=(shift("13:00", "18:00"), shift("7:00", "12:00")))
    assert service_windows(pause) == ((clock("8:00"), clock("12:00")), (clock("13:00"), clock("17:00")))


def test_each_window_is_a_trip_of_two_rows_one_to_board_and_one_to_leave():
    found = flexible("stop_times.txt", shifts=(shift("8:00", "12:00"), shift("13:00", "17:00")))
    assert [row["trip_id"] for row in found] == ["village+0800", "village+0800", "village+1300", "village+1300"]
    board, leave = found[:2]
    assert (board["pickup_type"], board["drop_off_type"]) == ("2", "1")
    assert (leave["pickup_type"], leave["drop_off_type"]) == ("1", "2")
    for row in (board, leave):
        assert row["location_group_id"] == "village-stops"
        assert (row["start_pickup_drop_off_window"], row["end_pickup_drop_off_window"]) == ("08:00:00", "12:00:00")
        # Forbidden beside a window.
        assert (row["arrival_time"], row["departure_time"], row["stop_id"]) == ("", "", "")
    assert (board["pickup_booking_rule_id"], leave["drop_off_booking_rule_id"]) == ("village-booking",) * 2


def test_the_days_are_those_of_the_lines_without_public_holidays_on_days_of_service():
    (week,) = [row for row in rows("calendar.txt") if row["service_id"] == "village-days"]
    assert (week["tuesday"], week["thursday"], week["monday"]) == ("1", "1", "0")
    assert (week["start_date"], week["end_date"]) == ("20250901", "20251213")
    # 3 October 2025 is a Friday, 25 December lies behind the lines' last day.
    off = [(row["date"], row["exception_type"]) for row in rows("calendar_dates.txt") if "village" in row["service_id"]]
    assert off == [("20250923", "2")]


def test_without_lines_the_service_is_published_for_the_year_of_the_region():
    alone = replace(with_bus(), lines=(), calendars={})
    (week,) = tables(alone)["calendar.txt"]
    assert (week["start_date"], week["end_date"]) == ("20250101", "20251231")
    assert [row["stop_id"] for row in tables(alone)["stops.txt"]] == [MARKET, CAMPUS, VILLAGE]


def test_the_booking_rule_tells_phone_page_notice_and_horizon():
    (rule,) = rows("booking_rules.txt")
    assert rule["booking_type"] == "1"
    assert (rule["prior_notice_duration_min"], rule["prior_notice_duration_max"]) == ("60", str(14 * 24 * 60))
    assert (rule["phone_number"], rule["booking_url"]) == ("03677 123456", "https://bus.example.org/book")
    assert "60 Minuten" in rule["message"]
    assert rule["message"].endswith("Mit Spende.")
    (at_once,) = rows("booking_rules.txt", lead_min=0)
    assert (at_once["booking_type"], at_once["prior_notice_duration_min"]) == ("0", "")


def test_riders_who_read_english_are_told_in_english():
    (row,) = rows("translations.txt")
    assert (row["table_name"], row["field_name"], row["language"], row["record_id"]) == (
        "routes",
        "route_desc",
        "en",
        "village",
    )
    assert "at least 60 minutes before departure" in row["translation"]


def test_the_server_that_runs_names_its_own_page():
    (rule,) = tables(with_booking_site(with_bus(), "https://bus.example.net/"))["booking_rules.txt"]
    assert rule["booking_url"] == "https://bus.example.net/book"
    assert with_booking_site(with_bus(), "").areas == (area(),)


def test_until_rides_were_measured_the_rule_of_the_planner_stands_for_them():
    (trip,) = flexible("trips.txt")
    assert (trip["safe_duration_factor"], trip["safe_duration_offset"]) == ("1.50", "900")
    measured = replace(area(), safe_duration=SafeDuration(factor=1.2, offset_s=301.0))
    (trip,) = [row for row in tables(with_bus(measured))["trips.txt"] if row["trip_id"].startswith("village")]
    # Rounded up to whole minutes, so that no fewer rides keep it.
    assert (trip["safe_duration_factor"], trip["safe_duration_offset"]) == ("1.20", "360")


def test_a_zone_becomes_a_place_of_every_trip_and_a_polygon():
    found = flexible("stop_times.txt", zones=(FIELD,))
    assert [(row["location_group_id"], row["location_id"], row["pickup_type"]) for row in found] == [
        ("village-stops", "", "2"),
        ("", "field", "2"),
        ("village-stops", "", "1"),
        ("", "field", "1"),
    ]
    collection = json.loads(documents(with_bus(area(zones=(FIELD,))))["locations.geojson"])
    (feature,) = collection["features"]
    assert feature["id"] == "field"
    assert feature["properties"] == {"stop_name": "Feld"}


@given(st.permutations(FIELD.outline), st.booleans())
@settings(max_examples=50, deadline=None)
def test_rings_are_closed_and_turn_left(outline, is_turned):
    triangle = outline[:3][::-1] if is_turned else outline[:3]
    points = ring(triangle)
    assert points[0] == points[-1]
    assert len(points) == 4
    doubled = sum((points[k + 1][0] - points[k][0]) * (points[k + 1][1] + points[k][1]) for k in range(len(points) - 1))
    # The sum under the line is negative for a ring that runs counterclockwise.
    assert doubled < 0


def test_the_timetable_holds_route_and_stops_of_the_bus_and_no_trip_of_it():
    timetable = timetable_of(with_bus())
    assert VILLAGE in timetable.stops
    assert timetable.calls_at(VILLAGE) == ()
    assert timetable.routes[flex_route_id(area().area_id)] == Route(
        route_id=flex_route_id(area().area_id),
        short_name="Bus",
        long_name="Ilmenau",
        colour="1F4F1F",
        kind=ServiceKind.CITIZEN_BUS,
    )
    assert {trip.route_id for trip in timetable.trips.values()} == {"D"}
    (service,) = timetable.bookable_at(VILLAGE)
    assert service.area.phone == "03677 123456"
    assert timetable.bookable_at(STATION) == ()


@pytest.mark.parametrize("reason", ["nobody drives", "no day", "drivers outside the hours"])
def test_a_service_that_never_runs_is_not_published(reason):
    quiet = {
        "nobody drives": replace(area(), shifts=()),
        "no day": replace(area(), weekdays=frozenset()),
        "drivers outside the hours": area(shifts=(shift("5:00", "8:00"),)),
    }[reason]
    timetable = timetable_of(with_bus(quiet))
    assert (timetable.on_demand, VILLAGE in timetable.stops) == ((), False)
    assert "booking_rules.txt" not in tables(with_bus(quiet))


def test_the_feed_reads_as_the_same_places_and_leaves_the_bookable_trip_out(tmp_path):
    path = tmp_path / "schedule.zip"
    path.write_bytes(schedule_zip(with_bus(area(zones=(FIELD,)))))
    own, read = timetable_of(with_bus(area(zones=(FIELD,)))), load_feed(path)
    assert (list(read.stops), list(read.routes), list(read.trips)) == (
        list(own.stops),
        list(own.routes),
        list(own.trips),
    )
    assert (read.feed_version, read.calendars) == (own.feed_version, own.calendars)
    assert "GTFS-Flex): 1" in read.notes[0]


@pytest.mark.parametrize("has_zone", [False, True], ids=["stops", "stops and a zone"])
def test_both_validators_find_nothing(tmp_path, has_zone):
    if VALIDATORS - set(installed_validators()):
        pytest.skip("gtfs-guru and gtfs-validator are not both installed")
    path = tmp_path / "schedule.zip"
    bus = area(zones=(FIELD,) if has_zone else (), shifts=(shift("8:00", "12:00"), shift("13:00", "17:00")))
    path.write_bytes(schedule_zip(with_bus(bus)))
    assert check_feed(path, on=DAY) == []


def test_the_same_region_gives_the_same_bytes_with_a_bus_and_a_zone():
    assert schedule_zip(with_bus(area(zones=(FIELD,)))) == schedule_zip(with_bus(area(zones=(FIELD,))))


@pytest.mark.parametrize(
    "change",
    [
        {"phone": "03677 1"},
        {"lead_time_s": 1800.0},
        {"horizon_days": 7},
        {"short_name": "Van"},
        {"stops": (MARKET, CAMPUS)},
        {"weekdays": frozenset({1})},
        {"days_off": frozenset()},
        {"shifts": (shift("9:00", "17:00"),)},
        {"safe_duration": SafeDuration(factor=1.1, offset_s=600.0)},
        {"zones": (FIELD,)},
        {"pickup_window_s": 600.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_the_feed_says_of_the_bus_makes_a_new_version(change):
    changed = with_bus(replace(area(), **change))
    assert feed_version(changed) != feed_version(with_bus())
    assert schedule_zip(changed) != schedule_zip(with_bus())


def test_what_the_feed_does_not_say_of_the_bus_makes_no_new_version():
    changed = with_bus(replace(area(), min_distance_m=900.0, boarding_s=30.0))
    assert feed_version(changed) == feed_version(with_bus())
