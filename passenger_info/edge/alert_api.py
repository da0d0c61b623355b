"""The JSON interface of alerts: what is shown is public; all of them, publishing and withdrawing is for staff."""

from collections.abc import Callable
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from mobility.core.alert import AlertPeriod, AlertRecord
from mobility.core.clock import Instant, datetime_at
from mobility.core.errors import RefusedError
from mobility.core.ids import AlertId
from mobility.core.refusal import Refusal, RefusalCode
from passenger_info.alert_decide import missing_languages
from passenger_info.edge.alert_requests import AlertRequest, WithdrawRequest, fingerprint, idempotency_key
from passenger_info.edge.alert_service import AlertDesk, Command

IsStaff = Callable[[Request], bool]
"""Says whether who asks may publish alerts and see withdrawn ones."""
_IdempotencyKey = Annotated[str, Depends(idempotency_key)]
_UNREADABLE = frozenset(
    {
        *(RefusalCode.INVALID_INPUT, RefusalCode.ALERT_NEEDS_GERMAN, RefusalCode.ALERT_NAMES_NOTHING),
        *(RefusalCode.PERIOD_BACKWARDS, RefusalCode.IMPACT_UNSEEN, RefusalCode.REASON_NEEDED),
    }
)
_NOT_FOUND = frozenset(
    {
        *(RefusalCode.UNKNOWN_ALERT, RefusalCode.UNKNOWN_ROUTE, RefusalCode.UNKNOWN_STOP),
        *(RefusalCode.UNKNOWN_TRIP, RefusalCode.TRIP_NOT_ON_DAY),
    }
)


class AlertApi:
    """Handlers bound to the service."""

    def __init__(self, desk: AlertDesk, is_staff: IsStaff) -> None:
        """Answer for ``desk``."""
        self._desk = desk
        self._is_staff = is_staff
        self._zone = ZoneInfo(desk.timetable.zone)

    async def alerts(self, request: Request, everything: Annotated[bool, Query(alias="all")] = False) -> dict[str, Any]:
        """Return the alerts shown now; with ``?all=1``, for staff, all on record."""
        if everything:
            self._staff_only(request)
        records = self._desk.records() if everything else self._desk.shown()
        return {"alerts": [self._row(record, is_full=everything) for record in records]}

    async def publish(self, body: AlertRequest, request: Request, key: _IdempotencyKey) -> dict[str, Any]:
        """Publish a new alert."""
        return await self._published("", body, request, key)

    async def revise(self, alert_id: str, body: AlertRequest, request: Request, key: _IdempotencyKey) -> dict[str, Any]:
        """Publish the next wording of an alert."""
        return await self._published(alert_id, body, request, key)

    async def withdraw(
        self, alert_id: str, body: WithdrawRequest, request: Request, key: _IdempotencyKey
    ) -> dict[str, Any]:
        """Withdraw an alert; it stays on record."""
        self._staff_only(request)
        content = {"alert_id": alert_id, **body.model_dump(mode="json")}
        command = Command(actor=actor_of(request), key=key, fingerprint=fingerprint("withdraw alert", content))
        _taken(await self._desk.withdraw(AlertId(alert_id), body.reason, command))
        return {"alert_id": alert_id, "withdrawn": True}

    async def _published(self, alert_id: str, body: AlertRequest, request: Request, key: str) -> dict[str, Any]:
        self._staff_only(request)
        content = {"alert_id": alert_id, **body.model_dump(mode="json")}
        command = Command(actor=actor_of(request), key=key, fingerprint=fingerprint("alert", content))
        alert = body.alert(AlertId(alert_id))
        known = _taken(await self._desk.publish(alert, command))
        return {"alert_id": known, "missing_languages": list(missing_languages(alert.texts))}

    def _staff_only(self, request: Request) -> None:
        if not self._is_staff(request):
            raise RefusedError(Refusal(RefusalCode.NOT_YOUR_ROLE), 403)

    def _row(self, record: AlertRecord, *, is_full: bool) -> dict[str, Any]:
        alert, now = record.alert, self._desk.clock.now()
        row: dict[str, Any] = {
            "alert_id": alert.alert_id,
            "cause": alert.cause,
            "effect": alert.effect,
            "severity": alert.severity,
            "communication": self._period(alert.communication),
            "impact": [self._period(each) for each in alert.impact],
            "texts": [
                {
                    "language": text.language,
                    "header": text.header,
                    "description": text.description,
                    "spoken": text.spoken,
                }
                for text in alert.texts
            ],
            "routes": list(alert.routes),
            "stops": list(alert.stops),
            "trips": [{"trip_id": ref.trip_id, "start_date": ref.start_date.isoformat()} for ref in alert.trips],
            "url": alert.url,
            "template": alert.template,
            "published_at": self._iso(record.published_at),
        }
        if is_full:
            row["is_shown"] = record.is_shown(now)
            row["withdrawn_at"] = self._iso(record.withdrawn_at)
            row["withdrawn_because"] = record.withdrawn_because
        return row

    def _period(self, period: AlertPeriod) -> dict[str, str | None]:
        return {"begins": self._iso(period.begins), "ends": self._iso(period.ends)}

    def _iso(self, at: Instant | None) -> str | None:
        return None if at is None else datetime_at(at, self._zone).isoformat(timespec="seconds")


def alert_router(desk: AlertDesk, is_staff: IsStaff) -> APIRouter:
    """Return the routes at ``/api/v1/alerts``. Reading what is shown is public; the handlers ask for staff else."""
    api = AlertApi(desk, is_staff)
    routes = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])
    routes.add_api_route("", api.alerts, methods=["GET"])
    routes.add_api_route("", api.publish, methods=["POST"], status_code=201)
    routes.add_api_route("/{alert_id}", api.revise, methods=["PUT"])
    routes.add_api_route("/{alert_id}/withdraw", api.withdraw, methods=["POST"])
    return routes


def alert_error(refusal: Refusal) -> RefusedError:
    """Return the fault that carries a refusal out, with the status that fits its code."""
    if refusal.code in _UNREADABLE:
        return RefusedError(refusal, 422)
    return RefusedError(refusal, 404 if refusal.code in _NOT_FOUND else 409)


def actor_of(request: Request) -> str:
    """Return who acts, for the ledger."""
    return str(getattr(request.state, "actor", "dispatcher:loopback"))


def _taken(outcome: AlertId | Refusal) -> AlertId:
    if isinstance(outcome, Refusal):
        raise alert_error(outcome)
    return outcome
