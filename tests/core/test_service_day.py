"""Service days keep their promises on ordinary days, beyond midnight and in both nights the clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.core.clock import datetime_at, instant
from mobility.core.service_day import (
    ServiceDay,
    format_service_time,
    parse_service_time,
    service_day_of,
)

BERLIN = "Europe/Berlin"
SPRING = date(2026, 3, 29)
AUTUMN = date(2025, 10, 26)

dates = st.dates(date(2020, 1, 1), date(2037, 12, 31))
zones = st.sampled_from([BERLIN, "America/Los_Angeles", "Australia/Lord_Howe", "UTC", "Pacific/Apia"])
times = st.integers(0, 7 * 86_400 - 1)


def wall(day: date, time_s: int) -> str:
    return datetime_at(ServiceDay(day, BERLIN).at(time_s), ZoneInfo(BERLIN)).strftime("%d %H:%M")


def test_a_trip_at_eight_leaves_at_eight_on_the_wall() -> None:
    assert wall(date(2025, 10, 14), 8 * 3600) == "14 08:00"


def test_a_trip_at_25_30_leaves_at_half_past_one_the_next_morning() -> None:
    assert wall(date(2025, 10, 14), 25 * 3600 + 1800) == "15 01:30"


def test_noon_is_noon_in_both_nights_the_clocks_change() -> None:
    assert wall(SPRING, 12 * 3600) == "29 12:00"
    assert wall(AUTUMN, 12 * 3600) == "26 12:00"


def test_time_zero_is_an_hour_off_midnight_on_the_days_the_clocks_change() -> None:
    """GTFS measures from noon minus 12 h, so that every afternoon time is the one on the wall."""
    assert wall(SPRING, 0) == "28 23:00"
    assert wall(AUTUMN, 0) == "26 01:00"


def test_a_night_trip_of_the_day_before_crosses_the_lost_hour_without_a_jump() -> None:
    day = ServiceDay(SPRING - timedelta(days=1), BERLIN)
    before, after = day.at(25 * 3600 + 59 * 60), day.at(26 * 3600 + 60)
    assert after - before == 2 * 60_000
    assert wall(day.date, 26 * 3600 + 60) == "29 03:01"


@given(dates, zones, times)
def test_an_instant_gives_back_the_service_time_it_came_from(day: date, zone: str, time_s: int) -> None:
    service_day = ServiceDay(day, zone)
    assert service_day.time_of(service_day.at(time_s)) == time_s


@given(dates, zones, times, times)
def test_service_times_elapse_like_seconds(day: date, zone: str, a: int, b: int) -> None:
    service_day = ServiceDay(day, zone)
    assert service_day.at(b) - service_day.at(a) == (b - a) * 1000


@given(dates, st.integers(0, 86_399))
def test_the_service_day_of_an_instant_is_its_local_date(day: date, second: int) -> None:
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(BERLIN)) + timedelta(seconds=second)
    moment = instant(local)
    assert service_day_of(moment, BERLIN).date == datetime_at(moment, ZoneInfo(BERLIN)).date()


@given(times)
def test_a_time_is_read_back_as_it_was_written(time_s: int) -> None:
    assert parse_service_time(format_service_time(time_s)) == time_s


def test_hours_need_no_leading_zero() -> None:
    assert parse_service_time(" 9:59:00") == 9 * 3600 + 59 * 60


@pytest.mark.parametrize("text", ["", "8:00", "08:60:00", "-1:00:00", "168:00:00", "8:00:00.5", "\u0668:00:00", "8h"])
def test_what_is_no_time_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|seven days"):
        parse_service_time(text)


@given(st.text(max_size=12))
def test_any_text_is_a_time_or_a_clear_error(text: str) -> None:
    try:
        assert 0 <= parse_service_time(text) < 7 * 86_400
    except ValueError as error:
        assert repr(text) in str(error)


def test_a_time_before_its_service_day_can_not_be_written() -> None:
    with pytest.raises(ValueError, match="before its service day"):
        format_service_time(-1)


def test_a_naive_time_names_no_instant() -> None:
    with pytest.raises(ValueError, match="naive"):
        instant(datetime(2025, 10, 14, 8))  # noqa: DTZ001 - the point of the test


@given(st.integers(-(10**12), 4 * 10**12))
def test_an_instant_survives_the_way_through_a_datetime(milliseconds: int) -> None:
    moment = datetime_at(milliseconds, UTC)  # type: ignore[arg-type]
    assert instant(moment) == milliseconds
