"""What of a tour is still open: done, assumed, frozen and late tasks; and the manifest made of it."""

import asyncio

from dispatch.edge.service import Key, Ride
from dispatch.insertion import slack_of
from dispatch.outcome import Outcome
from dispatch.route import Violation, drive_ms
from dispatch.tours import Route, empty_plan, planned_window, route_of
from dispatch.travel import matrix
from mobility.core.booking import BookingState, Window
from mobility.core.clock import Instant
from mobility.core.ids import TaskId
from mobility.core.plan import Tour
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import DAY, at, bus, region, wish

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
