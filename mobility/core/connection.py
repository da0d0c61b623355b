"""Planned connections: a feeder arrives, another service waits for it up to a limit, hold or go."""

from dataclasses import dataclass
from enum import StrEnum

from mobility.core.clock import Instant, shifted
from mobility.core.ids import BookingId, ConnectionId, StopId
from mobility.core.vehicle import TripRef


class ConnectionDecision(StrEnum):
    """What was decided about a connection."""

    PLANNED = "planned"
    HOLD = "hold"
    GO = "go"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A transfer at ``stop_id`` from a feeder to what leaves there.

    The feeder is a train, a line trip (``feeder_trip``) or, where both ``trip`` and ``booking_id`` are given, the
    citizen bus that brings this rider. What leaves is a line trip (``trip``) or, without one, the citizen bus that
    fetches the rider of ``booking_id``.
    """

    connection_id: ConnectionId
    feeder: str
    """What riders call it, e.g. ``RB 46 aus Erfurt``."""
    feeder_arrival: Instant
    """Scheduled arrival."""
    trip: TripRef | None
    """The line trip that leaves, ``None`` where a citizen bus does."""
    stop_id: StopId
    departure: Instant
    """Scheduled departure of the trip at the stop; of a citizen bus the begin of the promised pickup."""
    transfer_s: float
    """Walking time between the two."""
    hold_limit_s: float
    """Longest departure delay accepted for it."""
    feeder_delay_s: float = 0.0
    decision: ConnectionDecision = ConnectionDecision.PLANNED
    hold_until: Instant | None = None
    """New departure while ``decision`` is HOLD."""
    feeder_trip: TripRef | None = None
    """The line trip that feeds, where it is one."""
    booking_id: BookingId | None = None
    """Whose citizen-bus ride feeds the trip, or is fed."""

    @property
    def ready(self) -> Instant:
        """When who comes with the feeder, as late as it is known to be, has walked over."""
        return shifted(self.feeder_arrival, self.feeder_delay_s + self.transfer_s)

    @property
    def is_to_citizen_bus(self) -> bool:
        """Whether the citizen bus is what leaves."""
        return self.trip is None
