"""Round trips in a few steps: small, and those of many days add up."""

from bisect import bisect_left
from collections.abc import Sequence

STEPS_MS = (10, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000)
"""Upper ends of the steps, included; one more step holds everything above."""


class Histogram:
    """Counts of durations by step."""

    __slots__ = ("counts",)

    def __init__(self, counts: Sequence[int] = ()) -> None:
        """Begin empty, or with the ``counts`` of another. Raises ``ValueError`` where they do not fit the steps."""
        if counts and (len(counts) != len(STEPS_MS) + 1 or min(counts) < 0):
            raise ValueError(f"{len(STEPS_MS) + 1} counts, none below 0")
        self.counts = [int(count) for count in counts] if counts else [0] * (len(STEPS_MS) + 1)

    @property
    def total(self) -> int:
        """How many durations were taken."""
        return sum(self.counts)

    def take(self, duration_ms: int) -> None:
        """Count one."""
        self.counts[bisect_left(STEPS_MS, duration_ms)] += 1

    def add(self, other: "Histogram") -> None:
        """Count all of another."""
        for step, count in enumerate(other.counts):
            self.counts[step] += count

    def at_most_ms(self, share: float) -> int | None:
        """Return the upper end of the step that holds the quantile; ``None`` for no duration at all.

        The last step has no end: what lies in it is told as the greatest step, 10 s.
        """
        wanted, seen = share * self.total, 0
        for step, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return STEPS_MS[min(step, len(STEPS_MS) - 1)]
        return None
