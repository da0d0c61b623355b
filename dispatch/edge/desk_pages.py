"""``/console/disposition``: the dispatcher's day as one page of tables and forms that needs no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from dispatch.connections import LONGEST_DELAY_S, Overruling, People
from dispatch.desk_texts import KIND
from dispatch.edge.api import language_of, refused
from dispatch.edge.connection_desk import Connections, Delay
from dispatch.edge.desk_form import FIELDS, Happened
from dispatch.edge.desk_risk import Watch, risks
from dispatch.edge.desk_view import DeskView, Draft
from dispatch.edge.page_parts import Pages, read_form, see_other
from dispatch.edge.requests import LONGEST_REASON, fingerprint, is_reason
from dispatch.edge.service import Dispatch, Key
from dispatch.edge.telling_routes import actor_of
from dispatch.edge.tellings import Attempt, Tellings
from dispatch.repair_texts import RepairWords
from dispatch.wording import sentence
from mobility.core.booking import BookingState, Channel
from mobility.core.connection import ConnectionDecision
from mobility.core.disruption import Disruption
from mobility.core.fetch_site import is_foreign
from mobility.core.ids import BookingId, ConnectionId, DisruptionId
from mobility.core.promise import TellingOutcome
from mobility.core.refusal import Refusal, RefusalCode

PATH = "/console/disposition"
_DELAY_MIN = range(-60, 601)
assert _DELAY_MIN[-1] * 60 <= LONGEST_DELAY_S  # noqa: S101 - what the form allows, the rule takes
_CANCELS = "reached_cancel"
"""The rider was reached and cancels at once."""


class RepairDesk(Protocol):
    """What the page needs of repairs: drafts side by side, published, discarded, undone."""

    def disruptions(self) -> Sequence[Disruption]:
        """Return what is not over."""
        ...

    def drafts(self) -> Sequence[Draft]:
        """Return the drafts that still stand, the newest first."""
        ...

    async def what_if(self, disruption: Disruption) -> Draft | Refusal:
        """Compute proposals; nothing becomes true."""
        ...

    async def report(self, disruption: Disruption, key: Key, actor: str) -> Draft | Refusal:
        """Make a disruption a fact, and compute proposals."""
        ...

    async def publish(self, draft_id: str, choice: str, key: Key, actor: str) -> Refusal | None:
        """Make the proposal of that name true; ``None`` when it was."""
        ...

    def discard(self, draft_id: str) -> None:
        """Forget a draft; one that is not there is no fault."""
        ...

    async def undo(self, key: Key, actor: str) -> Refusal | None:
        """Take the last published repair back; ``None`` when it was."""
        ...

    async def end(self, disruption_id: DisruptionId, key: Key, actor: str) -> Refusal | None:
        """Say that a disruption is over; ``None`` when it was taken."""
        ...


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A form that was not taken: which, what was typed, what is wrong by field; ``""`` for the whole."""

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


class DeskPages(Pages):
    """Handlers of the dispatcher's page."""

    def __init__(
        self,
        dispatch: Dispatch,
        templates: Jinja2Templates,
        *,
        tellings: Tellings,
        connections: Connections,
        repairs: RepairDesk,
        watch: Watch,
    ) -> None:
        """Show the day of ``dispatch``."""
        super().__init__(dispatch, templates)
        self._tellings = tellings
        self._connections = connections
        self._repairs = repairs
        self._watch = watch
        self._words = RepairWords(dispatch.region)

    async def show(self, request: Request) -> Response:
        """Show who will be late, calls, disruptions, drafts, connections and tours.

        Fields of "What happened?" in the address fill that form; nothing is reported by it.
        """
        filled = {name: request.query_params[name][:LONGEST_REASON] for name in FIELDS if name in request.query_params}
        return await self._shown(request, Faulty(form="happened" if filled else "", typed=filled))

    async def tell(self, request: Request, reference: str) -> Response:
        """Take what came of a call."""
        given = await read_form(request)
        outcome, form = given.get("outcome", ""), f"tell-{reference}"
        cancels = outcome == _CANCELS
        if not cancels and outcome not in tuple(TellingOutcome):
            raise refused(_invalid("outcome"))
        attempt = Attempt(
            booking_id=BookingId(reference),
            channel=Channel.PHONE,
            outcome=TellingOutcome.REACHED if cancels else TellingOutcome(outcome),
            news=given.get("news", "")[:40],
            cancels=cancels,
        )
        key = _key(request, given, {"form": form, "outcome": outcome, "news": attempt.news})
        foreign = self._foreign(request, form, given)
        done = None if foreign else await self._tellings.tell(attempt, actor_of(request), key)
        return await self._after(request, foreign or self._refused(request, form, given, done), "calls")

    async def ask(self, request: Request) -> Response:
        """Compute proposals for what happened, or what might; only what happened becomes a fact."""
        given = await read_form(request)
        happened = self._happened()
        wrong = happened.faults(given)
        faulty = self._foreign(request, "happened", given)
        if faulty is None and wrong:
            texts = self._view(request).texts
            faults = {name: texts[f"fault_{name}"] for name in wrong}
            faulty = Faulty(form="happened", typed=given, faults=faults, status=422)
        if faulty is None:
            name = DisruptionId(f"{given['kind']}-{self.dispatch.references.token()[:12]}")
            disruption = happened.disruption(given, name)
            if given.get("is") == "supposed":
                done = await self._repairs.what_if(disruption)
            else:
                content = {"report": {each: given.get(each, "") for each in FIELDS}}
                done = await self._repairs.report(disruption, _key(request, given, content), actor_of(request))
            faulty = self._refused(request, "happened", given, done if isinstance(done, Refusal) else None)
        return await self._after(request, faulty, "drafts")

    async def publish(self, request: Request, draft_id: str) -> Response:
        """Make one of a draft's proposals true."""
        given = await read_form(request)
        choice, form = given.get("choice", "")[:100], f"draft-{draft_id}"
        faulty = self._foreign(request, form, given)
        if faulty is None:
            key = _key(request, given, {"draft": draft_id, "choice": choice})
            done = await self._repairs.publish(draft_id, choice, key, actor_of(request))
            faulty = self._refused(request, form, given, done)
            if faulty is not None and done is not None and done.code is RefusalCode.PLAN_CHANGED:
                faulty = replace(faulty, faults={"": self._view(request).texts["fresh"]})
        return await self._after(request, faulty, "calls")

    async def discard(self, request: Request, draft_id: str) -> Response:
        """Forget a draft."""
        given = await read_form(request)
        faulty = self._foreign(request, f"draft-{draft_id}", given)
        if faulty is None:
            self._repairs.discard(draft_id)
        return await self._after(request, faulty, "drafts")

    async def undo(self, request: Request) -> Response:
        """Take the last published repair back."""
        given = await read_form(request)
        faulty = self._foreign(request, "undo", given)
        if faulty is None:
            done = await self._repairs.undo(_key(request, given, {"undo": "last"}), actor_of(request))
            faulty = self._refused(request, "undo", given, done)
        return await self._after(request, faulty, "drafts")

    async def end(self, request: Request, disruption_id: str) -> Response:
        """Say that a disruption is over."""
        given = await read_form(request)
        form = f"end-{disruption_id}"
        faulty = self._foreign(request, form, given)
        if faulty is None:
            key = _key(request, given, {"end": disruption_id})
            done = await self._repairs.end(DisruptionId(disruption_id), key, actor_of(request))
            faulty = self._refused(request, form, given, done)
        return await self._after(request, faulty, "disruptions")

    async def delay(self, request: Request, connection_id: str) -> Response:
        """Take a feeder's delay."""
        given = await read_form(request)
        form = f"delay-{connection_id}"
        minutes = _minutes(given.get("delay_min", ""))
        faulty = self._foreign(request, form, given)
        if faulty is None and minutes is None:
            faults = {"delay_min": self._view(request).texts["fault_delay"]}
            faulty = Faulty(form=form, typed=given, faults=faults, status=422)
        if faulty is None and minutes is not None:
            delay = Delay(connection_id=ConnectionId(connection_id), delay_s=60.0 * minutes, channel=Channel.PHONE)
            key = _key(request, given, {"delay": connection_id, "minutes": minutes})
            done = await self._connections.take(delay, actor_of(request), key)
            faulty = self._refused(request, form, given, done if isinstance(done, Refusal) else None)
        return await self._after(request, faulty, "connections")

    async def decide(self, request: Request, connection_id: str) -> Response:
        """Take a dispatcher's own decision to hold or to go."""
        given = await read_form(request)
        form, because = f"decide-{connection_id}", given.get("reason", "").strip()
        if given.get("decision") not in (ConnectionDecision.HOLD, ConnectionDecision.GO):
            raise refused(_invalid("decision"))
        faulty = self._foreign(request, form, given)
        if faulty is None and not is_reason(because):
            faults = {"reason": self._view(request).texts["fault_reason"]}
            faulty = Faulty(form=form, typed=given, faults=faults, status=422)
        if faulty is None:
            overruling = Overruling(
                decision=ConnectionDecision(given["decision"]),
                because=because,
                accepts_revisions=given.get("accept") == "1",
            )
            key = _key(request, given, {"decide": connection_id, "decision": given["decision"], "reason": because})
            name = ConnectionId(connection_id)
            done = await self._connections.overrule(name, People(), overruling, actor_of(request), key)
            faulty = self._refused(request, form, given, done if isinstance(done, Refusal) else None)
        return await self._after(request, faulty, "connections")

    async def _after(self, request: Request, faulty: Faulty | None, section: str) -> Response:
        return see_other(f"{PATH}#{section}") if faulty is None else await self._shown(request, faulty)

    def _foreign(self, request: Request, form: str, given: Mapping[str, str]) -> Faulty | None:
        if not is_foreign(request.headers.get("sec-fetch-site", "")):
            return None
        return Faulty(form=form, typed=given, faults={"": self._view(request).texts["foreign"]}, status=403)

    def _refused(self, request: Request, form: str, given: Mapping[str, str], done: Refusal | None) -> Faulty | None:
        if done is None:
            return None
        status = refused(done).status
        return Faulty(form=form, typed=given, faults={"": sentence(done, language_of(request))}, status=status)

    def _view(self, request: Request) -> DeskView:
        return DeskView(self.dispatch.region, language_of(request), self.dispatch.clock.now())

    def _happened(self) -> Happened:
        state = self.dispatch.state
        riding = {b.booking_id: b.wish.area_id for b in state.bookings.values() if b.state is BookingState.PROMISED}
        region = self.dispatch.region
        return Happened(
            areas=region.areas,
            stops={stop: region.stops[stop] for area in region.areas for stop in area.stops},
            bookings=riding,
            day=self.dispatch.today,
            now=self.dispatch.clock.now(),
        )

    def _risks(self, view: DeskView) -> list[dict[str, Any]]:
        dispatch, found = self.dispatch, self._watch.at_risk
        areas = dispatch.region.areas if found else ()
        return [row for area in areas for row in risks(found, dispatch.plan(area), view)]

    async def _shown(self, request: Request, faulty: Faulty) -> Response:
        region, view, state = self.dispatch.region, self._view(request), self.dispatch.state
        planned = await self._connections.planned()
        vehicles = dict.fromkeys(shift.vehicle_id for area in region.areas for shift in area.shifts)
        context: dict[str, Any] = {
            "t": view.texts,
            "time": self.clock(self.dispatch.clock.now()),
            "day": self.dispatch.today.date,
            "risks": self._risks(view),
            "calls": view.calls(await self._tellings.calls(), self._tellings),
            "disruptions": view.disruptions(self._repairs.disruptions()),
            "drafts": view.drafts(self._repairs.drafts(), self._words),
            "connections": view.connections(planned, self._connections.weighed),
            "tours": [row for area in region.areas for row in view.tours(self.dispatch.plan(area), state)],
            "kinds": KIND[language_of(request)],
            "vehicles": [(vehicle_id, region.fleet[vehicle_id].label) for vehicle_id in vehicles],
            "villages": self.stops_by_village([stop for area in region.areas for stop in area.stops]),
            "faulty": faulty,
            "fields": FIELDS,
            "token": self.dispatch.references.token,
        }
        return self.page(request, "desk", context, status=faulty.status)


def desk_router(
    dispatch: Dispatch,
    templates: Jinja2Templates,
    *,
    tellings: Tellings,
    connections: Connections,
    repairs: RepairDesk,
    watch: Watch,
) -> APIRouter:
    """Return the page and what its forms post to, below ``/console/disposition``; for dispatchers."""
    pages = DeskPages(dispatch, templates, tellings=tellings, connections=connections, repairs=repairs, watch=watch)
    routes = APIRouter(prefix=PATH, include_in_schema=False)
    routes.add_api_route("", pages.show, methods=["GET"])
    routes.add_api_route("/tellings/{reference}", pages.tell, methods=["POST"])
    routes.add_api_route("/drafts", pages.ask, methods=["POST"])
    routes.add_api_route("/drafts/{draft_id}/publish", pages.publish, methods=["POST"])
    routes.add_api_route("/drafts/{draft_id}/discard", pages.discard, methods=["POST"])
    routes.add_api_route("/undo", pages.undo, methods=["POST"])
    routes.add_api_route("/disruptions/{disruption_id}/end", pages.end, methods=["POST"])
    routes.add_api_route("/connections/{connection_id}/delay", pages.delay, methods=["POST"])
    routes.add_api_route("/connections/{connection_id}/decision", pages.decide, methods=["POST"])
    return routes


def _key(request: Request, given: Mapping[str, str], content: Mapping[str, object]) -> Key:
    value = f"desk-{actor_of(request)}-{given.get('token', '')[:100]}"
    return Key(value=value, fingerprint=fingerprint("desk", content))


def _invalid(detail: str) -> Refusal:
    return Refusal(RefusalCode.INVALID_INPUT, {"detail": detail})


def _minutes(text: str) -> int | None:
    digits = text.strip().removeprefix("+").removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len("600")):
        return None
    minutes = -int(digits) if text.strip().startswith("-") else int(digits)
    return minutes if minutes in _DELAY_MIN else None
