"""Exact evaluation of one route: may this vehicle drive these stops in this order, and when, and what does it cost?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dispatch.darp.arrays import AFTER, BEFORE, FROZEN, RIDE, Data, Time, arrays
from dispatch.darp.compiled import compiled, entry
from dispatch.darp.problem import NONE, Floats, Integers, Problem
from dispatch.darp.sheet import PLAN, Sheet, blank, lay, write
from dispatch.darp.times import arrange, cost_of, settle_from_windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a route is driven: least duration, then least time aboard. In the problem's time unit."""

    leave: Time
    """Departure from the start."""
    begin: Floats
    """Begin of service at each stop."""
    back: Time
    """Arrival at the end."""
    cost: float
    """Driving, waiting and riding; 0 for a route without stops, whose vehicle stays."""
    duration: Time
    """From departure to arrival."""


def evaluate(problem: Problem, vehicle: int, stops: Sequence[int]) -> Timing | None:
    """Return when ``vehicle`` drives ``stops`` in this order, or ``None`` where a constraint makes it impossible."""
    data, sheet = arrays(problem), _sheet(problem)
    if not _row(data, sheet, vehicle, np.array(stops, dtype=np.int64)):
        return None
    if len(stops) == 0:
        start = float(problem.leave[vehicle])
        return Timing(leave=start, begin=np.zeros(0), back=start, cost=0.0, duration=0.0)
    cost = _arranged(data, sheet)
    plan = sheet.times[0, : len(stops) + 2, PLAN].copy()
    leave, back = float(plan[0]), float(plan[-1])
    return Timing(leave=leave, begin=plan[1:-1], back=back, cost=cost, duration=back - leave)


def is_feasible(problem: Problem, vehicle: int, stops: Sequence[int]) -> bool:
    """Return whether ``vehicle`` can drive ``stops`` in this order: the answer of ``evaluate``, without the times."""
    return _row(arrays(problem), _sheet(problem), vehicle, np.array(stops, dtype=np.int64))


@lru_cache(maxsize=8)
def _sheet(problem: Problem) -> Sheet:
    return blank(arrays(problem))


@entry
def _row(data: Data, sheet: Sheet, vehicle: int, stops: Integers) -> bool:
    """Lay and settle a route in row 0; return whether it is feasible."""
    if not (_starts_with_head(data, vehicle, stops) and _is_whole(data, sheet.column, vehicle, stops)):
        return False
    write(data, sheet, 0, vehicle, stops)
    return len(stops) == 0 or (lay(data, sheet, 0) and settle_from_windows(data, sheet, 0))


@entry
def _arranged(data: Data, sheet: Sheet) -> float:
    cost = cost_of(data, sheet, 0)
    arrange(data, sheet, 0)
    return cost


@compiled
def _starts_with_head(data: Data, vehicle: int, stops: Integers) -> bool:
    if len(stops) < data.fleet[vehicle, FROZEN]:
        return False
    for k in range(data.fleet[vehicle, FROZEN]):  # noqa: SIM110 - kernels have no generators
        if stops[k] != data.head[vehicle, k]:
            return False
    return True


@compiled
def _is_whole(data: Data, column: Integers, vehicle: int, stops: Integers) -> bool:
    """Return whether no stop comes twice and every ride is whole, in order and allowed; uses ``column`` as scratch."""
    column[:] = NONE
    for k in range(len(stops)):
        stop = stops[k]
        if stop < 0 or stop >= data.stops or column[stop] != NONE or data.link[stop, RIDE] == NONE:
            return False
        before = data.link[stop, BEFORE]
        if not data.allowed[data.link[stop, RIDE], vehicle] or (before != NONE and column[before] == NONE):
            return False
        column[stop] = k
    for k in range(len(stops)):
        after = data.link[stops[k], AFTER]
        if after != NONE and column[after] == NONE:
            return False
    return True
