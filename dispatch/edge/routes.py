"""All routes of dispatch, for the application to mount."""

from fastapi import APIRouter
from itsdangerous import URLSafeSerializer
from starlette.templating import Jinja2Templates

from dispatch.edge.api import api_router
from dispatch.edge.book_pages import book_router
from dispatch.edge.drive_pages import drive_router
from dispatch.edge.links import RideLinks
from dispatch.edge.ride_pages import ride_router
from dispatch.edge.service import Dispatch


def router(dispatch: Dispatch, templates: Jinja2Templates, signer: URLSafeSerializer) -> APIRouter:
    """Return the JSON interface and the pages for riders and drivers; links to rides are signed with ``signer``."""
    links = RideLinks(signer)
    routes = APIRouter()
    routes.include_router(api_router(dispatch, links))
    routes.include_router(book_router(dispatch, templates, links))
    routes.include_router(ride_router(dispatch, templates, links))
    routes.include_router(drive_router(dispatch, templates))
    return routes
