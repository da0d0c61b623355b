"""The figures of one service day, from facts alone: rides, promises, trips, predictions."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from mobility.core.booking import BookingState
from mobility.core.clock import Instant
from mobility.core.events import Envelope, PromiseSettled, PromiseTold, RideRefused
from mobility.core.fold import State
from mobility.core.ids import BookingId
from mobility.core.promise import PromiseKind, PromiseOutcome
from mobility.core.service_day import service_day_of


def ride_figures(day: date, zone: str, state: State, envelopes: Iterable[Envelope]) -> Mapping[str, int]:
    """Count rides of ``day`` (local date in ``zone``): promised ones by their pickup, refused ones by the wish.

    A rider who was refused and then took an alternative asked twice: once refused, once promised.
    """
    refused = sum(
        isinstance(envelope.body, RideRefused) and _is_on(day, envelope.body.wish.at, zone) for envelope in envelopes
    )
    states = Counter(
        booking.state for booking in state.bookings.values() if _ride_day(state, booking.booking_id, zone) == day
    )
    promised = states.total()
    return {
        "requested": refused + promised,
        "promised": promised,
        "served": states[BookingState.COMPLETED],
        "refused": refused,
        "cancelled": states[BookingState.CANCELLED],
        "no_show": states[BookingState.NO_SHOW],
    }


def promise_figures(day: date, zone: str, state: State, envelopes: Iterable[Envelope]) -> Mapping[str, int]:
    """Count promises of rides on ``day``: made = kept + revised + broken + open.

    A promise told anew counts as revised, and its last telling as one more made. Broken is one whose outcome lies
    outside the last window told in time. Open ones were never put to the test; ``released`` of them (cancelled,
    stayed away) never will be.
    """
    counted: Counter[str] = Counter()
    told: Counter[tuple[BookingId, PromiseKind]] = Counter()
    for envelope in envelopes:
        fact = envelope.body
        if isinstance(fact, PromiseTold | PromiseSettled):
            if _ride_day(state, fact.booking_id, zone) != day:
                continue
            if isinstance(fact, PromiseTold):
                told[fact.booking_id, fact.kind] += 1
            else:
                counted[fact.outcome.value] += 1
    made = sum(told.values())
    revised = made - len(told)
    tested = counted[PromiseOutcome.KEPT.value] + counted[PromiseOutcome.BROKEN.value]
    return {
        "made": made,
        "kept": counted[PromiseOutcome.KEPT.value],
        "revised": revised,
        "broken": counted[PromiseOutcome.BROKEN.value],
        "released": counted[PromiseOutcome.RELEASED.value],
        "open": made - revised - tested,
    }


def day_report(
    day: date,
    zone: str,
    *,
    state: State,
    envelopes: Iterable[Envelope],
    trips: Mapping[str, int],
    predictions: Mapping[str, Any],
    frames: Mapping[str, int],
) -> dict[str, Any]:
    """Return the report of one service day with the keys of the scorecard."""
    facts = list(envelopes)
    return {
        "date": day.isoformat(),
        "trips": dict(trips),
        "rides": dict(ride_figures(day, zone, state, facts)),
        "promises": dict(promise_figures(day, zone, state, facts)),
        "predictions": dict(predictions),
        "frames": dict(frames),
    }


def _ride_day(state: State, booking_id: BookingId, zone: str) -> date:
    pickup = state.promises[booking_id, PromiseKind.PICKUP].window.earliest
    return service_day_of(pickup, zone).date


def _is_on(day: date, moment: Instant, zone: str) -> bool:
    return service_day_of(moment, zone).date == day
