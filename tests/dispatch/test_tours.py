"""What of a tour is still open: done, assumed, frozen and late tasks; and the manifest made of it."""

import asyncio
from dataclasses import replace

from dispatch.edge.service import Key, Ride
from dispatch.insertion import slack_of
from dispatch.outcome import Outcome
from dispatch.route import Violation, drive_ms
from dispatch.tours import Route, empty_plan, plan_of, planned_window, route_of
from dispatch.travel import matrix
from mobility.core.booking import BookingState, Window
from mobility.core.clock import Instant
from mobility.core.disruption_events import RosterPublished
from mobility.core.events import PlanPublished
from mobility.core.ids import DriverRef, DutyId, TaskId
from mobility.core.plan import DayPlan, Tour
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.roster import Assignment, Duty, DutyRole, Roster
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import AREA, DAY, at, bus, region, wish

PLACE = region()
DRIVE = drive_ms(matrix(PLACE, planning_factor=1.0))


async def booked() -> tuple[Room, Ride, Ride]:
    here = room(PLACE)
    return here, await here.book(wish("B", "E", "10:00")), await here.book(wish("F", "C", "12:00"))


def tour_of(here: Room) -> Tour:
    (plan,) = here.ledger.state.plans.values()
    return plan.tours[0]


def seen_at(here: Room, clock: str) -> Route:
    return route_of(tour_of(here), bus(), here.ledger.state.bookings, at(clock), DRIVE)


def test_long_before_the_first_task_everything_is_open() -> None:
    here, _, _ = asyncio.run(booked())
    route = seen_at(here, "08:30")
    assert (route.passed, route.frozen, len(route.visits)) == (0, 0, 4)
    assert route.duty.leave_ms == at("08:30")


def test_whoever_must_be_left_for_within_five_minutes_is_frozen() -> None:
    here, first, _ = asyncio.run(booked())
    assert first.planned_pickup is not None
    leave = first.planned_pickup - DRIVE("A", "B")  # type: ignore[arg-type] - plain names of stops
    assert seen_at(here, "09:52").frozen == 0
    assert leave == at("09:58")
    assert seen_at(here, "09:54").frozen == 1


def test_tasks_without_a_report_are_taken_as_done_after_twenty_minutes() -> None:
    here, _, _ = asyncio.run(booked())
    route = seen_at(here, "10:45")
    assert route.passed == 2
    assert route.duty.start == "E"
    assert route.duty.aboard.seats == 0


def test_a_rider_aboard_must_leave_within_the_longest_ride() -> None:
    async def story() -> Room:
        here, first, _ = await booked()
        here.clock.moment = at("10:01")
        task = TaskId(f"{first.booking.booking_id}:pickup")
        key = Key(value="k", fingerprint="")
        assert await here.dispatch.report_outcome(first.vehicle_id, task, Outcome.BOARDED, at("10:01"), key) is None
        return here

    here = asyncio.run(story())
    route = seen_at(here, "10:02")
    (booking, _) = here.ledger.state.bookings.values()
    assert booking.state is BookingState.BOARDED
    assert route.duty.aboard.seats == 1
    assert route.visits[0].latest_ms <= at("10:01") + booking.max_ride_s * 1000


def test_a_late_tour_stays_drivable_so_that_it_can_take_rides_later() -> None:
    here, _, _ = asyncio.run(booked())
    route = seen_at(here, "10:17")  # the pickup is two minutes beyond its promise and not reported
    assert not isinstance(slack_of(route, DRIVE), Violation)
    assert route.visits[0].latest_ms >= at("10:17")


def test_plans_keep_clear_of_the_end_of_a_promise() -> None:
    window = Window(Instant(0), Instant(900_000))
    assert planned_window(window, 60.0) == Window(Instant(0), Instant(720_000))
    assert planned_window(window, 900.0) == Window(Instant(0), Instant(450_000))


def test_only_bookable_vehicles_have_tours() -> None:
    plan = empty_plan(PLACE.areas[0], DAY, PLACE.fleet)
    assert [tour.shift.vehicle_id for tour in plan.tours] == ["bus"]
    assert plan.version == 0


def test_the_manifest_follows_the_plan_and_says_when_to_leave() -> None:
    here, first, second = asyncio.run(booked())
    manifest = here.dispatch.manifest(first.vehicle_id)
    assert manifest is not None
    order = [(task.booking_id, task.stop_id) for task in manifest.tasks]
    one, two = first.booking.booking_id, second.booking.booking_id
    assert order == [(one, "B"), (one, "E"), (two, "F"), (two, "C")]
    assert not manifest.tasks[0].is_done
    assert manifest.tasks[0].begin - manifest.tasks[0].leave == 120_000
    assert all(task.load.seats == 1 for task in manifest.tasks)


def test_a_vehicle_that_is_held_leaves_no_earlier_whatever_was_planned() -> None:
    here, _, _ = asyncio.run(booked())
    tour = replace(tour_of(here), held_until=at("10:30"))
    route = route_of(tour, bus(), here.ledger.state.bookings, at("09:00"), DRIVE)
    assert route.duty.leave_ms == at("10:30")
    assert route.frozen == 0
    # The first pickup is late already and may be no later still; the second ride of the day is not.
    assert route.visits[0].latest_ms == at("10:30") + DRIVE("A", "B")  # type: ignore[arg-type] - plain names of stops
    assert route.visits[2].latest_ms <= at("12:15")
    assert not isinstance(slack_of(route, DRIVE), Violation)
    over = route_of(tour, bus(), here.ledger.state.bookings, at("11:00"), DRIVE)
    assert over.duty.leave_ms >= at("11:00") or over.frozen


def out_at(here: Room, clock: str) -> Tour:
    return replace(tour_of(here), out_from=at(clock))


def test_of_a_vehicle_that_is_out_nothing_moves_and_nothing_is_taken_as_done() -> None:
    here, _, _ = asyncio.run(booked())
    before = route_of(out_at(here, "09:30"), bus(), here.ledger.state.bookings, at("09:40"), DRIVE)
    assert before.is_out
    assert before.frozen == len(before.visits) == 4
    later = route_of(out_at(here, "09:30"), bus(), here.ledger.state.bookings, at("16:00"), DRIVE)
    assert later.passed == 0
    afternoon = route_of(out_at(here, "11:00"), bus(), here.ledger.state.bookings, at("16:00"), DRIVE)
    assert afternoon.passed == 2


def test_a_vehicle_that_is_out_takes_no_new_ride() -> None:
    async def story() -> tuple[Ride | Refusal, bool]:
        here = room(region([bus("one")]))
        await here.book(wish("B", "E", "10:00"), key="first")
        offer = (await here.offers(wish("A", "D", "14:00")))[0]
        (plan,) = here.ledger.state.plans.values()
        broken = replace(plan, version=plan.version + 1, tours=(replace(plan.tours[0], out_from=at("09:00")),))
        await here.ledger.submit(
            lambda _state, _now: [PlanPublished(plan=broken, cause="repair:breakdown")], actor="dispatcher"
        )
        return await here.accept(offer.offer_id), bool(await here.offers(wish("A", "D", "14:00")))

    accepted, is_offered = asyncio.run(story())
    assert isinstance(accepted, Refusal)
    assert accepted.code is RefusalCode.PLAN_CHANGED
    assert not is_offered


def roster(driver: str | None, version: int = 1) -> Roster:
    duty = Duty(
        duty_id=DutyId("2025-10-07/Di/driver"),
        day=DAY.date,
        starts=PLACE.areas[0].shifts[0].starts,
        ends=PLACE.areas[0].shifts[0].ends,
        role=DutyRole.DRIVER,
        group="Di",
        vehicle_id=PLACE.areas[0].shifts[0].vehicle_id,
    )
    named = None if driver is None else DriverRef(driver)
    return Roster(
        area_id=AREA,
        first=DAY.date,
        last=DAY.date,
        version=version,
        assignments=(Assignment(duty=duty, driver=named),),
    )


async def driver_after(*rosters: Roster, is_booked_first: bool) -> DayPlan:
    here = room(PLACE)
    if is_booked_first:
        await here.book(wish("B", "E", "10:00"), key="first")
    for each in rosters:
        fact = RosterPublished(roster=each, cause="plan")
        await here.ledger.submit(lambda _state, _now, fact=fact: [fact], actor="dispatcher")
    await here.book(wish("A", "D", "14:00"), key="second")
    (plan,) = here.ledger.state.plans.values()
    assert here.dispatch.plan(PLACE.areas[0], DAY.date).tours == plan.tours
    return plan


def test_a_shift_takes_its_driver_from_the_roster_whichever_came_first() -> None:
    for is_booked_first in (True, False):
        plan = asyncio.run(driver_after(roster("d-7"), is_booked_first=is_booked_first))
        assert plan.tours[0].shift.driver == "d-7"


def test_where_the_roster_names_nobody_the_rule_does() -> None:
    plan = asyncio.run(driver_after(roster(None), is_booked_first=True))
    assert plan.tours[0].shift.driver == "driver-bus"


def test_a_driver_whom_a_repair_put_in_stays() -> None:
    plan = empty_plan(PLACE.areas[0], DAY, PLACE.fleet, {(AREA, DAY.date): roster("d-7")})
    shift = replace(plan.tours[0].shift, driver=DriverRef("substitute"))
    plan = replace(plan, tours=(replace(plan.tours[0], shift=shift),))
    known = {(AREA, DAY.date): plan}
    again = plan_of(known, PLACE.areas[0], DAY, PLACE.fleet, {(AREA, DAY.date): roster("d-8", 2)})
    assert again.tours[0].shift.driver == "substitute"
