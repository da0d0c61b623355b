"""A day's report counts what the facts say."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.app.report import promise_figures, ride_figures
from mobility.core.booking import Channel, Window
from mobility.core.clock import Instant
from mobility.core.events import (
    BookingCancelled,
    BookingMade,
    Envelope,
    Event,
    PromiseSettled,
    PromiseTold,
    RiderAlighted,
    RiderBoarded,
    RideRefused,
    RiderNoShow,
)
from mobility.core.fold import State, fold
from mobility.core.ids import BookingId, VehicleId
from mobility.core.promise import PromiseKind, PromiseOutcome
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.service_day import ServiceDay
from tests.core.test_fold import BOOKING, WISH

DAY = ServiceDay(date(2025, 10, 14), "Europe/Berlin")
VAN = VehicleId("van-1")


def told(reference: str, kind: PromiseKind, revision: int = 0, day: ServiceDay = DAY) -> PromiseTold:
    window = Window(day.at(9 * 3600), day.at(9 * 3600 + 900))
    return PromiseTold(
        booking_id=BookingId(reference), kind=kind, window=window, channel=Channel.PHONE, revision=revision
    )


def booked(reference: str, day: ServiceDay = DAY) -> list[Event]:
    booking = replace(BOOKING, booking_id=BookingId(reference))
    return [BookingMade(booking=booking), *(told(reference, kind, day=day) for kind in PromiseKind)]


def settled(reference: str, outcome: PromiseOutcome) -> list[Event]:
    return [
        PromiseSettled(booking_id=BookingId(reference), kind=kind, outcome=outcome, at=Instant(1))
        for kind in PromiseKind
    ]


def figures(*facts: Event) -> tuple[dict[str, int], dict[str, int]]:
    envelopes = [
        Envelope(seq=seq, recorded_at=Instant(seq), actor="test", body=fact) for seq, fact in enumerate(facts, 1)
    ]
    state = fold(State(), envelopes)
    rides = ride_figures(DAY.date, DAY.zone, state, envelopes)
    return dict(rides), dict(promise_figures(DAY.date, DAY.zone, state, envelopes))


def test_an_open_booking_is_promised_once() -> None:
    rides, promises = figures(*booked("A"))
    assert rides == {"requested": 1, "promised": 1, "served": 0, "refused": 0, "cancelled": 0, "no_show": 0}
    assert promises == {"made": 2, "kept": 0, "revised": 0, "broken": 0, "released": 0, "open": 2}


def test_a_served_ride_keeps_both_its_promises() -> None:
    reference = BookingId("A")
    rides, promises = figures(
        *booked("A"),
        RiderBoarded(booking_id=reference, vehicle_id=VAN, at=Instant(1)),
        RiderAlighted(booking_id=reference, vehicle_id=VAN, at=Instant(2)),
        *settled("A", PromiseOutcome.KEPT),
    )
    assert (rides["promised"], rides["served"]) == (1, 1)
    assert (promises["kept"], promises["open"]) == (2, 0)


def test_who_cancels_or_stays_away_releases_the_service() -> None:
    rides, promises = figures(
        *booked("A"),
        *booked("B"),
        BookingCancelled(booking_id=BookingId("A"), channel=Channel.WEB, reason=""),
        *settled("A", PromiseOutcome.RELEASED),
        RiderNoShow(booking_id=BookingId("B"), vehicle_id=VAN, at=Instant(1)),
        *settled("B", PromiseOutcome.RELEASED),
    )
    assert (rides["cancelled"], rides["no_show"]) == (1, 1)
    assert promises["released"] == promises["open"] == 4


def test_a_promise_told_anew_is_revised_and_not_broken() -> None:
    _, promises = figures(*booked("A"), told("A", PromiseKind.PICKUP, revision=1), *settled("A", PromiseOutcome.KEPT))
    assert promises == {"made": 3, "kept": 2, "revised": 1, "broken": 0, "released": 0, "open": 0}


def test_a_refused_wish_is_asked_and_refused() -> None:
    wish = replace(WISH, at=DAY.at(9 * 3600))
    rides, _ = figures(RideRefused(wish=wish, channel=Channel.WEB, refusal=Refusal(RefusalCode.NO_SEAT_LEFT)))
    assert (rides["requested"], rides["refused"]) == (1, 1)


def test_a_ride_counts_on_the_day_it_was_promised_for() -> None:
    """An alternative may lie on another day than the wish."""
    rides, promises = figures(*booked("A", day=DAY.plus(2)))
    assert rides["promised"] == 0
    assert promises["made"] == 0


@pytest.mark.parametrize("outcome", list(PromiseOutcome))
@given(bookings=st.integers(1, 6), revisions=st.integers(0, 4))
def test_made_is_always_kept_and_revised_and_broken_and_open(
    outcome: PromiseOutcome, bookings: int, revisions: int
) -> None:
    facts: list[Event] = []
    for n in range(bookings):
        facts += booked(f"B{n}")
        facts += [told(f"B{n}", PromiseKind.ARRIVAL, revision=r + 1) for r in range(revisions)]
        if outcome is not PromiseOutcome.OPEN:
            facts += settled(f"B{n}", outcome)
    _, promises = figures(*facts)
    assert promises["made"] == sum(promises[key] for key in ("kept", "revised", "broken", "open"))
