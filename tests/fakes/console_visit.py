"""A page of the console in a browser, with everything it complained about."""

from playwright.sync_api import Browser, Page

from tests.fakes.chromium import PATIENCE_MS


class Visit:
    """One reader; ``faults`` are errors of the page's own scripts, not answers that a test made the server refuse."""

    def __init__(self, browser: Browser, address: str, *, width: int = 1440, **context: object) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **{"locale": "de-DE", **context})
        self.context.set_default_timeout(PATIENCE_MS)
        self.address = address
        self.faults: list[str] = []
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        self.page.wait_for_selector("tr[data-vehicle]")
        return self.page

    def is_too_wide(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def close(self) -> None:
        # The event stream is open for ever; closing the page ends it.
        self.context.close()
