"""A fresh interpreter imports the solver and solves a small day: with the compiler's cache, and with none.

Two JSON lines, ``cold_solve.empty`` and ``cold_solve.cached``: ``cpu_s`` of the child process (of which the compiler
is one thread), ``s`` on the clock. The cache lies in a folder that is thrown away. Exit 1 above a limit.

Run: ``python -m benchmarks.bench_cold_solve [--rounds 3]``.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.dispatch.darp.cordeau_files import random_file

EMPTY_LIMIT_S, CACHED_LIMIT_S = 25.0, 2.0
SCRIPT = """
import sys
from dispatch import Iterations, parse_instance, solve
instance = parse_instance(open(sys.argv[1]).read(), "day")
print(solve(instance.problem, Iterations(100), seed=1).cost)
"""


def child_s(instance: Path, cache: Path) -> tuple[float, float]:
    """Return CPU seconds and seconds on the clock of one fresh interpreter."""
    before = os.times()
    started_s = time.perf_counter()
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-W", "ignore::ResourceWarning", "-c", SCRIPT, str(instance)]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[1])
    after = os.times()
    cpu_s = after.children_user - before.children_user + after.children_system - before.children_system
    return cpu_s, time.perf_counter() - started_s


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        instance, cache = Path(folder) / "day.txt", Path(folder) / "cache"
        instance.write_text(random_file(random.Random(1), 16, 2), encoding="utf-8")
        empty = child_s(instance, cache)
        cached = min(child_s(instance, cache) for _ in range(given.rounds))
    limits = (("empty", empty, EMPTY_LIMIT_S), ("cached", cached, CACHED_LIMIT_S))
    for name, (cpu_s, s), limit_s in limits:
        line = {"benchmark": f"cold_solve.{name}", "cpu_s": round(cpu_s, 2), "s": round(s, 2), "limit_s": limit_s}
        print(json.dumps({**line, "ratio": round(cpu_s / limit_s, 3)}))
    return 0 if all(cpu_s <= limit_s for _, (cpu_s, _), limit_s in limits) else 1


if __name__ == "__main__":
    sys.exit(main())
