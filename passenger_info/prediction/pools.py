"""The newest durations of one kind, and how long something still lasts that has lasted a while."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from passenger_info.prediction.scenarios import LEVELS, Values, drawn, table

_KEPT = 250
_FEWEST = 5
"""With fewer that lasted longer, the tail is taken to go on in proportion to what has passed."""
_LONGER = 0.5
_LONGER_S = 6.0


class Pool:
    """Durations in seconds, newest last; ``prior`` counts like observations until enough were seen."""

    __slots__ = ("_drawn", "_newest", "_sorted", "_table", "prior")

    def __init__(self, prior: Sequence[float]) -> None:
        """Take what is assumed before anything was seen."""
        self.prior = tuple(prior)
        self._newest: list[float] = []
        self._sorted: list[float] | None = None
        self._table: Values | None = None
        self._drawn: dict[int, Values] = {}

    def __len__(self) -> int:
        """Return how many were seen and are kept."""
        return len(self._newest)

    def add(self, duration_s: float) -> None:
        """Take one more."""
        self._newest.append(duration_s)
        if len(self._newest) > _KEPT:
            del self._newest[0]
        self._sorted = self._table = None
        self._drawn = {}

    @property
    def durations(self) -> list[float]:
        """All of them and the prior, ascending."""
        if self._sorted is None:
            self._sorted = sorted((*self._newest, *self.prior))
        return self._sorted

    @property
    def table(self) -> Values:
        """The quantile table of all of them."""
        if self._table is None:
            self._table = table(self.durations)
        return self._table

    def drawn(self, column: int) -> Values:
        """Return the table's values in the order of ``column``."""
        values = self._drawn.get(column)
        if values is None:
            values = self._drawn[column] = drawn(self.table, column)
        return values

    def rest(self, passed_s: float) -> Values:
        """Return the quantile table of the rest of a duration that has lasted ``passed_s`` (negative: not begun)."""
        known = self.durations
        first = bisect_right(known, passed_s)
        if len(known) - first >= _FEWEST:
            return table([duration - passed_s for duration in known[first:]])
        mean_s = _LONGER_S + _LONGER * max(passed_s, 0.0)
        left: Values = -mean_s * np.log1p(-LEVELS)
        return left
