"""Frames and samples that were not taken: their bytes are kept for inspection, with the reason."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mobility.core.ids import VehicleId


class QuarantineReason(StrEnum):
    """Why bytes were set aside."""

    CORRUPT = "corrupt"
    """No frame of this protocol, or its checksum is wrong."""
    TEXT = "text"
    """A text frame; the protocol is binary."""
    OVERSIZED = "oversized"
    """Longer than allowed; only its beginning is kept."""
    UNEXPECTED = "unexpected"
    """A valid frame at the wrong moment, such as a second Hello."""
    BAD_SAMPLE = "bad_sample"
    """A sample inside a sound batch whose values can not be."""
    OTHER_BYTES = "other_bytes"
    """A sequence number that is kept already, with other bytes."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Bytes set aside; ``detail`` says what is wrong with them."""

    reason: QuarantineReason
    frame: bytes
    detail: str = ""


class Quarantine(Protocol):
    """Keeps what was not taken."""

    def keep(self, vehicle_id: VehicleId | None, reason: str, frame: bytes) -> None:
        """Keep ``frame`` of a vehicle (``None`` before its Hello). Returns at once and never raises."""
        ...
