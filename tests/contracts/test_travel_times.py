"""The contract of ``TravelTimes``, tried on the matrix of the Ilmenau roads."""

import math
from itertools import product

import pytest

from dispatch.travel import matrix
from mobility.core.geo import distance_m
from mobility.core.ids import StopId
from mobility.core.ports import TravelTimes
from mobility.core.region import Region
from mobility.storage.bundles import load_region, shipped_region


@pytest.fixture(scope="module")
def region() -> Region:
    return load_region(shipped_region("ilmenau"))


@pytest.fixture(scope="module")
def travel(region: Region) -> TravelTimes:
    return matrix(region)


@pytest.fixture(scope="module")
def stops(region: Region) -> tuple[StopId, ...]:
    return region.areas[0].stops


def test_staying_takes_no_time(travel: TravelTimes, stops: tuple[StopId, ...]) -> None:
    assert {(travel.seconds(stop, stop), travel.metres(stop, stop)) for stop in stops} == {(0.0, 0.0)}


def test_every_stop_can_be_reached_from_every_other(travel: TravelTimes, stops: tuple[StopId, ...]) -> None:
    assert all(0 < travel.seconds(a, b) < math.inf for a, b in product(stops, stops) if a != b)


def test_no_way_round_is_faster_than_the_way(travel: TravelTimes, stops: tuple[StopId, ...]) -> None:
    for a, b, c in product(stops[::4], stops, stops[::4]):
        assert travel.seconds(a, c) <= travel.seconds(a, b) + travel.seconds(b, c) + 1e-3


def test_no_road_is_shorter_than_the_beeline(travel: TravelTimes, stops: tuple[StopId, ...], region: Region) -> None:
    for a, b in product(stops, stops):
        beeline_m = distance_m(region.stops[a].place, region.stops[b].place)
        # A stop may lie some metres beside the road.
        assert travel.metres(a, b) >= 0.99 * beeline_m - 60


def test_a_foreign_stop_is_a_key_error(travel: TravelTimes, stops: tuple[StopId, ...]) -> None:
    with pytest.raises(KeyError):
        travel.seconds(stops[0], StopId("erfurt"))
