"""Open data of the process: the static feed as a file, and the figures of a service day."""

from datetime import date
from hashlib import sha256
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from mobility.app.report import day_report
from mobility.core.ports import Ledger
from passenger_info.edge.service import PassengerInfo
from v2x.edge.gateway import Gateway


def schedule_router(schedule: bytes, feed_version: str) -> APIRouter:
    """Return ``/gtfs/schedule.zip`` with ETag; ``feed_version`` names the file a reader saves."""
    routes = APIRouter(tags=["open data"])
    etag = f'"{sha256(schedule).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "public, max-age=300",
        "Content-Disposition": f'attachment; filename="schedule-{feed_version}.zip"',
    }

    @routes.get("/gtfs/schedule.zip", response_class=Response)
    async def static_feed(request: Request) -> Response:
        """The static GTFS feed."""
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(schedule, media_type="application/zip", headers=headers)

    return routes


def report_router(ledger: Ledger, info: PassengerInfo, gateway: Gateway, zone: str) -> APIRouter:
    """Return ``/api/v1/reports/{day}``: trips, rides, promises, predictions and frames of a service day."""
    routes = APIRouter(prefix="/api/v1", tags=["reports"])

    @routes.get("/reports/{day}")
    async def report(day: date) -> dict[str, Any]:
        """Counts of one service day; frames and predictions are those of the process since its start."""
        counters = gateway.counters
        return day_report(
            day,
            zone,
            state=ledger.state,
            envelopes=ledger.read(),
            trips=info.trip_figures(day),
            predictions=info.accuracy(),
            frames={"acknowledged": counters.samples, "duplicates": counters.duplicates},
        )

    return routes
