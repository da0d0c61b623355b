"""Planned connections of a day, and the decision to hold a departure for a late feeder or to let it go."""

from collections.abc import Mapping
from dataclasses import dataclass

from mobility.core.booking import Channel
from mobility.core.clock import Instant, seconds_between, shifted
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.events import ConnectionDecided, ConnectionPlanned, Event, FeederDelayReported
from mobility.core.fold import State
from mobility.core.ids import ConnectionId
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.region import LinePattern, LineTrip, Region, TrainConnection
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef

LONGEST_DELAY_S = 86_400.0
"""A feeder later than a day is a typing error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Whom a held departure costs time."""

    aboard: int = 0
    waiting: int = 0
    """Waiting at stops further down the line."""


def connections_of(region: Region, day: ServiceDay) -> tuple[Connection, ...]:
    """Return the connections whose trips run on ``day``, in the order of their departures."""
    trips = {trip.trip_id: (trip, pattern) for trip, pattern in _trips(region)}
    planned: list[Connection] = []
    for rule in region.connections:
        trip, pattern = trips[rule.trip_id]
        if region.calendars[trip.calendar_id].runs_on(day.date):
            planned.append(_connection(rule, trip, pattern, day))
    return tuple(sorted(planned, key=lambda connection: (connection.departure, connection.connection_id)))


def plan_day(region: Region, day: ServiceDay, state: State) -> list[Event]:
    """Return the facts that announce the day's connections which the ledger does not know yet."""
    fresh = (c for c in connections_of(region, day) if c.connection_id not in state.connections)
    return [ConnectionPlanned(connection=connection) for connection in fresh]


def hold_or_go(
    state: State, now: Instant, *, connection_id: ConnectionId, delay_s: float, people: People, channel: Channel
) -> list[Event] | Refusal:
    """Decide on a feeder's delay: hold until it has arrived and people have walked over, if within the limit."""
    connection = state.connections.get(connection_id)
    if connection is None:
        return Refusal(RefusalCode.UNKNOWN_CONNECTION)
    if not abs(delay_s) <= LONGEST_DELAY_S:  # also refuses NaN
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "delay_s"})
    reported = FeederDelayReported(connection_id=connection_id, delay_s=delay_s, channel=channel)
    return [reported, _decided(connection, delay_s, people, now)]


def _decided(connection: Connection, delay_s: float, people: People, now: Instant) -> ConnectionDecided:
    ready = shifted(connection.feeder_arrival, delay_s + connection.transfer_s)
    hold_s = seconds_between(connection.departure, ready)
    told = f"{connection.feeder} {round(delay_s / 60):+d} min"
    leaves = connection.hold_until or connection.departure
    if hold_s <= 0 or hold_s > connection.hold_limit_s or now > leaves:
        # Going costs nobody aboard anything; those in the feeder take the next departure.
        decision, until, cost_person_s = ConnectionDecision.GO, None, 0.0
    else:
        decision, until = ConnectionDecision.HOLD, ready
        cost_person_s = hold_s * (people.aboard + people.waiting)
    return ConnectionDecided(
        connection_id=connection.connection_id,
        decision=decision,
        hold_until=until,
        cost_person_s=cost_person_s,
        reason=told,
    )


def _trips(region: Region) -> list[tuple[LineTrip, LinePattern]]:
    found: list[tuple[LineTrip, LinePattern]] = []
    for line in region.lines:
        patterns: Mapping[str, LinePattern] = {pattern.pattern_id: pattern for pattern in line.patterns}
        found.extend((trip, patterns[trip.pattern_id]) for trip in line.trips)
    return found


def _connection(rule: TrainConnection, trip: LineTrip, pattern: LinePattern, day: ServiceDay) -> Connection:
    leaves_s = trip.start + pattern.departure_s[pattern.stops.index(rule.stop_id)]
    return Connection(
        connection_id=ConnectionId(f"{rule.connection_id}-{day.date.isoformat()}"),
        feeder=rule.feeder,
        feeder_arrival=day.at(rule.feeder_arrival),
        trip=TripRef(trip.trip_id, day.date),
        stop_id=rule.stop_id,
        departure=day.at(leaves_s),
        transfer_s=rule.transfer_s,
        hold_limit_s=rule.hold_limit_s,
    )
