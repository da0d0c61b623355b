"""Stops and departures for machines."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant, datetime_at
from mobility.core.errors import RefusedError
from mobility.core.ids import StopId
from mobility.core.ports import Departure
from mobility.core.refusal import Refusal, RefusalCode
from passenger_info.departures import expected
from passenger_info.edge.service import PassengerInfo

LONGEST_HORIZON_S = 24 * 3600


def departures_router(info: PassengerInfo) -> APIRouter:
    """Return ``/api/v1/stops``, ``/api/v1/departures/{stop_id}`` and ``/api/v1/predictions/accuracy``."""
    routes = APIRouter(prefix="/api/v1", tags=["passenger information"])
    zone = ZoneInfo(info.timetable.zone)

    @routes.get("/stops")
    async def stops() -> dict[str, Any]:
        """All stops of the timetable, by name."""
        ordered = sorted(info.timetable.stops.values(), key=lambda stop: (stop.name, stop.stop_id))
        return {
            "stops": [
                {
                    "stop_id": stop.stop_id,
                    "name": stop.name,
                    "lat": stop.place.lat_deg,
                    "lon": stop.place.lon_deg,
                    "parent": stop.parent,
                    "is_wheelchair_accessible": stop.is_wheelchair_accessible,
                }
                for stop in ordered
            ]
        }

    @routes.get("/departures/{stop_id:path}")
    async def departures(
        stop_id: str, horizon_s: Annotated[int, Query(ge=60, le=LONGEST_HORIZON_S)] = 7200
    ) -> dict[str, Any]:
        """Departures from a stop in their expected order; 404 for a stop that does not exist."""
        known = require_stop(info, stop_id)
        now = info.clock.now()
        return {
            "stop_id": known,
            "name": info.timetable.stops[known].name,
            "now": _iso(now, zone),
            "departures": [_row(info, row, zone) for row in info.departures(known, horizon_s=horizon_s)],
        }

    @routes.get("/predictions/accuracy")
    async def accuracy() -> dict[str, Any]:
        """Return how good our own predictions were since the server started, beside those of plain ways to predict."""
        return dict(info.accuracy())

    return routes


def require_stop(info: PassengerInfo, stop_id: str) -> StopId:
    """Return the stop's id; raises ``RefusedError`` (404) for one that does not exist."""
    known = StopId(stop_id)
    if known not in info.timetable.stops:
        raise RefusedError(Refusal(RefusalCode.UNKNOWN_STOP, {"stop_id": stop_id[:100]}), status=404)
    return known


def _row(info: PassengerInfo, row: Departure, zone: ZoneInfo) -> dict[str, Any]:
    status, call = row.status, row.status.calls[row.call_index]
    route = info.timetable.routes[status.route_id]
    return {
        "trip_id": status.trip.trip_id,
        "start_date": status.trip.start_date.isoformat(),
        "route_id": status.route_id,
        "route": route.short_name,
        "kind": route.kind,
        "headsign": status.headsign,
        "stop_id": call.stop_id,
        "stop_sequence": call.stop_sequence,
        "scheduled": _iso(call.scheduled_departure, zone),
        "expected": _iso(expected(row), zone),
        "predicted": _quantiles(call.departure, zone),
        "standing": status.standing,
        "vehicle_id": status.vehicle_id,
        "as_of": _iso(status.as_of, zone),
        "delay_s": status.delay_s,
        "reason": status.reason,
        "note": status.note,
        "is_extra": status.is_extra,
        "is_skipped": call.is_skipped,
        "instead": call.instead,
        "is_on_detour": call.is_on_detour,
        "wheelchair": status.wheelchair,
        "is_ramp_broken": status.is_ramp_broken,
        "occupancy": status.occupancy,
        "free_seats": status.free_seats,
    }


def _quantiles(when: Prediction | None, zone: ZoneInfo) -> dict[str, str] | None:
    if when is None:
        return None
    return {"p10": _iso(when.p10, zone), "p50": _iso(when.p50, zone), "p90": _iso(when.p90, zone)}


def _iso(moment: Instant, zone: ZoneInfo) -> str:
    return datetime_at(moment, zone).isoformat(timespec="seconds")
