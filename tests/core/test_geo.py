"""Places, distances and chainage behave like places, distances and chainage."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mobility.core.geo import XY, LatLon, LocalFrame, Polyline, bearing_deg, distance_m, polyline, utm_crs

STATION = LatLon(50.6842, 10.9222)
FRAUENWALD = LatLon(50.5811, 10.8597)
UTM32 = LocalFrame("EPSG:25832")

near_ilmenau = st.builds(LatLon, st.floats(50.5, 50.8), st.floats(10.7, 11.1))
coordinates = st.floats(-5_000, 5_000, allow_nan=False)
points = st.builds(XY, coordinates, coordinates)
lines = st.lists(points, min_size=2, max_size=12).map(lambda p: Polyline(tuple(p)))


def test_the_beeline_from_the_station_to_frauenwald_is_12_3_km() -> None:
    """Source: distance of the two stated coordinates."""
    assert distance_m(STATION, FRAUENWALD) == pytest.approx(12_300, abs=100)


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (-90.1, 0), (0, 181), (math.nan, 0), (0, math.inf)])
def test_what_is_not_on_earth_is_no_position(lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match="no position on Earth"):
        LatLon(lat, lon)


@given(near_ilmenau, near_ilmenau)
def test_distance_is_the_same_both_ways(a: LatLon, b: LatLon) -> None:
    assert distance_m(a, b) == pytest.approx(distance_m(b, a))


@given(near_ilmenau, near_ilmenau)
def test_the_plane_frame_measures_like_the_sphere_within_a_district(a: LatLon, b: LatLon) -> None:
    p, q = UTM32.xy(a), UTM32.xy(b)
    assert math.hypot(p.x_m - q.x_m, p.y_m - q.y_m) == pytest.approx(distance_m(a, b), rel=0.004, abs=0.01)


@given(near_ilmenau)
def test_a_place_survives_the_way_through_the_plane(place: LatLon) -> None:
    assert distance_m(UTM32.latlon(UTM32.xy(place)), place) < 0.001


def test_north_and_east_have_the_bearings_of_a_compass() -> None:
    assert bearing_deg(STATION, LatLon(50.7, 10.9222)) == pytest.approx(0)
    assert bearing_deg(STATION, LatLon(50.6842, 10.95)) == pytest.approx(90, abs=0.1)


def test_ilmenau_lies_in_utm_zone_32_and_sydney_in_56_south() -> None:
    assert utm_crs(STATION) == "EPSG:32632"
    assert utm_crs(LatLon(-33.9, 151.2)) == "EPSG:32756"


@given(lines, st.floats(0, 1))
def test_a_point_of_the_line_lies_on_it(line: Polyline, share: float) -> None:
    point = line.at(share * line.length_m)
    assert line.project(point).offset_m == pytest.approx(0, abs=1e-6)


@given(lines, st.floats(0, 1), st.floats(0, 1))
def test_chainage_never_jumps_further_than_one_walks(line: Polyline, a: float, b: float) -> None:
    p, q = line.at(a * line.length_m), line.at(b * line.length_m)
    assert math.hypot(p.x_m - q.x_m, p.y_m - q.y_m) <= abs(a - b) * line.length_m + 1e-6


@given(lines, points)
def test_no_vertex_is_nearer_than_the_projection(line: Polyline, point: XY) -> None:
    nearest_m = min(math.hypot(p.x_m - point.x_m, p.y_m - point.y_m) for p in line.points)
    assert line.project(point).offset_m <= nearest_m + 1e-6


@given(lines, points, st.floats(0, 1), st.floats(0, 1))
def test_a_bounded_projection_stays_in_its_bounds(line: Polyline, point: XY, a: float, b: float) -> None:
    assume(line.length_m > 1)
    low, high = sorted((a * line.length_m, b * line.length_m))
    found = line.project(point, from_m=low, to_m=high)
    assert low - 1e-6 <= found.chainage_m <= high + 1e-6


def test_out_and_back_on_one_road_is_told_apart_by_bounds() -> None:
    line = Polyline((XY(0, 0), XY(100, 0), XY(0, 0)))
    assert line.project(XY(30, 1)).chainage_m == pytest.approx(30)
    assert line.project(XY(30, 1), from_m=100).chainage_m == pytest.approx(170)


def test_a_line_needs_two_ends() -> None:
    with pytest.raises(ValueError, match="two points"):
        Polyline((XY(0, 0),))


def test_a_line_of_one_repeated_point_has_no_length_and_still_projects() -> None:
    line = polyline(UTM32, [STATION, STATION])
    assert line.length_m == 0
    assert line.project(UTM32.xy(FRAUENWALD)).offset_m == pytest.approx(12_300, abs=100)
