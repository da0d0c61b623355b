"""Board pages: departures at a stop as table, sentences, read-aloud text and wall display; complete without scripts."""

import io
import unicodedata
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import segno
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.templating import Jinja2Templates

from gtfs.timetable import TimetableStop
from mobility.core.clock import datetime_at
from mobility.core.dates import long_date
from mobility.core.ids import StopId
from mobility.core.refusal import Refusal, RefusalCode
from passenger_info.board import board_rows, read_aloud
from passenger_info.edge.service import PassengerInfo
from passenger_info.wording import MEANINGS, PAGE, STATES, sentence

_HORIZON_S = 3 * 3600
_SCREEN_ROWS = 10
"""Rows a wall display has room for."""
_LONGEST_SEARCH = 100


def board_router(info: PassengerInfo, templates: Jinja2Templates) -> APIRouter:
    """Return ``/board``, ``/board/{stop_id}`` and ``/board/{stop_id}.txt``."""
    routes = APIRouter(prefix="/board", include_in_schema=False)

    @routes.get("", response_class=HTMLResponse)
    async def find(request: Request, name: Annotated[str, Query(max_length=_LONGEST_SEARCH)] = "") -> Response:
        """List the stops, those whose name holds ``name`` where it is given."""
        language = _language(request)
        found = [stop for stop in _boarding_stops(info) if _plain(name) in _plain(stop.name)]
        context = {"t": PAGE[language], "stops": found, "name": name, "board_path": _board_path}
        return templates.TemplateResponse(request, "passenger_info/find.html", context)

    @routes.get("/{stop_id:path}.txt", response_class=PlainTextResponse)
    async def aloud(request: Request, stop_id: str) -> Response:
        """Return the board as sentences to be read aloud."""
        language = _language(request)
        stop = info.timetable.stops.get(StopId(stop_id))
        if stop is None:
            return PlainTextResponse(_unknown(stop_id, language) + "\n", status_code=404)
        now = info.clock.now()
        rows = board_rows(info.timetable, info.departures(stop.stop_id, horizon_s=_HORIZON_S), now, language)
        local = datetime_at(now, ZoneInfo(info.timetable.zone))
        return PlainTextResponse(read_aloud(stop.name, rows, local, language), headers=_for(language))

    @routes.get("/{stop_id:path}", response_class=HTMLResponse)
    async def board(request: Request, stop_id: str, screen: bool = False) -> Response:
        """Return the board page, as a wall display that renews itself with ``?screen=1``."""
        language = _language(request)
        stop = info.timetable.stops.get(StopId(stop_id))
        if stop is None:
            context = {"t": PAGE[language], "sentence": _unknown(stop_id, language)}
            return templates.TemplateResponse(request, "passenger_info/unknown_stop.html", context, status_code=404)
        context = _board_context(info, stop, request, language, is_screen=screen)
        return templates.TemplateResponse(request, "passenger_info/board.html", context, headers=_for(language))

    return routes


def _board_context(
    info: PassengerInfo, stop: TimetableStop, request: Request, language: str, *, is_screen: bool
) -> dict[str, Any]:
    now = info.clock.now()
    local = datetime_at(now, ZoneInfo(info.timetable.zone))
    rows = board_rows(info.timetable, info.departures(stop.stop_id, horizon_s=_HORIZON_S), now, language)
    path = _board_path(stop.stop_id)
    states = [(state, word.format(minutes=3), MEANINGS[language][state]) for state, word in STATES[language].items()]
    return {
        "t": PAGE[language],
        "stop": stop,
        "rows": rows[:_SCREEN_ROWS] if is_screen else rows,
        "hours": _HORIZON_S // 3600,
        "date": long_date(local.date(), language),
        "time": f"{local:%H:%M}",
        "is_screen": is_screen,
        "path": path,
        "address": str(request.base_url).rstrip("/") + path,
        "qr": _qr(str(request.base_url).rstrip("/") + path, PAGE[language]["qr"]),
        "states": states,
    }


def _qr(address: str, title: str) -> str:
    """Return an inline SVG of the address; dark on light whatever the page's colours, or no camera reads it."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", scale=3, border=3, dark="#000", light="#fff", xmldecl=False, svgns=True, title=title
    )
    return drawn.getvalue().decode()


def _boarding_stops(info: PassengerInfo) -> list[TimetableStop]:
    """Return the stops where something calls, by name; platforms are found through their station."""
    stops = info.timetable.stops
    stations = {stop.parent for stop in stops.values() if stop.parent is not None and _is_served(info, stop.stop_id)}
    served = [
        stop
        for stop in stops.values()
        if stop.stop_id in stations or (stop.parent is None and _is_served(info, stop.stop_id))
    ]
    return sorted(served, key=lambda stop: (_plain(stop.name), stop.stop_id))


def _is_served(info: PassengerInfo, stop_id: StopId) -> bool:
    return bool(info.timetable.calls_at(stop_id))


def _plain(text: str) -> str:
    """Return text for searching: small letters, accents dropped, ß as ss."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in spread if not unicodedata.combining(sign)).strip()


def _board_path(stop_id: str) -> str:
    return f"/board/{quote(stop_id, safe='')}"


def _unknown(stop_id: str, language: str) -> str:
    return sentence(Refusal(RefusalCode.UNKNOWN_STOP, {"stop_id": stop_id[:100]}), language)


def _language(request: Request) -> str:
    language = getattr(request.state, "language", "de")
    return language if language in PAGE else "de"


def _for(language: str) -> dict[str, str]:
    return {"Content-Language": language, "Cache-Control": "no-cache"}
