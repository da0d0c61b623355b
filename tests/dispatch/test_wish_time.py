"""Clock times as people type them."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.wish_time import TimeFault, local_instant, parse_clock, parse_day
from mobility.core.clock import datetime_at

ZONE = "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("14:30", (14, 30)),
        (" 9:05 ", (9, 5)),
        ("14.30", (14, 30)),
        ("14 Uhr 30", (14, 30)),
        ("14:30 Uhr", (14, 30)),
        ("9 Uhr", (9, 0)),
        ("9h", (9, 0)),
        ("1430", (14, 30)),
        ("930", (9, 30)),
        ("0:00", (0, 0)),
        ("9", (9, 0)),
    ],
)
def test_times_are_read_as_people_write_them(text: str, clock: tuple[int, int]) -> None:
    assert parse_clock(text) == clock


@pytest.mark.parametrize("text", ["", "25:00", "12:60", "-1", "zehn", "١٢:٣٠", "12:3", "1 2", "9:30:00", "9" * 100])
def test_what_is_no_time_is_not_guessed(text: str) -> None:
    assert parse_clock(text) is None


@given(st.text(max_size=30))
def test_any_text_is_a_time_of_day_or_nothing(text: str) -> None:
    clock = parse_clock(text)
    assert clock is None or (0 <= clock[0] < 24 and 0 <= clock[1] < 60)


@given(st.text(max_size=12) | st.dates().map(str))
def test_any_text_is_a_date_or_nothing(text: str) -> None:
    day = parse_day(text)
    assert day is None or day.isoformat() == text or day.isocalendar().year == int(text[:4])


@given(st.integers(0, 23), st.integers(0, 59))
def test_an_ordinary_day_has_every_minute_once(hour: int, minute: int) -> None:
    moment = local_instant(date(2025, 10, 7), f"{hour}:{minute:02d}", ZONE)
    assert not isinstance(moment, TimeFault)
    assert f"{datetime_at(moment, ZoneInfo(ZONE)):%H:%M}" == f"{hour:02d}:{minute:02d}"


def test_the_hour_that_spring_skips_and_the_one_that_autumn_repeats_are_named() -> None:
    assert local_instant(date(2025, 3, 30), "2:30", ZONE) is TimeFault.SKIPPED
    assert local_instant(date(2025, 10, 26), "2:30", ZONE) is TimeFault.TWICE
    assert not isinstance(local_instant(date(2025, 10, 26), "3:00", ZONE), TimeFault)
    assert local_instant(date(2025, 10, 26), "halb drei", ZONE) is TimeFault.UNREADABLE
