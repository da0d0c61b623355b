"""Accepting, cancelling and what drivers report: promises, plans and the vault move together or not at all."""

import asyncio
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.booking import published
from dispatch.edge.service import Key, Ride
from dispatch.outcome import Outcome
from mobility.core.booking import BookingState, Channel, Load, Window
from mobility.core.clock import Instant
from mobility.core.disruption_events import RevisionDue, RiderTransferred
from mobility.core.errors import ReadOnlyError
from mobility.core.events import BookingMade, PlanPublished, PromiseSettled, PromiseTold, PublicTourPublished
from mobility.core.ids import StopId, TaskId, VehicleId
from mobility.core.plan import DayPlan, TaskKind
from mobility.core.promise import PromiseKind, PromiseOutcome, Revision, RevisionReason
from mobility.core.refusal import Refusal, RefusalCode
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import AREA, NAMES, at, bus, region, wish


def the_plan(here: Room) -> DayPlan:
    (plan,) = here.ledger.state.plans.values()
    return plan


def overbooked(here: Room, *, seats: int = 6, places: int = 1, lost: int = 2) -> list[str]:
    """Every moment at which a vehicle of the plan holds more than it can, and every task outside its promise."""
    wrong: list[str] = []
    for plan in here.ledger.state.plans.values():
        for tour in plan.tours:
            taken, chairs = 0, 0
            for task in tour.tasks:
                taken, chairs = taken + task.load.seats, chairs + task.load.wheelchairs
                if taken + chairs * lost > seats or chairs > places or taken < 0:
                    wrong.append(f"{task.task_id} load {taken}+{chairs}")
                if not task.window.holds(task.begin):
                    wrong.append(f"{task.task_id} outside its window")
    return wrong


async def reported(
    here: Room, ride: Ride, outcome: Outcome, moment: Instant, *, key: str = "", vehicle: str = "bus"
) -> Refusal | None:
    here.clock.moment = max(here.clock.moment, moment)
    kind = "dropoff" if outcome is Outcome.ALIGHTED else "pickup"
    task = TaskId(f"{ride.booking.booking_id}:{kind}")
    name = key or f"{task}-{outcome}-{moment}"
    command = Key(value=name, fingerprint=name)
    return await here.dispatch.report_outcome(VehicleId(vehicle), task, outcome, moment, command)


def test_booking_promises_and_plan_are_one_commit() -> None:
    async def story() -> Room:
        here = room()
        await here.book(wish())
        return here

    here = asyncio.run(story())
    kinds = [type(envelope.body) for envelope in here.ledger.read()]
    assert kinds == [BookingMade, PromiseTold, PromiseTold, PlanPublished]
    assert [task.kind for task in the_plan(here).tours[0].tasks] == [TaskKind.PICKUP, TaskKind.DROPOFF]
    assert the_plan(here).version == 1


def test_the_same_key_gives_the_same_booking_and_stores_nobody_twice() -> None:
    async def story() -> tuple[Room, Ride | Refusal, Ride | Refusal, Ride | Refusal]:
        here = room()
        offer = (await here.offers(wish()))[0]
        first = await here.accept(offer.offer_id, key="once")
        second = await here.accept(offer.offer_id, key="once")
        other = await here.accept(offer.offer_id, key="once", name="Jemand Anderes")
        return here, first, second, other

    here, first, second, other = asyncio.run(story())
    assert first == second
    assert isinstance(other, Refusal)
    assert other.code is RefusalCode.IDEMPOTENCY_MISMATCH
    assert len(here.vault._people) == 1


def test_an_offer_is_checked_against_the_newest_plan_when_it_is_accepted() -> None:
    async def story() -> tuple[list[Ride | Refusal], Room]:
        here = room()
        offers = [(await here.offers(wish("A", "H", "10:00", seats=4)))[0] for _ in range(4)]
        return [await here.accept(offer.offer_id) for offer in offers], here

    answers, here = asyncio.run(story())
    assert isinstance(answers[0], Ride)
    assert [a.code for a in answers[1:] if isinstance(a, Refusal)] == [RefusalCode.PLAN_CHANGED] * 3
    assert overbooked(here) == []
    assert len(here.vault._people) == 1, "people whose booking failed are forgotten at once"


def test_an_offer_ends_after_ten_minutes() -> None:
    async def story() -> Ride | Refusal:
        here = room()
        offer = (await here.offers(wish()))[0]
        here.clock.advance(601)
        return await here.accept(offer.offer_id)

    answer = asyncio.run(story())
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.OFFER_EXPIRED


def test_a_full_disk_books_nothing() -> None:
    async def story() -> Room:
        here = room()
        offer = (await here.offers(wish()))[0]
        here.ledger.is_read_only = True
        with pytest.raises(ReadOnlyError):
            await here.accept(offer.offer_id)
        return here

    assert not asyncio.run(story()).ledger.state.bookings


def test_a_cancelled_ride_leaves_the_plan_and_releases_its_promises() -> None:
    async def story() -> tuple[Room, Ride]:
        here = room()
        gone, stays = await here.book(wish()), await here.book(wish("B", "E"))
        await here.dispatch.cancel(gone.booking.booking_id, Channel.WEB, Key(value="c", fingerprint="c"))
        return here, stays

    here, stays = asyncio.run(story())
    assert {task.booking_id for task in the_plan(here).tours[0].tasks} == {stays.booking.booking_id}
    outcomes = Counter(promise.outcome for promise in here.ledger.state.promises.values())
    assert outcomes == {PromiseOutcome.RELEASED: 2, PromiseOutcome.OPEN: 2}


def test_a_ride_from_pickup_to_arrival_keeps_its_promises() -> None:
    async def story() -> Room:
        here = room()
        ride = await here.book(wish())
        assert await reported(here, ride, Outcome.BOARDED, at("10:02")) is None
        assert await reported(here, ride, Outcome.ALIGHTED, at("10:10")) is None
        return here

    here = asyncio.run(story())
    (booking,) = here.ledger.state.bookings.values()
    assert booking.state is BookingState.COMPLETED
    assert (booking.boarded_at, booking.alighted_at) == (at("10:02"), at("10:10"))
    assert {promise.outcome for promise in here.ledger.state.promises.values()} == {PromiseOutcome.KEPT}
    assert the_plan(here).tours[0].done == 2


def test_a_pickup_after_its_window_is_a_broken_promise() -> None:
    async def story() -> Room:
        here = room()
        ride = await here.book(wish())
        await reported(here, ride, Outcome.BOARDED, at("10:20"))
        return here

    here = asyncio.run(story())
    settled = [e.body for e in here.ledger.read() if isinstance(e.body, PromiseSettled)]
    assert [(s.kind, s.outcome) for s in settled] == [(PromiseKind.PICKUP, PromiseOutcome.BROKEN)]


def test_a_no_show_frees_the_seat_and_releases_both_promises() -> None:
    async def story() -> Room:
        here = room()
        ride = await here.book(wish())
        assert await reported(here, ride, Outcome.NO_SHOW, at("10:06")) is None
        return here

    here = asyncio.run(story())
    (tour,) = the_plan(here).tours
    assert [(task.kind, task.load.seats) for task in tour.tasks] == [(TaskKind.PICKUP, 0)]
    assert tour.done == 1
    assert {promise.outcome for promise in here.ledger.state.promises.values()} == {PromiseOutcome.RELEASED}


def test_nobody_misses_a_bus_before_the_promised_time() -> None:
    async def story() -> Refusal | None:
        here = room()
        return await reported(here, await here.book(wish()), Outcome.NO_SHOW, at("09:59"))

    refusal = asyncio.run(story())
    assert refusal is not None
    assert refusal.code is RefusalCode.WRONG_STATE


@pytest.mark.parametrize(
    ("before", "outcome", "vehicle", "code"),
    [
        ((), Outcome.ALIGHTED, "bus", RefusalCode.WRONG_STATE),
        ((Outcome.BOARDED,), Outcome.BOARDED, "bus", RefusalCode.WRONG_STATE),
        ((Outcome.BOARDED,), Outcome.NO_SHOW, "bus", RefusalCode.WRONG_STATE),
        ((Outcome.NO_SHOW,), Outcome.BOARDED, "bus", RefusalCode.WRONG_STATE),
        ((), Outcome.BOARDED, "other", RefusalCode.UNKNOWN_BOOKING),
    ],
)
def test_a_report_that_does_not_fit_the_booking_is_refused(
    before: tuple[Outcome, ...], outcome: Outcome, vehicle: str, code: RefusalCode
) -> None:
    async def story() -> Refusal | None:
        here = room()
        ride = await here.book(wish())
        for earlier in before:
            assert await reported(here, ride, earlier, at("10:02"), key=f"first-{earlier}") is None
        return await reported(here, ride, outcome, at("10:05"), vehicle=vehicle)

    refusal = asyncio.run(story())
    assert refusal is not None
    assert refusal.code is code


def test_a_report_from_the_future_is_refused() -> None:
    async def story() -> Refusal | None:
        here = room()
        ride = await here.book(wish())
        task = TaskId(f"{ride.booking.booking_id}:pickup")
        command = Key(value="k", fingerprint="k")
        return await here.dispatch.report_outcome(VehicleId("bus"), task, Outcome.BOARDED, at("11:00"), command)

    refusal = asyncio.run(story())
    assert refusal is not None
    assert refusal.code is RefusalCode.INVALID_INPUT


def test_a_late_vehicle_keeps_its_order_and_still_takes_rides_later_in_the_day() -> None:
    async def story() -> tuple[Room, Ride]:
        here = room()
        first, second = await here.book(wish("B", "E", "10:00")), await here.book(wish("E", "B", "10:30"))
        here.clock.moment = at("10:00")
        await reported(here, first, Outcome.BOARDED, at("10:28"))
        await reported(here, first, Outcome.ALIGHTED, at("10:50"))
        late = here.dispatch.ride(second.booking.booking_id)
        assert late is not None
        assert late.planned_pickup is not None
        assert late.planned_pickup >= at("10:50")
        return here, await here.book(wish("A", "D", "13:00"))

    _, later = asyncio.run(story())
    assert later.pickup.earliest == at("13:00")


def test_only_pooled_tours_become_public_and_say_nothing_of_riders() -> None:
    async def story() -> list[PublicTourPublished]:
        here = room()
        await here.book(wish("A", "D"))
        assert not here.ledger.state.public_tours
        ride = await here.book(wish("B", "E"))
        await here.dispatch.cancel(ride.booking.booking_id, Channel.WEB, Key(value="c", fingerprint="c"))
        return [e.body for e in here.ledger.read() if isinstance(e.body, PublicTourPublished)]

    pooled, empty = asyncio.run(story())
    assert [call.stop_id for call in pooled.calls] == ["A", "B", "D", "E"]
    assert [call.seats_free for call in pooled.calls] == [5, 4, 5, 6]
    assert empty.calls == ()


def test_a_hundred_riders_at_once_never_overbook_a_seat() -> None:
    async def story() -> tuple[Room, list[Ride | Refusal]]:
        here = room(region([bus("one"), bus("two", seats=4)], stops=12))
        rng = random.Random(7)

        async def rider(number: int) -> Ride | Refusal:
            origin, destination = rng.sample(NAMES, 2)
            seats, chairs = rng.choice([(1, 0), (1, 0), (2, 0), (0, 1)])
            hour = f"{rng.randint(9, 15)}:{rng.choice(['00', '10', '20', '40'])}"
            answer = await here.dispatch.quote(
                wish(origin, destination, hour, seats=seats, wheelchairs=chairs), Channel.WEB
            )
            await asyncio.sleep(0)  # everybody has asked before anybody accepts
            offers = (*answer.offers, *answer.alternatives)
            if not offers:
                assert answer.refusal is not None
                return answer.refusal
            return await here.accept(offers[0].offer_id, key=f"rider-{number}")

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(rider(number)) for number in range(100)]
        return here, [task.result() for task in tasks]

    here, answers = asyncio.run(story())
    rides = [answer for answer in answers if isinstance(answer, Ride)]
    assert len(rides) > 20
    assert len(rides) == len(here.ledger.state.bookings)
    assert len(here.vault._people) == len(rides)
    per_tour = {tour.shift.vehicle_id: tour for tour in the_plan(here).tours}
    assert overbooked(here, seats=6) == []
    loads = [sum(t.load.seats for t in per_tour[VehicleId("two")].tasks[:k]) for k in range(1, 30)]
    assert max(loads) <= 4


@settings(max_examples=15, deadline=None)
@given(st.integers(min_value=0))
def test_whatever_riders_and_drivers_do_no_promise_leaves_its_window_in_a_plan(seed: int) -> None:
    rng = random.Random(seed)

    async def story() -> Room:
        here = room(region([bus("bus"), bus("van", seats=3, places=0)]))
        rides: list[Ride] = []
        for step in range(25):
            action = rng.random()
            if action < 0.7 or not rides:
                origin, destination = rng.sample(NAMES[:8], 2)
                hour = f"{rng.randint(9, 15)}:{rng.randint(0, 59):02d}"
                offers = await here.offers(wish(origin, destination, hour, seats=rng.randint(1, 3)))
                if offers:
                    answer = await here.accept(rng.choice(offers).offer_id, key=f"s{step}")
                    assert isinstance(answer, Ride)
                    rides.append(answer)
            elif action < 0.85:
                ride = rides.pop(rng.randrange(len(rides)))
                await here.dispatch.cancel(ride.booking.booking_id, Channel.WEB, Key(value=f"c{step}", fingerprint=""))
            else:
                await here.dispatch.improve(here.dispatch.region.areas[0].area_id, the_plan(here).day)
            assert overbooked(here) == []
        return here

    here = asyncio.run(story())
    open_rides = [b for b in here.ledger.state.bookings.values() if b.state is BookingState.PROMISED]
    planned = {t.booking_id for plan in here.ledger.state.plans.values() for tour in plan.tours for t in tour.tasks}
    assert planned == {booking.booking_id for booking in open_rides}


def test_a_plan_that_breaks_a_promise_is_not_published_but_reality_is() -> None:
    async def story() -> tuple[list[object], Room]:
        here = room()
        await here.book(wish("A", "D", "10:00"))
        (plan,) = here.ledger.state.plans.values()
        (tour,) = plan.tours
        late = tuple(replace(task, begin=Instant(task.begin + 3_600_000)) for task in tour.tasks)
        broken = replace(plan, tours=(replace(tour, tasks=late),), version=plan.version + 1)
        service = here.dispatch.service(AREA)
        state = here.ledger.state
        news = [
            RevisionDue(
                revision=Revision(
                    booking_id=late[0].booking_id,
                    reason=RevisionReason.VEHICLE_LATE,
                    tell_by=at("09:00"),
                    vehicle_id=tour.shift.vehicle_id,
                    pickup=Window(at("10:45"), at("11:15")),
                    arrival=Window(at("10:45"), at("11:30")),
                )
            )
        ]
        return [
            published(service, state, broken, "improvement"),
            published(service, state, broken, "booking", now=at("08:00")),
            published(service, state, broken, "repair:vehicle_late"),
            published(service, state, broken, "repair:vehicle_late", news=news),
            published(service, state, broken, "progress"),
            published(service, state, broken, "cancellation"),
        ], here

    answers, _ = asyncio.run(story())
    refused = [isinstance(answer, Refusal) for answer in answers]
    assert refused == [True, True, True, False, False, False]


def rescued(plan: DayPlan, ride: Ride, at_stop: str) -> DayPlan:
    """The plan in which the second bus fetches the rider out of the first, which has broken down."""
    old, new = plan.tours
    dropoff = next(task for task in old.tasks if task.booking_id == ride.booking.booking_id and task.load.seats < 0)
    fetch = replace(
        dropoff,
        task_id=TaskId(f"{ride.booking.booking_id}:transfer"),
        kind=TaskKind.PICKUP,
        stop_id=StopId(at_stop),
        window=Window(at("10:05"), at("11:00")),
        load=-dropoff.load,
        begin=at("10:20"),
    )
    left = replace(
        old, tasks=tuple(replace(task, load=Load(0)) for task in old.tasks if task != dropoff), out_from=at("10:05")
    )
    late = replace(dropoff, begin=at("10:30"), window=Window(at("10:20"), at("11:00")))
    return replace(plan, tours=(left, replace(new, tasks=(fetch, late))), version=plan.version + 1)


def test_a_rider_fetched_from_a_broken_bus_is_reported_by_the_one_that_came() -> None:
    async def story() -> tuple[Room, Ride, list[Refusal | None]]:
        here = room(region([bus("one"), bus("two")]))
        ride = await here.book(wish("B", "H", "10:00"))
        assert ride.vehicle_id == "one"
        reports = [await reported(here, ride, Outcome.BOARDED, at("10:01"), vehicle="one")]
        (plan,) = here.ledger.state.plans.values()
        moved = rescued(plan, ride, "D")
        await here.ledger.submit(
            lambda _state, _now: [PlanPublished(plan=moved, cause="repair:breakdown")], actor="dispatcher"
        )
        here.clock.moment = at("10:21")
        task = TaskId(f"{ride.booking.booking_id}:transfer")
        for number, (vehicle, outcome) in enumerate(
            (("one", Outcome.BOARDED), ("two", Outcome.NO_SHOW), ("two", Outcome.BOARDED), ("two", Outcome.BOARDED))
        ):
            command = Key(value=f"t{number}", fingerprint="t")
            report = here.dispatch.report_outcome(VehicleId(vehicle), task, outcome, at("10:21"), command)
            reports.append(await report)
        reports.append(await reported(here, ride, Outcome.ALIGHTED, at("10:31"), vehicle="two"))
        return here, ride, reports

    here, ride, reports = asyncio.run(story())
    codes = [report.code if report is not None else None for report in reports]
    assert codes == [
        None,
        RefusalCode.UNKNOWN_BOOKING,
        RefusalCode.INVALID_INPUT,
        None,
        RefusalCode.WRONG_STATE,
        None,
    ]
    booking = here.ledger.state.bookings[ride.booking.booking_id]
    assert booking.state is BookingState.COMPLETED
    assert booking.vehicle_id == "two"
    moved = [e.body for e in here.ledger.read() if isinstance(e.body, RiderTransferred)]
    assert [(fact.from_vehicle, fact.to_vehicle) for fact in moved] == [("one", "two")]
    settled = [e.body.kind for e in here.ledger.read() if isinstance(e.body, PromiseSettled)]
    assert settled == [PromiseKind.PICKUP, PromiseKind.ARRIVAL]
