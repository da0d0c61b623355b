"""A telemetry log in memory."""

from collections.abc import Mapping, Sequence

from crc32c import crc32c

from mobility.core.errors import ReadOnlyError
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord


class MemoryTelemetryLog:
    """Passes the contract of ``mobility.core.ports.TelemetryLog``. Set ``is_read_only`` to play a full disk."""

    def __init__(self) -> None:
        self.records: list[TelemetryRecord] = []
        self._received: dict[tuple[VehicleId, BootId], dict[int, int]] = {}
        self.is_read_only = False

    async def append(self, records: Sequence[TelemetryRecord]) -> None:
        if self.is_read_only:
            raise ReadOnlyError("the disk is full")
        for record in records:
            sample = record.sample
            kept = self._received.setdefault((sample.vehicle_id, sample.boot_id), {})
            kept.setdefault(sample.seq, crc32c(record.payload))
        self.records.extend(records)

    def received(self) -> Mapping[tuple[VehicleId, BootId], Mapping[int, int]]:
        return self._received
