"""Rescue: tasks that fetch riders out of a broken bus, and what follows when they are reported."""

import asyncio
from dataclasses import replace

import pytest

from dispatch.edge.repairs import Repairs
from dispatch.edge.service import Key
from dispatch.outcome import Outcome
from dispatch.rescue import carrier, emptied, is_transfer, transfer_task, transferred
from mobility.core.booking import BookingState, Load, Window
from mobility.core.disruption_events import RiderTransferred
from mobility.core.events import PromiseSettled, RiderBoarded
from mobility.core.ids import BookingId, DisruptionId, DriverRef, StopId, TaskId, VehicleId
from mobility.core.plan import Shift, Task, TaskKind, Tour
from mobility.core.promise import PromiseOutcome
from mobility.core.refusal import Refusal
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import AREA, DAY, at, bus, region, wish
from tests.dispatch.upset_days import broken, carried_by, tour_of

SHIFT = Shift(
    vehicle_id=VehicleId("bus-1"),
    driver=DriverRef("d-1"),
    span=Window(at("08:00"), at("17:00")),
    depot=StopId("A"),
)


def key(name: str) -> Key:
    return Key(value=name, fingerprint=name)


@pytest.mark.parametrize(
    ("task_id", "expected"),
    [
        ("R-001:transfer", True),
        ("R-001:transfer-2", True),
        ("R-001:pickup", False),
        (":transfer", False),
        ("transfer", False),
        ("R-001:transfer-x", False),
        ("R-001:transfer\n", False),
    ],
)
def test_a_transfer_is_known_by_the_name_of_its_task(task_id: str, expected: bool) -> None:
    assert is_transfer(TaskId(task_id)) is expected


def dropoff_of(booking: str) -> Task:
    return Task(
        task_id=TaskId(f"{booking}:dropoff"),
        kind=TaskKind.DROPOFF,
        booking_id=BookingId(booking),
        stop_id=StopId("E"),
        window=Window(at("10:00"), at("10:20")),
        load=Load(-2, -1, 0, -1),
        service_s=60.0,
        begin=at("10:00"),
    )


def test_a_second_rescue_of_the_same_ride_has_a_name_of_its_own() -> None:
    dropoff = dropoff_of("R-001")
    first = transfer_task(Tour(shift=SHIFT), dropoff, StopId("C"), at("09:30"))
    second = transfer_task(Tour(shift=SHIFT, tasks=(first,), done=1), dropoff, StopId("D"), at("09:40"))
    third = transfer_task(Tour(shift=SHIFT, tasks=(second,), done=1), dropoff, StopId("D"), at("09:50"))
    names = [task.task_id for task in (first, second, third)]
    assert names == ["R-001:transfer", "R-001:transfer-2", "R-001:transfer-3"]
    assert first.load == Load(2, 1, 0, 1)
    assert emptied(Tour(shift=SHIFT, tasks=(first,)), frozenset({BookingId("R-001")})).tasks[0].load == Load(0)


async def rescued(here: Room) -> Repairs:
    """Let a rider board, the bus break down and the repair be published: the other bus fetches the rider."""
    await here.book(wish("B", "F", "09:00"), key="k")
    here.clock.moment = at("09:01")
    report = here.dispatch.report_outcome(
        VehicleId("bus-1"), TaskId("R-001:pickup"), Outcome.BOARDED, at("09:01"), key("b")
    )
    assert await report is None
    repairs = Repairs(dispatch=here.dispatch, ledger=here.ledger)
    draft = await repairs.what_if(broken("bus-1", begins="09:01", stop="C"))
    assert not isinstance(draft, Refusal)
    assert await repairs.publish(draft.draft_id, "least_harm", key("p"), "d") is None
    return repairs


def test_the_rescue_drivers_report_is_a_transfer_and_no_second_boarding() -> None:
    async def story() -> Room:
        here = room(region([bus("bus-1"), bus("bus-2")]))
        await rescued(here)
        seq = here.ledger.state.seq
        here.clock.moment = at("09:08")
        done = here.dispatch.report_outcome(
            VehicleId("bus-2"), TaskId("R-001:transfer"), Outcome.BOARDED, at("09:08"), key("t")
        )
        assert await done is None
        bodies = [each.body for each in here.ledger.read(seq)]
        moved = [body for body in bodies if isinstance(body, RiderTransferred)]
        assert [(each.from_vehicle, each.to_vehicle, each.at) for each in moved] == [("bus-1", "bus-2", at("09:08"))]
        assert not any(isinstance(body, RiderBoarded | PromiseSettled) for body in bodies)
        here.clock.moment = at("09:20")
        left = here.dispatch.report_outcome(
            VehicleId("bus-2"), TaskId("R-001:dropoff"), Outcome.ALIGHTED, at("09:20"), key("a")
        )
        assert await left is None
        return here

    here = asyncio.run(story())
    booking = here.ledger.state.bookings[BookingId("R-001")]
    assert (booking.state, booking.vehicle_id) == (BookingState.COMPLETED, "bus-2")


def test_a_rescue_bus_that_breaks_down_too_hands_its_rider_on() -> None:
    async def story() -> Room:
        here = room(region([bus("bus-1"), bus("bus-2"), bus("bus-3")]))
        repairs = await rescued(here)
        here.clock.moment = at("09:08")
        helper = carried_by(here.ledger.state.plans[AREA, DAY.date], "R-001")
        done = here.dispatch.report_outcome(
            VehicleId(helper), TaskId("R-001:transfer"), Outcome.BOARDED, at("09:08"), key("t")
        )
        assert await done is None
        happened = broken(helper, begins="09:09", stop="D")
        here.clock.moment = at("09:09")
        draft = await repairs.what_if(replace(happened, disruption_id=DisruptionId("d-2")))
        assert not isinstance(draft, Refusal)
        assert await repairs.publish(draft.draft_id, "least_harm", key("p2"), "d") is None
        return here

    here = asyncio.run(story())
    plan = here.ledger.state.plans[AREA, DAY.date]
    last = tour_of(plan, "bus-3")
    assert [task.task_id for task in last.tasks] == ["R-001:transfer-2", "R-001:dropoff"]
    assert last.tasks[0].stop_id == "D"
    assert carrier(plan, BookingId("R-001")) == plan.tours.index(last)


def test_a_rescue_bus_that_breaks_down_on_its_way_leaves_a_ride_that_is_named_and_kept_in_the_plan() -> None:
    async def story() -> Room:
        here = room(region([bus("bus-1"), bus("bus-2")]))
        repairs = await rescued(here)
        happened = broken("bus-2", begins="09:02")
        here.clock.moment = at("09:02")
        draft = await repairs.what_if(replace(happened, disruption_id=DisruptionId("d-2")))
        assert not isinstance(draft, Refusal)
        assert draft.proposals[0].stranded == (BookingId("R-001"),)
        assert await repairs.publish(draft.draft_id, "least_harm", key("p2"), "d") is None
        return here

    here = asyncio.run(story())
    assert here.ledger.state.revisions[BookingId("R-001")].is_withdrawn
    plan = here.ledger.state.plans[AREA, DAY.date]
    assert carrier(plan, BookingId("R-001")) is not None


def test_a_boarding_that_nobody_reported_is_made_up_for() -> None:
    async def story() -> Room:
        here = room(region([bus("bus-1")]))
        await here.book(wish("B", "F", "09:00"), key="k")
        here.clock.moment = at("09:25")
        return here

    here = asyncio.run(story())
    facts = transferred(here.ledger.state, BookingId("R-001"), to_vehicle=VehicleId("bus-9"), at=at("09:25"))
    assert [type(fact) for fact in facts] == [RiderBoarded, PromiseSettled, RiderTransferred]
    boarded, settled, _ = facts
    assert isinstance(boarded, RiderBoarded)
    assert boarded.at == at("09:00")
    assert isinstance(settled, PromiseSettled)
    assert settled.outcome is PromiseOutcome.KEPT
