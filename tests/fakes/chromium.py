"""Debian's chromium and the built console for browser tests; on CI their absence is a failure, elsewhere a skip."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "mobility" / "app" / "console"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATIENCE_MS = round(1000 * PATIENCE_S)
"""How long a page may take to show what is expected of it; only a fault waits that long."""
expect.set_options(timeout=PATIENCE_MS)
Found = TypeVar("Found")


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


def eventually(page: Page, found: Callable[[], Found]) -> Found:
    """What is found on the side of the test, once it is something; the page goes on meanwhile."""
    for _ in range(PATIENCE_MS // 20):
        if it := found():
            return it
        page.wait_for_timeout(20)
    pytest.fail("it never came to pass")


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
