"""How good arrival predictions are on disturbed days, beside carrying the delay along and the bare timetable.

The days come from a generator of its own, written before the predictor was tuned and never used to fit it: a shuttle
drives to and fro all day; driving times scatter around the fastest time (gamma), now and then a hindrance stops it,
dwell scatters with boarding and ramps, starts are late, vehicles never leave a stop before their time. The service
starts knowing nothing and learns while the day goes on. Run: ``python benchmarks/bench_prediction.py``.
"""

import json
import random
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from gtfs.timetable import Timetable
from mobility.core.vehicle import TripRef
from passenger_info.edge.service import PassengerInfo
from tests.fakes.clock import SettableClock
from tests.passenger_info.day import BACK, DAY, OUT, SPECS, Drive, run_on, timetable_of

TRIPS_A_DAY = 30
HEADWAY_S = 1200
FASTEST_S = 118.0
"""Fastest drive between two stops of the generated line; the timetable allows ``RUN_S`` less dwell."""


def timetable_of_days(folder: Path) -> Timetable:
    """A shuttle from six in the morning, out and back every 20 minutes."""
    trips = {f"T{i:02d}": (6 * 3600 + i * HEADWAY_S, OUT if i % 2 == 0 else BACK, "b1") for i in range(TRIPS_A_DAY)}
    return timetable_of(trips, folder)


def disturbed(drive: Drive, rng: random.Random, free_at_late_s: float) -> Drive:
    """The drive with random delays: start, driving times, hindrances, boarding, ramps."""
    late_s = max(free_at_late_s, rng.expovariate(1 / 20) if rng.random() < 0.8 else rng.uniform(60, 300))
    drives, dwells = [], []
    for _ in range(drive.run.last):
        drive_s = FASTEST_S * (1 + rng.gammavariate(2.0, 0.06))
        if rng.random() < 0.08:
            drive_s += rng.uniform(20, 120)
        drives.append(drive_s)
        dwells.append(rng.uniform(45, 100) if rng.random() < 0.06 else 4 + rng.gammavariate(2.0, 6.0))
    return replace(drive, start_late_s=late_s, drive_s=tuple(drives), dwell_s=tuple(dwells), noise_m=4.0)


def score_days(*, days: int, seed: int, folder: Path) -> Mapping[str, Any]:
    """Scores over ``days`` disturbed days, one service instance that starts knowing nothing."""
    timetable = timetable_of_days(folder)
    rng = random.Random(seed)
    first = run_on(timetable, "T00").departure[0]
    clock = SettableClock(first)
    info = PassengerInfo(timetable=timetable, clock=clock, specs=SPECS)
    seq = 0
    for offset in range(days):
        day = DAY + timedelta(days=offset)
        free_at = None
        for i in range(TRIPS_A_DAY):
            run = info.runs.get(TripRef(f"T{i:02d}", day))
            behind_s = 0.0 if free_at is None else max(0.0, (free_at - run.departure[0]) / 1000 + 60)
            drive = disturbed(Drive(run, timetable, seed=seed + i, wait_before_s=30), rng, behind_s)
            free_at = drive.calls()[-1][0]
            for seen in drive.states(seq):
                clock.moment = max(clock.moment, seen.as_of)
                info.observe(seen)
                seq += 1
    return info.accuracy()


def main() -> None:
    """Print one JSON line."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as folder:
        scores = score_days(days=days, seed=90210, folder=Path(folder))
    constant = scores["baselines"]["constant_delay"]["mae_s"]
    print(
        json.dumps(
            {
                "benchmark": "prediction",
                "days": days,
                **scores,
                "ratio_mae_to_constant_delay": round(scores["mae_s"] / constant, 3),
                "ratio_mae_to_schedule": round(scores["mae_s"] / scores["baselines"]["schedule"]["mae_s"], 3),
            }
        )
    )


if __name__ == "__main__":
    main()
