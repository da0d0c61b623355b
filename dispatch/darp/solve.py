"""Solving a dial-a-ride problem: annealing over ruin and recreate, and now and then the best mix of all routes met."""

from dataclasses import replace
from functools import cache

import numpy as np

from dispatch.darp.anneal import anneal, cost_of_plan, locate, write_best
from dispatch.darp.arrays import Data, arrays
from dispatch.darp.bound import MOST_STEPS, Bound, lower_bound
from dispatch.darp.compiled import entry
from dispatch.darp.evaluate import evaluate, is_feasible
from dispatch.darp.insertion import Board
from dispatch.darp.local_search import descend
from dispatch.darp.partition import best_mix
from dispatch.darp.problem import NONE, Budget, Integers, Iterations, Problem, Routes, Solution
from dispatch.darp.share import Share
from dispatch.darp.sheet import write
from dispatch.darp.state import BEST_COST, CURRENT_COST, DESCENDED_COST, State, fresh
from dispatch.darp.times import refresh
from dispatch.darp.tiny import tiny

STEPS = 100
"""Steps between two looks at the budget: some 10 ms."""
HOT, COLD = 1.0, 0.06
"""First and last temperature, in units of what a ride costs on average."""
MIXES = 10
"""How often the pool is mixed, at equal shares of the budget."""
WHOLE_FROM = 0.7
"""Share of the budget before which the pool is too poor for an integer program: it only guides."""
COLUMNS, COLUMN_STEPS, PROGRAM_STEPS = (1000, 500, 250), 5, 5000
"""Columns an integer program may have, as many as its share allows; annealing steps that one column, and any program,
take as long as."""
DESCENT_STEPS = 10
"""Steps that take as long as a descent, for each ride."""
LARGEST_SHARE = 0.05
"""What one integer program or one descent may take of the budget."""
PROVED_FROM, PROVED_UNTIL = 0.05, 0.8
"""Shares of the budget between which a proof is tried, where the day is one that can be proved."""
PROGRAMME_STEPS = 100
"""Steps that a linear or integer programme of a proof counts for."""
PROOF_STEPS, LEAST_STEPS = 20, 10_000
"""Sequences that a proof may look at for each step of a counted budget, about as long as the step takes; fewer than the
least prove nothing."""


def solve(
    problem: Problem, budget: Budget, *, seed: int = 0, start: Routes | None = None, prove: bool = True
) -> Solution:
    """Return the best plan found within the budget; never worse than ``start``, whose infeasible routes are dropped.

    The answer is a function of problem, seed, start and limit when the budget is counted. Frozen heads stay as they
    are. Rides for which there is no room are named in ``unserved``. With ``prove`` a part of the budget is spent on a
    proof that no plan is cheaper, where that looks possible; as soon as there is one, the search ends.
    """
    state = fresh(arrays(problem), seed)
    data = _usable(problem, state)
    _load(data, state, _feasible(problem, problem.head if start is None else start))
    anneal(data, state, 1, 0.0)
    steps, mixes, proof_share = 1, 0, 0.0
    bound: Bound | None = None
    is_open = prove and problem.waiting_weight == problem.riding_weight == 0.0 and _sequences(budget) >= LEAST_STEPS
    while (spent := budget.spent(steps)) < 1.0:
        if is_open and spent >= PROVED_FROM:
            is_open = False
            bound, used = _proved(problem, data, state, budget, steps)
            steps += used
            proof_share = budget.spent(steps) - spent
            if bound.is_optimal and problem.penalty.min(initial=np.inf) >= bound.value:
                break
        elif spent * MIXES >= mixes + 1:
            mixes += 1
            _intensify(problem, data, state, spent, steps)
        else:
            # The proof's share is no time to cool down in.
            steps += _cool(data, state, budget, steps, (spent - proof_share) / max(1.0 - proof_share, PROVED_FROM))
    found = _solution(problem, _best(state), steps)
    return found if bound is None or bound.value <= 0.0 else replace(found, lower_bound=bound.value)


@cache
def warm() -> None:
    """Compile or load every kernel on a tiny problem, so that a caller can account for it apart."""
    problem = tiny()
    solve(problem, Iterations(MIXES * 2))
    board = Board(problem, problem.head)
    board.best(0)
    lower_bound(problem, Iterations(MIXES))


def _cool(data: Data, state: State, budget: Budget, done: int, spent: float) -> int:
    """Anneal a little at the temperature after this share of the time to cool down; return the number of steps."""
    steps = STEPS
    while budget.is_counted and steps > 1 and budget.spent(done + steps) >= 1.0:
        steps //= 2
    served = max(int((state.row != NONE).sum()), 1)
    ride_cost = float(state.current.cost[: len(data.fleet)].sum()) / served
    anneal(data, state, steps, ride_cost * HOT * (COLD / HOT) ** spent)
    return steps


def _proved(problem: Problem, data: Data, state: State, budget: Budget, steps: int) -> tuple[Bound, int]:
    """Try to prove the best plan or a better one, which is taken over; return the bound and the steps it counts for."""
    part = Share(budget=budget, done=steps, until=PROVED_UNTIL, price=PROGRAMME_STEPS)
    upper = _solution(problem, _best(state), steps)
    bound = lower_bound(problem, part, upper=upper, steps=_sequences(budget), is_weak_welcome=False)
    if bound.routes is not None:
        _take(problem, data, state, bound.routes)
    return bound, part.used


def _sequences(budget: Budget) -> int:
    """Return how many sequences of stops a proof may look at."""
    return min(int(PROOF_STEPS / budget.spent(1)), MOST_STEPS) if budget.is_counted else MOST_STEPS


def _intensify(problem: Problem, data: Data, state: State, spent: float, steps: int) -> None:
    """Let the set partitioning guide the search; late enough, mix a plan of the pool and bring it to a descent's end.

    The last two only where they are affordable: the share of the budget that a step has taken so far tells.
    """
    step_share = spent / steps
    affordable = [c for c in COLUMNS if (PROGRAM_STEPS + c * COLUMN_STEPS) * step_share <= LARGEST_SHARE]
    mix = best_mix(data, state, affordable[0] if affordable and spent >= WHOLE_FROM else 0)
    state.guide[: len(mix.liked)] = mix.liked
    state.wanted[0] = len(mix.liked)
    if mix.routes is not None:
        _take(problem, data, state, mix.routes)
    if spent >= WHOLE_FROM and problem.rides * DESCENT_STEPS * step_share <= LARGEST_SHARE:
        _descend(problem, data, state)


def _descend(problem: Problem, data: Data, state: State) -> None:
    """Bring the best plan to the end of a descent, unless it comes from there."""
    if state.costs[BEST_COST] >= state.costs[DESCENDED_COST]:
        return
    routes = _best(state)
    if all(is_feasible(problem, vehicle, stops) for vehicle, stops in enumerate(routes)):
        _take(problem, data, state, descend(problem, routes, state.near))
    state.costs[DESCENDED_COST] = state.costs[BEST_COST]


def _take(problem: Problem, data: Data, state: State, routes: Routes) -> None:
    """Take a plan over where it is better than the best one, which is the plan in hand otherwise."""
    best, best_cost = _best(state), float(state.costs[BEST_COST])
    # Without the triangle inequality a route of a mix may need the ride that another one serves too.
    _load(data, state, _feasible(problem, routes))
    if state.costs[BEST_COST] >= best_cost:
        _load(data, state, best)


def _usable(problem: Problem, state: State) -> Data:
    """Return the problem with nothing more for vehicles whose frozen head breaks a constraint already."""
    data = arrays(problem)
    heads = [np.array(head, dtype=np.int64) for head in problem.head]
    can_drive = [_write(data, state, vehicle, head) for vehicle, head in enumerate(heads)]
    return data if all(can_drive) else data._replace(allowed=data.allowed & np.array(can_drive))


def _feasible(problem: Problem, routes: Routes) -> Routes:
    return [
        stops if is_feasible(problem, vehicle, stops) else problem.head[vehicle] for vehicle, stops in enumerate(routes)
    ]


def _load(data: Data, state: State, routes: Routes) -> None:
    """Take routes as the plan in hand and the best one."""
    for vehicle, stops in enumerate(routes):
        _write(data, state, vehicle, np.array(stops, dtype=np.int64))
    _begin(data, state)


def _best(state: State) -> Routes:
    return [row[: row.index(NONE)] for row in state.best.tolist()]


def _solution(problem: Problem, routes: Routes, steps: int) -> Solution:
    timings = [evaluate(problem, vehicle, stops) for vehicle, stops in enumerate(routes)]
    served = {NONE, *(stop for stops in routes for stop in stops)}
    ends = zip(problem.pickup.tolist(), problem.dropoff.tolist(), strict=True)
    return Solution(
        routes=tuple(map(tuple, routes)),
        unserved=tuple(ride for ride, stops in enumerate(ends) if not served.issuperset(stops)),
        cost=sum(timing.cost for timing in timings if timing is not None),
        iterations=steps,
    )


@entry
def _write(data: Data, state: State, vehicle: int, stops: Integers) -> bool:
    """Write a route into the plan in hand; return whether it is feasible."""
    write(data, state.trial, vehicle, vehicle, stops)
    write(data, state.current, vehicle, vehicle, stops)
    return refresh(data, state.trial, vehicle) and refresh(data, state.current, vehicle)


@entry
def _begin(data: Data, state: State) -> None:
    """Take what is in ``trial`` and ``current`` as the plan to begin with."""
    state.row[:] = NONE
    for row in range(len(data.fleet)):
        locate(data, state, row)
    state.costs[CURRENT_COST] = state.costs[BEST_COST] = cost_of_plan(data, state)
    write_best(data, state)
