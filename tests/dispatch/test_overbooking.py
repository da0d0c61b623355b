"""Whatever people ask, accept, cancel and report in any order: nothing is overbooked and no plan breaks a promise."""

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import httpx
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from dispatch.edge.service import Key, Ride
from dispatch.edge.solver import InlineSolver
from dispatch.outcome import Outcome
from mobility.core.booking import BookingState, Channel, Load
from mobility.core.clock import Instant
from mobility.core.events import PlanPublished
from mobility.core.ids import BookingId, TaskId
from mobility.core.plan import Tour
from mobility.core.promise import PromiseKind, PromiseOutcome
from mobility.core.vehicle import VehicleSpec
from tests.dispatch.room import Room, client, room
from tests.dispatch.small_region import AREA, DAY, NAMES, bus, region, wish

T = TypeVar("T")
KINDS = {"pickup": PromiseKind.PICKUP, "dropoff": PromiseKind.ARRIVAL}


def now_and_here(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def overfull(tour: Tour, spec: VehicleSpec) -> list[str]:
    """Every task after which a vehicle holds more than it can of anything, or less than nothing."""
    wrong: list[str] = []
    aboard = Load(0)
    for task in tour.tasks:
        aboard = aboard + task.load
        taken = aboard.seats + aboard.wheelchairs * spec.seats_lost_per_wheelchair
        most = (spec.seats, spec.wheelchair_places, spec.pram_places, spec.luggage_places)
        found = (taken, aboard.wheelchairs, aboard.prams, aboard.luggage)
        if any(count > limit for count, limit in zip(found, most, strict=True)) or min(found) < 0:
            wrong.append(f"{task.task_id}: {found} of {most}")
    return wrong


def faults(here: Room) -> list[str]:
    """What no plan may ever be: overbooked, or with an open task outside the window that was told."""
    state = here.ledger.state
    wrong: list[str] = []
    for plan in state.plans.values():
        carried = [task.task_id for tour in plan.tours for task in tour.tasks]
        wrong += [f"{task} twice" for task in set(carried) if carried.count(task) > 1]
        for tour in plan.tours:
            wrong += overfull(tour, here.dispatch.region.fleet[tour.shift.vehicle_id])
            for task in tour.tasks[tour.done :]:
                promise = state.promises[task.booking_id, KINDS[task.kind.value]]
                if promise.outcome is PromiseOutcome.OPEN and not promise.window.holds(task.begin):
                    wrong.append(f"{task.task_id} at {task.begin} outside {promise.window}")
    return wrong


class Days(RuleBasedStateMachine):
    """Riders, drivers and the planner at the same service; nobody is late."""

    offers = Bundle("offers")
    rides = Bundle("rides")

    def __init__(self) -> None:
        super().__init__()
        fleet = [bus("one", seats=3, prams=1, luggage=1), bus("two", seats=4, places=1, lost=2, prams=0, luggage=2)]
        self.here = room(region(fleet, stops=12), solver=InlineSolver(iterations=50))
        self.number = 0

    @rule(
        target=offers,
        way=st.permutations(NAMES).map(lambda names: names[:2]),
        minute=st.integers(0, 200),
        load=st.builds(Load, st.integers(0, 3), st.integers(0, 1), st.integers(0, 1), st.integers(0, 2)),
    )
    def ask(self, way: list[str], minute: int, load: Load) -> Any:
        what = wish(way[0], way[1], f"{10 + minute // 60}:{minute % 60:02d}", load=load)
        quote = now_and_here(self.here.dispatch.quote(what, Channel.WEB))
        found = (*quote.offers, *quote.alternatives)
        assert bool(quote.offers) != (quote.refusal is not None)
        return multiple(*(offer.offer_id for offer in found[:2]))

    @rule(target=rides, offer=offers)
    def accept(self, offer: str) -> Any:
        self.number += 1
        ride = now_and_here(self.here.accept(offer, key=f"a{self.number}"))
        return multiple(ride.booking.booking_id) if isinstance(ride, Ride) else multiple()

    @rule(ride=rides)
    def cancel(self, ride: BookingId) -> None:
        self.number += 1
        command = Key(value=f"c{self.number}", fingerprint="c")
        now_and_here(self.here.dispatch.cancel(ride, Channel.WEB, command))

    @rule()
    def improve(self) -> None:
        now_and_here(self.here.dispatch.improve(AREA, DAY.date))

    @rule(is_there=st.booleans())
    def drive(self, is_there: bool) -> None:
        """Report the next task of the day as planned, or that nobody stood there."""
        plans = list(self.here.ledger.state.plans.values())
        coming = [(t.tasks[t.done].begin, t) for plan in plans for t in plan.tours if t.done < len(t.tasks)]
        if not coming:
            return
        moment, tour = min(coming, key=lambda pair: pair[0])
        task = tour.tasks[tour.done]
        self.here.clock.moment = max(self.here.clock.moment, moment)
        outcome = Outcome.ALIGHTED if task.kind.value == "dropoff" else Outcome.BOARDED
        if outcome is Outcome.BOARDED and not is_there:
            outcome = Outcome.NO_SHOW
        self.number += 1
        command = Key(value=f"d{self.number}", fingerprint="d")
        report = self.here.dispatch.report_outcome(
            tour.shift.vehicle_id, TaskId(task.task_id), outcome, Instant(moment), command
        )
        assert now_and_here(report) is None

    @invariant()
    def nothing_is_overbooked_and_nothing_promised_is_broken(self) -> None:
        assert faults(self.here) == []
        state = self.here.ledger.state
        carried = {task.booking_id for plan in state.plans.values() for tour in plan.tours for task in tour.tasks}
        for booking in state.bookings.values():
            if booking.state in (BookingState.PROMISED, BookingState.BOARDED):
                assert booking.booking_id in carried
        assert all(promise.outcome is not PromiseOutcome.BROKEN for promise in state.promises.values())


TestDays = Days.TestCase
TestDays.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)


def test_a_thousand_people_at_once_overbook_nothing() -> None:
    async def one(http: httpx.AsyncClient, number: int, rng: random.Random) -> int:
        origin, destination = rng.sample(NAMES, 2)
        body = {
            "origin": origin,
            "destination": destination,
            "at": f"2025-10-07T{rng.randint(10, 13)}:{rng.choice((0, 20, 40)):02d}:00+02:00",
            "seats": rng.randint(1, 3),
            "wheelchairs": int(rng.random() < 0.1),
            "prams": int(rng.random() < 0.2),
            "luggage": rng.randint(0, 1),
        }
        quote = (await http.post("/api/v1/quotes", json=body)).json()
        found = [*quote["offers"], *quote["alternatives"]]
        if not found:
            return 0
        key = {"Idempotency-Key": f"k{number}"}
        await asyncio.sleep(0)
        answer = await http.post("/api/v1/bookings", json={"offer_id": found[0]["offer_id"], "name": "x"}, headers=key)
        assert answer.status_code in (201, 409)
        return int(answer.status_code == 201)

    async def story() -> tuple[Room, int, int]:
        here = room(region([bus("one", seats=4), bus("two", seats=6)], stops=12))
        rng = random.Random(4)
        async with client(here) as http:
            booked = await asyncio.gather(*(one(http, number, rng) for number in range(1000)))
        published = [e.body for e in here.ledger.read() if isinstance(e.body, PlanPublished)]
        return here, sum(booked), len(published)

    here, booked, published = asyncio.run(story())
    assert booked >= 20
    assert published == booked
    assert len(here.ledger.state.bookings) == booked
    assert faults(here) == []


def test_the_check_of_this_file_sees_an_overfull_bus_and_a_broken_window() -> None:
    async def story() -> tuple[Room, list[str]]:
        here = room()
        await here.book(wish("A", "D", "10:00", seats=4), key="1")
        before = faults(here)
        (plan,) = here.ledger.state.plans.values()
        (tour,) = plan.tours
        late = replace(tour.tasks[0], begin=Instant(tour.tasks[0].window.latest + 1))
        broken = PlanPublished(plan=replace(plan, tours=(replace(tour, tasks=(late, tour.tasks[1])),)), cause="test")
        await here.ledger.submit(lambda _state, _now: [broken], actor="test")
        return here, before

    here, before = asyncio.run(story())
    assert before == []
    assert len(faults(here)) == 1
    (plan,) = here.ledger.state.plans.values()
    assert overfull(plan.tours[0], bus(seats=3)) == [f"{plan.tours[0].tasks[0].task_id}: (4, 0, 0, 0) of (3, 1, 1, 2)"]
