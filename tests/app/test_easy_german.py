"""Easy German: spoken where pages have texts in it, German everywhere else, chosen all the while."""

import asyncio
from http.cookies import SimpleCookie
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from mobility.app.problems import install_problem_handlers
from mobility.app.web import wording
from mobility.app.web.errors import error_page
from mobility.app.web.language import EASY, LANGUAGES, LanguageMiddleware, accepted, languages_at, plain_language
from mobility.app.web.templating import page_templates
from mobility.core.clock import Instant
from mobility.core.errors import RefusedError
from mobility.core.refusal import Refusal, RefusalCode
from tests.fakes.clock import SettableClock


async def _said(request: Request) -> Response:
    return HTMLResponse(request.state.language)


def templates():
    return page_templates(
        clock=SettableClock(Instant(0)),
        zone=ZoneInfo("Europe/Berlin"),
        is_demo=True,
        room_packages=(),
        help_phone="03677 1",
        has_assumptions=True,
    )


def ask(app, path: str, **headers: str) -> httpx.Response:
    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return asyncio.run(get())


def app() -> LanguageMiddleware:
    return LanguageMiddleware(Starlette(routes=[Route("/{path:path}", _said)]))


@pytest.mark.parametrize("path", ["/board", "/board/busbahnhof", "/board/a/b.txt", "/accuracy"])
def test_pages_with_easy_texts_speak_easy_german(path: str) -> None:
    assert ask(app(), f"{path}?lang={EASY}").text == EASY
    assert ask(app(), path, cookie=f"language={EASY}").text == EASY
    assert languages_at(path) == LANGUAGES


@pytest.mark.parametrize("path", ["/", "/book", "/boarding", "/console/board", "/api/v1/alerts"])
def test_every_other_page_falls_back_to_german(path: str) -> None:
    assert ask(app(), f"{path}?lang={EASY}").text == "de"
    assert languages_at(path) == ("de", "en")


def test_the_choice_is_kept_while_other_pages_speak_german() -> None:
    kept = SimpleCookie(ask(app(), f"/book?lang={EASY}").headers["set-cookie"])
    assert kept["language"].value == EASY


def test_a_browser_may_ask_for_it() -> None:
    assert accepted("de-simple, de;q=0.8") == EASY
    assert accepted("de-DE, de;q=0.8") == "de"
    assert [plain_language(language) for language in LANGUAGES] == ["de", "en", "de"]


def test_layout_and_errors_are_complete_in_it() -> None:
    assert wording.LAYOUT[EASY].keys() == wording.LAYOUT["de"].keys()
    assert wording.ERRORS[EASY].keys() == wording.ERRORS["de"].keys()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/board/x",
        "query_string": b"",
        "headers": [(b"host", b"test"), (b"accept", b"text/html")],
        "state": {"language": EASY},
    }
    page = error_page(Request(scope), templates(), 404).body.decode()
    assert '<html lang="de-simple">' in page
    assert "Vielleicht ist die Adresse falsch." in page
    assert "Heute ist Donnerstag, 1. Januar 1970." in page


def test_a_refusal_without_an_easy_sentence_is_told_in_german() -> None:
    api = FastAPI()
    install_problem_handlers(api, templates())

    @api.get("/board/x")
    async def refuse() -> None:
        raise RefusedError(Refusal(RefusalCode.READ_ONLY), status=503)

    answer = ask(LanguageMiddleware(api), f"/board/x?lang={EASY}", accept="text/html")
    assert answer.status_code == 503
    assert "Im Augenblick kann nichts gespeichert werden." in answer.text
