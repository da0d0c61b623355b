"""Which language a request is answered in: what the reader chose, else what the browser asks for, else German."""

from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LANGUAGES = ("de", "en", "de-simple")
"""German is the first language of every page. ``de-simple`` is easy German (BCP 47, registered variant *simple*)."""
EASY = "de-simple"
EASY_PAGES = ("/board", "/accuracy")
"""Where pages have texts of their own in easy German; everywhere else it falls back to German."""
COOKIE = "language"
_YEAR_S = 365 * 24 * 3600


class LanguageMiddleware:
    """Sets ``request.state.language`` to a language that the page asked for speaks (``languages_at``).

    Keeps a choice made with ``?lang=`` in a cookie; easy German stays chosen on pages that fall back to German.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an ASGI application; responses pass through untouched but for two headers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        chosen = _chosen(scope["query_string"].decode("latin-1"))
        wished = chosen or _kept(headers.getlist("cookie")) or accepted(headers.get("accept-language", ""))
        language = wished if wished in languages_at(scope.get("path", "")) else plain_language(wished)
        scope.setdefault("state", {})["language"] = language

        async def send_in_language(message: Message) -> None:
            if message["type"] == "http.response.start":
                _note_language(MutableHeaders(scope=message), chosen)
            await send(message)

        await self._app(scope, receive, send_in_language)


def languages_at(path: str) -> tuple[str, ...]:
    """Return the languages that the page at a path speaks."""
    is_easy = any(path == page or path.startswith(f"{page}/") for page in EASY_PAGES)
    return LANGUAGES if is_easy else tuple(language for language in LANGUAGES if language != EASY)


def plain_language(language: str) -> str:
    """Return the language for texts that have no easy German: German instead."""
    return LANGUAGES[0] if language == EASY else language


def accepted(header: str) -> str:
    """Return the best of ``LANGUAGES`` for an ``Accept-Language`` header (RFC 9110 §12.5.4), German when none fits."""
    best, best_weight = LANGUAGES[0], 0.0
    for part in header.split(","):
        tag, _, parameters = part.partition(";")
        full = tag.strip().lower()
        language = full if full in LANGUAGES else full.split("-")[0]
        weight = _weight(parameters)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def path_with_language(path: str, query: str, language: str) -> str:
    """Return the same page and query with ``lang`` set to ``language``."""
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "lang"]
    return f"{path}?{urlencode([*kept, ('lang', language)])}"


def _chosen(query: str) -> str | None:
    languages = [value for name, value in parse_qsl(query, errors="replace") if name == "lang"]
    return languages[-1] if languages and languages[-1] in LANGUAGES else None


def _kept(cookies: Iterable[str]) -> str | None:
    for header in cookies:
        try:
            morsel = SimpleCookie(header).get(COOKIE)
        except CookieError:
            continue
        if morsel is not None and morsel.value in LANGUAGES:
            return morsel.value
    return None


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def _note_language(headers: MutableHeaders, chosen: str | None) -> None:
    if headers.get("content-type", "").startswith("text/html"):
        headers.add_vary_header("Accept-Language, Cookie")
    if chosen is not None:
        headers.append("set-cookie", f"{COOKIE}={chosen}; Path=/; Max-Age={_YEAR_S}; SameSite=Lax")
