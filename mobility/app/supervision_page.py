"""``/console/supervision``: technical supervision as a page of forms that needs no script."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from dispatch.edge.page_parts import read_form, see_other
from mobility.app.supervision_words import NAMES, PAGE, REASONS, alarm_detail
from mobility.app.web.templating import language_of
from mobility.app.wording import sentence
from mobility.core.clock import Instant, datetime_at
from mobility.core.fetch_site import is_foreign
from mobility.core.ids import CommandId, ManoeuvreId, VehicleId
from mobility.core.ports import References
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.supervision import Alarm, Command, CommandAction, CommandState
from v2x.edge.supervision_routes import CommandRequest
from v2x.edge.technical_supervision import TechnicalSupervision
from v2x.supervision.policy import LEAST_LEVEL, MANOEUVRE_ACTIONS
from v2x.supervision.view import View

PATH = "/console/supervision"
_MINUTE_S = 60
_LONGEST_TOKEN = 100
_NOT_FOUND = frozenset({RefusalCode.UNKNOWN_COMMAND, RefusalCode.UNKNOWN_MANOEUVRE, RefusalCode.UNKNOWN_VEHICLE})
_ORDERABLE = tuple(
    action for action in CommandAction if action not in MANOEUVRE_ACTIONS and action is not CommandAction.PROPOSE_ROUTE
)
"""A route is proposed on the map."""
_FIELDS = ("reason", "cause", "necessity", "text")


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A form that was not taken: where it stands, what was typed, what is wrong by field; ``""`` for the whole."""

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


class SupervisionPage:
    """Handlers bound to the service."""

    def __init__(
        self, templates: Jinja2Templates, supervision: TechnicalSupervision, references: References, zone: str
    ) -> None:
        """Show ``supervision`` with times in ``zone``; ``references`` give each form its token."""
        self._templates = templates
        self._supervision = supervision
        self._references = references
        self._zone = ZoneInfo(zone)
        self._view = View(self._zone)

    async def show(self, request: Request) -> Response:
        """Show requests, approvals, alarms, commands and the form for a command."""
        return self._page(request, Faulty())

    async def answer(self, request: Request) -> Response:
        """Take a release, a refusal or a checked command."""
        given = await read_form(request)
        faulty = self._foreign(request, given) or self._missing(request, given)
        if faulty is not None:
            return self._page(request, faulty)
        issuer = _actor(request)
        body = {name: given.get(name, "").strip() for name in _FIELDS}
        try:
            asked = CommandRequest.model_validate(
                {
                    **body,
                    "action": given.get("action", ""),
                    "vehicle_id": given.get("vehicle_id", ""),
                    "manoeuvre_id": given.get("manoeuvre_id") or None,
                }
            )
        except ValidationError as error:
            return self._page(request, self._refused(request, given, _unreadable(error)))
        if not _may(request, "supervisor"):
            return self._page(request, self._refused(request, given, Refusal(RefusalCode.NOT_YOUR_ROLE)))
        order = Command(
            command_id=CommandId(""),
            vehicle_id=VehicleId(asked.vehicle_id),
            action=asked.action,
            issuer=issuer,
            reason=asked.reason,
            manoeuvre_id=ManoeuvreId(asked.manoeuvre_id) if asked.manoeuvre_id else None,
            cause=asked.cause,
            necessity=asked.necessity,
            text=asked.text,
        )
        fingerprint = _fingerprint({"issuer": issuer, **asked.model_dump(mode="json")})
        done = await self._supervision.command(order, key=_key(given, issuer), fingerprint=fingerprint)
        if isinstance(done, Refusal):
            return self._page(request, self._refused(request, given, done))
        return see_other(f"{PATH}#commands")

    async def check(self, request: Request) -> Response:
        """Show a command once more before it is sent."""
        given = await read_form(request)
        faulty = self._foreign(request, given) or self._missing(request, given)
        spec = self._supervision.specs.get(VehicleId(given.get("vehicle_id", "")))
        if faulty is None and (spec is None or given.get("action") not in _ORDERABLE):
            refusal = Refusal(RefusalCode.UNKNOWN_VEHICLE if spec is None else RefusalCode.UNKNOWN_COMMAND)
            faulty = self._refused(request, given, refusal)
        if faulty is not None or spec is None:
            return self._page(request, faulty or Faulty())
        if given["action"] != CommandAction.ANNOUNCE:
            given["text"] = ""
        context = {"given": given, "label": spec.label, "token": self._references.token()}
        return self._render(request, "app/supervision_check.html", context, 200)

    async def approve(self, request: Request, command_id: str) -> Response:
        """Take a second person's approval."""
        given = {**await read_form(request), "command_id": command_id}
        faulty = self._foreign(request, given)
        if faulty is not None:
            return self._page(request, faulty)
        if not _may(request, "approver"):
            return self._page(request, self._refused(request, given, Refusal(RefusalCode.NOT_YOUR_ROLE)))
        approver = _actor(request)
        fingerprint = _fingerprint({"approver": approver, "command_id": command_id})
        done = await self._supervision.approve(
            CommandId(command_id), approver=approver, key=_key(given, approver), fingerprint=fingerprint
        )
        if isinstance(done, Refusal):
            return self._page(request, self._refused(request, given, done))
        return see_other(f"{PATH}#commands")

    # ---- what is not taken -----------------------------------------------------------------------------------

    def _foreign(self, request: Request, given: Mapping[str, str]) -> Faulty | None:
        if not is_foreign(request.headers.get("sec-fetch-site", "")):
            return None
        return Faulty(form=_form(given), typed=given, faults={"": self._texts(request)["foreign"]}, status=403)

    def _missing(self, request: Request, given: Mapping[str, str]) -> Faulty | None:
        texts, action = self._texts(request), given.get("action", "")
        faults = {}
        is_urgent = action in (CommandAction.STOP_AT_NEXT_SAFE_PLACE, CommandAction.DEACTIVATE)
        if not is_urgent and not given.get("reason", "").strip():
            faults["reason"] = texts["needs_reason"]
        if action == CommandAction.ANNOUNCE and not given.get("text", "").strip():
            faults["text"] = texts["needs_text"]
        return Faulty(form=_form(given), typed=given, faults=faults, status=422) if faults else None

    def _refused(self, request: Request, given: Mapping[str, str], refusal: Refusal) -> Faulty:
        status = 404 if refusal.code in _NOT_FOUND else 409
        status = {RefusalCode.INVALID_INPUT: 422, RefusalCode.NOT_YOUR_ROLE: 403}.get(refusal.code, status)
        said = sentence(refusal, language_of(request))
        name = str(refusal.parameters.get("detail", ""))
        at = "cause" if refusal.code is RefusalCode.CAUSE_NEEDED else name if name in _FIELDS else ""
        faults = {at: said}
        if refusal.code is RefusalCode.CAUSE_NEEDED:
            faults = {each: said for each in ("cause", "necessity") if not given.get(each, "").strip()}
        return Faulty(form=_form(given), typed=given, faults=faults, status=status)

    # ---- what is shown ---------------------------------------------------------------------------------------

    def _texts(self, request: Request) -> Mapping[str, str]:
        return PAGE[language_of(request)]

    def _page(self, request: Request, faulty: Faulty) -> Response:
        service, language = self._supervision, language_of(request)
        now = service.clock.now()
        known = service.state.supervised
        overview = self._view.overview(known, service.policy, now)
        forms = {each["manoeuvre_id"] for each in overview["manoeuvres"]} | {
            each["command_id"] for each in overview["commands"] if each["state"] == CommandState.PROPOSED
        }
        context = {
            "requests": [self._timed(each, "asked_at") for each in overview["manoeuvres"]],
            "approvals": [each for each in overview["commands"] if each["state"] == CommandState.PROPOSED],
            "commands": [self._timed(each, "issued_at") for each in overview["commands"]],
            "alarms": [self._alarm(each, now, language) for each in known.alarms.values()],
            "vehicles": [(spec.vehicle_id, spec.label) for spec in service.specs.values()],
            "actions": [(action, LEAST_LEVEL[action]) for action in _ORDERABLE],
            "faulty": faulty,
            # The request may have closed meanwhile: what is wrong is then said above everything.
            "is_form_there": faulty.form in forms or faulty.form == "order",
            "token": self._references.token,
            "time": datetime_at(now, self._zone).strftime("%H:%M:%S"),
            "may_decide": _may(request, "supervisor"),
            "may_approve": _may(request, "approver"),
            "me": _actor(request),
        }
        return self._render(request, "app/supervision.html", context, faulty.status)

    def _render(self, request: Request, template: str, context: Mapping[str, Any], status: int) -> Response:
        language = language_of(request)
        labels = {spec.vehicle_id: spec.label for spec in self._supervision.specs.values()}
        shared = {"t": PAGE[language], "names": NAMES[language], "reasons": REASONS[language], "labels": labels}
        page = self._templates.TemplateResponse(request, template, {**shared, **context}, status_code=status)
        page.headers["cache-control"] = "no-store"
        return page

    def _timed(self, row: Mapping[str, Any], name: str) -> dict[str, Any]:
        at = row[name]
        return {**row, "at": "" if at is None else str(at)[11:19]}

    def _alarm(self, alarm: Alarm, now: Instant, language: str) -> dict[str, str]:
        age_s = max(0, (now - alarm.raised_at) // 1000)
        texts = PAGE[language]
        age = texts["seconds"].format(n=age_s) if age_s < _MINUTE_S else texts["minutes"].format(n=age_s // _MINUTE_S)
        return {
            "kind": alarm.kind,
            "vehicle_id": alarm.vehicle_id or "",
            "detail": alarm_detail(alarm.detail, language),
            "age": age,
        }


def router(
    *, templates: Jinja2Templates, supervision: TechnicalSupervision, references: References, zone: str
) -> APIRouter:
    """Return the page and what its forms post to; who may open it stands in ``mobility.app.access``."""
    page = SupervisionPage(templates, supervision, references, zone)
    routes = APIRouter(prefix=PATH, default_response_class=HTMLResponse, include_in_schema=False)
    routes.add_api_route("", page.show, methods=["GET"])
    routes.add_api_route("/check", page.check, methods=["POST"])
    routes.add_api_route("/commands", page.answer, methods=["POST"])
    routes.add_api_route("/approvals/{command_id}", page.approve, methods=["POST"])
    return routes


def _form(given: Mapping[str, str]) -> str:
    """Return the name of the form that something was typed into."""
    return given.get("manoeuvre_id") or given.get("command_id") or "order"


def _actor(request: Request) -> str:
    return str(getattr(request.state, "actor", "supervisor:loopback"))


def _may(request: Request, role: str) -> bool:
    """Return whether the reader's role lets him; without roles (loopback, demo) the rules decide."""
    return getattr(request.state, "role", None) in (None, role)


def _key(given: Mapping[str, str], actor: str) -> str:
    return f"page-{actor}-{given.get('token', '')[:_LONGEST_TOKEN]}"


def _unreadable(error: ValidationError) -> Refusal:
    faults: Sequence[Any] = error.errors()
    where = ".".join(str(part) for part in faults[0]["loc"]) if faults else ""
    return Refusal(RefusalCode.INVALID_INPUT, {"detail": where})


def _fingerprint(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
