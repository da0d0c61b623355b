"""Promises: every time told to a person, revised only by telling again, settled by what happened."""

from dataclasses import dataclass
from enum import StrEnum

from mobility.core.booking import Channel, Window
from mobility.core.clock import Instant
from mobility.core.ids import BookingId


class PromiseKind(StrEnum):
    """What was promised."""

    PICKUP = "pickup"
    ARRIVAL = "arrival"


class PromiseOutcome(StrEnum):
    """How a promise ended; ``OPEN`` until then, ``RELEASED`` when the rider cancelled or stayed away."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The last window told to a rider for one end of a ride."""

    booking_id: BookingId
    kind: PromiseKind
    window: Window
    told_at: Instant
    channel: Channel
    revision: int = 0
    """0 for the first promise; each telling anew adds 1."""
    outcome: PromiseOutcome = PromiseOutcome.OPEN
