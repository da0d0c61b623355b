"""Projections: which rows a fact touches, and a row as a function of the state. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, assert_never

from sqlalchemy import Table

from mobility.core.booking import Booking
from mobility.core.disruption_events import (
    BookingChanged,
    BookingWithdrawn,
    DisruptionEnded,
    DisruptionReported,
    RevisionDue,
    RevisionLapsed,
    RevisionTold,
    RiderTransferred,
    RosterPublished,
)
from mobility.core.events import (
    AlarmCleared,
    AlarmRaised,
    BookingCancelled,
    BookingMade,
    CommandIssued,
    CommandProgressed,
    CommandProposed,
    ConnectionDecided,
    ConnectionPlanned,
    DrivingModeChanged,
    Event,
    FeederDelayReported,
    HazardEnded,
    HazardReported,
    ManoeuvreAsked,
    ManoeuvreClosed,
    OccasionFrozen,
    OccasionNoted,
    PlanPublished,
    PromiseSettled,
    PromiseTold,
    PublicTourPublished,
    RiderAlighted,
    RiderBoarded,
    RideRefused,
    RiderErased,
    RiderNoShow,
    TripCancelled,
)
from mobility.core.fold import State
from mobility.core.ids import BookingId, ServiceAreaId
from mobility.core.line_events import (
    AlertPublished,
    AlertWithdrawn,
    LineChanged,
    LineChangeEnded,
    RoadWeatherReported,
    TripReinstated,
)
from mobility.core.plan import DayPlan
from mobility.core.promise import Promise, PromiseKind
from mobility.storage.codec import encode_plan
from mobility.storage.tables import BOOKINGS, PLANS, PROMISES

Key = BookingId | tuple[BookingId, PromiseKind] | tuple[ServiceAreaId, date]
"""Key of a row in the state's mapping that a table shows."""

Row = dict[str, Any]
"""Column to value."""


def touched(event: Event) -> tuple[Table, Key] | None:
    """Return the projection row that the fact changes, ``None`` where it changes none."""
    match event:
        case BookingMade(booking=booking):
            return BOOKINGS, booking.booking_id
        case (BookingCancelled() | RiderBoarded() | RiderAlighted() | RiderNoShow()) | (
            BookingWithdrawn() | BookingChanged() | RiderTransferred()
        ):
            return BOOKINGS, event.booking_id
        case PromiseTold() | PromiseSettled():
            return PROMISES, (event.booking_id, event.kind)
        case PlanPublished(plan=plan):
            return PLANS, (plan.area_id, plan.day)
        case (
            (RideRefused() | PublicTourPublished() | ConnectionPlanned() | FeederDelayReported() | ConnectionDecided())
            | (TripCancelled() | DrivingModeChanged() | RiderErased())
            | (ManoeuvreAsked() | ManoeuvreClosed() | CommandProposed() | CommandIssued() | CommandProgressed())
            | (RevisionDue() | RevisionTold() | RevisionLapsed())
            | (DisruptionReported() | DisruptionEnded() | RosterPublished())
            | RoadWeatherReported()
            | (TripReinstated() | LineChanged() | LineChangeEnded() | AlertPublished() | AlertWithdrawn())
            | (OccasionNoted() | OccasionFrozen() | AlarmRaised() | AlarmCleared() | HazardReported() | HazardEnded())
        ):
            return None
        case _:
            assert_never(event)


def row(state: State, table: Table, key: Key) -> Row:
    """Return one row as the state has it; raises ``KeyError`` for a key the state does not know."""
    if table is BOOKINGS:
        return _booking_row(state.bookings[key])  # type: ignore[index]  # the table tells the key's type
    if table is PROMISES:
        return _promise_row(state.promises[key])  # type: ignore[index]  # the table tells the key's type
    return _plan_row(state.plans[key])  # type: ignore[index]  # the table tells the key's type


def rows(state: State, touches: Iterable[tuple[Table, Key]]) -> Iterator[tuple[Table, list[Row]]]:
    """Yield for each table the rows of its touched keys, each key once, in the order of first touch."""
    keys: dict[Table, dict[Key, None]] = {}
    for table, key in touches:
        keys.setdefault(table, {})[key] = None
    for table, touched_keys in keys.items():
        yield table, [row(state, table, key) for key in touched_keys]


def every_row(state: State) -> Iterator[tuple[Table, list[Row]]]:
    """Yield all rows of all projections, as a rebuild writes them."""
    yield BOOKINGS, [_booking_row(booking) for booking in state.bookings.values()]
    yield PROMISES, [_promise_row(promise) for promise in state.promises.values()]
    yield PLANS, [_plan_row(plan) for plan in state.plans.values()]


def _booking_row(booking: Booking) -> Row:
    wish = booking.wish
    return {
        "booking_id": booking.booking_id,
        "rider": booking.rider,
        "area_id": wish.area_id,
        "origin": wish.origin,
        "destination": wish.destination,
        "wish_kind": wish.kind.value,
        "wished_at": wish.at,
        "seats": wish.load.seats,
        "wheelchairs": wish.load.wheelchairs,
        "prams": wish.load.prams,
        "luggage": wish.load.luggage,
        "channel": booking.channel.value,
        "vehicle_id": booking.vehicle_id,
        "fare_cent": booking.fare_cent,
        "direct_time_s": booking.direct_time_s,
        "max_ride_s": booking.max_ride_s,
        "made_at": booking.made_at,
        "state": booking.state.value,
        "boarded_at": booking.boarded_at,
        "alighted_at": booking.alighted_at,
    }


def _promise_row(promise: Promise) -> Row:
    return {
        "booking_id": promise.booking_id,
        "kind": promise.kind.value,
        "earliest": promise.window.earliest,
        "latest": promise.window.latest,
        "told_at": promise.told_at,
        "channel": promise.channel.value,
        "revision": promise.revision,
        "outcome": promise.outcome.value,
    }


def _plan_row(plan: DayPlan) -> Row:
    return {
        "area_id": plan.area_id,
        "day": plan.day.isoformat(),
        "version": plan.version,
        "body": encode_plan(plan).decode(),
    }
