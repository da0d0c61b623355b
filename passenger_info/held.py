"""What the ledger says about trips: which are cancelled, which wait for a connection, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mobility.core.clock import Instant
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.events import ConnectionDecided, ConnectionPlanned, Envelope, TripCancelled
from mobility.core.ids import ConnectionId
from mobility.core.vehicle import TripRef
from passenger_info.run import TripRun

_NO_HOLDS: Mapping[int, Instant] = {}


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why a trip will not run, and since when that is known."""

    reason: str
    known_at: Instant


@dataclass(frozen=True, slots=True)
class Hold:
    """A departure that waits."""

    connection: Connection
    until: Instant
    reason: str


@dataclass(slots=True)
class Facts:
    """Cancellations and holds so far."""

    cancelled: dict[TripRef, Cancellation] = field(default_factory=dict)
    holds: dict[TripRef, dict[ConnectionId, Hold]] = field(default_factory=dict)
    _connections: dict[ConnectionId, Connection] = field(default_factory=dict)

    def take(self, envelopes: Sequence[Envelope]) -> list[TripRef]:
        """Take over facts in order and return the trips they change, each once."""
        changed: dict[TripRef, None] = {}
        for envelope in envelopes:
            match envelope.body:
                case TripCancelled(trip=trip, reason=reason):
                    self.cancelled[trip] = Cancellation(reason, envelope.recorded_at)
                    changed[trip] = None
                case ConnectionPlanned(connection=connection):
                    self._connections[connection.connection_id] = connection
                case ConnectionDecided() as decided:
                    changed.update(dict.fromkeys(self._decide(decided)))
                case _:
                    pass
        return list(changed)

    def _decide(self, decided: ConnectionDecided) -> list[TripRef]:
        connection = self._connections.get(decided.connection_id)
        if connection is None or connection.trip is None:  # a citizen bus that waits shows in its rider's promise
            return []
        holds = self.holds.setdefault(connection.trip, {})
        holds.pop(decided.connection_id, None)
        if decided.decision is ConnectionDecision.HOLD and decided.hold_until is not None:
            holds[decided.connection_id] = Hold(connection, decided.hold_until, decided.reason)
        if not holds:
            del self.holds[connection.trip]
        return [connection.trip]

    def holds_of(self, run: TripRun) -> Mapping[int, Instant]:
        """Return until when departures of a run wait, by call index."""
        holds = self.holds.get(run.ref)
        if not holds:
            return _NO_HOLDS
        until: dict[int, Instant] = {}
        for hold in holds.values():
            for i, stop_id in enumerate(run.trip.pattern.stops):
                if stop_id == hold.connection.stop_id:
                    until[i] = max(hold.until, until.get(i, hold.until))
        return until

    def reason_of(self, trip: TripRef) -> str:
        """Return why a trip waits, empty where it does not."""
        return "; ".join(hold.reason for hold in self.holds.get(trip, {}).values() if hold.reason)

    def forget(self, before_date: str) -> None:
        """Forget facts about service dates (ISO) before ``before_date``."""
        for ref in [ref for ref in self.cancelled if ref.start_date.isoformat() < before_date]:
            del self.cancelled[ref]
        for ref in [ref for ref in self.holds if ref.start_date.isoformat() < before_date]:
            del self.holds[ref]
