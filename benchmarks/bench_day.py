"""A full operating day in virtual time: every vehicle at 1 Hz through the real gateway, ledger and feeds.

Runs ``mobility sim run ilmenau --seed 1 --record-feeds --no-stream`` as a process of its own, once, into a directory
that is thrown away. The wall time of the whole process stands against the limit of 120 s and the aim of 30 s; the
simulated time over it is the real-time factor. A day in which a sample got lost or a promise broke is no result.
Run: ``python -m benchmarks.bench_day``.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time

LIMIT_S, AIM_S = 120.0, 30.0
SIMULATED_S = 21 * 3600.0
"""The scenario lasts from 04:00 to 25:00."""


def main() -> int:
    """Print one JSON line; 1 beyond the limit or where the day went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mobility", "sim", "run", "ilmenau", "--seed", "1", "--out", folder]
        started_s = time.perf_counter()
        done = subprocess.run(
            [*command, "--record-feeds", "--no-stream", "--json"], check=True, capture_output=True, text=True
        )
        wall_s = time.perf_counter() - started_s
    card = json.loads(done.stdout)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    frames = card["frames"]
    line = {
        "benchmark": "day",
        "wall_s": round(wall_s, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "samples": frames["acknowledged"],
        "real_time_factor": round(SIMULATED_S / wall_s),
        "limit_s": LIMIT_S,
        "aim_s": AIM_S,
        "ratio": round(wall_s / LIMIT_S, 3),
        "ratio_to_aim": round(wall_s / AIM_S, 3),
    }
    print(json.dumps(line))
    is_whole = frames["sent"] == frames["acknowledged"] > 0 and card["promises"]["broken"] == 0
    return 0 if is_whole and wall_s <= LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main())
