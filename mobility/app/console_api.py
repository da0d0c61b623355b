"""The control room's interface: the fleet once, the fleet as it changes (server-sent events), and the map."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from mobility.app.fleet_view import FleetView, VehicleView
from mobility.core.clock import Clock

_PERIOD_S = 0.5
"""Half a vehicle's period, so that a fresh sample is never two seconds old when it is shown."""


def router(*, fleet: FleetView, clock: Clock, speed: float, region_map: Mapping[str, Any]) -> APIRouter:
    """Return ``/api/v1/vehicles``, ``/api/v1/console/stream`` and ``/api/v1/console/map``.

    ``speed`` is the clock's; the stream's period is real time, so that a fast demo floods nobody.
    """
    routes = APIRouter(prefix="/api/v1", tags=["control room"])
    drawn = json.dumps(region_map, ensure_ascii=False, separators=(",", ":")).encode()

    @routes.get("/vehicles")
    async def vehicles() -> dict[str, Any]:
        """Every vehicle heard of, with trip, mode, delay and the age of what is known."""
        now = clock.now()
        return {"now": fleet.time(now), "vehicles": fleet.views(now)}

    @routes.get("/console/map")
    async def console_map() -> Response:
        """Roads, lines, stops and names as GeoJSON."""
        return Response(drawn, media_type="application/json", headers={"Cache-Control": "max-age=300"})

    @routes.get("/console/stream", response_class=StreamingResponse)
    async def stream(request: Request) -> StreamingResponse:
        """Server-sent events: ``snapshot`` once, then ``vehicles`` with those that changed."""
        changes = _changes(request, fleet, clock, speed)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(changes, media_type="text/event-stream", headers=headers)

    return routes


async def _changes(request: Request, fleet: FleetView, clock: Clock, speed: float) -> AsyncIterator[bytes]:
    sent: dict[str, VehicleView] = {}
    event = "snapshot"
    while not await request.is_disconnected():
        now = clock.now()
        views = fleet.views(now)
        changed = [view for view in views if _is_news(sent.get(view["vehicle_id"]), view)]
        sent = {view["vehicle_id"]: view for view in views}
        # Said even when nothing changed: a reader can not hear a comment, and silence means that we are gone.
        data = json.dumps({"now": fleet.time(now), "vehicles": changed}, ensure_ascii=False)
        yield f"event: {event}\ndata: {data}\n\n".encode()
        event = "vehicles"
        await clock.sleep(_PERIOD_S * speed)


def _is_news(before: VehicleView | None, view: VehicleView) -> bool:
    # The age grows by itself in the reader's clock; it alone is no news.
    return before is None or {**before, "age_s": 0} != {**view, "age_s": 0}
