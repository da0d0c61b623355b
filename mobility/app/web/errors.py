"""Error pages for people: what does not work, why, and what would. Machines get problem+json elsewhere."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from mobility.app.web import wording
from mobility.app.web.templating import language_of

_SERVER_FAULT = 500


def wants_page(request: Request) -> bool:
    """Return whether a person's browser asks: it names ``text/html`` and the path is no machine interface."""
    if request.url.path.startswith(("/api/", "/gtfs", "/static/", "/web/", "/metrics", "/healthz", "/readyz")):
        return False
    return "text/html" in request.headers.get("accept", "")


def error_page(request: Request, templates: Jinja2Templates, status: int, sentence: str = "") -> Response:
    """Return the page for an HTTP status (4xx, 5xx); ``sentence`` replaces the general one, e.g. a refusal's."""
    texts = wording.ERRORS[language_of(request)]
    fallback = texts[_SERVER_FAULT] if status >= _SERVER_FAULT else texts[404]
    heading, general = texts.get(status, fallback)
    context = {"heading": heading, "sentence": sentence or general}
    return templates.TemplateResponse(request, "app/error.html", context, status_code=status)
