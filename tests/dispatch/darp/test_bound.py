"""The bound is never wrong, and on days with tight windows it is the optimum."""

import csv
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.darp.arc_bound import arc_bound
from dispatch.darp.bound import lower_bound
from dispatch.darp.check import check
from dispatch.darp.cordeau import parse_instance
from dispatch.darp.evaluate import evaluate
from dispatch.darp.fleets import relaxation
from dispatch.darp.problem import ANYWHERE, NONE, Iterations, Problem, Solution
from tests.dispatch.darp.oracle import has_times, places
from tests.dispatch.darp.random_problems import is_whole, random_problem

MUCH = Iterations(10_000)


def small_problem(seed: int) -> Problem:
    """At most three rides beside breaks and riders aboard, so that every plan can be tried."""
    rng = random.Random(seed)
    while True:
        problem, _ = random_problem(rng)
        if problem.rides <= 4 and problem.stops <= 6:
            return problem


def best_cost(problem: Problem) -> float:
    """The cheapest plan that serves all rides, of all there are; ``inf`` where there is none."""
    best = np.inf
    for plan in plans(problem, [list(head) for head in problem.head], frozenset()):
        if all(is_whole(problem, v, stops) for v, stops in enumerate(plan)):
            best = min(best, plan_cost(problem, plan))
    return best


def plans(problem: Problem, plan: list[list[int]], full: frozenset[int]):
    """All ways to append the stops that are left to the vehicles, one vehicle after the other."""
    left = [stop for stop in range(problem.stops) if all(stop not in stops for stops in plan)]
    if not left:
        yield plan
        return
    vehicle = len(full)
    if vehicle == problem.vehicles:
        return
    yield from plans(problem, plan, full | {vehicle})
    for stop in left:
        longer = [[*stops, stop] if v == vehicle else stops for v, stops in enumerate(plan)]
        if is_begun(problem, vehicle, longer[vehicle]):
            yield from plans(problem, longer, full)


def is_begun(problem: Problem, vehicle: int, stops: list[int]) -> bool:
    """Whether load, breaks and precedence hold so far."""
    load, people = problem.aboard[vehicle].copy(), problem.aboard_people[vehicle]
    for k, stop in enumerate(stops):
        if problem.place[stop] == ANYWHERE and people > 0:
            return False
        load += problem.load[problem.kind[vehicle], stop]
        people += problem.people[stop]
        if stop in problem.pickup and (load > problem.capacity[vehicle]).any():
            return False
        ride = np.nonzero(problem.dropoff == stop)[0]
        if len(ride) and problem.pickup[ride[0]] != NONE and problem.pickup[ride[0]] not in stops[:k]:
            return False
    return True


def plan_cost(problem: Problem, plan: list[list[int]]) -> float:
    total = 0.0
    for vehicle, stops in enumerate(plan):
        if not stops:
            continue
        where = places(problem, vehicle, stops)
        length = sum(problem.length[a, b] for a, b in pairwise(where))
        if length > problem.reach[vehicle] or not is_begun(problem, vehicle, stops):
            return np.inf
        if not has_times(problem, vehicle, stops):
            return np.inf
        total += sum(problem.cost[a, b] for a, b in pairwise(where))
    return float(total)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_no_plan_of_all_that_there_are_costs_less_than_the_bound(seed: int) -> None:
    problem = small_problem(seed)
    bound, best = lower_bound(problem, MUCH), best_cost(problem)
    assert 0 <= bound.value < np.inf
    assert bound.value <= best + 1e-9
    if bound.is_optimal:
        assert bound.value == pytest.approx(best, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_where_nothing_is_left_out_the_bound_is_the_optimum_and_the_plan_is_feasible(seed: int) -> None:
    problem = plain(small_problem(seed))
    bound, best = lower_bound(problem, MUCH), best_cost(problem)
    if np.isinf(best):
        assert bound.routes is None
        return
    assert bound.is_optimal
    assert bound.value == pytest.approx(best, abs=1e-3)
    assert bound.routes is not None
    assert cost_of(problem, bound.routes) == pytest.approx(best)


def plain(problem: Problem) -> Problem:
    """The same day without frozen stops, riders aboard and breaks."""
    rides = np.nonzero((problem.pickup != NONE) & (problem.dropoff != NONE))[0]
    stops = np.concatenate([problem.pickup[rides], problem.dropoff[rides]])
    count = len(rides)
    return replace(
        problem,
        **{name: getattr(problem, name)[stops] for name in ("place", "earliest", "latest", "service", "people")},
        **{name: getattr(problem, name)[rides] for name in ("longest", "allowed", "penalty")},
        load=problem.load[:, stops],
        pickup=np.arange(count),
        dropoff=np.arange(count, 2 * count),
        aboard=np.zeros_like(problem.aboard),
        aboard_people=np.zeros_like(problem.aboard_people),
        head=((),) * problem.vehicles,
    )


def cost_of(problem: Problem, routes) -> float:
    timings = [evaluate(problem, vehicle, route) for vehicle, route in enumerate(routes)]
    assert all(timing is not None for timing in timings)
    assert sorted(stop for route in routes for stop in route) == list(range(problem.stops))
    return sum(timing.cost for timing in timings if timing is not None)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9), st.floats(0.0, 3.0), st.floats(0.0, 3.0))
def test_weights_of_waiting_and_riding_only_add_to_what_is_bounded(seed: int, waiting: float, riding: float) -> None:
    problem = plain(small_problem(seed))
    weighted = lower_bound(replace(problem, waiting_weight=waiting, riding_weight=riding), MUCH)
    assert weighted.value <= best_cost(problem) + 1e-9
    if weighted.routes is not None:
        dearer = replace(problem, waiting_weight=waiting, riding_weight=riding)
        assert weighted.value <= cost_of(dearer, weighted.routes) + 1e-9


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 6), st.integers(1, 40))
def test_a_small_effort_gives_a_weaker_bound_never_a_wrong_one(seed: int, programmes: int, steps: int) -> None:
    problem = plain(small_problem(seed))
    hasty = lower_bound(problem, Iterations(programmes), steps=steps)
    assert 0 <= hasty.value <= best_cost(problem) + 1e-9


def instance(shared_data: Path, name: str):
    path = shared_data / "darp" / f"{name}.txt"
    return parse_instance(path.read_text(), path.name), path.read_text()


@pytest.mark.parametrize("name", ["a2-16", "a2-24", "a3-36", "a4-48", "a5-60", "a7-70", "b2-16", "b2-24"])
def test_optima_from_the_literature_are_proved_and_never_exceeded(shared_data: Path, name: str) -> None:
    with (shared_data / "darp" / "bks.csv").open() as file:
        known = {row["instance"]: float(row["bks"]) for row in csv.DictReader(file)}
    found, text = instance(shared_data, name)
    bound = lower_bound(found.problem, MUCH)
    assert bound.is_optimal
    assert bound.value == pytest.approx(known[name], abs=0.006)
    assert bound.routes is not None
    verdict = check(text, found.nodes(bound.routes))
    assert verdict.is_valid
    assert verdict.cost == pytest.approx(bound.value, rel=5e-6)


def test_the_same_counted_budget_gives_the_same_answer(shared_data: Path) -> None:
    problem = instance(shared_data, "a4-40")[0].problem
    answers = {lower_bound(problem, Iterations(limit)) for limit in (1, 1, 4, 4)}
    assert len(answers) == 2


def test_a_good_plan_makes_the_proof_shorter_and_is_confirmed(shared_data: Path) -> None:
    problem = instance(shared_data, "b2-24")[0].problem
    first = lower_bound(problem, MUCH)
    assert first.routes is not None
    upper = Solution(routes=first.routes, unserved=(), cost=cost_of(problem, first.routes))
    again = lower_bound(problem, MUCH, upper=upper)
    assert again.is_optimal
    assert again.routes is None
    assert again.value == pytest.approx(first.value, abs=1e-2)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_the_weak_bound_of_wide_days_is_never_wrong_either(seed: int) -> None:
    problem = small_problem(seed)
    assert lower_bound(problem, MUCH, steps=0).value <= best_cost(problem) + 1e-9
    relaxed = relaxation(plain(problem))
    if len(relaxed.rides) == plain(problem).rides > 0:
        assert relaxed.base_cost + arc_bound(relaxed) <= best_cost(plain(problem)) + 1e-9


@pytest.mark.parametrize(("name", "known"), [("R1a", 190.02), ("R5a", 636.97)])
def test_a_day_too_wide_for_fragments_has_a_weak_bound(shared_data: Path, name: str, known: float) -> None:
    bound = lower_bound(instance(shared_data, name)[0].problem, MUCH, steps=100_000)
    assert 0.4 * known < bound.value < known
    assert not bound.is_optimal
