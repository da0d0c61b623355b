"""Repairs on small days where the right answer is obvious, and what holds for every proposal on random ones."""

import asyncio
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dispatch.edge.service import Key
from dispatch.outcome import Outcome
from dispatch.proposal import Answer, Proposal, ReasonCode
from dispatch.quote import Service
from dispatch.repair import proposals
from dispatch.repair_search import cheaper
from mobility.core.booking import Load
from mobility.core.clock import Instant
from mobility.core.disruption import DisruptionKind
from mobility.core.fold import State
from mobility.core.geo import LatLon
from mobility.core.ids import BookingId, DriverRef, DutyId, StopId, TaskId, VehicleId
from mobility.core.plan import DayPlan, Task, TaskKind, Tour
from mobility.core.promise import RevisionReason
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.roster import Assignment, Duty, DutyRole, Roster
from mobility.core.service_day import ServiceTime
from tests.dispatch.room import Room
from tests.dispatch.small_region import AREA, DAY, at, bus, region, street, wish
from tests.dispatch.upset_days import (
    Upset,
    absent,
    booked,
    broken,
    busy_room,
    came_with,
    carried_by,
    check_proposal,
    closed,
    driverless,
    happened,
    late,
    named,
    seen,
    tour_of,
)

THREE = (wish("B", "E", "09:00"), wish("C", "F", "10:00"), wish("E", "A", "11:00"))


def boarded(day: Upset, booking: str, clock: str, *, now: str | None = None) -> Upset:
    """Return the day after the driver reported that a rider boarded."""
    day.here.clock.moment = at(clock)
    vehicle = VehicleId(carried_by(day.state.plans[AREA, DAY.date], booking))
    report = day.here.dispatch.report_outcome(
        vehicle, TaskId(f"{booking}:pickup"), Outcome.BOARDED, at(clock), Key(value=booking, fingerprint=booking)
    )
    assert asyncio.run(report) is None
    return seen(day.here, now or clock)


def codes(proposal: Proposal) -> set[ReasonCode]:
    return {reason.code for reason in proposal.reasons}


def test_a_short_delay_within_the_promised_window_calls_nobody() -> None:
    best = booked(THREE).least_harm(late("bus-1", 5))
    assert best.revisions == ()
    assert (best.harm.broken, best.harm.calls) == (0, 0)
    assert tour_of(best.plan, "bus-1").tasks[0].begin == at("09:05")
    assert ReasonCode.ALL_PROMISES_KEPT in codes(best)


def test_a_long_delay_moves_the_ride_to_a_free_bus_and_only_its_rider_is_called() -> None:
    day = booked(THREE)
    best = day.least_harm(late("bus-1", 40))
    assert carried_by(best.plan, "R-001") == "bus-2"
    assert [(r.booking_id, r.vehicle_id, r.pickup, r.arrival) for r in best.revisions] == [
        ("R-001", "bus-2", None, None)
    ]
    assert best.revisions[0].tell_by == at("08:45")
    assert carried_by(best.plan, "R-002") == "bus-1"


def test_without_another_bus_a_late_ride_gets_new_windows_that_are_told() -> None:
    day = booked(THREE, buses=1)
    found = day.answers(late("bus-1", 40))
    times = named(found, Answer.LEAST_HARM)
    revision = next(r for r in times.revisions if r.booking_id == "R-001")
    assert revision.reason is RevisionReason.VEHICLE_LATE
    assert revision.pickup is not None
    assert revision.pickup.earliest == at("09:40")
    assert revision.arrival is not None
    assert {r.booking_id for r in times.revisions} == {"R-001"}
    pickup = next(t for t in tour_of(times.plan, "bus-1").tasks if t.task_id == "R-001:pickup")
    assert pickup.window == revision.pickup


def test_proposals_stand_side_by_side_and_the_least_harmful_one_comes_first() -> None:
    found = booked(THREE).answers(late("bus-1", 40))
    assert found[0].answer is Answer.LEAST_HARM
    assert {Answer.ONLY_TIMES, Answer.WITHDRAW} <= {each.answer for each in found}
    assert all(found[0].harm <= each.harm for each in found)
    assert named(found, Answer.WITHDRAW).withdrawn == (BookingId("R-001"),)


def test_rides_of_a_bus_that_breaks_down_empty_go_to_the_other_one() -> None:
    best = booked(THREE).least_harm(broken("bus-1"))
    assert tour_of(best.plan, "bus-1").tasks == ()
    assert tour_of(best.plan, "bus-1").out_from == at("08:00")
    assert {carried_by(best.plan, f"R-00{n}") for n in (1, 2, 3)} == {"bus-2"}
    assert best.harm.broken == 0
    assert {r.reason for r in best.revisions} == {RevisionReason.BREAKDOWN}


def test_riders_aboard_a_broken_bus_are_fetched_in_one_step_before_anything_else() -> None:
    day = boarded(booked(THREE), "R-001", "09:01")
    best = day.least_harm(broken("bus-1", begins="09:01", stop="C"))
    rescue = tour_of(best.plan, "bus-2").tasks
    assert [task.task_id for task in rescue][:2] == ["R-001:transfer", "R-001:dropoff"]
    assert rescue[0].stop_id == StopId("C")
    assert rescue[0].kind is TaskKind.PICKUP
    assert rescue[0].load == Load(1)
    assert best.stranded == ()
    assert ReasonCode.FETCHED_BY in codes(best)
    left = tour_of(best.plan, "bus-1")
    assert [(task.task_id, task.load) for task in left.tasks] == [("R-001:pickup", Load(0))]


def test_a_lone_bus_that_breaks_down_strands_its_riders_and_says_so() -> None:
    day = boarded(booked(THREE, buses=1), "R-001", "09:01")
    (only,) = day.answers(broken("bus-1", begins="09:01", stop="C"))
    assert only.stranded == (BookingId("R-001"),)
    assert set(only.withdrawn) == {"R-002", "R-003"}
    assert {ReasonCode.STRANDED, ReasonCode.NO_VEHICLE_FREE} <= codes(only)
    assert {r.booking_id for r in only.revisions if r.is_withdrawn} == {"R-001", "R-002", "R-003"}


def test_a_withdrawn_ride_is_told_before_its_rider_leaves_home() -> None:
    (only,) = booked(THREE, buses=1).answers(broken("bus-1"))
    told = {r.booking_id: r.tell_by for r in only.revisions}
    assert told == {"R-001": at("08:45"), "R-002": at("09:45"), "R-003": at("10:45")}
    assert only.harm.withdrawn == 3


def test_a_rescue_that_delays_others_is_better_than_leaving_riders_stranded() -> None:
    # The only other bus is busy with a tight chain of rides of its own.
    wishes = [wish("B", "E", "09:00"), *(wish("F", "H", f"09:{m:02d}", seats=5) for m in (0, 15, 30))]
    day = boarded(booked(wishes), "R-001", "09:01")
    best = day.least_harm(broken("bus-1", begins="09:01", stop="C"))
    assert best.stranded == ()


def test_a_missing_driver_puts_the_shift_out_from_its_start() -> None:
    best = booked(THREE, now="07:30").least_harm(driverless("bus-1", begins="07:30"))
    assert tour_of(best.plan, "bus-1").out_from == at("08:00")
    assert {carried_by(best.plan, f"R-00{n}") for n in (1, 2, 3)} == {"bus-2"}


def test_a_named_substitute_takes_the_shift_and_nobody_notices() -> None:
    found = booked(THREE).answers(driverless("bus-1"), substitute=DriverRef("d-9"))
    first = found[0]
    assert first.answer is Answer.SUBSTITUTE
    assert tour_of(first.plan, "bus-1").shift.driver == "d-9"
    assert tour_of(first.plan, "bus-1").out_from is None
    assert (first.revisions, first.harm.broken, first.affected) == ((), 0, ())


def test_the_rosters_substitute_is_proposed_by_itself() -> None:
    day = booked(THREE)
    duty = Duty(
        duty_id=DutyId("x"),
        day=DAY.date,
        starts=ServiceTime(8 * 3600),
        ends=ServiceTime(17 * 3600),
        role=DutyRole.SUBSTITUTE,
        group="Di",
        vehicle_id=VehicleId("bus-1"),
    )
    roster = Roster(
        area_id=AREA,
        first=DAY.date,
        last=DAY.date,
        version=1,
        assignments=(Assignment(duty=duty, driver=DriverRef("s")),),
    )
    known = replace(day, state=replace(day.state, rosters={(AREA, DAY.date): roster}))
    assert tour_of(named(known.answers(driverless("bus-1")), Answer.SUBSTITUTE).plan, "bus-1").shift.driver == "s"


def test_who_does_not_come_is_left_behind_and_the_others_are_not_fetched_early() -> None:
    wishes = (wish("B", "E", "09:00"), wish("C", "F", "09:00"))
    day = booked(wishes, now="09:10", buses=1)
    first, second = day.answers(absent("R-001", begins="09:10"))
    assert first.answer is Answer.DRIVE_ON
    tasks = tour_of(first.plan, "bus-1").tasks
    assert [task.task_id for task in tasks][:1] == ["R-001:pickup"]
    assert tasks[0].load == Load(0)
    assert "R-001:dropoff" not in {task.task_id for task in tasks}
    assert all(task.begin >= task.window.earliest for task in tasks)
    assert second.answer is Answer.WAIT
    assert next(t for t in tour_of(second.plan, "bus-1").tasks if t.task_id == "R-001:pickup").begin >= at("09:15")


def test_nobody_misses_a_bus_before_the_promised_time() -> None:
    day = booked(THREE, now="08:50")
    denied = proposals(day.service, day.state, absent("R-001", begins="08:50"), day.now)
    assert denied == Refusal(RefusalCode.WRONG_STATE, {"state": "before_window"})


def test_a_wheelchair_that_fits_once_seats_are_folded_rides_along() -> None:
    day = booked(THREE, now="09:00")
    first = day.answers(came_with("R-001", Load(0, 1), begins="09:00"))[0]
    assert first.answer is Answer.TAKE_ALONG
    assert ReasonCode.FITS_FOLDED in codes(first)
    pickup = next(t for t in tour_of(first.plan, "bus-1").tasks if t.task_id == "R-001:pickup")
    assert (pickup.load, pickup.service_s) == (Load(0, 1), 240.0)


def test_others_who_have_not_boarded_give_way_to_a_wheelchair_by_taking_the_other_bus() -> None:
    # Six seats; the wheelchair folds two, so four people who board later no longer fit beside it.
    wishes = (wish("B", "H", "09:00"), wish("C", "H", "09:00", seats=5))
    day = booked(wishes, now="09:00")
    assert carried_by(day.plan, "R-001") == carried_by(day.plan, "R-002")
    first = day.answers(came_with("R-001", Load(0, 1), begins="09:00"))[0]
    assert first.answer is Answer.TAKE_ALONG
    assert carried_by(first.plan, "R-002") != carried_by(first.plan, "R-001")
    assert first.withdrawn == ()
    assert ReasonCode.OTHERS_MOVED in codes(first)


def test_a_wheelchair_without_a_place_waits_for_the_bus_that_has_one() -> None:
    place = region([bus("bus-1", places=0), bus("bus-2", places=1)])
    day = booked((wish("B", "E", "09:00"),), place=place, now="09:00")
    assert carried_by(day.plan, "R-001") == "bus-1"
    first = day.answers(came_with("R-001", Load(0, 1), begins="09:00"))[0]
    assert first.answer is Answer.NEXT_VEHICLE
    assert carried_by(first.plan, "R-001") == "bus-2"
    waits = next(reason for reason in first.reasons if reason.code is ReasonCode.WAITS_FOR)
    assert waits.parameters["vehicle"] == "bus-2"


def test_nobody_is_withdrawn_for_somebody_elses_load() -> None:
    wishes = (wish("B", "H", "09:00"), wish("C", "H", "09:00", seats=5))
    day = booked(wishes, now="09:00", buses=1)
    found = day.answers(came_with("R-001", Load(0, 1), begins="09:00"))
    assert found
    assert all(set(each.withdrawn) <= {"R-001"} for each in found)


def test_a_closed_road_names_the_stops_it_cuts_off_and_withdraws_their_rides_alone() -> None:
    wishes = (wish("B", "D", "10:00"), wish("B", "G", "12:00"))
    day = booked(wishes, buses=1)
    network = street(8)
    middle = closed(LatLon(float(network.lat_deg[4] + network.lat_deg[5]) / 2, 10.9))
    roads = day.here.dispatch.service(AREA, replace(day.state, disruptions={middle.disruption_id: middle}), day.now)
    found = proposals(day.service, day.state, middle, day.now, roads=roads)
    assert isinstance(found, tuple)
    assert found[0].withdrawn == (BookingId("R-002"),)
    cut = next(reason for reason in found[0].reasons if reason.code is ReasonCode.STOP_CUT_OFF)
    assert cut.parameters == {"stop": "G"}
    assert [t.task_id for t in tour_of(found[0].plan, "bus-1").tasks] == ["R-001:pickup", "R-001:dropoff"]


@pytest.mark.parametrize(
    ("upset", "code"),
    [
        (late("nobody", 5), RefusalCode.UNKNOWN_VEHICLE),
        (late("bus-1", 0), RefusalCode.INVALID_INPUT),
        (late("bus-1", float("nan")), RefusalCode.INVALID_INPUT),
        (broken("bus-1", stop="nowhere"), RefusalCode.UNKNOWN_STOP),
        (absent("X", begins="09:00"), RefusalCode.UNKNOWN_BOOKING),
        (came_with("R-001", Load(0), begins="09:00"), RefusalCode.INVALID_INPUT),
        (came_with("R-001", Load(-1, 2), begins="09:00"), RefusalCode.INVALID_INPUT),
        (happened(DisruptionKind.ROAD_CLOSED), RefusalCode.INVALID_INPUT),
        (happened(DisruptionKind.BREAKDOWN), RefusalCode.UNKNOWN_VEHICLE),
        (happened(DisruptionKind.NO_SHOW), RefusalCode.UNKNOWN_BOOKING),
    ],
)
def test_a_report_that_can_not_be_true_is_refused(upset: object, code: RefusalCode) -> None:
    day = booked(THREE)
    denied = proposals(day.service, day.state, upset, day.now)  # type: ignore[arg-type]  # a disruption each
    assert isinstance(denied, Refusal)
    assert denied.code is code


def test_the_same_disruption_always_gets_the_same_answers() -> None:
    day = booked(THREE)
    assert day.answers(broken("bus-1")) == day.answers(broken("bus-1"))


def test_a_search_that_finds_nothing_changes_no_answer() -> None:
    day = booked(THREE)
    plain = day.answers(late("bus-1", 40))

    def nothing(_service: Service, _state: State, _plan: DayPlan, _now: Instant) -> DayPlan | None:
        return None

    assert day.answers(late("bus-1", 40), improve=nothing) == plain


def test_a_search_that_breaks_a_window_is_not_believed() -> None:
    day = booked(THREE)

    def worse(_service: Service, _state: State, plan: DayPlan, _now: Instant) -> DayPlan | None:
        """Turn every tour around: the first rides come last."""
        return replace(plan, tours=tuple(replace(tour, tasks=pairs_reversed(tour)) for tour in plan.tours))

    assert day.answers(late("bus-1", 40), improve=worse) == day.answers(late("bus-1", 40))


def pairs_reversed(tour: Tour) -> tuple[Task, ...]:
    pairs = [tour.tasks[k : k + 2] for k in range(0, len(tour.tasks), 2)]
    return tuple(task for pair in reversed(pairs) for task in pair)


def test_the_real_search_never_makes_an_answer_worse() -> None:
    day = seen(busy_day(1), "08:30")
    plain = day.answers(late("bus-01", 60, begins="08:30"))
    searched = day.answers(late("bus-01", 60, begins="08:30"), improve=cheaper)
    assert searched[0] == plain[0]
    assert min(each.cost_after_ms for each in searched) <= min(each.cost_after_ms for each in plain)


@cache
def busy_day(seed: int) -> Room:
    return asyncio.run(busy_room(seed, 24, 3))


@settings(
    max_examples=30, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate), report_multiple_bugs=False
)
@given(
    st.integers(min_value=0, max_value=7),
    st.sampled_from(["08:30", "09:40", "11:05", "13:20"]),
    st.sampled_from(["late", "broken", "driverless", "load", "absent"]),
    st.integers(min_value=1, max_value=90),
)
def test_every_proposal_keeps_loads_ride_times_and_promises_or_says_what_it_breaks(
    seed: int, clock: str, kind: str, minutes: int
) -> None:
    day = seen(busy_day(seed), clock)
    bookings = [b for b in day.state.bookings if day.state.promises]
    what = {
        "late": late("bus-01", minutes, begins=clock),
        "broken": broken("bus-02", begins=clock),
        "driverless": driverless("bus-03", begins=clock),
        "load": came_with(bookings[minutes % len(bookings)], Load(1, 1), begins=clock),
        "absent": absent(bookings[minutes % len(bookings)], begins=clock),
    }[kind]
    found = proposals(day.service, day.state, what, day.now)
    if isinstance(found, Refusal):
        assert kind in ("load", "absent")
        assert found.code is RefusalCode.WRONG_STATE
        return
    for proposal in found:
        check_proposal(day, proposal, what)
    assert list(found[1:]) == [each for each in found[1:] if found[0].harm <= each.harm or kind in ("load", "absent")]
