"""What ``on_demand.toml`` says for feeds: short name, web pages, notes, zones, and the public holidays it asks for."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.storage.bundles import load_region, shipped_region

ZONE = '\n[[areas.zones]]\nid = "feld"\nname = "Feld"\noutline = [[50.60, 10.80], [50.61, 10.80], [50.61, 10.82]]\n'


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    directory = tmp_path / "region"
    shutil.copytree(shipped_region("ilmenau"), directory)
    return directory


def change(bundle: Path, old: str, new: str) -> None:
    file = bundle / "on_demand.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def add(bundle: Path, text: str) -> None:
    file = bundle / "on_demand.toml"
    file.write_text(file.read_text() + text)


def test_the_citizen_bus_has_a_name_for_its_sign_pages_and_notes():
    (area,) = load_region(shipped_region("ilmenau")).areas
    assert (area.short_name, area.zones, area.safe_duration) == ("Bürgerbus", (), None)
    assert area.booking.url.startswith("https://")
    assert set(area.booking.notes) == {"de", "en"}


def test_the_public_holidays_of_the_state_are_known_for_all_years_of_the_timetable():
    (area,) = load_region(shipped_region("ilmenau")).areas
    # Children's day is a holiday in Thuringia alone, Reformation Day is none in Hesse.
    assert {date(2025, 9, 20), date(2025, 10, 31), date(2025, 12, 25), date(2026, 1, 1)} <= area.days_off
    assert {day.year for day in area.days_off} == {2025, 2026}


def test_an_area_without_a_holiday_rule_has_no_days_off(bundle):
    change(bundle, 'holidays_of = "TH"', 'holidays_of = ""')
    assert load_region(bundle).areas[0].days_off == frozenset()


def test_what_feeds_need_may_be_absent(bundle):
    for line in ('short_name = "Bürgerbus"\n', 'info_url = "https://www.iov-ilmenau.de/"\n'):
        change(bundle, line, "")
    change(bundle, 'booking_url = "https://buergerbus.example.org/book"\n', "")
    (area,) = load_region(bundle).areas
    assert (area.short_name, area.booking.url, area.booking.info_url) == ("", "", "")


def test_a_zone_is_read_with_its_corners(bundle):
    add(bundle, ZONE)
    (zone,) = load_region(bundle).areas[0].zones
    assert (zone.zone_id, zone.name) == ("feld", "Feld")
    assert zone.outline == (LatLon(50.60, 10.80), LatLon(50.61, 10.80), LatLon(50.61, 10.82))


BROKEN = {
    "long sign": ('short_name = "Bürgerbus"', 'short_name = "Bürgerbus Ilmenau"', "short_name"),
    "no scheme": ('"https://buergerbus.example.org/book"', '"buergerbus.example.org"', "booking_url"),
    "script": ('"https://www.iov-ilmenau.de/"', '"javascript:alert(1)"', "info_url"),
    "broken host": ('"https://www.iov-ilmenau.de/"', '"https://[::1"', "info_url"),
    "language": ('en = "Volunteers', 'fr = "Volunteers', "booking_notes"),
    "empty note": (
        'en = "Volunteers drive you. The ride is free, a donation is welcome."',
        'en = " "',
        "booking_notes",
    ),
    "a line's id": ('id = "buergerbus"', 'id = "300"', "id"),
}


@pytest.mark.parametrize(("old", "new", "field"), BROKEN.values(), ids=BROKEN.keys())
def test_a_wrong_value_is_named_by_its_field(bundle, old, new, field):
    change(bundle, old, new)
    with pytest.raises(BadInputError) as caught:
        load_region(bundle)
    assert (caught.value.source, caught.value.field) == ("on_demand.toml", f"areas[1].{field}")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (", [50.61, 10.82]]", "]", "outline"),
        ("[50.61, 10.80], [50.61, 10.82]]", "[50.61, 10.82], [50.60, 10.82], [50.61, 10.80]]", "outline"),
        ("[50.61, 10.80]", "[50.60, 10.80]", "outline"),
        ('id = "feld"', 'id = "busbahnhof"', "id"),
        ('id = "feld"', 'id = "feld"\ncolour = "red"', "colour"),
    ],
    ids=["two corners", "crossing", "no area", "a stop's id", "unknown field"],
)
def test_a_wrong_zone_is_named(bundle, old, new, field):
    assert old in ZONE
    add(bundle, ZONE.replace(old, new, 1))
    with pytest.raises(BadInputError) as caught:
        load_region(bundle)
    assert caught.value.field == f"areas[1].zones[1].{field}"


def test_two_zones_of_one_id_are_refused(bundle):
    add(bundle, ZONE + ZONE)
    with pytest.raises(BadInputError, match="stands already"):
        load_region(bundle)
