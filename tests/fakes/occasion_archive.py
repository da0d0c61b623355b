"""Frozen occasions, day tables and telemetry windows in memory."""

import hashlib
from collections.abc import Mapping, Sequence

from mobility.core.clock import Instant
from mobility.core.errors import ReadOnlyError, StorageError
from mobility.core.ids import OccasionId, VehicleId
from mobility.core.ports import FrozenOccasion, TelemetryRecord


class MemoryOccasionArchive:
    """Passes the contract of ``mobility.core.ports.OccasionArchive``. Set ``is_read_only`` to play a full disk."""

    def __init__(self) -> None:
        self.kept: dict[OccasionId, list[FrozenOccasion]] = {}
        self._tables: dict[str, bytes] = {}
        self.is_read_only = False

    async def newest(self, occasion_id: OccasionId) -> FrozenOccasion | None:
        found = self.kept.get(occasion_id)
        return max(found, key=lambda each: each.revision) if found else None

    async def put(self, occasion_id: OccasionId, revision: int, body: bytes) -> FrozenOccasion:
        if self.is_read_only:
            raise ReadOnlyError("the disk is full")
        mine = self.kept.setdefault(occasion_id, [])
        if any(each.revision == revision for each in mine):
            raise StorageError(f"revision {revision} is kept already")
        digest = hashlib.sha256(body).hexdigest()
        mine.append(FrozenOccasion(occasion_id=occasion_id, revision=revision, sha256=digest, body=body))
        return mine[-1]

    async def put_table(self, name: str, data: bytes) -> None:
        if self.is_read_only:
            raise ReadOnlyError("the disk is full")
        self._tables[name] = data

    async def tables(self, prefix: str = "") -> Mapping[str, bytes]:
        return {name: data for name, data in sorted(self._tables.items()) if name.startswith(prefix)}


class MemoryWindows:
    """Passes the contract of ``mobility.core.ports.TelemetryWindows``."""

    def __init__(self) -> None:
        self.records: list[TelemetryRecord] = []

    async def read(self, vehicle_id: VehicleId, first: Instant, last: Instant) -> Sequence[TelemetryRecord]:
        mine = [r for r in self.records if r.sample.vehicle_id == vehicle_id and first <= r.event_time <= last]
        return sorted(mine, key=lambda r: (r.event_time, r.sample.boot_id, r.sample.seq))
