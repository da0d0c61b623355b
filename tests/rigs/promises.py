"""Twenty days that go wrong: is any promise broken without the rider having been told in time?

Each day of the Ilmenau citizen bus with three vans has about forty bookings, traffic, jams, riders who stay away or
cancel, and one or two of: a vehicle that stands still, a breakdown, a driver who is ill, a closed road. Riders, drivers
and a dispatcher, who takes the least harmful proposal and reaches 85 of 100 riders at each call, use the HTTP interface
alone, in virtual time; the checker reads the ledger alone. One JSON line a day, a last one with the verdict.

Run: ``python -m tests.rigs.promises [--days 20] [--seed 1] [--fault never_calls|ignores_windows]``; exit 1 on a fault.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from itsdangerous import URLSafeSerializer

from dispatch.edge.api import api_router
from dispatch.edge.links import RideLinks
from dispatch.edge.promise_watch import PromiseWatch, watch_router
from dispatch.edge.repair_routes import repair_router
from dispatch.edge.repairs import Repairs
from dispatch.edge.service import Dispatch
from dispatch.edge.solver import InlineSolver
from dispatch.edge.telling_routes import telling_router
from dispatch.edge.tellings import Tellings
from dispatch.route import UNREACHABLE_MS
from dispatch.travel import matrix
from mobility.app.problems import install_problem_handlers
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.booking import Window
from mobility.core.clock import Instant, shifted
from mobility.core.events import Event, PlanPublished
from mobility.core.fold import State
from mobility.core.ids import StopId, VehicleId
from mobility.core.plan import Tour
from mobility.core.region import Region
from mobility.core.vehicle import VehicleState
from mobility.storage.bundles import load_region, shipped_region
from tests.dispatch.small_region import NoLineBuses
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.references import CountingReferences
from tests.fakes.vault import MemoryVault
from tests.rigs.promises_checker import Verdict, verdict
from tests.rigs.promises_day import script
from tests.rigs.promises_world import Agenda, Api, World

VANS = 3
CALLERS = 45
_OFF_S = 2400.0
"""By how much the planner without windows is late."""


class Fault(StrEnum):
    """A fault planted on purpose: the rig has to find it."""

    NONE = "none"
    NEVER_CALLS = "never_calls"
    """A dispatcher who repairs plans and tells nobody."""
    IGNORES_WINDOWS = "ignores_windows"
    """A planner that puts everything off by forty minutes, and takes the windows in its plan along."""


class NoPositions:
    """The ``VehicleStates`` port of vehicles that send nothing: paper and telephone."""

    def latest(self) -> Mapping[VehicleId, VehicleState]:
        """Return nothing."""
        return {}

    def subscribe(self, listener: object) -> None:
        """Never call anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One day."""

    seed: int
    verdict: Verdict
    repairs: int
    stranded: int
    refused: tuple[str, ...]


def region_with_vans(count: int) -> Region:
    """Return the Ilmenau region whose citizen bus drives with some vans all day."""
    region = load_region(shipped_region("ilmenau"))
    area = region.areas[0]
    spec = region.fleet[area.shifts[0].vehicle_id]
    names = [VehicleId(f"van-{number + 1}") for number in range(count)]
    shifts = tuple(replace(area.shifts[0], vehicle_id=name, starts=area.opens, ends=area.closes) for name in names)
    fleet = {**region.fleet, **{name: replace(spec, vehicle_id=name) for name in names}}
    return replace(region, areas=(replace(area, shifts=shifts),), fleet=fleet)


async def lived(seed: int, fault: Fault = Fault.NONE, *, callers: int = CALLERS) -> Outcome:
    """Let the day of a seed happen."""
    region = region_with_vans(VANS)
    plot = script(region, seed, callers=callers)
    area, day = region.areas[0], plot.day
    clock = SettableClock(min(caller.at for caller in plot.callers))
    ledger = MemoryLedger(clock)
    dispatch = Dispatch(
        region=region,
        ledger=ledger,
        vault=MemoryVault(),
        clock=clock,
        references=CountingReferences(),
        travel=matrix(region),
        direct=NoLineBuses(),
        solver=InlineSolver(),
        improve_delay_s=0.0,
    )
    watch = PromiseWatch(dispatch, ledger, NoPositions())
    app = _application(dispatch, ledger, watch)

    def drives(origin: StopId, destination: StopId) -> float | None:
        takes_ms = dispatch.service(area.area_id).drive(origin, destination)
        return None if takes_ms >= UNREACHABLE_MS else takes_ms / 1000

    async def watches() -> None:
        await watch.look()

    async def improves() -> None:
        await dispatch.improve(area.area_id, day.date)
        if fault is Fault.IGNORES_WINDOWS:
            await ledger.submit(_put_off, actor="planner")

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://server.invalid") as http:
        world = World(
            region=region,
            script=plot,
            agenda=Agenda(clock),
            api=Api(http, ZoneInfo(region.zone)),
            drives=drives,
            watches=watches,
            improves=improves,
            calls_riders=fault is not Fault.NEVER_CALLS,
        )
        await world.agenda.run(day.at(area.closes + 3 * 3600))
    return Outcome(
        seed=seed,
        verdict=verdict(ledger.read()),
        repairs=world.dispatcher.repairs,
        stranded=world.dispatcher.stranded,
        refused=tuple(world.api.refused),
    )


def _application(dispatch: Dispatch, ledger: MemoryLedger, watch: PromiseWatch) -> FastAPI:
    app, zone = FastAPI(), dispatch.region.zone
    templates = page_templates(
        clock=dispatch.clock,
        zone=ZoneInfo(zone),
        is_demo=False,
        room_packages=("dispatch",),
        region_name=dispatch.region.name,
    )
    links = RideLinks(URLSafeSerializer("rig", salt="ride"))
    install_problem_handlers(app, templates)
    app.include_router(api_router(dispatch, links))
    app.include_router(repair_router(dispatch, Repairs(dispatch=dispatch, ledger=ledger)))
    app.include_router(telling_router(dispatch, Tellings(dispatch, ledger), links))
    app.include_router(watch_router(watch, zone))
    app.add_middleware(LanguageMiddleware)
    return app


def _put_off(state: State, now: Instant) -> list[Event]:
    """Return plans that come forty minutes later, whatever was promised, with windows to match.

    Were the windows left alone, the watch would see it at once and riders would be told in time.
    """

    def late(tour: Tour) -> Tour:
        ahead = (
            replace(task, begin=shifted(task.begin, _OFF_S), window=_moved(task.window))
            for task in tour.tasks[tour.done :]
        )
        return replace(tour, tasks=(*tour.tasks[: tour.done], *ahead))

    return [
        PlanPublished(
            plan=replace(plan, version=plan.version + 1, tours=tuple(late(tour) for tour in plan.tours)),
            cause="improvement",
        )
        for plan in state.plans.values()
        if any(task.begin > now for tour in plan.tours for task in tour.tasks)
    ]


def _moved(window: Window) -> Window:
    return Window(shifted(window.earliest, _OFF_S), shifted(window.latest, _OFF_S))


def summary(outcome: Outcome) -> dict[str, Any]:
    """Return a day's line."""
    return {
        "seed": outcome.seed,
        **outcome.verdict.as_json(),
        "repairs_published": outcome.repairs,
        "stranded": outcome.stranded,
        "refused": list(outcome.refused),
    }


def run(*, days: int, seed: int, fault: Fault = Fault.NONE, callers: int = CALLERS) -> dict[str, Any]:
    """Let days happen one after the other, and judge them; writes a line for each day."""
    outcomes: list[Outcome] = []
    for number in range(seed, seed + days):
        outcomes.append(asyncio.run(lived(number, fault, callers=callers)))
        sys.stdout.write(json.dumps(summary(outcomes[-1])) + "\n")
        sys.stdout.flush()
    totals = {
        name: sum(getattr(outcome.verdict, name) for outcome in outcomes)
        for name in (
            "rides",
            "promises",
            "revised",
            "withdrawn",
            "short",
            "after_aim",
            "disruptions",
            "repairs",
            "calls",
        )
    }
    broken = sum(len(outcome.verdict.broken) for outcome in outcomes)
    # A rig in which nothing goes wrong proves nothing.
    is_upset = totals["disruptions"] > 0 and totals["promises"] > 0
    return {
        "days": days,
        "seed": seed,
        "fault": fault,
        **totals,
        "broken_untold": broken,
        "ok": is_upset and not broken,
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the first day")
    parser.add_argument("--fault", type=Fault, choices=list(Fault), default=Fault.NONE)
    given = parser.parse_args()
    result = run(days=given.days, seed=given.seed, fault=given.fault)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
