"""``/console/line``: today's line trips and everything that can happen to them, as one page that needs no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from dispatch.edge.api import language_of
from dispatch.edge.line_form import VIAS, LineForm
from dispatch.edge.line_routes import line_error
from dispatch.edge.line_service import LineDesk, Taken
from dispatch.edge.line_view import LineView
from dispatch.edge.page_parts import see_other
from dispatch.edge.requests import fingerprint, is_reason
from dispatch.edge.service import Key
from dispatch.edge.telling_routes import actor_of
from dispatch.line_texts import LINE, USUAL_REASONS
from dispatch.wording import sentence
from mobility.core.fetch_site import is_foreign
from mobility.core.ids import LineChangeId
from mobility.core.line_change import LineChangeKind
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.road_weather import WeatherReport
from mobility.core.service_day import service_day_of
from mobility.core.trip_name import trip_name, trip_named
from mobility.core.vehicle import TripRef

PATH = "/console/line"
_MOST_FIELDS = 3000
_MOST_SHOWN = 20
"""Trips named in the address after they were cancelled; the alert about more is offered by line."""
_KINDS = ("cancel", "reinstate", "swap", "weather", *(kind.value for kind in LineChangeKind))


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a form sent."""

    values: Mapping[str, str] = field(default_factory=dict)
    trips: Sequence[TripRef] = ()


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A form that was not taken: which, what was typed and ticked, what is wrong by field; ``""`` for the whole."""

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    trips: Sequence[TripRef] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


class LinePages:
    """Handlers of the page."""

    def __init__(self, desk: LineDesk, templates: Jinja2Templates) -> None:
        """Show the trips of ``desk``."""
        self._desk = desk
        self._templates = templates

    async def show(self, request: Request) -> Response:
        """Show today's trips, what holds, and the forms."""
        return self._shown(request, Faulty())

    async def take(self, request: Request) -> Response:
        """Take what has changed."""
        given = await _read(request)
        kind = given.values.get("kind", "")
        faulty = self._foreign(request, kind, given)
        if faulty is not None:
            return self._shown(request, faulty)
        if kind not in _KINDS:
            raise line_error(Refusal(RefusalCode.INVALID_INPUT, {"detail": "kind"}))
        form = LineForm(
            book=self._desk.book, now=self._desk.clock.now(), given=given.values, trips=given.trips, kind=kind
        )
        done = await self._done(request, form, given)
        if form.faults:
            texts = LINE[language_of(request)]
            faults = {name: texts[f"fault_{fault}"] for name, fault in form.faults.items()}
            return self._shown(request, _faulty(kind, given, faults, 422))
        if isinstance(done, Refusal):
            faults = {"": sentence(done, language_of(request))}
            return self._shown(request, _faulty(kind, given, faults, line_error(done).status))
        return see_other(f"{PATH}?{_after(kind, done)}#changes")

    async def end(self, request: Request, change_id: str) -> Response:
        """End a change."""
        given = await _read(request)
        form, reason = f"end-{change_id}", given.values.get("reason", "").strip()
        faulty = self._foreign(request, form, given)
        if faulty is None and not is_reason(reason):
            faulty = _faulty(form, given, {"reason": LINE[language_of(request)]["fault_reason"]}, 422)
        if faulty is None:
            key = _key(request, given, {"end": change_id, "reason": reason})
            done = await self._desk.end(LineChangeId(change_id), reason, key, actor_of(request))
            if done is not None:
                faulty = _faulty(form, given, {"": sentence(done, language_of(request))}, line_error(done).status)
        return see_other(f"{PATH}#changes") if faulty is None else self._shown(request, faulty)

    async def _done(self, request: Request, form: LineForm, given: Given) -> Taken | WeatherReport | Refusal | None:
        """Return what came of a form; ``None`` where its answers do not do."""
        actor = actor_of(request)
        content = {"values": {**given.values, "token": ""}, "trips": [trip_name(ref) for ref in given.trips]}
        key = _key(request, given, content)
        if form.kind == "weather":
            weather, begins = form.weather()
            return None if form.faults else await self._desk.report(weather, begins, key, actor)
        if form.kind in ("cancel", "reinstate"):
            reason = form.reason()
            command = self._desk.cancel if form.kind == "cancel" else self._desk.reinstate
            return None if form.faults else await command(given.trips, reason, key, actor)
        if form.kind == "swap":
            swap = form.swap()
            return None if form.faults else await self._desk.swap(given.trips, swap, key, actor)
        change = form.change()
        return None if form.faults else await self._desk.change(change, key, actor)

    def _foreign(self, request: Request, form: str, given: Given) -> Faulty | None:
        if not is_foreign(request.headers.get("sec-fetch-site", "")):
            return None
        return _faulty(form, given, {"": LINE[language_of(request)]["foreign"]}, 403)

    def _shown(self, request: Request, faulty: Faulty) -> Response:
        desk, language, now, query = self._desk, language_of(request), self._desk.clock.now(), request.query_params
        view = LineView(desk.book, desk.state, desk.statuses, language, now)
        route_id = query.get("line", "")[:100]
        context: dict[str, Any] = {
            "t": view.texts,
            "time": desk.book.clock(now),
            "day": service_day_of(now, desk.book.timetable.zone).date,
            "trips": view.trips(route_id, with_past=query.get("past") == "1"),
            "changes": view.changes(),
            "cancelled": view.cancelled(),
            "road": view.road(),
            "route_id": route_id,
            "with_past": query.get("past") == "1",
            "done": self._just_done(request, view),
            "faulty": faulty,
            "ticked": {trip_name(ref) for ref in faulty.trips},
            "vias": range(1, VIAS + 1),
            "usual_reasons": USUAL_REASONS,
            "token": desk.references.token,
            **view.choices(),
        }
        answer = self._templates.TemplateResponse(request, "dispatch/line.html", context, status_code=faulty.status)
        answer.headers["cache-control"] = "no-store"
        answer.headers["referrer-policy"] = "same-origin"
        return answer

    def _just_done(self, request: Request, view: LineView) -> Mapping[str, str] | None:
        """Return what the form before has changed, and where to write an alert about it."""
        query, state = request.query_params, self._desk.state
        if "done" not in query:
            return None
        change = state.line_changes.get(LineChangeId(query["done"]))
        if change is not None:
            return {"alert": view.alert_for(change)}
        named = (trip_named(each) for each in query.getlist("trip")[:_MOST_SHOWN])
        trips = [ref for ref in named if ref is not None and ref in state.cancelled_trips]
        if query["done"] != "cancel" or not trips:
            return {"alert": ""}
        return {"alert": view.alert_of("cancelled_trips", trips, reason=state.cancelled_trips[trips[0]])}


def line_pages_router(desk: LineDesk, templates: Jinja2Templates) -> APIRouter:
    """Return the page and what its forms post to, below ``/console/line``; for dispatchers."""
    pages = LinePages(desk, templates)
    routes = APIRouter(prefix=PATH, include_in_schema=False)
    routes.add_api_route("", pages.show, methods=["GET"])
    routes.add_api_route("/changes", pages.take, methods=["POST"])
    routes.add_api_route("/changes/{change_id}/end", pages.end, methods=["POST"])
    return routes


async def _read(request: Request) -> Given:
    values: dict[str, str] = {}
    trips: dict[TripRef, None] = {}
    async with request.form(max_fields=_MOST_FIELDS, max_files=1) as form:
        for name, value in form.multi_items():
            if not isinstance(value, str):
                continue
            ref = trip_named(value) if name == "trip" else None
            if ref is not None:
                trips[ref] = None
            elif name != "trip":
                values[name] = value
    return Given(values=values, trips=tuple(trips))


def _after(kind: str, done: Taken | WeatherReport | None) -> str:
    """Return the query that tells the page what was done."""
    if not isinstance(done, Taken):
        return f"done={kind}"
    if done.change_id:
        return f"done={done.change_id}"
    return urlencode([("done", kind), *(("trip", trip_name(ref)) for ref in done.trips[:_MOST_SHOWN])])


def _faulty(form: str, given: Given, faults: Mapping[str, str], status: int) -> Faulty:
    return Faulty(form=form, typed=given.values, trips=given.trips, faults=faults, status=status)


def _key(request: Request, given: Given, content: Mapping[str, object]) -> Key:
    value = f"line-{actor_of(request)}-{given.values.get('token', '')[:100]}"
    return Key(value=value, fingerprint=fingerprint("line page", content))
