"""Rosters over HTTP, for dispatchers: read, plan, ask for proposals after a cancellation, assign by hand."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from dispatch.edge.api import language_of, refused, taken
from dispatch.edge.holidays import public_holidays
from dispatch.edge.requests import Text, fingerprint, idempotency_key
from dispatch.edge.roster_service import Made, Rosters
from dispatch.roster.change import Change
from dispatch.roster.fields import Table
from dispatch.roster.period import Period
from dispatch.roster.period_file import period_from, roster_rows, volunteers_from
from dispatch.roster.sheet import sheet
from dispatch.roster.wording import explained
from mobility.core.errors import BadInputError, RefusedError
from mobility.core.ids import DriverRef, DutyId, ServiceAreaId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.roster import Roster

_IdempotencyKey = Annotated[str, Depends(idempotency_key)]
_Id = Annotated[Text, Field(min_length=1, max_length=200)]
_Form = Literal["json", "html"]
_MOST_ROWS = 1000
_MOST_WORK_S = 60.0


class PlanRequest(BaseModel):
    """A period: ``settings`` with the fields of the TOML file, ``volunteers`` with the columns of the CSV file."""

    model_config = ConfigDict(extra="forbid")
    settings: dict[str, Any]
    volunteers: Annotated[list[dict[str, Any]], Field(max_length=_MOST_ROWS)]
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    work_s: Annotated[float, Field(gt=0, le=_MOST_WORK_S)] = 20.0


class CancellationRequest(BaseModel):
    """A duty whose holder can not come."""

    model_config = ConfigDict(extra="forbid")
    duty: _Id


class ChangeRequest(BaseModel):
    """One duty that gets another holder; ``null`` is nobody."""

    model_config = ConfigDict(extra="forbid")
    duty: _Id
    before: _Id | None
    after: _Id | None


class AssignRequest(BaseModel):
    """Changes made together. ``cancels`` names the duty whose holder can not on that day."""

    model_config = ConfigDict(extra="forbid")
    changes: Annotated[list[ChangeRequest], Field(min_length=1, max_length=_MOST_ROWS)]
    cancels: _Id | None = None


class RosterApi:
    """Handlers bound to the service."""

    def __init__(self, rosters: Rosters) -> None:
        """Answer for ``rosters``."""
        self._rosters = rosters

    async def all(self) -> dict[str, Any]:
        """Return all rosters, without their duties."""
        return {"rosters": [_head(roster) for roster in self._rosters.all()]}

    async def one(
        self, area_id: str, first: date, request: Request, form: Annotated[_Form, Query(alias="format")] = "json"
    ) -> dict[str, Any] | Response:
        """Return a roster with its duties; an open one says why. ``format=html`` is the sheet to print."""
        roster = self._rosters.roster(ServiceAreaId(area_id), first)
        if roster is None:
            raise RefusedError(Refusal(RefusalCode.UNKNOWN_ROSTER), 404)
        language = language_of(request)
        if form == "html":
            return HTMLResponse(sheet(roster, language), headers={"cache-control": "no-store"})
        return _whole(roster, language)

    async def plan(self, body: PlanRequest, key: _IdempotencyKey, request: Request) -> dict[str, Any]:
        """Plan a period and publish its roster."""
        try:
            found = await self._rosters.plan(
                _period(body),
                actor=_actor(request),
                key=key,
                fingerprint=fingerprint("roster-plan", body.model_dump(mode="json")),
                work_s=body.work_s,
                seed=body.seed,
            )
        except BadInputError as error:
            raise RefusedError(Refusal(RefusalCode.INVALID_INPUT, {"detail": str(error)}), 422) from error
        made = taken(found)
        return {**_whole(made.roster, language_of(request)), **_figures(made)}

    async def cancellation(
        self, area_id: str, first: date, body: CancellationRequest, request: Request
    ) -> dict[str, Any]:
        """Return proposals for a duty that was cancelled; nothing is published."""
        found = await self._rosters.proposals(ServiceAreaId(area_id), first, DutyId(body.duty))
        if isinstance(found, Refusal):
            raise _refused(found)
        proposals = [
            {
                "others": each.others,
                "uncovered": each.uncovered,
                "changes": [
                    {"duty": change.duty_id, "before": change.before, "after": change.after} for change in each.changes
                ],
            }
            for each in found.proposals
        ]
        why = explained(found.why_open, language_of(request))
        return {"duty": body.duty, "is_covered": found.is_covered, "proposals": proposals, "why_open": why}

    async def assign(
        self, area_id: str, first: date, body: AssignRequest, key: _IdempotencyKey, request: Request
    ) -> dict[str, Any]:
        """Change a roster by hand or as proposed; every rule is checked."""
        changes = [
            Change(duty_id=DutyId(each.duty), before=_driver(each.before), after=_driver(each.after))
            for each in body.changes
        ]
        done = await self._rosters.change(
            ServiceAreaId(area_id),
            first,
            changes,
            actor=_actor(request),
            key=key,
            fingerprint=fingerprint(f"roster-assign {area_id} {first}", body.model_dump(mode="json")),
            cancels=None if body.cancels is None else DutyId(body.cancels),
        )
        if isinstance(done, Refusal):
            raise _refused(done)
        return _whole(done, language_of(request))

    async def erase(self, area_id: str, first: date) -> Response:
        """Delete the volunteers' wishes of a period; the roster stays."""
        if not await self._rosters.erase(ServiceAreaId(area_id), first):
            raise RefusedError(Refusal(RefusalCode.UNKNOWN_ROSTER), 404)
        return Response(status_code=204)

    async def forget(self, driver: str) -> dict[str, int]:
        """Delete what a volunteer said from every period; says from how many."""
        return {"periods": await self._rosters.forget(DriverRef(driver))}


def roster_router(rosters: Rosters) -> APIRouter:
    """Return the routes below ``/api/v1/rosters``, all of them for dispatchers."""
    api = RosterApi(rosters)
    routes = APIRouter(prefix="/api/v1/rosters", tags=["roster"])
    routes.add_api_route("", api.all, methods=["GET"])
    routes.add_api_route("/plan", api.plan, methods=["POST"], status_code=201)
    routes.add_api_route("/volunteers/{driver}", api.forget, methods=["DELETE"])
    routes.add_api_route("/{area_id}/{first}", api.one, methods=["GET"], response_model=None)
    routes.add_api_route("/{area_id}/{first}/wishes", api.erase, methods=["DELETE"], status_code=204)
    routes.add_api_route("/{area_id}/{first}/cancellations", api.cancellation, methods=["POST"])
    routes.add_api_route("/{area_id}/{first}/assignments", api.assign, methods=["POST"])
    return routes


def _period(body: PlanRequest) -> Period:
    rows = [Table(row, "volunteers", number) for number, row in enumerate(body.volunteers, 1)]
    return period_from(Table(body.settings, "settings"), volunteers_from(rows), public_holidays)


def _figures(made: Made) -> dict[str, Any]:
    """Return how good a planned roster is; unknown for one that was asked for long ago."""
    planned = made.planned
    if planned is None:
        return dict.fromkeys(("cost", "lower_bound", "is_optimal", "gap_frac"))
    figures = {"cost": planned.cost, "lower_bound": planned.bound, "is_optimal": planned.is_optimal}
    return {**figures, "gap_frac": planned.gap_frac}


def _refused(refusal: Refusal) -> RefusedError:
    unknown = {RefusalCode.UNKNOWN_ROSTER, RefusalCode.UNKNOWN_DUTY, RefusalCode.UNKNOWN_VOLUNTEER}
    return RefusedError(refusal, 404) if refusal.code in unknown else refused(refusal)


def _actor(request: Request) -> str:
    return str(getattr(request.state, "actor", "dispatcher:loopback"))


def _driver(name: str | None) -> DriverRef | None:
    return None if name is None else DriverRef(name)


def _head(roster: Roster) -> dict[str, Any]:
    return {
        "area": roster.area_id,
        "first": roster.first.isoformat(),
        "last": roster.last.isoformat(),
        "version": roster.version,
        "duties": len(roster.assignments),
        "open": sum(each.driver is None for each in roster.assignments),
    }


def _whole(roster: Roster, language: str) -> dict[str, Any]:
    return {**_head(roster), "assignments": roster_rows(roster, language)}
