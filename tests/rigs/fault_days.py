"""Days of faults by the whole simulator, each from its own seed: not one error of 121 rules in what was published.

Every seed draws a window of more than an hour (see ``fault_days_drawn``), drives it as ``mobility sim run
--record-feeds --no-stream`` does, and judges every dataset with gtfs-rt-validator and with our own checker, as
``feed_findings`` does. Where nothing is told that differs from the timetable nothing is shown; so what was told is
counted, and each of ``MUST_BE_TOLD`` must be among what many days told.

Run: ``python -m tests.rigs.fault_days --days 30 --workers 1``; one JSON object, exit 1 on a finding. What a day showed
goes to stderr as it ends. ``--keep DIR`` keeps the recordings of days with a finding. ``--plant`` spoils the first
day's recording before it is judged; then the rig must say 1.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.cli.headless import Headless
from mobility.cli.stage import Stage
from tests.rigs.fault_days_drawn import drawn_scenario
from tests.rigs.feed_findings import said
from tests.rigs.feed_findings_validator import Judged, judged

HOURS = 1.25
MUST_BE_TOLD = ("CANCELED", "DUPLICATED", "REPLACEMENT", "SCHEDULED", "SKIPPED", "alert", "vehicle")
MANY_DAYS = 20
_Trip = gtfs_realtime.TripDescriptor.ScheduleRelationship
_Call = gtfs_realtime.TripUpdate.StopTimeUpdate.ScheduleRelationship


def drive(out: Path, seed: int, hours: float) -> dict[str, Any]:
    """Record a window's datasets and return its scorecard."""
    stage = Stage.of("ilmenau-faults", seed)
    stage = replace(stage, scenario=drawn_scenario(seed, hours))
    return Headless(stage=stage, out=out, ends=stage.ends, record_feeds=True, stream=False).run()


def look(out: Path) -> tuple[Judged, Counter[str]]:
    """Return what a recording's datasets showed, and how often each kind of thing was told in them."""
    told: Counter[str] = Counter()
    for file in (out / "feeds").glob("*.pb"):
        for entity in gtfs_realtime.FeedMessage.FromString(file.read_bytes()).entity:
            told.update(_kinds(entity))
    return judged(out), told


def _kinds(entity: gtfs_realtime.FeedEntity) -> Iterator[str]:
    if not entity.HasField("trip_update"):
        yield from (kind for kind in ("vehicle", "alert", "shape") if entity.HasField(kind))
        return
    update = entity.trip_update
    yield _Trip.Name(update.trip.schedule_relationship)
    calls = {call.schedule_relationship for call in update.stop_time_update}
    yield from (_Call.Name(kind) for kind in sorted(calls) if kind != gtfs_realtime.TripUpdate.StopTimeUpdate.SCHEDULED)


def plant(out: Path) -> None:
    """The last dataset tells of a trip that the timetable does not have."""
    file = max((out / "feeds").glob("*.pb"))
    message = gtfs_realtime.FeedMessage.FromString(file.read_bytes())
    update = message.entity.add(id="trip:ghost").trip_update
    update.trip.trip_id, update.trip.schedule_relationship = "ghost", gtfs_realtime.TripDescriptor.CANCELED
    update.timestamp = message.header.timestamp
    file.write_bytes(message.SerializeToString())


def one_day(seed: int, hours: float, keep: Path | None, *, is_spoilt: bool) -> dict[str, Any]:
    """Drive and judge one seed's window."""
    begun_s = time.process_time()
    with _folder(keep, seed) as out:
        card = drive(out, seed, hours)
        if is_spoilt:
            plant(out)
        feeds, told = look(out)
        if keep is not None and feeds.is_clean:
            for file in (out / "feeds").iterdir():
                file.unlink()
    scenario = drawn_scenario(seed, hours)
    return {
        "seed": seed,
        "day": f"{scenario.day} {scenario.starts // 3600:02d}:{scenario.starts // 60 % 60:02d}",
        "line_changes": card["witnessed"]["line_changes"],
        "line_changes_refused": card["witnessed"]["line_changes_refused"],
        "operated": card["trips"]["operated"],
        "told": dict(sorted(told.items())),
        "feeds": said(feeds),
        "cpu_s": round(time.process_time() - begun_s, 1),
    }


@contextmanager
def _folder(keep: Path | None, seed: int) -> Iterator[Path]:
    if keep is not None:
        yield keep / f"day-{seed}"
        return
    with tempfile.TemporaryDirectory(prefix="fault-day-") as folder:
        yield Path(folder)


def run(
    days: int, *, first: int = 1, hours: float = HOURS, workers: int = 1, keep: Path | None = None, spoil: bool = False
) -> dict[str, Any]:
    """Drive and judge ``days`` windows, of seeds from ``first`` on."""
    found: list[dict[str, Any]] = []
    # each day in a process of its own: the simulator freezes and collects garbage as one that runs once
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, max_tasks_per_child=1) as pool:
        seeds = range(first, first + days)
        tasks = [pool.submit(one_day, seed, hours, keep, is_spoilt=spoil and seed == first) for seed in seeds]
        for task in as_completed(tasks):
            found.append(task.result())
            sys.stderr.write(json.dumps(found[-1], ensure_ascii=False) + "\n")
    return summed_up(sorted(found, key=lambda day: day["seed"]))


def summed_up(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the result of all days."""
    told: Counter[str] = Counter()
    for day in found:
        told.update(day["told"])
    missing = [kind for kind in MUST_BE_TOLD if not told[kind]] if len(found) >= MANY_DAYS else []
    return {
        "ok": bool(found) and not missing and all(day["feeds"]["ok"] for day in found),
        "days": len(found),
        "clean": sum(day["feeds"]["ok"] for day in found),
        "messages": sum(day["feeds"]["messages"] for day in found),
        "line_changes": sum(day["line_changes"] for day in found),
        "trips_operated": sum(day["operated"] for day in found),
        "told": dict(sorted(told.items())),
        "never_told": missing,
        **{
            part: dict(sum((Counter(day["feeds"][part]) for day in found), Counter[str]()))
            for part in ("errors", "warnings", "excused", "ours")
        },
        "wrong": [
            {"seed": day["seed"], "day": day["day"], "examples": day["feeds"]["examples"] + day["feeds"]["faults"]}
            for day in found
            if not day["feeds"]["ok"]
        ],
        "cpu_s": round(sum(day["cpu_s"] for day in found), 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--hours", type=float, default=HOURS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--plant", action="store_true")
    given = parser.parse_args()
    result = run(
        given.days,
        first=given.first,
        hours=given.hours,
        workers=given.workers,
        keep=given.keep,
        spoil=given.plant,
    )
    sys.stdout.write(json.dumps(result, ensure_ascii=False, sort_keys=True) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
