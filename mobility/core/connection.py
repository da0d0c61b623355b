"""Planned connections: a feeder arrives, another service waits for it up to a limit, hold or go."""

from dataclasses import dataclass
from enum import StrEnum

from mobility.core.clock import Instant
from mobility.core.ids import ConnectionId, StopId
from mobility.core.vehicle import TripRef


class ConnectionDecision(StrEnum):
    """What was decided about a connection."""

    PLANNED = "planned"
    HOLD = "hold"
    GO = "go"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A transfer at ``stop_id`` from a feeder (a train) to a line trip."""

    connection_id: ConnectionId
    feeder: str
    """What riders call it, e.g. ``RB 46 aus Erfurt``."""
    feeder_arrival: Instant
    """Scheduled arrival."""
    trip: TripRef
    stop_id: StopId
    departure: Instant
    """Scheduled departure of the trip at the stop."""
    transfer_s: float
    """Walking time between the two."""
    hold_limit_s: float
    """Longest departure delay accepted for it."""
    feeder_delay_s: float = 0.0
    decision: ConnectionDecision = ConnectionDecision.PLANNED
    hold_until: Instant | None = None
    """New departure while ``decision`` is HOLD."""
