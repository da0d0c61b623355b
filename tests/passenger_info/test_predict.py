"""Predictions: bounds, order, holds and layover; and that they beat simpler ones on days they were not made for."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.bench_prediction import score_days
from gtfs.timetable import Timetable
from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant, seconds_between, shifted
from passenger_info.habits import Habits, learned
from passenger_info.match import begin, follow
from passenger_info.predict import Forecast, forecast, forecast_next
from passenger_info.track import Track
from tests.passenger_info.day import ONE_HOUR, Drive, at, run_on, timetable_of


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


def track_at(drive: Drive, moment: Instant) -> Track:
    frame = drive.timetable.frame
    states = [seen for seen in drive.states() if seen.as_of <= moment]
    track = begin(drive.run, frame.xy(states[0].sample.place), states[0])
    for seen in states[1:]:
        track = follow(track, frame.xy(seen.sample.place), seen)
    return track


def times_of(ahead: Forecast) -> list[tuple[Instant, Instant]]:
    return [(call.arrival.p50, call.departure.p50) for call in ahead.calls]


@settings(max_examples=150, deadline=None)
@given(
    second=st.integers(0, 500),
    late_s=st.floats(0, 900),
    silence_s=st.floats(0, 90),
    hold_s=st.none() | st.integers(-100, 600),
)
def test_times_rise_in_whole_seconds_and_never_lie_before_now(
    tmp_path_factory: pytest.TempPathFactory, second: int, late_s: float, silence_s: float, hold_s: int | None
) -> None:
    table = _table(tmp_path_factory)
    run = run_on(table, "D1")
    drive = Drive(run, table, start_late_s=late_s, every_s=10)
    track = track_at(drive, shifted(run.departure[0], second))
    if track.is_done:
        return
    now = shifted(track.as_of, silence_s)
    holds = {} if hold_s is None else {1: shifted(run.departure[1], hold_s)}
    ahead = forecast(track, now, Habits(), holds=holds)
    assert ahead.first + len(ahead.calls) == run.last + 1
    for i, call in enumerate(ahead.calls):
        for when in (call.arrival, call.departure):
            assert when.p10 <= when.p50 <= when.p90
            assert when.p50 % 1000 == 0
        assert call.departure.p50 >= call.arrival.p50
        assert call.departure.p50 >= now or ahead.first + i == run.last
        if i > 0:
            assert call.arrival.p50 > ahead.calls[i - 1].departure.p50
    assert ahead.ends >= now


_TABLES: list[Timetable] = []


def _table(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    if not _TABLES:
        _TABLES.append(timetable_of(ONE_HOUR, tmp_path_factory.mktemp("shared")))
    return _TABLES[0]


def test_a_vehicle_on_time_is_predicted_to_leave_on_time_everywhere(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    ahead = forecast(track_at(Drive(run, timetable), at("08:01")), at("08:01"), Habits())
    assert [left for _, left in times_of(ahead)][:-1] == list(run.departure[1:-1])


def test_slack_absorbs_a_delay_that_carrying_it_along_would_keep(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    track = track_at(Drive(run, timetable, start_late_s=60), at("08:01:30"))
    ahead = forecast(track, track.as_of, Habits())
    assert track.delay_s > 30
    assert seconds_between(run.arrival[-1], ahead.ends) < track.delay_s - 15


def test_a_hold_delays_the_stop_and_what_follows_but_not_what_lies_before(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    track = track_at(Drive(run, timetable), at("08:00:30"))
    free = forecast(track, track.as_of, Habits())
    held = forecast(track, track.as_of, Habits(), holds={2: shifted(run.departure[2], 240)})
    assert held.at(1) == free.at(1)
    assert held.at(2).departure.p50 == shifted(run.departure[2], 240)
    assert held.ends >= shifted(free.ends, 120)


def test_layover_absorbs_a_delay_before_the_blocks_next_trip(timetable: Timetable) -> None:
    late = Instant(at("08:11"))
    arrives = Prediction(p10=late, p50=late, p90=late)
    after = forecast_next(run_on(timetable, "D2"), arrives, at("08:05"), Habits())
    assert after.calls[0].departure.p50 == run_on(timetable, "D2").departure[0]
    much_later = shifted(run_on(timetable, "D2").departure[0], 120)
    pressed = forecast_next(
        run_on(timetable, "D2"), Prediction(p10=much_later, p50=much_later, p90=much_later), at("08:05"), Habits()
    )
    assert pressed.calls[0].departure.p50 == shifted(much_later, 60)


def test_a_vehicle_that_overstays_is_still_predicted_to_leave_after_now(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    drive = Drive(run, timetable, start_late_s=200)
    track = track_at(drive, at("08:02"))
    ahead = forecast(track, track.as_of, Habits())
    assert track.is_at_stop
    assert ahead.calls[0].departure.p50 > track.as_of


def test_silence_widens_the_interval(timetable: Timetable) -> None:
    track = track_at(Drive(run_on(timetable, "D1"), timetable, start_late_s=100), at("08:03"))
    fresh, stale = (forecast(track, shifted(track.as_of, s), Habits()).calls[-1].arrival for s in (0, 80))
    assert stale.p90 - stale.p10 > fresh.p90 - fresh.p10


def test_habits_follow_what_late_drives_show(timetable: Timetable) -> None:
    run, habits = run_on(timetable, "D1"), Habits()
    before = habits.drive(run, 1, 60).mean_s
    for _ in range(20):
        habits = learned(habits, run, 1, (run.departure[0] + 60_000.0, run.departure[0] + 160_000.0, None))
    assert before > 120
    assert habits.drive(run, 1, 60).mean_s == pytest.approx(100, abs=8)


def test_predictions_beat_schedule_and_constant_delay_on_generated_days(tmp_path: Path) -> None:
    scores = score_days(days=3, seed=4711, folder=tmp_path)
    ours, constant, schedule = scores["mae_s"], scores["baselines"]["constant_delay"], scores["baselines"]["schedule"]
    assert scores["scored"] > 1000
    assert ours < 0.92 * constant["mae_s"]
    assert ours < 0.65 * schedule["mae_s"]
    assert scores["eta_accuracy"] > constant["eta_accuracy"]
    assert 0.7 < scores["interval_coverage"] < 0.95
