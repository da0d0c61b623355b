"""The fast evaluator and its plain twin give the same answer on random routes near the edge of feasibility."""

import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from dispatch.darp.evaluate import Timing, evaluate, is_feasible
from dispatch.darp.problem import ANYWHERE, Problem
from dispatch.darp.twin import Twin
from dispatch.route import Constraint, Schedule, Violation
from mobility.core.errors import BadInputError
from tests.dispatch.darp.oracle import has_times, places
from tests.dispatch.darp.random_problems import is_whole, random_problem, random_route

ROUTES_OF_A_PROBLEM = 20


def answers(problem: Problem, twin: Twin, vehicle: int, stops: list[int]) -> tuple[bool, str]:
    """What the twin says, and why."""
    if not is_whole(problem, vehicle, stops):
        return False, "no route"
    found = twin.schedule(vehicle, stops)
    return (True, "feasible") if isinstance(found, Schedule) else (False, found.constraint)


def test_both_agree_on_ten_thousand_random_routes() -> None:
    rng = random.Random(20_251_123)
    reasons: Counter[str] = Counter()
    for _ in range(600):
        problem, order = random_problem(rng)
        twin = Twin(problem)
        for _ in range(ROUTES_OF_A_PROBLEM):
            vehicle, stops = random_route(problem, order, rng)
            expected, reason = answers(problem, twin, vehicle, stops)
            assert is_feasible(problem, vehicle, stops) == expected, (reason, vehicle, stops, problem)
            reasons[reason] += 1
    total = reasons.total()
    assert total >= 10_000
    assert 0.2 < reasons["feasible"] / total < 0.8, reasons
    rest = {"no route", *Constraint} - {"feasible"}
    assert all(reasons[name] >= 20 for name in rest), reasons


def test_the_twin_times_what_can_be_timed_and_nothing_else() -> None:
    rng = random.Random(11)
    timed: Counter[bool] = Counter()
    in_time = {Constraint.WINDOW, Constraint.RIDE_TIME, Constraint.SHIFT_END, Constraint.DURATION}
    for _ in range(250):
        problem, order = random_problem(rng)
        twin = Twin(problem)
        for _ in range(ROUTES_OF_A_PROBLEM):
            vehicle, stops = random_route(problem, order, rng)
            found = twin.schedule(vehicle, stops) if is_whole(problem, vehicle, stops) else None
            if stops and (isinstance(found, Schedule) or (found is not None and found.constraint in in_time)):
                expected = has_times(problem, vehicle, stops)
                assert isinstance(found, Schedule) == expected, (vehicle, stops, found, problem)
                timed[expected] += 1
    assert min(timed.values()) > 500, timed


def test_a_schedule_of_the_fast_one_keeps_what_the_twin_asks() -> None:
    rng = random.Random(7)
    seen = 0
    for _ in range(60):
        problem, order = random_problem(rng)
        for _ in range(ROUTES_OF_A_PROBLEM):
            vehicle, stops = random_route(problem, order, rng)
            timing = evaluate(problem, vehicle, stops)
            if timing is None or not stops:
                continue
            seen += 1
            least = Twin(problem).schedule(vehicle, stops)
            assert isinstance(least, Schedule)
            assert all(
                begin >= earliest - 1e-6 for begin, earliest in zip(timing.begin, least.earliest_ms, strict=True)
            )
            assert timing.duration <= problem.duration[vehicle] + 1e-6
            assert timing.duration <= least.back_ms - least.leave_ms + 1e-6
            assert timing.back <= problem.back[vehicle] + 1e-6
    assert seen > 200


def test_the_cost_is_that_of_the_times() -> None:
    """Driving, plus standing with riders aboard, plus each rider's time from boarded to alighted."""
    rng = random.Random(8)
    seen = 0
    for _ in range(60):
        problem, order = random_problem(rng)
        problem = replace(problem, waiting_weight=rng.choice([0.0, 0.5, 1.0]), riding_weight=rng.choice([0.0, 0.125]))
        for _ in range(ROUTES_OF_A_PROBLEM):
            vehicle, stops = random_route(problem, order, rng)
            timing = evaluate(problem, vehicle, stops)
            left_aboard = problem.aboard_people[vehicle] + problem.people[stops].sum()
            if timing is not None and stops and left_aboard == 0:
                seen += 1
                assert timing.cost == pytest.approx(cost_of(problem, vehicle, stops, timing))
    assert seen > 200


def cost_of(problem: Problem, vehicle: int, stops: list[int], timing: Timing) -> float:
    where, ready, people = places(problem, vehicle, stops), timing.leave, float(problem.aboard_people[vehicle])
    cost = sum(float(problem.cost[a, b]) for a, b in pairwise(where))
    for k, stop in enumerate(stops):
        begin, service = float(timing.begin[k]), float(problem.service[stop])
        standing = begin - ready - float(problem.time[where[k], where[k + 1]])
        cost += problem.waiting_weight * standing * (people > 0)
        cost += problem.riding_weight * people * (begin + service - ready)
        ready, people = begin + service, people + float(problem.people[stop])
    return cost


def test_the_twin_names_every_kind_of_constraint() -> None:
    rng = random.Random(3)
    named: set[Constraint] = set()
    for _ in range(200):
        problem, order = random_problem(rng)
        for _ in range(ROUTES_OF_A_PROBLEM):
            vehicle, stops = random_route(problem, order, rng)
            if is_whole(problem, vehicle, stops):
                found = Twin(problem).schedule(vehicle, stops)
                named |= {found.constraint} if isinstance(found, Violation) else set()
    assert named == set(Constraint)


def test_the_random_problems_hold_breaks_heads_and_riders_aboard() -> None:
    rng = random.Random(1)
    problems = [random_problem(rng)[0] for _ in range(100)]
    assert sum((problem.place == ANYWHERE).any() for problem in problems) > 10
    assert sum(any(problem.head) for problem in problems) > 10
    assert sum(problem.aboard_people.any() for problem in problems) > 10
    assert sum((problem.earliest == problem.latest).any() for problem in problems) > 10


def test_more_dimensions_than_the_plain_check_knows_are_refused() -> None:
    rng = random.Random(1)
    problem = next(found for found in iter(lambda: random_problem(rng)[0], None) if found.capacity.shape[1] == 1)
    wide = {"load": problem.load.repeat(5, axis=2), "capacity": problem.capacity.repeat(5, axis=1)}
    names = [name for name in Problem.__slots__ if name not in {*wide, "aboard"}]
    fields = {name: getattr(problem, name) for name in names} | wide | {"aboard": problem.aboard.repeat(5, axis=1)}
    with pytest.raises(BadInputError, match="5 dimensions"):
        Twin(Problem(**fields))
