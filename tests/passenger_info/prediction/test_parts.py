"""The parts of prediction: scenarios, pools, levels, watching, widths and baselines."""

import random
from dataclasses import replace
from datetime import timedelta
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.timetable import Timetable
from mobility.core.clock import Instant, shifted
from mobility.core.road_weather import RoadWeather
from mobility.core.vehicle import Doors
from passenger_info.match import begin, follow
from passenger_info.prediction.baselines import Baselines
from passenger_info.prediction.history import History
from passenger_info.prediction.levels import Effect, Levels
from passenger_info.prediction.pools import Pool
from passenger_info.prediction.scenarios import COUNT, drawn, from_three, normals, quantiles, table
from passenger_info.prediction.segment import Segment
from passenger_info.prediction.watch import MARKS, Watch
from passenger_info.prediction.widths import Widths, group_of
from tests.passenger_info.day import DAY, ONE_HOUR, Drive, at, run_on, timetable_of

DURATIONS = st.lists(st.floats(0, 1000), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


@settings(max_examples=60, deadline=None)
@given(durations=DURATIONS, column=st.integers(0, 200))
def test_a_table_keeps_the_range_and_the_median_of_what_was_seen_in_any_order(
    durations: list[float], column: int
) -> None:
    values = drawn(table(durations), column)
    assert values.shape == (COUNT,)
    assert min(durations) <= values.min()
    assert values.max() <= max(durations)
    assert sorted(values) == sorted(table(durations))


def test_sums_of_scenarios_have_the_spread_of_independent_durations() -> None:
    total = sum(normals(column) for column in range(10))
    assert np.std(total) == pytest.approx(10**0.5, rel=0.15)


@settings(max_examples=60, deadline=None)
@given(p10=st.floats(-500, 0), p90=st.floats(0, 500))
def test_values_from_three_quantiles_have_them(p10: float, p90: float) -> None:
    found = [float(q[0]) for q in quantiles(from_three(p10, 0.0, p90, 3)[np.newaxis, :])]
    assert found == pytest.approx([p10, 0.0, p90], abs=0.03 * (p90 - p10) + 0.01)


def test_quantiles_of_a_normal_distribution_are_right() -> None:
    found = [float(q[0]) for q in quantiles(normals(5)[np.newaxis, :])]
    assert found == pytest.approx([NormalDist().inv_cdf(q) for q in (0.1, 0.5, 0.9)], abs=0.02)


@settings(max_examples=60, deadline=None)
@given(durations=st.lists(st.floats(0, 500), min_size=1, max_size=300), passed_s=st.floats(-100, 800))
def test_the_rest_of_a_duration_is_never_negative(durations: list[float], passed_s: float) -> None:
    pool = Pool((10.0,))
    for duration_s in durations:
        pool.add(duration_s)
    assert pool.rest(passed_s).min() >= 0
    assert len(pool) <= 250


def test_what_has_lasted_long_is_expected_to_last_longer_still() -> None:
    pool = Pool(())
    for duration_s in (*[10.0] * 90, *[100.0] * 10):
        pool.add(duration_s)
    assert np.median(pool.rest(0.0)) == 10
    assert np.median(pool.rest(20.0)) == 80
    assert np.median(pool.rest(300.0)) > 50


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.floats(-1, 1), min_size=1, max_size=30))
def test_variances_only_shrink_and_values_stay_within_what_was_seen(values: list[float]) -> None:
    levels, effects = Levels(), [Effect(("a",), 0.0, 0.2), Effect(("b",), 0.0, 0.1)]
    before = levels.expected(effects, Instant(0))[1]
    for value in values:
        levels.observe(effects, value, 0.01, Instant(0))
        expected, variance = levels.expected(effects, Instant(0))
        assert 0 < variance < before
        assert min(0.0, *values) - 1e-9 <= expected <= max(0.0, *values) + 1e-9
        before = variance


def test_a_quick_effect_fades_and_a_slow_one_stays() -> None:
    levels = Levels()
    quick, slow = Effect(("quick",), 0.0, 0.1, 600.0), Effect(("slow",), 0.0, 0.1)
    for _ in range(20):
        levels.observe([quick], 0.2, 0.001, Instant(0))
        levels.observe([slow], 0.2, 0.001, Instant(0))
    later = Instant(3_600_000)
    assert levels.expected([quick], Instant(0))[0] == pytest.approx(0.2, abs=0.02)
    assert levels.expected([quick], later)[0] == pytest.approx(0.0, abs=0.01)
    assert levels.expected([slow], later)[0] == pytest.approx(0.2, abs=0.02)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), width=st.floats(0.2, 3))
def test_intervals_that_are_too_narrow_or_too_wide_end_up_holding_four_of_five(seed: int, width: float) -> None:
    widths, held, rng = Widths(), 0, random.Random(seed)
    group = group_of(200, is_waiting=False)
    for k in range(2000):
        low, high = (float(each[0]) for each in widths.of(np.array([200.0]), is_waiting=False))
        off = rng.gauss(0, 1)
        is_below, is_above = off < -1.2816 * width * low, off > 1.2816 * width * high
        widths.happened(group, is_below=is_below, is_above=is_above)
        held += k >= 1000 and not (is_below or is_above)
    assert 0.74 < held / 1000 < 0.86


def test_a_segments_profile_follows_where_time_is_lost() -> None:
    segment = Segment()
    for _ in range(30):
        marks_s = [*[2.0 * (k + 1) for k in range(10)], *[20 + 6.0 * (k + 1) for k in range(10)]]
        segment.drive_seen((), marks_s, DAY)
    assert segment.passed(0.5) == pytest.approx(0.25, abs=0.03)
    assert segment.passed(1.0) == pytest.approx(1.0)


def test_a_watch_sees_stands_and_marks_of_a_drive(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    drive, watch = Drive(run, timetable), Watch()
    frame, track = timetable.frame, None
    for seen in drive.states():
        point = frame.xy(seen.sample.place)
        track = begin(run, point, seen) if track is None else follow(track, point, seen)
        watch.see(track, seen.sample)
        if track.call_index == 1 and track.is_at_stop:
            break
    assert watch.stands == []
    assert len(watch.marks_s) >= MARKS - 1
    assert watch.marks_s == sorted(watch.marks_s)
    assert watch.marks_s[9] == pytest.approx(60, abs=8)


def test_doors_that_shut_after_they_were_open_are_remembered_until_the_next_stop(timetable: Timetable) -> None:
    run, watch = run_on(timetable, "D1"), Watch()
    states = [seen for seen in Drive(run, timetable, wait_before_s=20).states() if seen.as_of < run.departure[0]]
    track = begin(run, timetable.frame.xy(states[0].sample.place), states[0])
    watch.see(track, states[0].sample)
    assert watch.shut_since is None
    shut = replace(states[-1], sample=replace(states[-1].sample, doors=Doors.CLOSED))
    track = follow(track, timetable.frame.xy(shut.sample.place), shut)
    watch.see(track, shut.sample)
    assert watch.shut_since == shut.as_of


def test_history_follows_what_drives_show_and_knows_more_of_a_segment_driven_often(timetable: Timetable) -> None:
    run, history = run_on(timetable, "D1"), History()
    before = history.moving(run, 1, at("07:00"), by_hand=False)
    for _ in range(20):
        history.drove(run, 1, run.departure[0], shifted(run.departure[0], 100))
    after = history.moving(run, 1, at("09:00"), by_hand=False)
    assert np.exp(before.log_s) > 120
    assert np.exp(after.log_s) == pytest.approx(100, abs=8)
    assert after.variance < before.variance


def test_snow_makes_drives_longer_before_any_was_seen(timetable: Timetable) -> None:
    run, dry, snow = run_on(timetable, "D1"), History(), History(weather=RoadWeather.SNOW)
    times = [np.exp(h.moving(run, 1, at("08:00"), by_hand=False).log_s) for h in (dry, snow)]
    assert times[1] / times[0] == pytest.approx(1.083, abs=0.01)


def test_a_stop_that_the_schedule_made_longer_teaches_no_dwell(timetable: Timetable) -> None:
    run, history = run_on(timetable, "D1"), History()
    due = run.departure[1]
    history.stopped(run, 1, shifted(due, -120), shifted(due, 3), due, ramp=False)
    assert len(history.line(run).dwells) == 0
    assert len(history.releases) == 1
    history.stopped(run, 1, shifted(due, 20), shifted(due, 38), due, ramp=False)
    assert history.line(run).dwells.durations.count(18.0) == 1


def test_baselines_start_with_the_schedule_and_follow_days_of_the_trip(timetable: Timetable) -> None:
    run, baselines = run_on(timetable, "D1"), Baselines()
    states = [seen for seen in Drive(run, timetable, start_late_s=120).states() if seen.as_of < at("08:02:30")]
    track = begin(run, timetable.frame.xy(states[0].sample.place), states[0])
    for seen in states[1:]:
        track = follow(track, timetable.frame.xy(seen.sample.place), seen)
    by_schedule = baselines.predicted(track, track.as_of, {}, is_kalman=False)
    for k in range(1, 6):
        past = run_on(timetable, "D1", DAY - timedelta(days=k))
        for i in (1, 2, 3):
            baselines.drove(past, i, past.departure[i - 1], shifted(past.departure[i - 1], 90))
    for is_kalman in (False, True):
        learned = baselines.predicted(track, track.as_of, {}, is_kalman=is_kalman)
        assert list(learned) == list(by_schedule) == [1, 2, 3]
        assert all(learned[i] <= by_schedule[i] for i in learned)
        assert learned[1] < by_schedule[1] - 20_000


def test_the_filter_listens_to_the_last_vehicle_the_more_the_days_differ(timetable: Timetable) -> None:
    def predicted_s(spread_s: float) -> float:
        baselines = Baselines()
        for k in range(1, 4):
            past = run_on(timetable, "D1", DAY - timedelta(days=k))
            baselines.drove(past, 1, past.departure[0], shifted(past.departure[0], 100 + spread_s * (k - 2)))
        other = run_on(timetable, "D3")
        baselines.drove(other, 1, other.departure[0], shifted(other.departure[0], 160))
        return baselines._drive_s(run_on(timetable, "D1"), 1, is_kalman=True)

    assert predicted_s(1.0) == pytest.approx(100, abs=5)
    assert predicted_s(40.0) > 120
