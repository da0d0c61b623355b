"""Matching vehicles to their trip's line."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gtfs.timetable import Timetable
from mobility.core.clock import shifted
from mobility.core.geo import XY
from mobility.core.vehicle import TripRef
from passenger_info.match import begin, follow, is_plausible
from passenger_info.runs import Runs
from passenger_info.track import Track
from tests.passenger_info.day import BACK, ONE_HOUR, OUT, Drive, at, run_on, state, timetable_of


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    trips = {**ONE_HOUR, "LOOP": (10 * 3600, (*OUT, *BACK[1:]), "b2")}
    return timetable_of(trips, tmp_path_factory.mktemp("feed"))


def driven(drive: Drive) -> list[Track]:
    states = list(drive.states())
    frame = drive.timetable.frame
    tracks = [begin(drive.run, frame.xy(states[0].sample.place), states[0])]
    for seen in states[1:]:
        tracks.append(follow(tracks[-1], frame.xy(seen.sample.place), seen))
    return tracks


def test_arrivals_and_departures_are_seen_within_three_seconds_despite_gps_noise(timetable: Timetable) -> None:
    drive = Drive(run_on(timetable, "D1"), timetable, noise_m=4.0, start_late_s=30)
    last = driven(drive)[-1]
    for i, (came, left) in enumerate(drive.calls()):
        if i > 0:
            assert abs(last.arrived[i] - came) <= 6_000
        if i < last.run.last:
            assert abs(last.departed[i] - left) <= 3_000


def test_the_trip_is_done_at_its_last_stop_and_not_before(timetable: Timetable) -> None:
    drive = Drive(run_on(timetable, "D1"), timetable)
    end = drive.calls()[-1][0]
    for track in driven(drive):
        assert track.is_done == (track.as_of >= end - 10_000 and track.arrived[-1] is not None)
    assert driven(drive)[-1].is_done


@example(noise_m=2.0, seed=0, every_s=17.0)
@example(noise_m=8.0, seed=6, every_s=17.0)
@settings(max_examples=25, deadline=None)
@given(noise_m=st.floats(0, 12), seed=st.integers(0, 10_000), every_s=st.sampled_from([1.0, 2.0, 5.0, 17.0]))
def test_chainage_and_calls_never_go_back_on_an_out_and_back_line(
    tmp_path_factory: pytest.TempPathFactory, noise_m: float, seed: int, every_s: float
) -> None:
    if not _TABLES:
        trips = {"LOOP": (10 * 3600, (*OUT, *BACK[1:]), "b2")}
        _TABLES.append(timetable_of(trips, tmp_path_factory.mktemp("loop")))
    table = _TABLES[0]
    drive = Drive(run_on(table, "LOOP"), table, noise_m=noise_m, seed=seed, every_s=every_s)
    tracks = driven(drive)
    assert all(a.chainage_m <= b.chainage_m for a, b in pairwise(tracks))
    assert all(a.call_index <= b.call_index for a, b in pairwise(tracks))
    assert tracks[-1].is_done
    truth = drive.calls()
    assert all(abs(came - truth[i][0]) <= 1000 * (8 + 2 * every_s) for i, came in enumerate(tracks[-1].arrived) if i)


_TABLES: list[Timetable] = []


def test_a_vehicle_first_seen_on_the_way_back_is_put_on_the_way_back(timetable: Timetable) -> None:
    run = run_on(timetable, "LOOP")
    point = run.trip.pattern.line.at(run.chainage_m[1])
    place = timetable.frame.latlon(point)
    early = begin(run, point, state(place, run.arrival[1]))
    late = begin(run, point, state(place, run.departure[5]))
    assert abs(early.chainage_m - run.chainage_m[1]) < 5
    assert abs(late.chainage_m - run.chainage_m[5]) < 5


def test_a_vehicle_that_begins_a_round_trip_late_is_still_at_its_start(timetable: Timetable) -> None:
    run = run_on(timetable, "LOOP")
    point = run.trip.pattern.line.at(0)
    seen = state(timetable.frame.latlon(point), shifted(run.arrival[-1], -30))
    assert begin(run, point, seen, is_fresh=True).chainage_m < 5


def test_beyond_200_metres_the_vehicle_is_off_route_and_keeps_its_place(timetable: Timetable) -> None:
    track = driven(Drive(run_on(timetable, "D1"), timetable))[200]
    here = track.run.trip.pattern.line.at(track.chainage_m)
    away = XY(here.x_m, here.y_m + 260)
    seen = state(timetable.frame.latlon(away), shifted(track.as_of, 1), trip=track.run.ref)
    lost = follow(track, away, seen)
    assert not lost.is_on_route
    assert lost.chainage_m == track.chainage_m
    back = follow(lost, here, replace(seen, as_of=shifted(seen.as_of, 1)))
    assert back.is_on_route


def test_a_vehicle_seen_elsewhere_on_its_line_for_long_is_moved_there(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    point = run.trip.pattern.line.at(run.chainage_m[-1] - 200)
    track = begin(run, point, state(timetable.frame.latlon(point), at("08:01")))
    true = run.trip.pattern.line.at(150)
    for second in range(40):
        track = follow(track, true, state(timetable.frame.latlon(true), at(f"08:02:{second:02d}"), speed_mps=3))
    assert abs(track.chainage_m - 150) < 30


def test_an_older_sample_changes_nothing(timetable: Timetable) -> None:
    drive = Drive(run_on(timetable, "D1"), timetable)
    states = list(drive.states())
    track = driven(drive)[50]
    assert follow(track, timetable.frame.xy(states[20].sample.place), states[20]) is track


def test_a_log_on_far_from_the_trips_time_is_not_believed(timetable: Timetable) -> None:
    run = run_on(timetable, "D1")
    assert is_plausible(run, at("07:00"))
    assert not is_plausible(run, at("05:30"))
    assert not is_plausible(run, at("12:00"))


def test_runs_of_unknown_trips_and_wrong_days_do_not_exist(tmp_path: Path) -> None:
    table = timetable_of(ONE_HOUR, tmp_path)
    runs = Runs(table)
    assert runs.get(TripRef("NONE", run_on(table, "D1").ref.start_date)) is None
    assert runs.get(TripRef("D1", run_on(table, "D1").ref.start_date.replace(year=2031))) is None
