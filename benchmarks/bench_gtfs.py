"""Loading real feeds into a timetable against bare gtfs-kit reading the same zip, and a board's look-up.

One JSON object a line; ``ratio`` is our CPU time over gtfs-kit's, which does part of our work: it only reads the
tables, we also check every reference, place the stops on their shapes and fill open times.
Run: ``python -m benchmarks.bench_gtfs [--rounds 7] [--data DIR]``.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

import gtfs_kit

from gtfs.edge.load import load_feed
from gtfs.edge.write import schedule_zip
from gtfs.from_region import timetable_of
from gtfs.timetable import Timetable
from mobility.core.clock import Instant
from mobility.core.service_day import ServiceDay
from mobility.storage.bundles import load_region, shipped_region

DATA = Path(os.environ.get("MOBILITY_TEST_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))
FEEDS = {"raba.zip": date(2025, 6, 9), "ct.zip": date(2023, 11, 7)}
HOUR_MS = 3_600_000


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the CPU milliseconds of one call."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000


def loading(path: Path, rounds: int) -> tuple[float, float]:
    """Return the median CPU milliseconds of our loading and of bare gtfs-kit, measured by turns."""
    ours, peers = [], []
    for _ in range(rounds):
        peers.append(cpu_ms(lambda: gtfs_kit.read_feed(path, dist_units="m")))
        ours.append(cpu_ms(lambda: load_feed(path)))
    return median(ours), median(peers)


def boards(timetable: Timetable, day: date) -> tuple[int, float]:
    """Return how many boards were asked for, and the mean microseconds of one: two hours at one stop."""
    start = ServiceDay(day, timetable.zone).start
    moments = [Instant(start + hour * HOUR_MS) for hour in range(5, 24)]

    def ask() -> None:
        for stop_id in timetable.stops:
            for moment in moments:
                timetable.departures_between(stop_id, moment, Instant(moment + 2 * HOUR_MS))

    ask()  # the second time nothing is built any more, as in a running server
    count = len(timetable.stops) * len(moments)
    return count, cpu_ms(ask) * 1000 / count


def main() -> None:
    """Run all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--data", type=Path, default=DATA / "gtfs")
    chosen = arguments.parse_args()
    for name, day in FEEDS.items():
        path = chosen.data / name
        if not path.is_file():
            print(json.dumps({"benchmark": "gtfs.load", "feed": name, "skipped": "third-party test data is absent"}))
            continue
        ours, peer = loading(path, chosen.rounds)
        timetable = load_feed(path)
        result = {"feed": name, "calls": len(timetable.stop_times.stop), "cpu_ms": round(ours, 1)}
        result |= {"peer": "gtfs_kit.read_feed", "peer_cpu_ms": round(peer, 1), "ratio": round(ours / peer, 2)}
        print(json.dumps({"benchmark": "gtfs.load", **result}), flush=True)
        _board(name, timetable, day)
    _region(chosen.rounds)


def _board(name: str, timetable: Timetable, day: date) -> None:
    count, mean_us = boards(timetable, day)
    limit_us = 200
    result = {"feed": name, "boards": count, "mean_us": round(mean_us, 1), "limit_us": limit_us}
    print(json.dumps({"benchmark": "gtfs.departures", **result, "ratio": round(mean_us / limit_us, 3)}), flush=True)


def _region(rounds: int) -> None:
    region = load_region(shipped_region("ilmenau"))
    build_ms = median(cpu_ms(lambda: timetable_of(region)) for _ in range(rounds))
    write_ms = median(cpu_ms(lambda: schedule_zip(region)) for _ in range(rounds))
    timetable = timetable_of(region)
    limit_ms = 300
    result = {"trips": len(timetable.trips), "cpu_ms": round(build_ms, 1), "zip_cpu_ms": round(write_ms, 1)}
    result |= {"limit_ms": limit_ms, "ratio": round(build_ms / limit_ms, 3)}
    print(json.dumps({"benchmark": "gtfs.from_region", **result}), flush=True)
    _board("ilmenau", timetable, region.scenario_day)


if __name__ == "__main__":
    main()
