"""The best place for one more ride over 10 vehicles with 144 bookings, against the limit of 1 ms (p99, CPU).

Two JSON lines, ``insertion`` with driving as cost and ``insertion.weighted`` with waiting and riding too, as the
citizen bus has it. Random days of the R series' size and an hour's windows are planned; then every booking is taken
out in turn and looked for anew, over all vehicles and positions. ``prepare_us`` is what it costs to set up the board
of routes once.

Run: ``python -m benchmarks.bench_insertion [--days 5] [--seed 1]``.
"""

import argparse
import json
import random
import sys
import time
from dataclasses import replace
from statistics import median, quantiles

from dispatch import Iterations, parse_instance, solve, warm
from dispatch.darp.insertion import Board
from dispatch.darp.problem import Problem
from tests.dispatch.darp.cordeau_files import row

LIMIT_MS = 1.0
VEHICLES, BOOKINGS = 10, 144


def random_day(rng: random.Random, *, is_weighted: bool) -> Problem:
    """Return a day of ten hours; the first half of the bookings says when to arrive, the second when to leave."""
    spot = [(rng.gauss(0, 5), rng.gauss(0, 5)) for _ in range(2 * BOOKINGS)]
    lines = [f"{VEHICLES} {BOOKINGS} 600 6 90", row(0, (0.0, 0.0), 0, 0, (0, 1440))]
    opens = [rng.randint(60, 480) for _ in range(BOOKINGS)]
    for k, place in enumerate(spot):
        is_pickup = k < BOOKINGS
        has_window = (k % BOOKINGS < BOOKINGS // 2) != is_pickup
        window = (opens[k % BOOKINGS], opens[k % BOOKINGS] + 60) if has_window else (0, 1440)
        lines.append(row(k + 1, place, 5, 1 if is_pickup else -1, window))
    problem = parse_instance("\n".join(lines), "day").problem
    return replace(problem, waiting_weight=1.0, riding_weight=0.1) if is_weighted else problem


def timed(problem: Problem, seed: int) -> tuple[list[float], list[float], int]:
    """Return the times of all searches and of all preparations in ms, and how many bookings the plan holds."""
    plan = solve(problem, Iterations(1_000), seed=seed)
    searches_ms: list[float] = []
    prepares_ms: list[float] = []
    for ride in range(problem.rides):
        ends = {int(problem.pickup[ride]), int(problem.dropoff[ride])}
        routes = [[stop for stop in route if stop not in ends] for route in plan.routes]
        started = time.process_time_ns()
        board = Board(problem, routes)
        between = time.process_time_ns()
        board.best(ride)
        searches_ms.append((time.process_time_ns() - between) / 1e6)
        prepares_ms.append((between - started) / 1e6)
    return searches_ms, prepares_ms, problem.rides - len(plan.unserved)


def measure(name: str, days: int, seed: int, *, is_weighted: bool) -> bool:
    """Print a line; return whether the limit is kept."""
    rng = random.Random(seed)
    searches_ms: list[float] = []
    prepares_ms: list[float] = []
    booked = 0
    for day in range(days):
        found = timed(random_day(rng, is_weighted=is_weighted), day)
        searches_ms, prepares_ms, booked = searches_ms + found[0], prepares_ms + found[1], booked + found[2]
    p99_ms = quantiles(searches_ms, n=100)[98]
    line = {
        "benchmark": name,
        "vehicles": VEHICLES,
        "bookings": round(booked / days, 1),
        "searches": len(searches_ms),
        "p50_us": round(median(searches_ms) * 1000, 1),
        "p99_us": round(p99_ms * 1000, 1),
        "max_us": round(max(searches_ms) * 1000, 1),
        "prepare_us": round(median(prepares_ms) * 1000, 1),
        "limit_ms": LIMIT_MS,
        "ratio": round(p99_ms / LIMIT_MS, 4),
    }
    print(json.dumps(line), flush=True)
    return p99_ms <= LIMIT_MS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    warm()
    timed(random_day(random.Random(0), is_weighted=True), 0)  # every path once, unmeasured
    lines = (("insertion", False), ("insertion.weighted", True))
    kept = [measure(name, given.days, given.seed, is_weighted=weighted) for name, weighted in lines]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
