"""The driver's pages: vehicles of the day, and the manifest with one big button per task. Works on paper, too."""

from datetime import date
from itertools import takewhile
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from dispatch.edge.api import language_of, refused
from dispatch.edge.page_parts import Pages, people, read_form, see_other
from dispatch.edge.requests import fingerprint
from dispatch.edge.service import Dispatch, Key
from dispatch.manifest import Manifest, ManifestTask
from dispatch.outcome import Outcome
from dispatch.ride_texts import DRIVE
from dispatch.wish_time import parse_day
from dispatch.wording import sentence
from mobility.core.booking import BookingState
from mobility.core.connection import ConnectionDecision
from mobility.core.ids import TaskId, VehicleId
from mobility.core.plan import Shift, TaskKind
from mobility.core.ports import Person
from mobility.core.refusal import Refusal, RefusalCode

_LATER_SHOWN = 6
"""Later tasks a driver sees at once; the rest unfolds."""
_ERASED = Person(name="")
_BOARDS = {
    False: frozenset({BookingState.PROMISED}),
    True: frozenset({BookingState.PROMISED, BookingState.BOARDED}),
}
"""From which states a rider boards, at an ordinary pickup and at a transfer."""


class DrivePages(Pages):
    """Handlers for drivers."""

    async def vehicles(self, request: Request) -> Response:
        """List the vehicles that have a shift on the day."""
        texts = DRIVE[language_of(request)]
        day = self._day(request)
        rules = [shift.vehicle_id for area in self.dispatch.region.areas for shift in area.shifts]
        found = [self.dispatch.manifest(vehicle_id, day) for vehicle_id in dict.fromkeys(rules)]
        rows = [self._row(manifest, texts) for manifest in found if manifest is not None and manifest.shifts]
        return self.page(request, "drive", {"t": texts, "rows": rows, "day": day})

    async def manifest(self, request: Request, vehicle_id: str) -> Response:
        """Show a vehicle's manifest."""
        return await self._shown(request, VehicleId(vehicle_id), "")

    async def report(self, request: Request, vehicle_id: str, task_id: str) -> Response:
        """Take a driver's report and show the manifest again."""
        given = await read_form(request)
        language = language_of(request)
        try:
            happened = Outcome(given.get("outcome", ""))
        except ValueError:
            detail = sentence(Refusal(RefusalCode.INVALID_INPUT, {"detail": "outcome"}), language)
            return await self._shown(request, VehicleId(vehicle_id), detail)
        content = {"vehicle_id": vehicle_id, "task_id": task_id, "outcome": happened.value}
        token = given.get("token", "")[:100]
        command = Key(value=f"drive-{task_id}-{token}", fingerprint=fingerprint("report-form", content))
        refusal = await self.dispatch.report_outcome(
            VehicleId(vehicle_id), TaskId(task_id), happened, self.dispatch.clock.now(), command
        )
        if refusal is not None:
            return await self._shown(request, VehicleId(vehicle_id), sentence(refusal, language))
        query = f"?date={day.isoformat()}" if (day := parse_day(given.get("date", ""))) else ""
        return see_other(f"/drive/{vehicle_id}{query}")

    def _day(self, request: Request) -> date:
        return parse_day(request.query_params.get("date", "")) or self.dispatch.today.date

    def _row(self, manifest: Manifest, texts: Any) -> dict[str, Any]:
        open_tasks = sum(not task.is_done for task in manifest.tasks)
        return {
            "vehicle_id": manifest.vehicle_id,
            "label": self.dispatch.region.fleet[manifest.vehicle_id].label,
            "shifts": [self._shift(shift, texts) for shift in manifest.shifts],
            "tasks": texts["open_tasks"].format(n=open_tasks) if open_tasks else texts["no_tasks"],
        }

    def _shift(self, shift: Shift, texts: Any) -> str:
        return str(texts["shift"].format(**self.span(shift.span), depot=self.stop_name(shift.depot)))

    def _notices(self, manifest: Manifest, texts: Any) -> list[str]:
        """Say that the vehicle is out, or that it is reckoned to leave late."""
        now, found = self.dispatch.clock.now(), []
        if manifest.out_from is not None:
            found.append(texts["out"].format(time=self.clock(manifest.out_from)))
        if manifest.held_until is not None and manifest.held_until > now:
            found.append(texts["held"].format(time=self.clock(manifest.held_until)))
        return found

    def _hints(self, task: ManifestTask, name: str, texts: Any) -> list[str]:
        """Say whom to fetch out of which vehicle, and which connection waits for whom until when."""
        hints = []
        if task.fetched_from is not None:
            vehicle = self.dispatch.region.fleet[task.fetched_from].label
            hints.append(texts["transfer_hint"].format(name=name, vehicle=vehicle))
        for each in self.dispatch.state.connections.values():
            if each.booking_id != task.booking_id or each.hold_until is None:
                continue
            is_mine = task.kind is (TaskKind.PICKUP if each.is_to_citizen_bus else TaskKind.DROPOFF)
            if each.decision is ConnectionDecision.HOLD and is_mine:
                text = texts["hold_for" if each.is_to_citizen_bus else "holds_for_you"]
                hints.append(text.format(feeder=each.feeder, time=self.clock(each.hold_until)))
        return hints

    async def _shown(self, request: Request, vehicle_id: VehicleId, fault: str) -> Response:
        manifest = self.dispatch.manifest(vehicle_id, self._day(request))
        if manifest is None:
            raise refused(Refusal(RefusalCode.UNKNOWN_VEHICLE))
        texts = DRIVE[language_of(request)]
        tasks = [await self._task(task, texts) for task in manifest.tasks]
        open_tasks = [task for task in tasks if not task["is_done"]]
        here = list(takewhile(lambda task: task["stop_id"] == open_tasks[0]["stop_id"], open_tasks))
        context = {
            "t": texts,
            "fault": fault,
            "vehicle_id": vehicle_id,
            "label": self.dispatch.region.fleet[vehicle_id].label,
            "day": manifest.day,
            "version": manifest.version,
            "shifts": [self._shift(shift, texts) for shift in manifest.shifts],
            "notices": self._notices(manifest, texts),
            "depot": self.stop_name(manifest.shifts[-1].depot) if manifest.shifts else "",
            "next": here,
            "later": open_tasks[len(here) : len(here) + _LATER_SHOWN],
            "more": open_tasks[len(here) + _LATER_SHOWN :],
            "done": [task for task in tasks if task["is_done"]],
            "token": self.dispatch.references.token(),
            "is_today": manifest.day == self.dispatch.today.date,
        }
        return self.page(request, "manifest", context, status=409 if fault else 200)

    async def _task(self, task: ManifestTask, texts: Any) -> dict[str, Any]:
        person = await self.dispatch.person(task.rider) or _ERASED
        name = person.name or texts["somebody"].format(reference=task.booking_id)
        kind = "transfer" if task.is_transfer else task.kind.value
        line = texts[f"{kind}_{'done' if task.is_done else 'line'}"]
        return {
            "task_id": task.task_id,
            "kind": task.kind.value,
            "line": line.format(name=name),
            "stop_id": task.stop_id,
            "name": name,
            "phone": person.phone,
            "note": person.note if task.kind is TaskKind.PICKUP else "",
            "stop": self.stop_name(task.stop_id),
            "locality": self.dispatch.region.stops[task.stop_id].locality,
            "leave": texts["cut_off"] if task.is_cut_off else texts["leave"].format(time=self.clock(task.leave)),
            "begin": self.clock(task.begin),
            "there": texts["begin"].format(time=self.clock(task.begin)),
            "window": "" if task.is_transfer else texts["window"].format(**self.span(task.window)),
            "hints": self._hints(task, name, texts),
            "load": people(task.load, texts),
            "reference": task.booking_id,
            "is_done": task.is_done,
            "was_absent": task.state is BookingState.NO_SHOW,
            "may_board": task.kind is TaskKind.PICKUP and task.state in _BOARDS[task.is_transfer],
            "may_be_absent": task.kind is TaskKind.PICKUP and not task.is_transfer,
            "may_alight": task.is_aboard and task.state is BookingState.BOARDED,
            "reported": texts["reported"].format(time=self.clock(task.begin)),
        }


def drive_router(dispatch: Dispatch, templates: Jinja2Templates) -> APIRouter:
    """Return the routes below ``/drive``."""
    pages = DrivePages(dispatch, templates)
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/drive", pages.vehicles, methods=["GET"])
    routes.add_api_route("/drive/{vehicle_id}", pages.manifest, methods=["GET"])
    routes.add_api_route("/drive/{vehicle_id}/tasks/{task_id}", pages.report, methods=["POST"])
    return routes
