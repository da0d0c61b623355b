"""``/sources``: what of the region is sourced, with its address, and what is assumed."""

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from mobility.app.web.templating import language_of
from mobility.core.evidence import SourceRow
from mobility.core.place import Evidence

_TEXTS = {
    "de": {
        "title": "Belegt und angenommen",
        "lead": "{sourced} Angaben zu dieser Region sind belegt, {assumed} sind angenommen.",
        "why": "Angenommen heißt: Wir haben dafür keine öffentliche Quelle gefunden. Verlassen Sie sich nicht darauf.",
        "caption": "Alle Angaben dieser Region",
        "subject": "Wovon",
        "fact": "Was",
        "value": "Angabe",
        "evidence": "Beleg",
        "source": "Quelle oder Grund",
        "sourced": "belegt",
        "assumed": "angenommen",
    },
    "en": {
        "title": "Sourced and assumed",
        "lead": "{sourced} facts about this region are sourced, {assumed} are assumed.",
        "why": "Assumed means that we found no public source. Do not rely on it.",
        "caption": "All facts about this region",
        "subject": "Of what",
        "fact": "What",
        "value": "Fact",
        "evidence": "Evidence",
        "source": "Source or reason",
        "sourced": "sourced",
        "assumed": "assumed",
    },
}


def router(templates: Jinja2Templates, rows: Sequence[SourceRow]) -> APIRouter:
    """Return the page over all facts of a bundle."""
    routes = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    assumed = sum(row.evidence is Evidence.ASSUMED for row in rows)

    @routes.get("/sources")
    async def sources(request: Request) -> Response:
        texts = _TEXTS[language_of(request)]
        lead = texts["lead"].format(sourced=len(rows) - assumed, assumed=assumed)
        context = {"t": texts, "lead": lead, "rows": rows}
        return templates.TemplateResponse(request, "app/sources.html", context)

    return routes
