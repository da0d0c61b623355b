"""What a reader of the push stream has in hand between two full datasets: not one error of 121 rules.

A reader puts a delta over what it knows. Rules about one entity were asked before it was published; rules about
entities beside each other (E047, E052, S003, S020) are asked here after EVERY delta of a recording, whenever an entity
names another trip or vehicle than before. And of ``--states`` deltas drawn at random the whole that the reader has then
is judged by gtfs-rt-validator, all of its rules, and by our own checker, each as a full dataset of the delta's second.

Run: ``python -m tests.rigs.stream_states DIR [--states 2000]`` with what ``mobility sim run SCENARIO --record-feeds
--out DIR`` wrote; one JSON object, exit 1 on an error.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Instant
from passenger_info.checker.apart import taken_apart
from passenger_info.checker.case import Known, Now
from passenger_info.checker.message_rules import MessageCase
from passenger_info.checker.note import NO_DETOURS, EntityNote, UpdateNote, VehicleNote
from passenger_info.checker.reach import Box
from passenger_info.checker.reading import trip_read
from passenger_info.checker.table import MESSAGE_RULES
from passenger_info.frame_pb2 import Frame
from passenger_info.splice import entity_record, header_record, spliced
from tests.passenger_info.checker.static_zip import rows_of, view_of
from tests.rigs.feed_findings import said
from tests.rigs.feed_findings_stream import frames_of
from tests.rigs.feed_findings_validator import Judged, judged

STATES = 2000
TOGETHER = ("E047", "E052", "S003", "S020")
_RULES = [(rule_id, rule) for rule_id, rule in MESSAGE_RULES if rule_id in TOGETHER]
_EXAMPLES = 20


@dataclass(slots=True)
class Reader:
    """What a reader knows, and what is wrong with it."""

    view: Known
    records: dict[str, bytes] = field(default_factory=dict)
    """Entities by id, as a message holds them."""
    notes: dict[str, EntityNote] = field(default_factory=dict)
    deltas: int = 0
    asked: int = 0
    """Deltas after which another trip or vehicle was named."""
    broken: Counter[str] = field(default_factory=Counter)
    """Deltas after which a rule about entities beside each other was broken."""
    longest_s: int = 0
    """Longest time for which it was."""
    examples: list[str] = field(default_factory=list)
    _since_s: int | None = None

    def take(self, frame: Frame) -> int | None:
        """Take a frame; return its second, ``None`` for a heartbeat."""
        parts = taken_apart(frame.feed)
        if parts is None:
            return None
        is_news = frame.kind == Frame.SNAPSHOT
        if is_news:
            self.records.clear()
            self.notes.clear()
        for content in parts.entities:
            entity = gtfs_realtime.FeedEntity.FromString(content)
            before = self.notes.pop(entity.id, None)
            self.records.pop(entity.id, None)
            note = None
            if not entity.is_deleted:
                note = self.notes[entity.id] = _note(entity)
                self.records[entity.id] = entity_record(entity)
            is_news |= note != before
        second = gtfs_realtime.FeedHeader.FromString(parts.header).timestamp
        self.deltas += 1
        if is_news:
            self._look(second)
        return second

    def _look(self, second: int) -> None:
        self.asked += 1
        notes = [self.notes[name] for name in sorted(self.notes)]
        case = MessageCase(gtfs_realtime.FeedHeader(), notes, 0, False, self.view, Now(second * 1000, second))
        found = [(rule_id, detail) for rule_id, rule in _RULES for _, detail in rule(case)]
        self.broken.update({rule_id for rule_id, _ in found})
        for rule_id, detail in found[: max(0, _EXAMPLES - len(self.examples))]:
            self.examples.append(f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ} {rule_id} {detail}")
        if self._since_s is not None:
            self.longest_s = max(self.longest_s, second - self._since_s)
        if not found:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = second


def _note(entity: gtfs_realtime.FeedEntity) -> EntityNote:
    """Return of an entity what rules about entities beside each other want to know."""
    update = vehicle = None
    if entity.HasField("trip_update"):
        told = entity.trip_update
        update = UpdateNote(trip_read(told.trip), told.vehicle.id, told.trip_properties.trip_id or None)
    elif entity.HasField("vehicle"):
        trip = trip_read(entity.vehicle.trip) if entity.vehicle.HasField("trip") else None
        vehicle = VehicleNote(trip, entity.vehicle.vehicle.id or None)
    return EntityNote(entity.id, False, update, vehicle, 0, NO_DETOURS)


def states_of(folder: Path, reader: Reader, states: int, seed: int) -> Iterator[tuple[int, bytes]]:
    """Replay a recording; yield the second and the whole after deltas drawn at random, or the next of a new second."""
    file = folder / "stream" / "all.frames"
    count = sum(1 for _ in frames_of(file))
    drawn = frozenset(random.Random(seed).sample(range(count), min(count, states)))
    version = rows_of(folder / "schedule.zip", "feed_info.txt")[0]["feed_version"]
    last, owed = 0, 0
    for k, body in enumerate(frames_of(file)):
        second = reader.take(Frame.FromString(body))
        owed += k in drawn
        if owed and second is not None and second > last:
            last, owed = second, owed - 1
            records = (reader.records[name] for name in sorted(reader.records))
            yield second, spliced(header_record(Instant(second * 1000), version), records)


def run(folder: Path, *, states: int = STATES, seed: int = 1) -> dict[str, Any]:
    """Judge what a reader of a recorded stream had in hand."""
    view = view_of(folder / "schedule.zip")
    reader = Reader(Known(view, Box(view.covered)))
    with tempfile.TemporaryDirectory(prefix="stream-states-") as scratch:
        out = Path(scratch)
        (out / "feeds").mkdir()
        shutil.copy(folder / "schedule.zip", out)
        for second, message in states_of(folder, reader, states, seed):
            name = f"all-{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H-%M-%SZ}.pb"
            (out / "feeds" / name).write_bytes(message)
        whole = judged(out)
    is_clean = reader.deltas > 0 and not reader.broken and _is_right(whole)
    return {
        "ok": is_clean,
        "deltas": reader.deltas,
        "asked": reader.asked,
        "broken": dict(reader.broken),
        "longest_s": reader.longest_s,
        "examples": reader.examples,
        "states": {**said(whole), "ok": _is_right(whole)},
    }


def _is_right(whole: Judged) -> bool:
    """Return whether there is no error; warnings about a message's age or its neighbours mean recorded datasets."""
    return whole.messages > 0 and not (whole.errors or whole.ours or whole.faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--states", type=int, default=STATES)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    result = run(given.folder, states=given.states, seed=given.seed)
    sys.stdout.write(json.dumps(result, ensure_ascii=False, sort_keys=True) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
