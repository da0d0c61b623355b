"""Prediction on days: disturbed days are what they say, ours beats the others on them, and the trip log teaches."""

from datetime import date
from pathlib import Path

import pytest

from benchmarks.bench_prediction import LEAST_LIVE, Errors, floor_of, lived, towns, weekdays
from benchmarks.disturbances import DIGEST, DISTURBANCES
from benchmarks.disturbed_days import Town
from benchmarks.disturbed_driver import Driver
from benchmarks.knowing import driven_on
from mobility.core.clock import seconds_between, shifted
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import TripRef, VehicleState
from passenger_info.learning import learn
from passenger_info.predictor import Predictor
from passenger_info.runs import Runs
from passenger_info.visits import StopVisit, visits
from tests.passenger_info.day import DAY, ONE_HOUR, Drive, run_on, timetable_of

LINE_D = frozenset({"D"})
TUESDAY = date(2025, 10, 14)


@pytest.fixture(scope="module")
def town() -> Town:
    return next(iter(towns((1,), LINE_D)))


def test_the_disturbances_are_the_frozen_ones_and_say_where_they_come_from() -> None:
    assert DIGEST == "4b8386a97f65c1e5"
    assert all(table["basis"] in {"read", "known", "assumed"} for table in DISTURBANCES.values())


def test_the_same_town_has_the_same_day_and_another_town_another(town: Town) -> None:
    first, second = (list(town.deliveries(TUESDAY)) for _ in range(2))
    assert first == second
    assert list(next(iter(towns((2,), LINE_D))).deliveries(TUESDAY)) != first


def test_deliveries_come_in_order_and_samples_of_a_radio_gap_come_after_it(town: Town) -> None:
    found = list(town.deliveries(TUESDAY))
    assert [d.at for d in found] == sorted(d.at for d in found)
    states = [(d.at, d.body) for d in found if isinstance(d.body, VehicleState)]
    held = [seconds_between(state.as_of, at) for at, state in states]
    assert min(held) == 0
    assert 5 < max(held) < 400
    for vehicle_id in {state.vehicle_id for _, state in states}:
        times = [state.as_of for _, state in states if state.vehicle_id == vehicle_id]
        assert times == sorted(set(times))


def test_no_vehicle_leaves_a_stop_before_its_time_and_all_trips_are_driven(town: Town) -> None:
    drivers: list[Driver] = []
    list(town.deliveries(TUESDAY, drivers))
    trips = [trip for trip in town.timetable.trips_on(TUESDAY) if trip.route_id == "D"]
    reached = {ref.trip_id for d in drivers for ref, _ in d.arrivals}
    assert reached == {trip.trip_id for trip in trips}
    runs = Runs(town.timetable)
    for driver in drivers:
        for cross in driver.crossroads:
            if cross.i >= 0:
                assert cross.at >= runs.get(TripRef(cross.trip.trip_id, TUESDAY)).departure[cross.i]


def test_one_who_knows_the_model_repeats_what_was_seen_and_draws_the_rest_anew(town: Town) -> None:
    drivers: list[Driver] = []
    list(town.deliveries(TUESDAY, drivers))
    driver = drivers[0]
    trip = driver.crossroads[0].trip
    left, arrives = driver.crossroads[1].at, driver.arrivals[TripRef(trip.trip_id, TUESDAY), 1]
    waiting, driving = (driven_on(driver, trip.trip_id, at, 20) for at in (shifted(left, -60), shifted(left, 20)))
    for seen, drives in ((shifted(left, -60), waiting), (shifted(left, 20), driving)):
        assert all(list(drive) == list(range(1, trip.call_count)) for drive in drives)
        assert all(min(drive.values()) > seen for drive in drives)
        assert len({drive[2] for drive in drives}) > 10
    there = driven_on(driver, trip.trip_id, shifted(arrives, -1), 20)
    assert {drive[1] for drive in there} == {arrives}
    starts = [min(drive.values()) for drive in driven_on(driver, trip.trip_id, shifted(left, -1), 20)]
    assert min(starts) > left


def test_the_floor_takes_the_error_out_that_a_median_of_few_drives_has_itself() -> None:
    found = floor_of([Errors(30.0, 40.0, 26.0, 27.0), Errors(20.0, 30.0, 16.0, 17.0)])
    assert found == {
        "compared": 2,
        "mae_s": 25.0,
        "historical_mean_mae_s": 35.0,
        "best_possible_mae_s": 20.0,
        "ratio": 1.25,
        "best_possible_to_historical_mean": 0.571,
    }


@pytest.mark.slow
def test_ours_beats_the_schedule_a_constant_delay_and_the_historical_mean_on_a_town_nobody_tuned_for() -> None:
    town = next(iter(towns((9001,), LINE_D)))
    score = lived(town, 1, 1).info.accuracy()
    assert score["scored"] > 1500
    assert score["eta_accuracy"] > 0.92
    for name in ("schedule", "constant_delay", "historical_mean"):
        assert score["mae_s"] < score["baselines"][name]["mae_s"]
    assert 0.7 < score["interval_coverage"] < 0.9
    assert score["live_share"] >= LEAST_LIVE
    assert len(weekdays(9)) == 9


def test_the_trip_log_teaches_what_watching_would_have(tmp_path: Path) -> None:
    timetable = timetable_of(ONE_HOUR, tmp_path)
    runs, predictor = Runs(timetable), Predictor()
    run = run_on(timetable, "D1")
    records = [
        TelemetryRecord(sample=seen.sample, received_at=seen.as_of, event_time=seen.as_of, payload=b"")
        for seen in Drive(run, timetable, start_late_s=100, drive_s=(95.0, 95.0, 95.0)).states()
    ]
    performed = visits(timetable, records)
    before_s = predictor.history.moving(run, 2, run.departure[0], by_hand=False).log_s
    assert sum(learn(predictor, runs, performed.visits) for _ in range(8)) == 8 * 3
    after_s = predictor.history.moving(run, 2, shifted(run.departure[0], 60), by_hand=False).log_s
    assert after_s < before_s - 0.1
    assert max(predictor.history.starts(run).durations) == pytest.approx(100, abs=5)


def test_visits_that_fit_no_timetable_teach_nothing(tmp_path: Path) -> None:
    timetable = timetable_of(ONE_HOUR, tmp_path)
    run = run_on(timetable, "D1")

    def visit(trip_id: str, sequence: int, stop_id: str) -> StopVisit:
        return StopVisit(
            trip=TripRef(trip_id, DAY),
            vehicle_id="shuttle-1",
            stop_id=stop_id,
            stop_sequence=sequence,
            scheduled_arrival=run.arrival[0],
            scheduled_departure=run.departure[0],
            arrival=run.arrival[0],
            departure=run.departure[0],
        )

    strange = [
        visit("gone", 1, "station"),
        visit("D1", 9, "market"),
        visit("D1", 2, "station"),
        visit("D1", 3, "north"),
    ]
    assert learn(Predictor(), Runs(timetable), strange) == 0
