"""The best mix of all routes met: set partitioning over the pool.

Parragh & Schmid 2013, doi:10.1016/j.cor.2012.08.004.

Every ride is covered by one route or left out at its penalty; of like vehicles no more are used than there are. The
linear relaxation picks its columns from the pool by reduced cost; a route whose reduced cost is not below the gap
between the plan in hand and the relaxation can be in no better plan, so that few are left for the integer program.
"""

from dataclasses import dataclass

import numpy as np
from ortools.linear_solver import pywraplp

from dispatch.darp.arrays import EPS, FIRST, GROUP, RIDE, Data
from dispatch.darp.linear import Programme, whole
from dispatch.darp.problem import NONE, Floats, Integers
from dispatch.darp.state import BEST_COST, State

COLUMNS_AT_ONCE, ROUNDS = 400, 60
"""Columns that a round of pricing adds at most, and rounds at most."""
NODES = 50
"""Of the branch and bound: counted, so that they do not depend on the machine's speed."""
LIKED = 200
"""Routes of least reduced cost that guide the search."""


@dataclass(frozen=True, slots=True)
class Mix:
    """What the set partitioning says of the pool."""

    liked: Integers
    """Slots of the routes of least reduced cost."""
    routes: tuple[tuple[int, ...], ...] | None
    """A plan that may be cheaper than the one in hand, for each vehicle its stops; ``None`` for none."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Routes of the pool as columns of the set partitioning."""

    slot: Integers
    """Of each column in the pool."""
    rides: Integers
    """Rides of each column, filled up with the number of rides, shape (columns, most rides of one)."""
    group: Integers
    """Group of vehicles of each column."""
    size: Integers
    """Number of rides of each column."""
    cost: Floats


def columns(data: Data, state: State) -> Columns:
    """Return what is in the pool."""
    slots = np.flatnonzero(state.pool_mark)
    stops = state.pool[slots]
    length = np.argmax(stops == NONE, axis=1)
    stops = stops[:, : int(length.max(initial=0))].astype(np.int64)
    is_inside = np.arange(stops.shape[1]) < length[:, None]
    ride = np.where(is_inside, data.link[np.where(is_inside, stops, 0), RIDE], 0)
    is_first = is_inside & (data.rides[ride, FIRST] == stops)
    rides = np.sort(np.where(is_first, ride, len(data.rides)), axis=1)
    rides = rides[:, : max(1, int(is_first.sum(axis=1).max(initial=0)))]
    group = data.fleet[state.pool_vehicle[slots], GROUP]
    return Columns(slots, rides, group, is_first.sum(axis=1), state.pool_cost[slots])


class Master:
    """Linear relaxation and integer program over some of the columns; rows are rides and groups of vehicles."""

    def __init__(self, data: Data, pool: Columns, kind: str) -> None:
        """Prepare the rows and what leaving a ride out costs; ``kind`` is the solver's name."""
        self._pool, self._rides = pool, len(data.rides)
        self.solver = pywraplp.Solver.CreateSolver(kind)
        infinity = self.solver.infinity()
        self._cover = [self.solver.Constraint(1.0, infinity) for _ in range(self._rides)]
        self._fleet = [self.solver.Constraint(0.0, 0.0) for _ in range(len(data.fleet))]
        for group in data.fleet[:, GROUP].tolist():
            self._fleet[group].SetUb(self._fleet[group].ub() + 1.0)
        for ride, cost in enumerate(data.penalty.tolist()):
            slack = self.solver.NumVar(0.0, 1.0, "")
            self._cover[ride].SetCoefficient(slack, 1.0)
            self.solver.Objective().SetCoefficient(slack, cost if data.rides[ride, FIRST] != NONE else 0.0)
        self.taken: dict[int, pywraplp.Variable] = {}

    def add(self, chosen: Integers, *, is_whole: bool = False) -> None:
        """Add columns of the pool."""
        for column in chosen.tolist():
            taken = self.solver.Var(0.0, self.solver.infinity(), is_whole, "")
            self.solver.Objective().SetCoefficient(taken, float(self._pool.cost[column]))
            self._fleet[self._pool.group[column]].SetCoefficient(taken, 1.0)
            for ride in self._pool.rides[column].tolist():
                if ride == self._rides:
                    break
                self._cover[ride].SetCoefficient(taken, 1.0)
            self.taken[column] = taken

    def reduced_cost(self) -> Floats:
        """Return the reduced cost of every column of the pool at the solved relaxation."""
        prices = np.array([*(row.dual_value() for row in self._cover), 0.0])
        fleet = np.array([row.dual_value() for row in self._fleet])
        reduced: Floats = self._pool.cost - prices[self._pool.rides].sum(axis=1) - fleet[self._pool.group]
        return reduced


def best_mix(data: Data, state: State, most: int) -> Mix:
    """Return the best mix of the routes in the pool, where no more than ``most`` of them can be in a better plan."""
    pool = columns(data, state)
    if len(pool.slot) == 0:
        return Mix(pool.slot, None)
    relaxation = Master(data, pool, "GLOP")
    relaxation.add(np.argsort(pool.cost / np.maximum(pool.size, 1), kind="stable")[:COLUMNS_AT_ONCE])
    reduced = _priced(relaxation)
    order = np.argsort(reduced, kind="stable")
    gap = state.costs[BEST_COST] - relaxation.solver.Objective().Value()
    hopeful = order[reduced[order] < gap - EPS]
    # Of some only, HiGHS may look for ten seconds for what the annealing finds in one.
    chosen = _integer(data, pool, hopeful, state.costs[BEST_COST]) if 0 < len(hopeful) <= most else None
    return Mix(pool.slot[order[:LIKED]], None if chosen is None else _routes(data, state, pool, chosen))


def _priced(relaxation: Master) -> Floats:
    """Solve the relaxation over the whole pool; return the reduced costs."""
    for _ in range(ROUNDS):
        relaxation.solver.Solve()
        reduced = relaxation.reduced_cost()
        inside = np.array(list(relaxation.taken), dtype=np.int64)
        # Basic columns differ from zero by rounding only.
        reduced[inside] = np.maximum(reduced[inside], 0.0)
        wanted = np.flatnonzero(reduced < -EPS)
        if len(wanted) == 0:
            break
        relaxation.add(wanted[np.argsort(reduced[wanted], kind="stable")[:COLUMNS_AT_ONCE]])
    return reduced


def _integer(data: Data, pool: Columns, hopeful: Integers, upper_cost: float) -> Integers | None:
    """Return the columns of the best plan found that costs less than ``upper_cost``."""
    rides, count = len(data.rides), len(hopeful)
    dear = np.where(data.rides[:, FIRST] == NONE, 0.0, data.penalty)
    program = Programme(costs=np.concatenate([pool.cost[hopeful], dear]))
    row = program.add_rows(1.0, 1.0, rides)
    column, k = np.nonzero(pool.rides[hopeful] < rides)
    program.fill(row + pool.rides[hopeful][column, k], column, 1.0)
    program.fill(row + np.arange(rides), count + np.arange(rides), 1.0)
    groups, vehicles = np.unique(data.fleet[:, GROUP], return_counts=True)
    for group, most in zip(groups.tolist(), vehicles.tolist(), strict=True):
        program.fill(program.add_rows(-np.inf, float(most), 1), np.flatnonzero(pool.group[hopeful] == group), 1.0)
    chosen = whole(program, np.arange(count + rides), nodes=NODES).chosen
    if len(chosen) == 0 or program.costs[chosen].sum() >= upper_cost - EPS:
        return None
    return hopeful[chosen[chosen < count]]


def _routes(data: Data, state: State, pool: Columns, chosen: Integers) -> tuple[tuple[int, ...], ...]:
    """Return the chosen routes given to vehicles; of a ride served twice only the first is kept."""
    vehicles = data.fleet[:, GROUP].tolist()
    routes = [tuple(stop for stop in head if stop != NONE) for head in data.head.tolist()]
    served: set[int] = set()
    for column in chosen.tolist():
        vehicle = vehicles.index(int(pool.group[column]))
        vehicles[vehicle] = NONE
        stops = state.pool[pool.slot[column]].tolist()
        stops = stops[: stops.index(NONE)]
        routes[vehicle] = tuple(stop for stop in stops if data.link[stop, RIDE] not in served)
        served |= {int(data.link[stop, RIDE]) for stop in stops}
    return tuple(routes)
