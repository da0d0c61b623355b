"""Searching with vehicles that are not alike: none is given what only another one may drive."""

import numpy as np
import pytest

from dispatch.darp.evaluate import is_feasible
from dispatch.darp.problem import NONE, Iterations, Problem
from dispatch.darp.solve import solve

VEHICLES, ABOARD = 8, 2


@pytest.mark.parametrize("seed", range(5))
def test_riders_aboard_stay_in_the_vehicle_they_are_in(seed: int) -> None:
    problem = _riders_aboard()
    start = np.arange(VEHICLES * ABOARD).reshape(VEHICLES, ABOARD).tolist()
    solution = solve(problem, Iterations(400), seed=seed, start=start)
    assert not solution.unserved
    assert [sorted(route) for route in solution.routes] == start
    assert all(is_feasible(problem, vehicle, route) for vehicle, route in enumerate(solution.routes))


def _riders_aboard() -> Problem:
    """Return vehicles with riders aboard who get off along a road, each vehicle far from the stops of its riders."""
    rides = VEHICLES * ABOARD
    along = np.array([17 * k % rides for k in range(rides)] + [0])
    time = np.abs(np.subtract.outer(along, along)).astype(np.float64)
    people = np.full((VEHICLES, 1), ABOARD, dtype=np.int64)
    start = np.full(VEHICLES, rides)
    return Problem(
        time=time,
        cost=time,
        length=np.zeros_like(time),
        place=np.random.default_rng(1).permutation(rides),
        earliest=np.zeros(rides),
        latest=np.full(rides, 1000.0),
        service=np.zeros(rides),
        load=np.full((1, rides, 1), -1),
        people=np.full(rides, -1.0),
        pickup=np.full(rides, NONE),
        dropoff=np.arange(rides),
        longest=np.full(rides, 1000.0),
        allowed=np.repeat(np.eye(VEHICLES, dtype=np.bool_), ABOARD, axis=0),
        penalty=np.full(rides, 1e6),
        start=start,
        end=start,
        leave=np.zeros(VEHICLES),
        back=np.full(VEHICLES, 1000.0),
        duration=np.full(VEHICLES, np.inf),
        reach=np.full(VEHICLES, np.inf),
        kind=np.zeros(VEHICLES, dtype=np.int64),
        capacity=people + 1,
        aboard=people,
        aboard_people=people[:, 0].astype(np.float64),
        head=((),) * VEHICLES,
    )
