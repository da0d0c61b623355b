"""Offers around a wish, refusals that name the binding constraint, alternatives that work."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.offer import Quote
from dispatch.wording import sentence
from mobility.core.arrivals import Call, TripStanding, TripStatus
from mobility.core.booking import Channel, RideWish, WishKind
from mobility.core.clock import Instant
from mobility.core.events import RideRefused
from mobility.core.ids import RouteId, StopId, TripId
from mobility.core.refusal import RefusalCode
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import DAY, ZONE, at, bus, region, wish


def asked(here: Room, what: RideWish) -> Quote:
    return asyncio.run(here.dispatch.quote(what, Channel.WEB))


def refused(here: Room, what: RideWish) -> RefusalCode | None:
    quote = asked(here, what)
    return quote.refusal.code if quote.refusal is not None else None


class OneLineBus:
    """A bus from A that leaves at a given time."""

    def __init__(self, departure: Instant, standing: TripStanding = TripStanding.EXPECTED) -> None:
        self.departure = departure
        self.standing = standing

    def direct(self, origin: StopId, destination: StopId, earliest: Instant, latest: Instant) -> Sequence[TripStatus]:
        if not earliest <= self.departure <= latest:
            return ()
        calls = tuple(
            Call(stop_id=stop, stop_sequence=k, scheduled_arrival=self.departure, scheduled_departure=self.departure)
            for k, stop in enumerate((origin, destination))
        )
        trip = TripRef(TripId("t"), DAY.date)
        status = TripStatus(
            trip=trip, route_id=RouteId("300"), headsign="Stadt", standing=self.standing, as_of=earliest, calls=calls
        )
        return (status,)


def test_an_empty_day_offers_the_wished_time_first_and_the_quarters_beside_it() -> None:
    quote = asked(room(), wish(clock="10:00"))
    assert [offer.pickup.earliest for offer in quote.offers] == [at("10:00"), at("10:15"), at("09:45")]
    assert quote.refusal is None
    first = quote.offers[0]
    assert first.pickup.latest == at("10:15")
    assert first.arrival.earliest >= at("10:04")
    assert first.fare_cent == 200


def test_who_wants_to_arrive_is_promised_to_be_there_by_then() -> None:
    quote = asked(room(), wish(clock="12:00", kind=WishKind.ARRIVE))
    assert quote.offers[0].arrival.latest <= at("12:00")
    assert quote.offers[0].arrival.latest > at("11:55")


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (wish(clock="07:00"), RefusalCode.IN_THE_PAST),
        (wish(clock="08:20"), RefusalCode.TOO_LATE_TO_BOOK),
        (wish(clock="08:32", kind=WishKind.ARRIVE), RefusalCode.TOO_LATE_TO_BOOK),
        (wish(day=DAY.plus(15)), RefusalCode.TOO_FAR_AHEAD),
        (wish("A", "Z"), RefusalCode.OUTSIDE_AREA),
        (wish("Z", "A"), RefusalCode.OUTSIDE_AREA),
        (wish("A", "A"), RefusalCode.SAME_STOP),
        (wish(seats=7), RefusalCode.PARTY_TOO_LARGE),
        (wish(seats=40), RefusalCode.PARTY_TOO_LARGE),
        (wish(seats=0, wheelchairs=2), RefusalCode.NO_WHEELCHAIR_PLACE),
        (wish(seats=0), RefusalCode.INVALID_INPUT),
        (wish(clock="18:30"), RefusalCode.OUTSIDE_HOURS),
        (wish(day=DAY.plus(1)), RefusalCode.NO_SERVICE_ON_DAY),
    ],
)
def test_each_service_rule_refuses_with_its_own_reason(what: RideWish, code: RefusalCode) -> None:
    assert refused(room(), what) == code


def test_a_party_that_fits_only_without_the_wheelchair_is_too_large() -> None:
    assert refused(room(), wish(seats=5, wheelchairs=1)) == RefusalCode.PARTY_TOO_LARGE
    assert refused(room(), wish(seats=4, wheelchairs=1)) is None


def test_a_way_shorter_than_the_least_distance_is_refused_with_both_lengths() -> None:
    place = region()
    long_ways_only = (replace(place.areas[0], min_distance_m=2000.0),)
    quote = asked(room(replace(place, areas=long_ways_only)), wish("A", "B"))
    assert quote.refusal is not None
    assert quote.refusal.code is RefusalCode.TOO_SHORT
    assert quote.refusal.parameters == {"distance_m": 1200, "min_distance_m": 2000}


def test_a_public_holiday_of_thuringia_is_a_day_without_service() -> None:
    reformation_day = ServiceDay(date(2024, 10, 31), ZONE)  # a Thursday
    here = room()
    here.clock.moment = at("08:00", reformation_day.plus(-1))
    quote = asked(here, wish(day=reformation_day))
    assert quote.refusal is not None
    assert quote.refusal.parameters["because"] == "holiday"
    assert quote.alternatives[0].day == date(2024, 11, 5)


def test_a_day_without_service_is_answered_with_the_next_days_that_have_it() -> None:
    quote = asked(room(), wish(day=DAY.plus(1)))
    assert {offer.day for offer in quote.alternatives} == {date(2025, 10, 9)}
    assert len(quote.alternatives) == 3


def test_a_ride_against_a_line_bus_is_refused_and_the_bus_is_named() -> None:
    here = room(direct=OneLineBus(at("10:30")))
    quote = asked(here, wish(clock="10:00"))
    assert quote.refusal is not None
    assert quote.refusal.code is RefusalCode.LINE_BUS_RUNS
    told = sentence(quote.refusal, "de")
    assert told.startswith("Bus 300 Richtung Stadt fährt um 10:30 Uhr ab Haltestelle A direkt dorthin.")
    for other in quote.alternatives:
        gap = other.pickup.earliest - at("10:30")
        assert gap > 900_000 or gap < -2_700_000


def test_a_cancelled_line_bus_is_no_reason_to_refuse() -> None:
    here = room(direct=OneLineBus(at("10:30"), TripStanding.CANCELLED))
    assert refused(here, wish(clock="10:00")) is None


def test_too_late_to_book_is_answered_with_the_soonest_times() -> None:
    quote = asked(room(), wish(clock="08:05"))
    assert quote.alternatives[0].pickup.earliest == at("08:30")


def test_a_busy_bus_moves_the_offers_and_a_full_day_names_the_constraint() -> None:
    async def story() -> Quote:
        here = room(region(ends="11:00"))
        for _ in range(30):
            quote = await here.dispatch.quote(wish("A", "H", "10:00", seats=4), Channel.WEB)
            if quote.refusal is not None:
                return quote
            await here.accept(quote.offers[0].offer_id)
        return quote

    quote = asyncio.run(story())
    assert quote.refusal is not None
    assert quote.refusal.code in (RefusalCode.NO_VEHICLE_IN_TIME, RefusalCode.SHIFT_ENDS, RefusalCode.NO_SEAT_LEFT)
    for language in ("de", "en"):
        assert "…" not in sentence(quote.refusal, language)


def test_every_alternative_can_be_booked_as_it_stands() -> None:
    async def story() -> list[str]:
        here = room(region(stops=12))
        wishes = [wish("A", "L", "10:00", seats=3), wish("L", "A", "10:00", seats=3), wish("A", "L", "10:00", seats=6)]
        failures: list[str] = []
        for what in wishes:
            quote = await here.dispatch.quote(what, Channel.WEB)
            for other in (*quote.alternatives, *quote.offers)[:1]:
                ride = await here.accept(other.offer_id)
                failures += [] if hasattr(ride, "booking") else [str(ride)]
        return failures

    assert asyncio.run(story()) == []


def test_a_refusal_becomes_a_fact_and_an_offer_does_not() -> None:
    here = room()
    asked(here, wish(clock="10:00"))
    assert not list(here.ledger.read())
    asked(here, wish(seats=40))
    assert [type(envelope.body) for envelope in here.ledger.read()] == [RideRefused]


def test_no_vehicle_at_all_is_a_refusal_too() -> None:
    idle = replace(bus(), is_bookable=False)
    assert refused(room(region([idle])), wish()) == RefusalCode.PARTY_TOO_LARGE


@settings(max_examples=60, deadline=None)
@given(
    moment=st.integers(min_value=-62_000_000_000_000, max_value=253_402_000_000_000),
    seats=st.integers(min_value=-5, max_value=1000),
    kind=st.sampled_from(list(WishKind)),
)
def test_any_instant_and_party_gets_an_answer(moment: int, seats: int, kind: WishKind) -> None:
    odd = replace(wish(seats=seats, kind=kind), at=Instant(moment))
    quote = asked(room(), odd)
    assert bool(quote.offers) != (quote.refusal is not None)
