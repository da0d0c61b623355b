"""The predictors of the trade that ours is compared with: historical mean, and the Kalman filter of TransitClock.

Both are given what any good implementation has: they know that a vehicle does not leave before its time or the end of a
hold, how late trips usually start, and how much of the present segment is left. The filter is that of Shalaby and
Farhan (2004, doi:10.5038/2375-0901.7.1.3) as TransitClock uses it: the last vehicle of the day and the mean of the last
three days of the same trip, weighed by the variance of those days and the filter's last error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from mobility.core.clock import Instant, seconds_between
from mobility.core.ids import StopId, TripId
from passenger_info.run import TripRun
from passenger_info.track import Track

_DAYS = 20
_KALMAN_DAYS = 3
_FIRST_ERROR = 100.0
"""Square seconds; TransitClock's initial value."""
_FREE_S = 5.0
_THERE_S = 45.0
_ASSUMED_DWELL_S = 10.0
"""Where neither the trip nor the way between its stops has been seen."""
_DRIVE, _DWELL = 0, 1

_Key = tuple[TripId, int, int]
"""Trip, call, drive or dwell."""
_Pair = tuple[StopId, StopId, int]


@dataclass(slots=True)
class _Mean:
    count: int = 0
    mean_s: float = 0.0

    def add(self, duration_s: float, most: int = 500) -> None:
        self.count = min(self.count + 1, most)
        self.mean_s += (duration_s - self.mean_s) / self.count


@dataclass(slots=True)
class Baselines:
    """What both have seen. Mutable."""

    _days: dict[_Key, dict[date, float]] = field(default_factory=dict)
    _pairs: dict[_Pair, _Mean] = field(default_factory=dict)
    _starts: dict[StopId, _Mean] = field(default_factory=dict)
    _last: dict[tuple[StopId, StopId], tuple[date, float]] = field(default_factory=dict)
    _errors: dict[tuple[TripId, int], float] = field(default_factory=dict)

    # --- learning

    def drove(self, run: TripRun, i: int, left: Instant, came: Instant) -> None:
        """Take a drive to call ``i``."""
        drive_s = seconds_between(left, came)
        error = self._filtered(run, i)[1]
        if error is not None:
            self._errors[run.trip_id, i] = error
        self._add(run, i, _DRIVE, drive_s)
        stops = run.trip.pattern.stops
        self._last[stops[i - 1], stops[i]] = (run.ref.start_date, drive_s)

    def stopped(self, run: TripRun, i: int, came: Instant | None, left: Instant, due: Instant) -> None:
        """Take a stop at call ``i``; ``due`` is when it was to leave."""
        if i == 0:
            if came is None or seconds_between(came, due) >= _THERE_S:
                self._starts.setdefault(run.trip.pattern.stops[0], _Mean()).add(max(0.0, seconds_between(due, left)))
        elif i < run.last and came is not None and seconds_between(came, due) < _FREE_S:
            self._add(run, i, _DWELL, seconds_between(came, left))

    def _add(self, run: TripRun, i: int, what: int, duration_s: float) -> None:
        days = self._days.setdefault((run.trip_id, i, what), {})
        days[run.ref.start_date] = duration_s
        if len(days) > _DAYS:
            del days[min(days)]
        self._pairs.setdefault(_pair(run, i, what), _Mean()).add(duration_s)

    # --- predicting

    def predicted(
        self, track: Track, now: Instant, holds: Mapping[int, Instant], *, is_kalman: bool
    ) -> dict[int, Instant]:
        """Return the predicted arrival at each call ahead, by call index."""
        run, k = track.run, track.call_index
        found: dict[int, Instant] = {}
        if track.is_at_stop:
            leaves = self._leaves(run, k, track.arrived[k] or now, now, holds)
        else:
            span_m = run.chainage_m[k] - run.chainage_m[k - 1] if k > 0 else 0.0
            share = (run.chainage_m[k] - track.chainage_m) / span_m if span_m > 0 else 0.0
            rest_s = min(max(share, 0.0), 1.0) * self._drive_s(run, k, is_kalman=is_kalman) if k > 0 else 0.0
            found[k] = Instant(max(now, track.as_of + round(1000 * rest_s)))
            leaves = self._leaves(run, k, found[k], now, holds)
        for i in range(k + 1, run.last + 1):
            found[i] = Instant(leaves + round(1000 * self._drive_s(run, i, is_kalman=is_kalman)))
            leaves = self._leaves(run, i, found[i], now, holds)
        return found

    def _leaves(self, run: TripRun, i: int, came: Instant, now: Instant, holds: Mapping[int, Instant]) -> Instant:
        due = max(run.departure[i], holds.get(i, run.departure[i]))
        if i == 0:
            seen = self._starts.get(run.trip.pattern.stops[0])
            late_s = seen.mean_s if seen is not None and i not in holds else 0.0
            return Instant(max(now, due + round(1000 * late_s)))
        return Instant(max(now, due, came + round(1000 * self._mean_s(run, i, _DWELL))))

    def _drive_s(self, run: TripRun, i: int, *, is_kalman: bool) -> float:
        filtered = self._filtered(run, i)[0] if is_kalman else None
        return self._mean_s(run, i, _DRIVE) if filtered is None else filtered

    def _mean_s(self, run: TripRun, i: int, what: int) -> float:
        days = self._days.get((run.trip_id, i, what), {})
        past = [duration_s for day, duration_s in days.items() if day < run.ref.start_date]
        if len(past) >= _KALMAN_DAYS:
            return sum(past) / len(past)
        pair = self._pairs.get(_pair(run, i, what))
        if pair is not None and pair.count >= _KALMAN_DAYS:
            return pair.mean_s
        if what == _DWELL:
            scheduled_s = seconds_between(run.arrival[i], run.departure[i])
            return min(max(scheduled_s, _ASSUMED_DWELL_S), 2 * _ASSUMED_DWELL_S)
        return seconds_between(run.departure[i - 1], run.arrival[i])

    def _filtered(self, run: TripRun, i: int) -> tuple[float | None, float | None]:
        """Return the filter's driving time to call ``i`` and its error, ``None`` where too few days were seen."""
        days = self._days.get((run.trip_id, i, _DRIVE), {})
        past = [days[day] for day in sorted(days) if day < run.ref.start_date][-_KALMAN_DAYS:]
        stops = run.trip.pattern.stops
        last = self._last.get((stops[i - 1], stops[i]))
        if len(past) < _KALMAN_DAYS or last is None or last[0] != run.ref.start_date:
            return None, None
        mean_s = sum(past) / len(past)
        variance = max(sum((duration_s - mean_s) ** 2 for duration_s in past) / len(past), 1.0)
        error = self._errors.get((run.trip_id, i), _FIRST_ERROR)
        gain = (error + variance) / (error + 2 * variance)
        return (1 - gain) * last[1] + gain * mean_s, variance * gain


def _pair(run: TripRun, i: int, what: int) -> _Pair:
    stops = run.trip.pattern.stops
    return stops[i - 1], stops[i], what
