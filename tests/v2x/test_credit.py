from hypothesis import given, settings
from hypothesis import strategies as st

from v2x.credit import (
    CALM,
    LEAST_BACKLOG,
    LEAST_WINDOW,
    SHARED_BACKLOG,
    SHARED_WINDOW,
    Level,
    Load,
    credit_at,
    level_at,
)
from v2x.pressure import MOST_PENDING_BYTES, MOST_PENDING_SAMPLES, Pressure

loads = st.builds(
    Load,
    pending_samples=st.integers(0, 200_000),
    lag_ms=st.integers(0, 20_000),
    connections=st.integers(0, 3000),
)
levels = st.sampled_from(Level)


def load(pending: int = 1, lag_ms: int = 0) -> Load:
    return Load(pending_samples=pending, lag_ms=lag_ms, connections=1)


def test_a_few_vehicles_without_load_are_told_nothing_new() -> None:
    assert credit_at(Level.EASY, 8) == CALM


def test_load_stops_backlog_first_and_routine_samples_after() -> None:
    told = [credit_at(level, 10) for level in Level]
    assert [each.backlog_samples > 0 for each in told] == [True, False, False, False]
    assert [each.routine_interval_ms for each in told] == [0, 0, 1000, 5000]
    assert [each.window_samples for each in told] == [2000, 1000, 500, 250]


def test_a_slow_disk_counts_as_load_like_many_samples() -> None:
    assert level_at(load(lag_ms=1000), Level.EASY) is level_at(load(pending=16_384), Level.EASY) is Level.FULL


def test_the_level_falls_only_well_below_where_it_rose() -> None:
    assert level_at(load(lag_ms=999), Level.FULL) is Level.FULL
    assert level_at(load(lag_ms=499), Level.FULL) is Level.BUSY
    assert level_at(load(), Level.OVER) is Level.FULL


def test_where_nothing_waits_all_is_easy_at_once() -> None:
    assert level_at(load(pending=0, lag_ms=9000), Level.OVER) is Level.EASY


@settings(max_examples=200, deadline=None)
@given(loads, levels)
def test_more_load_never_means_a_lower_level_and_no_load_leads_back(before: Load, former: Level) -> None:
    level = level_at(before, former)
    more = Load(pending_samples=before.pending_samples * 2, lag_ms=before.lag_ms * 2, connections=before.connections)
    assert level_at(more, former) >= level
    for _ in Level:
        level = level_at(load(), level)
    assert level is Level.EASY


@settings(max_examples=200, deadline=None)
@given(levels, st.integers(0, 3000))
def test_all_vehicles_together_stay_within_what_is_shared(level: Level, connections: int) -> None:
    credit = credit_at(level, connections)
    assert credit.window_samples * connections <= max(SHARED_WINDOW, LEAST_WINDOW * connections)
    assert credit.backlog_samples * connections <= max(SHARED_BACKLOG, LEAST_BACKLOG * connections)
    assert credit.window_samples >= 1


def test_pressure_follows_what_waits_and_returns() -> None:
    pressure = Pressure()
    pressure.joined(1)
    pressure.taken(20_000, 1_000_000)
    assert (pressure.level, pressure.credit.backlog_samples) == (Level.FULL, 0)
    pressure.settled(20_000, 1_000_000, 10)
    pressure.taken(1, 50)
    assert pressure.level is Level.EASY
    assert pressure.credit is CALM


def test_pressure_is_full_by_bytes_or_by_samples() -> None:
    by_bytes, by_samples = Pressure(), Pressure()
    by_bytes.taken(1, MOST_PENDING_BYTES)
    by_samples.taken(MOST_PENDING_SAMPLES, 1)
    assert by_bytes.is_full
    assert by_samples.is_full
    by_bytes.settled(1, MOST_PENDING_BYTES, 0)
    assert not by_bytes.is_full


def test_many_vehicles_share_the_window() -> None:
    pressure = Pressure()
    for _ in range(500):
        pressure.joined(1)
    assert pressure.credit.window_samples == SHARED_WINDOW // 512
    for _ in range(495):
        pressure.joined(-1)
    assert pressure.credit is CALM
