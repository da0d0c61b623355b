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
from tests.fakes.chromium import axe_faults, chromium
from tests.fakes.clock import SettableClock
from tests.passenger_info.board_scene import NOW, at, scene_app

pytestmark = pytest.mark.browser
BOARD = "/board/busbahnhof"
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
        self.address = ""


def app_of(stop: Stop) -> FastAPI:
    app = scene_app(stop.clock)

    @app.get("/gtfs-rt/events")
    async def events() -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            heard = stop.rings
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
    thread.join(timeout=10)
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
    page = opened.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script: {error}"))
    yield page
    opened.close()


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
            for number in (1, 2, 3, 4):
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
        expect(page.locator("#live")).to_contain_text("Seite 1 von 4")
        page.clock.run_for(12_500)
        expect(page.locator("#live")).to_contain_text("Seite 2 von 4")
        page.clock.run_for(12_500)
        expect(page.locator("#live")).to_contain_text("Seite 3 von 4")
        assert page.url.endswith("lang=de")


def test_an_open_board_follows_the_stream(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop) as page:
        page.goto(f"{BOARD}?lang=de")
        expect(page.locator(".lead")).to_contain_text("14:03")
        page.get_by_text("Zum Vorlesen", exact=True).click()
        stop.clock.moment = shifted(at(NOW), 60)
        stop.rings += 1
        expect(page.locator(".lead")).to_contain_text("14:04", timeout=8000)
        expect(page.locator("#aloud")).to_contain_text("14:04 Uhr")
        expect(page.locator("#aloud")).to_be_visible()


def test_the_focus_survives_a_renewal(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop) as page:
        page.goto(f"{BOARD}?lang=de")
        page.locator(".alert a").first.focus()
        stop.clock.moment = shifted(at(NOW), 60)
        stop.rings += 1
        expect(page.locator(".lead")).to_contain_text("14:04", timeout=8000)
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
        page.clock.run_for(25_000)
        expect(page.locator("#lost")).to_be_empty()
        assert page.locator("table .state--running:visible").count() > 0


def test_a_board_opens_without_a_connection_as_old_as_it_is(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop) as page:
        page.goto(f"{BOARD}?lang=de")
        page.evaluate("navigator.serviceWorker.ready.then(() => new Promise(done => setTimeout(done, 300)))")
        page.reload()
        page.wait_for_load_state("networkidle") if stop.rings else page.wait_for_timeout(500)
        page.context.set_offline(True)
        page.reload()
        expect(page.locator("#lost")).to_contain_text("Stand 14:03 Uhr, seit")
        assert page.locator("table .state--running:visible, table .state--late:visible").count() == 0
        assert page.locator("table.board tbody tr").count() > 8
        assert page.evaluate("getComputedStyle(document.querySelector('.board-code svg')).width") == "130px"
        page.context.set_offline(False)
        expect(page.locator("#lost")).to_be_empty(timeout=10_000)
        assert page.locator("table .state--running:visible").count() > 0


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
        said = page.evaluate("window.said")
        lines = page.request.get(f"{BOARD}.txt?lang=de").text().splitlines()
        assert [text for _, text in said] == lines
        assert {language for language, _ in said} == {"de-DE"}
        expect(page.get_by_role("button", name="Anhalten")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Vorlesen")).to_be_visible()


def test_without_scripts_nothing_is_missing_and_no_button_does_nothing(browser: Browser, stop: Stop) -> None:
    with page_at(browser, stop, java_script_enabled=False) as page:
        page.goto(f"{BOARD}?lang=de")
        assert page.locator("table.board tbody tr").count() > 12
        assert page.locator("#speak:visible").count() == 0
        page.locator("summary").first.press("Enter")
        expect(page.locator("#aloud")).to_be_visible()
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
        loads: list[str] = []
        page.on("request", lambda request: loads.append(request.url) if request.is_navigation_request() else None)

        def sooner(route: Route) -> None:
            answer = route.fetch()
            text = answer.text()
            assert len(re.findall('<meta http-equiv="refresh" content="60;', text)) == 1
            route.fulfill(response=answer, body=text.replace('content="60;', 'content="2;'))

        page.route("**/board/*screen=1*", sooner)
        if not has_script:
            page.route("**/board.js*", lambda route: route.abort())
        page.goto(f"{BOARD}?screen=1&lang=de")
        page.wait_for_timeout(3500)
        assert (len(loads) > 1) == is_renewed, loads
        assert page.locator("meta[http-equiv=refresh]").count() == int(is_renewed)
        if has_script:
            stop.clock.moment = shifted(at(NOW), 60)
            stop.rings += 1
            expect(page.locator(".lead")).to_contain_text("14:04", timeout=8000)
