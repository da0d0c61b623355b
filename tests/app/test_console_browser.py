"""The built console in a real browser: vehicles in list and map, keys, ages, losses, both themes, no foreign host."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.fakes.chromium import axe_faults, built_console, chromium
from tests.fakes.console_server import ConsoleWorld, served
from tests.fakes.console_visit import Visit

pytestmark = pytest.mark.browser
FIVE = ["bus-300", "citizen-1", "pmover", "shuttle-1", "shuttle-2"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    built_console()
    with chromium() as started:
        yield started


class Watched(Visit):
    """A reader of whom is noted, too, what the page writes into the browser's console and which hosts it asks."""

    def __init__(self, browser: Browser, address: str, **context: object) -> None:
        super().__init__(browser, address, **context)
        self.hosts: set[str] = set()
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/", 3)[2]))

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page


@pytest.fixture
def world() -> ConsoleWorld:
    return ConsoleWorld()


@pytest.fixture
def visit(browser: Browser, world: ConsoleWorld) -> Iterator[Watched]:
    with served(world) as address:
        visiting = Watched(browser, address)
        yield visiting
        visiting.close()


def wait_for_map(page: Page) -> None:
    page.wait_for_function("window.__console?.drawnVehicles().length >= 5")


def test_every_vehicle_is_in_the_list_and_on_the_map_and_no_foreign_host_is_asked(visit: Watched) -> None:
    page = visit.open("/console")
    wait_for_map(page)
    page.wait_for_function("five => window.__console.drawnVehicles().join() === five.join()", arg=FIVE)
    listed = page.eval_on_selector_all("tr[data-vehicle]", "rows => rows.map(row => row.dataset.vehicle)")
    assert sorted(listed) == FIVE
    row = page.locator('tr[data-vehicle="shuttle-2"]')
    for words in ("CAMIL 2", "D Neuhäuser Weg", "3 min später", "mit Begleitung", "1 von 6", "73 %"):
        expect(row).to_contain_text(words)
    assert visit.hosts == {visit.address.removeprefix("http://")}
    assert visit.faults == []


def test_arrows_and_enter_choose_a_vehicle_and_its_details_open(visit: Watched) -> None:
    page = visit.open("/console")
    wait_for_map(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    details = page.locator(".room__details")
    expect(details).to_contain_text("CAMIL 2")
    expect(details).to_contain_text("SAE Level 2")
    assert page.locator('tr[data-vehicle="shuttle-2"] button').get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    expect(details).to_contain_text("Wählen Sie ein Fahrzeug")


def test_the_table_twin_is_one_key_away_and_says_where_vehicles_are(visit: Watched) -> None:
    page = visit.open("/console")
    page.keyboard.press("t")
    expect(page.locator("table.fleet--twin")).to_be_visible()
    expect(page.locator('tr[data-vehicle="pmover"] .col-place')).to_contain_text("von")
    assert page.locator("map-pane").count() == 0
    page.keyboard.press("m")
    wait_for_map(page)
    page.keyboard.press("?")
    expect(page.locator("dialog.help")).to_be_visible()
    assert visit.faults == []


def test_letters_can_be_switched_off(visit: Watched) -> None:
    page = visit.open("/console")
    page.keyboard.press("?")
    page.locator("dialog input").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page.locator("map-pane")).to_be_visible()


def test_a_silent_vehicle_grows_old_and_is_called_lost(visit: Watched, world: ConsoleWorld) -> None:
    page = visit.open("/console")
    row = page.locator('tr[data-vehicle="shuttle-1"]')
    expect(row).to_have_class("fleet__row is-fresh ")
    world.age_s["shuttle-1"] = 3.0
    expect(row).to_contain_text("veraltet")
    world.silent.add("shuttle-1")
    expect(row).to_contain_text("kein Kontakt")
    expect(page.locator(".toolbar")).to_contain_text("1 ohne Kontakt")


def test_a_silent_stream_is_called_lost_and_polling_keeps_the_list_alive(visit: Watched, world: ConsoleWorld) -> None:
    page = visit.open("/console")
    expect(page.locator("[role=status]").first).to_have_text("Echtzeit")
    world.is_streaming = False
    link = page.locator(".toolbar__link")
    expect(link).to_contain_text("Echtzeit verloren")
    expect(link).to_contain_text("im Takt abgefragt")
    expect(page.locator("tr.is-lost")).to_have_count(0)


def test_a_silent_server_is_told_and_every_vehicle_counts_as_lost(visit: Watched, world: ConsoleWorld) -> None:
    page = visit.open("/console")
    link = page.locator(".toolbar__link")
    expect(link).to_have_text("Echtzeit")
    world.is_streaming = world.is_answering = False
    expect(link).to_contain_text("der Server antwortet nicht")
    expect(page.locator("tr.is-lost")).to_have_count(5)
    world.is_streaming = True
    expect(link).to_have_text("Echtzeit")


def test_vehicles_glide_between_samples(visit: Watched) -> None:
    page = visit.open("/console")
    wait_for_map(page)
    page.wait_for_function(
        """() => {
          const { fleet } = document.querySelector("map-pane");
          const now_ms = performance.now();
          const spots = [0, 20, 40, 60].map((after_ms) => fleet.spot("shuttle-1", now_ms + after_ms).lon);
          return new Set(spots).size === 4;
        }"""
    )
    assert visit.faults == []


def test_reduced_motion_stills_the_glide(browser: Browser, world: ConsoleWorld) -> None:
    with served(world) as address:
        visiting = Watched(browser, address, reduced_motion="reduce")
        page = visiting.open("/console")
        wait_for_map(page)
        page.wait_for_timeout(600)
        assert page.evaluate("document.querySelector('map-pane').fleet.isGliding(performance.now())") is False
        visiting.close()


def test_an_empty_fleet_is_told_in_a_sentence(browser: Browser, world: ConsoleWorld) -> None:
    world.empty()
    with served(world) as address:
        visiting = Watched(browser, address)
        expect(visiting.open("/console").locator(".empty")).to_contain_text("Noch hat kein Fahrzeug Daten gesendet.")
        visiting.close()


def test_the_console_speaks_the_pages_language(browser: Browser, world: ConsoleWorld) -> None:
    with served(world) as address:
        visiting = Watched(browser, address, locale="en-GB")
        page = visiting.open("/console")
        expect(page.locator("h1")).to_have_text("Control room")
        expect(page.locator('tr[data-vehicle="shuttle-2"]')).to_contain_text("3 min late")
        visiting.close()


def test_without_webgl_a_plain_plan_takes_the_maps_place(visit: Watched) -> None:
    visit.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page = visit.open("/console")
    expect(page.locator("svg.schematic")).to_be_visible()
    expect(page.locator("svg.schematic g.sign-svg")).to_have_count(len(FIVE))
    expect(page.locator("map-pane")).to_contain_text("einfacher Plan")
    assert visit.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1440])
@pytest.mark.parametrize(
    "paths", [("/", "/sample", "/research", "/console#table"), ("/console",)], ids=["pages", "map"]
)
def test_pages_have_no_accessibility_fault_and_no_sideways_scroll(
    browser: Browser, world: ConsoleWorld, paths: tuple[str, ...], width: int, scheme: str
) -> None:
    world.age_s["citizen-1"] = 10.0
    with served(world) as address:
        visiting = Watched(browser, address, width=width, color_scheme=scheme)
        for path in paths:
            # A change of the fragment alone would not load the page anew.
            visiting.page.goto("about:blank")
            page = visiting.open(path)
            if path.startswith("/console"):
                expect(page.locator("tr[data-vehicle]")).to_have_count(5)
                page.locator('tr[data-vehicle="shuttle-2"] button').click()
                expect(page.locator('tr.is-lost[data-vehicle="citizen-1"]')).to_have_count(1)
            assert axe_faults(page) == [], (path, width, scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert visiting.faults == []
        visiting.close()


def test_touch_targets_of_rider_pages_are_large_enough(browser: Browser, world: ConsoleWorld) -> None:
    with served(world) as address:
        visiting = Watched(browser, address, width=320)
        for path in ("/", "/sample"):
            small = visiting.open(path).eval_on_selector_all(
                ".button, .choice, .way__door, .stop-links a, .masthead a, .footer__help a, input:not([type=radio])",
                "all => all.filter(one => one.getBoundingClientRect().height < 44).map(one => one.className)",
            )
            assert small == [], path
        visiting.close()


def test_the_focus_ring_is_always_visible(browser: Browser, world: ConsoleWorld) -> None:
    with served(world) as address:
        visiting = Watched(browser, address, width=768)
        page = visiting.open("/")
        page.keyboard.press("Tab")
        ring = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]; }"
        )
        assert page.evaluate("document.activeElement.textContent") == "Zum Inhalt springen"
        assert ring == ["solid", "3px"]
        visiting.close()
