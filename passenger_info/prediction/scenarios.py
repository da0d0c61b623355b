"""A fixed set of scenarios that carries distributions through a trip: sums, waits and mixtures without formulas.

A duration is a table of its quantiles, one for each stratum (Latin hypercube sampling: McKay, Beckman and Conover 1979,
doi:10.2307/1268522). Each use of a table takes its strata in another fixed order, so that durations are independent of
each other, and the same question always has the same answer.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
"""Shape (``COUNT``,): one value a scenario."""

Rows = NDArray[np.float64]
"""Shape (rows,)."""

COUNT = 128
_COLUMNS = 96
"""Orders that exist; a trip with more durations uses them again."""
_MODULUS = 2**31 - 1
_FACTOR = 48271


def _orders() -> NDArray[np.intp]:
    """Return shuffles by the minimal standard generator (Park and Miller 1988, doi:10.1145/63039.63042)."""
    drawn, orders = 20251014, np.empty((_COLUMNS, COUNT), dtype=np.intp)
    for row in orders:
        row[:] = np.arange(COUNT)
        for i in range(COUNT - 1, 0, -1):
            drawn = drawn * _FACTOR % _MODULUS
            j = drawn % (i + 1)
            row[i], row[j] = row[j], row[i]
    return orders


_ORDERS = _orders()
LEVELS: Values = (np.arange(COUNT) + 0.5) / COUNT
"""The probability that each stratum stands for."""
_NORMALS: NDArray[np.float64] = np.array([NormalDist().inv_cdf(level) for level in LEVELS.tolist()])[_ORDERS]
"""Standard normal values, shape (columns, ``COUNT``)."""


def normals(column: int) -> Values:
    """Return standard normal values in the order of ``column``."""
    values: Values = _NORMALS[column % _COLUMNS]
    return values


def table(durations: Sequence[float]) -> Values:
    """Return the quantile table of observed durations (at least one), interpolated between them."""
    ordered = np.sort(np.asarray(durations, dtype=np.float64))
    places = LEVELS * len(ordered) - 0.5
    found: Values = np.interp(places, np.arange(len(ordered)), ordered)
    return found


def drawn(quantiles: Values, column: int) -> Values:
    """Return a table's values in the order of ``column``."""
    values: Values = quantiles[_ORDERS[column % _COLUMNS]]
    return values


def from_three(p10: float, p50: float, p90: float, column: int) -> Values:
    """Return values whose 10, 50 and 90 % quantiles are given: two half normal distributions side by side."""
    z = normals(column)
    values: Values = p50 + np.where(z < 0, (p50 - p10) / _Z90, (p90 - p50) / _Z90) * z
    return values


_Z90 = 1.2815515594
_LOW, _HIGH = 0.1 * COUNT - 0.5, 0.9 * COUNT - 0.5


def quantiles(values: NDArray[np.float64]) -> tuple[Rows, Rows, Rows]:
    """Return the 10, 50 and 90 % quantiles of each row of values, shape (rows, ``COUNT``)."""
    ordered = np.sort(values, axis=1)
    low, high = int(_LOW), int(_HIGH)
    p10 = ordered[:, low] + (_LOW - low) * (ordered[:, low + 1] - ordered[:, low])
    p90 = ordered[:, high] + (_HIGH - high) * (ordered[:, high + 1] - ordered[:, high])
    p50 = (ordered[:, COUNT // 2 - 1] + ordered[:, COUNT // 2]) / 2
    return p10, p50, p90
