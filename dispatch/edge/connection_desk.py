"""The connection service: the day's connections and those of rides, feeders' delays by hand or from the feed."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dispatch import connections
from dispatch.booking import located
from dispatch.bus_hold import hold_or_go_bus
from dispatch.connections import Overruling, People
from dispatch.edge.service import Dispatch, Key
from mobility.core.booking import BookingState, Channel
from mobility.core.clock import Instant, seconds_between, shifted
from mobility.core.connection import Connection
from mobility.core.events import BookingMade, ConnectionDecided, Envelope, Event
from mobility.core.fold import State
from mobility.core.ids import BookingId, ConnectionId
from mobility.core.plan import Task, TaskKind
from mobility.core.ports import Ledger, TripStatuses
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.service_day import service_day_of

LOOK_S = 30.0
LEAST_CHANGE_S = 60.0
"""Smaller changes of a delay decide nothing anew."""
_OPEN = frozenset({BookingState.PROMISED, BookingState.BOARDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """A feeder's delay as a person or a feed tells it, and what a dispatcher decides where the rule does not."""

    connection_id: ConnectionId
    delay_s: float
    channel: Channel
    people: People = field(default_factory=People)
    overruling: Overruling | None = None


class Connections:
    """Connections of a region. All state lies in the ledger."""

    def __init__(self, dispatch: Dispatch, ledger: Ledger, statuses: TripStatuses | None = None) -> None:
        """Decide for ``dispatch``; ``statuses`` tells delays of line trips that feed, without it only people do."""
        self._dispatch = dispatch
        self._ledger = ledger
        self._statuses = statuses
        self._changed = asyncio.Event()
        ledger.subscribe(self._noted)

    async def planned(self) -> Sequence[Connection]:
        """Make sure that today's connections are facts, and return them by departure; rides that are over left out."""
        await self._dispatch.plan_connections()
        await self.plan_rides()
        state, today = self._ledger.state, self._dispatch.today
        found = [
            connection
            for connection in state.connections.values()
            if service_day_of(connection.departure, today.zone) == today and self._is_open(state, connection)
        ]
        return sorted(found, key=lambda each: (each.departure, each.connection_id))

    async def plan_rides(self) -> None:
        """Make facts of the connections of rides that have none yet."""
        region = self._dispatch.region
        if connections.plan_rides(region, self._ledger.state):
            await self._ledger.submit(lambda state, _now: connections.plan_rides(region, state), actor="planner")

    async def take(self, delay: Delay, actor: str, key: Key | None = None) -> ConnectionDecided | Refusal:
        """Take a feeder's delay and return what was decided; others who come with the same feeder follow the rule."""
        await self.planned()
        decided = await self._submit(delay, actor, key)
        if isinstance(decided, ConnectionDecided) and delay.overruling is None:
            for other in self._same_feeder(delay):
                await self._submit(other, actor, None)
        return decided

    async def overrule(
        self, connection_id: ConnectionId, people: People, overruling: Overruling, actor: str, key: Key
    ) -> ConnectionDecided | Refusal:
        """Take a dispatcher's own decision on the delay that is known."""
        await self.planned()
        connection = self._ledger.state.connections.get(connection_id)
        if connection is None:
            return Refusal(RefusalCode.UNKNOWN_CONNECTION)
        delay = Delay(
            connection_id=connection_id,
            delay_s=connection.feeder_delay_s,
            channel=Channel.PHONE,
            people=people,
            overruling=overruling,
        )
        return await self._submit(delay, actor, key)

    def weighed(self, connection: Connection) -> ConnectionDecided | None:
        """Return what the rule would decide now about the delay that is known, with both costs; changes nothing."""
        if connection.feeder_delay_s <= 0:
            return None
        delay = Delay(connection_id=connection.connection_id, delay_s=connection.feeder_delay_s, channel=Channel.PHONE)
        facts = self._decide(self._ledger.state, self._dispatch.clock.now(), delay)
        return None if isinstance(facts, Refusal) else next(e for e in facts if isinstance(e, ConnectionDecided))

    async def run(self) -> None:
        """Plan connections of new rides and follow delays of trips and buses that feed, until cancelled."""
        while True:
            await self.look()
            if any(True for _ in self._fed_by_trip_or_bus()):
                await self._dispatch.clock.sleep(LOOK_S)
            else:
                await self._changed.wait()
                self._changed.clear()

    async def look(self) -> int:
        """Look once; return how many decisions were taken anew."""
        await self.plan_rides()
        taken = 0
        for connection in list(self._fed_by_trip_or_bus()):
            delay_s = self._known_delay_s(connection)
            is_lost = _is_lost(self._ledger.state, connection, self._dispatch.clock.now())
            if delay_s is None and is_lost:
                delay_s = connection.feeder_delay_s
            if delay_s is not None and (is_lost or abs(delay_s - connection.feeder_delay_s) >= LEAST_CHANGE_S):
                delay = Delay(connection_id=connection.connection_id, delay_s=delay_s, channel=Channel.API)
                taken += isinstance(await self._submit(delay, "planner", None), ConnectionDecided)
        return taken

    async def _submit(self, delay: Delay, actor: str, key: Key | None) -> ConnectionDecided | Refusal:
        done = await self._ledger.submit(
            lambda state, now: self._decide(state, now, delay),
            actor=actor,
            idempotency_key=key.value if key else None,
            fingerprint=key.fingerprint if key else "",
        )
        if isinstance(done, Refusal):
            return done
        return next(e.body for e in done.envelopes if isinstance(e.body, ConnectionDecided))

    def _decide(self, state: State, now: Instant, delay: Delay) -> list[Event] | Refusal:
        connection = state.connections.get(delay.connection_id)
        if connection is None:
            return Refusal(RefusalCode.UNKNOWN_CONNECTION)
        booking = state.bookings.get(connection.booking_id) if connection.booking_id is not None else None
        if connection.is_to_citizen_bus and booking is not None:
            area_id = booking.wish.area_id
            return hold_or_go_bus(
                self._dispatch.service(area_id, state),
                state,
                now,
                connection_id=delay.connection_id,
                delay_s=delay.delay_s,
                channel=delay.channel,
                overruling=delay.overruling,
            )
        return connections.hold_or_go(
            state,
            now,
            connection_id=delay.connection_id,
            delay_s=delay.delay_s,
            people=delay.people,
            channel=delay.channel,
            next_s=connections.next_departure_s(self._dispatch.region, connection),
            overruling=delay.overruling,
        )

    def _same_feeder(self, delay: Delay) -> list[Delay]:
        """Return the delay of everybody else who comes with the same train or trip."""
        state = self._ledger.state
        known = state.connections[delay.connection_id]
        others = [
            each
            for each in state.connections.values()
            if (each.feeder, each.feeder_arrival) == (known.feeder, known.feeder_arrival)
            and each.connection_id != delay.connection_id
            and each.feeder != connections.BUS
            and abs(each.feeder_delay_s - delay.delay_s) >= LEAST_CHANGE_S
            and self._is_open(state, each)
        ]
        return [
            Delay(connection_id=each.connection_id, delay_s=delay.delay_s, channel=delay.channel) for each in others
        ]

    def _fed_by_trip_or_bus(self) -> Iterator[Connection]:
        """Yield the connections whose feeder's delay can be looked up, while it matters."""
        state, now = self._ledger.state, self._dispatch.clock.now()
        for connection in state.connections.values():
            is_known = connection.feeder_trip is not None or connection.booking_id is not None
            is_ahead = now <= shifted(connection.departure, connection.hold_limit_s)
            if is_known and is_ahead and self._is_open(state, connection):
                yield connection

    def _known_delay_s(self, connection: Connection) -> float | None:
        if connection.feeder_trip is not None:
            return self._trip_delay_s(connection)
        return _bus_delay_s(self._ledger.state, connection)

    def _trip_delay_s(self, connection: Connection) -> float | None:
        status = None
        if self._statuses is not None and connection.feeder_trip is not None:
            status = self._statuses.status(connection.feeder_trip)
        if status is None:
            return None
        call = next((call for call in status.calls if call.scheduled_arrival == connection.feeder_arrival), None)
        if call is not None and call.arrival is not None:
            return seconds_between(connection.feeder_arrival, call.arrival.p50)
        return status.delay_s

    def _is_open(self, state: State, connection: Connection) -> bool:
        booking = None if connection.booking_id is None else state.bookings.get(connection.booking_id)
        return connection.booking_id is None or (booking is not None and booking.state in _OPEN)

    def _noted(self, envelopes: Sequence[Envelope]) -> None:
        made = [each.body.booking.wish for each in envelopes if isinstance(each.body, BookingMade)]
        if any(wish.after_trip is not None or wish.before_trip is not None for wish in made):
            self._changed.set()


def _is_lost(state: State, connection: Connection, now: Instant) -> bool:
    """Return whether the bus was to wait for a rider and another plan has taken that back since."""
    until = connection.hold_until
    if not connection.is_to_citizen_bus or until is None or now >= until:
        return False
    task = _task_of(state, connection, TaskKind.PICKUP)
    return task is not None and task.begin < until


def _task_of(state: State, connection: Connection, kind: TaskKind) -> Task | None:
    place = located(state, connection.booking_id or BookingId(""))
    tasks = place[0].tours[place[1]].tasks if place is not None else ()
    return next((t for t in tasks if (t.booking_id, t.kind) == (connection.booking_id, kind)), None)


def _bus_delay_s(state: State, connection: Connection) -> float | None:
    """Return how late the citizen bus brings a rider, as planned now; 0 while it is in time."""
    task = _task_of(state, connection, TaskKind.DROPOFF)
    return None if task is None else max(0.0, seconds_between(connection.feeder_arrival, task.begin))
