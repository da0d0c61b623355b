"""All HTTP routes of passenger information."""

from fastapi import APIRouter
from starlette.templating import Jinja2Templates

from passenger_info.edge.board_pages import board_router
from passenger_info.edge.departures_api import departures_router
from passenger_info.edge.feeds import feed_router
from passenger_info.edge.service import PassengerInfo


def router(info: PassengerInfo, templates: Jinja2Templates) -> APIRouter:
    """Return boards, pull feeds and the departures API."""
    routes = APIRouter()
    routes.include_router(feed_router(info))
    routes.include_router(departures_router(info))
    routes.include_router(board_router(info, templates))
    return routes
