"""The solver's own process: it answers without blocking, is hurried, dies, hangs, and is replaced; people are told."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable

import pytest

from dispatch import planner
from dispatch.darp.problem import Iterations, Problem, Routes
from dispatch.day_problem import DayProblem
from dispatch.edge.solver import InlineSolver, ProcessSolver
from dispatch.edge.solver_worker import Hurried
from dispatch.solver_watch import SOLVER_ALARM, watched
from mobility.core.events import AlarmCleared, AlarmRaised
from mobility.core.fold import State
from mobility.core.plan import DayPlan
from mobility.core.supervision import AlarmKind
from tests.dispatch.room import Room, room
from tests.dispatch.small_region import AREA, DAY, NAMES, at, bus, region, wish
from tests.patience import PATIENCE_S


async def busy_day(seed: int, rides: int = 25, solver: ProcessSolver | None = None) -> Room:
    here = room(region([bus("one"), bus("two")], stops=12), solver=solver)
    rng = random.Random(seed)
    for number in range(rides):
        origin, destination = rng.sample(NAMES, 2)
        offers = await here.offers(wish(origin, destination, f"{rng.randint(9, 15)}:{rng.randint(0, 59):02d}"))
        if offers:
            await here.accept(offers[0].offer_id, key=f"r{number}")
    return here


def the_plan(here: Room) -> DayPlan:
    return here.ledger.state.plans[AREA, DAY.date]


def day_of(here: Room) -> DayProblem:
    service = here.dispatch.service(AREA)
    return planner.draft(service, here.ledger.state, the_plan(here), here.clock.now()).day


async def until(is_so: Callable[[], bool], *, seconds: float = PATIENCE_S) -> None:
    for _ in range(round(seconds / 0.01)):
        if is_so():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came to pass")


class Counting(ProcessSolver):
    """Counts what came back, answers and losses."""

    returned = 0

    async def solve(self, problem: Problem, present: Routes, *, number: int = 0) -> Routes | None:
        found = await super().solve(problem, present, number=number)
        self.returned += 1
        return found


def test_a_worker_process_solves_without_blocking_is_hurried_stays_in_step_and_ends_when_closed() -> None:
    async def story() -> tuple[Routes | None, int, float, Routes | None, DayProblem]:
        solver = ProcessSolver(slices_s=(300.0, 0.05), patience_s=600)
        day = day_of(await busy_day(2))
        await solver.warm()
        ticks, started = 0, time.perf_counter()
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(solver.solve(day.problem, day.present))
            while not answer.done():
                await asyncio.sleep(0.01)
                ticks += 1
                if ticks == 20:
                    solver.hurry()
        spent_s = time.perf_counter() - started
        solver.hurry()  # nobody is at work: nothing happens
        again = await solver.solve(day.problem, day.present, number=1)
        await solver.close()
        assert solver.worker_pid is None
        assert not solver.is_lost
        return answer.result(), ticks, spent_s, again, day

    routes, ticks, spent_s, again, day = asyncio.run(story())
    for found in (routes, again):
        assert found is not None
        assert sorted(stop for order in found for stop in order) == list(range(day.problem.stops))
    assert ticks >= 20
    assert spent_s < 150


def test_a_worker_that_hangs_is_killed_and_the_next_problem_gets_a_new_one() -> None:
    async def story() -> tuple[Routes | None, Routes | None, int, int | None, int | None]:
        solver = ProcessSolver(slices_s=(0.05,), patience_s=1.0)
        day = day_of(await busy_day(2))
        await solver.warm()
        hanging = solver.worker_pid
        os.kill(hanging or 0, signal.SIGSTOP)
        lost = await solver.solve(day.problem, day.present)
        assert solver.is_lost
        solver._patience_s = 60.0
        found = await solver.solve(day.problem, day.present)
        replaced = solver.worker_pid
        await solver.close()
        return lost, found, solver.failures, hanging, replaced

    lost, found, failures, hanging, replaced = asyncio.run(story())
    assert lost is None
    assert found is not None
    assert failures == 1
    assert hanging != replaced


def test_a_worker_that_can_not_even_start_in_time_is_lost_too() -> None:
    async def story() -> tuple[Routes | None, bool]:
        solver = ProcessSolver(slices_s=(0.05,), start_patience_s=0.0)
        day = day_of(await busy_day(2, rides=4))
        return await solver.solve(day.problem, day.present), solver.is_lost

    assert asyncio.run(story()) == (None, True)


def test_a_killed_worker_leaves_the_plan_standing_raises_the_alarm_and_is_replaced_at_once() -> None:
    async def story() -> tuple[Room, Counting, DayPlan, DayPlan, set[int | None]]:
        solver = Counting(slices_s=(1.0,), patience_s=60)
        here = await busy_day(2, solver=solver)
        hours = asyncio.Event()
        here.clock.sleep = lambda duration_s: hours.wait() if duration_s >= 3600 else asyncio.sleep(0)
        before = the_plan(here)
        async with asyncio.TaskGroup() as group:
            background = group.create_task(here.dispatch.run())
            await until(lambda: solver._is_busy and solver.worker_pid is not None)
            await asyncio.sleep(0.1)
            pids = {solver.worker_pid}
            os.kill(solver.worker_pid or 0, signal.SIGKILL)
            await until(lambda: SOLVER_ALARM in here.ledger.state.supervised.alarms)
            after = the_plan(here)
            # The new worker's first word, that it is ready, is its first answer.
            await until(lambda: SOLVER_ALARM not in here.ledger.state.supervised.alarms)
            pids.add(solver.worker_pid)
            background.cancel()
        return here, solver, before, after, pids

    here, solver, before, after, pids = asyncio.run(story())
    assert after == before
    assert len(pids) == 2
    assert solver.failures == 1
    told = [e.body for e in here.ledger.read() if isinstance(e.body, AlarmRaised | AlarmCleared)]
    assert [type(fact) for fact in told] == [AlarmRaised, AlarmCleared]
    assert isinstance(told[0], AlarmRaised)
    assert told[0].alarm.kind is AlarmKind.SOLVER_LOST


def test_the_alarm_is_raised_once_and_cleared_once() -> None:
    raised = watched(State(), at("10:00"), is_lost=True)
    assert [type(fact) for fact in raised] == [AlarmRaised]
    assert watched(State(), at("10:00"), is_lost=False) == []


def test_a_hurried_budget_is_spent_when_something_waits_to_be_read() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb", buffering=0) as source, os.fdopen(write_end, "wb", buffering=0) as sink:
        budget = Hurried(Iterations(10), source)
        assert budget.spent(4) == pytest.approx(0.4)
        assert not budget.is_counted
        sink.write(b"\0\0\0\0")
        assert budget.spent(4) == 1.0


def test_the_inline_solver_gives_the_same_answer_every_time() -> None:
    async def story() -> tuple[Routes | None, Routes | None, Problem]:
        day = day_of(await busy_day(3))
        solver = InlineSolver(iterations=150)
        await solver.warm()
        solver.hurry()
        return await solver.solve(day.problem, day.present), await solver.solve(day.problem, day.present), day.problem

    first, second, problem = asyncio.run(story())
    assert first == second
    assert first is not None
    assert len(first) == problem.vehicles


def test_closing_a_solver_twice_is_harmless() -> None:
    async def story() -> bool:
        await InlineSolver().close()
        process = ProcessSolver()
        await process.close()
        await process.close()
        return process.worker_pid is None

    assert asyncio.run(story())
