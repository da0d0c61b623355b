"""Where a reader can go from a staff page: only to pages that this server has and this reader may open."""

from starlette.requests import Request

DESK = "/console/disposition"
"""The dispatcher's page."""


def desk_of(request: Request) -> str:
    """Return the address of the dispatcher's page, empty for readers who may not open it."""
    return DESK if getattr(request.state, "role", None) in (None, "dispatcher") else ""
