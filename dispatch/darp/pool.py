"""Good routes remembered for the set partitioning: of each set of rides the cheapest order that was met."""

import numpy as np

from dispatch.darp.arrays import GROUP, Data
from dispatch.darp.compiled import compiled
from dispatch.darp.problem import NONE
from dispatch.darp.sheet import LAST, NODE, VEHICLE, Sheet, scattered
from dispatch.darp.state import State

PROBES = 8
"""Places where a route may be kept; when all are taken, the first is given up."""


@compiled
def keep(data: Data, state: State, sheet: Sheet, row: int) -> None:
    """Remember a route."""
    last = sheet.row[row, LAST]
    if last == 1:
        return
    vehicle = sheet.row[row, VEHICLE]
    mark = np.uint64(data.fleet[vehicle, GROUP])
    for k in range(1, last):
        mark += scattered(np.uint64(sheet.route[row, k, NODE] + 1))
    slots = np.uint64(len(state.pool_mark))
    home = mark % slots
    slot = home
    for probe in range(PROBES):
        found = (home + np.uint64(probe)) % slots
        if state.pool_mark[found] == mark:
            if state.pool_cost[found] <= sheet.cost[row]:
                return
            slot = found
            break
        if state.pool_mark[found] == np.uint64(0):
            slot = found
            break
    state.pool_mark[slot] = mark
    state.pool_cost[slot] = sheet.cost[row]
    state.pool_vehicle[slot] = vehicle
    for k in range(1, last):
        state.pool[slot, k - 1] = sheet.route[row, k, NODE]
    state.pool[slot, last - 1] = NONE
