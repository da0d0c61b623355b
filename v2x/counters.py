"""What the gateway has counted since it started."""

from dataclasses import dataclass, fields

from v2x.quarantine import QuarantineReason
from v2x.session import Turn

_NOT_A_FRAME = frozenset({QuarantineReason.CORRUPT, QuarantineReason.TEXT, QuarantineReason.OVERSIZED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """A snapshot; every figure only ever rises, except ``connections``."""

    connections: int
    """Open at the moment."""
    sessions: int
    """Connections that were welcomed."""
    refused: int
    """Connections ended with a reason before they were welcomed."""
    replaced: int
    """Connections ended because the same vehicle came anew."""
    frames: int
    samples: int
    """Distinct samples that became durable."""
    duplicates: int
    """Samples dropped because they were there already, byte for byte."""
    late: int
    """Durable samples that were not newer than the vehicle's live state."""
    clock_ahead: int
    """Samples whose device time lay in the future and was corrected."""
    clock_corrected: int
    """Samples whose event time is not their device time: those ahead, and those of a clock of known offset."""
    clock_jumps: int
    """How often a vehicle's clock was seen to be set by more than five seconds, or backwards."""
    gaps: int
    """Gaps in sequence numbers that a vehicle was told of."""
    quarantined: int
    """Frames and samples set aside, for whatever reason."""
    corrupt: int
    """Of those: frames that are none of this protocol (unreadable, text, oversized)."""
    forged: int
    """Of those: samples with a sequence number that is kept already with other bytes."""
    bad_extensions: int
    """Durable samples whose extension could not be read; the sample itself is sound and kept."""


@dataclass(slots=True)
class Tally:
    """The running figures behind ``Counters``."""

    connections: int = 0
    sessions: int = 0
    refused: int = 0
    replaced: int = 0
    frames: int = 0
    samples: int = 0
    duplicates: int = 0
    late: int = 0
    clock_ahead: int = 0
    clock_corrected: int = 0
    clock_jumps: int = 0
    gaps: int = 0
    quarantined: int = 0
    corrupt: int = 0
    forged: int = 0
    bad_extensions: int = 0

    def count_frame(self, turn: Turn) -> None:
        """Count a received frame by what followed from it."""
        self.frames += 1
        self.duplicates += turn.duplicates
        self.clock_ahead += turn.clock_ahead
        self.clock_corrected += turn.clock_corrected
        self.clock_jumps += turn.clock_jumps
        self.gaps += turn.gaps
        for each in turn.quarantined:
            self.quarantined += 1
            self.corrupt += each.reason in _NOT_A_FRAME

    def snapshot(self) -> Counters:
        """Return the figures of this moment."""
        return Counters(**{each.name: getattr(self, each.name) for each in fields(self)})
