"""What-if as a service: drafts that touch nothing, publishing in one commit, discarding, taking back, ending."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from dispatch.edge.repairs import DRAFT_MS, Repairs
from dispatch.edge.service import Key
from dispatch.outcome import Outcome
from dispatch.promise import broken_by
from dispatch.proposal import Answer
from dispatch.what_if import Draft
from mobility.core.booking import BookingState, Channel
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption
from mobility.core.disruption_events import (
    BookingWithdrawn,
    DisruptionEnded,
    DisruptionReported,
    RevisionDue,
    RevisionLapsed,
    RevisionTold,
)
from mobility.core.events import Event, PlanPublished, PromiseSettled, PromiseTold, RiderNoShow
from mobility.core.geo import LatLon
from mobility.core.ids import BookingId, DisruptionId, TaskId, VehicleId
from mobility.core.plan import DayPlan
from mobility.core.promise import PromiseKind, PromiseOutcome, TellingOutcome
from mobility.core.refusal import Refusal, RefusalCode
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import AREA, DAY, at, bus, region, wish
from tests.dispatch.upset_days import absent, broken, carried_by, closed, late, tour_of

T = TypeVar("T")
Story = Callable[[Room, Repairs], Awaitable[T]]
THREE = (wish("B", "E", "09:00"), wish("C", "F", "10:00"), wish("E", "A", "11:00"))


def told(story: Story[T], *, buses: int = 2, clock: str = "08:00") -> T:
    """Tell a story of a day with three rides, all in the first bus."""

    async def run() -> T:
        here = room(region([bus(f"bus-{k + 1}") for k in range(buses)]), clock="07:00")
        for number, each in enumerate(THREE):
            await here.book(each, key=f"k{number}")
        here.clock.moment = at(clock)
        return await story(here, Repairs(dispatch=here.dispatch, ledger=here.ledger))

    return asyncio.run(run())


def key(name: str) -> Key:
    return Key(value=name, fingerprint=name)


async def drafted(repairs: Repairs, what: Disruption) -> Draft:
    draft = await repairs.what_if(what)
    assert isinstance(draft, Draft), draft
    return draft


async def published(repairs: Repairs, what: Disruption, choice: str = "least_harm", name: str = "p") -> Draft:
    draft = await drafted(repairs, what)
    assert await repairs.publish(draft.draft_id, choice, key(name), "dispatcher:eva") is None
    return draft


def plan_of(here: Room) -> DayPlan:
    return here.ledger.state.plans[AREA, DAY.date]


def facts_after(here: Room, seq: int) -> list[Event]:
    return [envelope.body for envelope in here.ledger.read(seq)]


def test_a_question_leaves_no_trace_in_the_ledger() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[int, int, int]:
        before = here.ledger.state.seq
        await drafted(repairs, broken("bus-1"))
        return before, here.ledger.state.seq, len(repairs.drafts())

    before, after, drafts = told(story)
    assert (after, drafts) == (before, 1)


def test_a_repair_is_one_commit_with_the_disruption_the_plan_and_whom_to_tell() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[list[Event], list[str], Room]:
        seq = here.ledger.state.seq
        await published(repairs, broken("bus-1"))
        envelopes = list(here.ledger.read(seq))
        return [each.body for each in envelopes], [each.actor for each in envelopes], here

    facts, actors, here = told(story)
    assert isinstance(facts[0], DisruptionReported)
    assert {fact.revision.booking_id for fact in facts if isinstance(fact, RevisionDue)} == {"R-001", "R-002", "R-003"}
    plans = [fact for fact in facts if isinstance(fact, PlanPublished)]
    assert [plan.cause for plan in plans] == ["repair:breakdown"]
    assert set(actors) == {"dispatcher:eva"}
    assert tour_of(plan_of(here), "bus-1").out_from == at("08:00")
    assert broken_by(here.ledger.state, plan_of(here)) == ()


def test_a_withdrawn_ride_breaks_its_promises_in_the_same_commit() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[list[Event], BookingState]:
        seq = here.ledger.state.seq
        await published(repairs, broken("bus-1"))
        return facts_after(here, seq), here.ledger.state.bookings[BookingId("R-001")].state

    facts, state = told(story, buses=1)
    assert state is BookingState.WITHDRAWN
    assert [fact.reason for fact in facts if isinstance(fact, BookingWithdrawn)] == ["breakdown"] * 3
    settled = [fact for fact in facts if isinstance(fact, PromiseSettled)]
    assert len(settled) == 6
    assert {fact.outcome for fact in settled} == {PromiseOutcome.BROKEN}


def test_publishing_twice_with_one_key_happens_once() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[int, int, Refusal | None]:
        draft = await published(repairs, broken("bus-1"))
        seq = here.ledger.state.seq
        again = await repairs.publish(draft.draft_id, "least_harm", key("p"), "dispatcher:eva")
        return seq, here.ledger.state.seq, again

    before, after, again = told(story)
    assert after == before
    assert again is None


def test_a_plan_that_has_changed_since_is_refused_and_the_draft_is_made_afresh() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[Refusal | None, Draft, Draft | None, Refusal | None]:
        draft = await drafted(repairs, broken("bus-1"))
        await here.book(wish("G", "H", "15:00"), key="meanwhile")
        first = await repairs.publish(draft.draft_id, "least_harm", key("p"), "dispatcher:eva")
        fresh = repairs.draft(draft.draft_id)
        second = await repairs.publish(draft.draft_id, "least_harm", key("p2"), "dispatcher:eva")
        return first, draft, fresh, second

    first, draft, fresh, second = told(story)
    assert first == Refusal(RefusalCode.PLAN_CHANGED)
    assert fresh is not None
    assert fresh.base_version == draft.base_version + 1
    assert second is None


def test_a_rescue_that_has_become_impossible_meanwhile_is_not_published() -> None:
    async def story(here: Room, repairs: Repairs) -> Refusal | None:
        draft = await drafted(repairs, late("bus-1", 40))
        here.clock.moment = at("09:25")  # bus-2 can not be at B in time any more
        return await repairs.publish(draft.draft_id, "least_harm", key("p"), "dispatcher:eva")

    assert told(story, clock="08:56") == Refusal(RefusalCode.PLAN_CHANGED)


def test_drafts_are_forgotten_after_half_an_hour_and_when_discarded() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[Refusal | None, Refusal | None, int]:
        old, new = await drafted(repairs, broken("bus-1")), await drafted(repairs, late("bus-1", 30))
        repairs.discard(new.draft_id)
        discarded = await repairs.publish(new.draft_id, "least_harm", key("a"), "d")
        here.clock.moment = Instant(here.clock.moment + DRAFT_MS)
        expired = await repairs.publish(old.draft_id, "least_harm", key("b"), "d")
        return discarded, expired, len(repairs.drafts())

    assert told(story) == (Refusal(RefusalCode.UNKNOWN_DRAFT), Refusal(RefusalCode.UNKNOWN_DRAFT), 0)


def test_reporting_makes_the_disruption_a_fact_once_and_publishing_does_not_repeat_it() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[int, int, list[Event]]:
        seq = here.ledger.state.seq
        draft = await repairs.report(broken("bus-1"), key("r"), "dispatcher:eva")
        again = await repairs.report(broken("bus-1"), key("r"), "dispatcher:eva")
        assert isinstance(draft, Draft)
        assert isinstance(again, Draft)
        known = len(repairs.disruptions())
        reports = len(facts_after(here, seq))
        assert await repairs.publish(draft.draft_id, "least_harm", key("p"), "d") is None
        return known, reports, facts_after(here, seq + 1)

    known, reports, facts = told(story)
    assert (known, reports) == (1, 1)
    assert not any(isinstance(fact, DisruptionReported) for fact in facts)


def test_who_did_not_come_is_settled_as_a_report_of_the_driver_would() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[list[Event], BookingState, int]:
        seq = here.ledger.state.seq
        await published(repairs, absent("R-001", begins="09:05"), "drive_on")
        state = here.ledger.state
        return facts_after(here, seq), state.bookings[BookingId("R-001")].state, len(state.disruptions)

    facts, state, left = told(story, clock="09:05")
    assert any(isinstance(fact, RiderNoShow) for fact in facts)
    settled = [fact.outcome for fact in facts if isinstance(fact, PromiseSettled)]
    assert settled == [PromiseOutcome.RELEASED] * 2
    assert state is BookingState.NO_SHOW
    assert left == 0


def test_undo_restores_the_former_plan_and_news_that_nobody_told_lapse() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[DayPlan, Room, list[Event], Refusal | None]:
        before = plan_of(here)
        await published(repairs, broken("bus-1"))
        seq = here.ledger.state.seq
        refusal = await repairs.undo(key("u"), "dispatcher:eva")
        return before, here, facts_after(here, seq), refusal

    before, here, facts, refusal = told(story)
    assert refusal is None
    after = plan_of(here)
    assert after.version == before.version + 2
    assert after.tours == before.tours
    assert here.ledger.state.revisions == {}
    assert here.ledger.state.disruptions == {}
    assert {fact.booking_id for fact in facts if isinstance(fact, RevisionLapsed)} == {"R-001", "R-002", "R-003"}
    assert any(isinstance(fact, DisruptionEnded) for fact in facts)


def test_there_is_one_step_back_and_no_second() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[Refusal | None, Refusal | None]:
        nothing = await repairs.undo(key("u0"), "d")
        await published(repairs, broken("bus-1"))
        await repairs.undo(key("u1"), "d")
        return nothing, await repairs.undo(key("u2"), "d")

    assert told(story) == (Refusal(RefusalCode.NOTHING_TO_UNDO), Refusal(RefusalCode.NOTHING_TO_UNDO))


def test_after_a_restart_the_last_repair_can_still_be_taken_back() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[DayPlan, DayPlan, Refusal | None]:
        before = plan_of(here)
        here.clock.advance(1)
        await published(repairs, broken("bus-1"))
        here.clock.advance(1)
        restarted = Repairs(dispatch=here.dispatch, ledger=here.ledger)
        refusal = await restarted.undo(key("u"), "d")
        return before, plan_of(here), refusal

    before, after, refusal = told(story)
    assert refusal is None
    assert after.tours == before.tours


def test_undo_keeps_what_was_booked_and_what_happened_since() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[Room, Refusal | None]:
        await published(repairs, broken("bus-1"))
        await here.book(wish("G", "H", "15:00"), key="since")
        here.clock.moment = at("09:01")
        done = TaskId("R-001:pickup")
        vehicle = VehicleId("bus-2")
        assert await here.dispatch.report_outcome(vehicle, done, Outcome.BOARDED, at("09:01"), key("b")) is None
        return here, await repairs.undo(key("u"), "d")

    here, refusal = told(story)
    assert refusal is None
    plan = plan_of(here)
    # The rider who boarded stays in the bus that fetched him, the others go back, the new ride stays where it was.
    assert carried_by(plan, "R-001") == "bus-2"
    assert carried_by(plan, "R-002") == "bus-1"
    assert carried_by(plan, "R-004") == "bus-2"
    assert broken_by(here.ledger.state, plan) == ()


def test_riders_who_were_told_of_another_bus_are_told_of_the_former_one_again() -> None:
    async def story(here: Room, repairs: Repairs) -> dict[BookingId, VehicleId]:
        await published(repairs, broken("bus-1"))
        reached = RevisionTold(booking_id=BookingId("R-002"), channel=Channel.PHONE, outcome=TellingOutcome.REACHED)
        await here.ledger.submit(lambda _state, _now: [reached], actor="d")
        assert await repairs.undo(key("u"), "d") is None
        return {k: revision.vehicle_id for k, revision in here.ledger.state.revisions.items()}

    assert told(story) == {"R-002": "bus-1"}


def test_undo_is_refused_when_the_former_plan_would_be_late_now() -> None:
    async def story(here: Room, repairs: Repairs) -> Refusal | None:
        await published(repairs, late("bus-1", 40))
        # The bus would have to be at B by 9:15; it stands in A, two minutes away.
        here.clock.moment = at("09:20")
        return await repairs.undo(key("u"), "d")

    assert told(story, clock="08:40", buses=1) == Refusal(RefusalCode.UNDO_BREAKS_PROMISES, {"rides": 1})


def test_a_withdrawn_ride_can_not_be_given_back() -> None:
    async def story(here: Room, repairs: Repairs) -> Refusal | None:
        await published(repairs, broken("bus-1"))
        return await repairs.undo(key("u"), "d")

    assert told(story, buses=1) == Refusal(RefusalCode.WITHDRAWN_FOR_GOOD, {"rides": 3})


def test_what_happened_at_a_stop_can_not_be_taken_back() -> None:
    async def story(here: Room, repairs: Repairs) -> Refusal | None:
        await published(repairs, absent("R-001", begins="09:05"), "drive_on")
        return await repairs.undo(key("u"), "d")

    assert told(story, clock="09:05") == Refusal(RefusalCode.ALREADY_HAPPENED)


def test_a_vehicle_that_is_mended_takes_riders_again() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[bool, Refusal | None, Instant | None, Refusal | None]:
        draft = await published(repairs, broken("bus-1"))
        is_out = tour_of(plan_of(here), "bus-1").out_from is not None
        name = draft.disruption.disruption_id
        ended = await repairs.end(name, key("e"), "d")
        again = await repairs.end(DisruptionId("other"), key("e2"), "d")
        return is_out, ended, tour_of(plan_of(here), "bus-1").out_from, again

    is_out, ended, out_from, again = told(story)
    assert is_out
    assert ended is None
    assert out_from is None
    assert again == Refusal(RefusalCode.UNKNOWN_DISRUPTION)


def test_a_second_repair_replaces_news_that_nobody_told() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[Room, int]:
        await published(repairs, late("bus-1", 40))
        first = len(here.ledger.state.revisions)
        again = late("bus-1", 25)
        await published(repairs, replace(again, disruption_id=DisruptionId("d-2")), name="p2")
        return here, first

    here, first = told(story, buses=1)
    assert first == 1
    assert broken_by(here.ledger.state, plan_of(here)) == ()


def test_a_promise_told_anew_is_the_measure_of_the_next_repair() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[int, Room]:
        await published(repairs, late("bus-1", 40), Answer.ONLY_TIMES)
        revision = here.ledger.state.revisions[BookingId("R-001")]
        assert revision.pickup is not None
        assert revision.arrival is not None
        windows = {PromiseKind.PICKUP: revision.pickup, PromiseKind.ARRIVAL: revision.arrival}
        facts: list[Event] = [
            RevisionTold(booking_id=BookingId("R-001"), channel=Channel.PHONE, outcome=TellingOutcome.REACHED),
            *(
                PromiseTold(booking_id=BookingId("R-001"), kind=kind, window=window, channel=Channel.PHONE, revision=1)
                for kind, window in windows.items()
            ),
        ]
        await here.ledger.submit(lambda _state, _now: facts, actor="d")
        draft = await drafted(repairs, broken("bus-2"))
        return draft.proposals[0].harm.broken, here

    broken_promises, here = told(story)
    assert broken_promises == 0
    assert here.ledger.state.revisions == {}


def test_a_closed_road_is_driven_around_or_named_and_opens_again_at_its_end() -> None:
    async def story(here: Room, repairs: Repairs) -> tuple[Draft, list[Event], bool]:
        seq = here.ledger.state.seq
        lat_deg = here.dispatch.region.network.lat_deg
        place = LatLon(float(lat_deg[4] + lat_deg[5]) / 2, 10.9)  # between E and F: R-002 can not be brought to F
        draft = await published(repairs, closed(place))
        facts = facts_after(here, seq)
        assert not await here.offers(wish("B", "G", "13:00"))
        assert await repairs.end(draft.disruption.disruption_id, key("e"), "d") is None
        return draft, facts, bool(await here.offers(wish("B", "G", "13:00")))

    draft, facts, is_open_again = told(story)
    assert draft.proposals[0].withdrawn == (BookingId("R-002"),)
    assert [fact.booking_id for fact in facts if isinstance(fact, BookingWithdrawn)] == ["R-002"]
    assert [fact.cause for fact in facts if isinstance(fact, PlanPublished)] == ["repair:road_closed"]
    assert is_open_again
