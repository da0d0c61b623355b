from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.core.clock import Instant, datetime_at, instant
from v2x.its.clock import AHEAD_MS, GENERATION_DELTA_MS, ITS_EPOCH, TimestampIts, instant_of, timestamp_its, unwrapped

MOMENTS = st.integers(ITS_EPOCH, instant(datetime(2100, 1, 1, tzinfo=UTC))).map(Instant)


def test_its_time_begins_in_2004() -> None:
    assert timestamp_its(instant(datetime(2004, 1, 1, tzinfo=UTC))) == 0


def test_the_example_of_the_standard_counts_the_leap_seconds() -> None:
    """TS 102 894-2, TimestampIts: 2007-01-01T00:00:00Z is 94 694 401 000, a leap second after 3 years."""
    assert timestamp_its(instant(datetime(2007, 1, 1, tzinfo=UTC))) == 94_694_401_000


def test_a_signed_message_of_2023_is_five_seconds_ahead_of_utc() -> None:
    """tshark shows 2023-09-07 10:22:16.188 for this generation time of a public sample."""
    moment = datetime_at(instant_of(TimestampIts(621_166_941_188)), UTC)
    assert moment == datetime(2023, 9, 7, 10, 22, 16, 188_000, tzinfo=UTC)


@given(MOMENTS)
def test_there_and_back_is_the_same_instant(moment: Instant) -> None:
    assert instant_of(timestamp_its(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_later_stays_later(a: Instant, b: Instant) -> None:
    assert (a < b) == (timestamp_its(a) < timestamp_its(b))


@pytest.mark.parametrize("year", [2006, 2009, 2017])
def test_a_leap_second_makes_its_time_jump_by_two_seconds(year: int) -> None:
    first = instant(datetime(year, 1, 1, tzinfo=UTC))
    assert timestamp_its(first) - timestamp_its(Instant(first - 1)) == 1001


@given(MOMENTS, st.integers(-AHEAD_MS, GENERATION_DELTA_MS - AHEAD_MS - 1))
def test_a_message_is_dated_right_when_it_took_less_than_a_minute(made_at: Instant, delay_ms: int) -> None:
    made = timestamp_its(made_at)
    assert unwrapped(made % GENERATION_DELTA_MS, TimestampIts(made + delay_ms)) == made


@given(MOMENTS, st.integers(0, GENERATION_DELTA_MS - 1))
def test_the_result_ends_in_the_delta_and_is_hardly_ahead(received_at: Instant, delta: int) -> None:
    reference = timestamp_its(received_at)
    made = unwrapped(delta, reference)
    assert made % GENERATION_DELTA_MS == delta
    assert reference + AHEAD_MS - GENERATION_DELTA_MS < made <= reference + AHEAD_MS


@pytest.mark.parametrize("delta", [-1, 65_536])
def test_a_delta_outside_its_range_is_refused(delta: int) -> None:
    with pytest.raises(ValueError, match="is not in"):
        unwrapped(delta, TimestampIts(0))
