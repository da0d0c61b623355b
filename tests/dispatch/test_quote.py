"""Offers around a wish, refusals that name the binding constraint, alternatives that work."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.offer import Quote
from dispatch.wording import sentence
from mobility.core.arrivals import Call, TripStanding, TripStatus
from mobility.core.booking import Channel, Load, RideWish, WishKind
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.disruption_events import DisruptionReported
from mobility.core.events import Event, RideRefused
from mobility.core.geo import LatLon
from mobility.core.ids import DisruptionId, RouteId, StopId, TripId
from mobility.core.refusal import RefusalCode
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef
from mobility.storage.bundles import load_region, shipped_region
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import AREA, DAY, ZONE, at, bus, region, wish


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


def test_the_line_bus_itself_is_the_first_alternative_with_its_times() -> None:
    here = room(direct=OneLineBus(at("10:30")))
    quote = asked(here, wish(clock="10:00"))
    assert quote.line_bus is not None
    assert (quote.line_bus.line, quote.line_bus.stop_name, quote.line_bus.departure) == (
        "300",
        "Haltestelle A",
        at("10:30"),
    )
    assert quote.line_bus.arrival == at("10:30")
    assert asked(here, wish(clock="14:00")).line_bus is None


@pytest.mark.parametrize(
    ("departure", "is_refused"), [("09:44", False), ("09:45", True), ("10:45", True), ("10:46", False)]
)
def test_a_line_bus_counts_from_a_quarter_before_to_three_quarters_after_the_wish(
    departure: str, is_refused: bool
) -> None:
    code = refused(room(direct=OneLineBus(at(departure))), wish(clock="10:00"))
    assert (code is RefusalCode.LINE_BUS_RUNS) == is_refused


def test_the_shipped_area_keeps_that_rule() -> None:
    area = load_region(shipped_region("ilmenau")).areas[0]
    assert (area.line_bus_before_s, area.line_bus_after_s) == (900.0, 2700.0)


async def full_from_to(here: Room, first: str, last: str) -> None:
    """Fill the bus with six people from A to L and back, as often as it goes, between two times."""
    moment = at(first)
    while moment < at(last):
        for origin, destination in (("A", "L"), ("L", "A")):
            quote = await here.dispatch.quote(replace(wish(origin, destination, seats=6), at=moment), Channel.PHONE)
            near = [o for o in quote.offers if abs(o.pickup.earliest - moment) < 1_800_000]
            if near:
                await here.accept(near[0].offer_id)
        moment = Instant(moment + 900_000)


def test_alternatives_lie_before_and_after_the_wish_and_no_nearer_time_works() -> None:
    async def story() -> tuple[Room, Quote, RideWish]:
        here = room(region(stops=12))
        await full_from_to(here, "11:00", "13:00")
        what = wish("C", "H", "12:00")
        return here, await here.dispatch.quote(what, Channel.WEB), what

    here, quote, what = asyncio.run(story())
    assert quote.refusal is not None
    moments = [offer.pickup.earliest for offer in quote.alternatives]
    assert len(moments) == 3
    assert min(moments) < what.at < max(moments)
    assert all(abs(a - b) >= 900_000 for k, a in enumerate(moments) for b in moments[:k])
    nearest = min(abs(moment - what.at) for moment in moments)
    for step in range(5, nearest // 60_000, 5):
        for moment in (what.at - step * 60_000, what.at + step * 60_000):
            other = asked(here, replace(what, at=Instant(moment)))
            assert all(offer.pickup.earliest != moment for offer in other.offers), step


def test_where_nothing_is_possible_before_the_wish_all_alternatives_come_after_it() -> None:
    quote = asked(room(clock="09:50"), wish(clock="10:00"))
    assert quote.refusal is not None
    assert quote.refusal.code is RefusalCode.TOO_LATE_TO_BOOK
    assert [offer.pickup.earliest for offer in quote.alternatives] == [at("10:20"), at("10:35"), at("10:50")]


@pytest.mark.parametrize(
    ("load", "code"),
    [
        (Load(1, 0, 2, 0), RefusalCode.NO_PRAM_PLACE),
        (Load(1, 0, 0, 3), RefusalCode.NO_LUGGAGE_ROOM),
        (Load(0, 0, 1, 0), RefusalCode.INVALID_INPUT),
        (Load(1, 0, -1, 0), RefusalCode.INVALID_INPUT),
        (Load(1, 0, 1, 2), None),
    ],
)
def test_prams_and_luggage_have_their_own_limits(load: Load, code: RefusalCode | None) -> None:
    quote = asked(room(), wish(load=load))
    assert (quote.refusal.code if quote.refusal else None) == code
    if quote.refusal is not None:
        assert "…" not in sentence(quote.refusal, "de") + sentence(quote.refusal, "en")


def test_no_vehicle_that_holds_everything_at_once_is_a_party_too_large() -> None:
    here = room(region([bus("one", prams=1, luggage=0), bus("two", prams=0, luggage=2)]))
    assert refused(here, wish(load=Load(1, 0, 1, 1))) is RefusalCode.PARTY_TOO_LARGE


def test_a_taken_pram_place_is_named_when_it_is_all_that_lacks() -> None:
    async def story() -> list[Quote]:
        here = room(region(ends="11:00", stops=12))
        pram = wish("A", "L", "10:00", load=Load(1, 0, 1, 0))
        found = []
        for _ in range(12):
            quote = await here.dispatch.quote(pram, Channel.WEB)
            found.append(quote)
            if quote.offers:
                await here.accept(quote.offers[0].offer_id)
        return found

    codes = {quote.refusal.code for quote in asyncio.run(story()) if quote.refusal is not None}
    assert RefusalCode.NO_PRAM_PLACE in codes


def test_the_same_refused_wish_is_one_fact_a_minute() -> None:
    here = room()
    for _ in range(5):
        asked(here, wish(seats=40))
    asked(here, wish(seats=41))
    assert len(list(here.ledger.read())) == 2
    here.clock.moment = Instant(here.clock.moment + 59_999)
    asked(here, wish(seats=40))
    assert len(list(here.ledger.read())) == 2
    here.clock.moment = Instant(here.clock.moment + 1)
    asked(here, wish(seats=40))
    assert len(list(here.ledger.read())) == 3


def test_while_a_road_is_closed_no_ride_is_offered_over_it() -> None:
    place = region()
    closure = Disruption(
        disruption_id=DisruptionId("d1"),
        kind=DisruptionKind.ROAD_CLOSED,
        area_id=AREA,
        day=DAY.date,
        begins=at("08:00"),
        ends=at("12:00"),
        centre=LatLon((place.stops[StopId("B")].place.lat_deg + place.stops[StopId("C")].place.lat_deg) / 2, 10.9),
        radius_m=50.0,
    )

    async def story() -> list[Quote]:
        here = room(place)
        fact: Event = DisruptionReported(disruption=closure)
        await here.ledger.submit(lambda _state, _now: [fact], actor="dispatcher")
        answers = [await here.dispatch.quote(wish(*way, "10:00"), Channel.WEB) for way in (("A", "D"), ("A", "B"))]
        here.clock.moment = at("12:30")
        answers.append(await here.dispatch.quote(wish("A", "D", "14:00"), Channel.WEB))
        return answers

    cut_off, same_side, later = asyncio.run(story())
    assert cut_off.refusal is not None
    assert cut_off.refusal.code is RefusalCode.WAY_CLOSED
    assert not cut_off.alternatives
    assert same_side.offers
    assert later.offers


def test_asking_imports_no_compiler_before_the_first_quote() -> None:
    code = "import sys, dispatch.edge.service, dispatch.edge.side; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_warming_up_needs_no_plan_and_changes_nothing() -> None:
    here = room()
    here.dispatch.warm()
    assert not list(here.ledger.read())
