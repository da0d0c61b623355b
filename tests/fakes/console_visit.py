"""A page of the console in a browser, with everything it complained about."""

from playwright.sync_api import Browser, Page

from tests.fakes.chromium import AXE_TAGS


class Visit:
    """One reader; ``faults`` are errors of the page's own scripts, not answers that a test made the server refuse."""

    def __init__(self, browser: Browser, address: str, *, width: int = 1440, **context: object) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **{"locale": "de-DE", **context})
        self.address = address
        self.faults: list[str] = []
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        self.page.wait_for_selector("tr[data-vehicle]")
        return self.page

    def violations(self, axe: str) -> list[tuple[str, list[str]]]:
        self.page.evaluate(axe)
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags}).then(result => result.violations)", AXE_TAGS
        )
        return [(rule["id"], [node["html"][:200] for node in rule["nodes"]][:3]) for rule in found]

    def is_too_wide(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def close(self) -> None:
        # The event stream is open for ever; closing the page ends it.
        self.context.close()
