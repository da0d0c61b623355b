"""The page about accuracy in a real browser: accessible in three languages, light and dark, wide and narrow."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from mobility.app.web.assets import HAND_WRITTEN
from passenger_info.accuracy import Scoring
from tests.fakes.chromium import axe_faults, chromium
from tests.passenger_info.test_accuracy_page import GOOD, LANGUAGES, answer_to

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def documents() -> dict[str, list[str]]:
    """The page with and without figures, made before the browser takes over this thread's event loop."""
    return {
        language: [answer_to(values, language).text for values in (GOOD, Scoring().summary())] for language in LANGUAGES
    }


@pytest.fixture(scope="module")
def browser(documents: dict[str, list[str]]) -> Iterator[Browser]:
    with chromium() as started:
        yield started


def shown(browser: Browser, document: str, **how: object) -> Page:
    """The document with our style sheet, and nothing else to load."""
    page = browser.new_page(**how)

    def serve(route: Route) -> None:
        if route.request.is_navigation_request():
            route.fulfill(body=document, content_type="text/html; charset=utf-8")
        elif match := re.search(r"/web/([\w.-]+)", route.request.url):
            route.fulfill(path=HAND_WRITTEN / match[1])
        else:
            route.abort()

    page.route("**/*", serve)
    page.goto("http://accuracy.invalid/accuracy")
    return page


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("de", "light", 320), ("en", "dark", 700), ("de-simple", "dark", 320), ("de-simple", "light", 1100)],
)
def test_the_page_is_accessible_and_fits(
    browser: Browser, documents: dict[str, list[str]], language: str, scheme: str, width: int
) -> None:
    for document in documents[language]:
        page = shown(browser, document, viewport={"width": width, "height": 800}, color_scheme=scheme)
        assert axe_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
