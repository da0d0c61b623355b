"""Spans of time against service days, on every kind of night: both clock changes, midnight, days longer than 24 h."""

from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gtfs.from_region import timetable_of
from gtfs.service import ServiceDays
from mobility.core.clock import Instant
from mobility.core.region import Calendar
from mobility.core.service_day import ServiceDay
from tests.gtfs.small_region import STATION, line, region, trip

ZONE = "Europe/Berlin"
EVERY_DAY = Calendar(
    calendar_id="weekdays", weekdays=frozenset(range(7)), first=date(2025, 1, 1), last=date(2025, 12, 31)
)
SPRING, AUTUMN = date(2025, 3, 30), date(2025, 10, 26)
NIGHTS = st.sampled_from([SPRING, AUTUMN, date(2025, 7, 1)])
STARTS = st.lists(st.integers(0, 50 * 60), min_size=1, max_size=6, unique=True)
SPANS = st.tuples(st.integers(-172_800_000, 172_800_000), st.integers(0, 30_000_000))


def timetable_with(starts_min):
    trips = [trip(f"t{k:02d}", f"{minute // 60}:{minute % 60:02d}") for k, minute in enumerate(starts_min)]
    return timetable_of(region([line(trips)], calendars={"weekdays": EVERY_DAY}))


def every_run(timetable, around):
    """All (trip, date, service day) within four days, the slow and certain way."""
    days = [around + timedelta(days=k) for k in range(-6, 7)]
    return [(found, day, ServiceDay(day, ZONE)) for day in days for found in timetable.trips_on(day)]


@given(NIGHTS, STARTS, SPANS)
@hypothesis_settings(max_examples=100, deadline=None)
def test_departures_between_finds_exactly_the_departures_in_the_span(night, starts_min, span):
    timetable = timetable_with(starts_min)
    earliest = Instant(ServiceDay(night, ZONE).start + span[0])
    latest = Instant(earliest + span[1])
    expected = sorted(
        (day.at(found.departure[1]), found.trip_id, on)
        for found, on, day in every_run(timetable, night)
        if earliest <= day.at(found.departure[1]) <= latest
    )
    found = timetable.departures_between(STATION, earliest, latest)
    assert [(row[0].trip_id, row[1]) for row in found] == [(trip_id, on) for _, trip_id, on in expected]
    assert all(row[2] == 1 for row in found)


@given(NIGHTS, STARTS, SPANS)
@hypothesis_settings(max_examples=100, deadline=None)
def test_running_between_finds_exactly_the_trips_under_way(night, starts_min, span):
    timetable = timetable_with(starts_min)
    earliest = Instant(ServiceDay(night, ZONE).start + span[0])
    latest = Instant(earliest + span[1])
    expected = [
        (found.trip_id, on)
        for found, on, day in every_run(timetable, night)
        if day.at(found.arrival[0]) <= latest and day.at(found.departure[-1]) >= earliest
    ]
    found = timetable.running_between(earliest, latest)
    assert [(run.trip_id, on) for run, on in found] == expected


@given(NIGHTS, st.integers(0, 6 * 86_400), st.integers(-100_000, 100_000))
@example(SPRING - timedelta(days=1), 2 * 86_400 - 1, 0)  # 00:59:59 two days later, though below 48:00
@example(SPRING, 0, 0)  # 23:00 of the day before
def test_a_service_time_lies_in_its_days_span_exactly_when_its_instant_lies_in_the_span(night, time_s, shift_ms):
    moment = ServiceDay(night, ZONE).at(time_s)
    days = ServiceDays({}, ZONE, time_s)
    earliest, latest = sorted((Instant(moment + shift_ms), Instant(moment + 1500)))
    views = {view.date: view for view in days.spans(earliest, latest)}
    assert night in views
    assert (views[night].from_s <= time_s <= views[night].to_s) == (earliest <= moment <= latest)


def test_the_night_the_clocks_go_back_keeps_every_departure_apart():
    timetable = timetable_with([23 * 60, 26 * 60, 27 * 60])
    day = ServiceDay(date(2025, 10, 25), ZONE)
    found = timetable.departures_between(STATION, day.at(86_400), day.at(28 * 3600))
    # 26:00 and 27:00 of Saturday are 02:00 CEST and 02:00 CET of Sunday: two departures, an hour apart.
    nights = [(run.trip_id, on) for run, on, _ in found if on == date(2025, 10, 25)]
    assert nights == [("t01", date(2025, 10, 25)), ("t02", date(2025, 10, 25))]
