"""Driving times and lengths between stops."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from dispatch.route import UNREACHABLE_MS, drive_ms
from dispatch.travel import MatrixTravelTimes, matrix
from mobility.core.errors import BadInputError
from mobility.core.ids import StopId
from tests.dispatch.small_region import GAP_M, GAP_S, region

A, B, D = StopId("A"), StopId("B"), StopId("D")


def test_times_are_free_flow_times_the_planning_factor_and_lengths_are_not() -> None:
    times = matrix(region(), planning_factor=1.5)
    assert times.seconds(A, D) == pytest.approx(3 * GAP_S * 1.5)
    assert times.metres(A, D) == pytest.approx(3 * GAP_M)
    assert times.seconds(A, A) == 0


def test_a_climb_may_take_longer_than_the_descent() -> None:
    place = region()
    slow_uphill = np.where(place.network.target > place.network.source, 300, 100).astype(np.float32)
    times = matrix(replace(place, network=replace(place.network, time_s=slow_uphill)), planning_factor=1.0)
    assert times.seconds(A, D) == pytest.approx(900)
    assert times.seconds(D, A) == pytest.approx(300)


def test_a_stop_without_a_way_is_refused_by_name_unless_a_closed_road_cuts_it_off() -> None:
    place = region()
    network = place.network
    islands = replace(place, network=replace(network, time_s=np.full(network.edge_count, np.inf, dtype=np.float32)))
    with pytest.raises(BadInputError, match=r"seconds: from 'A' to 'B' is infinite: there is no way, and 55 more"):
        matrix(islands)
    times = matrix(place, closed=frozenset(range(network.edge_count)))
    assert math.isinf(times.seconds(A, D))
    assert math.isinf(times.metres(A, D))
    assert drive_ms(times)(A, D) == UNREACHABLE_MS


def test_nobody_drives_along_a_closed_road_and_the_way_back_stays_open() -> None:
    place = region()
    network = place.network
    (edge,) = np.flatnonzero((network.source == 1) & (network.target == 2)).tolist()
    times = matrix(place, planning_factor=1.0, closed=frozenset({edge}))
    assert math.isinf(times.seconds(A, D))
    assert times.seconds(D, A) == pytest.approx(3 * GAP_S)
    assert times.seconds(A, B) == pytest.approx(GAP_S)
    assert matrix(place, planning_factor=1.0).seconds(A, D) == pytest.approx(3 * GAP_S)


def test_two_stops_at_one_junction_are_a_short_drive_apart() -> None:
    place = region()
    near = replace(place.stops[B], place=place.stops[A].place)
    times = matrix(replace(place, stops={**place.stops, B: near}), planning_factor=1.0)
    assert times.seconds(A, B) == pytest.approx(1.0)
    assert times.metres(A, B) == pytest.approx(5.0)
    assert times.seconds(A, A) == 0


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (math.nan, "seconds: from 'A' to 'B' is not a number (NaN)"),
        (-1.0, "seconds: from 'A' to 'B' is negative"),
        (0.0, "seconds: from 'A' to 'B' is zero between two stops"),
        (math.inf, "seconds: from 'A' to 'B' is infinite: there is no way"),
    ],
)
def test_what_is_no_driving_time_is_refused_by_name(value: float, told: str) -> None:
    good = np.array([[0.0, 60.0], [60.0, 0.0]])
    bad = good.copy()
    bad[0, 1] = value
    with pytest.raises(BadInputError, match=re.escape(told)):
        MatrixTravelTimes({A: 0, B: 1}, bad, good)
    with pytest.raises(BadInputError, match=re.escape(told.replace("seconds", "metres"))):
        MatrixTravelTimes({A: 0, B: 1}, good, bad)


def test_a_matrix_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(BadInputError, match="shape"):
        MatrixTravelTimes({A: 0, B: 1}, np.zeros((2, 3)), np.zeros((2, 2)))


def test_lengths_are_those_of_the_fastest_way_not_of_the_shortest() -> None:
    place = region(stops=4)
    # A lane from A straight to C, shorter but slower than the two streets over B.
    detour = replace(
        place.network,
        first_edge=np.array([0, 2, 4, 6, 7], dtype=np.int32),
        target=np.array([1, 2, 0, 2, 1, 3, 2], dtype=np.int32),
        length_m=np.array([1200, 500, 1200, 1200, 1200, 1200, 1200], dtype=np.float32),
        time_s=np.array([120, 900, 120, 120, 120, 120, 120], dtype=np.float32),
        geometry_start=np.arange(0, 15, 2, dtype=np.int32),
    )
    times = matrix(replace(place, network=detour), planning_factor=1.0)
    assert times.seconds(A, StopId("C")) == pytest.approx(240)
    assert times.metres(A, StopId("C")) == pytest.approx(2400)


def test_a_foreign_stop_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        matrix(region()).seconds(A, StopId("elsewhere"))
