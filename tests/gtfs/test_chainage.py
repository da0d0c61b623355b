"""Stops on drawn lines: loops, out-and-back lines, and lines that cross themselves."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gtfs.chainage import place_stops
from mobility.core.geo import XY, Polyline


def drawn(*points):
    return Polyline(tuple(XY(float(x), float(y)) for x, y in points))


def chainages(shape, *stops):
    return place_stops(shape, np.array(stops, dtype=float)).chainage_m.tolist()


def test_a_stop_beside_the_line_lies_at_its_nearest_point():
    placed = place_stops(drawn((0, 0), (100, 0)), np.array([(10.0, 3.0), (90.0, -4.0)]))
    assert placed.chainage_m.tolist() == [10, 90]
    assert placed.offset_m.tolist() == [3, 4]


def test_the_last_stop_of_a_loop_lies_at_its_end_though_it_is_the_first_stop():
    square = drawn((0, 0), (100, 0), (100, 100), (0, 100), (0, 0))
    assert chainages(square, (0, 0), (100, 50), (50, 100), (0, 0)) == [0, 150, 250, 400]


def test_stops_of_an_out_and_back_line_are_passed_twice():
    there_and_back = drawn((0, 0), (1000, 0), (0, 0))
    found = chainages(there_and_back, (0, 0), (400, 5), (1000, 0), (400, -5), (0, 0))
    assert found == [0, 400, 1000, 1600, 2000]


def test_a_stop_served_only_on_the_way_back_lies_there():
    there_and_back = drawn((0, 0), (1000, 0), (0, 0))
    assert chainages(there_and_back, (0, 0), (1000, 0), (300, 0), (100, 0)) == [0, 1000, 1700, 1900]


def test_where_the_line_passes_a_stop_twice_the_earlier_passing_wins():
    eight = drawn((0, 0), (100, 0), (100, 100), (50, 100), (50, -100))
    assert chainages(eight, (0, 0), (50, 0)) == [0, 50]


def test_a_spur_is_taken_in_the_order_of_the_stops():
    # Along the main road, into a side road and out again, and on.
    spur = drawn((0, 0), (500, 0), (500, 300), (500, 0), (1000, 0))
    assert chainages(spur, (480, 10), (500, 300), (520, 10)) == pytest.approx([480, 800, 1120])


def test_stops_out_of_order_on_one_straight_part_never_fall_back():
    assert chainages(drawn((0, 0), (100, 0)), (60, 0), (50, 0), (70, 0)) == [60, 60, 70]


def test_parts_without_length_do_no_harm():
    assert chainages(drawn((0, 0), (0, 0), (100, 0), (100, 0)), (0, 0), (100, 0)) == [0, 100]


POINTS = st.tuples(st.integers(-500, 500), st.integers(-500, 500))
LINES = st.lists(POINTS, min_size=2, max_size=8).map(lambda points: drawn(*points))


@given(LINES, st.lists(POINTS, min_size=1, max_size=8))
@hypothesis_settings(max_examples=100, deadline=None)
def test_chainage_never_falls_and_offsets_are_true(shape, stops):
    placed = place_stops(shape, np.array(stops, dtype=float))
    assert (np.diff(placed.chainage_m) >= 0).all()
    assert placed.chainage_m.min() >= 0
    assert placed.chainage_m.max() <= shape.length_m + 1e-6
    for stop, chainage_m, offset_m in zip(stops, placed.chainage_m, placed.offset_m, strict=True):
        here = shape.at(chainage_m)
        assert math.hypot(here.x_m - stop[0], here.y_m - stop[1]) == pytest.approx(offset_m, abs=1e-5)


@given(LINES, st.lists(st.floats(0, 1), min_size=1, max_size=8))
@hypothesis_settings(max_examples=100, deadline=None)
def test_stops_that_lie_on_the_line_in_order_have_no_offset(shape, shares):
    assume(shape.length_m > 0)
    places = [shape.at(share * shape.length_m) for share in sorted(shares)]
    placed = place_stops(shape, np.array([(place.x_m, place.y_m) for place in places]))
    # A tenth of a millimetre of rounding per stop may be saved elsewhere; never more.
    assert placed.offset_m.max() < 0.05


@given(LINES, POINTS)
@hypothesis_settings(max_examples=100, deadline=None)
def test_a_single_stop_lies_where_the_plain_projection_puts_it(shape, stop):
    placed = place_stops(shape, np.array([stop], dtype=float))
    plain = shape.project(XY(float(stop[0]), float(stop[1])))
    assert placed.offset_m[0] == pytest.approx(plain.offset_m, abs=1e-3)
