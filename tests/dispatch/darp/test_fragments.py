"""Fragments are all that there are, with the times that a full solution of the inequalities gives."""

import random
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.darp.fleets import Legs, relaxation
from dispatch.darp.fragments import COST, LENGTH, READY, RUN, START_BY, Fragments, fragments
from dispatch.darp.problem import Problem
from tests.dispatch.darp.random_problems import random_problem
from tests.dispatch.darp.test_bound import plain


def legs_of(seed: int) -> Legs:
    rng = random.Random(seed)
    while True:
        problem, _ = random_problem(rng)
        relaxed = relaxation(plain(problem))
        if 1 <= len(relaxed.rides) <= 4:
            return relaxed.fleets[0].legs


@dataclass(frozen=True)
class Times:
    ready: float
    start_by: float
    run: float


def longest_ways(legs: Legs, stops: list[int]) -> Times | None:
    """All inequalities of a sequence at once, by Floyd's algorithm; 0 is the clock's zero. ``None`` without times."""
    size, rides = len(stops) + 1, len(legs.longest)
    ways = np.full((size, size), -np.inf)
    np.fill_diagonal(ways, 0.0)
    for k, stop in enumerate(stops, start=1):
        ways[0, k], ways[k, 0] = legs.earliest[stop], -legs.latest[stop]
        if stop >= rides:
            ways[k, stops.index(stop - rides) + 1] = -legs.longest[stop - rides]
    for k, (a, b) in enumerate(pairwise(stops), start=1):
        ways[k, k + 1] = max(ways[k, k + 1], legs.travel[a, b])
    for k in range(size):
        ways = np.maximum(ways, ways[:, k, None] + ways[None, k, :])
    if (np.diag(ways) > 1e-6).any():
        return None
    return Times(ways[0, -1], -ways[1, 0], ways[1, -1])


def all_fragments(legs: Legs) -> dict[tuple[int, ...], Times]:
    found: dict[tuple[int, ...], Times] = {}
    rides = len(legs.longest)

    def extend(stops: list[int], load: np.ndarray) -> None:
        aboard = [stop for stop in stops if stop < rides and stop + rides not in stops]
        if stops and not aboard:
            times = longest_ways(legs, stops)
            if times is not None:
                found[tuple(stops)] = times
            return
        for stop in range(2 * rides):
            is_open = stop - rides in aboard if stop >= rides else stop not in stops
            more = load + legs.load[stop]
            if is_open and stop not in stops and (more <= legs.capacity).all():
                extend([*stops, stop], more)

    extend([], np.zeros_like(legs.capacity))
    return found


def rides_and_ends(legs: Legs, stops: tuple[int, ...]) -> tuple[frozenset[int], int, int]:
    return frozenset(stop for stop in stops if stop < len(legs.longest)), stops[0], stops[-1]


def values_of(legs: Legs, stops: tuple[int, ...], times: Times) -> tuple[float, ...]:
    """All to be small."""
    cost = sum(legs.cost[a, b] for a, b in pairwise(stops))
    length = sum(legs.length[a, b] for a, b in pairwise(stops))
    return cost, length, times.ready, -times.start_by, times.run


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_every_fragment_is_kept_or_beaten_by_one_that_is(seed: int) -> None:
    legs = legs_of(seed)
    kept = fragments(legs, most=20_000, steps=10**6)
    assert kept is not None
    there = all_fragments(legs)
    assert {tuple(kept.of(k)) for k in range(len(kept))} <= set(there)
    best: dict[tuple[frozenset[int], int, int], list[np.ndarray]] = {}
    for k in range(len(kept)):
        value = kept.values[k] * np.where(np.arange(5) == START_BY, -1.0, 1.0)
        best.setdefault(rides_and_ends(legs, tuple(kept.of(k))), []).append(value)
    for stops, times in there.items():
        value = values_of(legs, stops, times)
        assert any((one <= np.array(value) + 1e-9).all() for one in best[rides_and_ends(legs, stops)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_their_numbers_are_those_of_all_inequalities_at_once(seed: int) -> None:
    legs = legs_of(seed)
    kept = fragments(legs, most=20_000, steps=10**6)
    assert kept is not None
    for k in range(len(kept)):
        times = longest_ways(legs, kept.of(k))
        assert times is not None
        row = kept.values[k]
        assert (row[READY], row[START_BY], row[RUN]) == pytest.approx((times.ready, times.start_by, times.run))
        assert (row[COST], row[LENGTH]) == pytest.approx(values_of(legs, tuple(kept.of(k)), times)[:2])


def two_rides(*, latest: float) -> Problem:
    """Two rides along one road of three places, a unit of time from each to the next; one vehicle with two seats."""
    time = np.abs(np.subtract.outer(np.arange(3.0), np.arange(3.0)))
    return Problem(
        time=time,
        cost=time,
        length=time,
        place=np.array([0, 1, 1, 2]),
        earliest=np.zeros(4),
        latest=np.full(4, latest),
        service=np.zeros(4),
        load=np.array([[[1], [1], [-1], [-1]]]),
        people=np.array([1.0, 1.0, -1.0, -1.0]),
        pickup=np.array([0, 1]),
        dropoff=np.array([2, 3]),
        longest=np.full(2, 10.0),
        allowed=np.ones((2, 1), dtype=np.bool_),
        penalty=np.full(2, 100.0),
        start=np.array([0]),
        end=np.array([0]),
        leave=np.array([0.0]),
        back=np.array([20.0]),
        duration=np.array([20.0]),
        reach=np.array([np.inf]),
        kind=np.array([0]),
        capacity=np.array([[2]]),
        aboard=np.zeros((1, 1), dtype=np.int64),
        aboard_people=np.zeros(1),
        head=((),),
    )


def test_fragments_end_where_nobody_is_aboard() -> None:
    found = fragments(relaxation(two_rides(latest=2.0)).fleets[0].legs, most=100, steps=1000)
    assert found is not None
    served = [tuple(found.of(k)) for k in range(len(found))]
    assert {(0, 2), (1, 3)} < set(served)
    assert (0, 2, 1, 3) not in served
    assert (0, 1, 2, 3) in served


def test_too_many_fragments_or_steps_are_said_instead_of_a_part_of_them() -> None:
    legs = relaxation(two_rides(latest=10.0)).fleets[0].legs
    assert isinstance(fragments(legs, most=100, steps=1000), Fragments)
    assert fragments(legs, most=1, steps=1000) is None
    assert fragments(legs, most=2, steps=1000) is None
    assert fragments(legs, most=100, steps=3) is None
