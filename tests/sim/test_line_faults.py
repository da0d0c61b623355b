"""Days of faults: as bad as they are, they could have happened."""

from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from gtfs.from_region import timetable_of
from mobility.core.region import Region
from mobility.storage.bundles import load_region, shipped_region
from sim.chance import Chance
from sim.edge.scenarios import load_scenario
from sim.line_day import LineDay
from sim.line_faults import line_faults
from sim.scenario import LineFaults, LineUpsetKind

FRIDAY = date(2025, 10, 24)


@cache
def region() -> Region:
    return load_region(shipped_region("ilmenau"))


@cache
def plain() -> LineDay:
    known = region()
    return LineDay(timetable=timetable_of(known), stops=known.stops, blocks=known.blocks, day=FRIDAY)


def drawn(seed: int) -> LineDay:
    faults = load_scenario("ilmenau-faults").line_faults
    return replace(plain(), upsets=line_faults(plain(), list(region().fleet), faults, Chance(seed)))


@pytest.mark.parametrize("seed", range(1, 31))
def test_no_vehicle_is_in_two_places_and_nothing_is_told_before_midnight(seed):
    day = drawn(seed)
    assert day.upsets
    assert all(upset.told_at >= 0 for upset in day.upsets)
    for vehicle_id in region().fleet:
        runs = day.runs(vehicle_id)
        ends = [run.arrives(run.last) for run in runs]
        assert all(end <= run.departs(0) for end, run in zip(ends, runs[1:], strict=False))


def test_thirty_days_meet_every_kind_of_fault():
    met = {upset.kind for seed in range(1, 31) for upset in drawn(seed).upsets}
    assert met == set(LineUpsetKind) - {
        LineUpsetKind.DETOUR,
        LineUpsetKind.REMOVED,
        LineUpsetKind.VEHICLE_ASSIGNED,
    }


def test_the_same_seed_draws_the_same_day_and_another_one_another():
    assert drawn(7).upsets == drawn(7).upsets != drawn(8).upsets


def test_an_ordinary_day_has_none():
    assert line_faults(plain(), list(region().fleet), LineFaults(), Chance(1)) == []


def test_every_trip_of_a_broken_vehicle_in_that_time_is_cancelled():
    lost = 0
    for seed in range(1, 31):
        day = drawn(seed)
        for vehicle_id in region().fleet:
            window = day.breakdown(vehicle_id)
            if window is None:
                continue
            cancelled = {trip for upset in day.upsets if upset.kind is LineUpsetKind.CANCEL for trip in upset.trips}
            begun = [run for run in plain().runs(vehicle_id) if window.holds(run.departs(0))]
            assert all(run.trip.trip_id in cancelled for run in begun)
            lost += len(begun)
    assert lost > 0
