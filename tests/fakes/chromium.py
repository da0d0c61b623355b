"""Debian's chromium and the built console for browser tests; on CI their absence is a failure, elsewhere a skip."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "mobility" / "app" / "console"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def console_builder() -> ModuleType:
    """The build script, which is no package."""
    spec = importlib.util.spec_from_file_location("console_builder", ROOT / "requirements" / "console.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def absent(reason: str) -> None:
    """Skip, or fail where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def built_console() -> None:
    """Make sure the console's assets fit its sources."""
    builder = console_builder()
    try:
        builder.build()
    except builder.ConsoleBuildError as error:
        absent(f"the console can not be built here: {error}")


def axe_source() -> str:
    """The text of axe-core, from the console's development dependencies."""
    path = CONSOLE / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        absent("axe-core is not installed: run `npm ci` in mobility/app/console")
    return path.read_text(encoding="utf-8")


def axe_faults(page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds wrong with a page as it stands: each rule, and the first places that break it."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(axe_source())
    found = page.evaluate("tags => axe.run(document, {runOnly: tags}).then(result => result.violations)", AXE_TAGS)
    return [(rule["id"], [node["html"][:200] for node in rule["nodes"]][:3]) for rule in found]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless chromium."""
    program = shutil.which("chromium")
    if program is None:
        absent("no chromium on this machine (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
