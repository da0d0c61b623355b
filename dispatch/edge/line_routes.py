"""The JSON interface of line changes: cancel, reinstate, change, end, road weather."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request

from dispatch.edge.line_requests import EndRequest, LineRequest, WeatherRequest
from dispatch.edge.line_service import LineDesk
from dispatch.edge.requests import fingerprint, idempotency_key
from dispatch.edge.service import Key
from dispatch.edge.telling_routes import actor_of
from mobility.core.clock import Instant, datetime_at, instant
from mobility.core.errors import RefusedError
from mobility.core.ids import LineChangeId
from mobility.core.line_change import LineChange
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.road_weather import WeatherReport
from mobility.core.vehicle import TripRef

_IdempotencyKey = Annotated[str, Depends(idempotency_key)]
_NOT_FOUND = frozenset(
    {
        RefusalCode.UNKNOWN_TRIP,
        RefusalCode.TRIP_NOT_ON_DAY,
        RefusalCode.UNKNOWN_VEHICLE,
        RefusalCode.UNKNOWN_STOP,
        RefusalCode.UNKNOWN_CHANGE,
    }
)
_UNREADABLE = frozenset({RefusalCode.INVALID_INPUT, RefusalCode.NO_TRIP_NAMED, RefusalCode.REASON_NEEDED})


class LineApi:
    """Handlers bound to the service."""

    def __init__(self, desk: LineDesk) -> None:
        """Answer for ``desk``."""
        self._desk = desk
        self._zone = ZoneInfo(desk.book.timetable.zone)

    async def changes(self) -> dict[str, Any]:
        """Return the changes nobody ended, in the order they were decided, cancelled trips and the road's state."""
        state = self._desk.state
        off = sorted(state.cancelled_trips.items(), key=lambda item: (item[0].start_date, item[0].trip_id))
        return {
            "changes": [self._change(change) for change in state.line_changes.values()],
            "cancelled": [{**_trip(ref), "reason": reason} for ref, reason in off],
            "weather": None if state.road_weather is None else self._weather(state.road_weather),
        }

    async def take(self, body: LineRequest, request: Request, key: _IdempotencyKey) -> dict[str, Any]:
        """Take a change, a cancellation or a reinstatement."""
        command = Key(value=key, fingerprint=fingerprint("line change", body.model_dump(mode="json")))
        actor, now = actor_of(request), self._desk.clock.now()
        swap = body.swap(now)
        if swap is not None:
            done = await self._desk.swap(body.refs(), swap, command, actor)
        elif body.kind == "cancel":
            done = await self._desk.cancel(body.refs(), body.reason, command, actor)
        elif body.kind == "reinstate":
            done = await self._desk.reinstate(body.refs(), body.reason, command, actor)
        else:
            done = await self._desk.change(body.change(now), command, actor)
        if isinstance(done, Refusal):
            raise line_error(done)
        return {"change_id": done.change_id, "trips": [_trip(ref) for ref in done.trips]}

    async def end(self, change_id: str, body: EndRequest, request: Request, key: _IdempotencyKey) -> dict[str, Any]:
        """End a change."""
        content = {"change_id": change_id, **body.model_dump(mode="json")}
        command = Key(value=key, fingerprint=fingerprint("line change end", content))
        refusal = await self._desk.end(LineChangeId(change_id), body.reason, command, actor_of(request))
        if refusal is not None:
            raise line_error(refusal)
        return {"change_id": change_id, "ended": True}

    async def weather(self, body: WeatherRequest, request: Request, key: _IdempotencyKey) -> dict[str, Any]:
        """Take what the road is like."""
        command = Key(value=key, fingerprint=fingerprint("road weather", body.model_dump(mode="json")))
        begins = None if body.begins is None else instant(body.begins)
        done = await self._desk.report(body.weather, begins, command, actor_of(request))
        if isinstance(done, Refusal):
            raise line_error(done)
        return self._weather(done)

    def _change(self, change: LineChange) -> dict[str, Any]:
        return {
            "change_id": change.change_id,
            "kind": change.kind,
            "begins": self._iso(change.begins),
            "ends": self._iso(change.ends),
            "reason": change.reason,
            "trips": [_trip(ref) for ref in change.trips],
            "vehicle_id": change.vehicle_id,
            "pattern_of": change.pattern_of,
            "departs": self._iso(change.departs),
            "stops": list(change.stops),
            "leaves_at": change.leaves_at,
            "rejoins_at": change.rejoins_at,
            "via": [{"stop_id": call.stop_id, "drive_s": call.drive_s} for call in change.via],
            "drive_s": change.drive_s,
            "path": [[place.lat_deg, place.lon_deg] for place in change.path],
        }

    def _weather(self, report: WeatherReport) -> dict[str, Any]:
        return {"weather": report.weather, "begins": self._iso(report.begins)}

    def _iso(self, at: Instant | None) -> str | None:
        return None if at is None else datetime_at(at, self._zone).isoformat(timespec="seconds")


def line_router(desk: LineDesk) -> APIRouter:
    """Return the routes below ``/api/v1/line``; they are for dispatchers only."""
    api = LineApi(desk)
    routes = APIRouter(prefix="/api/v1/line", tags=["line service"])
    routes.add_api_route("/changes", api.changes, methods=["GET"])
    routes.add_api_route("/changes", api.take, methods=["POST"], status_code=201)
    routes.add_api_route("/changes/{change_id}/end", api.end, methods=["POST"])
    routes.add_api_route("/weather", api.weather, methods=["POST"], status_code=201)
    return routes


def line_error(refusal: Refusal) -> RefusedError:
    """Return the fault that carries a refusal out, with the status that fits its code."""
    if refusal.code in _UNREADABLE:
        return RefusedError(refusal, 422)
    return RefusedError(refusal, 404 if refusal.code in _NOT_FOUND else 409)


def _trip(ref: TripRef) -> dict[str, str]:
    return {"trip_id": ref.trip_id, "start_date": ref.start_date.isoformat()}
