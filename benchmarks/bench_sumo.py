"""Our engine against SUMO's own dispatchers: 36 requests, 4 eight-seat vehicles, 3 hours on a real road network.

One JSON line ``sumo`` for each seed and dispatcher, one ``sumo.mean`` for each dispatcher. Requests become known when
they are made; vehicles are driven by SUMO. Exit code 1 when ours leaves somebody behind, or is not better than
``greedyShared`` of the same run in both the mean wait and the vehicle kilometres.

Needs SUMO 1.28 (0.8 GB), which is not a dependency: ``--sumo-home`` names an installed one, ``--cache`` a directory in
which an environment for it is made. Without either, and without the data, it prints ``skipped``.

Run: ``python -m benchmarks.bench_sumo --cache ~/.cache/mobility-bench [--seeds 3,4,5] [--without-ortools]``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.sumo import rolling, runs
from benchmarks.sumo.install import Sumo, installed, sumo_at
from benchmarks.sumo.road_graph import read_graph
from benchmarks.sumo.scenario import TOP_SPEED_MPS, Demand, Outcome, build_network, read_demand

DATA = Path(os.environ.get("MOBILITY_TEST_DATA", "../shared/data"))
OURS, PEER, EXAMPLE = "ours", "greedyShared", "drtOrtools"
Run = Callable[[Demand, Path], Outcome]


def runs_of(sumo: Sumo, net: Path, *, with_ortools: bool, waiting_share: float) -> dict[str, Run]:
    graph = read_graph(net, TOP_SPEED_MPS)
    planner = partial(rolling.replanned, waiting_share=waiting_share)
    found: dict[str, Run] = {
        PEER: lambda demand, folder: runs.greedy_shared(sumo, demand, net, folder),
        OURS: lambda demand, folder: runs.ours(sumo, demand, net, folder, graph=graph, planner=planner),
    }
    if with_ortools:
        found[EXAMPLE] = lambda demand, folder: runs.drt_ortools(sumo, demand, net, folder)
    return found


def measured(dispatchers: dict[str, Run], seeds: list[int], folder: Path) -> Iterator[tuple[str, Outcome]]:
    for seed in seeds:
        demand = read_demand(DATA / "drt" / f"north-bayreuth-seed{seed}.csv")
        for name, run in dispatchers.items():
            begun_s, place = time.perf_counter(), folder / f"{name}-{seed}"
            place.mkdir()
            try:
                outcome = run(demand, place)
            except (RuntimeError, FileNotFoundError, subprocess.TimeoutExpired) as fault:
                if name != EXAMPLE:
                    raise
                print(json.dumps({"benchmark": "sumo", "dispatcher": name, "seed": seed, "skipped": str(fault)}))
                continue
            wall_s = round(time.perf_counter() - begun_s, 1)
            line: dict[str, Any] = {"benchmark": "sumo", "dispatcher": name, "seed": seed, **outcome.as_json()}
            print(json.dumps(line | {"wall_s": wall_s}), flush=True)
            yield name, outcome


def mean_of(name: str, outcomes: list[Outcome], peer: list[Outcome]) -> dict[str, Any]:
    def mean(of: list[Outcome], figure: str) -> float:
        return fmean(getattr(outcome, figure) for outcome in of)

    return {
        "benchmark": "sumo.mean",
        "dispatcher": name,
        "served": sum(outcome.served for outcome in outcomes),
        "requests": sum(outcome.requests for outcome in outcomes),
        **{figure: round(mean(outcomes, figure), 1) for figure in ("wait_s", "wait_p95_s", "ride_s", "vehicle_km")},
        "ratio_wait": round(mean(outcomes, "wait_s") / mean(peer, "wait_s"), 3),
        "ratio_vehicle_km": round(mean(outcomes, "vehicle_km") / mean(peer, "vehicle_km"), 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sumo-home", type=Path, default=os.environ.get("SUMO_HOME"))
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--seeds", default="3,4,5")
    parser.add_argument("--without-ortools", action="store_true", help="leave SUMO's OR-Tools example out")
    parser.add_argument(
        "--waiting-share", type=float, default=rolling.WAITING_SHARE, help="driven seconds that a waiting one is worth"
    )
    given = parser.parse_args()
    osm = DATA / "osm" / "north-bayreuth.osm.gz"
    if not osm.is_file() or (given.sumo_home is None and given.cache is None):
        reason = f"{osm} is missing" if not osm.is_file() else "neither --sumo-home nor --cache was given"
        print(json.dumps({"benchmark": "sumo", "skipped": reason}))
        return 0
    sumo = sumo_at(Path(given.sumo_home)) if given.sumo_home is not None else installed(given.cache)
    outcomes: dict[str, list[Outcome]] = {}
    with tempfile.TemporaryDirectory(prefix="mobility-sumo-") as folder:
        net = Path(folder) / "net.xml"
        build_network(sumo.program("netconvert"), osm, net)
        dispatchers = runs_of(sumo, net, with_ortools=not given.without_ortools, waiting_share=given.waiting_share)
        for name, outcome in measured(dispatchers, [int(seed) for seed in given.seeds.split(",")], Path(folder)):
            outcomes.setdefault(name, []).append(outcome)
    lines = {name: mean_of(name, found, outcomes[PEER]) for name, found in outcomes.items()}
    for line in lines.values():
        print(json.dumps(line))
    ours = lines[OURS]
    is_better = ours["ratio_wait"] < 1 and ours["ratio_vehicle_km"] < 1
    return 0 if ours["served"] == ours["requests"] and is_better else 1


if __name__ == "__main__":
    sys.exit(main())
