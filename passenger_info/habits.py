"""What driving and stopping usually take: assumed from the schedule at first, learned from every stop served."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mobility.core.clock import seconds_between
from mobility.core.ids import StopId
from passenger_info.run import TripRun

_PRIOR_WEIGHT = 3.0
"""The assumption counts as much as this many observations."""
_MEMORY = 30
"""Older observations fade: the mean follows the newest this many."""
LATE_S = 60.0
"""From this on a driver is late; half of it divides what is learned."""
_KEPT_STARTS = 40
_FEWEST_STARTS = 4
_FREE_S = 5.0
"""A departure this far behind schedule was not held back by the schedule."""


class Usual(NamedTuple):
    """Mean and standard deviation of a duration in seconds."""

    mean_s: float
    sd_s: float


@dataclass(frozen=True, slots=True)
class _Seen:
    count: int = 0
    mean_s: float = 0.0
    sd_s: float = 0.0

    def plus(self, duration_s: float) -> "_Seen":
        count = min(self.count + 1, _MEMORY)
        off_s = duration_s - self.mean_s
        mean_s = self.mean_s + off_s / count
        square = self.sd_s**2 + (off_s * (duration_s - mean_s) - self.sd_s**2) / count
        return _Seen(count, mean_s, max(0.0, square) ** 0.5)


def _blended(assumed: Usual, seen: _Seen | None) -> Usual:
    if seen is None:
        return assumed
    weight = seen.count / (seen.count + _PRIOR_WEIGHT)
    mean_s = assumed.mean_s + weight * (seen.mean_s - assumed.mean_s)
    return Usual(mean_s, ((1 - weight) * assumed.sd_s**2 + weight * seen.sd_s**2) ** 0.5)


@dataclass(frozen=True, slots=True)
class Habits:
    """Learned durations between and at stops. A value: learning returns a new one."""

    drives: Mapping[tuple[StopId, StopId, bool], _Seen] = field(default_factory=dict)
    """By the two stops and whether the vehicle had left the first one late."""
    dwells: Mapping[StopId, _Seen] = field(default_factory=dict)
    starts: Mapping[StopId, tuple[float, ...]] = field(default_factory=dict)
    """By first stop: how late the last trips left it, in seconds."""

    def drive(self, run: TripRun, i: int, late_s: float) -> Usual:
        """Return the driving time to call ``i`` (>= 1) for a vehicle that left the call before ``late_s`` late.

        A driver who is late drives otherwise than one who is on time; in between the two are mixed.
        """
        share = min(max(late_s / LATE_S, 0.0), 1.0)
        if share in {0.0, 1.0}:
            return self._drive(run, i, is_late=share == 1)
        on_time, late = self._drive(run, i, is_late=False), self._drive(run, i, is_late=True)
        return Usual(
            on_time.mean_s + share * (late.mean_s - on_time.mean_s), on_time.sd_s + share * (late.sd_s - on_time.sd_s)
        )

    def _drive(self, run: TripRun, i: int, *, is_late: bool) -> Usual:
        stops = run.trip.pattern.stops
        return _blended(assumed_drive(run, i, is_late=is_late), self.drives.get((stops[i - 1], stops[i], is_late)))

    def dwell(self, run: TripRun, i: int) -> Usual:
        """Return the time at call ``i`` that boarding takes, waiting for the schedule not counted."""
        return _blended(assumed_dwell(run, i), self.dwells.get(run.trip.pattern.stops[i]))

    def after_drive(self, run: TripRun, i: int, duration_s: float, *, is_late: bool) -> "Habits":
        """Return the habits after a drive to call ``i``."""
        stops = run.trip.pattern.stops
        key = (stops[i - 1], stops[i], is_late)
        return replace(self, drives={**self.drives, key: self.drives.get(key, _Seen()).plus(duration_s)})

    def after_dwell(self, run: TripRun, i: int, duration_s: float) -> "Habits":
        """Return the habits after a stop at call ``i`` that the schedule did not lengthen."""
        key = run.trip.pattern.stops[i]
        return replace(self, dwells={**self.dwells, key: self.dwells.get(key, _Seen()).plus(duration_s)})

    def start(self, run: TripRun, overdue_s: float) -> Usual | None:
        """Return how long a vehicle at its first stop still stays, ``overdue_s`` (negative: before) its time.

        The median of the last trips that stayed longer; ``None`` where too few were seen.
        """
        seen = self.starts.get(run.trip.pattern.stops[0], ())
        longer_s = sorted(late_s - overdue_s for late_s in seen if late_s > overdue_s)
        if len(longer_s) < _FEWEST_STARTS:
            return None
        low_s, high_s = longer_s[len(longer_s) // 10], longer_s[len(longer_s) * 9 // 10]
        return Usual(longer_s[len(longer_s) // 2], max(5.0, (high_s - low_s) / 2.5))

    def after_start(self, run: TripRun, late_s: float) -> "Habits":
        """Return the habits after a vehicle left its first stop ``late_s`` behind schedule."""
        key = run.trip.pattern.stops[0]
        return replace(self, starts={**self.starts, key: (*self.starts.get(key, ()), late_s)[-_KEPT_STARTS:]})


def assumed_drive(run: TripRun, i: int, *, is_late: bool) -> Usual:
    """Return the driving time to call ``i`` before anything was learned.

    Where the fastest time is known: a tenth more, late or not. Else a driver who is on time drives to the schedule,
    one who is late takes 85 % of it, the usual share of slack.
    """
    if run.fastest_s is not None:
        fastest_s = run.fastest_s[i]
        return Usual(1.1 * fastest_s, 0.1 * fastest_s + 3.0)
    scheduled_s = seconds_between(run.departure[i - 1], run.arrival[i])
    return Usual((0.85 if is_late else 1.0) * scheduled_s, 0.12 * scheduled_s + 5.0)


def assumed_dwell(run: TripRun, i: int) -> Usual:
    """Return the time at a stop before anything was learned: the scheduled one, at most 20 s, at least 10 s."""
    scheduled_s = seconds_between(run.arrival[i], run.departure[i])
    return Usual(min(max(scheduled_s, 10.0), 20.0), 10.0)


def learned(habits: Habits, run: TripRun, i: int, times: tuple[float | None, float | None, float | None]) -> Habits:
    """Return the habits after call ``i``: ``times`` are departure before, arrival and departure, instants in ms.

    Unobserved times are ``None`` and teach nothing.
    """
    left_before, came, left = times
    if i > 0 and left_before is not None and came is not None and came > left_before:
        is_late = left_before > run.departure[i - 1] + 500 * LATE_S
        habits = habits.after_drive(run, i, (came - left_before) / 1000, is_late=is_late)
    if i == 0 and left is not None:
        return habits.after_start(run, (left - run.departure[0]) / 1000)
    if came is None or left is None or i in (0, run.last):
        return habits
    is_free = came > run.departure[i] - _FREE_S * 1000 and left > run.departure[i] + _FREE_S * 1000
    return habits.after_dwell(run, i, (left - came) / 1000) if is_free else habits
