"""The compiled feasibility check against its plain-Python twin on a million random routes: they may never disagree.

One JSON line, ``evaluator``: random problems with whole times (windows, several loads, ride times, duration, reach,
breaks, riders aboard, frozen heads, matrices without triangle inequality), routes near the edge of feasibility. CPU
time of each check for itself. Exit 1 on any disagreement, and where either answer is rare.

Run: ``python -m benchmarks.bench_evaluator [--routes 1000000] [--seed 1]``.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter

from dispatch.darp.evaluate import is_feasible
from dispatch.darp.twin import Twin
from dispatch.route import Schedule
from tests.dispatch.darp.random_problems import is_whole, random_problem, random_route

ROUTES_OF_A_PROBLEM = 200
LEAST_SHARE = 0.2


def compare(routes: int, seed: int) -> dict[str, object]:
    rng = random.Random(seed)
    ours_s, twin_s, disagreements, answers = 0.0, 0.0, 0, Counter[bool]()
    while answers.total() < routes:
        problem, order = random_problem(rng)
        twin = Twin(problem)
        batch = [random_route(problem, order, rng) for _ in range(ROUTES_OF_A_PROBLEM)]
        is_feasible(problem, *batch[0])  # prepares the arrays
        started = time.process_time()
        ours = [is_feasible(problem, vehicle, stops) for vehicle, stops in batch]
        between = time.process_time()
        theirs = [
            is_whole(problem, vehicle, stops) and isinstance(twin.schedule(vehicle, stops), Schedule)
            for vehicle, stops in batch
        ]
        ended = time.process_time()
        ours_s, twin_s = ours_s + between - started, twin_s + ended - between
        disagreements += sum(a != b for a, b in zip(ours, theirs, strict=True))
        answers.update(theirs)
    total = answers.total()
    return {
        "benchmark": "evaluator",
        "routes": total,
        "feasible_share": round(answers[True] / total, 3),
        "disagreements": disagreements,
        "limit": 0,
        "per_s": round(total / ours_s),
        "peer_per_s": round(total / twin_s),
        "ratio": round(twin_s / ours_s, 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--routes", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    line = compare(given.routes, given.seed)
    print(json.dumps(line))
    share = line["feasible_share"]
    assert isinstance(share, float)  # noqa: S101 - for the type checker
    return 0 if line["disagreements"] == 0 and LEAST_SHARE <= share <= 1 - LEAST_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
