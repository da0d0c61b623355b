"""Planned connections of a day and of rides, and the decision to hold a line trip for a late feeder or to let it go."""

from dataclasses import dataclass

from dispatch.connection_windows import Transfer, feeder, follower, lines_with_trips
from mobility.core.booking import Booking, BookingState, Channel
from mobility.core.clock import Instant, seconds_between, shifted
from mobility.core.connection import Connection, ConnectionDecision
from mobility.core.events import ConnectionDecided, ConnectionPlanned, Event, FeederDelayReported
from mobility.core.fold import State
from mobility.core.ids import ConnectionId
from mobility.core.promise import Promise, PromiseKind
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.region import LinePattern, LineTrip, Region, TrainConnection
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef

LONGEST_DELAY_S = 86_400.0
"""A feeder later than a day is a typing error."""
MISSED_S = 3600.0
"""What a missed connection costs each who misses it where the next departure is not known. Assumed."""
HOLD_FOR_BUS_S = 180.0
"""How long a line trip waits for the citizen bus. Assumed; the bundle states limits for trains alone."""
BUS = "Bürgerbus"
"""What riders call the feeder of a connection from the citizen bus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Whom holding and whom going costs time."""

    aboard: int = 0
    waiting: int = 0
    """Waiting at stops further down the line."""
    transferring: int = 1
    """Who come with the feeder; where nobody knows, one is assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overruling:
    """A dispatcher's own decision."""

    decision: ConnectionDecision
    because: str
    accepts_revisions: bool = False
    """Whether promises to others may be revised for it; each of them is then told."""


def connections_of(region: Region, day: ServiceDay) -> tuple[Connection, ...]:
    """Return the connections whose trips run on ``day``, in the order of their departures."""
    trips = {trip.trip_id: (trip, pattern) for _, trip, pattern in lines_with_trips(region)}
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


def plan_rides(region: Region, state: State) -> list[Event]:
    """Return the facts that announce the connections of promised rides which the ledger does not know yet."""
    rides = (b for b in state.bookings.values() if b.wish.after_trip is not None or b.wish.before_trip is not None)
    promised = [each for each in rides if each.state is BookingState.PROMISED]
    found = [connection for booking in promised for connection in of_ride(region, state, booking)]
    return [ConnectionPlanned(connection=each) for each in found if each.connection_id not in state.connections]


def of_ride(region: Region, state: State, booking: Booking) -> tuple[Connection, ...]:
    """Return the connections of a booked ride: from the trip before it, and to the trip after it."""
    pickup = state.promises[booking.booking_id, PromiseKind.PICKUP]
    arrival = state.promises[booking.booking_id, PromiseKind.ARRIVAL]
    before, after = feeder(region, booking.wish), follower(region, booking.wish)
    found: list[Connection] = []
    if isinstance(before, Transfer):
        found.append(_to_bus(booking, pickup, before))
    if isinstance(after, Transfer):
        found.append(_from_bus(booking, arrival, after))
    return tuple(found)


def next_departure_s(region: Region, connection: Connection) -> float | None:
    """Return how long those who miss a line trip wait for the next one of its line that way, ``None`` for none today.

    Raises nothing: a trip the region does not know has none after it.
    """
    trips = list(lines_with_trips(region))
    missed = next((each for each in trips if connection.trip and each[1].trip_id == connection.trip.trip_id), None)
    if missed is None or connection.trip is None or connection.stop_id not in missed[2].stops:
        return None
    day = ServiceDay(connection.trip.start_date, region.zone)
    leaves = [
        day.at(trip.start + pattern.departure_s[pattern.stops.index(connection.stop_id)])
        for name, trip, pattern in trips
        if (name, pattern.direction) == (missed[0], missed[2].direction)
        and connection.stop_id in pattern.stops[:-1]
        and region.calendars[trip.calendar_id].runs_on(day.date)
    ]
    return min(
        (seconds_between(connection.departure, each) for each in leaves if each > connection.departure), default=None
    )


def hold_or_go(
    state: State,
    now: Instant,
    *,
    connection_id: ConnectionId,
    delay_s: float,
    people: People,
    channel: Channel,
    next_s: float | None = None,
    overruling: Overruling | None = None,
) -> list[Event] | Refusal:
    """Decide on a feeder's delay: hold until it has arrived and people have walked over, or go.

    A line trip is held within its limit, when holding costs those aboard and waiting down the line no more than going
    costs those who change: they would wait ``next_s`` for the next departure. ``overruling`` decides otherwise, but
    never beyond the limit.
    """
    connection = state.connections.get(connection_id)
    if connection is None or connection.trip is None:
        return Refusal(RefusalCode.UNKNOWN_CONNECTION)
    if not abs(delay_s) <= LONGEST_DELAY_S:  # also refuses NaN
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "delay_s"})
    ready = shifted(connection.feeder_arrival, delay_s + connection.transfer_s)
    hold_s = seconds_between(connection.departure, ready)
    hold_cost_s = max(0.0, hold_s) * (people.aboard + people.waiting)
    go_cost_s = (MISSED_S if next_s is None else next_s) * people.transferring if hold_s > 0 else 0.0
    decision = _by_rule(connection, hold_s, now, is_cheaper=hold_cost_s <= go_cost_s)
    if overruling is not None:
        refusal = not_possible(overruling, hold_s, connection.hold_limit_s, has_left=_has_left(connection, now))
        if refusal is not None:
            return refusal
        decision = overruling.decision
    return [
        FeederDelayReported(connection_id=connection_id, delay_s=delay_s, channel=channel),
        ConnectionDecided(
            connection_id=connection_id,
            decision=decision,
            hold_until=ready if decision is ConnectionDecision.HOLD else None,
            cost_person_s=hold_cost_s,
            reason=reason_of(connection, delay_s),
            go_cost_person_s=go_cost_s,
            overruled_because=overruling.because if overruling else "",
        ),
    ]


def reason_of(connection: Connection, delay_s: float) -> str:
    """Return why a departure waits or goes, as the public may read it."""
    return f"{connection.feeder} {round(delay_s / 60):+d} min"


def not_possible(overruling: Overruling, hold_s: float, limit_s: float, *, has_left: bool) -> Refusal | None:
    """Return why a dispatcher's decision can not be taken: the limit binds everybody, and so does time."""
    if not overruling.because.strip():
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "reason"})
    if overruling.decision is ConnectionDecision.GO:
        return None
    if overruling.decision is ConnectionDecision.PLANNED or hold_s <= 0 or has_left:
        return Refusal(RefusalCode.INVALID_INPUT, {"detail": "decision"})
    return Refusal(RefusalCode.BEYOND_HOLD_LIMIT, {"limit_min": round(limit_s / 60)}) if hold_s > limit_s else None


def _by_rule(connection: Connection, hold_s: float, now: Instant, *, is_cheaper: bool) -> ConnectionDecision:
    may_hold = 0 < hold_s <= connection.hold_limit_s and not _has_left(connection, now)
    return ConnectionDecision.HOLD if may_hold and is_cheaper else ConnectionDecision.GO


def _has_left(connection: Connection, now: Instant) -> bool:
    return now > (connection.hold_until or connection.departure)


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


def _to_bus(booking: Booking, pickup: Promise, before: Transfer) -> Connection:
    """The rider's promised window is how long the bus waits."""
    return Connection(
        connection_id=ConnectionId(f"{booking.booking_id}-after"),
        feeder=before.name,
        feeder_arrival=before.at,
        feeder_trip=before.trip,
        trip=None,
        booking_id=booking.booking_id,
        stop_id=booking.wish.origin,
        departure=pickup.window.earliest,
        transfer_s=before.transfer_s,
        hold_limit_s=seconds_between(pickup.window.earliest, pickup.window.latest),
    )


def _from_bus(booking: Booking, arrival: Promise, after: Transfer) -> Connection:
    return Connection(
        connection_id=ConnectionId(f"{booking.booking_id}-before"),
        feeder=BUS,
        feeder_arrival=arrival.window.latest,
        trip=after.trip,
        booking_id=booking.booking_id,
        stop_id=after.stop_id,
        departure=after.at,
        transfer_s=after.transfer_s,
        hold_limit_s=HOLD_FOR_BUS_S,
    )
