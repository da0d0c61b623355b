"""The vehicle gateway: all connections, what is kept, live state, and one connection per vehicle.

A sample is acknowledged when it is on disk and only then; live state and its listeners learn of it at that moment.
"""

from collections.abc import Callable, Mapping, Sequence

from mobility.core.clock import Clock, Instant
from mobility.core.errors import ReadOnlyError, StreamClosedError
from mobility.core.ids import VehicleId
from mobility.core.ports import FrameStream, TelemetryLog, TelemetryRecord
from mobility.core.vehicle import VehicleState
from v2x.counters import Counters, Tally
from v2x.edge.connection import Connection
from v2x.edge.injection import Injection
from v2x.edge.keeping import Keeping
from v2x.edge.publisher import Publisher, RecordListener
from v2x.edge.wake import Wake
from v2x.goodbye import GoodbyeReason
from v2x.link.observer import LinkObserver
from v2x.pressure import Pressure
from v2x.quarantine import Quarantine, Quarantined, QuarantineReason
from v2x.received import Received
from v2x.server_frames import goodbye_frame
from v2x.session import Identify, SessionState, Turn, VehicleSession

ForgeryListener = Callable[[VehicleId, Quarantined], None]
"""Hears of a sample whose sequence number is kept already with other bytes."""


class Gateway:
    """Serves vehicles; is the ``VehicleStates`` port for everybody else."""

    def __init__(
        self,
        *,
        log: TelemetryLog,
        clock: Clock,
        identify: Identify,
        quarantine: Quarantine,
        link: LinkObserver | None = None,
        gather_s: float = 0.0,
    ) -> None:
        """Keep samples in ``log``; ``identify`` returns the vehicle of a token, ``None`` for an unknown one.

        What the log has already is read at the first connection. ``link`` hears how every session goes. Two groups of
        samples go to the log at least ``gather_s`` seconds of real time apart; 0 where it waits for no disk.
        """
        self._log = log
        self._clock = clock
        self._identify = identify
        self._quarantine = quarantine
        self._link = link
        self._known: Received | None = None
        self._tally = Tally()
        self._pressure = Pressure()
        self._told = self._pressure.credit
        self._keeping = Keeping(log, clock, self._pressure, on_read_only=self._stop, gather_s=gather_s)
        self._publisher = Publisher(tally=self._tally, quarantine=quarantine, link=link)
        self._injection = Injection(log, self._received)
        self._forgery_listeners: list[ForgeryListener] = []
        self._connections: dict[Connection, None] = {}
        self._ended = Wake()
        self._current: dict[VehicleId, Connection] = {}
        self.is_read_only = False
        """Set for good when the log failed: nothing more is acknowledged, nobody is let in."""

    @property
    def counters(self) -> Counters:
        """What was counted so far."""
        return self._tally.snapshot()

    @property
    def pressure(self) -> Pressure:
        """What all connections carry at the moment."""
        return self._pressure

    def latest(self) -> Mapping[VehicleId, VehicleState]:
        """Return the newest state of every vehicle heard of since the start."""
        return self._publisher.latest()

    def connected(self) -> Sequence[VehicleId]:
        """Return the vehicles with a welcomed connection, in the order they came."""
        return tuple(self._current)

    def subscribe(self, listener: Callable[[VehicleState], None]) -> None:
        """Call ``listener`` on the event loop whenever a vehicle's live state moves on (never back)."""
        self._publisher.state_listeners.append(listener)

    def subscribe_records(self, listener: RecordListener) -> None:
        """Call ``listener`` with every record once it is durable, late ones too, each exactly once."""
        self._publisher.record_listeners.append(listener)

    def subscribe_forged(self, listener: ForgeryListener) -> None:
        """Call ``listener`` when a vehicle sends a sequence number that is kept already with other bytes."""
        self._forgery_listeners.append(listener)

    async def serve(
        self,
        stream: FrameStream,
        *,
        identify: Identify | None = None,
        settled: Callable[[int], None] | None = None,
    ) -> None:
        """Serve one connection until it ends, whoever ends it. Returns after its records are durable.

        ``identify`` takes the place of the gateway's own where the transport knows who is there (a certificate, a
        topic). ``settled(n)`` tells that the ``n`` oldest frames not told of yet are done with: what they brought is
        durable, or there was nothing to keep.
        """
        if self.is_read_only:
            await self._turn_away(stream)
            return
        connection = self._connection(stream, identify or self._identify, settled)
        self._connections[connection] = None
        self._tally.connections += 1
        self._pressure.joined(1)
        try:
            await connection.run()
        finally:
            self._tally.connections -= 1
            self._pressure.joined(-1)
            del self._connections[connection]
            self._ended.set()
            self._leave(connection)

    def send_command(self, vehicle_id: VehicleId, frame: bytes) -> bool:
        """Send a frame ahead of all others on the vehicle's connection; return whether it has one."""
        connection = self._current.get(vehicle_id)
        if connection is None or connection.session.state is not SessionState.LIVE:
            return False
        connection.reply_first(frame)
        return True

    async def inject(self, records: Sequence[TelemetryRecord]) -> None:
        """Keep and publish records of a source without a session; returns when all of them are durable.

        What is kept already is left out and counted. Raises ``StorageError`` (``ReadOnlyError`` for good) when they
        can not be kept. Not to be cancelled except at the very end: a record under way then stays unconfirmed.
        """
        if self.is_read_only:
            raise ReadOnlyError("the gateway keeps nothing more")
        forged: list[tuple[TelemetryRecord, Quarantined]] = []
        try:
            fresh = await self._injection.keep(records, lambda *each: forged.append(each))
        except ReadOnlyError:
            self._stop()
            raise
        finally:
            for record, each in forged:
                self._tally.quarantined += 1
                self._set_aside(record.sample.vehicle_id, each)
        self._tally.duplicates += len(records) - len(fresh) - len(forged)
        self._publisher.publish(fresh, self._clock.now())

    def dismiss_all(self, reason: GoodbyeReason) -> None:
        """Say goodbye to every vehicle; what was taken by then still becomes durable."""
        for connection in self._connections:
            connection.dismiss(reason)

    async def part(self, reason: GoodbyeReason) -> None:
        """Say goodbye to every vehicle and wait until all have gone and their records are durable."""
        self.dismiss_all(reason)
        while self._connections:
            await self._ended.wait()

    def _received(self) -> Received:
        if self._known is None:
            self._known = Received(self._log.received())
        return self._known

    def _connection(self, stream: FrameStream, identify: Identify, settled: Callable[[int], None] | None) -> Connection:
        return Connection(
            stream=stream,
            session=VehicleSession(identify=identify, received=self._received()),
            keeping=self._keeping,
            clock=self._clock,
            pressure=self._pressure,
            on_turn=self._count,
            on_durable=self._publish,
            on_settled=settled,
        )

    async def _turn_away(self, stream: FrameStream) -> None:
        self._tally.refused += 1
        try:
            await stream.send(goodbye_frame(GoodbyeReason.READ_ONLY))
        except StreamClosedError:
            return
        await stream.close(GoodbyeReason.READ_ONLY)

    def _count(self, connection: Connection, turn: Turn, size_bytes: int, now: Instant) -> None:
        self._tally.count_frame(turn)
        session = connection.session
        vehicle_id = session.vehicle_id
        for each in turn.quarantined:
            self._set_aside(vehicle_id, each)
        if turn.goodbye is not None:
            self._tally.refused += 1
        if vehicle_id is None or session.state is not SessionState.LIVE:
            return
        if self._current.get(vehicle_id) is not connection:
            self._take_over(vehicle_id, connection, now)
        if self._link is not None:
            self._tell_link(self._link, vehicle_id, turn, size_bytes, now)

    def _set_aside(self, vehicle_id: VehicleId | None, each: Quarantined) -> None:
        self._quarantine.keep(vehicle_id, each.reason, each.frame)
        if each.reason is QuarantineReason.OTHER_BYTES and vehicle_id is not None:
            self._tally.forged += 1
            for listener in self._forgery_listeners:
                listener(vehicle_id, each)

    def _tell_link(self, link: LinkObserver, vehicle_id: VehicleId, turn: Turn, size_bytes: int, now: Instant) -> None:
        link.heard(vehicle_id, size_bytes, now)
        if turn.duplicates:
            link.repeated(vehicle_id, turn.duplicates, now)
        ping = turn.ping
        if ping is not None and ping.clock_offset_ms is not None and ping.round_trip_ms is not None:
            link.timed(vehicle_id, ping.round_trip_ms, ping.clock_offset_ms, ping.clock_error_ms, now)

    def _take_over(self, vehicle_id: VehicleId, connection: Connection, now: Instant) -> None:
        self._tally.sessions += 1
        former = self._current.get(vehicle_id)
        self._current[vehicle_id] = connection
        if former is not None:
            self._tally.replaced += 1
            former.dismiss(GoodbyeReason.REPLACED)
        if self._link is not None:
            self._link.connected(vehicle_id, now)

    def _leave(self, connection: Connection) -> None:
        vehicle_id = connection.session.vehicle_id
        if vehicle_id is not None and self._current.get(vehicle_id) is connection:
            del self._current[vehicle_id]
            if self._link is not None:
                self._link.disconnected(vehicle_id, self._clock.now())

    def _publish(self, connection: Connection, records: Sequence[TelemetryRecord], now: Instant) -> None:
        # The connection that took the records may have been replaced while they went to disk.
        answering = self._current.get(records[0].sample.vehicle_id, connection)
        turn = answering.session.durable(records, now)
        self._publisher.publish(records, now)
        answering.reply(turn.replies)
        if self._pressure.credit is not self._told:
            # Also who sends nothing now must hear of it: its backlog may be all that it has.
            self._told = self._pressure.credit
            for each in self._connections:
                each.tell_credit()

    def _stop(self) -> None:
        self.is_read_only = True
        self._keeping.drop_open()
        self.dismiss_all(GoodbyeReason.READ_ONLY)
