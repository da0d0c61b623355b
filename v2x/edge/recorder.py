"""The event recorder at work: finds occasions, freezes their windows, refreezes what late records complete, alarms.

It sees every durable record once (``observe``) and every fact (``facts``), and does all that waits in ``run``.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import structlog

from mobility.core.clock import Clock, Instant, shifted
from mobility.core.errors import BadInputError, CorruptionError, StorageError
from mobility.core.events import AlarmCleared, AlarmRaised, Envelope, Event, OccasionFrozen, OccasionNoted
from mobility.core.fold import State
from mobility.core.ids import AlarmId, OccasionId, VehicleId
from mobility.core.ports import Decision, FrozenOccasion, Ledger, OccasionArchive, TelemetryRecord, TelemetryWindows
from mobility.core.supervision import Alarm, AlarmKind, Occasion
from mobility.core.vehicle import VehicleSpec
from v2x.extension import Extension
from v2x.extension_codec import extension_of
from v2x.recorder.anchor import check_anchor
from v2x.recorder.completeness import DayTable, decode_table, encode_table
from v2x.recorder.day_report import day_report
from v2x.recorder.days import DAYS_KEPT, DayTables
from v2x.recorder.facts import FactBook
from v2x.recorder.freezing import Freezing
from v2x.recorder.frozen import (
    LEAD_S,
    Material,
    content_in,
    content_of,
    records_of,
    round_trips_of,
    sealed_bytes,
    window_of,
)
from v2x.recorder.gaps import Gaps
from v2x.recorder.merging import Merging, is_same
from v2x.recorder.rules import OccasionRules, RuleLimits

TICK_S = 5.0
"""Occasions are noted, frozen and alarmed about at this pace."""
LOOK_EVERY_S = 15.0
"""Gaps are looked for at this pace."""
SAVE_EVERY_S = 600.0
"""Day tables are kept at this pace; after a restart the stretch since then is read again."""
READ_BACK_S = 900.0
RING_RECORDS = 400
"""Newest records of each vehicle in memory: they may still be on their way to where windows are read."""
SWITCHED_RECORDS = 16
"""Newest records of each vehicle that tell safety systems: their states stand until they are switched."""
SLOW_RECORDS = 8
"""Newest records of each vehicle that tell what comes once a minute: older than the ring, and perhaps not to be read
yet (a log that buffers), but part of what an occasion begins with."""
MOST_WAITING = 10_000
"""Occasions that wait for a ledger that takes nothing; beyond them the oldest is dropped and counted."""
_ACTOR = "recorder"

_log = structlog.get_logger()


class EventRecorder:
    """StVG §1g: thirteen items, four occasions, ten seconds before to ten after."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        windows: TelemetryWindows,
        archive: OccasionArchive,
        clock: Clock,
        specs: Mapping[VehicleId, VehicleSpec],
        zone: str,
        limits: RuleLimits | None = None,
    ) -> None:
        """Days are those of ``zone``. Give it the facts there are (``facts``) before it runs."""
        self._ledger = ledger
        self._windows = windows
        self._archive = archive
        self._clock = clock
        self._specs = specs
        self._zone = zone
        self._rules = OccasionRules(limits or RuleLimits())
        self._merging = Merging()
        self._waiting: deque[Occasion] = deque(maxlen=MOST_WAITING)
        self._freezing = Freezing()
        self._anchors: dict[OccasionId, OccasionFrozen] = {}
        self._book = FactBook()
        self._days = DayTables(zone)
        self._rings: dict[VehicleId, deque[TelemetryRecord]] = {}
        self._switched: dict[VehicleId, deque[TelemetryRecord]] = {}
        self._slow: dict[VehicleId, deque[TelemetryRecord]] = {}
        self._round_trips: dict[VehicleId, deque[tuple[Instant, int]]] = {}
        self._has_begun = False
        self._saved_at = self._looked_at = clock.now()
        self.unnoted = 0
        """Occasions dropped because the ledger took nothing for too long."""
        self.revisions = 0
        """Revisions frozen since the start."""
        self.unreadable = 0
        """Times that stored bytes could not be used and an occasion was frozen without them."""

    def observe(self, record: TelemetryRecord, extension: Extension | None) -> None:
        """Take a durable record; late ones too, each once."""
        now = self._clock.now()
        vehicle_id = record.sample.vehicle_id
        ring = self._rings.get(vehicle_id)
        if ring is None:
            ring = self._rings[vehicle_id] = deque(maxlen=RING_RECORDS)
        ring.append(record)
        self._freezing.record(vehicle_id, record.event_time, now)
        self._take(record, extension, now)

    def facts(self, envelopes: Sequence[Envelope]) -> None:
        """Take facts of the ledger, in order."""
        now = self._clock.now()
        for envelope in envelopes:
            body = envelope.body
            if isinstance(body, OccasionFrozen):
                self._anchors[body.occasion_id] = body
                continue
            if isinstance(body, OccasionNoted):
                self._freezing.occasion(body.occasion, now)
                continue
            vehicle_id = self._book.take(body)
            if vehicle_id is not None:
                self._freezing.record(vehicle_id, envelope.recorded_at, now)

    def timed(self, vehicle_id: VehicleId, round_trip_ms: int, offset_ms: int, error_ms: int, now: Instant) -> None:
        """Take a round trip that the vehicle measured over its session (item 7); as ``LinkObserver.timed``."""
        del offset_ms, error_ms
        self._round_trips.setdefault(vehicle_id, deque(maxlen=128)).append((now, round_trip_ms))

    async def run(self) -> None:
        """Do what waits, until cancelled. Raises ``StorageError`` when storage takes nothing; nothing is lost by it."""
        if not self._has_begun:
            await self._begin()
            self._has_begun = True
        while True:
            await self.settle()
            await self._clock.sleep(TICK_S)

    async def settle(self) -> None:
        """Do what is due now: note occasions, freeze windows, raise and clear alarms, keep tables."""
        await self._note()
        await self._freeze()
        await self._alarm()
        await self._save()

    async def completeness(self, day: date) -> list[dict[str, Any]]:
        """Return the completeness of every vehicle on a local day, see ``v2x.recorder.day_report``."""
        tables = dict(self._days.of_day(day))
        if not tables:
            kept = await self._archive.tables(f"{day.isoformat()}~")
            tables = {table.vehicle_id: table for table in self._decoded(kept)}
        specs = self._specs
        return [day_report(table, self._book.of(name), specs.get(name)) for name, table in sorted(tables.items())]

    async def frozen(self, occasion_id: OccasionId) -> FrozenOccasion | None:
        """Return the newest revision of an occasion, ``None`` before the first.

        Raises ``CorruptionError`` where it is not what the ledger says.
        """
        found = await self._archive.newest(occasion_id)
        if found is not None:
            check_anchor(found, self._anchors.get(occasion_id))
        return found

    async def _begin(self) -> None:
        """Take over the tables of before the restart, and read again what came after they were kept."""
        now = self._clock.now()
        kept: dict[VehicleId, Instant] = {}
        for table in self._decoded(await self._archive.tables()):
            if table.ends > shifted(now, -DAYS_KEPT * 86_400.0):
                self._days.merge(table)
                last = max((last for _, last in table.spans.values()), default=0)
                kept[table.vehicle_id] = max(
                    kept.get(table.vehicle_id, table.starts), shifted(table.starts, float(last))
                )
        back = shifted(now, -READ_BACK_S)
        for vehicle_id in sorted({*kept, *self._specs}):
            first = min(back, shifted(kept.get(vehicle_id, back), -SAVE_EVERY_S))
            try:
                records = await self._windows.read(vehicle_id, first, now)
            except CorruptionError as error:
                _log.error("stored bytes can not be used", vehicle=vehicle_id, fault=str(error))
                continue
            for record in records:
                self._take(record, extension_in(record), now)

    def _decoded(self, tables: Mapping[str, bytes]) -> Iterator[DayTable]:
        for name, data in tables.items():
            try:
                yield decode_table(data, self._zone)
            except BadInputError as error:
                _log.warning("a day table can not be read", name=name, fault=str(error))

    def _take(self, record: TelemetryRecord, extension: Extension | None, now: Instant) -> None:
        self._days.observe(record, extension, now)
        if extension is not None and extension.safety_systems:
            self._switched.setdefault(record.sample.vehicle_id, deque(maxlen=SWITCHED_RECORDS)).append(record)
        if extension is not None and (extension.vin or extension.system or extension.environment):
            self._slow.setdefault(record.sample.vehicle_id, deque(maxlen=SLOW_RECORDS)).append(record)
        for occasion in self._rules.observe(record, extension):
            if self._merging.is_new(occasion):
                self.unnoted += len(self._waiting) == MOST_WAITING
                self._waiting.append(occasion)

    async def _note(self) -> None:
        while self._waiting:
            occasion = self._waiting[0]

            def decide(state: State, _: Instant, occasion: Occasion = occasion) -> list[Event]:
                # After a restart the same records are looked at again.
                is_known = any(is_same(occasion, known) for known in state.supervised.occasions.values())
                return [] if is_known else [OccasionNoted(occasion=occasion)]

            actor = f"vehicle:{occasion.vehicle_id}" if occasion.source == "vehicle" else _ACTOR
            await self._ledger.submit(decide, actor=actor)
            if self._waiting and self._waiting[0] is occasion:
                self._waiting.popleft()

    async def _freeze(self) -> None:
        for occasion in self._freezing.due(self._clock.now()):
            self._freezing.begin(occasion.occasion_id)
            try:
                await self._freeze_one(occasion)
            except StorageError:
                self._freezing.again(occasion.occasion_id, self._clock.now())
                raise

    async def _freeze_one(self, occasion: Occasion) -> None:
        try:
            before = await self._archive.newest(occasion.occasion_id)
            check_anchor(before, self._anchors.get(occasion.occasion_id))
            content = None if before is None else content_in(before.body)
            records = [] if content is None else records_of(content)
            trips = set() if content is None else round_trips_of(content)
        except (CorruptionError, BadInputError) as error:
            # Changed bytes are evidence: they stay as they are, and nothing is put over them.
            self._tell(occasion, error)
            return
        fresh = content_of(await self._material(occasion, records, trips))
        if before is not None and fresh == content:
            await self._anchor(before)
            return
        revision = 1 if before is None else before.revision + 1
        previous = "" if before is None else before.sha256
        body = sealed_bytes(fresh, revision=revision, previous_sha256=previous, frozen_at=self._clock.now())
        await self._anchor(await self._archive.put(occasion.occasion_id, revision, body))
        self.revisions += 1

    async def _anchor(self, frozen: FrozenOccasion) -> None:
        """Put the hash of a revision into the ledger's chain, unless it stands there."""
        fact = OccasionFrozen(occasion_id=frozen.occasion_id, revision=frozen.revision, sha256=frozen.sha256)
        if self._anchors.get(frozen.occasion_id) != fact:
            await self._ledger.submit(lambda _, __: [fact], actor=_ACTOR)

    async def _material(
        self, occasion: Occasion, records: list[TelemetryRecord], trips: set[tuple[Instant, int]]
    ) -> Material:
        """Add to what was frozen before what is stored and what is in memory."""
        first, last = window_of(occasion)
        vehicle_id = occasion.vehicle_id
        try:
            records.extend(await self._windows.read(vehicle_id, shifted(first, -LEAD_S), last))
        except CorruptionError as error:
            self._tell(occasion, error)
        records.extend(self._rings.get(vehicle_id, ()))
        for kept in (self._switched, self._slow):
            records.extend(each for each in kept.get(vehicle_id, ()) if each.event_time < first)
        trips.update(trip for trip in self._round_trips.get(vehicle_id, ()) if first <= trip[0] <= last)
        return Material(
            occasion=occasion,
            spec=self._specs.get(vehicle_id),
            records=records,
            facts=self._book.of(vehicle_id),
            zone=self._zone,
            round_trips=sorted(trips),
        )

    def _tell(self, occasion: Occasion, fault: Exception) -> None:
        self.unreadable += 1
        _log.error("stored bytes can not be used", occasion=occasion.occasion_id, fault=str(fault))

    async def _alarm(self) -> None:
        now = self._clock.now()
        if now < shifted(self._looked_at, LOOK_EVERY_S):
            return
        self._looked_at = now
        standing = self._ledger.state.supervised.alarms
        for vehicle_id, gaps in self._days.gaps(now, self._specs).items():
            alarm_id = AlarmId(f"{AlarmKind.RECORDER_GAP}:{vehicle_id}")
            if bool(gaps) != (alarm_id in standing):
                await self._ledger.submit(_alarming(alarm_id, vehicle_id, gaps), actor=_ACTOR)

    async def _save(self) -> None:
        now = self._clock.now()
        if now < shifted(self._saved_at, SAVE_EVERY_S):
            return
        self._saved_at = now
        for table in self._days.changed():
            await self._archive.put_table(f"{table.day.isoformat()}~{table.vehicle_id}", encode_table(table))
        self._days.drop_old(now)
        self._freezing.forget_before(now)


def extension_in(record: TelemetryRecord) -> Extension | None:
    """Return a stored record's extension; ``None`` also where it can not be read: it was kept as it came."""
    try:
        return extension_of(record.payload)
    except BadInputError:
        return None


def _alarming(alarm_id: AlarmId, vehicle_id: VehicleId, gaps: Gaps) -> Decision:
    def decide(state: State, now: Instant) -> list[Event]:
        stands = alarm_id in state.supervised.alarms
        if gaps and not stands:
            alarm = Alarm(
                alarm_id=alarm_id,
                kind=AlarmKind.RECORDER_GAP,
                vehicle_id=vehicle_id,
                raised_at=now,
                detail=gaps.detail,
            )
            return [AlarmRaised(alarm=alarm)]
        return [AlarmCleared(alarm_id=alarm_id, at=now)] if stands and not gaps else []

    return decide
