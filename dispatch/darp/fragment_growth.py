"""Whether the fragments of a day are hopelessly many: found out from a sample of their beginnings, in a few hundredths.

On a day that empties its vehicles now and then most beginnings of a few stops can hardly be continued; with wide
windows each of them has five continuations and more, length after length.
"""

import numpy as np

from dispatch.darp.fleets import Legs
from dispatch.darp.labels import MOST_ABOARD, RIDING, begin_labels, extend_labels, marks, room, scratch

_SAMPLE = 250
"""Beginnings of each length that are continued at most."""
_LENGTHS = 3
"""Stops by which they are continued."""
_MOST = 60.0
"""Continuations of a single stop that are still worth a try; published days have either below 20 or above 200."""


def is_exploding(legs: Legs) -> bool:
    """Return whether a stop has, ``_LENGTHS`` stops later, so many continuations that counting them all is hopeless."""
    rides = len(legs.longest)
    most = max(_SAMPLE * 2 * rides, rides)
    here, there = (room(most, most * (RIDING + _LENGTHS + 2) ** 2, legs) for _ in range(2))
    work = scratch(marks(rides))
    count, growth = begin_labels(legs, work.mark, here), 1.0
    for _ in range(min(_LENGTHS, MOST_ABOARD)):
        alive = np.flatnonzero(here.ends[: max(count, 0), 0])
        sample = alive[:: -(-len(alive) // _SAMPLE)] if len(alive) else alive
        if not len(sample):
            return False
        work.at[0] = most
        count = extend_labels(legs, here, there, work, sample)
        if count < 0:
            return True
        growth *= count / len(sample)
        here, there = there, here
    return growth > _MOST
