"""An alert written, mended, looked at and published on the real server with the keyboard alone, without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.app.live_server import live_ilmenau
from tests.fakes.chromium import PATIENCE_MS, built_console, chromium

pytestmark = pytest.mark.browser

MOST_STEPS = 120
PATH = "/console/alerts"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    built_console()
    with chromium() as browser, live_ilmenau(tmp_path_factory.mktemp("live")) as address:
        context = browser.new_context(base_url=address, locale="de-DE", java_script_enabled=False)
        context.set_default_timeout(PATIENCE_MS)
        yield context.new_page()


def go_to(page: Page, wanted: str) -> None:
    """Press the tabulator until what matches ``wanted`` has the focus."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if page.locator(f"{wanted}:focus").count():
            return
    raise AssertionError(f"{wanted} is not reached by keyboard")


def enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_an_alert_is_written_mended_and_published_by_keyboard(page: Page) -> None:
    page.goto(PATH)
    go_to(page, "a[href$='template=delay']")
    enter(page)

    go_to(page, "[name=minutes]")
    page.keyboard.type("zehn")
    go_to(page, "button[value=preview]")
    enter(page)
    summary = page.locator(":focus")
    expect(summary).to_contain_text("Verspätung bis zu (Minuten)")

    go_to(page, "[name=routes][value=D]")
    page.keyboard.press("Space")
    go_to(page, "[name=minutes]")
    page.keyboard.press("Control+a")
    page.keyboard.type("10")
    go_to(page, "button[value=fill]")
    enter(page)
    assert page.url.endswith("#texts")

    page.keyboard.press("Tab")
    expect(page.locator("[name=header_de]")).to_be_focused()
    expect(page.locator("[name=header_de]")).to_have_value("Linie D: Verspätung")
    go_to(page, "button[value=preview]")
    enter(page)
    expect(page.locator("h2#preview")).to_be_focused()
    assert "10 Minuten" in page.locator(".preview").inner_text()

    go_to(page, "button[value=publish]")
    enter(page)
    expect(page.locator("[id^=alert-]").first).to_contain_text("Linie D: Verspätung")
    page.goto("/board/campus-nord?lang=de")
    expect(page.locator(".alert").first).to_contain_text("Linie D: Verspätung")
