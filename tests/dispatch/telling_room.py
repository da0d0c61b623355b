"""A room whose riders can be told news: the telling service, and every page and route of it behind an HTTP client."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import unescape
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from itsdangerous import URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from dispatch.edge.links import RideLinks
from dispatch.edge.ride_pages import ride_router
from dispatch.edge.telling_routes import telling_router
from dispatch.edge.tellings import Tellings
from mobility.app.problems import install_problem_handlers
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.ids import BookingId
from mobility.core.region import Region
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import ZONE

ACTOR = "dispatcher:a11ce000"
LINKS = RideLinks(URLSafeSerializer("secret", salt="ride"))


@dataclass
class Desk:
    room: Room
    tellings: Tellings

    @property
    def http(self) -> httpx.AsyncClient:
        templates = page_templates(
            clock=self.room.clock, zone=ZoneInfo(ZONE), is_demo=False, room_packages=("dispatch",), region_name="Dorf"
        )
        app = FastAPI()
        install_problem_handlers(app, templates)
        app.include_router(telling_router(self.room.dispatch, self.tellings, LINKS))
        app.include_router(ride_router(self.room.dispatch, templates, LINKS, self.tellings))

        @app.middleware("http")
        async def somebody(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
            request.state.actor = ACTOR
            return await call_next(request)

        app.add_middleware(LanguageMiddleware)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")

    async def page(self, booking_id: BookingId, language: str = "de") -> str:
        async with self.http as http:
            answer = await http.get(LINKS.link(booking_id), headers={"accept-language": language})
        assert answer.status_code == 200
        return unescape(answer.text)


def desk(place: Region | None = None, *, clock: str = "08:00") -> Desk:
    here = room(place, clock=clock)
    return Desk(here, Tellings(here.dispatch, here.ledger))
