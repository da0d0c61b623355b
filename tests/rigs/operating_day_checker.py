"""What a simulated day left behind, read without the product: own arithmetic, own SQL, three independent validators."""

import json
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as realtime

from tests.rigs.feed_findings_validator import judged

EVERY = timedelta(seconds=30)
_NAME = "all-%Y-%m-%dT%H-%M-%SZ.pb"
_RUN_VALIDATOR = "import sys; from gtfs_validator.cli import main; sys.exit(main())"


def unequal_files(first: Path, second: Path) -> list[str]:
    """Names of files that are not the same bytes in both folders; ``scorecard.json`` may differ in ``wall_s`` only."""
    ours, theirs = _files(first), _files(second)
    names = sorted(ours.keys() | theirs.keys())
    different = [name for name in names if ours.get(name) != theirs.get(name)]
    cards = [{**scorecard(folder), "wall_s": 0} for folder in (first, second)]
    return different + (["scorecard.json"] if cards[0] != cards[1] else [])


def scorecard(folder: Path) -> dict[str, Any]:
    """The scorecard of a run."""
    return json.loads((folder / "scorecard.json").read_text("utf-8"))


def contradictions(folder: Path, *, is_whole_day: bool) -> list[str]:
    """Sentences about figures that can not be true together, and about promises that were not kept."""
    card = scorecard(folder)
    rides, promises, frames, witnessed = (card[part] for part in ("rides", "promises", "frames", "witnessed"))
    over = rides["served"] + rides["cancelled"] + rides["no_show"]
    told = promises["kept"] + promises["revised"] + promises["broken"] + promises["open"]
    rules: dict[str, bool] = {
        "made = kept + revised + broken + open": promises["made"] == told,
        "no promise is broken": promises["broken"] == 0,
        "every booking is two promises": promises["made"] - promises["revised"] == 2 * rides["promised"],
        "released promises are open": promises["released"] <= promises["open"],
        "frames sent = acknowledged": frames["sent"] == frames["acknowledged"] > 0,
        "requested = promised + refused": rides["requested"] == rides["promised"] + rides["refused"],
        "promised rides end once at most": over <= rides["promised"],
        "operated = driven": card["trips"]["operated"] == witnessed["trips_driven"] > 0,
        "operated <= scheduled": card["trips"]["operated"] <= card["trips"]["scheduled"],
        "promised = booked": rides["promised"] == witnessed["rides_booked"],
        "served = alighted": rides["served"] == witnessed["alighted"],
        "cancelled = cancelled": rides["cancelled"] == witnessed["rides_cancelled"],
        "no-shows = no-shows": rides["no_show"] == witnessed["no_shows"],
        "every request got an answer": witnessed["http_failures"] == 0,
        "predictions were scored": card["predictions"]["scored"] > 0,
    }
    if is_whole_day:
        # Nobody is left sitting in the bus, every trip of the timetable ran, and what stayed open was released.
        rules |= {
            "every promised ride ended": over == rides["promised"] > 0,
            "operated = scheduled": card["trips"]["operated"] == card["trips"]["scheduled"],
            "open promises were released": promises["open"] == promises["released"],
        }
    return [*(rule for rule, holds in rules.items() if not holds), *_log_contradictions(folder, card)]


def feed_faults(folder: Path) -> tuple[list[str], Mapping[str, int]]:
    """What is wrong with the recorded feeds, and the validator's warnings by rule.

    W002 and W003 of trips that no vehicle drives (cancelled, or a block's next one) are no warnings.
    """
    seen = judged(folder)
    errors = [f"{rule}: {count} times" for rule, count in sorted(seen.errors.items())]
    return [*_irregular(folder / "feeds"), *seen.faults, *errors], dict(sorted(seen.warnings.items()))


def schedule_faults(folder: Path, scratch: Path) -> tuple[list[str], Mapping[str, int]]:
    """Errors of gtfs-guru and gtfs-validator in the static feed, and everything milder they say."""
    feed, day = folder / "schedule.zip", _first_day(folder)
    found: Counter[tuple[str, str]] = Counter()
    for notice in import_module("gtfs_guru").validate(str(feed), date=day).notices:
        found[notice.severity.upper(), f"gtfs-guru {notice.code}"] += 1
    command = [sys.executable, "-c", _RUN_VALIDATOR, "--input", str(feed), "--output_base", str(scratch), "--date", day]
    subprocess.run(command, capture_output=True, check=False)
    for notice in json.loads((scratch / "report.json").read_text("utf-8"))["notices"]:
        found[notice["severity"].upper(), f"gtfs-validator {notice['code']}"] += notice["totalNotices"]
    errors = [f"{name}: {count} times" for (level, name), count in sorted(found.items()) if level == "ERROR"]
    return errors, {name: count for (level, name), count in sorted(found.items()) if level == "WARNING"}


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "scorecard.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def _log_contradictions(folder: Path, card: Mapping[str, Any]) -> Iterator[str]:
    """Hold the trip log's tables against the scorecard."""
    log = folder / "trip_log"
    driven = _count(log, "trips_performed", "actual_trip_end IS NOT NULL")
    if driven > card["trips"]["operated"]:
        yield f"the trip log has {driven} trips driven to their end"
    rows = duckdb.sql(f"SELECT outcome, count(*) FROM '{log / 'rides.parquet'}' GROUP BY 1").fetchall()  # noqa: S608 - our own folder
    outcomes = Counter(dict(rows))
    rides = card["rides"]
    if outcomes["refused"] != rides["refused"] or outcomes.total() != rides["requested"]:
        yield f"the trip log has other rides: {dict(outcomes)}"
    if outcomes["completed"] != rides["served"] or outcomes["no_show"] != rides["no_show"]:
        yield f"the trip log has other outcomes: {dict(outcomes)}"
    if _count(log, "rides", "'broken' IN (pickup_outcome, arrival_outcome)"):
        yield "the trip log has a broken promise"
    if not 0 < _count(log, "vehicle_positions") <= card["frames"]["acknowledged"]:
        yield "the trip log has more positions than were acknowledged, or none"


def _count(log: Path, table: str, condition: str = "true") -> int:
    asked = f"SELECT count(*) FROM '{log / table}.parquet' WHERE {condition}"  # noqa: S608 - our own folder
    return duckdb.sql(asked).fetchall()[0][0]


def _irregular(feeds: Path) -> Iterator[str]:
    """Every 30 seconds one full dataset of that very moment, and none missing."""
    times = []
    for path in sorted(feeds.glob("*.pb")):
        moment = datetime.strptime(path.name, _NAME).replace(tzinfo=UTC)
        times.append(moment)
        try:
            header = realtime.FeedMessage.FromString(path.read_bytes()).header
        except DecodeError:
            yield f"{path.name} is no feed"
            continue
        if header.incrementality != realtime.FeedHeader.FULL_DATASET or header.timestamp != int(moment.timestamp()):
            yield f"{path.name} is no full dataset of its moment"
    if not times or times != [times[0] + n * EVERY for n in range(len(times))]:
        yield "the feeds do not come every 30 seconds"


def _first_day(folder: Path) -> str:
    """The day of the first recorded feed, which is the scenario's (it starts after midnight UTC)."""
    with zipfile.ZipFile(folder / "schedule.zip") as archive:
        assert archive.testzip() is None
    return min(path.name for path in (folder / "feeds").glob("*.pb"))[4:14]
