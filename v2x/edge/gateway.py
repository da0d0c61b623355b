"""The vehicle gateway: all connections, what is kept, live state, and one connection per vehicle.

A sample is acknowledged when it is on disk and only then; live state and its listeners learn of it at that moment.
"""

from collections.abc import Callable, Mapping, Sequence

from mobility.core.clock import Clock
from mobility.core.errors import StreamClosedError
from mobility.core.ids import VehicleId
from mobility.core.ports import FrameStream, TelemetryLog, TelemetryRecord
from mobility.core.vehicle import VehicleState
from v2x.counters import Counters, Tally
from v2x.edge.connection import Connection
from v2x.edge.wake import Wake
from v2x.goodbye import GoodbyeReason
from v2x.quarantine import Quarantine
from v2x.received import Received
from v2x.server_frames import goodbye_frame
from v2x.session import Identify, SessionState, Turn, VehicleSession
from v2x.track import VehicleTracker


class Gateway:
    """Serves vehicles; is the ``VehicleStates`` port for everybody else."""

    def __init__(self, *, log: TelemetryLog, clock: Clock, identify: Identify, quarantine: Quarantine) -> None:
        """Keep samples in ``log``; ``identify`` returns the vehicle of a token, ``None`` for an unknown one.

        What the log has already is read at the first connection.
        """
        self._log = log
        self._clock = clock
        self._identify = identify
        self._quarantine = quarantine
        self._received: Received | None = None
        self._tracker = VehicleTracker()
        self._tally = Tally()
        self._listeners: list[Callable[[VehicleState], None]] = []
        self._connections: dict[Connection, None] = {}
        self._ended = Wake()
        self._current: dict[VehicleId, Connection] = {}
        self.is_read_only = False
        """Set for good when the log failed: nothing more is acknowledged, nobody is let in."""

    @property
    def counters(self) -> Counters:
        """What was counted so far."""
        return self._tally.snapshot()

    def latest(self) -> Mapping[VehicleId, VehicleState]:
        """Return the newest state of every vehicle heard of since the start."""
        return self._tracker.latest()

    def subscribe(self, listener: Callable[[VehicleState], None]) -> None:
        """Call ``listener`` on the event loop whenever a vehicle's live state moves on (never back)."""
        self._listeners.append(listener)

    async def serve(self, stream: FrameStream) -> None:
        """Serve one connection until it ends, whoever ends it. Returns after its records are durable."""
        if self.is_read_only:
            await self._turn_away(stream)
            return
        connection = self._connection(stream)
        self._connections[connection] = None
        self._tally.connections += 1
        try:
            await connection.run()
        finally:
            self._tally.connections -= 1
            del self._connections[connection]
            self._ended.set()
            vehicle_id = connection.session.vehicle_id
            if vehicle_id is not None and self._current.get(vehicle_id) is connection:
                del self._current[vehicle_id]

    def dismiss_all(self, reason: GoodbyeReason) -> None:
        """Say goodbye to every vehicle; what was taken by then still becomes durable."""
        for connection in self._connections:
            connection.dismiss(reason)

    async def part(self, reason: GoodbyeReason) -> None:
        """Say goodbye to every vehicle and wait until all have gone and their records are durable."""
        self.dismiss_all(reason)
        while self._connections:
            await self._ended.wait()

    def _connection(self, stream: FrameStream) -> Connection:
        if self._received is None:
            self._received = Received(self._log.received())
        return Connection(
            stream=stream,
            session=VehicleSession(identify=self._identify, received=self._received),
            log=self._log,
            clock=self._clock,
            on_turn=self._count,
            on_durable=self._publish,
            on_read_only=self._stop,
        )

    async def _turn_away(self, stream: FrameStream) -> None:
        self._tally.refused += 1
        try:
            await stream.send(goodbye_frame(GoodbyeReason.READ_ONLY))
        except StreamClosedError:
            return
        await stream.close(GoodbyeReason.READ_ONLY)

    def _count(self, connection: Connection, turn: Turn) -> None:
        self._tally.count_frame(turn)
        session = connection.session
        for each in turn.quarantined:
            self._quarantine.keep(session.vehicle_id, each.reason, each.frame)
        if turn.goodbye is not None:
            self._tally.refused += 1
        vehicle_id = session.vehicle_id
        if (
            vehicle_id is not None
            and session.state is SessionState.LIVE
            and self._current.get(vehicle_id) is not connection
        ):
            self._take_over(vehicle_id, connection)

    def _take_over(self, vehicle_id: VehicleId, connection: Connection) -> None:
        self._tally.sessions += 1
        former = self._current.get(vehicle_id)
        self._current[vehicle_id] = connection
        if former is not None:
            self._tally.replaced += 1
            former.dismiss(GoodbyeReason.REPLACED)

    def _publish(self, connection: Connection, records: Sequence[TelemetryRecord]) -> None:
        # The connection that took the records may have been replaced while they went to disk.
        answering = self._current.get(records[0].sample.vehicle_id, connection)
        turn = answering.session.durable(records, self._clock.now())
        tally = self._tally
        tally.samples += len(records)
        for record in records:
            state = self._tracker.observe(record)
            if state is None:
                tally.late += 1
                continue
            for listener in self._listeners:
                listener(state)
        answering.reply(turn.replies)

    def _stop(self) -> None:
        self.is_read_only = True
        for connection in self._connections:
            connection.drop_pending()
        self.dismiss_all(GoodbyeReason.READ_ONLY)
