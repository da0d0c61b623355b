"""The JSON interface of technical supervision: what waits, commands, and their approval by a second person."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mobility.core.errors import RefusedError
from mobility.core.geo import LatLon
from mobility.core.ids import CommandId, ManoeuvreId, VehicleId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.supervision import Command, CommandAction
from v2x.edge.technical_supervision import TechnicalSupervision
from v2x.supervision.body import LONGEST_ID, LONGEST_TEXT, MOST_POINTS
from v2x.supervision.view import View

_LONGEST_KEY = 200
_NOT_FOUND = frozenset({RefusalCode.UNKNOWN_COMMAND, RefusalCode.UNKNOWN_MANOEUVRE, RefusalCode.UNKNOWN_VEHICLE})


def _clean(text: str) -> str:
    trimmed = text.strip()
    trimmed.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    if any(not sign.isprintable() and sign not in "\n\r\t" for sign in trimmed):
        raise ValueError("it holds signs that can not be read")
    return trimmed


_Text = Annotated[str, AfterValidator(_clean), Field(max_length=LONGEST_TEXT)]
_Id = Annotated[str, AfterValidator(_clean), Field(min_length=1, max_length=LONGEST_ID)]


class Point(BaseModel):
    """A point of a proposed route, WGS84."""

    model_config = ConfigDict(extra="forbid")
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class CommandRequest(BaseModel):
    """What a supervisor commands. Nothing in it steers, accelerates or brakes."""

    model_config = ConfigDict(extra="forbid")
    action: CommandAction
    vehicle_id: _Id
    manoeuvre_id: _Id | None = None
    """Of the request that is released or refused."""
    reason: _Text = ""
    """Why; only stopping and deactivating may go without."""
    cause: _Text = ""
    """Leaving the minimal-risk condition: what caused it (AFGBV §14(3))."""
    necessity: _Text = ""
    """Leaving the minimal-risk condition: why it is necessary to go on."""
    text: _Text = ""
    """What to announce to the passengers."""
    route: Annotated[list[Point], Field(max_length=MOST_POINTS)] = []


async def _idempotency_key(idempotency_key: Annotated[str | None, Header()] = None) -> str:
    if not idempotency_key or len(idempotency_key) > _LONGEST_KEY:
        raise RefusedError(Refusal(RefusalCode.INVALID_INPUT, {"detail": "Idempotency-Key"}), 400)
    return idempotency_key


_Key = Annotated[str, Depends(_idempotency_key)]


class SupervisionApi:
    """Handlers bound to the service."""

    def __init__(self, supervision: TechnicalSupervision, zone: str) -> None:
        """Answer for ``supervision`` with times in ``zone``."""
        self._supervision = supervision
        self._view = View(ZoneInfo(zone))

    async def overview(self) -> dict[str, Any]:
        """Return open requests with the seconds left, commands of the last hour, alarms, hazards and the policy."""
        service = self._supervision
        return self._view.overview(service.state.supervised, service.policy, service.clock.now())

    async def command(self, body: CommandRequest, request: Request, key: _Key) -> dict[str, Any]:
        """Command; the answer comes when the command is durable and on its way, or waits for its second person."""
        issuer = _actor(request, "supervisor")
        order = Command(
            command_id=CommandId(""),
            vehicle_id=VehicleId(body.vehicle_id),
            action=body.action,
            issuer=issuer,
            reason=body.reason,
            manoeuvre_id=ManoeuvreId(body.manoeuvre_id) if body.manoeuvre_id else None,
            cause=body.cause,
            necessity=body.necessity,
            text=body.text,
            route=tuple(LatLon(point.lat, point.lon) for point in body.route),
        )
        content = {"issuer": issuer, **body.model_dump(mode="json")}
        done = await self._supervision.command(order, key=key, fingerprint=_fingerprint("command", content))
        return self._taken(done)

    async def approve(self, command_id: str, request: Request, key: _Key) -> dict[str, Any]:
        """Approve a proposed command as a second person."""
        approver = _actor(request, "approver")
        content = {"approver": approver, "command_id": command_id}
        done = await self._supervision.approve(
            CommandId(command_id), approver=approver, key=key, fingerprint=_fingerprint("approve", content)
        )
        return self._taken(done)

    async def one(self, command_id: str) -> dict[str, Any]:
        """Return one command as it stands now."""
        found = self._supervision.state.supervised.commands.get(CommandId(command_id))
        return self._taken(found if found is not None else Refusal(RefusalCode.UNKNOWN_COMMAND))

    def _taken(self, outcome: Command | Refusal) -> dict[str, Any]:
        if isinstance(outcome, Command):
            return self._view.command(outcome, self._supervision.clock.now())
        if outcome.code is RefusalCode.INVALID_INPUT:
            raise RefusedError(outcome, 422)
        raise RefusedError(outcome, 404 if outcome.code in _NOT_FOUND else 409)


def router(supervision: TechnicalSupervision, *, zone: str) -> APIRouter:
    """Return the routes below ``/api/v1/supervision``; who may open them stands in ``mobility.app.access``."""
    api = SupervisionApi(supervision, zone)
    routes = APIRouter(prefix="/api/v1/supervision", tags=["technical supervision"])
    routes.add_api_route("", api.overview, methods=["GET"])
    routes.add_api_route("/commands", api.command, methods=["POST"], status_code=201)
    routes.add_api_route("/commands/{command_id}", api.one, methods=["GET"])
    routes.add_api_route("/approvals/{command_id}", api.approve, methods=["POST"])
    return routes


def _actor(request: Request, role: str) -> str:
    """Return who acts; refuses another role. Without roles (loopback, demo) everybody is let through to the rules."""
    given = getattr(request.state, "role", None)
    if given not in (None, role):
        raise RefusedError(Refusal(RefusalCode.NOT_YOUR_ROLE), 403)
    return str(getattr(request.state, "actor", "supervisor:loopback"))


def _fingerprint(operation: str, content: Mapping[str, object]) -> str:
    text = json.dumps({"operation": operation, "content": content}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
