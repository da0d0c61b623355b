"""Fragments: all sequences of stops between two moments with nobody aboard, each kept with three numbers of its times.

A route is a chain of fragments (Rist & Forbes 2021, doi:10.1287/trsc.2021.1051). All that the rest of a route has to
know about a fragment is when its last stop begins at the earliest, when its first stop may begin at the latest and how
long it takes from the one to the other when nothing waits: the fragment is a system of difference constraints, and
these are the longest ways between its two ends. So of the fragments that serve the same rides and share both ends only
those are kept that no other beats in cost, length and all three numbers; and the same holds for their beginnings
(``labels``), which is why they are found length by length.
"""

from dataclasses import dataclass

import numpy as np

from dispatch.darp.fleets import Legs
from dispatch.darp.labels import (
    FIRST,
    LAST,
    RIDING,
    ZERO,
    Labels,
    begin_labels,
    extend_labels,
    mark_unbeaten,
    marks,
    room,
    scratch,
)
from dispatch.darp.problem import Floats, Integers

COST, LENGTH, READY, START_BY, RUN = range(5)
"""Columns of ``Fragments.values``: cost, length, earliest begin of the last stop, latest begin of the first stop, and
the least time between the two."""
_WAYS_EACH = 64
"""Entries of a label's table of ways, on average."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fragments:
    """``f`` fragments of ``r`` rides; stop ``i`` is the pickup of ride ``i``, stop ``r + i`` its drop-off."""

    stops: Integers
    """The stops of all fragments, one after the other."""
    begins: Integers
    """Where each fragment begins in ``stops``, shape (f + 1,)."""
    values: Floats
    """Shape (f, 5): see ``COST``, ``LENGTH``, ``READY``, ``START_BY``, ``RUN``."""

    def __len__(self) -> int:
        """Return the number of fragments."""
        return len(self.values)

    @property
    def first(self) -> Integers:
        """Where each starts: a pickup, so the number of its ride."""
        return self.stops[self.begins[:-1]]

    @property
    def last(self) -> Integers:
        """The drop-off where each ends."""
        return self.stops[self.begins[1:] - 1]

    def of(self, fragment: int) -> list[int]:
        """Return the stops of one fragment."""
        found: list[int] = self.stops[self.begins[fragment] : self.begins[fragment + 1]].tolist()
        return found


def fragments(legs: Legs, *, most: int, steps: int) -> Fragments | None:
    """Return the fragments that matter.

    ``None`` when more than ``steps`` stops would have to be tried, or when more than ``most`` beginnings of one length
    or ``most`` fragments are found.
    """
    mark = marks(len(legs.longest))
    here, there = (room(most, most * _WAYS_EACH, legs) for _ in range(2))
    work, total = scratch(mark), 0
    work.at[0] = steps
    count = begin_labels(legs, mark, here)
    # Of each length: the last stop of each label and the label it comes from.
    history: list[tuple[Integers, Integers]] = []
    stops, values = [np.empty(0, dtype=np.int64)], [np.empty((0, 5))]
    while count > 0:
        kept = _unbeaten(here, count)
        history.append((here.ends[:count, 2].copy(), here.origin[:count].copy()))
        complete = kept[here.ends[kept, 0] == 0]
        total += len(complete)
        if total > most:
            return None
        stops.append(_sequences(history, complete).ravel())
        values.append(_values(here, complete))
        count = extend_labels(legs, here, there, work, kept)
        here, there = there, here
    if count < 0:
        return None
    sizes = np.concatenate([np.full(len(own), k, dtype=np.int64) for k, own in enumerate(values)])
    return Fragments(
        stops=np.concatenate(stops),
        begins=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        values=np.concatenate(values),
    )


def _unbeaten(labels: Labels, count: int) -> Integers:
    order = np.lexsort((labels.sums[:count, 0], labels.mark[:count]))
    kept = np.ones(count, dtype=np.bool_)
    mark_unbeaten(labels, order, kept)
    return np.sort(order[kept])


def _sequences(history: list[tuple[Integers, Integers]], labels: Integers) -> Integers:
    """Return the stops of labels of the last length, one row each."""
    rows = np.empty((len(labels), len(history)), dtype=np.int64)
    for column in range(len(history) - 1, -1, -1):
        stop, origin = history[column]
        rows[:, column], labels = stop[labels], origin[labels]
    return rows


def _values(labels: Labels, complete: Integers) -> Floats:
    """Return the numbers of labels with nobody aboard."""
    begin, size = labels.begin[complete], RIDING
    return np.column_stack(
        [
            labels.sums[complete],
            labels.ways[begin + ZERO * size + LAST],
            -labels.ways[begin + FIRST * size + ZERO],
            labels.ways[begin + FIRST * size + LAST],
        ]
    )
