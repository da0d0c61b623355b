"""Ways through the road network."""

import numpy as np

from mobility.core.geo import LatLon, distance_m
from mobility.core.network import RoadNetwork
from sim.route import Ways, straight_way, way_between

# Two junctions 1.1 km apart, a third one nobody can reach.
LATS, LONS = [50.0, 50.01, 50.2], [10.0, 10.0, 10.0]


def _network() -> RoadNetwork:
    return RoadNetwork(
        lat_deg=np.array(LATS),
        lon_deg=np.array(LONS),
        elevation_m=np.array([500, 520, np.nan], dtype=np.float32),
        first_edge=np.array([0, 1, 2, 2], dtype=np.int32),
        target=np.array([1, 0], dtype=np.int32),
        length_m=np.array([1112, 1112], dtype=np.float32),
        time_s=np.array([111.2, 111.2], dtype=np.float32),
        geometry_start=np.array([0, 3, 5], dtype=np.int32),
        geometry_lat_deg=np.array([50.0, 50.005, 50.01, 50.01, 50.0]),
        geometry_lon_deg=np.array([10.0, 10.0, 10.0, 10.0, 10.0]),
    )


def test_a_way_follows_the_road_at_its_speed_with_slow_ends():
    way = way_between(_network(), LatLon(50.0002, 10.0003), LatLon(50.0101, 10.0))
    assert way.track.length_m > 1112
    assert any(abs(limit.speed_mps - 10.0) < 0.01 for limit in way.limits)
    assert way.limits[0].speed_mps < 10
    assert way.limits[-1].speed_mps < 10
    assert way.free_flow_s > 111.2
    assert way.track.elevations_m[0] == 500
    assert way.track.elevations_m[-1] == 520
    assert way.track.at(0)[0] == LatLon(50.0002, 10.0003)
    assert way.track.at(1e9)[0] == LatLon(50.0101, 10.0)


def test_where_no_road_leads_the_way_is_straight():
    way = way_between(_network(), LatLon(50.0, 10.0), LatLon(50.2, 10.0))
    assert abs(way.track.length_m - distance_m(LatLon(50.0, 10.0), LatLon(50.2, 10.0))) < 1
    assert way.free_flow_s > 0
    assert straight_way(LatLon(50.0, 10.0), LatLon(50.0, 10.001)).free_flow_s > 10


def test_the_same_way_is_looked_for_once():
    ways = Ways(_network())
    a, b = LatLon(50.0, 10.0), LatLon(50.01, 10.0)
    assert ways.between(a, b) is ways.between(a, b)
    assert ways.between(a, b) is not ways.between(b, a)
