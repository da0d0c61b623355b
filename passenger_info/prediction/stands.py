"""Where vehicles stand on one segment, and whether something stops every drive there today, such as roadworks.

What lasts for a day is too short for an average of many drives and too long for chance. So it is a question of its own:
each drive of a day that stood, or did not, makes it more or less probable (Bayes), by how rare that is on other days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from passenger_info.prediction.scenarios import LEVELS, Values, table
from passenger_info.prediction.watch import MARKS

LONG_S = 8.0
"""A drive that stood for so long in all may have been stopped by what stops every drive of its day."""
_KEPT = 60
_PRIOR_DRIVES = 8
"""Until this many drives were seen, stands of other segments help out."""
_OF_DAYS = 0.03
"""Share of days on which something does; judgement."""
_OF_DRIVES = 0.95
"""Share of drives that stand long while something does; judgement."""
_LEAST, _SUREST = 0.003, 0.99
"""Works begin and end in the middle of a day: however many drives said one thing, a few that say another are heard."""
_LIKELY = 0.5
"""What is more probable is taken for so: the day's drives do not count as usual."""
_LITTLE = 0.05
"""What is less probable is left out."""

Drive = tuple[tuple[float, float], ...]
"""The stands of one drive, each as (share of the way, seconds)."""


@dataclass(slots=True)
class Stands:
    """Changed by learning; tables are kept until then."""

    blocked_frac: float = _OF_DAYS
    """How probable it is that something stops every drive of the newest day."""
    _ordinary: list[Drive] = field(default_factory=list)
    """The newest drives of days on which nothing did."""
    _today: list[Drive] = field(default_factory=list)
    _day: date = date.min
    _tables: dict[tuple[int, int, bool, bool], Values] = field(default_factory=dict)

    def seen(self, stands: Sequence[tuple[float, float]], day: date) -> None:
        """Learn from a drive of a service day; one of a day before the newest counts as of the newest."""
        if day > self._day:
            self._ordinary, self._today, self._day = self._usual()[-_KEPT:], [], day
            self.blocked_frac = _OF_DAYS
        drive = tuple(stands)
        self._today = [*self._today, drive][-_KEPT:]
        self.blocked_frac = self._weighed(drive)
        self._tables.clear()

    def ahead(self, share: float, others: Sequence[float], day: date, *, has_stood: bool = False) -> Values:
        """Return the quantile table of standing time on the rest of the way from ``share`` of it.

        ``others`` are totals of whole drives elsewhere, rising; ``has_stood``: the drive has stood long already, and
        what stops all of its day lies behind it.
        """
        step, is_today = round(share * MARKS), day <= self._day
        seen = len(self._ordinary) + (len(self._today) if self.blocked_frac < _LIKELY else 0)
        lacking = max(0, _PRIOR_DRIVES - seen) if others else 0
        key = (step, lacking and len(others), is_today, has_stood)
        known = self._tables.get(key)
        if known is None:
            from_share = step / MARKS
            totals = [sum(s for place, s in drive if place > from_share) for drive in self._usual()]
            evenly = [others[(2 * k + 1) * len(others) // (2 * lacking)] for k in range(lacking)]
            totals.extend((1 - from_share) * stood_s for stood_s in evenly)
            blocked_frac = self._still_ahead(from_share) if is_today and self._today and not has_stood else 0.0
            known = self._tables[key] = _mixed(
                totals or [0.0], [_stood_s(drive) for drive in self._today], blocked_frac
            )
        return known

    def _usual(self) -> list[Drive]:
        return [*self._ordinary, *self._today] if self.blocked_frac < _LIKELY else self._ordinary

    def _weighed(self, drive: Drive) -> float:
        """Return how probable it is that something stops every drive now that one more has come through."""
        long = sum(_stood_s(each) >= LONG_S for each in self._ordinary)
        usual = (long + 1) / (len(self._ordinary) + 4)
        stood = _stood_s(drive) >= LONG_S
        so = self.blocked_frac * (_OF_DRIVES if stood else 1 - _OF_DRIVES)
        not_so = (1 - self.blocked_frac) * (usual if stood else 1 - usual)
        return min(max(so / (so + not_so), _LEAST), _SUREST)

    def _still_ahead(self, share: float) -> float:
        """Return how probable it is that something stops a drive that has come so far without standing."""
        ahead = self.blocked_frac * (1 - share)
        return ahead / (ahead + 1 - self.blocked_frac)


def _stood_s(drive: Drive) -> float:
    return sum(stand_s for _, stand_s in drive)


def _mixed(usual_s: Sequence[float], today_s: Sequence[float], blocked_frac: float) -> Values:
    """Return the quantile table of two sets of durations, the second with a weight of ``blocked_frac``."""
    if blocked_frac < _LITTLE:
        return table(usual_s)
    durations = np.array([*usual_s, *today_s])
    weights = np.repeat(((1 - blocked_frac) / len(usual_s), blocked_frac / len(today_s)), (len(usual_s), len(today_s)))
    order = np.argsort(durations, kind="stable")
    durations, weights = durations[order], weights[order]
    found: Values = np.interp(LEVELS, np.cumsum(weights) - weights / 2, durations)
    return found
