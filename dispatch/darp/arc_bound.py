"""A weak bound for days that are too wide for fragments: every stop has one stop before it and one behind it.

What is left of the problem is which stop may follow which (Dumas, Desrosiers & Soumis 1991,
doi:10.1016/0377-2217(91)90319-Q: two rides in all their orders decide that), so the bound is an assignment. On wide
windows it proves about half of what a plan costs.
"""

import numpy as np
from numpy.typing import NDArray

from dispatch.darp.fleets import SLACK, Legs, Relaxation
from dispatch.darp.linear import Programme, relax
from dispatch.darp.problem import Floats, Integers

Booleans = NDArray[np.bool_]


def arc_bound(relaxed: Relaxation) -> float:
    """Return a bound of what all rides cost on top of ``base_cost``; 0 where nothing was proved.

    One fleet stands for all: an arc is there when one of them could use it, ways out and home are the cheapest.
    """
    rides, cost = len(relaxed.rides), relaxed.fleets[0].legs.cost
    tails, heads = np.nonzero(np.logical_or.reduce([_arcs(fleet.legs) for fleet in relaxed.fleets]))
    outward = np.minimum.reduce([fleet.outward_cost for fleet in relaxed.fleets])
    homeward = np.minimum.reduce([fleet.homeward_cost for fleet in relaxed.fleets])
    programme = Programme(costs=np.concatenate([cost[tails, heads], outward, homeward]))
    arcs = np.arange(len(tails))
    starts = len(tails) + np.arange(rides)
    ends = starts + rides
    behind = programme.add_rows(1.0, 1.0, 2 * rides)
    programme.fill(behind + tails, arcs, 1.0)
    programme.fill(behind + rides + np.arange(rides), ends, 1.0)
    before = programme.add_rows(1.0, 1.0, 2 * rides)
    programme.fill(before + heads, arcs, 1.0)
    programme.fill(before + np.arange(rides), starts, 1.0)
    vehicles = sum(len(fleet.vehicles) for fleet in relaxed.fleets)
    programme.fill(programme.add_rows(0.0, float(vehicles), 1), starts, 1.0)
    solution = relax(programme, np.arange(len(programme.costs)))
    return 0.0 if solution is None else solution.bound


def _arcs(legs: Legs) -> Booleans:
    """Return which stop may directly follow which, shape (2r, 2r)."""
    rides = len(legs.longest)
    is_possible = legs.earliest[:, None] + legs.travel <= legs.latest[None, :] + SLACK
    first, second = np.nonzero(~np.eye(rides, dtype=np.bool_))
    fits = (legs.load[first] + legs.load[second] <= legs.capacity).all(axis=1)
    home, second_home = first + rides, second + rides

    def table(found: Booleans) -> Booleans:
        shape = np.zeros((rides, rides), dtype=np.bool_)
        shape[first[found], second[found]] = True
        return shape

    crossed = table(fits & _are_timed(legs, np.column_stack([first, second, home, second_home])))
    nested = table(fits & _are_timed(legs, np.column_stack([first, second, second_home, home])))
    in_turn = table(_are_timed(legs, np.column_stack([first, home, second, second_home])))
    own = np.eye(rides, dtype=np.bool_)
    may_follow = np.block([[crossed | nested, crossed.T | own], [in_turn, crossed | nested.T]])
    found: Booleans = is_possible & may_follow & ~np.eye(2 * rides, dtype=np.bool_)
    return found


def _are_timed(legs: Legs, orders: Integers) -> Booleans:
    """Whether times can be found for each order of four stops, shape (orders,): no way around is longer than 0."""
    count, rides = len(orders), len(legs.longest)
    ways: Floats = np.full((count, 5, 5), -np.inf)
    ways[:, range(5), range(5)] = 0.0
    for a in range(4):
        ways[:, 0, a + 1], ways[:, a + 1, 0] = legs.earliest[orders[:, a]], -legs.latest[orders[:, a]]
        if a:
            ways[:, a, a + 1] = legs.swift[orders[:, a - 1], orders[:, a]]
        for b in range(a):
            is_ride = orders[:, a] == orders[:, b] + rides
            ways[is_ride, a + 1, b + 1] = -legs.longest[orders[is_ride, b]]
    for k in range(5):
        ways = np.maximum(ways, ways[:, :, k, None] + ways[:, None, k, :])
    found: Booleans = np.all(ways[:, range(5), range(5)] <= SLACK, axis=1)
    return found
