"""Whole simulated days as a black box: same bytes twice, figures that add up, feeds and schedule without an error.

``python -m tests.rigs.operating_day --seeds 1,2,3`` prints one JSON object; exit 0 when nothing is wanting, 1 else.
The first seed runs twice, with different hash seeds. ``--until HH:MM`` ends the day earlier. ``--plant`` spoils what
the first run wrote, before it is looked at; then the rig must say 1.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from google.transit import gtfs_realtime_pb2 as realtime

from tests.rigs.operating_day_checker import contradictions, feed_faults, schedule_faults, scorecard, unequal_files

ROOT = Path(__file__).parents[2]


def drive(out: Path, seed: int, until: str, hash_seed: int) -> None:
    """Run a day into ``out``; raises ``CalledProcessError`` when the command fails."""
    command = [sys.executable, "-m", "mobility", "sim", "run", "ilmenau", "--seed", str(seed), "--out", str(out)]
    command += ["--record-feeds", *(["--until", until] if until else [])]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def look(out: Path, *, is_whole_day: bool) -> dict[str, Any]:
    """Everything that can be said about one run; ``faults`` is empty when nothing is wanting."""
    with tempfile.TemporaryDirectory() as scratch:
        schedule, schedule_warnings = schedule_faults(out, Path(scratch))
    feeds, feed_warnings = feed_faults(out)
    card = scorecard(out)
    return {
        "trips": card["trips"],
        "rides": card["rides"],
        "promises": card["promises"],
        "feeds": len(list((out / "feeds").glob("*.pb"))),
        "wall_s": card["wall_s"],
        "warnings": {**schedule_warnings, **feed_warnings},
        "faults": [*contradictions(out, is_whole_day=is_whole_day), *schedule, *feeds],
    }


def plant_feed(out: Path) -> None:
    """One recorded feed says that a vehicle is beyond the pole."""
    path = max((out / "feeds").glob("*.pb"))
    message = realtime.FeedMessage.FromString(path.read_bytes())
    vehicle = next(entity.vehicle for entity in message.entity if entity.HasField("vehicle"))
    vehicle.position.latitude = 91.0
    path.write_bytes(message.SerializeToString())


def plant_torn_feed(out: Path) -> None:
    """One recorded feed was cut off in the middle."""
    path = max((out / "feeds").glob("*.pb"))
    path.write_bytes(path.read_bytes()[:-7])


def plant_promise(out: Path) -> None:
    """A promise is counted as made that nobody knows the end of."""
    card = scorecard(out)
    card["promises"]["made"] += 1
    (out / "scorecard.json").write_text(json.dumps(card))


def plant_byte(out: Path) -> None:
    """One byte of the trip log differs."""
    path = out / "trip_log" / "stop_visits.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


PLANTS = {"feed": plant_feed, "torn-feed": plant_torn_feed, "promise": plant_promise, "byte": plant_byte}


def run(seeds: list[int], until: str = "", plant: str | None = None) -> dict[str, Any]:
    """Run and look at every seed; ``ok`` tells whether nothing is wanting."""
    started = time.monotonic()
    days: dict[str, Any] = {}
    unequal: list[str] = []
    for number, seed in enumerate(seeds):
        with tempfile.TemporaryDirectory() as scratch:
            out, again = Path(scratch) / "first", Path(scratch) / "again"
            drive(out, seed, until, hash_seed=seed)
            if number == 0:
                drive(again, seed, until, hash_seed=seed + 1000)
                if plant is not None:
                    PLANTS[plant](out)
                unequal = unequal_files(out, again)
            days[str(seed)] = look(out, is_whole_day=not until) if plant != "byte" else {"faults": []}
    return {
        "rig": "operating_day",
        "seeds": seeds,
        "until": until,
        "plant": plant,
        "unequal_files": unequal,
        "days": days,
        "elapsed_s": round(time.monotonic() - started, 1),
        "ok": bool(days) and not unequal and not any(day["faults"] for day in days.values()),
    }


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", default="1", help="numbers with commas between them")
    arguments.add_argument("--until", default="", metavar="HH:MM")
    arguments.add_argument("--plant", choices=PLANTS)
    given = arguments.parse_args()
    result = run([int(seed) for seed in given.seeds.split(",")], given.until, given.plant)
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
