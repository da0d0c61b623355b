"""What is known of one segment, from one stop to the next: how time grows along it, and where vehicles stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from passenger_info.prediction.levels import Log, Variance
from passenger_info.prediction.stands import Stands
from passenger_info.prediction.watch import MARKS

_MEMORY = 25


@dataclass(slots=True)
class Segment:
    """Changed by learning."""

    stands: Stands = field(default_factory=Stands)
    profile: list[float] = field(default_factory=lambda: [(i + 1) / MARKS for i in range(MARKS)])
    """Share of the moving time that has passed at each mark."""
    variance: Variance = 0.14**2
    """Of the logarithm of a drive's moving time around what was expected."""
    persistent: Variance = 0.08**2
    """The part of it that a drive's two halves share."""
    _profiles_seen: int = 0

    def drive_seen(self, stands: Sequence[tuple[float, float]], marks_s: Sequence[float], day: date) -> None:
        """Learn from a drive: its stands, and its moving time at the marks (all of them, else nothing is learned)."""
        self.stands.seen(stands, day)
        if len(marks_s) != MARKS or marks_s[-1] <= 0:
            return
        self._profiles_seen = min(self._profiles_seen + 1, _MEMORY)
        gain = 1 / (self._profiles_seen + 2)
        for i, moving_s in enumerate(marks_s):
            self.profile[i] += gain * (moving_s / marks_s[-1] - self.profile[i])

    def passed(self, share: float) -> float:
        """Return the share of the moving time that has usually passed at a share of the way."""
        place = min(max(share, 0.0), 1.0) * MARKS
        i = int(place)
        below = self.profile[i - 1] if i > 0 else 0.0
        return below if i >= MARKS else below + (place - i) * (self.profile[i] - below)

    def halves_seen(self, first: Log, second: Log) -> None:
        """Learn from the logarithmic deviations of a drive's two halves how far one tells the other."""
        both = max(-0.25, min(0.25, first)) * max(-0.25, min(0.25, second))
        self.persistent = min(max(self.persistent + (both - self.persistent) / _MEMORY, 0.0), self.variance)

    def whole_seen(self, off: Log) -> None:
        """Learn from a whole drive's logarithmic deviation."""
        self.variance += (min(off * off, 0.25) - self.variance) / _MEMORY
        self.variance = max(self.variance, 0.03**2)
