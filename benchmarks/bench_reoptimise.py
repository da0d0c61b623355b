"""A day built by insertion alone against the same day re-optimised, with every promise as a hard window.

One JSON line, ``reoptimise``: random days on the Ilmenau area, rides booked one by one as people call; the plan's cost
(driving, waiting with riders aboard, a tenth of the riders' time) before and after OR-Tools in the worker process and
to the first local optimum in the same process. ``promises_broken`` counts tasks outside the window that was told.

Run: ``python -m benchmarks.bench_reoptimise [--days 3] [--rides 60] [--vehicles 3] [--seconds 2]``.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from dataclasses import replace
from typing import Any

from benchmarks.bench_quote import with_vans
from dispatch import planner
from dispatch.edge.service import Dispatch, Key
from dispatch.edge.solver import InlineSolver, ProcessSolver, Solver
from dispatch.travel import matrix
from mobility.core.booking import Channel, Load, RideWish, WishKind
from mobility.core.ports import Person
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay
from mobility.storage.bundles import load_region, shipped_region
from tests.dispatch.small_region import NoLineBuses
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.references import CountingReferences
from tests.fakes.vault import MemoryVault


async def booked_day(region: Region, rides: int, seed: int, solver: Solver) -> Dispatch:
    """Return a service whose day has up to ``rides`` rides, each where insertion put it."""
    day, area, rng = ServiceDay(region.scenario_day, region.zone), region.areas[0], random.Random(seed)
    clock = SettableClock(day.at(-6 * 3600))
    dispatch = Dispatch(
        region=region,
        ledger=MemoryLedger(clock),
        vault=MemoryVault(),
        clock=clock,
        references=CountingReferences(),
        travel=matrix(region),
        direct=NoLineBuses(),
        solver=solver,
        improve_delay_s=0.0,
    )
    for number in range(rides):
        origin, destination = rng.sample(area.stops, 2)
        wish = RideWish(
            area_id=area.area_id,
            origin=origin,
            destination=destination,
            kind=rng.choice(list(WishKind)),
            at=day.at(rng.randrange(9 * 3600, 16 * 3600, 300)),
            load=Load(rng.choice([1, 1, 1, 2])),
        )
        for offer in (await dispatch.quote(wish, Channel.PHONE)).offers[:1]:
            key = Key(value=str(number), fingerprint="")
            await dispatch.accept(offer.offer_id, Person(name="Bench"), Channel.PHONE, key)
    return dispatch


def cost_and_broken(dispatch: Dispatch) -> tuple[int, int, int]:
    """Return the plan's cost in ms, the tasks outside their promised window, and the number of rides."""
    area, day = dispatch.region.areas[0], dispatch.region.scenario_day
    plan = dispatch.plan(area, day)
    service = dispatch.service(area.area_id)
    cost_ms = planner.cost_ms(service, planner.draft(service, dispatch.state, plan, dispatch.clock.now()))
    tasks = [task for tour in plan.tours for task in tour.tasks]
    if cost_ms is None:
        raise RuntimeError("the plan that was booked can not be driven")
    return cost_ms, sum(not task.window.holds(task.begin) for task in tasks), len(tasks) // 2


async def measure(days: int, rides: int, vehicles: int, seconds: float) -> dict[str, Any]:
    shipped = with_vans(load_region(shipped_region("ilmenau")), vehicles)
    region = replace(shipped, areas=(replace(shipped.areas[0], fare_cent=0),))
    totals = {"insertion": 0, "inline": 0, "process": 0}
    served, broken, inline_s = 0, 0, []
    process = ProcessSolver(time_limit_s=seconds, patience_s=60.0)
    for seed in range(1, days + 1):
        for name, solver in (("inline", InlineSolver()), ("process", process)):
            dispatch = await booked_day(region, rides, seed, solver)
            before, _, count = cost_and_broken(dispatch)
            started = time.process_time()
            await dispatch.improve(region.areas[0].area_id, region.scenario_day)
            spent = time.process_time() - started
            after, wrong, _ = cost_and_broken(dispatch)
            totals[name] += after
            broken += wrong
            if name == "inline":
                totals["insertion"] += before
                served += count
                inline_s.append(spent)
    await process.close()
    return {
        "benchmark": "reoptimise",
        "days": days,
        "vehicles": vehicles,
        "rides_served": served,
        "cost_min_insertion": round(totals["insertion"] / 60_000, 1),
        "ratio_inline": round(totals["inline"] / totals["insertion"], 4),
        "ratio_process": round(totals["process"] / totals["insertion"], 4),
        "process_search_s": seconds,
        "inline_cpu_s_max": round(max(inline_s), 3),
        "solver_failures": process.failures,
        "promises_broken": broken,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--rides", type=int, default=60)
    parser.add_argument("--vehicles", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    given = parser.parse_args()
    line = asyncio.run(measure(given.days, given.rides, given.vehicles, given.seconds))
    print(json.dumps(line))
    return 0 if line["promises_broken"] == 0 and line["ratio_process"] <= 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())
