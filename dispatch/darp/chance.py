"""A random generator whose state is an array: same seed, same numbers, whatever else runs in the process.

SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195).
"""

import numpy as np

from dispatch.darp.compiled import compiled
from dispatch.darp.sheet import Marks, scattered


def seeded(seed: int) -> Marks:
    """Return the state of a generator."""
    return np.array([seed % 2**64], dtype=np.uint64)


@compiled
def chance(state: Marks) -> float:
    """Return a number in [0, 1)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    return float(scattered(state[0]) >> np.uint64(11)) * 2.0**-53


@compiled
def pick(state: Marks, count: int) -> int:
    """Return a number in 0 … count - 1."""
    return int(chance(state) * count)
