"""Broken bundles: one clear error that names file, row and field, whatever is broken."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobility.core.errors import BadInputError
from mobility.core.region import Region
from mobility.storage.bundles import load_demand, load_factors, load_region, shipped_region

TEXTS = ("region.toml", "stops.csv", "lines.toml", "on_demand.toml", "fleet.toml", "sources.csv")
LITERALS = st.sampled_from(
    [
        "nan",
        "inf",
        "-1",
        "0",
        '""',
        '"x"',
        "[]",
        "{}",
        "true",
        "1e300",
        "9" * 60,
        "2025-02-28",
        "0001-01-01",
        "9999-12-31",
        "2025-10-14T10:00:00Z",
        '["99:99"]',
        "[[1, 2]]",
        "[nan, nan]",
        '"\\u0000"',
        "[{}]",
        "-0.0",
        '"167:59"',
        '["0:00"]',
        "07:40:00",
    ]
)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    directory = tmp_path / "region"
    shutil.copytree(shipped_region("ilmenau"), directory)
    shutil.rmtree(directory / "drawn")
    return directory


def _swap(bundle: Path, name: str, old: str, new: str) -> None:
    text = (bundle / name).read_text()
    assert old in text
    (bundle / name).write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "row", "field"),
    [
        ("stops.csv", "50.68450", "95.1", 1, "lat"),
        ("stops.csv", "ehrenberg,", "neuhaeuser-weg,", 2, "stop_id"),
        ("stops.csv", ",479,yes", ",479,perhaps", 1, "line_stop"),
        ("stops.csv", "stop_id,name", "id,name", None, ""),
        ("stops.csv", "479,yes,no,yes", "479,yes,no", 1, ""),
        ("region.toml", "Europe/Berlin", "Europe/Ilmenau", None, "zone"),
        ("region.toml", "Europe/Berlin", "Europe", None, "zone"),
        ("region.toml", "EPSG:25832", "EPSG:4326", None, "crs"),
        ("region.toml", "EPSG:25832", "EPSG:999999", None, "crs"),
        ("region.toml", "2025-10-14", '"2025-10-14"', None, "scenario_day"),
        ("region.toml", "version", "versoin", None, "version"),
        ("region.toml", 'name = "Ilmenau"', 'name = "Ilmenau"\nmotto = "x"', None, "motto"),
        ("fleet.toml", "seats = 6", "seats = 0", 1, "vehicles[1].seats"),
        ("fleet.toml", "seats = 6", "seats = 6.5", 1, "vehicles[1].seats"),
        ("fleet.toml", 'kind = "shuttle"', 'kind = "boat"', 1, "vehicles[1].kind"),
        ("fleet.toml", 'id = "shuttle-2"', 'id = "shuttle-1"', 2, "vehicles[2].id"),
        ("fleet.toml", '"D-1" = "shuttle-1"', '"D-1" = "shuttle-9"', None, "blocks.D-1"),
        (
            "lines.toml",
            '"campus-nord", "campus-ost"',
            '"campus-nowhere", "campus-ost"',
            1,
            "lines[1].patterns[1].stops",
        ),
        ("lines.toml", '"2:00", "4:10"', '"2:00", "2:10"', 1, "lines[1].patterns[1].arrive"),
        ("lines.toml", '"2:30", "4:40"', '"1:30", "4:40"', 1, "lines[1].patterns[1].leave"),
        ("lines.toml", '"06:07", "07:07"', '"07:07", "07:07"', None, "lines.D.trips"),
        ("lines.toml", 'calendar = "mofr"', 'calendar = "often"', 1, "lines[1].trips[1].calendar"),
        ("lines.toml", "2025-12-13", "2025-08-13", 1, "calendars[1].last"),
        ("lines.toml", '"D-out-mofr-0607", ', '"D-out-mofr-0608", ', 1, "connections[1].trips"),
        ("lines.toml", '"06:00", "07:00"', '"07:00"', 1, "connections[1].trips"),
        ("on_demand.toml", '"tue", "thu"', '"tuesday"', 1, "areas[1].weekdays"),
        ("on_demand.toml", '"manebach-moosbach"', '"neuhaeuser-weg"', 1, "areas[1].stops"),
        ("on_demand.toml", 'closes = "17:00"', 'closes = "07:00"', 1, "areas[1].closes"),
        ("on_demand.toml", 'holidays_of = "TH"', 'holidays_of = "XX"', 1, "areas[1].holidays_of"),
        ("on_demand.toml", 'depot = "stuetz', 'depot = "Xtuetz', 1, "areas[1].shifts[1].depot"),
        ("sources.csv", ",sourced,", ",rumoured,", 1, "status"),
        ("sources.csv", "2026-11-22", "2026-13-22", 3, "dated"),
        ("region.toml", 'name = "Ilmenau"', "name = 5", None, "name"),
        ("region.toml", 'id = "ilmenau"', 'id = "il menau"', None, "id"),
        ("region.toml", '["de", "en"]', '["fr"]', None, "languages"),
        ("region.toml", '"https://www.iov', '"www.iov', None, "agency_url"),
        ("region.toml", "[50.6858, 10.9140]", "[50.6858]", 1, "map_names[1].place"),
        ("region.toml", "[50.6858, 10.9140]", "[95.0, 10.9]", 1, "map_names[1].place"),
        ("fleet.toml", "ramp = true", "ramp = 1", 1, "vehicles[1].ramp"),
        ("fleet.toml", "seats = 6", "seats = true", 1, "vehicles[1].seats"),
        ("fleet.toml", "wheelchair_places = 1", "wheelchair_places = 4", 1, "vehicles[1].seats_lost_per_wheelchair"),
        ("lines.toml", '"0B6E4F"', '"green"', 1, "lines[1].colour"),
        ("lines.toml", '"0:00", "2:00"', '"0:05", "2:00"', 1, "lines[1].patterns[1].arrive"),
        ("lines.toml", '"06:07", "07:07"', '"06:75", "07:07"', 1, "lines[1].trips[1].starts"),
        ("lines.toml", "first = 2025-09-01", "first = 1015-09-01", 1, "calendars[1].first"),
        ("lines.toml", "first = 2025-09-01", "first = 1995-09-01", 1, "calendars[1].last"),
        ("lines.toml", 'stop = "neuhaeuser-weg"', 'stop = "gustav-kirchhoff-platz"', 1, "connections[1].stop"),
        ("lines.toml", '"09:30", "11:00"', '"11:00", "09:30"', 1, "research_routes[1].starts"),
        ("on_demand.toml", '"manebach-kirchberg"', '"manebach-bahnhof"', 1, "areas[1].stops"),
        ("on_demand.toml", '"manebach-kirchberg"', '"manebach-nirgends"', 1, "areas[1].stops"),
        ("on_demand.toml", 'ends = "12:30"', 'ends = "07:30"', 1, "areas[1].shifts[1].ends"),
    ],
)
def test_the_error_names_file_row_and_field(
    bundle: Path, *, name: str, old: str, new: str, row: int | None, field: str
) -> None:
    _swap(bundle, name, old, new)
    with pytest.raises(BadInputError) as caught:
        load_region(bundle)
    assert (caught.value.source, caught.value.row, caught.value.field) == (name, row, field)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", ["region.toml", "stops.csv", "sources.csv", "network.npz"])
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(BadInputError, match=name):
        load_region(bundle)


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_that_is_not_utf_8_is_named(bundle: Path, name: str) -> None:
    (bundle / name).write_bytes("# Stützerbach".encode("latin-1"))
    with pytest.raises(BadInputError, match=rf"{name}: is not UTF-8 \(byte 5\)"):
        load_region(bundle)


def test_a_byte_order_mark_is_no_fault(bundle: Path) -> None:
    (bundle / "stops.csv").write_bytes(b"\xef\xbb\xbf" + (bundle / "stops.csv").read_bytes())
    assert load_region(bundle).stops


def test_a_syntax_error_is_told_with_its_line(bundle: Path) -> None:
    (bundle / "fleet.toml").write_text('[[vehicles]]\nid = "a\n')
    with pytest.raises(BadInputError, match=r"fleet\.toml: .*line 2"):
        load_region(bundle)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such directory"):
        load_region(tmp_path / "nowhere")


def test_a_stop_off_the_road_network_leaves_no_way_to_drive(bundle: Path) -> None:
    text = (
        (bundle / "stops.csv")
        .read_text()
        .replace("ehrenberg,Ehrenberg,Ilmenau,50.68520,10.93010", "ehrenberg,Ehrenberg,Ilmenau,50.68450,10.92410")
    )
    (bundle / "stops.csv").write_text(text)
    with pytest.raises(BadInputError, match="same point"):
        load_region(bundle)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("rides_per_day = 1.2", "rides_per_day = -1", "flows[1].rides_per_day"),
        ('area = "buergerbus"', 'area = "rufbus"', "flows[1].area"),
        ('destination = "aerztehaus"', 'destination = "manebach-kirchberg"', "flows[1].destination"),
        ("[0.74, 0.19, 0.05, 0.02]", "[0.74, 0.19]", "habits[1].group_weights"),
        ('ends = "11:00"', 'ends = "08:00"', "flows[1].ends"),
        ('line = "D"', 'line = "Z"', "train_riders[1].line"),
        ("radius_m = 900", "radius_m = 0", "radio_gaps[1].radius_m"),
        ("[[habits]]", "[[habitz]]", "habits"),
    ],
)
def test_a_fault_in_the_demand_is_named(bundle: Path, old: str, new: str, field: str) -> None:
    _swap(bundle, "demand.toml", old, new)
    with pytest.raises(BadInputError) as caught:
        load_demand(bundle)
    assert (caught.value.source, caught.value.field) == ("demand.toml", field)
    assert load_region(bundle).areas, "the server never reads it"


def _load(directory: Path) -> Region | None:
    try:
        region = load_region(directory)
        load_demand(directory)
        load_factors(directory)
    except BadInputError as error:
        assert error.source
        return None
    return region


@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_in_any_place_loads_or_is_refused(bundle: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*(t for t in TEXTS if t.endswith("toml")), "demand.toml", "factors.toml"]))
    original = (bundle / name).read_text()
    lines = original.splitlines()
    places = [k for k, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    k = data.draw(st.sampled_from(places))
    lines[k] = lines[k].split(" = ")[0] + " = " + data.draw(LITERALS)
    try:
        (bundle / name).write_text("\n".join(lines))
        region = _load(bundle)
        assert region is None or isinstance(region, Region)
    finally:
        (bundle / name).write_text(original)


@given(
    name=st.sampled_from([*TEXTS, "demand.toml", "factors.toml"]),
    content=st.binary(max_size=200),
    at=st.floats(0, 1),
    cut=st.integers(0, 60),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_in_any_place_load_or_are_refused(
    bundle: Path, name: str, content: bytes, at: float, cut: int
) -> None:
    original = (bundle / name).read_bytes()
    k = int(at * len(original))
    try:
        (bundle / name).write_bytes(original[:k] + content + original[k + cut :])
        region = _load(bundle)
        assert region is None or isinstance(region, Region)
    finally:
        (bundle / name).write_bytes(original)
