"""The language of a page: chosen, kept, or asked for by the browser."""

import asyncio
from http.cookies import SimpleCookie

import httpx
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from mobility.app.web.language import LANGUAGES, LanguageMiddleware, accepted, path_with_language


async def _page(request: Request) -> Response:
    return HTMLResponse(request.state.language)


async def _feed(request: Request) -> Response:
    return PlainTextResponse(request.state.language)


def ask(path: str, **headers: str) -> httpx.Response:
    app = LanguageMiddleware(Starlette(routes=[Route("/", _page), Route("/feed", _feed)]))

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return asyncio.run(get())


def test_german_is_the_first_language() -> None:
    assert ask("/").text == "de"


def test_the_browser_may_ask_for_english() -> None:
    assert ask("/", accept_language="fr-FR, en-GB;q=0.8, de;q=0.3").text == "en"


def test_a_choice_wins_over_cookie_and_browser_and_is_kept() -> None:
    answer = ask("/?lang=en", accept_language="de", cookie="language=de")
    assert answer.text == "en"
    kept = SimpleCookie(answer.headers["set-cookie"])["language"]
    assert (kept.value, kept["path"], kept["samesite"]) == ("en", "/", "Lax")


def test_a_kept_choice_wins_over_the_browser() -> None:
    assert ask("/", accept_language="de", cookie="other=1; language=en").text == "en"


def test_an_unknown_language_is_not_taken_over() -> None:
    answer = ask("/?lang=xx", accept_language="en")
    assert answer.text == "en"
    assert "set-cookie" not in answer.headers


def test_pages_say_what_they_vary_by_and_feeds_do_not() -> None:
    assert ask("/").headers["vary"] == "Accept-Language, Cookie"
    assert "vary" not in ask("/feed").headers


def test_the_language_switch_keeps_page_and_query() -> None:
    address = path_with_language("/board/a b", "from=1&lang=de&q=M%C3%BChle", "en")
    assert address == "/board/a b?from=1&q=M%C3%BChle&lang=en"


@given(st.text(max_size=80))
def test_any_header_gives_one_of_the_languages(header: str) -> None:
    assert accepted(header) in LANGUAGES


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_query_and_cookie_is_answered(query: bytes, cookie: bytes) -> None:
    seen: list[str] = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["state"]["language"])

    scope = {"type": "http", "query_string": query, "headers": [(b"cookie", cookie)]}
    asyncio.run(LanguageMiddleware(app)(scope, None, None))
    assert seen[0] in LANGUAGES
