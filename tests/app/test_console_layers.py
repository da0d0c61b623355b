"""Links and layers in the built console: how a vehicle's radio is, where it fails, how the road is; each as a table."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.fakes.chromium import axe_faults, built_console, chromium
from tests.fakes.console_server import ConsoleWorld, served
from tests.fakes.console_visit import Visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    built_console()
    with chromium() as started:
        yield started


@pytest.fixture
def world() -> ConsoleWorld:
    return ConsoleWorld()


@pytest.fixture
def visit(browser: Browser, world: ConsoleWorld) -> Iterator[Visit]:
    with served(world) as address:
        visiting = Visit(browser, address)
        yield visiting
        visiting.close()


def test_the_panel_says_how_a_vehicle_s_link_is(visit: Visit) -> None:
    page = visit.open("/console")
    details = page.locator(".room__details")
    page.locator('tr[data-vehicle="shuttle-2"] button').click()
    for words in ("Funkverbindung", "steht", "48 ms, selten über 210 ms", "geht 12 ms nach", "2-mal", "0,4 %"):
        expect(details).to_contain_text(words)
    page.locator('tr[data-vehicle="shuttle-1"] button').click()
    expect(details).to_contain_text("verloren, still seit 1 min")
    page.locator('tr[data-vehicle="citizen-1"] button').click()
    expect(details).to_contain_text("ruht")


def test_each_layer_is_a_key_away_on_the_map_and_its_table_another(visit: Visit, world: ConsoleWorld) -> None:
    world.supervision.hazard()
    page = visit.open("/console")
    page.wait_for_function("window.__console?.drawnVehicles().length >= 5")
    for key in "1234":
        page.keyboard.press(key)
    for layer in ("coverage-band", "coverage-bad", "roughness-band", "junctions-band", "hazards"):
        page.wait_for_function(f"window.__console.drawnOf('{layer}') > 0")
    page.keyboard.press("t")
    for layer, words in {
        "coverage": ("Homburger Platz", "31 %", "180 ms"),
        "roughness": ("D, sehr rau", "1,80 m/s²"),
        "junctions": ("31 s", "35 km/h"),
        "hazards": ("Hindernis auf der Fahrbahn", "4711"),
    }.items():
        for word in words:
            expect(page.locator(f'table[data-layer="{layer}"]')).to_contain_text(word)
    page.keyboard.press("2")
    expect(page.locator('table[data-layer="roughness"]')).to_have_count(0)
    page.reload()
    expect(page.locator('table[data-layer="coverage"]')).to_be_visible()
    assert visit.faults == []


def test_a_row_of_a_table_shows_its_place_on_the_map(visit: Visit) -> None:
    page = visit.open("/console#table")
    page.keyboard.press("1")
    page.locator('table[data-layer="coverage"] button').first.click()
    page.wait_for_function("window.__console?.drawnOf('coverage-band') > 0")
    expect(page.locator("map-pane")).to_be_visible()


def test_an_empty_layer_says_so_in_a_sentence(visit: Visit, world: ConsoleWorld) -> None:
    world.supervision.has_layers = False
    page = visit.open("/console")
    page.keyboard.press("4")
    expect(page.locator(".layers__notes")).to_contain_text("Keine Gefahr ist gemeldet.")


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("view", ["", "#table"])
def test_layers_have_no_accessibility_fault_and_no_sideways_scroll(
    browser: Browser, world: ConsoleWorld, width: int, view: str
) -> None:
    world.supervision.hazard()
    with served(world) as address:
        visiting = Visit(browser, address, width=width, color_scheme="dark")
        page = visiting.open(f"/console{view}")
        for key in "1234":
            page.keyboard.press(key)
        expect(page.locator(".layers__notes li:has(b)" if view == "" else "table[data-layer]")).to_have_count(4)
        assert axe_faults(visiting.page) == []
        assert not visiting.is_too_wide()
        visiting.close()
