"""The search: places it finds are the best ones, plans it returns hold, and the same question gets the same answer."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.darp.cordeau import parse_instance
from dispatch.darp.evaluate import evaluate, is_feasible
from dispatch.darp.insertion import Board
from dispatch.darp.problem import NONE, Iterations, Problem, Solution
from dispatch.darp.solve import solve, warm
from dispatch.darp.tiny import tiny
from mobility.core.errors import BadInputError
from tests.dispatch.darp.random_problems import random_problem

WEIGHTS = st.sampled_from([(0.0, 0.0), (1.0, 0.1)])


def simple() -> Problem:
    """Two rides, one vehicle, far more time than it takes."""
    p = tiny()
    return replace(
        p,
        place=np.array([0, 1, 1, 0]),
        earliest=np.zeros(4),
        latest=np.full(4, 50.0),
        service=np.zeros(4),
        people=np.array([1.0, -1.0, 1.0, -1.0]),
        load=np.array([[[1], [-1], [1], [-1]]]),
        pickup=np.array([0, 2]),
        dropoff=np.array([1, 3]),
        longest=np.full(2, 20.0),
        allowed=np.ones((2, 1), dtype=np.bool_),
        penalty=np.ones(2),
        back=np.array([60.0]),
        duration=np.array([60.0]),
    )


def world(seed: int, weights: tuple[float, float] = (0.0, 0.0)) -> Problem:
    problem, _ = random_problem(random.Random(seed))
    return replace(problem, waiting_weight=weights[0], riding_weight=weights[1])


def ends(problem: Problem, ride: int) -> tuple[int, int]:
    return int(problem.pickup[ride]), int(problem.dropoff[ride])


def everywhere(problem: Problem, route: tuple[int, ...], ride: int, head: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Every route with the ride's stops put in behind the head."""
    stops = [stop for stop in ends(problem, ride) if stop != NONE and stop not in head]
    routes = {route}
    for stop in stops:
        routes = {(*r[:k], stop, *r[k:]) for r in routes for k in range(len(head), len(r) + 1)}
    yield from routes


def movable(problem: Problem, ride: int) -> bool:
    frozen = {stop for head in problem.head for stop in head}
    return any(stop != NONE and stop not in frozen for stop in ends(problem, ride))


def least_cost(problem: Problem, board: Board, ride: int) -> float:
    best = np.inf
    for vehicle, route in enumerate(board.routes):
        before = evaluate(problem, vehicle, route)
        assert before is not None
        for longer in everywhere(problem, route, ride, problem.head[vehicle]):
            times = evaluate(problem, vehicle, longer)
            if times is not None:
                best = min(best, times.cost - before.cost)
    return float(best)


@given(seed=st.integers(0, 10**6), weights=WEIGHTS)
@settings(max_examples=100, deadline=None)
def test_the_best_place_costs_what_the_cheapest_of_all_places_costs(seed: int, weights: tuple[float, float]) -> None:
    problem = world(seed, weights)
    if not all(is_feasible(problem, vehicle, head) for vehicle, head in enumerate(problem.head)):
        return
    board = Board(problem, problem.head)
    for ride in filter(lambda ride: movable(problem, ride), range(problem.rides)):
        place, least = board.best(ride), least_cost(problem, board, ride)
        if place is None:
            assert least == np.inf
        else:
            assert place.extra_cost == pytest.approx(least, abs=1e-6)
            board.insert(ride, place)


def test_a_question_with_other_windows_leaves_the_board_as_it_was() -> None:
    board = Board(simple(), [()])
    before = board.best(0)
    assert before is not None
    assert board.best(0, earliest_pickup=70.0, latest_pickup=80.0) is None
    assert board.best(0) == before


def test_a_route_that_can_not_be_driven_is_refused_by_name() -> None:
    with pytest.raises(BadInputError, match="vehicle 0 can not drive"):
        Board(simple(), [(1, 0)])


def check_plan(problem: Problem, plan: Solution) -> None:
    served = [stop for route in plan.routes for stop in route]
    assert len(served) == len(set(served))
    total_cost = 0.0
    for vehicle, route in enumerate(plan.routes):
        assert route[: len(problem.head[vehicle])] == problem.head[vehicle]
        left_aboard = {ride for ride in plan.unserved if set(ends(problem, ride)) & set(route)}
        if route != problem.head[vehicle] and not left_aboard:
            times = evaluate(problem, vehicle, route)
            assert times is not None
            total_cost += times.cost
    assert plan.cost == pytest.approx(total_cost, abs=1e-6) or any(problem.head)
    for ride in range(problem.rides):
        is_served = {NONE, *served}.issuperset(ends(problem, ride))
        assert is_served != (ride in plan.unserved)


@given(seed=st.integers(0, 10**6), weights=WEIGHTS)
@settings(max_examples=60, deadline=None)
def test_every_plan_keeps_every_constraint_and_names_who_is_left_out(seed: int, weights: tuple[float, float]) -> None:
    problem = world(seed, weights)
    check_plan(problem, solve(problem, Iterations(60), seed=seed))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_the_same_seed_and_limit_give_the_same_plan(seed: int) -> None:
    problem = world(seed)
    assert solve(problem, Iterations(80), seed=seed) == solve(problem, Iterations(80), seed=seed)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_a_plan_to_start_with_is_never_made_worse(seed: int) -> None:
    problem = world(seed)
    start = solve(problem, Iterations(20), seed=seed)
    better = solve(problem, Iterations(20), seed=seed + 1, start=start.routes)
    assert (len(better.unserved), better.cost) <= (len(start.unserved), start.cost + 1e-6)


def test_even_without_a_budget_everybody_who_fits_is_served() -> None:
    plan = solve(simple(), Iterations(0))
    assert plan.unserved == ()
    assert plan.iterations == 1


@pytest.mark.parametrize(("name", "optimum"), [("a2-16", 294.25), ("b2-16", 309.41), ("R1a", 190.02)])
def test_small_published_instances_are_solved_to_the_proved_optimum(
    shared_data: Path, name: str, optimum: float
) -> None:
    warm()
    text = (shared_data / "darp" / f"{name}.txt").read_text(encoding="ascii")
    plan = solve(parse_instance(text, name).problem, Iterations(10_000), seed=1)
    assert plan.unserved == ()
    assert plan.cost == pytest.approx(optimum, abs=0.01)
