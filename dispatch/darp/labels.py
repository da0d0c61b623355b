"""Labels: beginnings of fragments, all of one length at a time, and the step to the next length.

A label keeps of its times only what its future can feel: the longest ways between the clock's zero, its first stop, its
last stop and the pickups of the rides still aboard, in the system of all inequalities so far. Of two labels that serve
the same rides, have the same aboard and share first and last stop, the one that is nowhere better can be forgotten.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.darp.compiled import compiled, entry
from dispatch.darp.fleets import SLACK, Legs
from dispatch.darp.problem import Floats, Integers

WAITING, ABOARD, HOME = range(3)
"""States of a ride in a label."""
ZERO, FIRST, LAST, RIDING = range(4)
"""Places in a label's table of ways; from ``RIDING`` on the pickups of those aboard, in the order of rides."""
MOST_ABOARD = 24
"""Rides aboard at a time; more end the enumeration as one label too many does."""
_NO_ROOM = -1

Marks = NDArray[np.uint64]


class Labels(NamedTuple):
    """Room for labels of one length."""

    state: "NDArray[np.int8]"
    """Shape (labels, r)."""
    aboard: Integers
    """Rides aboard, ascending, shape (labels, MOST_ABOARD)."""
    ends: Integers
    """Number of rides aboard, first stop and last stop, shape (labels, 3)."""
    load: Integers
    """Shape (labels, c)."""
    sums: Floats
    """Cost and length, shape (labels, 2)."""
    mark: Marks
    """Equal for equal state; different ones are hardly ever equal, and compared whole before anything depends on it."""
    begin: Integers
    """Where the table of ways stands in ``ways``, shape (labels + 1,)."""
    ways: Floats
    """Tables one after the other, (RIDING + aboard)² each."""
    origin: Integers
    """Which label of the length before it comes from, shape (labels,)."""


def room(labels: int, ways: int, legs: Legs) -> Labels:
    """Return room for so many labels and entries in their tables."""
    return Labels(
        state=np.empty((labels, len(legs.longest)), dtype=np.int8),
        aboard=np.empty((labels, MOST_ABOARD), dtype=np.int64),
        ends=np.empty((labels, 3), dtype=np.int64),
        load=np.empty((labels, len(legs.capacity)), dtype=np.int64),
        sums=np.empty((labels, 2)),
        mark=np.empty(labels, dtype=np.uint64),
        begin=np.zeros(labels + 1, dtype=np.int64),
        ways=np.empty(ways),
        origin=np.empty(labels, dtype=np.int64),
    )


def marks(rides: int) -> Marks:
    """Return a number for each state of each ride and for each stop as the last (SplitMix64), shape (rides, 5)."""
    z = np.arange(1, 5 * rides + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))).reshape(rides, 5)


def begin_labels(legs: Legs, mark: Marks, into: Labels) -> int:
    """Write a label for each pickup; returns how many, negative when they had no room."""
    rides, size = len(legs.longest), RIDING + 1
    fits = (legs.load[:rides] <= legs.capacity).all(axis=1) & (legs.earliest <= legs.latest + SLACK)[:rides]
    first = np.nonzero(fits)[0]
    count = len(first)
    if count > len(into.mark) or count * size * size > len(into.ways):
        return _NO_ROOM
    into.state[:count] = WAITING
    into.state[np.arange(count), first] = ABOARD
    into.aboard[:count, 0] = first
    into.ends[:count] = np.column_stack([np.ones(count, dtype=np.int64), first, first])
    into.load[:count] = legs.load[first]
    into.sums[:count] = 0.0
    into.mark[:count] = mark[first, ABOARD] + mark[first, 3]
    ways = np.zeros((count, size, size))
    ways[:, ZERO, FIRST:] = legs.earliest[first, None]
    ways[:, FIRST:, ZERO] = -legs.latest[first, None]
    into.ways[: ways.size] = ways.ravel()
    into.begin[: count + 1] = np.arange(count + 1) * size * size
    into.origin[:count] = np.arange(count)
    return count


class Scratch(NamedTuple):
    """Room that the step from one length to the next works in."""

    at: Integers
    """The label that is extended, the label that is written, and the stop between: shape (3,)."""
    mark: Marks
    """See ``marks``."""
    reach: Floats
    """The longest way from each place of the old table to the new stop, and 0 for the new stop itself."""
    leave: Floats
    """The longest way back."""
    former: Integers
    """Where each place of the new table stood in the old one; behind its end for the new stop."""


def scratch(mark: Marks) -> Scratch:
    """Return room to work in."""
    size = RIDING + MOST_ABOARD + 1
    at, former = np.zeros(3, dtype=np.int64), np.zeros(size, dtype=np.int64)
    return Scratch(at=at, mark=mark, reach=np.empty(size), leave=np.empty(size), former=former)


@entry
def extend_labels(legs: Legs, source: Labels, into: Labels, w: Scratch, kept: Integers) -> int:
    """Write all labels that are one stop longer than those ``kept`` of the source.

    ``w.at`` holds how many stops may be tried, and afterwards how many are left. Returns how many labels were written,
    negative when they had no room or the stops did not suffice.
    """
    rides, found, steps = len(legs.longest), 0, w.at[0]
    for k in range(len(kept)):
        label = kept[k]
        if source.ends[label, 0] == 0:
            continue
        for stop in range(2 * rides):
            if not _may_follow(legs, source, label, stop):
                continue
            steps -= 1
            if steps < 0 or not _has_room(source, into, label, found):
                return _NO_ROOM
            w.at[0], w.at[1], w.at[2] = label, found, stop
            if _is_timed(legs, source, into, w):
                _carry(legs, source, into, w)
                _seat(legs, source, into, w)
                if _is_bearable(legs, into, found):
                    found += 1
    w.at[0] = steps
    return found


@compiled
def _may_follow(legs: Legs, source: Labels, label: int, stop: int) -> bool:
    """Whether a stop is open, its pickup done, room for it and, as far as a glance can tell, time."""
    rides = len(legs.longest)
    needed = WAITING if stop < rides else ABOARD
    if source.state[label, stop % rides] != needed:
        return False
    ready = source.ways[source.begin[label] + LAST]
    if ready + legs.travel[source.ends[label, 2], stop] > legs.latest[stop] + SLACK:
        return False
    fits = True
    for c in range(len(legs.capacity)):
        fits &= source.load[label, c] + legs.load[stop, c] <= legs.capacity[c]
    return fits


@compiled
def _has_room(source: Labels, into: Labels, label: int, found: int) -> bool:
    size = RIDING + source.ends[label, 0] + 1
    fits = found < len(into.mark) and source.ends[label, 0] < MOST_ABOARD
    return fits and into.begin[found] + size * size <= len(into.ways)


@compiled
def _is_timed(legs: Legs, source: Labels, into: Labels, w: Scratch) -> bool:
    """Write the table of ways with one more stop; returns whether times can be found for all."""
    label, found, stop = w.at[0], w.at[1], w.at[2]
    old, base, target = RIDING + source.ends[label, 0], source.begin[label], into.begin[found]
    mate = _mate(legs, source, label, stop)
    limit = legs.longest[stop - len(legs.longest)] if mate < old else 0.0
    travel = legs.travel[source.ends[label, 2], stop]
    for a in range(old):
        row = base + a * old
        w.reach[a] = max(source.ways[row + LAST] + travel, source.ways[row] + legs.earliest[stop])
        w.leave[a] = source.ways[base + a] - legs.latest[stop]
        if mate < old:
            w.leave[a] = max(w.leave[a], source.ways[base + mate * old + a] - limit)
    w.reach[old], w.leave[old] = 0.0, 0.0
    if w.reach[ZERO] > legs.latest[stop] + SLACK or (mate < old and w.reach[mate] > limit + SLACK):
        return False
    size = _map_places(legs, source, w, mate)
    for i in range(size):
        a = w.former[i]
        for j in range(size):
            b = w.former[j]
            way = w.reach[a] + w.leave[b]
            if a < old and b < old:
                way = max(way, source.ways[base + a * old + b])
            into.ways[target + i * size + j] = way
    into.begin[found + 1] = target + size * size
    return True


@compiled
def _mate(legs: Legs, source: Labels, label: int, stop: int) -> int:
    """Return the place of a drop-off's pickup in the old table; behind its end for a pickup."""
    place = RIDING
    while place < RIDING + source.ends[label, 0]:
        if source.aboard[label, place - RIDING] == stop - len(legs.longest):
            break
        place += 1
    return place


@compiled
def _map_places(legs: Legs, source: Labels, w: Scratch, mate: int) -> int:
    """Write where the places of the new table stood; returns its size."""
    label, stop = w.at[0], w.at[2]
    end, size = RIDING + source.ends[label, 0], RIDING
    w.former[ZERO], w.former[FIRST], w.former[LAST] = ZERO, FIRST, end
    is_placed = stop >= len(legs.longest)
    for place in range(RIDING, end + 1):
        if not is_placed and (place == end or source.aboard[label, place - RIDING] > stop):
            w.former[size] = end
            size += 1
            is_placed = True
        if place < end and place != mate:
            w.former[size] = place
            size += 1
    return size


@compiled
def _carry(legs: Legs, source: Labels, into: Labels, w: Scratch) -> None:
    """Write state, sums and mark of the new label."""
    label, found, stop = w.at[0], w.at[1], w.at[2]
    rides, last = len(legs.longest), source.ends[label, 2]
    ride = stop % rides
    for other in range(rides):
        into.state[found, other] = source.state[label, other]
    into.state[found, ride] = ABOARD if stop < rides else HOME
    for c in range(len(legs.capacity)):
        into.load[found, c] = source.load[label, c] + legs.load[stop, c]
    into.sums[found, 0] = source.sums[label, 0] + legs.cost[last, stop]
    into.sums[found, 1] = source.sums[label, 1] + legs.length[last, stop]
    own = source.mark[label] - w.mark[last % rides, 3 + last // rides] + w.mark[ride, 3 + stop // rides]
    own += w.mark[ride, into.state[found, ride]]
    if stop >= rides:
        own -= w.mark[ride, ABOARD]
    into.mark[found] = own
    into.origin[found] = label


@compiled
def _seat(legs: Legs, source: Labels, into: Labels, w: Scratch) -> None:
    """Write who is aboard, in the order of rides, and the new label's ends."""
    label, found, stop = w.at[0], w.at[1], w.at[2]
    size = RIDING + source.ends[label, 0] + (1 if stop < len(legs.longest) else -1)
    for place in range(RIDING, size):
        is_new = w.former[place] == RIDING + source.ends[label, 0]
        into.aboard[found, place - RIDING] = stop if is_new else source.aboard[label, w.former[place] - RIDING]
    into.ends[found, 0], into.ends[found, 1], into.ends[found, 2] = size - RIDING, source.ends[label, 1], stop


@compiled
def _is_bearable(legs: Legs, labels: Labels, label: int) -> bool:
    """Whether everybody aboard could still be brought home in time, each alone and each two one after the other."""
    rides, count = len(legs.longest), labels.ends[label, 0]
    here, base, size = labels.ends[label, 2], labels.begin[label], RIDING + labels.ends[label, 0]
    ready = labels.ways[base + LAST]
    for k in range(count):
        ride, row = labels.aboard[label, k], base + (RIDING + k) * size
        home = rides + ride
        swift = legs.swift[here, home]
        if max(ready + swift, legs.earliest[home]) > legs.latest[home] + SLACK:
            return False
        if max(labels.ways[row + LAST] + swift, labels.ways[row] + legs.earliest[home]) > legs.longest[ride] + SLACK:
            return False
    for k in range(count):
        for m in range(k):
            if not (_is_second(legs, labels, label, k, m) or _is_second(legs, labels, label, m, k)):
                return False
    return True


@compiled
def _is_second(legs: Legs, labels: Labels, label: int, k: int, m: int) -> bool:
    """Whether the one at ``k`` could be brought home right after the one at ``m``."""
    rides, base, size = len(legs.longest), labels.begin[label], RIDING + labels.ends[label, 0]
    second, before = labels.aboard[label, k] + rides, labels.aboard[label, m] + rides
    swift = legs.swift[labels.ends[label, 2], before]
    ready = max(labels.ways[base + LAST] + swift, legs.earliest[before]) + legs.swift[before, second]
    ridden = labels.ways[base + (RIDING + k) * size + LAST] + swift + legs.swift[before, second]
    in_time: bool = ready <= legs.latest[second] + SLACK and ridden <= legs.longest[second - rides] + SLACK
    return in_time


@entry
def mark_unbeaten(labels: Labels, order: Integers, kept: NDArray[np.bool_]) -> None:
    """Set ``kept`` for labels that none before them in ``order`` (equal marks together, cheapest first) beats."""
    begin = 0
    for b in range(len(order)):
        if labels.mark[order[b]] != labels.mark[order[begin]]:
            begin = b
        kept[b] = True
        for a in range(begin, b):
            if kept[a] and _is_beaten(labels, order[b], order[a]):
                kept[b] = False
                break


@compiled
def _is_beaten(labels: Labels, label: int, by: int) -> bool:
    """Whether another label (no dearer) is nowhere worse and has the same rides, aboard, first and last stop."""
    if labels.sums[by, 1] > labels.sums[label, 1]:
        return False
    for e in range(3):
        if labels.ends[label, e] != labels.ends[by, e]:
            return False
    size = RIDING + labels.ends[label, 0]
    for i in range(size):
        # Ways from the last stop and to the first only repeat what others say; if they ride on, they stand twice.
        for j in range(size if i != LAST else 0):
            k = i * size + j
            if j != FIRST and labels.ways[labels.begin[by] + k] > labels.ways[labels.begin[label] + k]:
                return False
    is_same = True
    for ride in range(labels.state.shape[1]):
        is_same &= labels.state[label, ride] == labels.state[by, ride]
    return is_same
