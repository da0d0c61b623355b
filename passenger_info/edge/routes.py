"""All HTTP routes of passenger information."""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import APIRouter
from starlette.templating import Jinja2Templates

from passenger_info.edge.board_pages import BoardSources, board_router
from passenger_info.edge.departures_api import departures_router
from passenger_info.edge.feeds import feed_router
from passenger_info.edge.push import PushHub
from passenger_info.edge.service import PassengerInfo
from passenger_info.edge.sse import events_router


def router(
    info: PassengerInfo,
    templates: Jinja2Templates,
    hub: PushHub | None = None,
    films: Mapping[str, str] = MappingProxyType({}),
) -> APIRouter:
    """Return boards, pull feeds, the departures API and, of ``hub``, the stream of events.

    ``films`` are addresses of films in sign language for boards, see ``passenger_info.board_videos``.
    """
    routes = APIRouter()
    routes.include_router(feed_router(info))
    if hub is not None:
        routes.include_router(events_router(hub))
    routes.include_router(departures_router(info))
    boards = BoardSources(
        alerts_at=info.alerts_at,
        connections_at=info.connections_at,
        has_events=hub is not None,
        videos=films,
    )
    routes.include_router(board_router(info, templates, boards))
    return routes
