"""Taking one batch: each sample is new, a duplicate, or set aside."""

from dataclasses import dataclass, field

from crc32c import crc32c

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from v2x.client_frames import Batch
from v2x.codec import decode_sample
from v2x.quarantine import Quarantined, QuarantineReason
from v2x.received import BootReceived

CLOCK_TOLERANCE_MS = 2000
"""A device time further ahead of ours than this is corrected to the time of receipt and so flagged."""
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


def take_batch(batch: Batch, *, vehicle_id: VehicleId, boot: BootReceived, now: Instant) -> Intake:
    """Sort the samples of a batch that arrived at ``now``; new ones become pending in ``boot``."""
    intake = Intake()
    for seq, payload in enumerate(batch.payloads, batch.first_seq):
        crc: int = crc32c(payload)
        known = boot.crc(seq)
        if known is None:
            _take_new(intake, payload, batch=batch, seq=seq, vehicle_id=vehicle_id, now=now)
            if intake.records and intake.records[-1].sample.seq == seq:
                boot.pending[seq] = crc
        elif known == crc:
            intake.duplicates += 1
            if boot.is_durable(seq):
                intake.durable.append(seq)
        else:
            _set_aside(intake, seq, QuarantineReason.OTHER_BYTES, payload, f"{batch.boot_id}:{seq}")
    boot.highest = max(boot.highest, batch.first_seq + len(batch.payloads) - 1)
    return intake


def _take_new(intake: Intake, payload: bytes, *, batch: Batch, seq: int, vehicle_id: VehicleId, now: Instant) -> None:
    if len(payload) > MAX_SAMPLE_BYTES:
        _set_aside(intake, seq, QuarantineReason.OVERSIZED, payload[:MAX_SAMPLE_BYTES], f"{batch.boot_id}:{seq}")
        return
    try:
        sample = decode_sample(payload, vehicle_id=vehicle_id, boot_id=batch.boot_id, seq=seq)
    except BadInputError as error:
        _set_aside(intake, seq, QuarantineReason.BAD_SAMPLE, payload, f"{batch.boot_id}:{seq}: {error}")
        return
    is_ahead = sample.device_time > now + CLOCK_TOLERANCE_MS
    intake.clock_ahead += is_ahead
    event_time = now if is_ahead else sample.device_time
    intake.records.append(TelemetryRecord(sample=sample, received_at=now, event_time=event_time, payload=payload))


def _set_aside(intake: Intake, seq: int, reason: QuarantineReason, payload: bytes, detail: str) -> None:
    intake.quarantined.append(Quarantined(reason, payload, detail))
    intake.rejected.append((seq, reason.value))
