"""Which promises a plan would break, and what was told in time."""

import asyncio
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dispatch.promise import PromiseBook, broken_by, newly_broken_by, outside_ms, told
from mobility.core.booking import Channel, Window
from mobility.core.clock import Instant
from mobility.core.disruption_events import RevisionDue, RevisionLapsed
from mobility.core.events import Envelope, Event, PromiseSettled, PromiseTold
from mobility.core.ids import BookingId, VehicleId
from mobility.core.plan import DayPlan
from mobility.core.promise import PromiseKind, PromiseOutcome, Revision, RevisionReason
from tests.dispatch.putting_off import later, put_off, put_off_plan, withdraw
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import at, wish

ID = BookingId("B")


def with_two_rides() -> tuple[Room, BookingId, BookingId]:
    async def story() -> tuple[Room, BookingId, BookingId]:
        here = room()
        first = await here.book(wish("B", "D", "10:00"))
        second = await here.book(wish("C", "E", "10:00"))
        return here, first.booking.booking_id, second.booking.booking_id

    return asyncio.run(story())


def plan_of(here: Room) -> DayPlan:
    (plan,) = here.ledger.state.plans.values()
    return plan


def test_a_published_plan_breaks_nothing() -> None:
    here, _, _ = with_two_rides()
    assert broken_by(here.ledger.state, plan_of(here)) == ()


def test_a_plan_outside_a_told_window_names_ride_kind_and_distance() -> None:
    here, first, _ = with_two_rides()
    plan = put_off_plan(plan_of(here), first, 20)
    found = broken_by(here.ledger.state, plan)
    assert {(each.booking_id, each.kind) for each in found} == {(first, kind) for kind in PromiseKind}
    assert all(each.outside_ms is not None and each.outside_ms > 0 for each in found)
    early = broken_by(here.ledger.state, put_off_plan(plan_of(here), first, -60))
    assert all(each.outside_ms is not None and each.outside_ms < 0 for each in early)


def test_a_ride_that_a_plan_forgets_is_broken_unless_it_ends_in_the_same_commit() -> None:
    here, first, _ = with_two_rides()
    plan = plan_of(here)
    tours = tuple(replace(t, tasks=tuple(x for x in t.tasks if x.booking_id != first)) for t in plan.tours)
    without = replace(plan, tours=tours, version=plan.version + 1)
    found = broken_by(here.ledger.state, without)
    assert [(each.booking_id, each.planned) for each in found] == [(first, None), (first, None)]
    ended = [
        PromiseSettled(booking_id=first, kind=kind, outcome=PromiseOutcome.RELEASED, at=Instant(0))
        for kind in PromiseKind
    ]
    assert broken_by(here.ledger.state, without, ended) == ()


def test_news_that_are_due_bind_before_they_are_told_and_lapse_to_what_was_told() -> None:
    here, first, _ = with_two_rides()
    before = plan_of(here)
    asyncio.run(put_off(here, first, 20))
    state = here.ledger.state
    assert broken_by(state, plan_of(here)) == ()
    assert {each.booking_id for each in broken_by(state, before)} == {first}
    assert broken_by(state, before, [RevisionLapsed(booking_id=first)]) == ()


def test_news_of_the_same_commit_bind_already() -> None:
    here, first, _ = with_two_rides()
    state, plan = here.ledger.state, put_off_plan(plan_of(here), first, 20)
    revision = Revision(
        booking_id=first,
        reason=RevisionReason.VEHICLE_LATE,
        tell_by=at("09:00"),
        vehicle_id=VehicleId("bus"),
        pickup=later(state.promises[first, PromiseKind.PICKUP].window, 20),
    )
    (left,) = broken_by(state, plan, [RevisionDue(revision=revision)])
    assert left.kind is PromiseKind.ARRIVAL, "the arrival was not revised"


def test_what_is_broken_already_is_no_reason_against_a_plan_that_makes_it_no_worse() -> None:
    here, first, second = with_two_rides()
    state = here.ledger.state
    late = put_off_plan(plan_of(here), first, 20)
    known = replace(state, plans={(late.area_id, late.day): late})
    assert newly_broken_by(known, late) == ()
    assert newly_broken_by(known, put_off_plan(late, first, -5)) == ()
    assert {each.booking_id for each in newly_broken_by(known, put_off_plan(late, first, 5))} == {first}
    assert {each.booking_id for each in newly_broken_by(known, put_off_plan(late, second, 25))} == {second}


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-(10**6), 3 * 10**6))
def test_a_moment_is_outside_a_window_exactly_when_the_window_does_not_hold_it(
    earliest: int, width: int, moment: int
) -> None:
    window = Window(Instant(earliest), Instant(earliest + width))
    beyond = outside_ms(window, Instant(moment))
    assert (beyond == 0) is window.holds(Instant(moment))
    assert window.holds(Instant(moment - beyond))


def envelopes(*facts: tuple[int, Event]) -> list[Envelope]:
    return [
        Envelope(seq=n, recorded_at=Instant(moment), actor="a", body=fact) for n, (moment, fact) in enumerate(facts, 1)
    ]


def promise(start: int, revision: int) -> PromiseTold:
    window = Window(Instant(start), Instant(start + 100))
    return PromiseTold(
        booking_id=ID, kind=PromiseKind.PICKUP, window=window, channel=Channel.PHONE, revision=revision, reason="x"
    )


def due(start: int, tell_by: int) -> RevisionDue:
    window = Window(Instant(start), Instant(start + 100))
    revision = Revision(
        booking_id=ID,
        reason=RevisionReason.BREAKDOWN,
        tell_by=Instant(tell_by),
        vehicle_id=VehicleId("bus"),
        pickup=window,
    )
    return RevisionDue(revision=revision)


def settled(moment: int, outcome: PromiseOutcome = PromiseOutcome.KEPT) -> PromiseSettled:
    return PromiseSettled(booking_id=ID, kind=PromiseKind.PICKUP, outcome=outcome, at=Instant(moment))


def test_a_window_told_too_late_counts_for_nothing() -> None:
    facts = envelopes((0, promise(1000, 0)), (10, due(2000, 500)), (1101, promise(2000, 1)), (2050, settled(2050)))
    book = PromiseBook(facts)
    (kept,) = book.kept()
    assert (kept.outcome, kept.window.earliest, kept.is_revised) == (PromiseOutcome.BROKEN, 1000, False)
    assert [each.in_time for each in book.told(ID)] == [True, False]


def test_a_window_told_before_the_former_one_ended_is_the_one_that_counts() -> None:
    facts = envelopes((0, promise(1000, 0)), (10, due(2000, 500)), (1100, promise(2000, 1)), (2050, settled(2050)))
    (kept,) = PromiseBook(facts).kept()
    assert (kept.outcome, kept.window.earliest, kept.is_revised) == (PromiseOutcome.KEPT, 2000, True)
    assert [each.revision for each in told(facts, ID)] == [0, 1]
    assert told(facts, BookingId("another")) == ()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 900)), max_size=6), st.integers(0, 6000))
def test_a_promise_is_kept_exactly_when_it_came_true_inside_the_last_window_told_in_time(
    tellings: list[tuple[int, int]], happened: int
) -> None:
    facts: list[tuple[int, Event]] = [(0, promise(1000, 0))]
    valid, moment = 1000, 0
    for n, (step, pause) in enumerate(tellings, 1):
        start, told_at = 1000 + 100 * step, moment + pause
        facts += [(moment, due(start, moment)), (told_at, promise(start, n))]
        valid, moment = start if told_at <= valid + 100 else valid, told_at
    last = facts[-1][1]
    assert isinstance(last, PromiseTold)
    by_last = PromiseOutcome.KEPT if last.window.holds(Instant(happened)) else PromiseOutcome.BROKEN
    (kept,) = PromiseBook(envelopes(*facts, (moment + 9999, settled(happened, by_last)))).kept()
    assert kept.window.earliest == valid
    is_inside = valid <= happened <= valid + 100
    assert (kept.outcome is PromiseOutcome.KEPT) is (is_inside and by_last is PromiseOutcome.KEPT)


def test_a_withdrawn_ride_is_a_broken_promise() -> None:
    here, first, _ = with_two_rides()
    asyncio.run(withdraw(here, first))
    outcomes = {each.booking_id: each.outcome for each in PromiseBook(here.ledger.read()).kept()}
    assert outcomes[first] is PromiseOutcome.BROKEN
    assert broken_by(here.ledger.state, plan_of(here)) == ()
