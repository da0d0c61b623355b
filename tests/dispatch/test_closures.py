"""Closed roads: a circle closes exactly the edges that pass through it, while it counts."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.closures import closed_edges, cut_off, edges_within, is_active
from dispatch.route import drive_ms
from dispatch.travel import matrix
from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import StopId
from tests.dispatch.small_region import GAP_M, ZONE, at, region, street
from tests.dispatch.upset_days import broken, closed

NETWORK = street(8)
METRE_DEG = 1 / 111_195


def beside(node: int, along_m: float, beside_m: float = 0.0) -> LatLon:
    """Return a place so many metres up the street from a node, and beside it."""
    lat = float(NETWORK.lat_deg[node]) + along_m * METRE_DEG
    return LatLon(lat, 10.9 + beside_m * METRE_DEG / 0.634)


def ends(edges: frozenset[int]) -> set[tuple[int, int]]:
    return {(int(NETWORK.source[edge]), int(NETWORK.target[edge])) for edge in edges}


def test_a_circle_on_the_road_closes_it_in_both_directions() -> None:
    assert ends(edges_within(NETWORK, beside(3, GAP_M / 2), 20.0)) == {(3, 4), (4, 3)}


def test_a_circle_on_a_crossing_closes_every_road_that_meets_there() -> None:
    assert ends(edges_within(NETWORK, beside(3, 0.0), 20.0)) == {(2, 3), (3, 2), (3, 4), (4, 3)}


def test_a_circle_beside_the_road_closes_nothing_until_it_reaches_it() -> None:
    place = beside(3, GAP_M / 2, 100.0)
    assert edges_within(NETWORK, place, 90.0) == frozenset()
    assert ends(edges_within(NETWORK, place, 110.0)) == {(3, 4), (4, 3)}


@settings(deadline=None)
@given(
    st.integers(min_value=0, max_value=6),
    st.floats(min_value=0, max_value=GAP_M),
    st.floats(min_value=-300, max_value=300),
    st.floats(min_value=1, max_value=400),
    st.floats(min_value=1, max_value=400),
)
def test_a_larger_circle_closes_no_less(node: int, along_m: float, beside_m: float, a_m: float, b_m: float) -> None:
    place = beside(node, along_m, beside_m)
    small, large = sorted((a_m, b_m))
    assert edges_within(NETWORK, place, small) <= edges_within(NETWORK, place, large)


def test_a_closure_counts_from_its_begin_to_its_end_or_the_end_of_its_day() -> None:
    closure = closed(beside(3, GAP_M / 2), begins="10:00")
    assert not is_active(closure, at("09:59"), ZONE)
    assert is_active(closure, at("10:00"), ZONE)
    assert is_active(closure, at("23:59"), ZONE)
    assert not is_active(closure, at("24:00"), ZONE)
    ended = replace(closure, ends=at("12:00"))
    assert is_active(ended, Instant(at("12:00") - 1), ZONE)
    assert not is_active(ended, at("12:00"), ZONE)


def test_only_closed_roads_close_roads() -> None:
    here = region()
    closure = closed(beside(3, GAP_M / 2))
    assert ends(closed_edges(here, [closure, broken("bus")], at("10:00"))) == {(3, 4), (4, 3)}
    assert closed_edges(here, [broken("bus")], at("10:00")) == frozenset()
    assert closed_edges(here, [closure], at("07:00")) == frozenset()


@pytest.mark.parametrize(("node", "lost"), [(0, "BCDEFGH"), (3, "EFGH"), (6, "H")])
def test_the_stops_beyond_a_closed_road_are_cut_off(node: int, lost: str) -> None:
    here = region()
    closed_here = closed_edges(here, [closed(beside(node, GAP_M / 2))], at("10:00"))
    drive = drive_ms(matrix(here, closed=closed_here))
    stops = [StopId(name) for name in "ABCDEFGH"]
    assert cut_off(stops, [StopId("A")], drive) == tuple(lost)
