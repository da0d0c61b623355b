"""Taking one batch: each sample is new, a duplicate, or set aside."""

from dataclasses import dataclass, field
from typing import NamedTuple

from crc32c import crc32c

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from v2x.client_frames import Batch
from v2x.codec import decode_sample
from v2x.device_clock import CLOCK_TOLERANCE_MS
from v2x.quarantine import Quarantined, QuarantineReason
from v2x.received import BootReceived

MAX_SAMPLE_BYTES = 8192
"""A longer sample is none of ours; it leaves room for raw messages of the vehicle's own radio."""


@dataclass(slots=True)
class Intake:
    """What became of the samples of a batch."""

    records: list[TelemetryRecord] = field(default_factory=list)
    """New ones; they are pending from now on."""
    durable: list[int] = field(default_factory=list)
    """Sequence numbers that need no more than an acknowledgement: they are on disk already."""
    rejected: list[tuple[int, str]] = field(default_factory=list)
    """Sequence numbers that will never be taken, with the reason."""
    quarantined: list[Quarantined] = field(default_factory=list)
    duplicates: int = 0
    clock_ahead: int = 0
    """Samples with a device time that lay in the future."""
    clock_corrected: int = 0
    """Samples whose event time is not their device time."""


def take_batch(batch: Batch, *, vehicle_id: VehicleId, boot: BootReceived, now: Instant) -> Intake:
    """Sort the samples of a batch that arrived at ``now``; new ones become pending in ``boot``."""
    intake = Intake()
    taking = _Taking(batch, vehicle_id, boot, now, is_live=batch.first_seq > boot.highest)
    pending = boot.pending
    for seq, payload in enumerate(batch.payloads, batch.first_seq):
        crc: int = crc32c(payload)
        known = boot.crc(seq)
        if known is None:
            if _take_new(intake, payload, seq, taking):
                pending[seq] = crc
        elif known == crc:
            intake.duplicates += 1
            if boot.is_durable(seq):
                intake.durable.append(seq)
        else:
            _set_aside(intake, seq, QuarantineReason.OTHER_BYTES, payload, f"{batch.boot_id}:{seq}")
    boot.highest = max(boot.highest, batch.first_seq + len(batch.payloads) - 1)
    return intake


class _Taking(NamedTuple):
    batch: Batch
    vehicle_id: VehicleId
    boot: BootReceived
    now: Instant
    is_live: bool


def _take_new(intake: Intake, payload: bytes, seq: int, taking: _Taking) -> bool:
    boot_id, now = taking.batch.boot_id, taking.now
    if len(payload) > MAX_SAMPLE_BYTES:
        _set_aside(intake, seq, QuarantineReason.OVERSIZED, payload[:MAX_SAMPLE_BYTES], f"{boot_id}:{seq}")
        return False
    try:
        sample = decode_sample(payload, vehicle_id=taking.vehicle_id, boot_id=boot_id, seq=seq)
    except BadInputError as error:
        _set_aside(intake, seq, QuarantineReason.BAD_SAMPLE, payload, f"{boot_id}:{seq}: {error}")
        return False
    device_time = sample.device_time
    event_time = taking.boot.clock.event_time(seq, device_time, now, is_live=taking.is_live)
    intake.clock_ahead += device_time > now + CLOCK_TOLERANCE_MS
    intake.clock_corrected += event_time != device_time
    intake.records.append(TelemetryRecord(sample=sample, received_at=now, event_time=event_time, payload=payload))
    return True


def _set_aside(intake: Intake, seq: int, reason: QuarantineReason, payload: bytes, detail: str) -> None:
    intake.quarantined.append(Quarantined(reason, payload, detail))
    intake.rejected.append((seq, reason.value))
