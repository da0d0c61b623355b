"""Errands on the real server in a real browser: book, refuse, drive, ride, read a board; every page checked."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.live_server import live_ilmenau
from tests.fakes.chromium import PATIENCE_MS, axe_faults, built_console, chromium

pytestmark = pytest.mark.browser

DAY = "2025-10-14"
WISH = {
    "origin": "frauenwald-waldstrasse",
    "destination": "marktplatz",
    "day": DAY,
    "kind": "depart",
    "time": "14:00",
    "seats": "1",
    "wheelchairs": "0",
}
PAGES = (
    "/",
    "/board",
    "/board/busbahnhof",
    "/board/busbahnhof?screen=1",
    "/board/nirgendwo",
    "/book",
    f"/book/when?{urlencode(WISH)}",
    f"/book/who?{urlencode(WISH)}",
    f"/book/offers?{urlencode(WISH)}",
    f"/book/offers?{urlencode({**WISH, 'time': '19:00'})}",
    f"/book/offers?{urlencode({**WISH, 'seats': '40'})}",
    "/book/offers",
    "/drive",
    "/drive/van-1",
    "/research",
    "/sources",
    "/sign-in",
    "/gibt-es-nicht",
    "/console",
)
MEANT = {"/board/busbahnhof?screen=1": ("meta-refresh",)}
"""A wall display has nobody to reload it; the same board without ``screen`` stays as it is."""
ERRORS = {"/board/nirgendwo": 404, "/gibt-es-nicht": 404, "/book/offers": 422}

SMALL_TARGETS = """() => {
  const small = [];
  for (const one of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
    if (one.type === "hidden" || one.matches(".skip") || !one.checkVisibility()) continue;
    const isInText = getComputedStyle(one).display === "inline"
      && one.parentElement.textContent.trim().length > one.textContent.trim().length;
    if (isInText) continue;
    const box = (one.closest(".choice") ?? one).getBoundingClientRect();
    if (box.height < 43.5 || box.width < 43.5) {
      small.push(`${one.outerHTML.slice(0, 90)} ${box.width}x${box.height}`);
    }
  }
  return small;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    built_console()
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with live_ilmenau(tmp_path_factory.mktemp("live")) as found:
        yield found


class Visitor:
    """A person at a browser, and everything the pages complained about or asked for."""

    def __init__(self, browser: Browser, address: str, **context: object) -> None:
        given = {"locale": "de-DE", "viewport": {"width": 320, "height": 640}, **context}
        self.context = browser.new_context(base_url=address, **given)
        self.context.set_default_timeout(PATIENCE_MS)
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.page = self.context.new_page()
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/", 3)[2]))

    def tab_to(self, field: str) -> None:
        """Press Tab until the field has the focus."""
        for _ in range(40):
            if self.page.evaluate("document.activeElement.id") == field:
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"the keyboard does not reach {field}")

    def type_into(self, field: str, text: str) -> None:
        """Reach a field by keyboard and type over what stands there."""
        self.tab_to(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def go_on(self) -> None:
        """Press the page's button by keyboard."""
        for _ in range(40):
            if self.page.evaluate("document.activeElement.matches('main button.button')"):
                break
            self.page.keyboard.press("Tab")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


@pytest.fixture
def plain(browser: Browser, address: str) -> Iterator[Visitor]:
    """Somebody on a small phone without JavaScript."""
    visitor = Visitor(browser, address, java_script_enabled=False)
    yield visitor
    visitor.context.close()


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def booked(visitor: Visitor, name: str, **change: str) -> str:
    """Book over the last three pages; returns the path of the ride's own page."""
    page = visitor.page
    page.goto(f"/book/offers?{urlencode({**WISH, **change})}")
    page.locator(".choice").first.click()
    page.get_by_role("button", name="Weiter").click()
    page.get_by_label("Ihr Name").fill(name)
    page.get_by_role("button", name="Weiter").click()
    page.get_by_role("button", name="Verbindlich bestellen").click()
    expect(page.locator("h1")).to_have_text("Ihre Fahrt ist bestellt")
    return page.url


def test_a_ride_is_booked_by_keyboard_alone_and_without_javascript(plain: Visitor) -> None:
    page = plain.page
    page.goto("/book")
    plain.tab_to("origin")
    page.keyboard.type("Allzunah")
    plain.tab_to("destination")
    page.keyboard.type("Krankenhaus")
    plain.go_on()
    assert heading(page) == "Wann möchten Sie fahren?"
    plain.type_into("time", "15:00")
    plain.go_on()
    assert heading(page) == "Wer fährt mit?"
    plain.type_into("seats", "2")
    plain.type_into("luggage", "1")
    plain.tab_to("dog")
    page.keyboard.press("Space")
    plain.go_on()
    assert heading(page) == "Welche Fahrt passt Ihnen?"
    expect(page.locator(".asked")).to_have_text(
        "Von Allzunah nach Krankenhaus, Dienstag, 14. Oktober 2025, Abholung ab 15:00 Uhr."
    )
    plain.tab_to("offer_id")
    page.keyboard.press("Space")
    plain.go_on()
    plain.type_into("name", "Erika Muster")
    plain.type_into("phone", "03677 555")
    plain.go_on()
    assert heading(page) == "Stimmt alles?"
    expect(page.locator("main")).to_contain_text("Rollator")
    plain.go_on()
    assert heading(page) == "Ihre Fahrt ist bestellt"
    reference = page.locator("dt", has_text="Buchungsnummer").locator("+ dd").inner_text()
    assert re.fullmatch(r"[A-Z0-9]{3}-[A-Z0-9]{3}", reference)
    assert "Erika" not in page.url
    assert plain.complaints == []


def test_the_driver_reports_boarding_and_alighting_and_the_rider_sees_it(plain: Visitor) -> None:
    ride = booked(plain, "Otto Fahrgast", time="11:00")
    page = plain.page
    page.goto("/drive/van-1")
    first = page.locator(".task--next")
    expect(first).to_contain_text("Otto Fahrgast steigt ein")
    first.get_by_role("button", name="Eingestiegen").click()
    expect(page.locator(".task--next")).to_contain_text("Otto Fahrgast steigt aus")
    page.goto(ride)
    expect(page.locator("[role=status]")).to_contain_text("Sie sind im Bus.")
    page.goto("/drive/van-1")
    page.locator(".task--next").get_by_role("button", name="Ausgestiegen").click()
    expect(page.locator("main")).to_contain_text("Otto Fahrgast ist ausgestiegen")
    page.goto(ride)
    expect(page.locator("[role=status]")).to_have_text("Die Fahrt ist beendet.")


def test_a_rider_who_is_not_there_is_reported_in_two_steps_and_not_too_early(plain: Visitor) -> None:
    booked(plain, "Nora Fort", time="12:00")
    page = plain.page
    page.goto("/drive/van-1")
    task = page.locator(".task", has_text="Nora Fort steigt ein").first
    if not task.get_by_text("Nicht da?").is_visible():
        task.locator("summary").first.click()
    expect(task.get_by_role("button", name="War nicht da")).to_be_hidden()
    task.get_by_text("Nicht da?").click()
    task.get_by_role("button", name="War nicht da").click()
    summary = page.locator(".error-summary")
    expect(summary).to_contain_text("es ist noch zu früh")
    expect(summary).to_be_focused()
    page.get_by_role("link", name="Neu laden").click()
    expect(page.locator("main")).to_contain_text("Nora Fort steigt ein")


def test_a_later_task_unfolds_by_keyboard(plain: Visitor) -> None:
    booked(plain, "Anna Erste", time="10:45")
    booked(plain, "Karl Später", time="16:00")
    page = plain.page
    page.goto("/drive/van-1")
    task = page.locator(".task--later", has_text="Karl Später steigt ein")
    expect(task.get_by_role("button", name="Eingestiegen")).to_be_hidden()
    task.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(task.get_by_role("button", name="Eingestiegen")).to_be_visible()


def test_a_rider_cancels_and_the_page_says_so(plain: Visitor) -> None:
    booked(plain, "Paul Absage", time="13:00")
    plain.page.get_by_role("button", name="Diese Fahrt absagen").click()
    expect(plain.page.locator("[role=status]")).to_have_text("Diese Fahrt ist abgesagt.")
    expect(plain.page.get_by_role("button", name="Diese Fahrt absagen")).to_have_count(0)


def test_a_refusal_names_reason_and_alternatives_and_one_can_be_taken(plain: Visitor) -> None:
    page = plain.page
    page.goto(f"/book/offers?{urlencode({**WISH, 'time': '19:00'})}")
    assert heading(page) == "Zu dieser Zeit geht es nicht"
    expect(page.locator(".notice")).to_contain_text("Der Bürgerbus fährt von 08:00 bis 17:00 Uhr.")
    expect(page.locator("legend")).to_have_text("Diese Fahrten gehen")
    booked(plain, "Rita Anders", time="19:00")
    expect(page.locator("main")).to_contain_text("Frauenwald Waldstraße")


@pytest.mark.parametrize(
    ("path", "field", "sentence"),
    [
        ("/book/when?origin=&destination=marktplatz", "origin", "Wählen Sie, wo Sie einsteigen möchten."),
        (
            f"/book/who?{urlencode({**WISH, 'time': 'um drei'})}",
            "time",
            "Schreiben Sie die Uhrzeit mit Stunde und Minute, zum Beispiel 9:30.",
        ),
        (f"/book/offers?{urlencode({**WISH, 'seats': 'viele'})}", "seats", "Schreiben Sie eine Zahl von 0 bis 99."),
        (f"/book/contact?{urlencode(WISH)}", "offer_id", "Wählen Sie eine Fahrt aus."),
    ],
)
def test_an_error_stands_at_its_field_and_in_a_summary_that_takes_focus(
    plain: Visitor, path: str, field: str, sentence: str
) -> None:
    page = plain.page
    page.goto(path)
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(page.locator(f"#{field}-error")).to_have_text(sentence)
    assert page.title().startswith("Fehler: ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"#{field}$"))
    expect(page.locator(f"#{field}")).to_be_focused()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time": "05:00"}, "Diese Zeit ist schon vorbei."),
        ({"seats": "40"}, "höchstens 8 Plätze"),
        ({"destination": "frauenwald-waldstrasse"}, "Start und Ziel sind dieselbe Haltestelle."),
        ({"day": "2025-10-26", "time": "02:30"}, "An anderen Tagen fährt der Bürgerbus nicht."),
    ],
)
def test_what_can_not_be_booked_is_told_in_a_sentence(plain: Visitor, change: dict[str, str], words: str) -> None:
    plain.page.goto(f"/book/offers?{urlencode({**WISH, **change})}")
    expect(plain.page.locator("main")).to_contain_text(words)


def test_the_board_is_complete_without_javascript(plain: Visitor) -> None:
    page = plain.page
    page.goto("/board/busbahnhof")
    assert page.locator("table.board tbody tr").count() >= 8
    expect(page.locator("table.board")).to_contain_text("fährt nach Fahrplan um")
    expect(page.locator("table.board .time").last).to_contain_text("Stunden")
    expect(page.locator("main")).to_contain_text("Stand Dienstag, 14. Oktober 2025")
    assert page.locator("script:not([defer])").count() == 0


def test_the_console_lists_the_vehicle_without_javascript(plain: Visitor) -> None:
    plain.page.goto("/console")
    expect(plain.page.locator("table.board")).to_contain_text("CAMIL 1")


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_is_free_of_faults_small_and_large(browser: Browser, address: str, language: str) -> None:
    visitor = Visitor(browser, address, locale=language)
    page = visitor.page
    for path in PAGES:
        visitor.complaints.clear()
        answer = page.goto(path)
        assert answer is not None
        status = ERRORS.get(path, 200)
        assert answer.status == status, path
        assert page.locator("html").get_attribute("lang") == language, path
        if path == "/console":
            expect(page.locator("tr[data-vehicle]")).to_have_count(1)
        for width in (320, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            known = MEANT.get(path, ())
            assert [fault for fault in axe_faults(page) if fault[0] not in known] == [], (path, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            if path != "/console":
                assert page.evaluate(SMALL_TARGETS) == [], (path, width)
        told = [said for said in visitor.complaints if f"status of {status}" not in said or status < 400]
        assert told == [], path
    assert visitor.hosts == {address.removeprefix("http://")}
    visitor.context.close()
