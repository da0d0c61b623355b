"""The routing library as second solver: right answers, the same ones every time, and a yardstick for the search."""

import random
from dataclasses import replace

import numpy as np
import pytest

from dispatch.darp.cordeau import parse_instance
from dispatch.darp.evaluate import is_feasible
from dispatch.darp.problem import Iterations, Problem, Solution
from dispatch.darp.routing_library import solve_by_library
from dispatch.darp.solve import solve
from dispatch.darp.twin import Twin
from dispatch.edge.cpu_budget import CpuSeconds
from dispatch.route import Schedule
from mobility.core.errors import BadInputError
from tests.dispatch.darp.cordeau_files import TINY, TINY_COST, random_file
from tests.dispatch.darp.random_problems import random_problem


def is_right(problem: Problem, solution: Solution) -> bool:
    """Whether the twin can time every route and each ride is served once or named."""
    twin = Twin(problem, scale=10**6, slack_ms=1)
    times = [twin.schedule(vehicle, route) for vehicle, route in enumerate(solution.routes) if route]
    stops = sorted(stop for route in solution.routes for stop in route)
    left = {stop for ride in solution.unserved for stop in (problem.pickup[ride], problem.dropoff[ride])}
    expected = [stop for stop in range(problem.stops) if stop not in left]
    return stops == expected and all(isinstance(found, Schedule) for found in times)


def test_it_finds_the_best_of_a_tiny_day() -> None:
    instance = parse_instance(TINY, "tiny")
    found = solve_by_library(instance.problem, Iterations(5_000))
    assert found.unserved == ()
    assert found.cost <= TINY_COST + 1e-9
    assert is_right(instance.problem, found)


def test_a_count_gives_the_same_answer_twice_and_processor_time_ends_it() -> None:
    problem = parse_instance(random_file(random.Random(1), 10, 3), "day").problem
    first, second = (solve_by_library(problem, Iterations(4_000)) for _ in "ab")
    assert first == second
    budget = CpuSeconds(0.3)
    solve_by_library(problem, budget)
    assert 0.3 <= budget.used_s < 1.5


def test_it_starts_from_given_routes_and_is_never_worse() -> None:
    problem = parse_instance(random_file(random.Random(3), 8, 3), "day").problem
    first = solve_by_library(problem, Iterations(500))
    again = solve_by_library(problem, Iterations(2_000), start=first.routes)
    assert len(again.unserved) <= len(first.unserved)
    assert again.cost <= first.cost + 1e-9 or len(again.unserved) < len(first.unserved)


def test_loads_of_all_kinds_reach_heads_and_riders_aboard_bind() -> None:
    rng = random.Random(9)
    tried = 0
    while tried < 40:
        problem, _ = random_problem(rng)
        if (problem.place < 0).any() or not is_drivable(problem):
            continue
        tried += 1
        found = solve_by_library(problem, Iterations(2_000))
        assert [list(route[: len(head)]) for route, head in zip(found.routes, problem.head, strict=True)] == [
            list(head) for head in problem.head
        ]
        for vehicle, route in enumerate(found.routes):
            assert not route or is_feasible(problem, vehicle, route), (vehicle, route, problem)


def is_drivable(problem: Problem) -> bool:
    """Whether every frozen head is a whole route by itself: only then there is an answer in any case."""
    return all(is_feasible(problem, vehicle, head) for vehicle, head in enumerate(problem.head))


def test_a_ride_that_fits_nowhere_is_left_out() -> None:
    problem = parse_instance(TINY, "tiny").problem
    found = solve_by_library(replace(problem, allowed=np.array([[True, True], [False, False]])), Iterations(500))
    assert found.unserved == (1,)


def test_breaks_are_refused_by_name() -> None:
    rng = random.Random(1)
    problem = next(found for found, _ in iter(lambda: random_problem(rng), None) if (found.place < 0).any())
    with pytest.raises(BadInputError, match="breaks"):
        solve_by_library(problem, Iterations(10))


def test_the_search_is_never_worse_than_the_library_on_small_days() -> None:
    rng = random.Random(20_251_124)
    for _ in range(12):
        requests = rng.randint(4, 9)
        instance = parse_instance(random_file(rng, requests, rng.randint(2, 3)), "day")
        ours = solve(instance.problem, Iterations(2_000), seed=1)
        theirs = solve_by_library(instance.problem, Iterations(20_000))
        assert is_right(instance.problem, ours)
        assert is_right(instance.problem, theirs)
        assert len(ours.unserved) <= len(theirs.unserved)
        if len(ours.unserved) == len(theirs.unserved):
            assert ours.cost <= theirs.cost * 1.01
