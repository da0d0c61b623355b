"""Service levels of small days, worked out by hand."""

import asyncio
import json
import math
from pathlib import Path
from random import Random

import httpx
import pytest
import typer
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from dispatch.day_record import Ride, foreseen, happened
from dispatch.driven import driven
from dispatch.edge.service import Key
from dispatch.edge.service_level_routes import service_level_router
from dispatch.outcome import Outcome
from dispatch.promise_levels import Standing, standings
from dispatch.service_levels import ServiceLevels, levels_of_day, levels_of_plan, service_levels
from dispatch.travel import matrix
from mobility.cli.service_levels import levels
from mobility.core.booking import Booking, BookingState, Channel, Load, RideWish, Window, WishKind
from mobility.core.clock import Instant
from mobility.core.disruption_events import BookingWithdrawn, RevisionDue, RevisionTold
from mobility.core.events import BookingMade, Envelope, Event, PlanPublished, PromiseSettled, PromiseTold, RideRefused
from mobility.core.evidence import Factor
from mobility.core.fold import State, fold
from mobility.core.ids import BookingId, DriverRef, RiderRef, StopId, TaskId, VehicleId
from mobility.core.plan import DayPlan, Shift, Task, TaskKind, Tour
from mobility.core.promise import PromiseKind, PromiseOutcome, Revision, RevisionReason, TellingOutcome
from mobility.core.refusal import Refusal, RefusalCode
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import AREA, DAY, GAP_M, ZONE, at, region, wish

TRAVEL = matrix(region(), planning_factor=1.0)
FACTORS = tuple(
    Factor(factor_id=name, value=value, unit="", year=2025, description="", source="")
    for name, value in (("van-energy", 250.0), ("grid-electricity", 400.0), ("car", 150.0))
)


def booking(name: str, origin: str, destination: str, clock: str, *, seats: int = 1, made: str = "08:00") -> Booking:
    where = RideWish(
        area_id=AREA,
        origin=StopId(origin),
        destination=StopId(destination),
        kind=WishKind.DEPART,
        at=at(clock),
        load=Load(seats),
    )
    return Booking(
        booking_id=BookingId(name),
        rider=RiderRef(f"rider-{name}"),
        wish=where,
        channel=Channel.PHONE,
        vehicle_id=VehicleId("bus"),
        fare_cent=200,
        direct_time_s=TRAVEL.seconds(where.origin, where.destination),
        max_ride_s=3600.0,
        made_at=at(made),
    )


def window(first: str, last: str) -> Window:
    return Window(at(first), at(last))


def task(of: Booking, kind: TaskKind, clock: str) -> Task:
    is_pickup = kind is TaskKind.PICKUP
    load = of.wish.load
    return Task(
        task_id=TaskId(f"{of.booking_id}:{kind.value}"),
        kind=kind,
        booking_id=of.booking_id,
        stop_id=of.wish.origin if is_pickup else of.wish.destination,
        window=window("08:00", "17:00"),
        load=load if is_pickup else -load,
        service_s=0.0,
        begin=at(clock),
    )


def tour(*tasks: Task, done: int = 0) -> Tour:
    shift = Shift(
        vehicle_id=VehicleId("bus"), driver=DriverRef("anna"), span=window("09:00", "13:00"), depot=StopId("A")
    )
    return Tour(shift=shift, tasks=tasks, done=done)


def plan(*tours: Tour) -> DayPlan:
    return DayPlan(area_id=AREA, day=DAY.date, version=1, tours=tours)


def facts(*events: tuple[str, Event]) -> list[Envelope]:
    """Facts with the clock time at which each was recorded."""
    return [
        Envelope(seq=seq, recorded_at=at(clock), actor="test", body=event)
        for seq, (clock, event) in enumerate(events, 1)
    ]


def told(of: Booking, first: str, last: str, *, kind: PromiseKind = PromiseKind.PICKUP, revision: int = 0) -> Event:
    return PromiseTold(
        booking_id=of.booking_id,
        kind=kind,
        window=window(first, last),
        channel=Channel.PHONE,
        revision=revision,
    )


def two_shared_rides() -> tuple[Booking, Booking, DayPlan]:
    """One from B to D and one from C to E, both aboard between C and D; depot A."""
    one, two = booking("one", "B", "D", "10:00"), booking("two", "C", "E", "10:00", seats=2)
    tasks = (
        task(one, TaskKind.PICKUP, "10:00"),
        task(two, TaskKind.PICKUP, "10:02"),
        task(one, TaskKind.DROPOFF, "10:04"),
        task(two, TaskKind.DROPOFF, "10:06"),
    )
    return one, two, plan(tour(*tasks))


def levels_of_two() -> ServiceLevels:
    one, two, shared = two_shared_rides()
    known = facts(
        ("08:00", BookingMade(booking=one)),
        ("08:00", told(one, "10:00", "10:15")),
        ("08:00", BookingMade(booking=two)),
        ("08:00", told(two, "09:55", "10:10")),
    )
    return levels_of_plan(fold(State(), known), shared, ZONE, TRAVEL, FACTORS)


def test_kilometres_of_a_shared_tour_are_counted_with_and_without_people() -> None:
    way = driven(two_shared_rides()[2].tours, TRAVEL)
    # A-B empty, B-C one, C-D three, D-E two, E-A empty (four gaps).
    assert way.vehicle_m == pytest.approx(8 * GAP_M)
    assert way.empty_m == pytest.approx(5 * GAP_M)
    assert way.person_m == pytest.approx((1 + 3 + 2) * GAP_M)
    assert way.shared == {"one", "two"}
    assert way.shift_s == pytest.approx(4 * 3600)
    assert way.busy_s == pytest.approx(8 * 120.0)


def test_a_plan_foretells_the_levels_of_its_rides() -> None:
    levels = levels_of_two()
    assert levels.is_forecast
    assert (levels.requests.booked, levels.requests.served, levels.requests.served_frac) == (2, 2, 1.0)
    assert levels.riding.shared_frac == pytest.approx(1.0)
    # The first is fetched when told, the second seven minutes after the begin of its window.
    assert levels.riding.wait.mean_s == pytest.approx(210.0)
    assert levels.riding.wait_from_wish.median_s == pytest.approx(60.0)
    assert levels.riding.detour.mean_s == pytest.approx(0.0)
    assert levels.fleet.empty_frac == pytest.approx(5 / 8)
    assert levels.fleet.occupancy_ratio == pytest.approx(6 / 8)
    assert levels.fleet.saved_distance_frac == pytest.approx((2 + 2 - 8) / 4)
    assert levels.fleet.rides_per_hour == pytest.approx(0.5)


def test_energy_and_climate_follow_from_the_factors_of_the_bundle() -> None:
    climate = levels_of_two().climate
    vehicle_km, person_km = 8 * GAP_M / 1000, (2 + 2 * 2) * GAP_M / 1000
    assert climate.energy_kwh == pytest.approx(vehicle_km * 0.25)
    assert climate.co2e_kg == pytest.approx(vehicle_km * 0.25 * 0.4)
    assert climate.co2e_g_per_person_km == pytest.approx(vehicle_km * 0.25 * 400 / person_km)
    assert climate.car_co2e_kg == pytest.approx(person_km * 0.15)


def test_without_factors_nothing_is_said_about_climate() -> None:
    record = foreseen(State(), two_shared_rides()[2], ZONE)
    climate = service_levels(record, TRAVEL).climate
    assert (climate.energy_kwh, climate.co2e_kg, climate.car_co2e_kg) == (None, None, None)


def test_a_day_without_rides_has_no_means_and_no_shares() -> None:
    levels = levels_of_day([], AREA, DAY, TRAVEL, FACTORS)
    assert levels.requests.total == 0
    assert levels.requests.served_frac is None
    assert levels.riding.wait.p90_s is None
    assert levels.fleet.occupancy_ratio is None
    assert levels.climate.co2e_g_per_person_km is None
    assert levels.promises["made"] == 0
    assert json.loads(json.dumps(levels.as_json()))["fleet"]["vehicle_km"] == 0.0


def test_refusals_of_the_day_are_counted_by_their_code() -> None:
    def refused(clock: str, code: RefusalCode) -> Event:
        return RideRefused(wish=wish(clock=clock), channel=Channel.WEB, refusal=Refusal(code))

    other_day = RideRefused(
        wish=wish(clock="10:00", day=DAY.plus(2)), channel=Channel.WEB, refusal=Refusal(RefusalCode.TOO_SHORT)
    )
    known = facts(
        ("08:00", refused("10:00", RefusalCode.NO_VEHICLE_IN_TIME)),
        ("08:01", refused("10:00", RefusalCode.NO_VEHICLE_IN_TIME)),
        ("08:02", refused("11:00", RefusalCode.SHIFT_ENDS)),
        ("08:03", other_day),
    )
    requests = levels_of_day(known, AREA, DAY, TRAVEL).requests
    assert requests.refused == {"no_vehicle_in_time": 2, "shift_ends": 1}
    assert requests.total == 3


def test_who_was_booked_the_day_before_is_a_reservation() -> None:
    one, two, shared = two_shared_rides()
    early = Envelope(seq=1, recorded_at=Instant(DAY.start - 1), actor="test", body=BookingMade(booking=one))
    first = Envelope(seq=2, recorded_at=Instant(DAY.start - 1), actor="test", body=told(one, "10:00", "10:15"))
    later = facts(
        ("08:00", BookingMade(booking=two)),
        ("08:00", told(two, "10:00", "10:15")),
        ("08:00", PlanPublished(plan=shared, cause="booking")),
    )
    requests = levels_of_day([early, first, *later], AREA, DAY, TRAVEL).requests
    assert (requests.booked, requests.booked_ahead) == (2, 1)
    assert (requests.served_ahead_frac, requests.served_online_frac) == (1.0, 1.0)


def settled(of: Booking, clock: str, outcome: PromiseOutcome) -> Event:
    return PromiseSettled(booking_id=of.booking_id, kind=PromiseKind.PICKUP, outcome=outcome, at=at(clock))


def due(of: Booking, tell_by: str, *, is_withdrawn: bool = False) -> Event:
    return RevisionDue(
        revision=Revision(
            booking_id=of.booking_id,
            reason=RevisionReason.VEHICLE_LATE,
            tell_by=at(tell_by),
            vehicle_id=VehicleId("bus"),
            pickup=window("10:30", "10:45"),
            is_withdrawn=is_withdrawn,
        )
    )


def reached(of: Booking, outcome: TellingOutcome = TellingOutcome.REACHED) -> Event:
    return RevisionTold(booking_id=of.booking_id, channel=Channel.PHONE, outcome=outcome)


ONE = booking("one", "B", "D", "10:00")
MADE = (("08:00", BookingMade(booking=ONE)), ("08:00", told(ONE, "10:00", "10:15")))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), Standing.OPEN),
        ((("10:05", settled(ONE, "10:05", PromiseOutcome.KEPT)),), Standing.KEPT),
        ((("10:30", settled(ONE, "10:30", PromiseOutcome.BROKEN)),), Standing.UNTOLD),
        # The word of the fact does not count, the time does.
        ((("10:30", settled(ONE, "10:30", PromiseOutcome.KEPT)),), Standing.UNTOLD),
        ((("09:30", settled(ONE, "09:30", PromiseOutcome.RELEASED)),), Standing.RELEASED),
    ],
)
def test_a_promise_is_measured_against_what_was_told(events: tuple[tuple[str, Event], ...], expected: Standing) -> None:
    found = standings(facts(*MADE, *events), AREA, DAY.date, ZONE)
    assert list(found.values()) == [expected]


def test_news_told_in_time_move_what_the_outcome_is_measured_against() -> None:
    known = facts(
        *MADE,
        ("09:00", due(ONE, "09:45")),
        ("10:15", reached(ONE)),
        ("10:15", told(ONE, "10:30", "10:45", revision=1)),
        ("10:35", settled(ONE, "10:35", PromiseOutcome.KEPT)),
    )
    assert list(standings(known, AREA, DAY.date, ZONE).values()) == [Standing.REVISED], "its end still held the former"


def test_news_told_too_late_do_not_count() -> None:
    known = facts(
        *MADE,
        ("09:00", due(ONE, "09:45")),
        ("10:16", reached(ONE)),
        ("10:16", told(ONE, "10:30", "10:45", revision=1)),
        ("10:35", settled(ONE, "10:35", PromiseOutcome.KEPT)),
    )
    assert list(standings(known, AREA, DAY.date, ZONE).values()) == [Standing.UNTOLD]


def test_a_ride_withdrawn_is_no_broken_promise_when_the_rider_was_reached_in_time() -> None:
    withdrawn = (
        ("09:00", due(ONE, "09:45", is_withdrawn=True)),
        ("09:00", BookingWithdrawn(booking_id=ONE.booking_id, reason="breakdown")),
        ("09:00", settled(ONE, "09:00", PromiseOutcome.BROKEN)),
    )
    called = facts(*MADE, *withdrawn, ("09:10", reached(ONE)))
    missed = facts(*MADE, *withdrawn, ("09:10", reached(ONE, TellingOutcome.LEFT_MESSAGE)))
    assert list(standings(called, AREA, DAY.date, ZONE).values()) == [Standing.REVISED]
    assert list(standings(missed, AREA, DAY.date, ZONE).values()) == [Standing.UNTOLD]
    assert happened(called, AREA, DAY.date, ZONE).rides[0].booking.state is BookingState.WITHDRAWN


async def _driven_day() -> tuple[Room, ServiceLevels]:
    rooms = room()
    served = await rooms.book(wish("B", "D", "10:00"))
    absent = await rooms.book(wish("C", "E", "11:00"))
    unreported = await rooms.book(wish("B", "E", "12:00"))
    for ride, outcomes in ((served, (Outcome.BOARDED, Outcome.ALIGHTED)), (absent, (Outcome.NO_SHOW,))):
        name = ride.booking.booking_id
        for outcome in outcomes:
            end = "dropoff" if outcome is Outcome.ALIGHTED else "pickup"
            planned = rooms.dispatch.ride(name)
            assert planned is not None
            moment = planned.planned_arrival if outcome is Outcome.ALIGHTED else planned.planned_pickup
            assert moment is not None
            rooms.clock.moment = Instant(moment + 60_000)
            await _report(rooms, TaskId(f"{name}:{end}"), outcome)
    assert unreported.booking.state is BookingState.PROMISED
    return rooms, levels_of_day(list(rooms.ledger.read()), AREA, DAY, TRAVEL, FACTORS)


async def _report(rooms: Room, task_id: TaskId, outcome: Outcome) -> None:
    now = rooms.clock.now()
    refusal = await rooms.dispatch.report_outcome(
        VehicleId("bus"), task_id, outcome, now, Key(value=str(task_id) + outcome, fingerprint="")
    )
    assert refusal is None


def test_a_day_that_happened_knows_who_rode_and_who_stayed_away() -> None:
    _, levels = asyncio.run(_driven_day())
    assert not levels.is_forecast
    assert (levels.requests.booked, levels.requests.no_show) == (3, 1)
    # Who was not reported rode as planned: drivers with paper report nothing.
    assert levels.requests.served == 2
    assert levels.promises["kept"] == 2
    assert levels.promises["released"] == 2
    assert levels.promises["open"] == 2
    assert levels.promises["untold"] == 0


def test_the_levels_are_served_as_json() -> None:
    async def asked() -> tuple[dict[str, object], dict[str, object], int]:
        rooms, _ = await _driven_day()
        app = FastAPI()
        app.include_router(service_level_router(rooms.dispatch, rooms.ledger, FACTORS))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            day = await http.get("/api/v1/service-levels", params={"date": DAY.date.isoformat()})
            plan = await http.get("/api/v1/service-levels", params={"plan": "true"})
            wrong = await http.get("/api/v1/service-levels", params={"date": "yesterday"})
        return day.json(), plan.json(), wrong.status_code

    day, plan_levels, status = asyncio.run(asked())
    assert (day["area_id"], day["is_forecast"]) == (AREA, False)
    assert plan_levels["is_forecast"] is True
    assert status == 422


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(1, 3)), max_size=6), st.randoms())
def test_shares_stay_between_none_and_all_whatever_is_driven(
    rides: list[tuple[int, int, int]],
    order: Random,
) -> None:
    names = "ABCDEFGH"
    tasks: list[Task] = []
    for number, (origin, destination, seats) in enumerate(rides):
        of = booking(str(number), names[origin], names[destination], "10:00", seats=seats)
        first = order.randint(0, len(tasks))
        tasks.insert(first, task(of, TaskKind.PICKUP, "10:00"))
        tasks.insert(order.randint(first + 1, len(tasks)), task(of, TaskKind.DROPOFF, "10:30"))
    way = driven((tour(*tasks),), TRAVEL)
    people = sum(seats for _, _, seats in rides)
    assert 0 <= way.empty_m <= way.vehicle_m
    assert 0 <= way.person_m <= people * way.vehicle_m + 1e-6
    assert len(way.shared) != 1
    assert math.isfinite(way.busy_s)


def test_a_ride_counts_as_served_only_with_both_ends() -> None:
    ride = Ride(booking=ONE, told=window("10:00", "10:15"), boarded_at=at("10:00"))
    assert not ride.is_served


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(levels)
    done = CliRunner().invoke(app, ["--date", "2025-10-07", "--data-dir", str(tmp_path)])
    assert done.exit_code == 2
    assert "ledger.sqlite" in done.stderr
