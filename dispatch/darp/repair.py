"""Putting rides back: one after the other where it is cheapest, or first the one that would regret most to wait."""

import numpy as np

from dispatch.darp.arrays import Data
from dispatch.darp.chance import chance
from dispatch.darp.cheapest import NOWHERE, cheapest, insert
from dispatch.darp.compiled import compiled
from dispatch.darp.problem import NONE
from dispatch.darp.state import HEAT, State

REGRET_SHARE = 0.5
"""Share of steps that repair by regret."""
NOISE_SHARE = 0.1
"""How much of the temperature is drawn on top of each extra cost, exponentially."""
TINY = 1e-300
"""Keeps the logarithm of a zero finite."""
BLINK_SHARE = 0.01
"""Share of routes overlooked, so that the same gap is not always filled the same way (Christiaens & Vanden Berghe
2020, doi:10.1287/trsc.2019.0914)."""


@compiled
def known(data: Data, state: State, row: int, ride: int) -> tuple[float, int]:
    """Return the extra cost of a ride in a row of ``trial`` and the slot of its place: remembered, or worked out."""
    mark = state.trial.mark[row] + np.uint64(ride + 1) * np.uint64(0x9E3779B97F4A7C15)
    slot = int((mark ^ (mark >> np.uint64(32))) % np.uint64(len(state.spot_mark)))
    if state.spot_mark[slot] != mark:
        extra_cost, behind, dropped = cheapest(data, state.trial, row, ride)
        state.spot_mark[slot] = mark
        state.spot_cost[slot] = extra_cost
        state.spot[slot, 0], state.spot[slot, 1] = behind, dropped
    return state.spot_cost[slot], slot


@compiled
def best_row(data: Data, state: State, ride: int, blink_share: float) -> tuple[int, float, float]:
    """Return the row where a ride is cheapest, its extra cost there and in the next best row."""
    best, best_cost, next_cost = NONE, NOWHERE, NOWHERE
    for row in range(len(data.fleet)):
        extra_cost, _ = known(data, state, row, ride)
        if extra_cost < NOWHERE:
            extra_cost -= NOISE_SHARE * state.costs[HEAT] * np.log(chance(state.random) + TINY)
        if extra_cost < next_cost and chance(state.random) >= blink_share:
            if extra_cost < best_cost:
                best, best_cost, next_cost = row, extra_cost, best_cost
            else:
                next_cost = extra_cost
    return best, best_cost, next_cost


@compiled
def settle_in(data: Data, state: State, ride: int, row: int) -> bool:
    """Put a ride into a row at its known place; return whether the route is feasible."""
    _, slot = known(data, state, row, ride)
    state.row[ride] = row
    state.touched[row] = 1
    return insert(data, state.trial, row, ride, state.spot[slot, 0], state.spot[slot, 1])


@compiled
def put_in_turn(data: Data, state: State, count: int) -> bool:
    """Put the first ``count`` rides of the bank where each is cheapest; what fits nowhere stays out."""
    for k in range(count):
        ride = state.bank[k]
        row, extra_cost, _ = best_row(data, state, ride, BLINK_SHARE)
        if extra_cost < data.penalty[ride] and not settle_in(data, state, ride, row):
            return False
    return True


@compiled
def put_by_regret(data: Data, state: State, count: int) -> bool:
    """Put the first ``count`` rides of the bank, always the one that loses most if its best route were taken.

    Regret-2 of Ropke & Pisinger 2006, doi:10.1287/trsc.1050.0135.
    """
    left = count
    while left > 0:
        chosen, chosen_row, chosen_score = NONE, NONE, -np.inf
        k = 0
        while k < left:
            ride = state.bank[k]
            row, extra_cost, next_cost = best_row(data, state, ride, BLINK_SHARE)
            if extra_cost >= data.penalty[ride]:
                left -= 1
                state.bank[k], state.bank[left] = state.bank[left], ride
                continue
            score = min(next_cost, data.penalty[ride]) - extra_cost
            if score > chosen_score:
                chosen, chosen_row, chosen_score = k, row, score
            k += 1
        if chosen == NONE:
            return True
        ride = state.bank[chosen]
        left -= 1
        state.bank[chosen], state.bank[left] = state.bank[left], ride
        if not settle_in(data, state, ride, chosen_row):
            return False
    return True
