"""Loading feeds into a timetable against bare gtfs-kit reading the same zip, and a board's look-up.

One JSON object a line; ``ratio`` is our CPU time over gtfs-kit's. gtfs-kit does part of our work: it only reads the
tables, we also check every reference, place the stops on their shapes, fill open times and index all of it.

- ``gtfs.load_large``: a generated feed of 2.24 million calls, our whole loading against gtfs-kit reading its tables.
  Limit 0.7. ``tables_cpu_ms`` and ``tables_ratio`` are the tables alone, read by us and by gtfs-kit: like for like.
  ``peak_mib`` and ``peer_peak_mib`` are the most memory a fresh process held while it did nothing else.
- ``gtfs.load_patiently``: the same feed when something unusual stands in it and gtfs-kit has to read it for us.
- ``gtfs.load``: real feeds, whole loading.

Exit 1 where ``gtfs.load_large`` breaks its limit.
Run: ``python -m benchmarks.bench_gtfs [--rounds 7] [--data DIR] [--large-rounds 3]``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

import gtfs_kit

from benchmarks.large_feed import write_large_feed
from gtfs.edge.archive import tables_in
from gtfs.edge.load import load_feed, read_feed, read_feed_patiently
from gtfs.edge.quick import quick_tables
from gtfs.edge.wanted import COLUMNS
from gtfs.edge.write import schedule_zip
from gtfs.from_region import timetable_of
from gtfs.timetable import Timetable
from mobility.core.clock import Instant
from mobility.core.service_day import ServiceDay
from mobility.storage.bundles import load_region, shipped_region

DATA = Path(os.environ.get("MOBILITY_TEST_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))
FEEDS = {"raba.zip": date(2025, 6, 9), "ct.zip": date(2023, 11, 7)}
HOUR_MS = 3_600_000
LIMIT = 0.7
"""Of gtfs-kit's CPU time for reading the tables, for the whole timetable."""
_PEAK = "import sys; {}; print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
"""What ``getrusage`` says would count the process that started it, too."""
_OURS = "from pathlib import Path; from gtfs.edge.load import load_feed; load_feed(Path(sys.argv[1]))"
_PEER = "import gtfs_kit; gtfs_kit.read_feed(sys.argv[1], dist_units='m')"


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


def reading(path: Path, rounds: int) -> tuple[float, float, float]:
    """Return the median CPU milliseconds of reading the tables by us, by gtfs-kit, and of our whole loading."""
    ours, peers, wholes = [], [], []
    tables = tables_in(path)
    for _ in range(rounds):
        peers.append(cpu_ms(lambda: gtfs_kit.read_feed(path, dist_units="m")))
        ours.append(cpu_ms(lambda: read_feed(path, tables)))
        wholes.append(cpu_ms(lambda: load_feed(path)))
    return median(ours), median(peers), median(wholes)


def peak_mib(work: str, path: Path) -> float:
    """Return the most memory that a fresh process held which did nothing but ``work`` with the feed."""
    command = [sys.executable, "-c", _PEAK.format(work), str(path)]
    return int(subprocess.run(command, capture_output=True, check=True).stdout) / 1024


def large(rounds: int) -> bool:
    """Print the row of the generated feed; return whether the limit was kept."""
    with tempfile.TemporaryDirectory(prefix="bench-gtfs-") as folder:
        path = Path(folder) / "large.zip"
        calls = write_large_feed(path)
        quick_tables(path, tables_in(path), COLUMNS)  # raises where the feed would fall back to gtfs-kit
        ours, peer, whole = reading(path, rounds)
        patient = cpu_ms(lambda: read_feed_patiently(path, tables_in(path)))
        peaks = {"peak_mib": round(peak_mib(_OURS, path)), "peer_peak_mib": round(peak_mib(_PEER, path))}
    ratio = whole / peer
    result = {"calls": calls, "cpu_ms": round(whole, 1), "peer": "gtfs_kit.read_feed", "peer_cpu_ms": round(peer, 1)}
    result |= {"ratio": round(ratio, 3), "limit": LIMIT, **peaks}
    result |= {"tables_cpu_ms": round(ours, 1), "tables_ratio": round(ours / peer, 3)}
    print(json.dumps({"benchmark": "gtfs.load_large", **result}), flush=True)
    result = {"calls": calls, "cpu_ms": round(patient, 1), "peer": "gtfs_kit.read_feed", "peer_cpu_ms": round(peer, 1)}
    print(json.dumps({"benchmark": "gtfs.load_patiently", **result, "ratio": round(patient / peer, 3)}), flush=True)
    return ratio <= LIMIT


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
    arguments.add_argument("--large-rounds", type=int, default=3)
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
    if not large(chosen.large_rounds):
        sys.exit(1)


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
