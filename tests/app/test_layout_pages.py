"""The shared layout, the start page, the error pages and the console's page, as HTML without a browser."""

import asyncio
import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from jinja2 import UndefinedError
from starlette.requests import Request
from starlette.templating import Jinja2Templates

from mobility.app.web import wording
from mobility.app.web.assets import Assets, Entry, find_assets
from mobility.app.web.errors import error_page, wants_page
from mobility.app.web.templating import page_templates, phone_link
from mobility.core.clock import instant
from mobility.core.dates import long_date
from mobility.core.errors import BadInputError
from tests.fakes.clock import SettableClock
from tests.fakes.console_server import ConsoleWorld, console_app

BARE = Assets(style="/web/style.css")


def templates(*, is_demo: bool = True, help_phone: str = "03677 12 34") -> Jinja2Templates:
    return page_templates(
        clock=SettableClock(instant(datetime(2025, 10, 14, 5, 40, tzinfo=UTC))),
        zone=ZoneInfo("Europe/Berlin"),
        is_demo=is_demo,
        room_packages=(),
        region_name="Ilmenau",
        help_phone=help_phone,
        assets=BARE,
    )


def request_for(path: str = "/", language: str = "de", accept: str = "text/html") -> Request:
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"x=1",
        "headers": [(b"host", b"test"), (b"accept", accept.encode())],
        "state": {"language": language},
    }
    return Request(scope)


def page(path: str, **headers: str) -> httpx.Response:
    app = console_app(ConsoleWorld())

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(get())


def test_a_demo_page_says_so_with_date_and_time() -> None:
    html = error_page(request_for(), templates(), 404).body.decode()
    assert "DEMO" in html
    assert "Es ist Dienstag, 14. Oktober 2025, 07:40 Uhr." in html


def test_a_real_page_carries_no_demo_mark() -> None:
    assert "DEMO" not in error_page(request_for(), templates(is_demo=False), 404).body.decode()


def test_every_page_offers_the_same_help_phone_and_the_other_language() -> None:
    html = error_page(request_for("/board/x"), templates(), 500).body.decode()
    assert 'href="tel:036771234"' in html
    assert 'href="/board/x?x=1&amp;lang=en" lang="en"' in html
    assert '<html lang="de">' in html


def test_a_page_without_built_assets_names_no_missing_file() -> None:
    html = error_page(request_for(), templates(), 404).body.decode()
    assert "/static/" not in html


def test_a_refusal_stands_on_its_page_in_place_of_the_general_sentence() -> None:
    answer = error_page(request_for(), templates(), 409, "Der Bus fährt <nicht>.")
    assert answer.status_code == 409
    assert "Der Bus fährt &lt;nicht&gt;." in answer.body.decode()


@pytest.mark.parametrize("status", [400, 404, 409, 418, 500, 502])
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_status_has_a_page_in_both_languages(status: int, language: str) -> None:
    html = error_page(request_for(language=language), templates(), status).body.decode()
    assert f'<html lang="{language}">' in html
    assert "<h1>" in html


def test_machines_and_feeds_get_no_page() -> None:
    assert wants_page(request_for("/book"))
    assert not wants_page(request_for("/book", accept="application/json"))
    assert not wants_page(request_for("/api/v1/vehicles"))
    assert not wants_page(request_for("/gtfs-rt/all.pb"))


def test_a_template_may_ask_for_what_is_missing_but_never_shows_a_hole() -> None:
    environment = templates().env
    assert environment.from_string("{% if nothing %}x{% endif %}fine").render() == "fine"
    with pytest.raises(UndefinedError):
        environment.from_string("Abfahrt um {{ nothing }}").render()


def test_the_start_page_offers_every_door_and_real_stops() -> None:
    html = page("/").text
    for door in ("/board", "/book", "/drive", "/console", "/research", "/board/neuhaeuser-weg"):
        assert f'href="{door}"' in html
    assert "Wer sind Sie?" in html
    assert "Who are you?" in page("/", **{"Accept-Language": "en"}).text


def test_the_research_page_shows_a_command_that_can_be_copied() -> None:
    assert "mobility export trips --from 2025-10-14 --to 2025-10-14" in page("/research").text


def test_the_console_shows_its_vehicles_without_javascript() -> None:
    html = page("/console").text
    assert re.search(r"CAMIL 2.*?D Neuhäuser Weg.*?3 min später.*?mit Begleitung", html, re.DOTALL)
    assert "<noscript>" in html or "requirements/console.py" in html


def test_the_style_sheet_is_served() -> None:
    answer = page("/web/style.css")
    assert answer.status_code == 200
    assert ".state--cancelled" in answer.text


def test_the_manifest_gives_addresses_of_scripts_and_styles(tmp_path: Path) -> None:
    (tmp_path / ".vite").mkdir()
    manifest = tmp_path / ".vite" / "manifest.json"
    manifest.write_text(
        '{"src/main.ts": {"file": "assets/main-1.js", "css": ["assets/main-2.css"]},'
        ' "src/fonts.ts": {"file": "assets/fonts-3.js", "css": ["assets/fonts-4.css"]}}'
    )
    found = find_assets(tmp_path)
    assert found.fonts == ("/static/assets/fonts-4.css",)
    assert found.console == Entry(script="/static/assets/main-1.js", styles=("/static/assets/main-2.css",))


def test_no_build_is_no_fault() -> None:
    assert find_assets(Path("/nowhere")).console is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"src/main.ts": {}}', '{"src/fonts.ts": 3}'])
def test_a_broken_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text(text)
    with pytest.raises(BadInputError, match=r"manifest\.json"):
        find_assets(tmp_path)


def test_dates_carry_their_weekday() -> None:
    assert long_date(date(2025, 10, 14), "de") == "Dienstag, 14. Oktober 2025"
    assert long_date(date(2026, 3, 1), "en") == "Sunday 1 March 2026"


def test_phone_numbers_can_be_dialled() -> None:
    assert phone_link("+49 (0)3677 / 88-890") == "tel:+490367788890"


def test_words_in_place_of_a_number_are_no_link() -> None:
    html = error_page(request_for(), templates(help_phone="Telefonnummer steht noch nicht fest"), 404).body.decode()
    assert "Hilfe am Telefon: Telefonnummer steht noch nicht fest" in html
    assert "tel:" not in html


def test_both_languages_say_everything() -> None:
    for texts in (wording.LAYOUT, wording.START, wording.RESEARCH, wording.ERRORS, wording.CONSOLE, wording.MODES):
        assert set(texts["de"]) == set(texts["en"])
        assert all(texts[language][key] for language in ("de", "en") for key in texts["de"])
