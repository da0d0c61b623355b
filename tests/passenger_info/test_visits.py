"""Trips performed and stop visits from records, whatever order they came in."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.timetable import Timetable
from mobility.core.clock import shifted
from mobility.core.ports import TelemetryRecord
from passenger_info.visits import visits
from tests.passenger_info.day import ONE_HOUR, SHUTTLE, Drive, run_on, timetable_of


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


def records_of(timetable: Timetable, *, every_s: float = 2.0) -> list[TelemetryRecord]:
    seq, records = 1, []
    for trip_id in ("D1", "D2"):
        for seen in Drive(run_on(timetable, trip_id), timetable, noise_m=3, every_s=every_s).states(seq):
            records.append(
                TelemetryRecord(sample=seen.sample, received_at=seen.as_of, event_time=seen.as_of, payload=b"")
            )
            seq += 1
    return records


def test_every_stop_of_every_trip_is_visited_close_to_the_true_times(timetable: Timetable) -> None:
    performed = visits(timetable, records_of(timetable))
    assert [(trip.trip.trip_id, trip.vehicle_id) for trip in performed.trips] == [("D1", SHUTTLE), ("D2", SHUTTLE)]
    assert len(performed.visits) == 8
    truth = Drive(run_on(timetable, "D1"), timetable).calls()
    for visit, (came, left) in zip(performed.visits[:4], truth, strict=True):
        if visit.stop_sequence > 1:
            assert abs(visit.arrival - came) < 9_000
        if visit.stop_sequence < 4:
            assert abs(visit.departure - left) < 6_000
    assert performed.trips[0].ended is not None


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), lag_s=st.floats(0, 3600))
def test_late_doubled_and_disordered_records_give_the_same_visits(
    tmp_path_factory: pytest.TempPathFactory, seed: int, lag_s: float
) -> None:
    if not _TABLES:
        _TABLES.append(timetable_of(ONE_HOUR, tmp_path_factory.mktemp("shared")))
    table = _TABLES[0]
    records = records_of(table, every_s=5)
    rng = random.Random(seed)
    mixed = [
        TelemetryRecord(
            sample=r.sample,
            received_at=shifted(r.event_time, rng.uniform(0, lag_s)),
            event_time=r.event_time,
            payload=b"",
        )
        for r in [*records, *rng.choices(records, k=20)]
    ]
    rng.shuffle(mixed)
    assert visits(table, mixed) == visits(table, records)


_TABLES: list[Timetable] = []


def test_vehicles_that_are_not_public_are_left_out(timetable: Timetable) -> None:
    assert visits(timetable, records_of(timetable), is_public=lambda _vehicle: False).trips == ()
