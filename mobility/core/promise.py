"""Promises: every time told to a person, revised only by telling again, settled by what happened."""

from dataclasses import dataclass
from enum import StrEnum

from mobility.core.booking import Channel, Window
from mobility.core.clock import Instant
from mobility.core.ids import BookingId, VehicleId


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
    was_told_late: bool = False
    """Whether it was told anew after the window told before had ended: broken by then, whatever happens."""


class TellingOutcome(StrEnum):
    """What came of an attempt to tell a rider something. Only ``REACHED`` counts as told."""

    REACHED = "reached"
    LEFT_MESSAGE = "left_message"
    NOT_REACHED = "not_reached"


class RevisionReason(StrEnum):
    """Why a promise has to be told anew."""

    VEHICLE_LATE = "vehicle_late"
    BREAKDOWN = "breakdown"
    DRIVER_MISSING = "driver_missing"
    ROAD_CLOSED = "road_closed"
    NO_SPACE = "no_space"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """News that a rider has to be told: other windows, another vehicle, or that the ride can not be given."""

    booking_id: BookingId
    reason: RevisionReason
    tell_by: Instant
    """Later the news are of no use: the rider has left home, or stands at the stop."""
    vehicle_id: VehicleId
    """The vehicle that comes now; of a withdrawn ride the one that would have come."""
    pickup: Window | None = None
    arrival: Window | None = None
    """New windows; ``None`` where the old one stands."""
    is_withdrawn: bool = False
    tries: int = 0
    """Attempts so far that did not reach the rider."""
