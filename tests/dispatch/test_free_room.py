"""The compiled search finds the same room as the plain one, for every load and every hour."""

import asyncio
import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.free_room import FreeRoom, Memory, free_room
from dispatch.insertion import Insertion
from dispatch.offer import max_ride_s, service_s, tasks_of, visits_of, windows
from dispatch.quote import Service
from dispatch.route import Visit
from dispatch.tours import route_of
from mobility.core.booking import Load, RideWish
from mobility.core.clock import Instant
from mobility.core.ids import BookingId
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import AREA, DAY, NAMES, at, bus, region, wish

TIMING_MS = 60_000
"""The two time a route by different rules, which shifts a little of what waiting costs."""


def visits(service: Service, what: RideWish) -> tuple[Visit, Visit]:
    direct_s = service.travel.seconds(what.origin, what.destination)
    tasks = tasks_of(
        BookingId("new"), what, windows(service.area, direct_s, what.at), service_s(service.area, what.load)
    )
    return visits_of(tasks, max_ride_s(service.area, direct_s))


def whole_day(service: Service, what: RideWish) -> tuple[Visit, Visit]:
    pickup, dropoff = visits(service, what)
    return tuple(  # type: ignore[return-value]  # two go in, two come out
        Visit(
            v.booking_id, v.stop_id, v.is_pickup, DAY.start, DAY.start + 10**8, v.service_ms, v.seats, v.wheelchairs,
            v.max_ride_ms, v.prams, v.luggage,
        )
        for v in (pickup, dropoff)
    )  # fmt: skip


async def busy(seed: int, rides: int = 16) -> Room:
    here = room(region([bus("one"), bus("two", seats=4)], stops=12))
    rng = random.Random(seed)
    for number in range(rides):
        origin, destination = rng.sample(NAMES, 2)
        chairs = int(rng.random() < 0.2)
        what = wish(origin, destination, f"{rng.randint(9, 12)}:{rng.randint(0, 59):02d}", wheelchairs=chairs)
        offers = await here.offers(what)
        if offers:
            await here.accept(offers[0].offer_id, key=f"r{number}")
    return here


def room_of(here: Room, service: Service, now: Instant) -> FreeRoom:
    plan = here.dispatch.plan(service.area, DAY.date)
    routes = [
        route_of(tour, service.fleet[tour.shift.vehicle_id], here.ledger.state.bookings, now, service.drive)
        for tour in plan.tours
    ]
    return free_room(routes, service.drive, service.area.stops)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), minute=st.integers(0, 240), seats=st.integers(0, 6), chairs=st.integers(0, 1))
def test_the_compiled_search_finds_room_exactly_where_the_plain_one_does(
    seed: int, minute: int, seats: int, chairs: int
) -> None:
    here = asyncio.run(busy(seed))
    service = here.dispatch.service(AREA)
    free = room_of(here, service, at("09:00"))
    rng = random.Random(seed)
    for _ in range(4):
        origin, destination = rng.sample(NAMES, 2)
        what = wish(origin, destination, seats=max(seats, 1 - chairs), wheelchairs=chairs)
        asked = free.asked(*whole_day(service, what))
        for moved in range(0, 60, 20):
            start = Instant(at("09:00") + (minute + moved) * 60_000)
            ends = visits(service, wish(origin, destination, seats=what.load.seats, wheelchairs=chairs))
            shift = start - what.at
            pickup, dropoff = (_later(end, shift) for end in ends)
            compiled, plain = asked.best(pickup, dropoff), free.explained(pickup, dropoff)
            assert (compiled is not None) == isinstance(plain, Insertion)
            if compiled is not None:
                assert isinstance(plain, Insertion)
                # Exact as well, but of equal driving it may leave riders waiting elsewhere: a minute is a minute.
                assert 0 <= compiled.extra_ms - plain.extra_ms <= TIMING_MS
                assert compiled.visits[compiled.pickup] == pickup
                assert compiled.visits[compiled.dropoff] == dropoff


def _later(visit: Visit, shift_ms: int) -> Visit:
    return Visit(
        visit.booking_id, visit.stop_id, visit.is_pickup, visit.earliest_ms + shift_ms, visit.latest_ms + shift_ms,
        visit.service_ms, visit.seats, visit.wheelchairs, visit.max_ride_ms, visit.prams, visit.luggage,
    )  # fmt: skip


@pytest.mark.parametrize(("prams", "luggage"), list(product((0, 1, 2), (0, 2, 3))))
def test_prams_and_luggage_take_up_room_of_their_own(prams: int, luggage: int) -> None:
    here = room(region([bus(prams=1, luggage=2)]))
    service = here.dispatch.service(AREA)
    free = room_of(here, service, at("09:00"))
    ends = visits(service, wish(load=Load(1, 0, prams, luggage)))
    found = free.asked(*ends).best(*ends)
    assert (found is not None) == (prams <= 1 and luggage <= 2)
    assert isinstance(free.explained(*ends), Insertion) == (found is not None)


def test_a_room_is_remembered_for_seconds_and_for_one_plan_version() -> None:
    here = asyncio.run(busy(1, rides=3))
    service, memory = here.dispatch.service(AREA), Memory()
    plan = here.dispatch.plan(service.area, DAY.date)
    free = memory.keep(plan, service.drive, at("09:00"), room_of(here, service, at("09:00")))
    assert memory.known(plan, service.drive, at("09:00")) is free
    assert memory.known(plan, service.drive, Instant(at("09:00") + 10_001)) is None
    assert memory.known(plan, lambda _a, _b: 0, at("09:00")) is None
    asyncio.run(here.book(wish("A", "C", "14:00"), key="later"))
    assert memory.known(here.dispatch.plan(service.area, DAY.date), service.drive, at("09:00")) is None
