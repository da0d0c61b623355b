"""Our search against OR-Tools' routing library at its best known setting, same processor time, same instances.

One JSON line per instance, ``darp``: cost of both after the same CPU seconds, ratio ours over the library's. Every
solution goes through the independent check. Exit 1 above the limit, for a request left out or a rule broken. Needs
R5a and R10a among the third-party data.

Run: ``python -m benchmarks.bench_darp [--seconds 20] [--seed 1] [--quick]``; ``--quick`` is 5 s on R5a alone.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from dispatch import CpuSeconds, parse_instance, solve, warm
from dispatch.darp.check import Verdict, check
from dispatch.darp.cordeau import Instance
from dispatch.darp.problem import Solution
from dispatch.darp.routing_library import solve_by_library

DATA = Path(os.environ.get("MOBILITY_TEST_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))
LIMIT = 0.85


def verdict(text: str, instance: Instance, found: Solution) -> Verdict:
    """Return what the independent check says of a solution."""
    unserved = [ride + 1 for ride in found.unserved]
    return check(text, instance.nodes(found.routes), unserved=unserved, cost=found.cost)


def compared(path: Path, seconds: float, seed: int) -> bool:
    """Print the line of one instance; return whether everything is kept."""
    text = path.read_text(encoding="utf-8")
    instance = parse_instance(text, path.name)
    ours = solve(instance.problem, CpuSeconds(seconds), seed=seed)
    peer = solve_by_library(instance.problem, CpuSeconds(seconds))
    faults = [fault.detail for found in (ours, peer) for fault in verdict(text, instance, found).faults]
    ratio = ours.cost / peer.cost
    is_kept = ratio <= LIMIT and not faults and not ours.unserved and not peer.unserved
    line = {
        "benchmark": "darp",
        "instance": path.stem,
        "cpu_s": seconds,
        "cost": round(ours.cost, 2),
        "unserved": len(ours.unserved),
        "peer_cost": round(peer.cost, 2),
        "peer_unserved": len(peer.unserved),
        "ratio": round(ratio, 4),
        "limit": LIMIT,
        "faults": faults,
    }
    print(json.dumps(line), flush=True)
    return is_kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    names, seconds = (["R5a"], 5.0) if given.quick else (["R5a", "R10a"], given.seconds)
    paths = [DATA / "darp" / f"{name}.txt" for name in names]
    if not all(path.is_file() for path in paths):
        print(json.dumps({"benchmark": "darp", "skipped": f"no {' and '.join(names)} in the test data"}))
        return 0
    warm()
    kept = [compared(path, seconds, given.seed) for path in paths]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
