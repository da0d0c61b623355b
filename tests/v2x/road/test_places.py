"""A place is found on the right road, in the right section, in the right direction."""

import itertools
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.geo import LatLon, distance_m
from mobility.core.network import RoadNetwork
from mobility.storage.bundles import load_region, shipped_region
from tests.v2x.road.world import ARM_M, T0, crossroads, edge_of, place
from v2x.road.locator import REACH_M, Locator
from v2x.road.sections import LONGEST_M, SectionId, Sections
from v2x.road.way import Way

NETWORK = crossroads()
LOCATOR = Locator(NETWORK)
SECTIONS = Sections(NETWORK, LOCATOR.lengths_m)


@cache
def ilmenau() -> tuple[RoadNetwork, Locator]:
    network = load_region(shipped_region("ilmenau")).network
    return network, Locator(network)


@settings(max_examples=100, deadline=None)
@given(share=st.floats(0, 1), edge=st.integers(0, 639), north=st.floats(-40, 40), east=st.floats(-40, 40))
def test_the_locator_finds_what_the_network_finds(share: float, edge: int, north: float, east: float) -> None:
    network, locator = ilmenau()
    line = network.edge_line(edge % network.edge_count)
    start = line[int(share * (len(line) - 1))]
    here = LatLon(start.lat_deg + north / 111_195, start.lon_deg + east / 70_000)
    truth = network.nearest_edge(here)
    found = locator.near(here)
    if truth.offset_m > REACH_M + 1:
        assert found == []
    elif truth.offset_m < REACH_M - 1:
        nearest = min(found, key=lambda each: each.offset_m)
        assert nearest.offset_m == pytest.approx(truth.offset_m, abs=0.3)


def test_both_directions_of_a_street_are_found_with_opposite_bearings() -> None:
    found = LOCATOR.near(place(150, 3))
    assert {each.edge for each in found} == {edge_of(NETWORK, "middle", "east"), edge_of(NETWORK, "east", "middle")}
    assert sorted(round(each.bearing_deg) % 360 for each in found) == [90, 270]
    assert [round(each.chainage_m) for each in found] == [150, 150]


def test_off_the_roads_nothing_is_found() -> None:
    assert LOCATOR.near(place(150, 150)) == []


def test_sections_are_fifty_to_a_hundred_metres_and_cover_the_edge() -> None:
    for edge in range(NETWORK.edge_count):
        spans = [SECTIONS.span_m(SectionId(edge, index)) for index in range(SECTIONS.count(edge))]
        assert spans[0][0] == 0
        assert spans[-1][1] == pytest.approx(ARM_M, abs=1)
        assert all(LONGEST_M / 2 <= to_m - from_m <= LONGEST_M + 1e-6 for from_m, to_m in spans)
        assert all(after[0] == pytest.approx(before[1]) for before, after in itertools.pairwise(spans))


@settings(max_examples=100, deadline=None)
@given(edge=st.integers(0, 7), chainage_m=st.floats(-10, 310))
def test_the_two_directions_of_a_street_are_one_place(edge: int, chainage_m: float) -> None:
    section = SECTIONS.at(edge, chainage_m)
    shared = SECTIONS.place_of(section)
    twins = [each for each in LOCATOR.near(SECTIONS.middle(section)) if each.edge != edge and each.offset_m < 1]
    assert twins
    assert {SECTIONS.place_of(SECTIONS.at(each.edge, each.chainage_m)) for each in twins} == {shared}
    assert SECTIONS.is_known(shared)


@settings(max_examples=50, deadline=None)
@given(edge=st.integers(0, 7), from_m=st.floats(0, 200), length_m=st.floats(10, 90))
def test_a_cut_line_is_as_long_as_asked(edge: int, from_m: float, length_m: float) -> None:
    line = SECTIONS.cut(edge, from_m, from_m + length_m)
    assert sum(distance_m(a, b) for a, b in itertools.pairwise(line)) == pytest.approx(length_m, abs=0.5)


def test_another_network_has_another_fingerprint() -> None:
    region = load_region(shipped_region("ilmenau"))
    other = Sections(region.network, Locator(region.network).lengths_m)
    assert other.fingerprint != SECTIONS.fingerprint
    assert Sections(crossroads(), LOCATOR.lengths_m).fingerprint == SECTIONS.fingerprint


def test_a_vehicle_is_put_on_the_edge_that_goes_its_way() -> None:
    for bearing_deg, tail, head in ((270.0, "east", "middle"), (90.0, "middle", "east")):
        point = Way(NETWORK, LOCATOR).point(T0, place(200, 4), bearing_deg=bearing_deg, speed_mps=8.0)
        assert point is not None
        assert point.edge == edge_of(NETWORK, tail, head)


def test_a_standing_vehicle_stays_on_its_edge_although_its_bearing_turns() -> None:
    way = Way(NETWORK, LOCATOR)
    way.point(T0, place(40, 0), bearing_deg=270.0, speed_mps=8.0)
    point = way.point(Instant(T0 + 1000), place(38, 1), bearing_deg=95.0, speed_mps=0.2)
    assert point is not None
    assert point.edge == edge_of(NETWORK, "east", "middle")


def test_without_a_bearing_the_movement_tells_the_direction() -> None:
    way = Way(NETWORK, LOCATOR)
    way.point(T0, place(200, 0), bearing_deg=None, speed_mps=None)
    point = way.point(Instant(T0 + 1000), place(190, 0), bearing_deg=None, speed_mps=None)
    assert point is not None
    assert point.edge == edge_of(NETWORK, "east", "middle")
