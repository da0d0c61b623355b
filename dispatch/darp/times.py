"""Times of one route, exactly: least and greatest begins of all constraints together, and what the schedule costs.

Windows, drives, ride times and the longest duty are difference constraints: the least begins are found by sweeping
forward, raising a pickup whenever its ride would be too long and sweeping on from there. After r rounds every chain
of r raises is settled, so that more rounds than rides mean a contradiction (Bellman-Ford; Firat & Woeginger 2011,
doi:10.1016/j.orl.2010.11.004). The question is that of the eight-step scheme of Cordeau & Laporte 2003
(doi:10.1016/S0191-2615(02)00045-0); the triangle inequality is not needed.
"""

import numpy as np

from dispatch.darp.arrays import AFTER, BEFORE, BOARDS, COST, EARLIEST, EPS, LATEST, LONGEST, SERVICE, Data, Time
from dispatch.darp.compiled import compiled
from dispatch.darp.problem import NONE
from dispatch.darp.sheet import ABOARD, AT, BEGIN, BOUND, LAST, LEG, NODE, PLAN, Sheet, lay, stamp


@compiled
def settle(data: Data, sheet: Sheet, row: int, first: int, tail: int) -> bool:
    """Raise the begins of a laid row to the least feasible ones; return whether there are any.

    ``begin`` holds lower bounds, settled before column ``first``. Behind ``tail`` they are the least begins of a
    route without what was put in before: where nothing moves there, nothing moves behind it.
    """
    last = sheet.row[row, LAST]
    for _ in range(last + 2):
        again = last + 1
        for k in range(first, last + 1):
            node = sheet.route[row, k, NODE]
            ready = sheet.times[row, k - 1, BEGIN] + sheet.times[row, k, LEG]
            if ready > sheet.times[row, k, BEGIN]:
                sheet.times[row, k, BEGIN] = ready
            elif k > tail:
                break
            begin = sheet.times[row, k, BEGIN]
            if begin > data.stop[node, LATEST] + EPS:
                return False
            opens = data.link[node, BEFORE]
            if opens != NONE:
                i = sheet.column[opens]
                least = begin - data.stop[node, LONGEST] - data.stop[opens, SERVICE]
                if least > sheet.times[row, i, BEGIN] + EPS:
                    if least > data.stop[opens, LATEST] + EPS:
                        return False
                    sheet.times[row, i, BEGIN] = least
                    again = min(again, i + 1)
        if again > last:
            return True
        first = again
    return False


@compiled
def settle_late(data: Data, sheet: Sheet, row: int, back: Time) -> bool:
    """Lower the bounds of a laid row to the greatest feasible begins with an end by ``back``; return whether any."""
    last = sheet.row[row, LAST]
    for k in range(last + 1):
        sheet.times[row, k, BOUND] = data.stop[sheet.route[row, k, NODE], LATEST]
    sheet.times[row, last, BOUND] = min(sheet.times[row, last, BOUND], back)
    first = last
    for _ in range(last + 2):
        again = -1
        for k in range(first, -1, -1):
            node = sheet.route[row, k, NODE]
            if k < last:
                sheet.times[row, k, BOUND] = min(
                    sheet.times[row, k, BOUND], sheet.times[row, k + 1, BOUND] - sheet.times[row, k + 1, LEG]
                )
            if sheet.times[row, k, BOUND] < data.stop[node, EARLIEST] - EPS:
                return False
            closes = data.link[node, AFTER]
            if closes != NONE:
                j = sheet.column[closes]
                greatest = sheet.times[row, k, BOUND] + data.stop[node, SERVICE] + data.stop[closes, LONGEST]
                if greatest < sheet.times[row, j, BOUND] - EPS:
                    sheet.times[row, j, BOUND] = greatest
                    again = max(again, j - 1)
        if again < 0:
            return True
        first = again
    return False


@compiled
def settle_from_windows(data: Data, sheet: Sheet, row: int) -> bool:
    """Settle a laid row of which nothing is known."""
    for k in range(sheet.row[row, LAST] + 1):
        sheet.times[row, k, BEGIN] = data.stop[sheet.route[row, k, NODE], EARLIEST]
    return settle(data, sheet, row, 1, sheet.row[row, LAST])


@compiled
def arrange(data: Data, sheet: Sheet, row: int) -> None:
    """Plan a settled row: least duration, then everything early, but nobody waits aboard who could be fetched later.

    The duration is least when the route ends as early as it can: an end that is later by an hour lets the start be
    later by an hour at most. Overwrites ``bound``.
    """
    last = sheet.row[row, LAST]
    for k in range(last + 1):
        sheet.times[row, k, PLAN] = sheet.times[row, k, BEGIN]
    if settle_late(data, sheet, row, sheet.times[row, last, BEGIN]):
        sheet.times[row, 0, BEGIN] = max(sheet.times[row, 0, BEGIN], sheet.times[row, 0, BOUND])
    settle(data, sheet, row, 1, last)
    for k in range(last + 1):
        sheet.times[row, k, PLAN], sheet.times[row, k, BEGIN] = sheet.times[row, k, BEGIN], sheet.times[row, k, PLAN]
    for k in range(last - 1, 0, -1):
        node = sheet.route[row, k, NODE]
        if data.link[node, BOARDS]:
            idle = sheet.times[row, k + 1, PLAN] - sheet.times[row, k, PLAN] - sheet.times[row, k + 1, LEG]
            sheet.times[row, k, PLAN] += max(0.0, min(idle, data.stop[node, LATEST] - sheet.times[row, k, PLAN]))


@compiled
def driving(data: Data, sheet: Sheet, row: int) -> float:
    """Return the cost of driving a laid row; a vehicle with nothing to do stays where it is."""
    total = 0.0
    if sheet.row[row, LAST] > 1:
        for k in range(1, sheet.row[row, LAST] + 1):
            total += data.way[COST, sheet.route[row, k - 1, AT], sheet.route[row, k, AT]]
    return total


@compiled
def aboard(data: Data, sheet: Sheet, row: int) -> float:
    """Return the cost of waiting and riding in an arranged row."""
    total = 0.0
    for k in range(1, sheet.row[row, LAST] + 1):
        people = sheet.times[row, k - 1, ABOARD]
        if people > 0.0:
            node, previous = sheet.route[row, k, NODE], sheet.route[row, k - 1, NODE]
            span = sheet.times[row, k, PLAN] - sheet.times[row, k - 1, PLAN]
            total += data.waiting_weight * (span - sheet.times[row, k, LEG])
            total += data.riding_weight * people * (span - data.stop[previous, SERVICE] + data.stop[node, SERVICE])
    return total


@compiled
def has_weights(data: Data) -> bool:
    """Return whether times aboard cost anything; where they do not, nobody computes them."""
    return data.waiting_weight > 0.0 or data.riding_weight > 0.0


@compiled
def cost_of(data: Data, sheet: Sheet, row: int) -> float:
    """Return the cost of a settled row; overwrites ``plan`` and ``bound`` where times aboard cost something."""
    total = driving(data, sheet, row)
    if has_weights(data) and sheet.row[row, LAST] > 1:
        arrange(data, sheet, row)
        total += aboard(data, sheet, row)
    return total


@compiled
def refresh(data: Data, sheet: Sheet, row: int) -> bool:
    """Renew all that is known of a row from its nodes; return whether the route is feasible."""
    if not (lay(data, sheet, row) and settle_from_windows(data, sheet, row)):
        return False
    sheet.cost[row] = cost_of(data, sheet, row)
    stamp(data, sheet, row)
    return settle_late(data, sheet, row, np.inf)
