"""What follows when records are durable: live state moves on, and everybody who listens is told, once each."""

from collections.abc import Callable, Mapping, Sequence

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import VehicleState
from v2x.counters import Tally
from v2x.extension import Extension
from v2x.extension_codec import extension_of
from v2x.link.observer import LinkObserver
from v2x.quarantine import Quarantine, QuarantineReason
from v2x.track import VehicleTracker

RecordListener = Callable[[TelemetryRecord, Extension | None], None]
"""Hears of a durable record with what its extension says."""

_EXTENSION_TAG = b"\x6a"
"""First byte of field 13 of a Sample. Bytes without it have no extension; with it they may."""


class Publisher:
    """Tells of durable records. Listeners must be quick and must not raise: they run before the acknowledgement."""

    def __init__(self, *, tally: Tally, quarantine: Quarantine, link: LinkObserver | None) -> None:
        """Count in ``tally``; keep samples with an unreadable extension in ``quarantine`` as well."""
        self._tally = tally
        self._quarantine = quarantine
        self._link = link
        self._tracker = VehicleTracker()
        self.state_listeners: list[Callable[[VehicleState], None]] = []
        self.record_listeners: list[RecordListener] = []

    def latest(self) -> Mapping[VehicleId, VehicleState]:
        """Return the newest state of every vehicle heard of."""
        return self._tracker.latest()

    def publish(self, records: Sequence[TelemetryRecord], now: Instant) -> None:
        """Tell of records that are on disk since just now."""
        tally = self._tally
        tally.samples += len(records)
        has_listeners = bool(self.record_listeners) or self._link is not None
        for record in records:
            state = self._tracker.observe(record)
            if state is None:
                tally.late += 1
            else:
                for listener in self.state_listeners:
                    listener(state)
            if has_listeners:
                self._tell_record(record, now)

    def _tell_record(self, record: TelemetryRecord, now: Instant) -> None:
        extension = self._extension(record) if _EXTENSION_TAG in record.payload else None
        if self._link is not None:
            self._link.kept(record, extension, now)
        for listener in self.record_listeners:
            listener(record, extension)

    def _extension(self, record: TelemetryRecord) -> Extension | None:
        # Other dialects may keep payloads of their own; they have no extension.
        try:
            return extension_of(record.payload)
        except BadInputError:
            self._tally.bad_extensions += 1
            self._quarantine.keep(record.sample.vehicle_id, QuarantineReason.BAD_SAMPLE, record.payload)
            return None
