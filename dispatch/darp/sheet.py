"""Routes as the kernels keep them: one row each, with the times and loads that make a check of an insertion cheap."""

# An element of an array is Any to mypy.
# mypy: disable-error-code="no-any-return"
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.darp.arrays import BOARDS, EPS, GROUP, KIND, LENGTH, PEOPLE, PLACE, REACH, SERVICE, TIME, Data
from dispatch.darp.compiled import compiled
from dispatch.darp.problem import ANYWHERE, NONE, Floats, Integers

Marks = NDArray[np.uint64]


NODE, AT, TO = range(3)
LEG, BEGIN, BOUND, PLAN, ABOARD = range(5)
LAST, VEHICLE = range(2)


class Sheet(NamedTuple):
    """Rows of routes: column 0 is the start of the vehicle, column ``row[r, LAST]`` its end.

    One row more than vehicles, the last: there what might be is tried.
    """

    route: Integers
    """Shape (rows, width, 3). NODE; AT: place where the vehicle is, a break happens where it stands; TO: place it
    drives to next, breaks skipped."""
    times: Floats
    """Shape (rows, width, 5). LEG: from begin of service at the node before to arrival here; BEGIN: least, no feasible
    schedule begins earlier; BOUND: greatest, none begins later; PLAN: see ``times.arrange``; ABOARD: riders in the
    vehicle behind the node."""
    fill: Integers
    """Load behind each node, shape (rows, width, c)."""
    row: Integers
    """Shape (rows, 2). LAST: column of the end; VEHICLE."""
    cost: Floats
    """Of each row, shape (rows,)."""
    mark: Marks
    """Fingerprint of each row: equal for equal routes of like vehicles, shape (rows,)."""
    column: Integers
    """Where each node is in the row laid last, shape (nodes,); scratch."""


def blank(data: Data) -> Sheet:
    """Return a sheet for all vehicles of a problem, not laid yet."""
    rows, width = len(data.fleet) + 1, data.stops + 2
    return Sheet(
        route=np.full((rows, width, 3), NONE),
        times=np.zeros((rows, width, 5)),
        fill=np.zeros((rows, width, data.capacity.shape[1]), dtype=np.int64),
        row=np.zeros((rows, 2), dtype=np.int64),
        cost=np.zeros(rows),
        mark=np.zeros(rows, dtype=np.uint64),
        column=np.full(len(data.link), NONE),
    )


@compiled
def write(data: Data, sheet: Sheet, row: int, vehicle: int, stops: Integers) -> None:
    """Write the nodes of a vehicle's route into a row."""
    last = len(stops) + 1
    sheet.row[row, VEHICLE], sheet.row[row, LAST] = vehicle, last
    sheet.route[row, 0, NODE] = data.stops + vehicle
    for k in range(len(stops)):
        sheet.route[row, k + 1, NODE] = stops[k]
    sheet.route[row, last, NODE] = data.stops + len(data.fleet) + vehicle


@compiled
def copy_row(source: Sheet, row: int, target: Sheet, into: int) -> None:
    """Copy a row with all that is known of it."""
    last = source.row[row, LAST]
    for k in range(last + 1):
        for c in range(3):
            target.route[into, k, c] = source.route[row, k, c]
        for c in range(5):
            target.times[into, k, c] = source.times[row, k, c]
        for c in range(source.fill.shape[2]):
            target.fill[into, k, c] = source.fill[row, k, c]
    target.row[into, LAST] = last
    target.row[into, VEHICLE] = source.row[row, VEHICLE]
    target.cost[into] = source.cost[row]
    target.mark[into] = source.mark[row]


@compiled
def lay(data: Data, sheet: Sheet, row: int) -> bool:
    """Fill in places, legs and loads of a row from its nodes; return whether loads, breaks and reach are kept."""
    vehicle, last = sheet.row[row, VEHICLE], sheet.row[row, LAST]
    start = sheet.route[row, 0, NODE]
    kind = data.fleet[vehicle, KIND]
    here = data.link[start, PLACE]
    sheet.route[row, 0, AT] = here
    sheet.column[start] = 0
    sheet.times[row, 0, ABOARD] = data.stop[start, PEOPLE]
    for c in range(data.capacity.shape[1]):
        sheet.fill[row, 0, c] = data.load[kind, start, c]
    length = 0.0
    served = 0.0
    for k in range(1, last + 1):
        node = sheet.route[row, k, NODE]
        place = data.link[node, PLACE]
        if place == ANYWHERE:
            if sheet.times[row, k - 1, ABOARD] > 0.0:
                return False
            place = here
        sheet.route[row, k, AT] = place
        sheet.column[node] = k
        sheet.times[row, k, LEG] = served + data.way[TIME, here, place]
        length += data.way[LENGTH, here, place]
        sheet.times[row, k, ABOARD] = sheet.times[row, k - 1, ABOARD] + data.stop[node, PEOPLE]
        for c in range(data.capacity.shape[1]):
            filled = sheet.fill[row, k - 1, c] + data.load[kind, node, c]
            sheet.fill[row, k, c] = filled
            if data.link[node, BOARDS] and filled > data.capacity[vehicle, c]:
                return False
        served = data.stop[node, SERVICE]
        here = place
    _look_ahead(data, sheet, row)
    return length <= data.stop[start, REACH] + EPS


@compiled
def _look_ahead(data: Data, sheet: Sheet, row: int) -> None:
    following = sheet.route[row, sheet.row[row, LAST], AT]
    for k in range(sheet.row[row, LAST] - 1, -1, -1):
        sheet.route[row, k, TO] = following
        if data.link[sheet.route[row, k, NODE], PLACE] != ANYWHERE:
            following = sheet.route[row, k, AT]


@compiled
def scattered(bits: np.uint64) -> np.uint64:
    """Return 64 bits of which each depends on all given ones (finaliser of SplitMix64)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


@compiled
def stamp(data: Data, sheet: Sheet, row: int) -> None:
    """Renew the fingerprint of a row (FNV-1a over the nodes, scattered at the end)."""
    # Scattered, or a first stop and another group could cancel each other out.
    mark = scattered(np.uint64(data.fleet[sheet.row[row, VEHICLE], GROUP] + 1))
    for k in range(1, sheet.row[row, LAST]):
        mark = (mark ^ np.uint64(sheet.route[row, k, NODE] + 1)) * np.uint64(0x100000001B3)
    sheet.mark[row] = scattered(mark)
