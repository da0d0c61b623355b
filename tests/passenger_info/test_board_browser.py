"""Boards in a real browser: accessibility, the wall, the lost connection, offline, reading aloud, renewal, paper."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, Route, expect
from starlette.responses import StreamingResponse

from mobility.core.clock import shifted
from passenger_info.board_texts import LANGUAGES, PAGE
from tests.fakes.chromium import PATIENCE_MS, axe_faults, chromium, eventually
from tests.fakes.clock import SettableClock
from tests.passenger_info.board_scene import NOW, at, scene_app

pytestmark = pytest.mark.browser
BOARD = "/board/busbahnhof"
KEPT = """async () => {
  const wanted = [location.href, ...[...document.querySelectorAll("link[rel=stylesheet], script[src]")]
    .map((one) => one.href || one.src)];
  const found = await Promise.all(wanted.map((url) => caches.match(url)));
  return found.every(Boolean);
}"""
"""Whether the page and all that it loads can be shown without a connection."""
SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, summary")].filter((one) => {
  if (one.matches(".skip") || !one.checkVisibility()) return false;
  const isInText = getComputedStyle(one).display === "inline"
    && one.parentElement.textContent.trim().length > one.textContent.trim().length;
  const box = one.getBoundingClientRect();
  return !isInText && (box.height < 43.5 || box.width < 43.5);
}).map((one) => one.outerHTML.slice(0, 90))"""


class Stop:
    """A served scene: its address, its clock, and a bell that tells open pages of a change."""

    def __init__(self) -> None:
        self.clock = SettableClock(at(NOW))
        self.rings = 0
        self.listening = 0
        self.address = ""


def app_of(stop: Stop) -> FastAPI:
    app = scene_app(stop.clock)

    @app.get("/gtfs-rt/events")
    async def events() -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            heard = stop.rings
            stop.listening += 1
            yield "event: heartbeat\ndata: {}\n\n"
            for _ in range(300):
                await asyncio.sleep(0.1)
                if stop.rings != heard:
                    heard = stop.rings
                    yield "event: delta\ndata: {}\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    return app


@contextmanager
def served() -> Iterator[Stop]:
    stop = Stop()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app_of(stop), log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    stop.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield stop
    server.should_exit = True
    thread.join(timeout=60)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def stop() -> Iterator[Stop]:
    with served() as found:
        yield found


@contextmanager
def page_at(browser: Browser, stop: Stop, **context: object) -> Iterator[Page]:
    opened = browser.new_context(base_url=stop.address, **context)
    opened.set_default_timeout(PATIENCE_MS)
    page = opened.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script: {error}"))
    yield page
    opened.close()


def later(page: Page, stop: Stop, seconds: int = 60) -> None:
    """Be so long after the scene's beginning and ring, once the page listens: who does not yet listen misses it."""
    eventually(page, lambda: stop.listening)
    stop.clock.moment = shifted(at(NOW), seconds)
    stop.rings += 1


def until_heard(page: Page) -> None:
    """Let the page's clock run on in steps until it has an answer again: it stands still while that takes its time."""
    for _ in range(600):
        if not page.locator("#lost").text_content():
            return
        page.clock.run_for(1000)
        page.wait_for_timeout(100)
    pytest.fail("the page stays lost")


LOOKS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active", "reduced_motion": "reduce"},
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_boards_have_no_fault_in_any_language_size_or_colour(
    browser: Browser, stop: Stop, language: str, look: str
) -> None:
    with page_at(browser, stop, **LOOKS[look]) as page:
        for path in (BOARD, f"{BOARD}?day=1", "/board", "/board/nirgendwo"):
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            for width in (320, 768, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                assert axe_faults(page) == [], (path, width)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
                assert page.evaluate(SMALL_TARGETS) == [], (path, width)


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160), (1366, 768)])
def test_each_page_of_a_wall_fits_its_screen(browser: Browser, stop: Stop, width: int, height: int) -> None:
    with page_at(browser, stop, viewport={"width": width, "height": height}) as page:
        for language in LANGUAGES:
            for number in (1, 2, 3):
                page.goto(f"{BOARD}?screen=1&lang={language}&page={number}")
                size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
                assert size[0] <= width
                assert size[1] <= height, (language, number)
                assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= width / 60
        assert axe_faults(page) == []
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_wall_with_scripts_turns_and_renews_itself(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop) as page:
        page.clock.install()
        page.goto(f"{BOARD}?screen=1&lang=de")
        expect(page.locator("#live")).to_contain_text("Seite 1 von 3")
        page.clock.run_for(12_500)
        expect(page.locator("#live")).to_contain_text("Seite 2 von 3")
        page.clock.run_for(12_500)
        expect(page.locator("#live")).to_contain_text("Seite 3 von 3")
        assert page.url.endswith("lang=de")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_small_phone_shows_the_first_departure_below_the_headline_of_an_alert(
    browser: Browser, stop: Stop, language: str
) -> None:
    with page_at(browser, stop, viewport={"width": 320, "height": 640}) as page:
        page.goto(f"{BOARD}?lang={language}")
        headline = page.locator(".alert h2").first.bounding_box()
        first = page.locator("table.board tbody tr").first.bounding_box()
        assert headline is not None
        assert first is not None
        assert 0 < headline["y"] < first["y"]
        assert first["y"] + first["height"] <= 640
        expect(page.locator("details.alert p").first).to_be_hidden()
        page.locator("details.alert summary").click()
        expect(page.locator("details.alert p").first).to_be_visible()
        assert axe_faults(page) == []
        later(page, stop)
        expect(page.locator(".lead")).to_contain_text("14:04")
        expect(page.locator("details.alert p").first).to_be_visible()


def test_a_desk_and_paper_show_alerts_whole(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop, viewport={"width": 1280, "height": 900}) as page:
        page.goto(f"{BOARD}?lang=de")
        expect(page.locator("details.alert p").first).to_be_visible()
        page.locator("details.alert summary").click()
        later(page, stop)
        expect(page.locator(".lead")).to_contain_text("14:04")
        expect(page.locator("details.alert p").first).to_be_hidden()  # who folded it has read it
        page.emulate_media(media="print")
        assert page.locator("details.alert p").first.bounding_box() is not None


def test_an_open_board_follows_the_stream(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop) as page:
        page.goto(f"{BOARD}?lang=de")
        expect(page.locator(".lead")).to_contain_text("14:03")
        page.get_by_text("Zum Vorlesen", exact=True).click()
        later(page, stop)
        expect(page.locator(".lead")).to_contain_text("14:04")
        expect(page.locator("#aloud")).to_contain_text("14:04 Uhr")
        expect(page.locator("#aloud")).to_be_visible()


def test_the_focus_survives_a_renewal(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop) as page:
        page.goto(f"{BOARD}?lang=de")
        page.locator(".alert a").first.focus()
        later(page, stop)
        expect(page.locator(".lead")).to_contain_text("14:04")
        expect(page.locator(".alert a").first).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
def test_half_a_minute_without_an_answer_no_row_claims_to_be_live(browser: Browser, stop: Stop, language: str) -> None:
    with page_at(browser, stop, service_workers="block") as page:
        page.clock.install()
        page.goto(f"{BOARD}?lang={language}")
        live = page.locator(".state--running, .state--late").locator("visible=true").locator("xpath=ancestor::table")
        assert live.count() > 0
        page.context.set_offline(True)
        page.clock.run_for(25_000)
        expect(page.locator("#lost")).to_be_empty()
        page.clock.run_for(10_000)
        expect(page.locator("#lost")).to_contain_text("14:03")
        assert page.locator("table .state--running:visible, table .state--late:visible").count() == 0
        assert page.locator("table .unsure:visible").count() >= 3
        assert page.locator("table .time").first.inner_text().strip() == ""
        expect(page.locator("table .state--cancelled").first).to_be_visible()
        page.clock.run_for(6 * 60_000)
        said = PAGE[language]["lost_minutes"].format(count=6)
        expect(page.locator("#lost")).to_contain_text(said)
        page.context.set_offline(False)
        until_heard(page)
        expect(page.locator("table .state--running:visible").first).to_be_visible()


def test_a_board_opens_without_a_connection_as_old_as_it_is(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop) as page:
        page.goto(f"{BOARD}?lang=de")
        page.wait_for_function("navigator.serviceWorker.controller")
        page.reload()
        page.wait_for_function(KEPT)
        page.context.set_offline(True)
        page.reload()
        expect(page.locator("#lost")).to_contain_text("Stand 14:03 Uhr, seit")
        assert page.locator("table .state--running:visible, table .state--late:visible").count() == 0
        assert page.locator("table.board tbody tr").count() > 8
        assert page.evaluate("getComputedStyle(document.querySelector('.board-code svg')).width") == "130px"
        page.context.set_offline(False)
        expect(page.locator("#lost")).to_be_empty()
        expect(page.locator("table .state--running:visible").first).to_be_visible()


def test_the_board_is_read_aloud_by_keyboard_sentence_by_sentence(browser: Browser, stop: Stop) -> None:
    spoken = """
      window.said = [];
      window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
      Object.defineProperty(window, "speechSynthesis", { value: {
        speak: (u) => window.said.push([u.lang, u.text]), cancel: () => {} } });
    """
    with page_at(browser, stop) as page:
        page.add_init_script(spoken)
        page.goto(f"{BOARD}?lang=de")
        button = page.get_by_role("button", name="Vorlesen")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Anhalten")).to_be_visible()
        said = page.evaluate("window.said")
        lines = page.request.get(f"{BOARD}.txt?lang=de").text().splitlines()
        assert [text for _, text in said] == lines
        assert {language for language, _ in said} == {"de-DE"}
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Vorlesen")).to_be_visible()


def test_without_scripts_nothing_is_missing_and_no_button_does_nothing(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop, java_script_enabled=False) as page:
        page.goto(f"{BOARD}?lang=de")
        assert page.locator("table.board tbody tr").count() > 12
        assert page.locator("#speak:visible").count() == 0
        page.locator(".aloud summary").press("Enter")
        expect(page.locator("#aloud")).to_be_visible()
        expect(page.locator("details.alert p").first).to_be_hidden()
        page.locator("details.alert summary").press("Enter")
        expect(page.locator("details.alert p").first).to_be_visible()
        expect(page.locator("#by-hand")).to_be_visible()


def test_paper_is_a4_black_on_white_and_holds_the_day_on_one_sheet(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop, color_scheme="dark") as page:
        for path, most in ((f"{BOARD}?day=1&lang=de", 1), (f"{BOARD}?lang=de", 2)):
            page.goto(path)
            page.emulate_media(media="print")
            inks = page.evaluate("""() => [...document.querySelectorAll("main *")]
              .filter((one) => one.checkVisibility() && one.textContent.trim() && !one.closest("svg"))
              .map((one) => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor])""")
            assert {ink for ink, _ in inks} <= {"rgb(0, 0, 0)", "rgb(34, 34, 34)"}
            assert {ground for _, ground in inks} <= {"rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"}
            paper = page.pdf(prefer_css_page_size=True)
            boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)
            assert 1 <= len(boxes) <= most
            assert {(round(float(w)), round(float(h))) for w, h in boxes} <= {(595, 842), (594, 841), (596, 842)}


@pytest.mark.parametrize(("has_script", "is_renewed"), [(True, False), (False, True)])
def test_a_wall_whose_script_does_not_arrive_renews_itself_and_one_with_it_is_not_loaded_twice(
    browser: Browser, stop: Stop, *, has_script: bool, is_renewed: bool
) -> None:
    with page_at(browser, stop, service_workers="block") as page:
        # With a script the page calls the renewal off, which takes its time on a slow machine.
        soon_s = 4 if has_script else 1
        loads: list[str] = []
        page.on("request", lambda request: loads.append(request.url) if request.is_navigation_request() else None)

        def sooner(route: Route) -> None:
            answer = route.fetch()
            text = answer.text()
            assert len(re.findall('<meta http-equiv="refresh" content="60;', text)) == 1
            route.fulfill(response=answer, body=text.replace('content="60;', f'content="{soon_s};'))

        page.route("**/board/*screen=1*", sooner)
        if not has_script:
            page.route("**/board.js*", lambda route: route.abort())
        page.goto(f"{BOARD}?screen=1&lang=de")
        expect(page.locator("meta[http-equiv=refresh]")).to_have_count(int(is_renewed))
        if is_renewed:
            eventually(page, lambda: len(loads) > 1)
        else:
            page.wait_for_timeout(1000 * (soon_s + 1))
            assert len(loads) == 1
        if has_script:
            later(page, stop)
            expect(page.locator(".lead")).to_contain_text("14:04")
        page.unroute_all(behavior="ignoreErrors")


def test_a_lost_connection_is_announced_once_and_its_return_once(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop, service_workers="block") as page:
        page.clock.install()
        page.goto(f"{BOARD}?lang=de")
        page.evaluate("""() => {
          window.heard = [];
          const said = document.querySelector("[role=status]");
          new MutationObserver(() => window.heard.push(said.textContent)).observe(said, {childList: true});
        }""")
        page.context.set_offline(True)
        page.clock.run_for(6 * 60_000)
        expect(page.locator("#lost")).to_contain_text(re.compile("[56] Minuten"))
        page.context.set_offline(False)
        until_heard(page)
        first, *others = page.evaluate("window.heard")
        assert "Stand 14:03 Uhr, seit weniger als einer Minute ohne Verbindung" in first
        assert others == [PAGE["de"]["back"]]
        assert page.locator("#lost[role], #lost[aria-live], #live [aria-live]").count() == 0


def test_a_new_cancellation_is_announced_and_a_mere_minute_is_not(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop) as page:
        page.goto(f"{BOARD}?lang=de")
        later(page, stop)
        expect(page.locator(".lead")).to_contain_text("14:04")
        assert page.locator("#said").inner_text() == ""
        later(page, stop, 180)
        # the first bus has left, and the scene cancels the third of those that stay
        expect(page.locator("#said")).to_contain_text("14:50 Uhr nach Rundfahrt Pörlitzer Höhe fällt aus")


def test_who_reads_a_row_keeps_it_when_another_leaves(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop) as page:
        page.goto(f"{BOARD}?lang=de")
        page.evaluate("window.second = document.querySelectorAll('table.board tbody tr')[1]")
        later(page, stop, 180)
        expect(page.locator(".lead")).to_contain_text("14:06")
        assert page.evaluate("document.querySelector('table.board tbody tr') === window.second")
        assert "14:20" in page.evaluate("window.second.textContent")


def test_a_page_from_the_browsers_store_claims_nothing_until_it_is_answered(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop, service_workers="block") as page:
        page.goto(f"{BOARD}?lang=de")
        page.goto("/board?lang=de")
        page.goto(f"{BOARD}?lang=de")  # with the cookie of the first visit
        expect(page.locator("table .state--running:visible").first).to_be_visible()
        page.goto("/board?lang=de")
        page.context.set_offline(True)
        page.go_back(wait_until="commit")
        expect(page.locator("#lost")).to_contain_text("Stand 14:03 Uhr")
        assert page.locator("table .state--running:visible, table .state--late:visible").count() == 0
        page.context.set_offline(False)
        expect(page.locator("#lost")).to_be_empty()
        expect(page.locator("table .state--running:visible").first).to_be_visible()


def test_a_page_seen_once_opens_without_a_connection_whatever_its_language(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop) as page:
        page.goto(f"{BOARD}?lang=de")
        page.evaluate(
            """async path => {
              const keys = async () => (await caches.open("board-1")).keys();
              const isKept = async () => (await keys()).some(({url}) => url.includes(path));
              while (!(await isKept())) await new Promise(done => setTimeout(done, 100));
            }""",
            BOARD,
        )
        page.context.set_offline(True)
        page.goto(BOARD)
        expect(page.locator("#lost")).to_contain_text("Stand 14:03 Uhr, seit")


SPARING = {
    "slow": "Object.defineProperty(navigator, 'connection', {value: {effectiveType: '2g'}})",
    "dear": "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})",
    "hidden": "Object.defineProperty(document, 'hidden', {value: true})",
    "fast": "",
}


@pytest.mark.parametrize("sparing", SPARING)
def test_a_slow_dear_or_hidden_page_follows_no_stream(browser: Browser, stop: Stop, sparing: str) -> None:
    with page_at(browser, stop) as page:
        page.add_init_script(SPARING[sparing])
        page.add_init_script(
            "window.streams = 0; window.EventSource = class extends EventSource "
            "{ constructor(url) { super(url); window.streams += 1; } };"
        )
        page.goto(f"{BOARD}?lang=de", wait_until="load")
        if sparing == "fast":
            page.wait_for_function("window.streams === 1")
        else:
            page.wait_for_timeout(300)
            assert page.evaluate("window.streams") == 0


def test_a_browser_of_2022_keeps_its_page_fresh(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop, service_workers="block") as page:
        page.add_init_script("delete AbortSignal.timeout")
        page.goto(f"{BOARD}?lang=de")
        later(page, stop)
        expect(page.locator(".lead")).to_contain_text("14:04")


LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstellenvorplatz"
SPACED = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }"


def test_names_of_any_length_and_spaced_letters_fit_a_phone_a_desk_and_a_wall(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop, service_workers="block") as page:
        for path, widths in ((f"{BOARD}?lang=de", (320, 768, 1280)), (f"{BOARD}?screen=1&lang=de", (1920,))):
            page.goto(path)
            page.evaluate(
                """long => {
              for (const place of document.querySelectorAll("h1, .destination, .note, .reason, .alert h2")) {
                const text = [...place.childNodes].filter(one => one.nodeType === 3 && one.nodeValue.trim()).pop();
                if (text) text.nodeValue = long;
              }
            }""",
                LONG,
            )
            page.add_style_tag(content=SPACED)
            for width in widths:
                page.set_viewport_size({"width": width, "height": 1080})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wall_moves_by_a_pixel_every_ten_minutes_and_stays_on_its_screen_also_without_a_connection(
    browser: Browser, stop: Stop, language: str
) -> None:
    with page_at(browser, stop, service_workers="block", viewport={"width": 1920, "height": 1080}) as page:
        page.clock.install()
        page.goto(f"{BOARD}?screen=1&lang={language}")
        places: set[str] = set()

        def has_moved() -> bool:
            page.clock.run_for(15_000)  # a turn; the next one begins when the server has answered
            place = page.evaluate("document.querySelector('main').style.transform")
            is_new = bool(place) and place not in places
            places.add(place)
            return is_new

        for _ in range(3):
            page.clock.run_for(10 * 60_000)
            eventually(page, has_moved)
        assert {abs(int(px)) <= 3 for place in places for px in re.findall(r"-?\d+", place)} == {True}
        page.goto(f"{BOARD}?screen=1&lang={language}")
        page.context.set_offline(True)
        page.clock.run_for(5 * 60_000)
        expect(page.locator("#lost")).not_to_be_empty()
        assert page.evaluate("document.documentElement.scrollHeight") <= 1080
