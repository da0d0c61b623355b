"""Board pages: departures at a stop as table, sentences, read-aloud text, wall display and sheet for printing.

All are complete without scripts; a script keeps an open page fresh and says when it has lost its connection.
"""

import gzip
import io
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import segno
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.templating import Jinja2Templates

from gtfs.timetable import Timetable, TimetableStop
from mobility.core.alert import AlertRecord
from mobility.core.arrivals import TripStatus
from mobility.core.clock import Clock, Instant, datetime_at, shifted
from mobility.core.connection import Connection
from mobility.core.content_coding import accepts_gzip
from mobility.core.ids import StopId
from mobility.core.ports import Departure
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.service_day import service_day_of
from passenger_info.alert_words import clock_words
from passenger_info.board import LIVE_STATES, BoardFacts, date_words
from passenger_info.board_day import day_tables
from passenger_info.board_screen import TURN_S, screen_page, wall_heights
from passenger_info.board_sentences import BOOKING
from passenger_info.board_texts import LANGUAGES, MEANINGS, PAGE, STATES
from passenger_info.board_videos import sign_videos
from passenger_info.board_view import MOST_OPEN, BoardView, board_view
from passenger_info.run import TripRun
from passenger_info.wording import sentence

_HORIZON_S = 3 * 3600
_LATER_S = 36 * 3600
"""How far ahead an empty board looks for what leaves next."""
_LONGEST_SEARCH = 100
_MOST_TOPICS = 20
"""Platforms of a station whose changes an open page listens to."""
_MOST_ROWS = 40
_ZIP_LEVEL = 6


class StopRuns(Protocol):
    """Which runs call at a stop; ``passenger_info.runs.Runs`` does."""

    def platforms(self, stop_id: StopId) -> Sequence[StopId]:
        """Return a stop and, where it is a station, its platforms."""
        ...

    def departing(self, stops: Sequence[StopId], earliest: Instant, latest: Instant) -> Sequence[tuple[TripRun, int]]:
        """Return scheduled departures in the span by time, each with its place among the run's calls."""
        ...


class BoardInfo(Protocol):
    """What boards need to know of departures; ``PassengerInfo`` knows it."""

    timetable: Timetable
    clock: Clock

    @property
    def runs(self) -> StopRuns:
        """The runs of the day."""
        ...

    def departures(self, stop_id: StopId, *, horizon_s: float) -> Sequence[Departure]:
        """Return departures from now to ``horizon_s`` ahead in the order of their expected time."""
        ...

    def status_of(self, run: TripRun) -> TripStatus:
        """Return the status of a run now."""
        ...


@dataclass(frozen=True, kw_only=True)
class BoardSources:
    """What boards show beside departures, and from where."""

    alerts_at: Callable[[StopId, Instant], Sequence[AlertRecord]] = lambda _stop, _now: ()
    """Alerts shown at a stop now: its own and those of the lines that call there."""
    connections_at: Callable[[StopId, Instant], Sequence[Connection]] = lambda _stop, _now: ()
    """Planned connections of the day at a stop."""
    has_events: bool = False
    """Whether the stream ``/gtfs-rt/events`` is there for open pages to follow."""
    videos: Mapping[str, str] = field(default_factory=dict)
    """Addresses of films in sign language, see ``passenger_info.board_videos``."""


class _Shape(BaseModel):
    """In which shape a board is asked for."""

    screen: bool = False
    day: bool = False
    page: int = Field(1, ge=1, le=10_000)
    """Of the wall display."""
    rows: int = Field(0, ge=0, le=_MOST_ROWS)
    """How many departures a page of the wall display holds; 0: as many as fit a wide screen."""


def board_router(info: BoardInfo, templates: Jinja2Templates, sources: BoardSources | None = None) -> APIRouter:
    """Return ``/board``, ``/board/{stop_id}`` and ``/board/{stop_id}.txt``."""
    routes = APIRouter(prefix="/board", include_in_schema=False)
    boards = _Boards(info, sources or BoardSources())

    @routes.get("", response_class=HTMLResponse)
    async def find(request: Request, name: Annotated[str, Query(max_length=_LONGEST_SEARCH)] = "") -> Response:
        """List the stops, those whose name holds ``name`` where it is given."""
        language = _language(request)
        found = [stop for stop in _boarding_stops(info) if _plain(name) in _plain(stop.name)]
        context = {"t": PAGE[language], "stops": found, "name": name, "board_path": _board_path}
        page = templates.TemplateResponse(request, "passenger_info/find.html", context)
        return _zipped(request, page)

    @routes.get("/{stop_id:path}.txt", response_class=PlainTextResponse)
    async def aloud(request: Request, stop_id: str) -> Response:
        """Return the board as sentences to be read aloud."""
        language = _language(request)
        stop = info.timetable.stops.get(StopId(stop_id))
        if stop is None:
            return PlainTextResponse(_unknown(stop_id, language) + "\n", status_code=404)
        view = boards.view(stop, info.clock.now(), language)
        return PlainTextResponse(view.aloud, headers=_for(language))

    @routes.get("/{stop_id:path}", response_class=HTMLResponse)
    async def board(request: Request, stop_id: str, shape: Annotated[_Shape, Query()]) -> Response:
        """Return the board; a wall display with ``?screen=1``, the whole day for printing with ``?day=1``."""
        language = _language(request)
        stop = info.timetable.stops.get(StopId(stop_id))
        if stop is None:
            context = {"t": PAGE[language], "sentence": _unknown(stop_id, language)}
            return templates.TemplateResponse(request, "passenger_info/unknown_stop.html", context, status_code=404)
        made = boards.page(stop, request, language)
        if shape.day:
            name, context = "passenger_info/board_day.html", made | boards.day(stop, language)
        elif shape.screen:
            name, context = (
                "passenger_info/board_screen.html",
                made | boards.screen(stop, language, shape.page, shape.rows),
            )
        else:
            name, context = "passenger_info/board.html", made | boards.board(stop, language)
        return _zipped(request, templates.TemplateResponse(request, name, context, headers=_for(language)))

    return routes


class _Boards:
    """Makes the contexts of board templates."""

    def __init__(self, info: BoardInfo, sources: BoardSources) -> None:
        self._info = info
        self._sources = sources
        self._videos = sign_videos(sources.videos)
        self._zone = ZoneInfo(info.timetable.zone)

    def view(self, stop: TimetableStop, now: Instant, language: str) -> BoardView:
        """Return what a board shows."""
        info, stop_id = self._info, stop.stop_id
        departures = info.departures(stop_id, horizon_s=_HORIZON_S)
        later = () if departures else info.departures(stop_id, horizon_s=_LATER_S)
        facts = BoardFacts(
            departures=departures,
            connections=self._sources.connections_at(stop_id, now),
        )
        return board_view(
            info.timetable,
            stop,
            facts,
            records=self._sources.alerts_at(stop_id, now),
            now=now,
            language=language,
            videos=self._videos,
            hours=_HORIZON_S // 3600,
            later=next(iter(later), None),
        )

    def page(self, stop: TimetableStop, request: Request, language: str) -> dict[str, Any]:
        """Return what all pages of a stop show."""
        now = self._info.clock.now()
        local = datetime_at(now, self._zone)
        path = _board_path(stop.stop_id)
        address = str(request.base_url).rstrip("/") + path
        return {
            "t": PAGE[language],
            "booking_words": BOOKING[language],
            "stop": stop,
            "hours": _HORIZON_S // 3600,
            "date": date_words(local, language),
            "time": clock_words(local, language),
            "path": path,
            "address": address,
            "qr": _qr(address, PAGE[language]["qr"]),
        }

    def board(self, stop: TimetableStop, language: str) -> dict[str, Any]:
        """Return what the page on a phone or desk shows."""
        view = self.view(stop, self._info.clock.now(), language)
        shown = STATES[language].items()
        states = [(state, word.format(minutes=3), MEANINGS[language][state]) for state, word in shown]
        return self._live(stop, view) | {
            "rows": view.rows,
            "alerts": view.alerts,
            "urgent": view.urgent,
            "informing": view.informing,
            "most_alerts": MOST_OPEN,
            "bookings": view.bookings,
            "states": states,
        }

    def screen(self, stop: TimetableStop, language: str, page: int, size: int) -> dict[str, Any]:
        """Return what one page of the wall display shows."""
        view = self.view(stop, self._info.clock.now(), language)
        shown = screen_page(view.rows, view.alerts, page, heights=wall_heights(view.rows), size=size)
        query = {"screen": "1", "lang": language} | ({"rows": str(size)} if size else {})
        query |= {"page": str(shown.next_page)} if shown.pages > 1 else {}
        return self._live(stop, view) | {
            "rows": shown.rows,
            "alerts": shown.alerts,
            "page": shown.page,
            "pages": shown.pages,
            "alerts_left": shown.alerts_left,
            "rows_left": shown.rows_left,
            "next_path": f"{_board_path(stop.stop_id)}?{urlencode(query)}",
            "turn_s": TURN_S if shown.pages > 1 else 2 * TURN_S,
        }

    def day(self, stop: TimetableStop, language: str) -> dict[str, Any]:
        """Return the day's sheet: the service day, from its first departure to its last after midnight."""
        info = self._info
        today = service_day_of(info.clock.now(), info.timetable.zone)
        platforms = info.runs.platforms(stop.stop_id)
        span = (today.start, shifted(today.plus(1).start, -1))
        departures = [
            Departure(status=info.status_of(run), call_index=index)
            for run, index in info.runs.departing(platforms, *span)
        ]
        begins = datetime_at(shifted(today.start, 12 * 3600), self._zone)
        return {
            "tables": day_tables(info.timetable, departures, language),
            "day": date_words(begins, language),
            "bookings": self.view(stop, info.clock.now(), language).bookings,
        }

    def _live(self, stop: TimetableStop, view: BoardView) -> dict[str, Any]:
        topics = [f"stop:{each}" for each in self._info.runs.platforms(stop.stop_id)[:_MOST_TOPICS]]
        events = f"/gtfs-rt/events?{urlencode({'topics': ','.join(topics), 'format': 'json'})}"
        return {
            "video_of": view.video_of,
            "next_sentence": view.next_sentence,
            "aloud": view.aloud.splitlines(),
            "live_states": LIVE_STATES,
            "events_path": events if self._sources.has_events else "",
        }


def _qr(address: str, title: str) -> str:
    """Return an inline SVG of the address; dark on light whatever the page's colours, or no camera reads it."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", omitsize=True, border=3, dark="#000", light="#fff", xmldecl=False, svgns=True, title=title
    )
    return drawn.getvalue().decode()


def _zipped(request: Request, page: Response) -> Response:
    """Return a page as small as the reader's browser takes it: many readers stand in the forest."""
    page.headers.add_vary_header("Accept-Encoding")
    if not accepts_gzip(request.headers.get("accept-encoding", "")):
        return page
    body = gzip.compress(bytes(page.body), _ZIP_LEVEL, mtime=0)
    headers = {name: value for name, value in page.headers.items() if name != "content-length"}
    return Response(body, page.status_code, headers | {"content-encoding": "gzip"})


def _boarding_stops(info: BoardInfo) -> list[TimetableStop]:
    """Return the stops where something calls, by name; platforms are found through their station."""
    stops = info.timetable.stops
    stations = {stop.parent for stop in stops.values() if stop.parent is not None and _is_served(info, stop.stop_id)}
    served = [
        stop
        for stop in stops.values()
        if stop.stop_id in stations or (stop.parent is None and _is_served(info, stop.stop_id))
    ]
    return sorted(served, key=lambda stop: (_plain(stop.name), stop.stop_id))


def _is_served(info: BoardInfo, stop_id: StopId) -> bool:
    return bool(info.timetable.calls_at(stop_id)) or bool(info.timetable.bookable_at(stop_id))


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
    return language if language in LANGUAGES else "de"


def _for(language: str) -> dict[str, str]:
    return {"Content-Language": language, "Cache-Control": "no-cache"}
