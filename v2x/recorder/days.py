"""All vehicles' day tables, whom we hear, and who has rested: what completeness and gap alarms are made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from mobility.core.clock import Instant, datetime_at
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import VehicleSpec
from v2x.extension import Extension
from v2x.recorder.completeness import DayTable
from v2x.recorder.gaps import HOLE_AFTER_S, Gaps, gaps_of
from v2x.recorder.items import mask_of

DAYS_KEPT = 3
"""Days whose tables are in memory; a record of an older day is in the segments, its table stays as it was."""
PAUSE_MS = 10_000
"""A vehicle that was silent for longer starts to be heard anew; one silent now is not judged."""
FILLING_MS = 20_000
"""So long after a record of the backlog the next one is awaited, before what is missing counts as lost."""
LONGEST_FILLING_MS = 600_000
"""So long a vehicle may take to hand in its backlog once it is heard again."""
_AHEAD_MS = 86_400_000
_NEVER = Instant(0)


@dataclass(slots=True)
class _Heard:
    """The newest of a vehicle."""

    newest: Instant
    since: Instant
    """Event time from which it has been heard without a pause."""
    boot_id: BootId
    is_resting: bool = False
    filled_at: Instant = _NEVER
    """When the newest record of its backlog came."""

    def is_filling(self, now: Instant) -> bool:
        """Whether its backlog is coming in."""
        return now - self.filled_at <= FILLING_MS and self.newest - self.since <= LONGEST_FILLING_MS


class DayTables:
    """Takes every durable record once; any order."""

    def __init__(self, zone: str) -> None:
        """Days are those of ``zone``."""
        self._zone = zone
        self._tables: dict[tuple[VehicleId, date], DayTable] = {}
        self._newest_table: dict[VehicleId, DayTable] = {}
        self._heard: dict[VehicleId, _Heard] = {}
        self.uncounted = 0
        """Records of days whose tables are no longer, or not yet, kept."""

    def observe(self, record: TelemetryRecord, extension: Extension | None, now: Instant) -> None:
        """Take a record."""
        vehicle_id, moment = record.sample.vehicle_id, record.event_time
        table = self._newest_table.get(vehicle_id)
        if table is None or not table.starts <= moment < table.ends:
            table = self._table(vehicle_id, moment, now)
        if table is None:
            self.uncounted += 1
            return
        table.add(moment, record.sample.boot_id, mask_of(record, extension))
        self._hear(record, now, is_resting=extension is not None and extension.goes_to_rest)

    def merge(self, table: DayTable) -> None:
        """Add what a kept table says to what is known."""
        known = self._tables.get((table.vehicle_id, table.day))
        if known is None:
            self._tables[table.vehicle_id, table.day] = table
            return
        np.bitwise_or(known.masks, table.masks, out=known.masks)
        known.heard |= table.heard
        for boot, (first, last) in table.spans.items():
            here = known.spans.get(boot, (first, last))
            known.spans[boot] = min(first, here[0]), max(last, here[1])

    def of_day(self, day: date) -> Mapping[VehicleId, DayTable]:
        """Return the tables of a day that are in memory."""
        return {vehicle: table for (vehicle, on), table in sorted(self._tables.items()) if on == day}

    def changed(self) -> Iterator[DayTable]:
        """Yield the tables that changed since they were last yielded here."""
        for _, table in sorted(self._tables.items()):
            if table.is_changed:
                table.is_changed = False
                yield table

    def drop_old(self, now: Instant) -> None:
        """Forget the tables of days that are over for long; ``changed`` has yielded them before."""
        today = self._day(now)
        for key in [key for key, table in self._tables.items() if (today - key[1]).days >= DAYS_KEPT]:
            if not self._tables[key].is_changed:
                if self._newest_table.get(key[0]) is self._tables[key]:
                    del self._newest_table[key[0]]
                del self._tables[key]

    def gaps(self, now: Instant, specs: Mapping[VehicleId, VehicleSpec]) -> Mapping[VehicleId, Gaps]:
        """Return what is missing of each vehicle that is heard now or rests.

        Those that are silent are left out, and those whose missing records are just coming in: not yet lost, not there.
        """
        found: dict[VehicleId, Gaps] = {}
        for vehicle_id, heard in sorted(self._heard.items()):
            table = self._tables.get((vehicle_id, self._day(heard.newest)))
            if heard.is_resting:
                found[vehicle_id] = Gaps(items=frozenset(), missing_s=0)
            elif table is not None and abs(now - heard.newest) <= PAUSE_MS:
                spec = specs.get(vehicle_id)
                level = 0 if spec is None else spec.sae_level
                gaps = gaps_of(table, newest=heard.newest, live_since=heard.since, sae_level=level)
                if gaps.items or not gaps or not heard.is_filling(now):
                    found[vehicle_id] = gaps
        return found

    def _hear(self, record: TelemetryRecord, now: Instant, *, is_resting: bool) -> None:
        sample, moment = record.sample, record.event_time
        heard = self._heard.get(sample.vehicle_id)
        if heard is None:
            self._heard[sample.vehicle_id] = _Heard(moment, moment, sample.boot_id, is_resting)
        elif moment >= heard.newest:
            if moment - heard.newest > PAUSE_MS or sample.boot_id != heard.boot_id:
                heard.since, heard.boot_id = moment, sample.boot_id
            heard.newest, heard.is_resting = moment, is_resting
        elif heard.newest - moment > HOLE_AFTER_S * 1000:
            heard.filled_at = now

    def _table(self, vehicle_id: VehicleId, moment: Instant, now: Instant) -> DayTable | None:
        # A clock astray must not make us keep tables of a thousand years.
        if not now - DAYS_KEPT * 86_400_000 < moment < now + _AHEAD_MS:
            return None
        day = self._day(moment)
        # A day that was dropped must not begin anew: its table would be kept in place of the whole one.
        if (self._day(now) - day).days >= DAYS_KEPT:
            return None
        table = self._tables.get((vehicle_id, day))
        if table is None:
            table = self._tables[vehicle_id, day] = DayTable(vehicle_id, day, self._zone)
        newest = self._newest_table.get(vehicle_id)
        if newest is None or newest.day <= day:
            self._newest_table[vehicle_id] = table
        return table

    def _day(self, moment: Instant) -> date:
        return datetime_at(moment, ZoneInfo(self._zone)).date()
