"""The cheapest feasible place for a ride in one route: quick bounds first, exact times for what they leave over.

Positions are columns of the row: ``behind`` is the column after which the pickup goes, ``dropped`` the column of the
route as it was after which the drop-off goes. Without the triangle inequality the bounds say nothing, and every place
is tried.
"""

# An element of an array is Any to mypy.
# mypy: disable-error-code="no-any-return"
# ruff: noqa: PLR0917 - kernels have no keyword-only arguments
import numpy as np

from dispatch.darp.arrays import (
    BOARDS,
    COST,
    EARLIEST,
    EPS,
    FIRST,
    FROZEN,
    KIND,
    LATEST,
    LONGEST,
    PLACE,
    SECOND,
    SERVICE,
    TIME,
    Data,
    Time,
)
from dispatch.darp.compiled import compiled
from dispatch.darp.problem import ANYWHERE, NONE
from dispatch.darp.sheet import AT, BEGIN, BOUND, LAST, NODE, TO, VEHICLE, Sheet, lay
from dispatch.darp.times import aboard, cost_of, has_weights, refresh, settle, settle_from_windows

NOWHERE = np.inf
"""Extra cost of what fits nowhere."""


@compiled
def cheapest(data: Data, sheet: Sheet, row: int, ride: int) -> tuple[float, int, int]:
    """Return the least extra cost of a ride in a refreshed row (``NOWHERE`` if it does not fit), behind, dropped."""
    best_cost, best_behind, best_dropped = NOWHERE, NONE, NONE
    vehicle = sheet.row[row, VEHICLE]
    if not data.allowed[ride, vehicle]:
        return best_cost, best_behind, best_dropped
    # What waiting and riding cost now is the most that can be saved of them.
    saved_cost = aboard(data, sheet, row) if has_weights(data) else 0.0
    first, is_single = data.rides[ride, FIRST], data.rides[ride, SECOND] == NONE
    for behind in range(data.fleet[vehicle, FROZEN], sheet.row[row, LAST]):
        begin, until = _boarding(data, sheet, row, first, behind)
        if begin == np.inf:
            break
        if begin > until:
            continue
        detour = _detour(data, sheet, row, first, behind)
        if is_single:
            extra_cost = _exact(data, sheet, row, ride, behind, NONE, detour, saved_cost, best_cost)
            dropped = NONE
        else:
            extra_cost, dropped = _alighting(
                data, sheet, row, ride, behind, begin, until, detour, saved_cost, best_cost
            )
        if extra_cost < best_cost:
            best_cost, best_behind, best_dropped = extra_cost, behind, dropped
    return best_cost, best_behind, best_dropped


@compiled
def _boarding(data: Data, sheet: Sheet, row: int, first: int, behind: int) -> tuple[Time, Time]:
    """Return bounds of the begin at a node put behind a column; ``inf`` when neither here nor later is in time."""
    until = data.stop[first, LATEST]
    if not data.is_metric:
        return data.stop[first, EARLIEST], until
    node, place = sheet.route[row, behind, NODE], data.link[first, PLACE]
    begin = sheet.times[row, behind, BEGIN] + data.stop[node, SERVICE]
    if place != ANYWHERE:
        begin += data.way[TIME, sheet.route[row, behind, AT], place]
        until = min(until, _latest_before(data, sheet, row, place, behind + 1) - data.stop[first, SERVICE] + EPS)
    begin = max(begin, data.stop[first, EARLIEST])
    if begin > data.stop[first, LATEST] + EPS:
        return np.inf, until
    if data.link[first, BOARDS] == 1 and _is_full(data, sheet, row, first, behind):
        return begin, -np.inf
    return begin, until


@compiled
def _latest_before(data: Data, sheet: Sheet, row: int, place: int, k: int) -> Time:
    """Return the latest departure from a place straight to column ``k``."""
    if data.link[sheet.route[row, k, NODE], PLACE] == ANYWHERE:
        return sheet.times[row, k, BOUND]
    return sheet.times[row, k, BOUND] - data.way[TIME, place, sheet.route[row, k, AT]]


@compiled
def _is_full(data: Data, sheet: Sheet, row: int, node: int, k: int) -> bool:
    """Return whether what boards at a node does not fit in with the load behind a column."""
    vehicle = sheet.row[row, VEHICLE]
    kind = data.fleet[vehicle, KIND]
    for c in range(data.capacity.shape[1]):
        if sheet.fill[row, k, c] + data.load[kind, node, c] > data.capacity[vehicle, c]:
            return True
    return False


@compiled
def _detour(data: Data, sheet: Sheet, row: int, node: int, behind: int) -> float:
    """Return what driving by way of a node costs more."""
    place = data.link[node, PLACE]
    here, to = sheet.route[row, behind, AT], sheet.route[row, behind, TO]
    if place == ANYWHERE:
        place = here
    direct = data.way[COST, here, to] if sheet.row[row, LAST] > 1 else 0.0
    return data.way[COST, here, place] + data.way[COST, place, to] - direct


@compiled
def _alighting(
    data: Data,
    sheet: Sheet,
    row: int,
    ride: int,
    behind: int,
    begin: Time,
    until: Time,
    detour: float,
    saved_cost: float,
    best_cost: float,
) -> tuple[float, int]:
    """Return the least extra cost of a ride whose pickup goes behind a column, and where the drop-off goes."""
    first, second = data.rides[ride, FIRST], data.rides[ride, SECOND]
    place, goal = data.link[first, PLACE], data.link[second, PLACE]
    best_dropped = NONE
    if data.is_metric and detour - saved_cost >= best_cost:
        return best_cost, best_dropped
    # The latest begin that the pickup's latest begin leaves to the drop-off.
    limit = min(data.stop[second, LATEST], until + data.stop[first, SERVICE] + data.stop[second, LONGEST]) + EPS
    ready, here = begin + data.stop[first, SERVICE], place
    for k in range(behind, sheet.row[row, LAST]):
        if k > behind:
            ready = _passed(data, sheet, row, first, here, ready, k)
            if ready == np.inf:
                break
            here = sheet.route[row, k, AT]
        arrival = max(ready + data.way[TIME, here, goal], data.stop[second, EARLIEST])
        if data.is_metric:
            if arrival > limit:
                break
            if arrival + data.stop[second, SERVICE] > _latest_before(data, sheet, row, goal, k + 1) + EPS:
                continue
        extra_cost = _both(data, sheet, row, behind, k, place, goal, detour)
        extra_cost = _exact(data, sheet, row, ride, behind, k, extra_cost, saved_cost, best_cost)
        if extra_cost < best_cost:
            best_cost, best_dropped = extra_cost, k
    return best_cost, best_dropped


@compiled
def _passed(data: Data, sheet: Sheet, row: int, first: int, here: int, ready: Time, k: int) -> Time:
    """Return when column ``k`` is done with a new rider aboard, ``inf`` when that can not be."""
    node = sheet.route[row, k, NODE]
    if data.link[node, PLACE] == ANYWHERE:
        return np.inf
    if not data.is_metric:
        return 0.0
    begin = max(ready + data.way[TIME, here, sheet.route[row, k, AT]], sheet.times[row, k, BEGIN])
    if begin > sheet.times[row, k, BOUND] + EPS or _is_full(data, sheet, row, first, k):
        return np.inf
    return begin + data.stop[node, SERVICE]


@compiled
def _both(data: Data, sheet: Sheet, row: int, behind: int, k: int, place: int, goal: int, detour: float) -> float:
    """Return what driving by way of pickup and drop-off costs more; ``detour`` is that of the pickup alone."""
    here, to = sheet.route[row, k, AT], sheet.route[row, k, TO]
    if k > behind:
        return detour + data.way[COST, here, goal] + data.way[COST, goal, to] - data.way[COST, here, to]
    return detour + data.way[COST, place, goal] + data.way[COST, goal, to] - data.way[COST, place, to]


@compiled
def _exact(
    data: Data,
    sheet: Sheet,
    row: int,
    ride: int,
    behind: int,
    dropped: int,
    detour: float,
    saved_cost: float,
    best_cost: float,
) -> float:
    """Return the extra cost of a place that could be the best one, ``NOWHERE`` when it is not feasible."""
    if detour - saved_cost >= best_cost or not tried(data, sheet, row, ride, behind, dropped):
        return NOWHERE
    return cost_of(data, sheet, len(data.fleet)) - sheet.cost[row] if has_weights(data) else detour


@compiled
def tried(data: Data, sheet: Sheet, row: int, ride: int, behind: int, dropped: int) -> bool:
    """Put a ride into a copy of a route in the last row; return whether that is feasible."""
    trial = len(data.fleet)
    first, second = data.rides[ride, FIRST], data.rides[ride, SECOND]
    k = 0
    for old in range(sheet.row[row, LAST] + 1):
        sheet.route[trial, k, NODE] = sheet.route[row, old, NODE]
        sheet.times[trial, k, BEGIN] = sheet.times[row, old, BEGIN]
        k += 1
        if old == behind:
            sheet.route[trial, k, NODE] = first
            sheet.times[trial, k, BEGIN] = data.stop[first, EARLIEST]
            k += 1
        if old == dropped:
            sheet.route[trial, k, NODE] = second
            sheet.times[trial, k, BEGIN] = data.stop[second, EARLIEST]
            k += 1
    sheet.row[trial, LAST] = k - 1
    sheet.row[trial, VEHICLE] = sheet.row[row, VEHICLE]
    if not lay(data, sheet, trial):
        return False
    if not data.is_metric:
        return settle_from_windows(data, sheet, trial)
    return settle(data, sheet, trial, behind + 1, max(behind, dropped) + 2)


@compiled
def insert(data: Data, sheet: Sheet, row: int, ride: int, behind: int, dropped: int) -> bool:
    """Put a ride into a route for good; return whether the route is feasible, which it is after ``cheapest``."""
    tried(data, sheet, row, ride, behind, dropped)
    trial = len(data.fleet)
    last = sheet.row[trial, LAST]
    for k in range(last + 1):
        sheet.route[row, k, NODE] = sheet.route[trial, k, NODE]
    sheet.row[row, LAST] = last
    return refresh(data, sheet, row)


@compiled
def take_out(data: Data, sheet: Sheet, row: int, ride: int) -> None:
    """Take the movable stops of a ride out of a row, which then has to be refreshed."""
    first, second = data.rides[ride, FIRST], data.rides[ride, SECOND]
    kept = 0
    for k in range(sheet.row[row, LAST] + 1):
        node = sheet.route[row, k, NODE]
        if node not in (first, second):
            sheet.route[row, kept, NODE] = node
            kept += 1
    sheet.row[row, LAST] = kept - 1
