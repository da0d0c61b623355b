"""Full datasets through the independent validator, all of its 121 rules, and through our own checker.

The datasets are judged in the order of their times, in chunks that overlap by one: rules that compare a message with
the one before miss none, and memory stays that of one chunk. Findings of the overlapping message are counted once.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from gtfs_rt_validator.api import Inputs, Mode, Request, SortBy, prepare_feed, resolve, validate
from gtfs_rt_validator.report.manifest import Severity
from gtfs_rt_validator.rules.registry import severity_for

from mobility.core.clock import Instant
from passenger_info.checker.checker import Checker
from tests.passenger_info.checker.static_zip import rows_of, view_of

RULES = 121
CHUNK = 2880
"""Datasets of a day at one every 30 s."""
EXCUSABLE = ("W002", "W003")
"""Warnings that a trip without a vehicle can not avoid."""
WITHOUT_VEHICLE = (gtfs_realtime.TripDescriptor.CANCELED, gtfs_realtime.TripDescriptor.DELETED)
_NAME = "all-%Y-%m-%dT%H-%M-%SZ"
_EXAMPLES = 20


@dataclass(slots=True)
class Judged:
    """What a chunk of datasets showed; chunks add up."""

    messages: int = 0
    repeated: int = 0
    """Datasets that were byte for byte the one before; the validator looks at those no second time."""
    errors: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    excused: Counter[str] = field(default_factory=Counter)
    ours: Counter[str] = field(default_factory=Counter)
    """Findings of our own checker."""
    examples: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Why a chunk was not judged as it should be."""

    def add(self, other: "Judged") -> None:
        self.messages += other.messages
        self.repeated += other.repeated
        for name in ("errors", "warnings", "excused", "ours"):
            getattr(self, name).update(getattr(other, name))
        self.examples = [*self.examples, *other.examples][:_EXAMPLES]
        self.faults = [*self.faults, *other.faults][:_EXAMPLES]

    @property
    def is_clean(self) -> bool:
        return self.messages > 0 and not (self.errors or self.warnings or self.ours or self.faults)


def moment_of(file: Path) -> Instant:
    """When a dataset was recorded, by its name."""
    return Instant(int(datetime.strptime(file.stem, _NAME).replace(tzinfo=UTC).timestamp()) * 1000)


def judged(folder: Path, *, workers: int = 1, chunk: int = CHUNK) -> Judged:
    """Judge every dataset of a recording."""
    count = sum(1 for _ in (folder / "feeds").glob("all-*.pb"))
    spans = [(begin, min(begin + chunk, count)) for begin in range(0, count, chunk)]
    total = Judged()
    if workers <= 1 or len(spans) <= 1:
        for span in spans:
            total.add(_judged_span(folder, span))
        return total
    with ProcessPoolExecutor(workers) as pool:
        for part in pool.map(_judged_span, [folder] * len(spans), spans):
            total.add(part)
    return total


def _judged_span(folder: Path, span: tuple[int, int]) -> Judged:
    """Judge the datasets at these positions, after the one before them."""
    begin, end = span
    schedule = folder / "schedule.zip"
    files = sorted((folder / "feeds").glob("all-*.pb"))
    found = Judged(messages=end - begin)
    _judge_with_reference(schedule, folder / "feeds", (max(0, begin - 1), begin, end), found)
    _judge_with_ours(schedule, files[max(0, begin - 1) : end], begin, found)
    return found


def _judge_with_reference(schedule: Path, feeds: Path, span: tuple[int, int, int], found: Judged) -> None:
    first, begin, end = span
    cycles = resolve(str(feeds), sort_by=SortBy.NAME).cycles[first:end]
    inputs = Inputs(tuple(cycles), directory_replay=True)
    before = {source.name for cycle in cycles[: begin - first] for source in cycle}

    def look(result: Any) -> None:
        if result.source.name not in before:
            _sort(result, found)

    feed = prepare_feed(schedule, mode=Mode.MODERN)
    run = validate(Request(mode=Mode.MODERN, gtfs=feed, inputs=inputs, sort_by=SortBy.NAME), sink=look).run
    found.repeated = run.files_skipped
    if len(run.rules_run) != RULES:
        found.faults.append(f"{len(run.rules_run)} rules were run, not {RULES}")
    if run.messages_validated + run.files_skipped != len(cycles):
        found.faults.append(f"{run.messages_validated} of {len(cycles)} datasets were judged")
    found.faults.extend(f"{error.rule_id} {error.prefix}" for error in run.system_errors.in_order()[:_EXAMPLES])


def _sort(result: Any, found: Judged) -> None:
    """Sort a message's findings into errors, warnings and warnings that can not be avoided."""
    notices = result.notices.in_order()
    if not notices:
        return
    excused = trips_without_vehicle(Path(result.source.path).read_bytes())
    for notice in notices:
        rule_id = notice.rule_id
        if severity_for(rule_id) == Severity.ERROR:
            found.errors[rule_id] += 1
        elif rule_id in EXCUSABLE and _trip_of(notice.prefix) in excused:
            found.excused[rule_id] += 1
            continue
        else:
            found.warnings[rule_id] += 1
        if len(found.examples) < _EXAMPLES:
            found.examples.append(f"{Path(result.source.name).name} {rule_id} {notice.prefix}")


def _trip_of(prefix: str) -> str | None:
    """Return the trip a finding is about, ``None`` where it is about a vehicle."""
    named = prefix.split(" is in TripUpdates", maxsplit=1)[0]
    return named.removeprefix("trip_id ") if named.startswith("trip_id ") else None


def trips_without_vehicle(message: bytes) -> frozenset[str]:
    """Trips of a dataset that are cancelled or deleted, or that no vehicle drives yet."""
    feed = gtfs_realtime.FeedMessage.FromString(message)
    updates = [entity.trip_update for entity in feed.entity if entity.HasField("trip_update")]
    return frozenset(
        update.trip.trip_id
        for update in updates
        if update.trip.schedule_relationship in WITHOUT_VEHICLE or not update.vehicle.id
    )


def _judge_with_ours(schedule: Path, files: Sequence[Path], begin: int, found: Judged) -> None:
    checker = Checker(view_of(schedule))
    version = next((row["feed_version"] for row in rows_of(schedule, "feed_info.txt")), "")
    for k, file in enumerate(files):
        try:
            message = gtfs_realtime.FeedMessage.FromString(file.read_bytes())
        except DecodeError:
            found.faults.append(f"{file.name} is no feed")
            continue
        findings = checker.check(message, moment_of(file))
        if k == 0 and begin > 0:
            continue
        found.ours.update(finding.rule_id for finding in findings)
        if message.header.feed_version != version:
            found.faults.append(f"{file.name} is of feed version {message.header.feed_version!r}, not {version!r}")
        for finding in findings[: max(0, _EXAMPLES - len(found.examples))]:
            found.examples.append(f"{file.name} ours {finding.rule_id} {finding.entity_id} {finding.detail}")
