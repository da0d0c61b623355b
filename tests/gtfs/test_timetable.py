"""The timetable answers by look-up, and nobody can change it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gtfs.from_region import timetable_of
from mobility.core.clock import Instant, instant
from mobility.core.ids import BlockId, StopId, TripId
from mobility.core.service_day import ServiceDay
from tests.gtfs.small_region import CAMPUS, MARKET, STATION, line, region, trip

TUESDAY = date(2025, 10, 14)


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC))


def test_trips_of_a_day_come_in_order_of_departure_then_id():
    timetable = timetable_of(region([line([trip("b", "8:00"), trip("a", "8:00"), trip("early", "5:00")])]))
    assert [found.trip_id for found in timetable.trips_on(TUESDAY)] == ["early", "a", "b"]
    assert list(timetable.trips) == ["early", "a", "b"]


def test_weekends_holidays_and_days_beyond_the_season_have_no_trips_but_added_days_do():
    timetable = timetable_of(region())
    assert timetable.trips_on(date(2025, 10, 12)) == ()
    assert timetable.trips_on(date(2025, 10, 3)) == ()
    assert timetable.trips_on(date(2026, 1, 6)) == ()
    assert len(timetable.trips_on(date(2025, 9, 6))) == 3
    assert timetable.runs_on(TripId("out-0700"), date(2025, 9, 6))
    assert not timetable.runs_on(TripId("out-0700"), date(2025, 9, 7))


def test_a_trip_shows_its_calls_as_service_times():
    found = timetable_of(region()).trips[TripId("out-2355")]
    assert found.arrival == (86_100, 86_250, 86_400)
    assert found.departure == (86_100, 86_280, 86_400)
    assert found.stop_sequence == (1, 2, 3)
    assert found.fastest_s == (0, 100, 100)
    assert found.can_board == (True, True, False)
    assert found.pattern.stops == (MARKET, STATION, CAMPUS)


def test_trips_of_the_same_stops_share_one_pattern():
    timetable = timetable_of(region())
    first, last = timetable.trips[TripId("out-0700")], timetable.trips[TripId("out-2355")]
    assert first.pattern is last.pattern
    assert first.pattern is not timetable.trips[TripId("in-0730")].pattern


def test_every_call_at_a_stop_is_known_and_an_unknown_stop_has_none():
    timetable = timetable_of(region())
    assert timetable.calls_at(STATION) == (("out-0700", 1), ("in-0730", 1), ("out-2355", 1))
    assert timetable.calls_at(CAMPUS) == (("out-0700", 2), ("in-0730", 0), ("out-2355", 2))
    assert timetable.calls_at(StopId("nowhere")) == ()


def test_a_block_is_the_day_of_one_vehicle():
    trips = [trip("c", "9:00", block="2"), trip("b", "8:00"), trip("a", "7:00")]
    timetable = timetable_of(region([line(trips)]))
    assert [found.trip_id for found in timetable.block(BlockId("1"), TUESDAY)] == ["a", "b"]
    assert timetable.block(BlockId("1"), date(2025, 10, 12)) == ()
    assert timetable.block(BlockId("unknown"), TUESDAY) == ()


def test_departures_leave_out_last_calls_and_include_both_ends_of_the_span():
    timetable = timetable_of(region())
    found = timetable.departures_between(CAMPUS, at("2025-10-14T00:00:00"), at("2025-10-14T23:59:00"))
    assert [(row[0].trip_id, row[1], row[2]) for row in found] == [("in-0730", TUESDAY, 0)]
    half_past = at("2025-10-14T07:30:00")
    assert len(timetable.departures_between(CAMPUS, half_past, half_past)) == 1
    assert not timetable.departures_between(CAMPUS, Instant(half_past + 1), Instant(half_past + 999))
    assert timetable.departures_between(StopId("nowhere"), half_past, half_past) == ()


def test_a_departure_after_midnight_belongs_to_the_day_before():
    timetable = timetable_of(region([line([trip("night", "23:58")])]))
    found = timetable.departures_between(STATION, at("2025-10-15T00:00:00"), at("2025-10-15T00:10:00"))
    assert [(row[0].trip_id, row[1], row[2]) for row in found] == [("night", TUESDAY, 1)]


def test_yesterdays_trip_is_still_running_after_midnight():
    timetable = timetable_of(region([line([trip("night", "25:00"), trip("day", "12:00")])]))
    found = timetable.running_between(at("2025-10-15T01:02:00"), at("2025-10-15T01:03:00"))
    assert [(run.trip_id, day) for run, day in found] == [("night", TUESDAY)]
    # Saturday morning still belongs to Friday's service.
    found = timetable.running_between(at("2025-10-11T01:02:00"), at("2025-10-11T01:02:00"))
    assert [(run.trip_id, day) for run, day in found] == [("night", date(2025, 10, 10))]


def test_a_trip_runs_from_its_first_arrival_to_its_last_departure():
    timetable = timetable_of(region([line([trip("a", "7:00")])]))
    start, end = (ServiceDay(TUESDAY, timetable.zone).at(time_s) for time_s in (25_200, 25_500))
    assert len(timetable.running_between(start, start)) == 1
    assert len(timetable.running_between(end, end)) == 1
    assert timetable.running_between(Instant(start - 1000), Instant(start - 1)) == ()
    assert timetable.running_between(Instant(end + 1), Instant(end + 1000)) == ()


def test_nobody_can_change_a_timetable():
    timetable = timetable_of(region())
    with pytest.raises(ValueError, match="read-only"):
        timetable.stop_times.arrival_s[0] = 0
    with pytest.raises(TypeError):
        timetable.stops[STATION] = timetable.stops[MARKET]  # type: ignore[index] - that it fails is the test
    with pytest.raises(AttributeError):
        timetable.zone = "UTC"  # type: ignore[misc] - that it fails is the test


def test_a_region_without_lines_has_an_empty_timetable():
    timetable = timetable_of(region([]))
    assert timetable.trips_on(TUESDAY) == ()
    assert timetable.running_between(at("2025-10-14T00:00:00"), at("2025-10-15T00:00:00")) == ()
    assert timetable.departures_between(STATION, at("2025-10-14T00:00:00"), at("2025-10-15T00:00:00")) == ()
    assert timetable.stops == {}
