"""The smallest problem there is: one ride, one vehicle, nothing to drive."""

import numpy as np

from dispatch.darp.problem import Problem


def tiny() -> Problem:
    """Return a problem of one ride between two places at the same spot."""
    one, two, none, ride = np.ones(1), np.zeros(2), np.zeros((2, 2)), np.zeros(1, dtype=np.int64)
    return Problem(
        time=none,
        cost=none,
        length=none,
        place=np.arange(2),
        earliest=two,
        latest=two + 1.0,
        service=two,
        load=np.array([[[1], [-1]]]),
        people=np.array([1.0, -1.0]),
        pickup=ride,
        dropoff=ride + 1,
        longest=one,
        allowed=np.ones((1, 1), dtype=np.bool_),
        penalty=one,
        start=ride,
        end=ride,
        leave=one - 1.0,
        back=one,
        duration=one,
        reach=one,
        kind=ride,
        capacity=np.ones((1, 1), dtype=np.int64),
        aboard=np.zeros((1, 1), dtype=np.int64),
        aboard_people=one - 1.0,
        head=((),),
    )
