"""Simulated annealing over ruin and recreate: take some rides out, put them back, keep what is better or nearly so."""

# An element of an array is Any to mypy.
# mypy: disable-error-code="no-any-return"
import numpy as np

from dispatch.darp.arrays import EARLIEST, EPS, FIRST, LATEST, PLACE, RIDE, SECOND, TIME, Data
from dispatch.darp.chance import chance, pick
from dispatch.darp.compiled import compiled, entry
from dispatch.darp.destroy import anybody, dear, emptied, related, replaced, strings, whole_route
from dispatch.darp.pool import keep
from dispatch.darp.problem import NONE
from dispatch.darp.repair import REGRET_SHARE, TINY, put_by_regret, put_in_turn
from dispatch.darp.sheet import LAST, NODE, copy_row
from dispatch.darp.state import BEST_COST, CURRENT_COST, HEAT, State

ORDERS = 4
EARLY_FIRST, NARROW_FIRST, LONG_FIRST = range(1, ORDERS)
"""Orders in which rides are put back; the first is any."""
STRINGS, RELATED, DEAR, ANYBODY = 0.5, 0.8, 0.9, 0.98
"""Shares of the ways to take rides out, summed up; the rest takes a whole route."""
GUIDED_SHARE = 0.1
"""Share of steps that put in a route the set partitioning likes."""


@entry
def anneal(data: Data, state: State, steps: int, heat_cost: float) -> None:
    """Do so many steps at one temperature, in units of cost."""
    state.costs[HEAT] = heat_cost
    for _ in range(steps):
        state.touched[:] = 0
        count = _taken(data, state)
        if emptied(data, state) and _refilled(data, state, _with_unserved(data, state, count)):
            cost = cost_of_plan(data, state)
            if cost < state.costs[CURRENT_COST] - heat_cost * np.log(chance(state.random) + TINY):
                _accept(data, state, cost)
                continue
        _undo(data, state)


@compiled
def _taken(data: Data, state: State) -> int:
    """Take rides out in one way or another; return their number in the bank."""
    if state.wanted[0] > 0 and chance(state.random) < GUIDED_SHARE:
        return replaced(data, state, 0)
    way = chance(state.random)
    if way < STRINGS:
        return strings(data, state, 0)
    if way < RELATED:
        return related(data, state, 0)
    if way < DEAR:
        return dear(data, state, 0)
    return anybody(data, state, 0) if way < ANYBODY else whole_route(data, state, 0)


@compiled
def _with_unserved(data: Data, state: State, count: int) -> int:
    """Add the rides that were out already."""
    state.order[:] = 0
    for k in range(count):
        state.order[state.bank[k]] = 1
    for ride in range(len(data.rides)):
        if state.row[ride] == NONE and data.rides[ride, FIRST] != NONE and state.order[ride] == 0:
            state.bank[count] = ride
            count += 1
    return count


@compiled
def _refilled(data: Data, state: State, count: int) -> bool:
    if chance(state.random) < REGRET_SHARE:
        return put_by_regret(data, state, count)
    _sort(data, state, count)
    return put_in_turn(data, state, count)


@compiled
def _sort(data: Data, state: State, count: int) -> None:
    """Put the bank in an order: any, early first, short window first, or long rides first."""
    order = pick(state.random, ORDERS)
    for k in range(count):
        ride = state.bank[k]
        score = _urgency(data, state, ride, order)
        j = k
        while j > 0 and state.score[j - 1] > score:
            state.score[j], state.bank[j] = state.score[j - 1], state.bank[j - 1]
            j -= 1
        state.score[j], state.bank[j] = score, ride


@compiled
def _urgency(data: Data, state: State, ride: int, order: int) -> float:
    first, second = data.rides[ride, FIRST], data.rides[ride, SECOND]
    if order == EARLY_FIRST:
        return data.stop[first, EARLIEST]
    if order == NARROW_FIRST:
        return data.stop[first, LATEST] - data.stop[first, EARLIEST]
    if order == LONG_FIRST and second != NONE:
        return -data.way[TIME, data.link[first, PLACE], data.link[second, PLACE]]
    return chance(state.random)


@compiled
def cost_of_plan(data: Data, state: State) -> float:
    """Return what ``trial`` costs, penalties included."""
    cost = 0.0
    for row in range(len(data.fleet)):
        cost += state.trial.cost[row]
    for ride in range(len(data.rides)):
        if state.row[ride] == NONE and data.rides[ride, FIRST] != NONE:
            cost += data.penalty[ride]
    return cost


@compiled
def _accept(data: Data, state: State, cost: float) -> None:
    for row in range(len(data.fleet)):
        if state.touched[row] == 1:
            copy_row(state.trial, row, state.current, row)
            keep(data, state, state.trial, row)
    state.costs[CURRENT_COST] = cost
    if cost < state.costs[BEST_COST] - EPS:
        state.costs[BEST_COST] = cost
        write_best(data, state)


@compiled
def write_best(data: Data, state: State) -> None:
    """Note ``current`` as the best plan."""
    for row in range(len(data.fleet)):
        last = state.current.row[row, LAST]
        for k in range(1, last):
            state.best[row, k - 1] = state.current.route[row, k, NODE]
        state.best[row, last - 1] = NONE


@compiled
def _undo(data: Data, state: State) -> None:
    """Make ``trial`` equal to ``current`` again."""
    for ride in range(len(data.rides)):
        if state.row[ride] != NONE and state.touched[state.row[ride]] == 1:
            state.row[ride] = NONE
    for row in range(len(data.fleet)):
        if state.touched[row] == 1:
            copy_row(state.current, row, state.trial, row)
            locate(data, state, row)


@compiled
def locate(data: Data, state: State, row: int) -> None:
    """Note for the rides of a row of ``trial`` where they are."""
    for k in range(1, state.trial.row[row, LAST]):
        node = state.trial.route[row, k, NODE]
        ride = data.link[node, RIDE]
        if data.rides[ride, FIRST] == node:
            state.row[ride] = row
