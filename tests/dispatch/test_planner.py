"""Re-optimising: the frozen part stays, promises hold, and only a better plan is published."""

import asyncio
import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import planner
from dispatch.edge.service import Key
from dispatch.edge.solver import InlineSolver, ProcessSolver
from dispatch.outcome import Outcome
from dispatch.planner import Problem
from dispatch.routing import Effort, solve
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


class Answer:
    """A solver that always gives the same answer, after something happened meanwhile."""

    def __init__(self, change: "Change | None" = None) -> None:
        self.change = change

    async def solve(self, problem: Problem) -> Sequence[Sequence[int]] | None:
        if self.change is not None:
            await self.change.happen()
        return solve(problem, Effort())

    async def close(self) -> None:
        pass


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
    async def story() -> Problem:
        here = room(region([bus("one"), bus("two")]))
        ride = await here.book(wish("A", "H", "10:00"))
        await here.book(wish("B", "G", "10:30"))
        here.clock.moment = at("10:00")
        command = Key(value="b", fingerprint="b")
        task = TaskId(f"{ride.booking.booking_id}:pickup")
        assert await here.dispatch.report_outcome(ride.vehicle_id, task, Outcome.BOARDED, at("10:00"), command) is None
        service = here.dispatch.service(AREA)
        return planner.draft(service, here.ledger.state, the_plan(here), here.clock.now(), freeze_ms=-3_600_000).problem

    problem = asyncio.run(story())
    aboard = [stop for stop in problem.stops if stop.only_vehicle is not None]
    assert len(aboard) == 1
    assert problem.duties[aboard[0].only_vehicle or 0].aboard.seats == 1


def test_an_answer_that_forgets_or_swaps_riders_is_not_published() -> None:
    async def story() -> list[DayPlan | None]:
        here = await busy_day(5)
        service, draft = here.dispatch.service(AREA), draft_of(here)
        present = [list(order) for order in draft.problem.routes]
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
        return planner.improved(here.dispatch.service(AREA), draft, draft.problem.routes)

    assert asyncio.run(story()) is None


def test_an_answer_to_an_older_plan_is_thrown_away() -> None:
    async def story() -> tuple[bool, Room]:
        change = Change()
        source = await busy_day(1)
        here = room(source.dispatch.region, solver=Answer(change))
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
    async def story() -> tuple[list[list[int]] | None, list[list[int]] | None]:
        problem = draft_of(await busy_day(2)).problem
        return solve(problem, Effort()), solve(problem, Effort())

    first, second = asyncio.run(story())
    assert first is not None
    assert first == second


def test_a_problem_without_stops_is_not_worth_solving() -> None:
    here = room()
    plan = here.dispatch.plan(here.dispatch.region.areas[0])
    draft = planner.draft(here.dispatch.service(AREA), State(), plan, at("08:00"))
    assert not draft.problem.is_worth_solving


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


def test_a_worker_process_solves_without_blocking_and_ends_when_closed() -> None:
    async def story() -> tuple[Sequence[Sequence[int]] | None, int]:
        solver = ProcessSolver(time_limit_s=0.3, patience_s=30)
        problem = draft_of(await busy_day(2)).problem
        ticks = 0
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(solver.solve(problem))
            while not answer.done():
                await asyncio.sleep(0.01)
                ticks += 1
        await solver.close()
        assert solver.worker_pid is None
        return answer.result(), ticks

    routes, ticks = asyncio.run(story())
    assert routes is not None
    assert ticks > 5


def test_a_worker_that_dies_costs_one_answer_and_is_replaced() -> None:
    async def story() -> tuple[Sequence[Sequence[int]] | None, Sequence[Sequence[int]] | None, int]:
        solver = ProcessSolver(time_limit_s=0.1, patience_s=0.0)
        problem = draft_of(await busy_day(2)).problem
        lost = await solver.solve(problem)  # the interpreter can not even start in that time
        patient = ProcessSolver(time_limit_s=0.1, patience_s=30)
        found = await patient.solve(problem)
        await solver.close()
        await patient.close()
        return lost, found, solver.failures

    lost, found, failures = asyncio.run(story())
    assert lost is None
    assert failures == 1
    assert found is not None


def test_wheelchairs_and_seats_bind_in_the_model_too() -> None:
    async def story() -> Problem:
        here = room(region([bus("one", seats=3, places=1, lost=2), bus("two", seats=3, places=1, lost=2)]))
        for number, (origin, destination) in enumerate((("A", "H"), ("B", "H"), ("C", "H"), ("D", "H"))):
            await here.book(wish(origin, destination, "10:00", wheelchairs=int(number == 0)), key=f"w{number}")
        return draft_of(here).problem

    problem = asyncio.run(story())
    routes = solve(problem, Effort())
    assert routes is not None
    for vehicle, order in enumerate(routes):
        seats, chairs = 0, 0
        for k in order:
            seats, chairs = seats + problem.stops[k].visit.seats, chairs + problem.stops[k].visit.wheelchairs
            assert problem.duties[vehicle].holds(seats, chairs)


def test_closing_a_solver_twice_is_harmless() -> None:
    async def story() -> bool:
        await InlineSolver().close()
        process = ProcessSolver()
        await process.close()
        await process.close()
        return process.worker_pid is None

    assert asyncio.run(story())
