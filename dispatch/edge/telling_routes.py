"""The JSON interface of telling: the call list, attempts, and the chain of what was told for a ride."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from dispatch.edge.answers import Answers
from dispatch.edge.api import language_of, refused
from dispatch.edge.links import RideLinks
from dispatch.edge.requests import Text, fingerprint, idempotency_key
from dispatch.edge.service import Dispatch, Key
from dispatch.edge.tellings import Attempt, CallToMake, Tellings
from dispatch.promise import Told
from mobility.core.booking import Channel, Window
from mobility.core.ids import BookingId
from mobility.core.promise import TellingOutcome
from mobility.core.refusal import Refusal, RefusalCode

_IdempotencyKey = Annotated[str, Depends(idempotency_key)]


class TellingRequest(BaseModel):
    """What came of an attempt. ``news_id`` names what was told; ``cancels`` says that the rider cancels at once."""

    model_config = ConfigDict(extra="forbid")
    outcome: TellingOutcome
    channel: Channel = Channel.PHONE
    news_id: Annotated[Text, Field(max_length=40)] = ""
    cancels: bool = False


class TellingApi:
    """Handlers bound to the service."""

    def __init__(self, tellings: Tellings, answers: Answers) -> None:
        """Answer for ``tellings``."""
        self._tellings = tellings
        self._answers = answers

    async def calls(self, request: Request) -> dict[str, Any]:
        """Return whom to tell what, the most urgent first."""
        language = language_of(request)
        return {"tellings": [self._call(each, language) for each in await self._tellings.calls()]}

    async def tell(
        self, reference: str, body: TellingRequest, request: Request, key: _IdempotencyKey
    ) -> dict[str, Any]:
        """Take an attempt to tell a rider the news."""
        booking_id = BookingId(reference)
        attempt = Attempt(
            booking_id=booking_id,
            channel=body.channel,
            outcome=body.outcome,
            news=body.news_id,
            cancels=body.cancels,
        )
        content = {"reference": reference, **body.model_dump(mode="json")}
        command = Key(value=key, fingerprint=fingerprint("telling", content))
        refusal = await self._tellings.tell(attempt, actor_of(request), command)
        if refusal is not None:
            raise refused(refusal)
        return {"reference": reference, "is_told": self._tellings.call_of(booking_id) is None}

    async def chain(self, reference: str) -> dict[str, Any]:
        """Return everything that was ever told for a ride."""
        chain = self._tellings.told(BookingId(reference))
        if not chain:
            raise refused(Refusal(RefusalCode.UNKNOWN_BOOKING))
        return {"reference": reference, "told": [self._told(each) for each in chain]}

    def _call(self, each: CallToMake, language: str) -> dict[str, Any]:
        call = each.call
        revision = call.revision
        return {
            "reference": call.booking.booking_id,
            "news_id": call.news_id,
            "name": each.name,
            "phone": each.phone,
            "state": call.booking.state,
            "reason": revision.reason,
            "tell_by": self._answers.moment(revision.tell_by),
            "is_overdue": call.is_overdue,
            "is_withdrawn": revision.is_withdrawn,
            "tries": revision.tries,
            "vehicle_id": revision.vehicle_id,
            "told": {"pickup": self._window(call.pickup), "arrival": self._window(call.arrival)},
            "new": {"pickup": self._window(revision.pickup), "arrival": self._window(revision.arrival)},
            "say": self._tellings.spoken(call, language),
        }

    def _window(self, window: Window | None) -> dict[str, str] | None:
        return None if window is None else self._answers.window(window)

    def _told(self, each: Told) -> dict[str, Any]:
        return {
            "told_at": self._answers.moment(each.told_at),
            "kind": each.kind,
            "window": self._answers.window(each.window),
            "channel": each.channel,
            "revision": each.revision,
            "reason": each.reason,
            "in_time": each.in_time,
        }


def actor_of(request: Request) -> str:
    """Return who acts, for the ledger."""
    return str(getattr(request.state, "actor", "dispatcher:loopback"))


def telling_router(dispatch: Dispatch, tellings: Tellings, links: RideLinks) -> APIRouter:
    """Return the routes below ``/api/v1/tellings``; they show names and phones, so they are for staff alone."""
    api = TellingApi(tellings, Answers(dispatch.region.zone, links, dispatch.region.stops))
    routes = APIRouter(prefix="/api/v1/tellings", tags=["dispatch"])
    routes.add_api_route("", api.calls, methods=["GET"])
    routes.add_api_route("/{reference}", api.tell, methods=["POST"])
    routes.add_api_route("/{reference}/told", api.chain, methods=["GET"])
    return routes
