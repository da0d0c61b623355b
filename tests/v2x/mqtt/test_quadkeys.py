import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.core.geo import LatLon
from v2x.mqtt.quadkeys import LONGEST_ZOOM, MERCATOR_LIMIT_DEG, bounds, levels, quadkey

places = st.builds(LatLon, st.floats(-MERCATOR_LIMIT_DEG, MERCATOR_LIMIT_DEG), st.floats(-180, 180))
zooms = st.integers(1, LONGEST_ZOOM)
ILMENAU = LatLon(50.6840, 10.9190)


def test_the_four_quarters_of_the_world_are_numbered_as_the_tile_system_says() -> None:
    corners = [LatLon(50, -10), LatLon(50, 10), LatLon(-50, -10), LatLon(-50, 10)]
    assert [quadkey(corner, 1) for corner in corners] == ["0", "1", "2", "3"]


def test_a_published_example_of_the_tile_system_comes_out() -> None:
    # Tile (3, 5) at level 3 has quadkey 213 in the description of the Bing Maps Tile System.
    south_west, north_east = bounds("213")
    middle = LatLon((south_west.lat_deg + north_east.lat_deg) / 2, (south_west.lon_deg + north_east.lon_deg) / 2)
    assert (south_west.lon_deg, north_east.lon_deg) == (-45.0, 0.0)
    assert quadkey(middle, 3) == "213"


@given(place=places, zoom=zooms)
def test_a_place_lies_within_its_tile(place: LatLon, zoom: int) -> None:
    south_west, north_east = bounds(quadkey(place, zoom))
    assert south_west.lat_deg - 1e-9 <= place.lat_deg <= north_east.lat_deg + 1e-9
    assert south_west.lon_deg - 1e-9 <= place.lon_deg <= north_east.lon_deg + 1e-9


@given(place=places, zoom=zooms)
def test_a_larger_tile_is_the_beginning_of_a_smaller_one(place: LatLon, zoom: int) -> None:
    assert quadkey(place, LONGEST_ZOOM).startswith(quadkey(place, zoom))


@given(place=st.builds(LatLon, st.floats(-90, 90), st.floats(-180, 180)), zoom=zooms)
def test_every_place_on_earth_has_a_quadkey_even_the_poles(place: LatLon, zoom: int) -> None:
    key = quadkey(place, zoom)
    assert len(key) == zoom
    assert set(key) <= set("0123")


def test_full_quadkeys_are_tiles_of_a_few_metres() -> None:
    south_west, north_east = bounds(quadkey(ILMENAU))
    assert 5 < (north_east.lat_deg - south_west.lat_deg) * 111_320 < 7


def test_levels_are_one_digit_each() -> None:
    assert levels("1202") == "1/2/0/2"


@pytest.mark.parametrize("zoom", [0, 23])
def test_other_zooms_are_refused(zoom: int) -> None:
    with pytest.raises(ValueError, match="no zoom"):
        quadkey(ILMENAU, zoom)


@pytest.mark.parametrize("key", ["", "4", "0" * 23, "1a"])
def test_what_is_no_quadkey_has_no_bounds(key: str) -> None:
    with pytest.raises(ValueError, match="no quadkey"):
        bounds(key)
