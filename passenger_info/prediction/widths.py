"""How wide intervals must be so that they keep their word: corrected by every arrival that was predicted before.

Adaptive conformal inference (Gibbs and Candès 2021, arXiv:2106.00543), for the lower and the upper end apart: an end
that is passed too often moves outwards, one that is passed too seldom inwards. In groups by how far ahead the arrival
is predicted, and whether the vehicle still waits for its start.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from math import exp

import numpy as np

from passenger_info.prediction.scenarios import Rows

_EDGES_S = (90.0, 180.0, 270.0, 360.0, 480.0, 600.0, 750.0, 900.0)
_EDGES = np.array(_EDGES_S)
_GROUPS = 2 * (len(_EDGES_S) + 1)
"""Number of groups."""
_PASSED = 0.1
"""Share of arrivals that may lie beyond either end of an 80 % interval."""
_STEP = 0.06
_LEAST, _MOST = 0.15, 7.0


def group_of(ahead_s: float, *, is_waiting: bool) -> int:
    """Return the group of a prediction ``ahead_s`` seconds ahead."""
    return 2 * bisect_right(_EDGES_S, ahead_s) + is_waiting


@dataclass(slots=True)
class Widths:
    """Factors on the distance of p10 and p90 from p50, by group."""

    _low: Rows = field(default_factory=lambda: np.ones(_GROUPS))
    _high: Rows = field(default_factory=lambda: np.ones(_GROUPS))

    def of(self, ahead_s: Rows, *, is_waiting: bool) -> tuple[Rows, Rows]:
        """Return the factors for the lower and the upper end of predictions so many seconds ahead."""
        groups = 2 * np.searchsorted(_EDGES, ahead_s, side="right") + is_waiting
        return self._low[groups], self._high[groups]

    def happened(self, group: int, *, is_below: bool, is_above: bool) -> None:
        """Learn from an arrival: whether it came before the interval began or after it ended."""
        low = self._low[group] * exp(_STEP * (is_below - _PASSED))
        high = self._high[group] * exp(_STEP * (is_above - _PASSED))
        self._low[group] = min(max(low, _LEAST), _MOST)
        self._high[group] = min(max(high, _LEAST), _MOST)
