"""Driving times and lengths between stops."""

import math
from dataclasses import replace

import numpy as np
import pytest

from dispatch.route import UNREACHABLE_MS, drive_ms
from dispatch.travel import matrix
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


def test_a_place_without_a_way_is_infinitely_far() -> None:
    place = region()
    network = place.network
    islands = replace(network, time_s=np.full(network.edge_count, np.inf, dtype=np.float32))
    times = matrix(replace(place, network=islands))
    assert math.isinf(times.seconds(A, D))
    assert math.isinf(times.metres(A, D))
    assert drive_ms(times)(A, D) == UNREACHABLE_MS


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
