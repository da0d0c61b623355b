"""Predictions: bounds, order, holds, stands and layover; and that they are cheap and always the same."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.timetable import Timetable
from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant, seconds_between, shifted
from passenger_info.match import begin, follow
from passenger_info.predict import Forecast, forecast, forecast_next
from passenger_info.prediction.history import History
from passenger_info.prediction.watch import Watch
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


def width_s(when: Prediction) -> float:
    return seconds_between(when.p10, when.p90)


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
    ahead = forecast(track, now, History(), holds=holds)
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
    ahead = forecast(track_at(Drive(run, timetable), at("08:00:30")), at("08:00:30"), History())
    for (_, left), due in zip(times_of(ahead)[:-1], run.departure[1:-1], strict=True):
        assert 0 <= seconds_between(due, left) <= 15


def test_the_same_question_has_the_same_answer(timetable: Timetable) -> None:
    track = track_at(Drive(run_on(timetable, "D1"), timetable, start_late_s=80, noise_m=3), at("08:02"))
    assert forecast(track, at("08:02"), History()) == forecast(track, at("08:02"), History())


def test_slack_absorbs_a_delay_that_carrying_it_along_would_keep(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    track = track_at(Drive(run, timetable, start_late_s=60), at("08:01:30"))
    ahead = forecast(track, track.as_of, History())
    assert track.delay_s > 30
    assert seconds_between(run.arrival[-1], ahead.ends) < track.delay_s - 15


def test_a_hold_delays_the_stop_and_what_follows_but_not_what_lies_before(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    track = track_at(Drive(run, timetable), at("08:00:30"))
    history = History()
    free = forecast(track, track.as_of, history)
    held = forecast(track, track.as_of, history, holds={2: shifted(run.departure[2], 240)})
    assert held.at(1) == free.at(1)
    assert 240 <= seconds_between(run.departure[2], held.at(2).departure.p50) <= 250
    assert held.ends >= shifted(free.ends, 120)


def test_a_vehicle_held_at_its_first_stop_is_not_taken_for_one_that_is_stuck(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    track = track_at(Drive(run, timetable, start_late_s=280), at("08:03"))
    held = forecast(track, track.as_of, History(), holds={0: shifted(run.departure[0], 240)})
    assert 235 <= seconds_between(run.departure[0], held.calls[0].departure.p50) <= 260


def test_layover_absorbs_a_delay_before_the_blocks_next_trip(timetable: Timetable) -> None:
    late, due = at("08:11"), run_on(timetable, "D2").departure[0]
    run, history = run_on(timetable, "D2"), History()
    after = forecast_next(run, Prediction(p10=late, p50=late, p90=late), at("08:05"), history)
    assert 0 <= seconds_between(due, after.calls[0].departure.p50) <= 15
    later = shifted(due, 120)
    pressed = forecast_next(run, Prediction(p10=later, p50=later, p90=later), at("08:05"), history)
    assert 30 <= seconds_between(later, pressed.calls[0].departure.p50) <= 100


def test_a_vehicle_that_overstays_is_still_predicted_to_leave_after_now(timetable: Timetable) -> None:
    track = track_at(Drive(run_on(timetable, "D1"), timetable, start_late_s=200), at("08:02"))
    ahead = forecast(track, track.as_of, History())
    assert track.is_at_stop
    assert ahead.calls[0].departure.p50 > track.as_of


def test_silence_widens_the_interval(timetable: Timetable) -> None:
    track = track_at(Drive(run_on(timetable, "D1"), timetable, start_late_s=100), at("08:03"))
    history = History()
    fresh, stale = (forecast(track, shifted(track.as_of, s), history).calls[-1].arrival for s in (0, 80))
    assert width_s(stale) > width_s(fresh)


def test_intervals_grow_with_the_way_ahead(timetable: Timetable) -> None:
    track = track_at(Drive(run_on(timetable, "D1"), timetable, start_late_s=200), at("08:04"))
    ahead = forecast(track, track.as_of, History())
    widths = [width_s(call.arrival) for call in ahead.calls]
    assert widths == sorted(widths)
    assert widths[-1] > widths[0]


def test_a_vehicle_that_stands_between_stops_is_expected_later_the_longer_it_stands(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    track = track_at(Drive(run, timetable, start_late_s=100), at("08:03"))
    assert not track.is_at_stop
    history, rests = History(), []
    for stood_s in (5, 60, 200):
        watch = Watch(call_index=1, stands_since=shifted(track.as_of, -stood_s))
        ahead = forecast(track, track.as_of, history, watch=watch)
        rests.append(seconds_between(track.as_of, ahead.calls[0].arrival.p50))
    assert rests == sorted(rests)
    assert rests[-1] > rests[0] + 30


def test_the_pace_of_a_drive_so_far_tells_its_rest(timetable: Timetable) -> None:
    run, history = run_on(timetable, "D1"), History()
    slow, quick = (
        track_at(Drive(run, timetable, start_late_s=100, drive_s=(drive_s,) * 3), shifted(run.departure[0], 100 + half))
        for drive_s, half in ((240, 120), (120, 60))
    )
    assert abs(slow.chainage_m - quick.chainage_m) < 20
    rests = [
        seconds_between(track.as_of, forecast(track, track.as_of, history).calls[0].arrival.p50)
        for track in (slow, quick)
    ]
    assert rests[0] > rests[1] + 10


def test_a_forecast_costs_less_than_a_millisecond(timetable: Timetable) -> None:
    track = track_at(Drive(run_on(timetable, "D1"), timetable, start_late_s=100), at("08:03"))
    history = History()
    best_s = float("inf")
    for _ in range(20):
        began = time.process_time()
        for _ in range(10):
            forecast(track, track.as_of, history)
        best_s = min(best_s, (time.process_time() - began) / 10)
    assert best_s < 0.001
