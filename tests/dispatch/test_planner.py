"""Re-optimising: the frozen part stays, promises hold, and only a better plan is published."""

import asyncio
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import planner
from dispatch.darp.problem import NONE, Iterations, Problem, Routes
from dispatch.day_problem import DayProblem
from dispatch.edge.service import Key
from dispatch.edge.solver import InlineSolver
from dispatch.edge.solver_worker import Method, solved
from dispatch.outcome import Outcome
from mobility.core.booking import Load
from mobility.core.events import PlanPublished
from mobility.core.fold import State
from mobility.core.ids import TaskId
from mobility.core.plan import DayPlan
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import AREA, DAY, NAMES, at, bus, region, wish


def draft_of(here: Room) -> planner.Draft:
    service = here.dispatch.service(AREA)
    return planner.draft(service, here.ledger.state, the_plan(here), here.clock.now())


def the_plan(here: Room) -> DayPlan:
    return here.ledger.state.plans[AREA, DAY.date]


async def busy_day(seed: int, rides: int = 25) -> Room:
    here = room(region([bus("one"), bus("two")], stops=12))
    rng = random.Random(seed)
    for number in range(rides):
        origin, destination = rng.sample(NAMES, 2)
        offers = await here.offers(wish(origin, destination, f"{rng.randint(9, 15)}:{rng.randint(0, 59):02d}"))
        if offers:
            await here.accept(offers[0].offer_id, key=f"r{number}")
    return here


def found(day: DayProblem, method: Method = Method.SEARCH) -> Routes | None:
    return solved(method, day.problem, day.present, Iterations(200))


class Interrupted(InlineSolver):
    """A solver during whose work something happens."""

    def __init__(self, change: "Change") -> None:
        super().__init__(iterations=200)
        self.change = change

    async def solve(self, problem: Problem, present: Routes, *, number: int = 0) -> Routes | None:
        await self.change.happen()
        return await super().solve(problem, present, number=number)


class Change:
    """A booking that comes in while the solver works."""

    def __init__(self) -> None:
        self.here: Room | None = None

    async def happen(self) -> None:
        assert self.here is not None
        await self.here.book(wish("C", "F", "16:00"), key="meanwhile")


@settings(max_examples=15, deadline=None)
@given(st.integers(min_value=0, max_value=10_000))
def test_a_better_plan_keeps_every_promise_and_every_ride(seed: int) -> None:
    async def story() -> tuple[Room, DayPlan, bool, int, int]:
        here = await busy_day(seed)
        before = the_plan(here)
        service = here.dispatch.service(AREA)
        cost = planner.cost_ms(service, draft_of(here))
        is_better = await here.dispatch.improve(AREA, DAY.date)
        after = planner.cost_ms(service, draft_of(here))
        assert cost is not None
        assert after is not None
        return here, before, is_better, cost, after

    here, before, is_better, cost, after = asyncio.run(story())
    plan = the_plan(here)
    assert after < cost if is_better else plan == before
    tasks = [task for tour in plan.tours for task in tour.tasks]
    assert sorted(t.task_id for t in tasks) == sorted(t.task_id for tour in before.tours for t in tour.tasks)
    assert all(task.window.holds(task.begin) for task in tasks)
    windows = {task.task_id: task.window for tour in before.tours for task in tour.tasks}
    assert all(task.window == windows[task.task_id] for task in tasks)


def test_done_and_imminent_tasks_are_not_touched() -> None:
    async def story() -> tuple[DayPlan, DayPlan]:
        here = await busy_day(3)
        first = the_plan(here).tours[0].tasks[0]
        here.clock.moment = first.begin
        command = Key(value="b", fingerprint="b")
        vehicle = the_plan(here).tours[0].shift.vehicle_id
        assert (
            await here.dispatch.report_outcome(vehicle, TaskId(first.task_id), Outcome.BOARDED, first.begin, command)
            is None
        )
        before = the_plan(here)
        await here.dispatch.improve(AREA, DAY.date)
        return before, the_plan(here)

    before, after = asyncio.run(story())
    for old, new in zip(before.tours, after.tours, strict=True):
        assert old.tasks[: old.done] == new.tasks[: new.done]
        assert old.done == new.done
    assert before.tours[0].tasks[1].task_id == after.tours[0].tasks[1].task_id


def test_riders_aboard_stay_in_their_vehicle() -> None:
    async def story() -> DayProblem:
        here = room(region([bus("one"), bus("two")]))
        ride = await here.book(wish("A", "H", "10:00"))
        await here.book(wish("B", "G", "10:30"))
        here.clock.moment = at("10:00")
        command = Key(value="b", fingerprint="b")
        task = TaskId(f"{ride.booking.booking_id}:pickup")
        assert await here.dispatch.report_outcome(ride.vehicle_id, task, Outcome.BOARDED, at("10:00"), command) is None
        service = here.dispatch.service(AREA)
        return planner.draft(service, here.ledger.state, the_plan(here), here.clock.now(), freeze_ms=-3_600_000).day

    day = asyncio.run(story())
    problem = day.problem
    (aboard,) = [ride for ride in range(problem.rides) if problem.pickup[ride] == NONE]
    (vehicle,) = np.flatnonzero(problem.allowed[aboard])
    assert problem.aboard[vehicle].tolist() == [1, 0, 0, 0]
    assert problem.aboard_people[vehicle] == 1
    routes = found(day)
    assert routes is not None
    assert problem.dropoff[aboard] in routes[vehicle]


def test_an_answer_that_forgets_or_swaps_riders_is_not_published() -> None:
    async def story() -> list[DayPlan | None]:
        here = await busy_day(5)
        service, draft = here.dispatch.service(AREA), draft_of(here)
        present = [list(order) for order in draft.day.present]
        forgets = [present[0][2:], present[1]]
        turned = [list(reversed(order)) for order in present]
        split = [present[0][1:], [*present[1], present[0][0]]]
        twice = [present[0], [*present[1], present[0][0]]]
        return [planner.improved(service, draft, wrong) for wrong in (forgets, turned, split, twice, [], [[], []])]

    assert asyncio.run(story()) == [None] * 6


def test_the_present_plan_gains_nothing_and_is_not_published_again() -> None:
    async def story() -> DayPlan | None:
        here = await busy_day(5)
        draft = draft_of(here)
        return planner.improved(here.dispatch.service(AREA), draft, draft.day.present)

    assert asyncio.run(story()) is None


def test_an_answer_to_an_older_plan_is_thrown_away() -> None:
    async def story() -> tuple[bool, Room]:
        change = Change()
        source = await busy_day(1)
        here = room(source.dispatch.region, solver=Interrupted(change))
        change.here = here
        rng = random.Random(1)
        for number in range(25):
            origin, destination = rng.sample(NAMES, 2)
            offers = await here.offers(wish(origin, destination, f"{rng.randint(9, 15)}:{rng.randint(0, 59):02d}"))
            if offers:
                await here.accept(offers[0].offer_id, key=f"r{number}")
        return await here.dispatch.improve(AREA, DAY.date), here

    is_published, here = asyncio.run(story())
    assert not is_published
    assert all(e.body.cause == "booking" for e in here.ledger.read() if isinstance(e.body, PlanPublished))


def test_the_same_problem_gets_the_same_answer_without_a_clock() -> None:
    async def story() -> tuple[Routes | None, Routes | None]:
        day = draft_of(await busy_day(2)).day
        return found(day), found(day)

    first, second = asyncio.run(story())
    assert first is not None
    assert first == second


def test_a_problem_without_stops_is_not_worth_solving() -> None:
    here = room()
    plan = here.dispatch.plan(here.dispatch.region.areas[0])
    draft = planner.draft(here.dispatch.service(AREA), State(), plan, at("08:00"))
    assert not draft.is_worth_solving


def test_changes_are_improved_in_the_background_after_the_delay() -> None:
    async def hours_never_end(duration_s: float) -> None:
        if duration_s >= 3600:
            await asyncio.Event().wait()

    async def story() -> Room:
        here = await busy_day(0)
        here.clock.sleep = hours_never_end
        async with asyncio.TaskGroup() as group:
            background = group.create_task(here.dispatch.run())
            for _ in range(100):
                await asyncio.sleep(0)
            background.cancel()
        return here

    here = asyncio.run(story())
    causes = [e.body.cause for e in here.ledger.read() if isinstance(e.body, PlanPublished)]
    assert causes.count("improvement") == here.dispatch.improvements


@pytest.mark.parametrize("method", list(Method))
def test_wheelchairs_and_seats_bind_in_the_model_too(method: Method) -> None:
    async def story() -> DayProblem:
        here = room(region([bus("one", seats=3, places=1, lost=2), bus("two", seats=3, places=1, lost=2)]))
        for number, (origin, destination) in enumerate((("A", "H"), ("B", "H"), ("C", "H"), ("D", "H"))):
            await here.book(wish(origin, destination, "10:00", wheelchairs=int(number == 0)), key=f"w{number}")
        return draft_of(here).day

    day = asyncio.run(story())
    routes = found(day, method)
    assert routes is not None
    for vehicle, order in enumerate(routes):
        aboard = Load(0)
        for stop in order:
            aboard = aboard + day.visits[stop].load
            assert aboard.wheelchairs <= 1
            assert aboard.seats + 2 * aboard.wheelchairs <= 3
        assert day.problem.capacity[vehicle].tolist()[:2] == [3, 1]


def test_the_library_improves_a_small_day_as_well() -> None:
    async def story() -> tuple[int, int]:
        here = await busy_day(2, rides=12)
        service, draft = here.dispatch.service(AREA), draft_of(here)
        routes = found(draft.day, Method.LIBRARY)
        assert routes is not None
        better = planner.improved(service, draft, routes)
        cost = planner.cost_ms(service, draft)
        assert cost is not None
        if better is None:
            return cost, cost
        after = planner.cost_ms(service, planner.draft(service, here.ledger.state, better, here.clock.now()))
        assert after is not None
        return cost, after

    before, after = asyncio.run(story())
    assert after <= before


def test_a_tour_that_is_out_neither_gives_nor_takes() -> None:
    async def story() -> tuple[planner.Draft, DayPlan | None, DayPlan]:
        here = await busy_day(5)
        plan = the_plan(here)
        plan = replace(plan, tours=(replace(plan.tours[0], out_from=at("08:00")), *plan.tours[1:]))
        service = here.dispatch.service(AREA)
        draft = planner.draft(service, here.ledger.state, plan, here.clock.now())
        routes = found(draft.day)
        assert routes is not None
        return draft, planner.improved(service, draft, routes), plan

    draft, better, plan = asyncio.run(story())
    assert draft.part == (1,)
    assert draft.routes[0].frozen == len(plan.tours[0].tasks)
    assert better is None or better.tours[0] == plan.tours[0]
