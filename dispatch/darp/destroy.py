"""Taking rides out of a plan: strings of neighbouring routes, related rides, dear rides, a whole route, any rides.

Every way takes rides off ``state.row`` and notes them in ``state.bank``; ``emptied`` then takes them out of the rows.
"""

# An element of an array is Any to mypy.
# mypy: disable-error-code="no-any-return"
# ruff: noqa: PLR0917 - kernels have no keyword-only arguments
from dispatch.darp.arrays import COST, FIRST, GROUP, RIDE, SECOND, Data
from dispatch.darp.chance import chance, pick
from dispatch.darp.compiled import compiled
from dispatch.darp.problem import NONE
from dispatch.darp.sheet import AT, LAST, NODE, VEHICLE
from dispatch.darp.state import State
from dispatch.darp.times import refresh

MEAN_TAKEN = 10
LONGEST_STRING = 10
"""Rides taken on average and longest string (Christiaens & Vanden Berghe 2020, doi:10.1287/trsc.2019.0914)."""
HALF = 0.5
MOST_RELATED = 15
"""Most rides taken with one they are related to."""
ELSEWHERE = -2
"""Row of a ride on its way into another row."""
GREED = 4
"""How much the most related or dearest rides are preferred (determinism of Ropke & Pisinger 2006)."""


@compiled
def note(state: State, ride: int, count: int) -> int:
    """Note a ride as taken; return the number of noted ones."""
    state.touched[state.row[ride]] = 1
    state.row[ride] = NONE
    state.bank[count] = ride
    return count + 1


@compiled
def strings(data: Data, state: State, count: int) -> int:
    """Take a string of consecutive rides out of each of a few routes around one ride."""
    rides, used = len(data.rides), 0
    for row in range(len(data.fleet)):
        used += 1 if state.trial.row[row, LAST] > 1 else 0
    longest = min(LONGEST_STRING, rides / max(used, 1))
    most = 4.0 * MEAN_TAKEN / (1.0 + longest) - 1.0
    left = int(1.0 + chance(state.random) * max(most, 0.0))
    seed = pick(state.random, rides)
    for k in range(rides):
        ride = state.near[seed, k]
        row = state.row[ride]
        if row == NONE or state.touched[row] == 1:
            continue
        count = _string(data, state, row, ride, longest, count)
        left -= 1
        if left == 0:
            break
    return count


@compiled
def _string(data: Data, state: State, row: int, ride: int, longest: float, count: int) -> int:
    """Take a string of rides, in the order they board, that holds a given one; half the time it spares a part."""
    length, at = _boarding_order(data, state, row, ride)
    taken = 1 + pick(state.random, int(min(float(length), longest)))
    spared = 0
    if chance(state.random) < HALF:
        while taken + spared < length and chance(state.random) < HALF:
            spared += 1
    whole = taken + spared
    low, high = max(0, at - whole + 1), min(at, length - whole)
    begin = low + pick(state.random, high - low + 1)
    spare_from = begin + 1 + pick(state.random, taken) if spared else begin + whole
    for k in range(begin, begin + whole):
        if spare_from <= k < spare_from + spared:
            continue
        count = note(state, state.order[k], count)
    return count


@compiled
def _boarding_order(data: Data, state: State, row: int, ride: int) -> tuple[int, int]:
    """List the movable rides of a row in ``order``; return their number and where a given one is."""
    length, at = 0, 0
    for k in range(1, state.trial.row[row, LAST]):
        node = state.trial.route[row, k, NODE]
        other = data.link[node, RIDE]
        if data.rides[other, FIRST] == node:
            if other == ride:
                at = length
            state.order[length] = other
            length += 1
    return length, at


@compiled
def related(data: Data, state: State, count: int) -> int:
    """Take a ride and some of those most related to it (Shaw 1998, doi:10.1007/3-540-49481-2_30)."""
    rides = len(data.rides)
    wanted = 2 + pick(state.random, min(MOST_RELATED, rides))
    seed = pick(state.random, rides)
    while wanted > 0:
        rank = int(chance(state.random) ** GREED * rides)
        while rank < rides and state.row[state.near[seed, rank]] == NONE:
            rank += 1
        if rank < rides:
            count = note(state, state.near[seed, rank], count)
        wanted -= 1
    return count


@compiled
def dear(data: Data, state: State, count: int) -> int:
    """Take rides that cost much where they are, more or less."""
    wanted = 2 + pick(state.random, min(MOST_RELATED, len(data.rides)))
    for _ in range(wanted):
        chosen, chosen_score = NONE, -1.0
        for row in range(len(data.fleet)):
            for k in range(1, state.trial.row[row, LAST]):
                node = state.trial.route[row, k, NODE]
                ride = data.link[node, RIDE]
                if data.rides[ride, FIRST] == node and state.row[ride] != NONE:
                    score = _saving(data, state, row, ride, k) * chance(state.random) ** 2
                    if score > chosen_score:
                        chosen, chosen_score = ride, score
        if chosen == NONE:
            break
        count = note(state, chosen, count)
    return count


@compiled
def _saving(data: Data, state: State, row: int, ride: int, k: int) -> float:
    """Return about what driving would be saved without a ride whose first stop is in column ``k``."""
    sheet = state.trial
    second = data.rides[ride, SECOND]
    j = k
    while second != NONE and sheet.route[row, j, NODE] != second:
        j += 1
    a, b, c = sheet.route[row, k - 1, AT], sheet.route[row, k, AT], sheet.route[row, k + 1, AT]
    if j == k + 1:
        d, e = sheet.route[row, j, AT], sheet.route[row, j + 1, AT]
        return data.way[COST, a, b] + data.way[COST, b, d] + data.way[COST, d, e] - data.way[COST, a, e]
    saving = data.way[COST, a, b] + data.way[COST, b, c] - data.way[COST, a, c]
    if second != NONE:
        a, b, c = sheet.route[row, j - 1, AT], sheet.route[row, j, AT], sheet.route[row, j + 1, AT]
        saving += data.way[COST, a, b] + data.way[COST, b, c] - data.way[COST, a, c]
    return saving


@compiled
def anybody(data: Data, state: State, count: int) -> int:
    """Take any rides."""
    wanted = 1 + pick(state.random, min(MOST_RELATED, len(data.rides)))
    for _ in range(wanted):
        ride = pick(state.random, len(data.rides))
        if state.row[ride] != NONE:
            count = note(state, ride, count)
    return count


@compiled
def whole_route(data: Data, state: State, count: int) -> int:
    """Take all rides of one route."""
    ride = pick(state.random, len(data.rides))
    row = state.row[ride]
    if row != NONE:
        length, _ = _boarding_order(data, state, row, ride)
        for k in range(length):
            count = note(state, state.order[k], count)
    return count


@compiled
def replaced(data: Data, state: State, count: int) -> int:
    """Put a route of the pool that the relaxation would like in place of the one it shares most rides with."""
    if state.wanted[0] == 0:
        return strings(data, state, count)
    slot = state.guide[pick(state.random, state.wanted[0])]
    row = _likest(data, state, slot)
    sheet = state.trial
    last = 0
    while state.pool[slot, last] != NONE:
        ride = data.link[state.pool[slot, last], RIDE]
        if data.rides[ride, FIRST] != NONE:
            if state.row[ride] >= 0:
                state.touched[state.row[ride]] = 1
            state.row[ride] = ELSEWHERE
        last += 1
    for k in range(1, sheet.row[row, LAST]):
        ride = data.link[sheet.route[row, k, NODE], RIDE]
        if state.row[ride] == row:
            count = note(state, ride, count)
    state.touched[row] = 1
    sheet.row[row, LAST] = last + 1
    sheet.route[row, last + 1, NODE] = data.stops + len(data.fleet) + sheet.row[row, VEHICLE]
    for k in range(last):
        sheet.route[row, k + 1, NODE] = state.pool[slot, k]
        ride = data.link[state.pool[slot, k], RIDE]
        if data.rides[ride, FIRST] != NONE:
            state.row[ride] = row
    return count


@compiled
def _likest(data: Data, state: State, slot: int) -> int:
    """Return the row that shares most rides with a route of the pool and whose vehicle can drive it."""
    group = data.fleet[state.pool_vehicle[slot], GROUP]
    best, best_shared = group, -1
    for row in range(len(data.fleet)):
        if data.fleet[row, GROUP] != group:
            continue
        k, shared = 0, 0
        while state.pool[slot, k] != NONE:
            if state.row[data.link[state.pool[slot, k], RIDE]] == row:
                shared += 1
            k += 1
        if shared > best_shared:
            best, best_shared = row, shared
    return best


@compiled
def emptied(data: Data, state: State) -> bool:
    """Take what was noted out of the rows; return whether what is left is feasible."""
    sheet = state.trial
    for row in range(len(data.fleet)):
        if state.touched[row] == 0:
            continue
        kept = 0
        for k in range(sheet.row[row, LAST] + 1):
            node = sheet.route[row, k, NODE]
            ride = data.link[node, RIDE]
            is_movable = ride != NONE and (node == data.rides[ride, FIRST] or node == data.rides[ride, SECOND])
            if not is_movable or state.row[ride] == row:
                sheet.route[row, kept, NODE] = node
                kept += 1
        sheet.row[row, LAST] = kept - 1
        if not refresh(data, sheet, row):
            return False
    return True
