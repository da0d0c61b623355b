"""A feed's own distances are believed where they agree with the map."""

import numpy as np
import pytest

from gtfs.pattern import Shape, shaped_pattern, straight_pattern
from mobility.core.geo import XY, Polyline
from mobility.core.ids import StopId

A, B, C = StopId("a"), StopId("b"), StopId("c")
LOOP_TWICE = Polyline(
    tuple(XY(float(x), float(y)) for x, y in [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0), (100, 0), (100, 100)])
)


def shape(distance=None):
    return Shape(line=LOOP_TWICE, distance=None if distance is None else np.array(distance, dtype=float))


def placed(stops_m, shape_m, places=((0, 0), (100, 50))):
    points = [XY(float(x), float(y)) for x, y in places]
    distance = None if stops_m is None else np.array(stops_m, dtype=float)
    return shaped_pattern([A, B], points, shape(shape_m), distance).stop_chainage_m


KILOMETRES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


def test_distances_in_any_unit_choose_the_second_round():
    assert placed([0, 0.55], KILOMETRES) == pytest.approx((0, 550))


def test_without_distances_the_first_round_is_taken():
    assert placed(None, None) == pytest.approx((0, 150))


@pytest.mark.parametrize(
    "stops_m",
    [
        [0.55, 0],  # runs backwards
        [0, float("nan")],  # has a gap
        [0, 5.5],  # lies beyond the shape
        [0, 0.3],  # puts the stop a hundred metres beside itself
    ],
)
def test_distances_that_contradict_themselves_or_the_map_are_not_believed(stops_m):
    assert placed(stops_m, KILOMETRES) == pytest.approx((0, 150))


def test_distances_of_stops_say_nothing_without_those_of_the_shape():
    assert placed([0, 0.55], None) == pytest.approx((0, 150))
    assert placed([0, 0.55], [0.0] * 7) == pytest.approx((0, 150))


def test_without_a_shape_the_line_runs_straight_from_stop_to_stop():
    pattern = straight_pattern([A, B, C], [XY(0, 0), XY(30, 40), XY(30, 50)])
    assert pattern.stop_chainage_m == (0, 50, 60)
    assert pattern.line.length_m == 60
