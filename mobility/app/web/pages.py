"""Pages that belong to no room: the start page, the research page, the console; and the files they load."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import Scope

from mobility.app.fleet_view import FleetView, VehicleView
from mobility.app.web import wording
from mobility.app.web.assets import BUILT, HAND_WRITTEN
from mobility.app.web.templating import language_of
from mobility.core.clock import Clock
from mobility.core.content_coding import accepts_gzip
from mobility.core.ids import StopId

ClockSpeed = float
"""Seconds of the service's clock per second of the reader's; 1 but in a fast demo."""
BOARD_WORKER = "board-worker.js"
"""Lets departure boards open without a connection; the only script that may answer for pages."""
ON_TIME_S = 60
"""A departure less than a minute off is called on time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLink:
    """A stop offered on the start page."""

    stop_id: StopId
    name: str


def router(
    *,
    templates: Jinja2Templates,
    fleet: FleetView,
    clock: Clock,
    stops: Sequence[StopLink],
    region_name: str,
    clock_speed: ClockSpeed = 1.0,
) -> APIRouter:
    """Return the routes ``/``, ``/research`` and ``/console``; ``stops`` are a few busy ones for the start page."""
    pages = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @pages.get("/")
    async def start(request: Request) -> Response:
        texts = wording.START[language_of(request)]
        title = texts["title"].format(region=region_name)
        return templates.TemplateResponse(request, "app/start.html", {"t": texts, "heading": title, "stops": stops})

    @pages.get("/research")
    async def research(request: Request) -> Response:
        return templates.TemplateResponse(request, "app/research.html", {"t": wording.RESEARCH[language_of(request)]})

    @pages.get("/console")
    async def console(request: Request) -> Response:
        language = language_of(request)
        context = {
            "t": wording.CONSOLE[language],
            "modes": wording.MODES[language],
            "vehicles": fleet.views(clock.now()),
            "punctuality": punctuality,
            "clock_speed": clock_speed,
            "actor": getattr(request.state, "actor", ""),
            "duty": getattr(request.state, "role", None) or "",
        }
        return templates.TemplateResponse(request, "app/console.html", context)

    return pages


def punctuality(vehicle: VehicleView, language: str) -> str:
    """Return a vehicle's delay in words; empty where nothing is known."""
    texts, delay_s = wording.CONSOLE[language], vehicle["delay_s"]
    if delay_s is None:
        return ""
    if abs(delay_s) < ON_TIME_S:
        return texts["on_time"]
    return texts["late" if delay_s > 0 else "early"].format(minutes=int(abs(delay_s) // 60))


class _LastingFiles(StaticFiles):
    """Built files carry their content's hash in the name, so a browser may keep them; text lies there compressed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        is_compressed = (
            accepts_gzip(Headers(scope=scope).get("accept-encoding", "")) and (BUILT / f"{path}.gz").is_file()
        )
        response = await super().get_response(f"{path}.gz" if is_compressed else path, scope)
        if is_compressed:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


class _HandWrittenFiles(StaticFiles):
    """Few small texts, zipped once; an address that names its content's digest may be kept for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        is_named = "v=" in scope["query_string"].decode("latin-1")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_named else "no-cache"
        response.headers["Vary"] = "Accept-Encoding"
        if path == BOARD_WORKER:
            response.headers["Service-Worker-Allowed"] = "/board"
        is_zipped = accepts_gzip(Headers(scope=scope).get("accept-encoding", ""))
        if not is_zipped or not isinstance(response, FileResponse) or response.status_code != HTTPStatus.OK:
            return response
        body = _zipped(Path(response.path))
        kept = {name: value for name, value in response.headers.items() if name not in ("content-length", "etag")}
        etag = response.headers["etag"].rstrip('"') + '-gzip"'
        return Response(body, headers={**kept, "content-encoding": "gzip", "etag": etag})


@cache
def _zipped(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)


def mount_files(app: Starlette) -> None:
    """Serve the hand-written files under ``/web`` and, where the console is built, its files under ``/static``."""
    app.mount("/web", _HandWrittenFiles(directory=HAND_WRITTEN), name="web")
    if BUILT.is_dir():
        app.mount("/static", _LastingFiles(directory=BUILT), name="static")
