"""The JSON interface of connections: today's, a feeder's delay, and a dispatcher's own decision with its reason."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from dispatch.connections import Overruling, People
from dispatch.edge.answers import Answers
from dispatch.edge.api import taken
from dispatch.edge.connection_desk import Connections, Delay
from dispatch.edge.links import RideLinks
from dispatch.edge.requests import Text, fingerprint, idempotency_key
from dispatch.edge.service import Dispatch, Key
from dispatch.edge.telling_routes import actor_of
from mobility.core.booking import Channel
from mobility.core.connection import ConnectionDecision
from mobility.core.errors import RefusedError
from mobility.core.ids import ConnectionId
from mobility.core.refusal import Refusal, RefusalCode

_IdempotencyKey = Annotated[str, Depends(idempotency_key)]
_Count = Annotated[int, Field(ge=0, le=1000)]


class PeopleRequest(BaseModel):
    """People aboard the waiting trip, further down its line, and changing to it, where they are known."""

    model_config = ConfigDict(extra="forbid")
    aboard: _Count = 0
    waiting: _Count = 0
    transferring: _Count = 1

    def people(self) -> People:
        """Return them as the decision reads them."""
        return People(aboard=self.aboard, waiting=self.waiting, transferring=self.transferring)


class DelayRequest(PeopleRequest):
    """A feeder's delay."""

    delay_s: Annotated[float, Field(ge=-86_400, le=86_400, allow_inf_nan=False)]


class DecisionRequest(PeopleRequest):
    """A dispatcher's own decision; ``accepts_revisions`` lets promises to others be revised and told for it."""

    decision: Literal[ConnectionDecision.HOLD, ConnectionDecision.GO]
    reason: Annotated[Text, Field(min_length=1, max_length=200)]
    accepts_revisions: bool = False


class ConnectionApi:
    """Handlers bound to the service."""

    def __init__(self, connections: Connections, answers: Answers) -> None:
        """Answer for ``connections``."""
        self._connections = connections
        self._answers = answers

    async def today(self) -> dict[str, Any]:
        """Return today's connections by departure: to line trips, and those to the citizen bus as ``rides``."""
        planned = await self._connections.planned()
        return {
            "connections": [self._answers.connection(each) for each in planned if not each.is_to_citizen_bus],
            "rides": [self._answers.connection(each) for each in planned if each.is_to_citizen_bus],
        }

    async def feeder_delay(
        self, connection_id: str, body: DelayRequest, request: Request, key: _IdempotencyKey
    ) -> dict[str, Any]:
        """Take a feeder's delay and tell what was decided."""
        delay = Delay(
            connection_id=ConnectionId(connection_id),
            delay_s=body.delay_s,
            channel=Channel.API,
            people=body.people(),
        )
        content = {"connection_id": connection_id, **body.model_dump(mode="json")}
        command = Key(value=key, fingerprint=fingerprint("feeder-delay", content))
        return self._answers.decided(taken(await self._connections.take(delay, actor_of(request), command)))

    async def decide(
        self, connection_id: str, body: DecisionRequest, request: Request, key: _IdempotencyKey
    ) -> dict[str, Any]:
        """Take a dispatcher's decision; drivers report delays but do not decide."""
        if getattr(request.state, "role", None) not in (None, "dispatcher"):
            raise RefusedError(Refusal(RefusalCode.NOT_YOUR_ROLE), 403)
        overruling = Overruling(decision=body.decision, because=body.reason, accepts_revisions=body.accepts_revisions)
        content = {"connection_id": connection_id, **body.model_dump(mode="json")}
        command = Key(value=key, fingerprint=fingerprint("connection-decision", content))
        done = await self._connections.overrule(
            ConnectionId(connection_id), body.people(), overruling, actor_of(request), command
        )
        return self._answers.decided(taken(done))


def connection_router(dispatch: Dispatch, connections: Connections, links: RideLinks) -> APIRouter:
    """Return the routes below ``/api/v1/connections``, for staff."""
    api = ConnectionApi(connections, Answers(dispatch.region.zone, links, dispatch.region.stops))
    routes = APIRouter(prefix="/api/v1/connections", tags=["dispatch"])
    routes.add_api_route("", api.today, methods=["GET"])
    routes.add_api_route("/{connection_id}/feeder-delay", api.feeder_delay, methods=["POST"])
    routes.add_api_route("/{connection_id}/decision", api.decide, methods=["POST"])
    return routes
