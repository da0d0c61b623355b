"""Driving along a way."""

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.geo import LatLon
from sim.road import Driving, Limit, drive, profile
from sim.track import Track, track

DRIVING = Driving(top_speed_mps=13.9, acceleration_mps2=1.0, braking_mps2=1.2, power_per_mass_w_kg=12.0)

_steps = st.tuples(st.floats(-0.004, 0.004), st.floats(-0.004, 0.004), st.floats(-30, 30))


@st.composite
def ways(draw) -> Track:
    lat_deg, lon_deg, elevation_m = 50.68, 10.92, 500.0
    places, elevations_m = [LatLon(lat_deg, lon_deg)], [elevation_m]
    for north, east, up in draw(st.lists(_steps, min_size=1, max_size=12)):
        lat_deg, lon_deg, elevation_m = lat_deg + north, lon_deg + east, elevation_m + up
        places.append(LatLon(lat_deg, lon_deg))
        elevations_m.append(elevation_m)
    return track(places, elevations_m=elevations_m)


@st.composite
def drives(draw):
    way = draw(ways())
    shares = sorted(draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    from_m, to_m = (share * way.length_m for share in shares)
    cuts = sorted(draw(st.lists(st.floats(0, 1), max_size=5)))
    limits = tuple(Limit(cut * way.length_m, draw(st.floats(2, 30))) for cut in cuts)
    return way, from_m, to_m, limits


@settings(max_examples=150)
@given(drives(), st.floats(1, 3))
def test_a_vehicle_moves_forward_only_and_continuously_and_stops_exactly_at_the_stop(case, stretch):
    way, from_m, to_m, limits = case
    fastest = profile(way, DRIVING, from_m=from_m, to_m=to_m, limits=limits)
    driven = drive(fastest, wanted_s=fastest.duration_s * stretch)
    steps = 200
    times = [*(driven.duration_s * k / steps for k in range(steps)), driven.duration_s]
    seen = [driven.at(time_s) for time_s in times]
    assert seen[0].chainage_m == from_m
    assert math.isclose(seen[-1].chainage_m, to_m, abs_tol=2e-3)
    assert seen[-1].speed_mps == 0
    step_s = driven.duration_s / steps
    for a, b in pairwise(seen):
        assert b.chainage_m >= a.chainage_m - 1e-9
        assert b.chainage_m - a.chainage_m <= DRIVING.top_speed_mps * step_s + 1e-6


@settings(max_examples=150)
@given(drives())
def test_no_limit_is_passed_and_no_acceleration_exceeded(case):
    way, from_m, to_m, limits = case
    fastest = profile(way, DRIVING, from_m=from_m, to_m=to_m, limits=limits)
    for gain in fastest.accelerations_mps2:
        assert -DRIVING.braking_mps2 - 1e-6 <= gain <= DRIVING.acceleration_mps2 + 1e-6
    for k in range(200):
        moment = fastest.at(fastest.duration_s * k / 200)
        ahead = [limit for limit in limits if limit.from_m <= moment.chainage_m - 2e-3]
        road_mps = ahead[-1].speed_mps if ahead else math.inf
        near = [limit.speed_mps for limit in limits if abs(limit.from_m - moment.chainage_m) <= 2e-3]
        allowed = max([min(road_mps, DRIVING.top_speed_mps), *near])
        assert moment.speed_mps <= allowed + 1e-6


@settings(max_examples=100)
@given(drives(), st.floats(0, 1))
def test_the_time_at_a_place_is_the_inverse_of_the_place_at_a_time(case, share):
    way, from_m, to_m, limits = case
    fastest = profile(way, DRIVING, from_m=from_m, to_m=to_m, limits=limits)
    there_m = from_m + share * (to_m - from_m)
    assert math.isclose(fastest.at(fastest.time_at(there_m)).chainage_m, there_m, abs_tol=5e-3)


def test_a_straight_kilometre_takes_the_textbook_time():
    way = track((LatLon(50.0, 10.0), LatLon(50.00899322, 10.0)))
    calm = Driving(top_speed_mps=10, acceleration_mps2=1.0, braking_mps2=1.0, power_per_mass_w_kg=1000)
    # 50 m in 10 s up to speed, the same down, the rest at 10 m/s.
    expected_s = 10 + 10 + (way.length_m - 100) / 10
    assert math.isclose(profile(way, calm, from_m=0, to_m=way.length_m).duration_s, expected_s, rel_tol=1e-9)


def test_bends_and_climbs_are_driven_more_slowly():
    straight = track((LatLon(50.0, 10.0), LatLon(50.01, 10.0)))
    bent = track((LatLon(50.0, 10.0), LatLon(50.005, 10.0), LatLon(50.005, 10.0002), LatLon(50.01, 10.0002)))
    steep = track((LatLon(50.0, 10.0), LatLon(50.01, 10.0)), elevations_m=(500, 660))

    def pace(way: Track) -> float:
        return profile(way, DRIVING, from_m=0, to_m=way.length_m).duration_s / way.length_m

    assert pace(bent) > pace(straight) * 1.05
    assert pace(steep) > pace(straight) * 1.2


def test_no_way_takes_no_time():
    way = track((LatLon(50.0, 10.0),))
    still = profile(way, DRIVING, from_m=0.0, to_m=0.0)
    assert still.duration_s == 0
    assert still.at(5.0).speed_mps == 0
    assert drive(still, wanted_s=10.0).at(4.0).chainage_m == 0
