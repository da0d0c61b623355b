"""What the search keeps between two steps: two sheets, where every ride is, what is known of insertions and routes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.darp.arrays import EARLIEST, FIRST, LATEST, PLACE, SECOND, TIME, Data
from dispatch.darp.chance import seeded
from dispatch.darp.problem import NONE, Floats, Integers
from dispatch.darp.sheet import Marks, Sheet, blank

Shorts = NDArray[np.int16]

TIME_SHARE = 0.02
"""What a minute between the windows of two rides weighs against a minute of driving between their places."""
SPOTS = 2**16
"""Insertions remembered: 1.5 MB, about what a core's own cache holds."""
POOLED = 2**16
"""Routes remembered for the set partitioning."""
CURRENT_COST, BEST_COST, HEAT, DESCENDED_COST = range(4)


class State(NamedTuple):
    """Arrays of one search over ``n`` rides and ``m`` vehicles."""

    current: Sheet
    trial: Sheet
    """Equal to ``current`` between two steps."""
    best: Integers
    """Stops of the best routes, shape (m, width), filled up with ``NONE``."""
    costs: Floats
    """CURRENT_COST and BEST_COST, penalties included; HEAT; DESCENDED_COST: of the plan the last descent ended with."""
    row: Integers
    """Which row of ``trial`` serves a ride, shape (n,); ``NONE`` for none."""
    near: Integers
    """All rides from the most to the least related, for each ride, itself first, shape (n, n)."""
    bank: Integers
    """Rides taken out, in the order they are put back, shape (n,)."""
    order: Integers
    """Scratch, shape (n,)."""
    score: Floats
    """Scratch, shape (n,)."""
    touched: Integers
    """1 for rows of ``trial`` that differ from ``current``, shape (m,)."""
    guide: Integers
    """Slots of the pool that the relaxation of the set partitioning likes, shape (POOLED,)."""
    wanted: Integers
    """How many they are, shape (1,)."""
    random: Marks
    spot_mark: Marks
    """Which route and ride a remembered insertion is of."""
    spot_cost: Floats
    spot: Integers
    """Columns of pickup and drop-off, shape (SPOTS, 2)."""
    pool_mark: Marks
    """Which rides and group of vehicles a remembered route is of; 0 for none."""
    pool_cost: Floats
    pool: Shorts
    """Its stops, ended by ``NONE``, shape (POOLED, width)."""
    pool_vehicle: Integers
    """A vehicle that can drive it."""


def fresh(data: Data, seed: int) -> State:
    """Return the state before the first step."""
    n, m = len(data.rides), len(data.fleet)
    width = data.stops + 2
    return State(
        current=blank(data),
        trial=blank(data),
        best=np.full((m, width), NONE),
        costs=np.full(4, np.inf),
        row=np.full(n, NONE),
        near=_near(data),
        bank=np.zeros(n, dtype=np.int64),
        order=np.zeros(n, dtype=np.int64),
        score=np.zeros(n),
        touched=np.zeros(m, dtype=np.int64),
        guide=np.zeros(POOLED, dtype=np.int64),
        wanted=np.zeros(1, dtype=np.int64),
        random=seeded(seed),
        spot_mark=np.zeros(SPOTS, dtype=np.uint64),
        spot_cost=np.zeros(SPOTS),
        spot=np.zeros((SPOTS, 2), dtype=np.int64),
        pool_mark=np.zeros(POOLED, dtype=np.uint64),
        pool_cost=np.zeros(POOLED),
        pool=np.empty((POOLED, width), dtype=np.int16),
        pool_vehicle=np.zeros(POOLED, dtype=np.int64),
    )


def _near(data: Data) -> Integers:
    """Return the rides by relatedness: near in place at both ends, and in time (Shaw 1998)."""
    ends = []
    for end in (FIRST, SECOND):
        stop = np.where(data.rides[:, end] == NONE, data.rides[:, FIRST], data.rides[:, end])
        place = np.maximum(data.link[stop, PLACE], 0)
        middle = (data.stop[stop, EARLIEST] + data.stop[stop, LATEST]) / 2
        time = data.way[TIME][np.ix_(place, place)]
        ends.append((time + time.T) / 2 + TIME_SHARE * abs(middle[:, None] - middle[None, :]))
    related = ends[0] + ends[1]
    np.fill_diagonal(related, -1.0)
    return np.argsort(related, axis=1, kind="stable")
