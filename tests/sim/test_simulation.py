"""A part of a day against the real gateway and a small HTTP server."""

import hashlib
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest

from mobility.core.geo import distance_m
from mobility.core.service_day import ServiceDay, ServiceTime
from mobility.core.vehicle import Doors, DrivingMode
from sim.edge.scenarios import load_scenario
from sim.scenario import Riding, Scenario, Silence, Trains
from sim.table import Span
from tests.sim.hash_seeds import outputs
from tests.sim.stage import Outcome, play, shipped, with_fleet

REGION, DEMAND = shipped()
SCENARIO = load_scenario("ilmenau")
DAY = ServiceDay(REGION.scenario_day, REGION.zone)


@pytest.fixture(scope="module")
def morning() -> Outcome:
    """From ten to nine to half past nine: one vehicle of each kind, the first ride, radio gaps."""
    region = with_fleet(REGION, "shuttle-1", "bus-1", "bus-3", "van-1", "pmover-1")
    return play(region, DEMAND, SCENARIO, starts_s=8 * 3600 + 3000, ends_s=9 * 3600 + 1500)


def _tracks(outcome: Outcome):
    tracks = defaultdict(list)
    for record in outcome.log.records:
        tracks[record.sample.vehicle_id].append(record.sample)
    return {vehicle: sorted(samples, key=lambda s: s.seq) for vehicle, samples in tracks.items()}


def test_every_sample_is_kept_exactly_once_also_those_of_radio_gaps(morning):
    card = morning.simulation.result
    keys = [(r.sample.vehicle_id, r.sample.boot_id, r.sample.seq) for r in morning.log.records]
    assert len(keys) == len(set(keys)) == card.frames.sent == card.frames.acknowledged
    assert card.witnessed.radio_gaps > 0
    assert not morning.quarantine.frames
    for samples in _tracks(morning).values():
        assert [sample.seq for sample in samples] == list(range(1, len(samples) + 1))


def test_samples_come_once_a_second_and_vehicles_glide(morning):
    for samples in _tracks(morning).values():
        for a, b in pairwise(samples):
            assert (b.device_time - a.device_time) % 1000 == 0
            if b.device_time - a.device_time == 1000:
                assert distance_m(a.place, b.place) < 30
                assert abs((b.speed_mps or 0) - (a.speed_mps or 0)) < 2.5
                assert (b.odometer_m or 0) >= (a.odometer_m or 0)


def test_line_vehicles_log_on_stop_with_open_doors_and_never_leave_early(morning):
    stops = {stop.stop_id: stop.place for stop in REGION.stops.values()}
    shuttle = _tracks(morning)["shuttle-1"]
    assert {sample.trip.trip_id for sample in shuttle if sample.trip}
    assert {sample.mode for sample in shuttle} >= {DrivingMode.ASSISTED}
    open_places = [sample.place for sample in shuttle if sample.doors is not Doors.CLOSED]
    assert open_places
    assert all(min(distance_m(place, stop) for stop in stops.values()) < 60 for place in open_places)
    assert all(sample.speed_mps == 0 for sample in shuttle if sample.doors is not Doors.CLOSED)
    assert max(sample.passengers for sample in shuttle) > 0
    assert max(sample.speed_mps for sample in shuttle) <= 18 / 3.6 + 1e-6
    _assert_no_early_departure(morning)


def _assert_no_early_departure(outcome: Outcome) -> None:
    departures = {}
    for line in REGION.lines:
        patterns = {pattern.pattern_id: pattern for pattern in line.patterns}
        for trip in line.trips:
            departures[trip.trip_id] = (trip.start, patterns[trip.pattern_id])
    seen = 0
    for samples in _tracks(outcome).values():
        for a, b in pairwise(samples):
            if a.trip and b.trip == a.trip and (a.odometer_m == b.odometer_m or a.speed_mps):
                continue
            if a.trip and b.trip == a.trip and b.speed_mps:
                start, pattern = departures[a.trip.trip_id]
                if distance_m(b.place, REGION.stops[pattern.stops[0]].place) < 40:
                    seen += 1
                    assert b.device_time >= DAY.at(start)
    assert seen > 0


def test_the_battery_falls_and_the_odometer_rises(morning):
    for vehicle in ("shuttle-1", "van-1"):
        samples = _tracks(morning)[vehicle]
        assert samples[-1].battery_frac < samples[0].battery_frac
        assert samples[-1].odometer_m > 500
    assert all(sample.battery_frac is None for sample in _tracks(morning)["bus-1"])


def test_the_citizen_bus_does_what_its_manifest_says(morning):
    outcomes = morning.server.outcomes
    assert outcomes[0][:2] == ("R-offer-0:pickup", "boarded")
    assert outcomes[1][:2] == ("R-offer-0:dropoff", "alighted")
    by_task = {task["task_id"]: task for task in morning.server.tasks}
    for task_id, outcome, at in outcomes:
        window = by_task[task_id]["window"]
        if outcome in ("boarded", "alighted"):
            assert window["earliest"] <= at <= window["latest"]
    assert morning.simulation.result.witnessed.pickups_late == 0


def test_the_same_seed_gives_the_same_samples_whatever_the_hash_seed():
    program = "from tests.sim.test_simulation import digest; print(digest())"
    assert len(outputs(program, "1", "42")) == 1


def digest() -> str:
    region = with_fleet(REGION, "shuttle-1", "bus-3", "van-1")
    outcome = play(region, DEMAND, SCENARIO, starts_s=8 * 3600 + 3300, ends_s=9 * 3600 + 120, seed=3)
    text = repr([record.sample for record in outcome.log.records]) + repr(outcome.server.wishes)
    return hashlib.sha256(text.encode()).hexdigest()


def test_another_seed_gives_another_day():
    short = {"starts_s": 7 * 3600 + 2400, "ends_s": 7 * 3600 + 2700}
    first, second = (
        play(with_fleet(REGION, "shuttle-1", "bus-1"), DEMAND, SCENARIO, seed=seed, **short) for seed in (1, 2)
    )
    assert [r.sample for r in first.log.records] != [r.sample for r in second.log.records]


def _quiet(**changes) -> Scenario:
    riding = Riding(impossible_share=0, **changes.pop("riding", {}))
    return replace(SCENARIO, riding=riding, **changes)


def test_a_late_train_is_reported_and_waited_for():
    scenario = _quiet(late_trains={"train-0800-D-out-mofr-0807": 240.0})
    region = with_fleet(REGION, "shuttle-1", "shuttle-2")
    outcome = play(region, DEMAND, scenario, starts_s=7 * 3600 + 2700, ends_s=8 * 3600 + 900)
    assert ("train-0800-D-out-mofr-0807-2025-10-14", 240.0) in outcome.server.delays
    assert outcome.simulation.result.witnessed.holds == 1
    moved = [
        record.sample.device_time
        for record in outcome.log.records
        if record.sample.trip and record.sample.trip.trip_id == "D-out-mofr-0807" and record.sample.speed_mps
    ]
    assert min(moved) > DAY.at(8 * 3600 + 7 * 60 + 60)


def test_a_silent_vehicle_takes_no_samples():
    span = Span(starts=ServiceTime(8 * 3600), ends=ServiceTime(8 * 3600 + 300))
    scenario = _quiet(silences=(Silence(vehicle=REGION.fleet["shuttle-1"].vehicle_id, span=span),), trains=Trains())
    region = with_fleet(REGION, "shuttle-1")
    outcome = play(region, DEMAND, scenario, starts_s=7 * 3600 + 3300, ends_s=8 * 3600 + 600)
    times = [s.device_time for s in _tracks(outcome)["shuttle-1"]]
    assert not [time for time in times if DAY.at(8 * 3600) <= time <= DAY.at(8 * 3600 + 300)]
    assert times[0] < DAY.at(8 * 3600) < DAY.at(8 * 3600 + 300) < times[-1]


def test_an_outage_delays_samples_and_loses_none():
    outage = Span(starts=ServiceTime(7 * 3600 + 2700), ends=ServiceTime(7 * 3600 + 2760))
    scenario = _quiet(outages=(outage,))
    outcome = play(REGION, DEMAND, scenario, starts_s=7 * 3600 + 2400, ends_s=7 * 3600 + 2900)
    late = [r for r in outcome.log.records if r.received_at - r.event_time > 10_000]
    assert len({r.sample.vehicle_id for r in late}) > 3
    frames = outcome.simulation.result.frames
    assert frames.sent == frames.acknowledged == len(outcome.log.records)


def test_refused_people_leave_without_a_ride():
    outcome = play(REGION, DEMAND, _quiet(), starts_s=7 * 3600, ends_s=7 * 3600 + 60, refuses=True)
    witnessed = outcome.simulation.result.witnessed
    assert witnessed.rides_refused == witnessed.rides_wished > 0
    assert witnessed.rides_booked == 0


def test_who_stays_away_is_waited_for_until_the_window_ends_and_reported():
    scenario = _quiet(riding={"no_show_factor": 1000.0, "demand_factor": 0.3})
    outcome = play(with_fleet(REGION, "van-1"), DEMAND, scenario, starts_s=8 * 3600, ends_s=9 * 3600 + 1200)
    assert outcome.server.outcomes[0][:2] == ("R-offer-0:pickup", "no_show")
    assert outcome.server.outcomes[0][2] >= outcome.server.tasks[0]["window"]["latest"]
