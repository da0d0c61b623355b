"""The JSON interface of repairs: what if, disruptions, drafts side by side, publish, discard, undo, end."""

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request

from dispatch.edge.api import language_of
from dispatch.edge.repair_answers import RepairAnswers
from dispatch.edge.repair_requests import DisruptionRequest, PublishRequest, disruption_of, substitute_of
from dispatch.edge.repairs import Repairs
from dispatch.edge.requests import fingerprint, idempotency_key
from dispatch.edge.service import Dispatch, Key
from dispatch.edge.telling_routes import actor_of
from mobility.core.errors import RefusedError
from mobility.core.ids import DisruptionId
from mobility.core.refusal import Refusal, RefusalCode

T = TypeVar("T")
_IdempotencyKey = Annotated[str, Depends(idempotency_key)]
_NOT_FOUND = frozenset(
    {
        RefusalCode.UNKNOWN_BOOKING,
        RefusalCode.UNKNOWN_VEHICLE,
        RefusalCode.UNKNOWN_STOP,
        RefusalCode.UNKNOWN_DRAFT,
        RefusalCode.UNKNOWN_DISRUPTION,
        RefusalCode.OUTSIDE_AREA,
    }
)


class RepairApi:
    """Handlers bound to the service."""

    def __init__(self, dispatch: Dispatch, repairs: Repairs) -> None:
        """Answer for ``repairs``."""
        self._dispatch = dispatch
        self._repairs = repairs
        self._answers = RepairAnswers(dispatch.region)

    async def what_if(self, body: DisruptionRequest, request: Request) -> dict[str, Any]:
        """Return what could be done if this happened; nothing becomes true."""
        supposed = disruption_of(body, self._dispatch)
        draft = _taken(await self._repairs.what_if(supposed, substitute=substitute_of(body)))
        return self._answers.draft(draft, language_of(request))

    async def report(self, body: DisruptionRequest, request: Request, key: _IdempotencyKey) -> dict[str, Any]:
        """Take a disruption as a fact and return what can be done about it."""
        command = Key(value=key, fingerprint=fingerprint("disruption", body.model_dump(mode="json")))
        happened = disruption_of(body, self._dispatch)
        done = await self._repairs.report(happened, command, actor_of(request), substitute=substitute_of(body))
        return self._answers.draft(_taken(done), language_of(request))

    async def disruptions(self) -> dict[str, Any]:
        """Return what is not over."""
        return {"disruptions": [self._answers.disruption(each) for each in self._repairs.disruptions()]}

    async def drafts(self, request: Request) -> dict[str, Any]:
        """Return the drafts that still stand, the newest first."""
        language = language_of(request)
        return {"drafts": [self._answers.draft(each, language) for each in self._repairs.drafts()]}

    async def draft(self, draft_id: str, request: Request) -> dict[str, Any]:
        """Return one draft."""
        found = self._repairs.draft(draft_id) or Refusal(RefusalCode.UNKNOWN_DRAFT)
        return self._answers.draft(_taken(found), language_of(request))

    async def publish(
        self, draft_id: str, body: PublishRequest, request: Request, key: _IdempotencyKey
    ) -> dict[str, Any]:
        """Make a proposal true. ``plan_changed``: the draft holds fresh proposals now."""
        content = {"draft_id": draft_id, **body.model_dump(mode="json")}
        command = Key(value=key, fingerprint=fingerprint("publish", content))
        _done(await self._repairs.publish(draft_id, body.choice, command, actor_of(request)))
        return {"draft_id": draft_id, "published": body.choice}

    async def discard(self, draft_id: str) -> dict[str, Any]:
        """Forget a draft."""
        self._repairs.discard(draft_id)
        return {"draft_id": draft_id, "discarded": True}

    async def undo(self, request: Request, key: _IdempotencyKey) -> dict[str, Any]:
        """Take the last published repair back."""
        command = Key(value=key, fingerprint=fingerprint("undo", {}))
        _done(await self._repairs.undo(command, actor_of(request)))
        return {"undone": True}

    async def end(self, disruption_id: str, request: Request, key: _IdempotencyKey) -> dict[str, Any]:
        """Take it that a disruption is over."""
        command = Key(value=key, fingerprint=fingerprint("end", {"disruption_id": disruption_id}))
        _done(await self._repairs.end(DisruptionId(disruption_id), command, actor_of(request)))
        return {"disruption_id": disruption_id, "ended": True}


def repair_router(dispatch: Dispatch, repairs: Repairs) -> APIRouter:
    """Return the routes below ``/api/v1/repairs``; they are for dispatchers only."""
    api = RepairApi(dispatch, repairs)
    routes = APIRouter(prefix="/api/v1/repairs", tags=["repairs"])
    routes.add_api_route("/what-if", api.what_if, methods=["POST"])
    routes.add_api_route("/disruptions", api.disruptions, methods=["GET"])
    routes.add_api_route("/disruptions", api.report, methods=["POST"], status_code=201)
    routes.add_api_route("/disruptions/{disruption_id}/end", api.end, methods=["POST"])
    routes.add_api_route("/drafts", api.drafts, methods=["GET"])
    routes.add_api_route("/drafts/{draft_id}", api.draft, methods=["GET"])
    routes.add_api_route("/drafts/{draft_id}/publish", api.publish, methods=["POST"])
    routes.add_api_route("/drafts/{draft_id}/discard", api.discard, methods=["POST"])
    routes.add_api_route("/undo", api.undo, methods=["POST"])
    return routes


def _taken(outcome: T | Refusal) -> T:
    if isinstance(outcome, Refusal):
        raise _error(outcome)
    return outcome


def _done(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise _error(refusal)


def _error(refusal: Refusal) -> RefusedError:
    if refusal.code is RefusalCode.INVALID_INPUT:
        return RefusedError(refusal, 422)
    return RefusedError(refusal, 404 if refusal.code in _NOT_FOUND else 409)
