"""The descent: what it ends with no single move can improve, by trying them all."""

import random
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.darp.evaluate import evaluate, is_feasible
from dispatch.darp.local_search import descend
from dispatch.darp.problem import NONE, Iterations, Problem, Solution
from dispatch.darp.solve import solve
from tests.dispatch.darp.test_search import check_plan, ends, everywhere, movable, world

Stops = tuple[int, ...]


def cost(problem: Problem, vehicle: int, stops: Stops) -> float:
    timing = evaluate(problem, vehicle, stops)
    return np.inf if timing is None else timing.cost


def without(problem: Problem, route: Stops, vehicle: int, ride: int) -> Stops:
    gone = set(ends(problem, ride)) - set(problem.head[vehicle])
    return tuple(stop for stop in route if stop not in gone)


def descended(problem: Problem, seed: int) -> tuple[Stops, ...] | None:
    """What a descent makes of a hasty plan."""
    start = solve(problem, Iterations(1), seed=seed).routes
    if not all(is_feasible(problem, vehicle, stops) for vehicle, stops in enumerate(start)):
        return None
    near = np.tile(np.arange(problem.rides), (problem.rides, 1))
    found = descend(problem, start, near)
    before = sum(cost(problem, vehicle, stops) for vehicle, stops in enumerate(start))
    assert sum(cost(problem, vehicle, stops) for vehicle, stops in enumerate(found)) <= before + 1e-6
    assert sorted(stop for stops in found for stop in stops) == sorted(stop for stops in start for stop in stops)
    return found


def best_elsewhere(problem: Problem, routes: tuple[Stops, ...], ride: int) -> float:
    """The least that the two changed routes cost more than before when a ride is put anywhere."""
    own = next(v for v, stops in enumerate(routes) if set(ends(problem, ride)) & set(stops) - set(problem.head[v]))
    less = without(problem, routes[own], own, ride)
    saved = cost(problem, own, routes[own]) - cost(problem, own, less)
    if not np.isfinite(saved):
        return np.inf
    found = np.inf
    for vehicle, stops in enumerate(routes):
        base = less if vehicle == own else stops
        for longer in everywhere(problem, base, ride, problem.head[vehicle]):
            found = min(found, cost(problem, vehicle, longer) - cost(problem, vehicle, base) - saved)
    return float(found)


@given(seed=st.integers(0, 10**6), weights=st.sampled_from([(0.0, 0.0), (1.0, 0.1)]))
@settings(max_examples=25, deadline=None)
def test_after_a_descent_no_ride_is_better_placed_elsewhere(seed: int, weights: tuple[float, float]) -> None:
    problem = world(seed, weights)
    routes = descended(problem, seed)
    if routes is None:
        return
    served = {stop for stops in routes for stop in stops}
    for ride in range(problem.rides):
        if movable(problem, ride) and {NONE, *served}.issuperset(ends(problem, ride)):
            assert best_elsewhere(problem, routes, ride) >= -1e-5


@given(seed=st.integers(0, 10**6))
@settings(max_examples=80, deadline=None)
def test_after_a_descent_no_exchange_of_tails_saves_anything(seed: int) -> None:
    problem = world(seed)
    routes = descended(problem, seed)
    if routes is None:
        return
    for one, other in combinations(range(problem.vehicles), 2):
        now = cost(problem, one, routes[one]) + cost(problem, other, routes[other])
        for i in range(len(problem.head[one]), len(routes[one]) + 1):
            for j in range(len(problem.head[other]), len(routes[other]) + 1):
                # Where a rider is aboard the evaluator refuses: a ride would be torn apart.
                first = (*routes[one][:i], *routes[other][j:])
                second = (*routes[other][:j], *routes[one][i:])
                assert cost(problem, one, first) + cost(problem, other, second) >= now - 1e-5


@given(seed=st.integers(0, 10**6))
@settings(max_examples=80, deadline=None)
def test_after_a_descent_no_two_rides_should_change_routes(seed: int) -> None:
    problem = world(seed)
    routes = descended(problem, seed)
    if routes is None or problem.vehicles == 1:
        return
    inside = [
        [r for r in range(problem.rides) if movable(problem, r) and set(ends(problem, r)) & set(s)] for s in routes
    ]
    for ride in inside[0]:
        for partner in inside[1]:
            less = [without(problem, routes[0], 0, ride), without(problem, routes[1], 1, partner)]
            if not all(is_feasible(problem, vehicle, stops) for vehicle, stops in enumerate(less)):
                continue
            best = 0.0
            for vehicle, mover in ((0, partner), (1, ride)):
                longer = everywhere(problem, less[vehicle], mover, problem.head[vehicle])
                best += min(cost(problem, vehicle, stops) for stops in longer)
            now = sum(cost(problem, vehicle, stops) for vehicle, stops in enumerate(routes))
            assert best >= now - 1e-5


def test_a_descent_moves_rides_that_a_hasty_plan_put_in_the_wrong_place() -> None:
    moved = 0
    for seed in range(100):
        problem = world(seed)
        start = solve(problem, Iterations(1), seed=seed).routes
        if all(is_feasible(problem, vehicle, stops) for vehicle, stops in enumerate(start)):
            near = np.tile(np.arange(problem.rides), (problem.rides, 1))
            moved += descend(problem, start, near) != start
    assert moved > 0


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_search_that_may_prove_keeps_every_constraint_and_its_bound(seed: int) -> None:
    problem = world(seed)
    plan: Solution = solve(problem, Iterations(700), seed=seed)
    check_plan(problem, plan)
    if plan.lower_bound is not None and not plan.unserved:
        assert plan.lower_bound <= plan.cost + 1e-9
    assert plan == solve(problem, Iterations(700), seed=seed)


def test_without_a_proof_no_bound_is_named() -> None:
    problem = random_world()
    assert solve(problem, Iterations(700), seed=1, prove=False).lower_bound is None


def random_world() -> Problem:
    return world(random.Random(1).randrange(10**6))
