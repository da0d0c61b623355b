"""``/accuracy``: how good our predictions were, for everybody; complete without scripts."""

from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.templating import Jinja2Templates

from mobility.core.clock import datetime_at
from passenger_info.accuracy_texts import TEXTS, count_text, duration_text, percent_text, short_text, verdict_text
from passenger_info.accuracy_view import FEW, AccuracyView, Score, accuracy_view, bucket_names
from passenger_info.edge.service import PassengerInfo

DATA_PATH = "/api/v1/predictions/accuracy"


def accuracy_router(info: PassengerInfo, templates: Jinja2Templates) -> APIRouter:
    """Return the page ``/accuracy``."""
    routes = APIRouter(include_in_schema=False)
    zone = ZoneInfo(info.timetable.zone)

    @routes.get("/accuracy", response_class=HTMLResponse)
    async def accuracy(request: Request) -> Response:
        """Show the score since the server started, beside that of plain ways to predict."""
        asked = getattr(request.state, "language", "de")
        language = asked if asked in TEXTS else "de"
        context = _context(accuracy_view(info.accuracy()), language, zone)
        headers = {"Content-Language": language, "Cache-Control": "no-cache"}
        return templates.TemplateResponse(request, "passenger_info/accuracy.html", context, headers=headers)

    return routes


def _context(view: AccuracyView, language: str, zone: ZoneInfo) -> dict[str, Any]:
    t = TEXTS[language]
    since = None if view.since is None else datetime_at(view.since, zone)
    names = bucket_names(view.buckets)
    live = None if view.live_percent is None else t["live"].format(percent=percent_text(view.live_percent, language))
    return {
        "t": t,
        "view": view,
        "since": since,
        "count": count_text(view.total.scored, language),
        "few": FEW,
        "error": None if view.total.error_s is None else duration_text(view.total.error_s, language),
        "verdict": verdict_text(view, language),
        "live": live,
        "names": names,
        "buckets": [_bucket(view, k, name, language) for k, name in enumerate(names)],
        "predictors": [_predictor(row.name, (*row.buckets, row.total), language) for row in view.predictors],
        "total": _cells(view.total, view.covered_percent, language),
        "data_path": DATA_PATH,
    }


def _bucket(view: AccuracyView, k: int, name: str, language: str) -> dict[str, str]:
    row, t = view.buckets[k], TEXTS[language]
    allowed = t["allowed_text"].format(
        early=duration_text(row.early_s, language), late=duration_text(row.late_s, language)
    )
    return {
        "name": t["minutes"].format(span=name),
        "allowed": allowed,
        **_cells(row.score, row.covered_percent, language),
    }


def _cells(score: Score, covered_percent: int | None, language: str) -> dict[str, str]:
    unknown = TEXTS[language]["unknown"]
    return {
        "accurate": short_text(score, language),
        "error": unknown if score.error_s is None else duration_text(score.error_s, language),
        "covered": unknown if covered_percent is None else f"{covered_percent} %",
        "counted": count_text(score.scored, language),
    }


def _predictor(name: str, scores: tuple[Score, ...], language: str) -> dict[str, Any]:
    unknown, total = TEXTS[language]["unknown"], scores[-1]
    return {
        "name": TEXTS[language].get(name, name),
        "scores": [short_text(score, language) for score in scores],
        "error": unknown if total.error_s is None else duration_text(total.error_s, language),
    }
