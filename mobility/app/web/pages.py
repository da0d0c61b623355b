"""Pages that belong to no room: the start page, the research page, the console; and the files they load."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import Scope

from mobility.app.fleet_view import FleetView, VehicleView
from mobility.app.web import wording
from mobility.app.web.assets import BUILT, HAND_WRITTEN
from mobility.app.web.templating import language_of
from mobility.core.clock import Clock
from mobility.core.ids import StopId

ClockSpeed = float
"""Seconds of the service's clock per second of the reader's; 1 but in a fast demo."""
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
        is_compressed = "gzip" in Headers(scope=scope).get("accept-encoding", "") and (BUILT / f"{path}.gz").is_file()
        response = await super().get_response(f"{path}.gz" if is_compressed else path, scope)
        if is_compressed:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def mount_files(app: Starlette) -> None:
    """Serve the hand-written files under ``/web`` and, where the console is built, its files under ``/static``."""
    app.mount("/web", StaticFiles(directory=HAND_WRITTEN), name="web")
    if BUILT.is_dir():
        app.mount("/static", _LastingFiles(directory=BUILT), name="static")
