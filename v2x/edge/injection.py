"""Records of sources without a session, such as raw CAM or JSON positions: each is kept exactly once."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from crc32c import crc32c

from mobility.core.errors import StorageError
from mobility.core.ports import TelemetryLog, TelemetryRecord
from v2x.device_clock import CLOCK_TOLERANCE_MS
from v2x.quarantine import Quarantined, QuarantineReason
from v2x.received import BootReceived, Received

Waiting = list[tuple[BootReceived, int]]
"""Samples that another call has on its way to disk."""


class Injection:
    """Puts records into the log, duplicates left out."""

    def __init__(self, log: TelemetryLog, received: Callable[[], Received]) -> None:
        """Share what is kept with all sessions."""
        self._log = log
        self._received = received
        self._settling = asyncio.Event()

    async def keep(
        self, records: Sequence[TelemetryRecord], forged: Callable[[TelemetryRecord, Quarantined], None]
    ) -> Sequence[TelemetryRecord]:
        """Return those of ``records`` that were new; all of them are on disk then. ``forged`` hears of other bytes.

        Raises ``ReadOnlyError`` or another ``StorageError`` when they can not be kept; nothing is promised then.
        """
        fresh, waiting = self._sorted(records, forged)
        if fresh:
            await self._append(fresh)
        while any(seq in boot.pending for boot, seq in waiting):
            await self._settling.wait()
        if not all(boot.is_durable(seq) for boot, seq in waiting):
            raise StorageError("a record could not be made durable: try again")
        return fresh

    def _sorted(
        self, records: Sequence[TelemetryRecord], forged: Callable[[TelemetryRecord, Quarantined], None]
    ) -> tuple[list[TelemetryRecord], Waiting]:
        fresh: list[TelemetryRecord] = []
        waiting: Waiting = []
        for record in records:
            sample = record.sample
            boot = self._received().boot(sample.vehicle_id, sample.boot_id)
            crc: int = crc32c(record.payload)
            known = boot.crc(sample.seq)
            if known is None:
                boot.pending[sample.seq] = crc
                boot.highest = max(boot.highest, sample.seq)
                fresh.append(_not_ahead(record))
            elif known != crc:
                where = f"{sample.boot_id}:{sample.seq}"
                forged(record, Quarantined(QuarantineReason.OTHER_BYTES, record.payload, where))
            elif sample.seq in boot.pending:
                waiting.append((boot, sample.seq))
        return fresh, waiting

    async def _append(self, fresh: Sequence[TelemetryRecord]) -> None:
        boots = [(self._received().boot(r.sample.vehicle_id, r.sample.boot_id), r.sample.seq) for r in fresh]
        try:
            await self._log.append(fresh)
        except StorageError:
            for boot, seq in boots:
                boot.forget(seq)
            raise
        else:
            for boot, seq in boots:
                boot.settle(seq)
        finally:
            self._settling.set()
            self._settling = asyncio.Event()


def _not_ahead(record: TelemetryRecord) -> TelemetryRecord:
    if record.event_time <= record.received_at + CLOCK_TOLERANCE_MS:
        return record
    return replace(record, event_time=record.received_at)
