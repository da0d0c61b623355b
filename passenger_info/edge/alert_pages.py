"""``/console/alerts``: alerts written, looked at as a rider sees them, published, revised and withdrawn; no script."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from mobility.core.alert import Alert
from mobility.core.fetch_site import is_foreign
from mobility.core.ids import AlertId, StopId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.trip_name import trip_named
from passenger_info.alert_draft import (
    LISTS,
    Draft,
    Typed,
    draft_of,
    is_readable,
    minutes_of,
    template_of,
    text_fields,
    typed_from,
)
from passenger_info.alert_names import AlertNames
from passenger_info.alert_templates import USUAL, filled
from passenger_info.alert_texts import ALERTS, refusal_sentence
from passenger_info.alert_times import typed
from passenger_info.alert_view import LANGUAGES
from passenger_info.edge.alert_api import actor_of, alert_error
from passenger_info.edge.alert_requests import fingerprint
from passenger_info.edge.alert_rows import AlertRows, editor_context, field_label, preview
from passenger_info.edge.alert_service import AlertDesk, Command

PATH = "/console/alerts"
_MOST_FIELDS = 2000
_LONGEST_REASON = 200
_LONGEST_PREFILL = 500


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A form that was not taken: which, what is wrong by field (``""`` for the whole), what was typed."""

    form: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    status: int = 200


class AlertPages:
    """Handlers of the editor."""

    def __init__(self, desk: AlertDesk, templates: Jinja2Templates) -> None:
        """Show the alerts of ``desk``."""
        self._desk = desk
        self._templates = templates
        self._names = AlertNames(desk.timetable)
        self._zone = ZoneInfo(desk.timetable.zone)

    async def show(self, request: Request) -> Response:
        """Show all alerts."""
        return self._list(request, Faulty())

    async def new(self, request: Request) -> Response:
        """Show the editor, filled from a template and with what the address names."""
        query = request.query_params
        values = {name: query[name][:_LONGEST_PREFILL] for name in ("template", "own_reason") if name in query}
        lists = {name: [each[:200] for each in query.getlist(name.removesuffix("s"))] for name in LISTS}
        given = self._filled(self._marked(Typed(values=values, lists=lists)))
        return self._editor(request, given, AlertId(""))

    async def edit(self, request: Request, alert_id: str) -> Response:
        """Show the editor with an alert that riders may see."""
        record = self._desk.record(AlertId(alert_id))
        if record is None:
            raise alert_error(Refusal(RefusalCode.UNKNOWN_ALERT))
        if record.withdrawn_at is not None:
            raise alert_error(Refusal(RefusalCode.ALERT_WITHDRAWN))
        return self._editor(request, typed_from(record, self._zone, _language(request)), AlertId(alert_id))

    async def write(self, request: Request) -> Response:
        """Fill, preview or publish a new alert."""
        return await self._written(request, AlertId(""))

    async def rewrite(self, request: Request, alert_id: str) -> Response:
        """Fill, preview or publish the next wording of an alert."""
        return await self._written(request, AlertId(alert_id))

    async def withdraw(self, request: Request, alert_id: str) -> Response:
        """Withdraw an alert; it stays on record."""
        given, form, texts = await read(request), f"withdraw-{alert_id}", ALERTS[_language(request)]
        reason = given.get("reason")
        if _is_foreign(request):
            return self._list(request, Faulty(form=form, faults={"": texts["foreign"]}, reason=reason, status=403))
        if not _is_reason(reason):
            faults = {"reason": texts["fault_reason"]}
            return self._list(request, Faulty(form=form, faults=faults, reason=reason, status=422))
        command = _command(request, given, {"withdraw": alert_id, "reason": reason})
        done = await self._desk.withdraw(AlertId(alert_id), reason, command)
        if isinstance(done, Refusal):
            faults = {"": refusal_sentence(done, _language(request))}
            return self._list(request, Faulty(form=form, faults=faults, status=alert_error(done).status))
        return _see_other(f"{PATH}#record")

    async def _written(self, request: Request, alert_id: AlertId) -> Response:
        given, texts = await read(request), ALERTS[_language(request)]
        if _is_foreign(request):
            return self._editor(request, given, alert_id, Faulty(faults={"": texts["foreign"]}, status=403))
        if given.get("do") == "fill":
            return self._editor(request, self._filled(given), alert_id)
        draft = draft_of(given, alert_id, self._zone)
        faults = {name: texts[f"fault_{fault}"] for name, fault in draft.faults.items()}
        if faults:
            return self._editor(request, given, alert_id, Faulty(faults=faults, status=422))
        return await self._looked_at(request, given, draft)

    async def _looked_at(self, request: Request, given: Typed, draft: Draft) -> Response:
        """Publish what was previewed as it stands; preview anything else."""
        alert, texts = draft.alert, ALERTS[_language(request)]
        refusal = self._desk.check(alert)
        seen = fingerprint("preview", {"alert": repr(alert)})
        wants = given.get("do") == "publish"
        if refusal is None and not (wants and given.get("seen") == seen):
            hint = texts["changed" if given.get("seen") else "look_first"] if wants else ""
            return self._editor(request, given, alert.alert_id, draft=draft, seen=seen, hint=hint)
        done = refusal or await self._desk.publish(alert, _command(request, given, {"alert": repr(alert)}))
        if isinstance(done, Refusal):
            faults = {_field_of(done, alert): refusal_sentence(done, _language(request))}
            return self._editor(request, given, alert.alert_id, Faulty(faults=faults, status=alert_error(done).status))
        return _see_other(f"{PATH}#alert-{done}")

    def _marked(self, given: Typed) -> Typed:
        """Mark an alert as its template usually is, in force while its trips run, if it names any."""
        usual = USUAL[template_of(given)]
        values = {"cause": usual.cause.value, "effect": usual.effect.value, "severity": usual.severity.value}
        state = self._desk.state
        named = (trip_named(each) for each in given.several("trips"))
        found = (self._names.trip(ref, state) for ref in named if ref is not None)
        trips, now = [trip for trip in found if trip is not None], self._desk.clock.now()
        if trips and (begins := min(trip.begins for trip in trips)) > now:
            values["from_1_day"], values["from_1_time"] = typed(begins, self._zone)
        if trips and (ends := max(trip.ends for trip in trips)) > now:
            values["to_1_day"], values["to_1_time"] = typed(ends, self._zone)
        return replace(given, values={**values, **given.values})

    def _filled(self, given: Typed) -> Typed:
        """Put the template's texts in, in all languages."""
        alert = draft_of(given, AlertId(""), self._zone).alert
        instead = StopId(given.get("instead")) if given.get("instead") in self._desk.timetable.stops else None
        about = self._names.about(
            alert,
            self._desk.state,
            minutes=minutes_of(given),
            instead=instead,
            reason=given.get("own_reason")[:_LONGEST_REASON],
        )
        made = (filled(template_of(given), about, language) for language in LANGUAGES)
        fields = [text_fields(text) for text in made if text is not None]
        return replace(given, values={**given.values, **{name: text for each in fields for name, text in each.items()}})

    def _list(self, request: Request, faulty: Faulty) -> Response:
        language, now = _language(request), self._desk.clock.now()
        rows = AlertRows(self._names, language, now, self._desk.state)
        context = {
            **rows.page(),
            "records": rows.parted(self._desk.records()),
            "faulty": faulty,
            "token": self._desk.references.token,
        }
        return self._page(request, "alerts", context, faulty.status)

    def _editor(
        self,
        request: Request,
        given: Typed,
        alert_id: AlertId,
        faulty: Faulty | None = None,
        *,
        draft: Draft | None = None,
        seen: str = "",
        hint: str = "",
    ) -> Response:
        language, now, state = _language(request), self._desk.clock.now(), self._desk.state
        rows = AlertRows(self._names, language, now, state)
        context = {
            **rows.page(),
            **editor_context(rows, given),
            "alert_id": alert_id,
            "action": f"{PATH}/{alert_id}" if alert_id else f"{PATH}/new",
            "preview": [] if draft is None else preview(draft.alert, language, self._zone, now),
            "affected": [] if draft is None else rows.affected(draft.alert),
            "seen": seen,
            "hint": hint,
            "faulty": faulty or Faulty(),
            "labels": {
                name: label
                for name in (faulty.faults if faulty else ())
                if name and (label := field_label(name, language))
            },
            "token": given.get("token") or self._desk.references.token(),
        }
        return self._page(request, "alerts_edit", context, context["faulty"].status)

    def _page(self, request: Request, name: str, context: Mapping[str, Any], status: int) -> Response:
        answer = self._templates.TemplateResponse(
            request, f"passenger_info/{name}.html", dict(context), status_code=status
        )
        # Kept for "back" on this machine alone: what was typed is there again when the server or the network failed.
        answer.headers["cache-control"] = "private, no-cache"
        answer.headers["referrer-policy"] = "same-origin"
        return answer


def alert_pages_router(desk: AlertDesk, templates: Jinja2Templates) -> APIRouter:
    """Return the pages below ``/console/alerts``; they are for dispatchers only."""
    pages = AlertPages(desk, templates)
    routes = APIRouter(prefix=PATH, include_in_schema=False)
    routes.add_api_route("", pages.show, methods=["GET"])
    routes.add_api_route("/new", pages.new, methods=["GET"])
    routes.add_api_route("/new", pages.write, methods=["POST"])
    routes.add_api_route("/{alert_id}", pages.edit, methods=["GET"])
    routes.add_api_route("/{alert_id}", pages.rewrite, methods=["POST"])
    routes.add_api_route("/{alert_id}/withdraw", pages.withdraw, methods=["POST"])
    return routes


async def read(request: Request) -> Typed:
    """Return what a form sends; files are ignored."""
    values: dict[str, str] = {}
    lists: dict[str, list[str]] = {name: [] for name in LISTS}
    async with request.form(max_fields=_MOST_FIELDS, max_files=1) as form:
        for name, value in form.multi_items():
            if isinstance(value, str) and name in lists:
                lists[name].append(value)
            elif isinstance(value, str):
                values[name] = value
    return Typed(values=values, lists=lists)


def _command(request: Request, given: Typed, content: Mapping[str, object]) -> Command:
    actor = actor_of(request)
    key = f"alerts-{actor}-{given.get('token')[:100]}"
    return Command(actor=actor, key=key, fingerprint=fingerprint("alerts page", content))


def _field_of(refusal: Refusal, alert: Alert) -> str:
    """Return the field that a refusal is about, so that the error stands there; empty where there is no single one."""
    if refusal.code is RefusalCode.ALERT_NEEDS_GERMAN:
        return "header_de"
    if refusal.code is RefusalCode.PERIOD_OVER:
        return "to_1_day" if len(alert.impact) == 1 else "show_to_day"
    if refusal.code is RefusalCode.IMPACT_UNSEEN:
        return "show_from_day"
    return "url" if refusal.code is RefusalCode.INVALID_INPUT and refusal.parameters.get("detail") == "url" else ""


def _language(request: Request) -> str:
    language = getattr(request.state, "language", "de")
    return language if language in ALERTS else "de"


def _is_foreign(request: Request) -> bool:
    return is_foreign(request.headers.get("sec-fetch-site", ""))


def _is_reason(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_REASON and is_readable(text)


def _see_other(path: str) -> Response:
    return RedirectResponse(path, status_code=303, headers={"cache-control": "no-store"})
