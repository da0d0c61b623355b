"""From the control room to the dispatcher's page and back: a link where the page is and the reader may open it."""

from pathlib import Path
from typing import Any

import pytest

from tests.app.server import in_ilmenau

DESK = "/console/disposition"
TOKENS: dict[str, Any] = {"d" * 20: "dispatcher", "s" * 20: "supervisor"}


def page(folder: Path, path: str, token: str) -> str:
    async def visit(_server: Any, http: Any) -> str:
        answer = await http.get(path, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        return str(answer.text)

    return in_ilmenau(folder, visit, tokens=TOKENS, is_open=False)


@pytest.mark.parametrize("path", ["/console", "/console/supervision"])
def test_a_dispatcher_finds_the_way_and_others_see_no_door_that_is_locked(path: str, tmp_path: Path) -> None:
    assert f'href="{DESK}"' in page(tmp_path / "d", path, "d" * 20)
    assert DESK not in page(tmp_path / "s", path, "s" * 20)


def test_the_console_knows_where_its_key_leads(tmp_path: Path) -> None:
    assert f' desk="{DESK}"' in page(tmp_path, "/console", "d" * 20)


def test_the_dispatchers_page_leads_back(tmp_path: Path) -> None:
    shown = page(tmp_path, DESK, "d" * 20)
    assert 'href="/console"' in shown
    assert 'href="/console/supervision"' in shown
