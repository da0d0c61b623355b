"""Where a vehicle is on its way, and what moving costs."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.geo import LatLon, LocalFrame, distance_m, polyline
from mobility.core.vehicle import ServiceKind
from sim.energy import BODIES, drive_energy
from sim.road import Driving, Limit, profile
from sim.track import elevations_between, track, track_of_line

FRAME = LocalFrame("EPSG:25832")
EZ10 = Driving(top_speed_mps=5.0, acceleration_mps2=0.6, braking_mps2=0.7, power_per_mass_w_kg=5.0)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.floats(50.68, 50.69), st.floats(10.92, 10.93)), min_size=2, max_size=8, unique=True),
    st.floats(0, 1),
)
def test_the_place_lies_where_the_timetables_chainage_says(corners, share):
    line = polyline(FRAME, [LatLon(lat, lon) for lat, lon in corners])
    way = track_of_line(line, FRAME)
    place, bearing_deg = way.at(share * line.length_m)
    assert distance_m(place, FRAME.latlon(line.at(share * line.length_m))) < 0.1
    assert 0 <= bearing_deg < 360


def test_a_vehicle_that_arrived_stands_exactly_at_the_last_point():
    way = track((LatLon(50.61, 10.91), LatLon(50.623, 10.937)))
    assert way.at(way.length_m) == (LatLon(50.623, 10.937), way.bearings_deg[-1])
    assert way.at(1e9)[0] == LatLon(50.623, 10.937)
    assert way.at(-5)[0] == LatLon(50.61, 10.91)


def test_elevations_are_interpolated_between_known_stops():
    assert elevations_between((0, 50, 100, 150), [(0, 400), (100, 500)]) == (400, 450, 500, 500)
    assert elevations_between((0, 1), []) == (0, 0)


def _wh(rise_m: float, kind: ServiceKind = ServiceKind.SHUTTLE) -> float:
    way = track((LatLon(50.0, 10.0), LatLon(50.00899322, 10.0)), elevations_m=(500, 500 + rise_m))
    fastest = profile(way, EZ10, from_m=0, to_m=way.length_m)
    return drive_energy(fastest, way, BODIES[kind]).energies_wh[-1]


def test_a_shuttle_kilometre_costs_what_the_anchor_figures_say():
    # The balance of SUMO's energy model for such a vehicle, auxiliaries apart: about 140 Wh/km on the flat,
    # some 350 more up a slope of 4 %, and most of it back on the way down.
    flat_wh, up_wh, down_wh = _wh(0), _wh(40), _wh(-40)
    assert 90 < flat_wh < 180
    assert 300 < up_wh - flat_wh < 400
    assert -120 < down_wh < 0


def test_a_profile_of_pure_speed_is_conserved():
    way = track((LatLon(50.0, 10.0), LatLon(50.00899322, 10.0)))
    fastest = profile(way, EZ10, from_m=0, to_m=way.length_m, limits=(Limit(0, 3.0),))
    energy = drive_energy(fastest, way, BODIES[ServiceKind.SHUTTLE])
    assert energy.at(0) == 0
    assert math.isclose(energy.at(way.length_m), energy.energies_wh[-1])
    assert energy.at(500) > 0
