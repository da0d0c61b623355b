"""Proofs of optimality: every a and b instance, from nothing, in CPU seconds.

One JSON line each, ``bound.a8-96`` and so on, and ``bound.all``: the bound's gap to the best known solution and CPU
seconds. Exit 1 when an optimum is not proved within a minute, when a bound lies above the best known solution, or when
the plan that came of it fails the independent checker.

Run: ``python -m benchmarks.bench_bound [--quick] [--data DIR]``.
"""

import argparse
import csv
import json
import os
import sys
import time
from pathlib import Path

from dispatch.darp.bound import Bound, lower_bound
from dispatch.darp.check import check
from dispatch.darp.cordeau import parse_instance
from dispatch.edge.cpu_budget import CpuSeconds

LIMIT_S = 60.0
ROUNDED = 0.0051
"""Best known solutions are published with two decimals."""
ALMOST = 5e-6
"""Share of the cost by which the bound may lie below it and count as tight: margins for the solver's tolerances."""
QUICK = ("a2-16", "a3-36", "a4-48", "a5-60", "a8-64", "b2-24", "b3-24")


def main() -> None:
    """Print one line per instance and one for all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    default = Path(__file__).parents[1] / ".." / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("MOBILITY_TEST_DATA", default)) / "darp")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        print(f"no instances in {arguments.data}: nothing measured", file=sys.stderr)
        return
    with (arguments.data / "bks.csv").open() as file:
        known = {row["instance"]: float(row["bks"]) for row in csv.DictReader(file)}
    names = sorted(QUICK if arguments.quick else (name for name in known if name[0] in "ab"))
    proved(arguments.data / f"{names[0]}.txt", known[names[0]])  # compiles
    lines = [proved(arguments.data / f"{name}.txt", known[name]) for name in names]
    for line in lines:
        print(json.dumps(line))
    spent = [line["cpu_s"] for line in lines]
    is_kept = all(line["is_kept"] for line in lines)
    together = {"benchmark": "bound.all", "instances": len(lines), "mean_cpu_s": round(sum(spent) / len(spent), 3)}
    print(json.dumps(together | {"max_cpu_s": max(spent), "limit_s": LIMIT_S, "ratio": round(max(spent) / LIMIT_S, 3)}))
    sys.exit(0 if is_kept else 1)


def proved(path: Path, known: float) -> dict[str, object]:
    """Return the line of one instance."""
    text = path.read_text()
    instance = parse_instance(text, path.name)
    begin_s = time.process_time()
    bound = lower_bound(instance.problem, CpuSeconds(LIMIT_S))
    cpu_s = time.process_time() - begin_s
    return {
        "benchmark": f"bound.{path.stem}",
        "bound": round(bound.value, 4),
        "best_known": known,
        "gap_percent": round(100.0 * (known - bound.value) / known, 4),
        "is_optimal": bound.is_optimal,
        "cpu_s": round(cpu_s, 3),
        "is_kept": bound.is_optimal and cpu_s <= LIMIT_S and bound.value <= known + ROUNDED and is_valid(text, bound),
    }


def is_valid(text: str, bound: Bound) -> bool:
    """Whether the plan keeps every rule and costs what was proved."""
    if bound.routes is None:
        return False
    routes = parse_instance(text, "").nodes(bound.routes)
    verdict = check(text, routes)
    return verdict.is_valid and verdict.cost - bound.value <= ALMOST * verdict.cost


if __name__ == "__main__":
    main()
