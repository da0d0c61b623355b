"""Plain rows become a timetable: sorted, filled, and refused where they make no sense."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gtfs.assemble import FeedRows, assemble
from gtfs.rows import OPEN, CallColumns, TripRow
from gtfs.timetable import TimetableStop
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon, LocalFrame
from mobility.core.ids import RouteId, StopId, TripId

# Stops 0, 1, 2, … lie 0.001 degrees (111 m) apart on a meridian.
STOPS = [TimetableStop(stop_id=StopId(f"s{k}"), name=f"S{k}", place=LatLon(50.0 + k / 1000, 11.0)) for k in range(20)]


def feed(calls, trips=("t",)):
    """``calls``: (trip index, stop index, sequence, arrival, departure)."""
    columns = np.array(calls, dtype=np.int32).reshape(-1, 5)
    return FeedRows(
        zone="Europe/Berlin",
        frame=LocalFrame("EPSG:32632"),
        feed_version="1",
        agency_name="",
        agency_url="",
        stops=STOPS,
        routes=[],
        trips=[TripRow(trip_id=TripId(name), route_id=RouteId("r"), service_id="daily") for name in trips],
        calls=CallColumns(
            trip=columns[:, 0],
            stop=columns[:, 1],
            sequence=columns[:, 2],
            arrival_s=columns[:, 3],
            departure_s=columns[:, 4],
            can_board=np.ones(len(columns), dtype=bool),
        ),
        calendars={},
    )


def only(calls):
    return assemble(feed(calls)).trips[TripId("t")]


def test_calls_in_any_order_are_sorted_by_sequence():
    trip = only([(0, 2, 30, 300, 300), (0, 0, 10, 100, 100), (0, 1, 20, 200, 200)])
    assert trip.stop_sequence == (10, 20, 30)
    assert trip.pattern.stops == ("s0", "s1", "s2")


@pytest.mark.parametrize(
    ("calls", "row", "field"),
    [
        ([(0, 2, 30, 300, 300), (0, 0, 10, 100, 100), (0, 1, 20, 50, 50)], 3, "arrival_time"),
        ([(0, 2, 30, 300, 300), (0, 0, 10, 100, 90), (0, 1, 20, 200, 200)], 2, "departure_time"),
        ([(0, 2, 30, OPEN, OPEN), (0, 0, 10, 100, 100), (0, 1, 20, 200, 200)], 1, "arrival_time"),
        ([(0, 2, 20, 300, 300), (0, 0, 10, 100, 100), (0, 1, 20, 200, 200)], 3, "stop_sequence"),
    ],
)
def test_a_fault_in_calls_of_any_order_names_the_row_of_the_file(calls, row, field):
    with pytest.raises(BadInputError) as caught:
        assemble(feed(calls))
    assert (caught.value.row, caught.value.field) == (row, field)


def test_open_times_are_filled_in_proportion_to_distance():
    trip = only([(0, 0, 0, 0, 60), (0, 1, 1, OPEN, OPEN), (0, 4, 2, OPEN, OPEN), (0, 5, 3, 560, 560)])
    assert trip.arrival == (0, 160, 460, 560)
    assert trip.departure == (60, 160, 460, 560)


def test_open_times_between_stops_at_one_place_are_spread_evenly():
    assert only([(0, 3, 0, 0, 0), (0, 3, 1, OPEN, OPEN), (0, 3, 2, 100, 100)]).arrival == (0, 50, 100)


def test_one_of_arrival_and_departure_stands_for_both():
    trip = only([(0, 0, 0, OPEN, 10), (0, 1, 1, 20, OPEN), (0, 2, 2, 30, OPEN)])
    assert trip.arrival == trip.departure == (10, 20, 30)


@pytest.mark.parametrize(
    ("calls", "row", "field"),
    [
        ([(0, 0, 0, 10, 5), (0, 1, 1, 20, 20)], 1, "departure_time"),
        ([(0, 0, 0, 10, 30), (0, 1, 1, 20, 20)], 2, "arrival_time"),
        ([(0, 0, 0, OPEN, OPEN), (0, 1, 1, 20, 20)], 1, "departure_time"),
        ([(0, 0, 0, 10, 10), (0, 1, 1, OPEN, OPEN)], 2, "arrival_time"),
        ([(0, 0, 7, 10, 10), (0, 1, 7, 20, 20)], 2, "stop_sequence"),
    ],
)
def test_calls_without_sense_are_refused_with_row_and_field(calls, row, field):
    with pytest.raises(BadInputError) as caught:
        assemble(feed(calls))
    assert (caught.value.source, caught.value.row, caught.value.field) == ("stop_times.txt", row, field)


def test_trips_with_fewer_than_two_calls_are_left_out_and_noted():
    timetable = assemble(feed([(0, 0, 0, 0, 0), (1, 0, 0, 5, 5), (1, 1, 1, 9, 9)], trips=("single", "whole", "none")))
    assert list(timetable.trips) == ["whole"]
    assert timetable.notes == ("trips.txt: trips left out because they have fewer than two calls: 2",)
    assert timetable.trips[TripId("whole")].arrival == (5, 9)


def test_a_feed_without_calls_is_an_empty_timetable():
    assert assemble(feed([], trips=())).trips == {}


GAPS = st.lists(st.tuples(st.integers(0, 600), st.integers(0, 120), st.booleans()), min_size=2, max_size=12)


@given(GAPS)
@hypothesis_settings(max_examples=100, deadline=None)
def test_filled_times_never_run_backwards_and_keep_every_given_time(gaps):
    calls, clock_s = [], 0
    for k, (drive_s, dwell_s, is_open) in enumerate(gaps):
        clock_s += drive_s
        given_times = (clock_s, clock_s + dwell_s)
        clock_s += dwell_s
        is_inner = 0 < k < len(gaps) - 1
        calls.append((0, k, k, *((OPEN, OPEN) if is_open and is_inner else given_times)))
    trip = only(calls)
    times = [time_s for pair in zip(trip.arrival, trip.departure, strict=True) for time_s in pair]
    assert times == sorted(times)
    for k, (_, _, _, arrival_s, departure_s) in enumerate(calls):
        if arrival_s != OPEN:
            assert (trip.arrival[k], trip.departure[k]) == (arrival_s, departure_s)
