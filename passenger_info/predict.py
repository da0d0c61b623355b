"""Predicting arrivals and departures: driving and dwell along the rest of the trip, waiting where it is early.

A vehicle that is early waits for its scheduled departure, one that is late drives as fast as it usually can; holds
and the layover before a block's next trip absorb delay. Means and variances pass through "wait until" as the greater
of a normal variable and a constant (C. E. Clark 1961, doi:10.1287/opre.9.2.145); p50 follows the medians.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import erf, exp, pi, sqrt
from typing import NamedTuple

from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant
from passenger_info.habits import Habits, Usual
from passenger_info.run import TripRun
from passenger_info.track import Track

_Z90 = 1.2815515594
"""90 % quantile of the standard normal distribution."""
_LAYOVER = Usual(60.0, 30.0)
"""Shortest turn-round between two trips of a block."""
_APPROACH_MPS = 6.0
"""Speed on the way to the first stop, beside the timetable."""
_STALE_SD = 0.3
"""Seconds of uncertainty that each second of silence adds."""
_PACE = 0.5
"""How far the pace of a drive so far tells its rest, once it is nearly done."""
_PACE_FROM = 0.05
_OVERDUE = 0.5
"""A vehicle that is overdue at a stop stays about half as long again (heavy tail of ramps and late starts)."""
_NO_HOLDS: Mapping[int, Instant] = {}


class _When(NamedTuple):
    """A future instant: median, mean and spread in seconds, and a bound below it."""

    median_s: float
    mean_s: float
    sd_s: float
    floor_s: float

    def plus(self, usual: Usual) -> "_When":
        return _When(
            self.median_s + usual.mean_s,
            self.mean_s + usual.mean_s,
            sqrt(self.sd_s * self.sd_s + usual.sd_s * usual.sd_s),
            self.floor_s + max(0.0, usual.mean_s - _Z90 * usual.sd_s),
        )

    def not_before(self, earliest_s: float) -> "_When":
        if self.sd_s <= 0 or self.mean_s - earliest_s > 5 * self.sd_s:
            return self if self.median_s > earliest_s else _When(earliest_s, earliest_s, 0.0, earliest_s)
        above_s = self.mean_s - earliest_s
        a = above_s / self.sd_s
        share, density = 0.5 * (1 + erf(a / sqrt(2))), exp(-0.5 * a * a) / sqrt(2 * pi)
        mean_s = above_s * share + self.sd_s * density
        square = (above_s * above_s + self.sd_s * self.sd_s) * share + above_s * self.sd_s * density
        spread_s = sqrt(max(0.0, square - mean_s * mean_s))
        return _When(max(self.median_s, earliest_s), earliest_s + mean_s, spread_s, max(self.floor_s, earliest_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallForecast:
    """What is predicted for a call; an arrival that happened has three equal quantiles."""

    arrival: Prediction
    departure: Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Predictions from call ``first`` to the last, in whole seconds, each call later than the one before."""

    run: TripRun
    made_at: Instant
    first: int
    calls: tuple[CallForecast, ...]

    @property
    def ends(self) -> Instant:
        """Predicted arrival at the last call (p50)."""
        return self.calls[-1].arrival.p50

    def at(self, i: int) -> CallForecast | None:
        """Return the forecast of call ``i``, ``None`` for calls that lie behind."""
        return self.calls[i - self.first] if i >= self.first else None


def forecast(track: Track, now: Instant, habits: Habits, *, holds: Mapping[int, Instant] = _NO_HOLDS) -> Forecast:
    """Return predictions for the calls ahead of a vehicle that has not finished its trip.

    ``holds`` are departures (by call index) that wait for a connection. Nothing is predicted before ``now``.
    """
    run, k, base = track.run, track.call_index, track.as_of
    silence_s = max(0.0, (now - base) / 1000)
    if track.is_at_stop:
        came = track.arrived[k] or base
        stood_s = (base - came) / 1000
        arrival = _When(-stood_s, -stood_s, 0.0, -stood_s)
        dwell = habits.dwell(run, k)
        due = max(run.departure[k], holds.get(k, run.departure[k]))
        overdue_s = min(stood_s - dwell.mean_s, (base - due) / 1000)
        leaves = _still_standing(dwell, stood_s, overdue_s, silence_s)
        if k == 0 and due == run.departure[0]:
            leaves = _at_start(habits.start(run, (base - due) / 1000), leaves, silence_s)
    else:
        arrival = _on_the_way(track, habits, silence_s)
        leaves = arrival.plus(habits.dwell(run, k)) if k > 0 else arrival
    return _spread(run, k, arrival, leaves, _Setting(base, now, habits, holds))


def forecast_next(
    run: TripRun, arrives: Prediction, now: Instant, habits: Habits, *, holds: Mapping[int, Instant] = _NO_HOLDS
) -> Forecast:
    """Return predictions for a block's next trip from the arrival at the end of the trip before."""
    sd_s = (arrives.p90 - arrives.p10) / (2000 * _Z90)
    came = _When(0.0, 0.0, sd_s, 0.0)
    return _spread(run, 0, came, came.plus(_LAYOVER), _Setting(arrives.p50, now, habits, holds))


@dataclass(frozen=True, slots=True)
class _Setting:
    base: Instant
    now: Instant
    habits: Habits
    holds: Mapping[int, Instant]


def _still_standing(dwell: Usual, stood_s: float, overdue_s: float, silence_s: float) -> _When:
    """Return when a vehicle at a stop is ready: the rest of its dwell, and the longer it is overdue, the later."""
    stale_s = _STALE_SD * silence_s
    if overdue_s <= 0:
        rest_s = max(dwell.mean_s - stood_s, 0.0)
        return _When(rest_s, rest_s, (dwell.sd_s if rest_s > 0 else 1.0) + stale_s, 0.0)
    rest_s = 5.0 + _OVERDUE * overdue_s
    return _When(rest_s, rest_s, rest_s + stale_s, 0.0)


def _at_start(usual: Usual | None, otherwise: _When, silence_s: float) -> _When:
    if usual is None:
        return otherwise
    return _When(usual.mean_s, usual.mean_s, usual.sd_s + _STALE_SD * silence_s, 0.0)


def _on_the_way(track: Track, habits: Habits, silence_s: float) -> _When:
    run, k = track.run, track.call_index
    stop_m = run.chainage_m[k]
    left_m = max(0.0, stop_m - track.chainage_m)
    if k == 0:
        rest_s = (left_m + track.offset_m) / _APPROACH_MPS
        return _When(rest_s, rest_s, 0.3 * rest_s + 1.0 + _STALE_SD * silence_s, 0.0)
    span_m = stop_m - run.chainage_m[k - 1]
    share = min(1.0, left_m / span_m) if span_m > 0 else 0.0
    drive = _drive_in_progress(track, habits, share)
    sd_s = drive.sd_s * sqrt(share) + 1.0 + _STALE_SD * silence_s
    return _When(drive.mean_s, drive.mean_s, sd_s, 0.0)


def _drive_in_progress(track: Track, habits: Habits, share: float) -> Usual:
    """Return the rest of the drive to the next call, of which ``share`` is left: what is usual, mixed with its pace."""
    run, k = track.run, track.call_index
    left = track.departed[k - 1]
    if left is None:
        usual = habits.drive(run, k, track.delay_s)
        return Usual(usual.mean_s * share, usual.sd_s)
    usual = habits.drive(run, k, (left - run.departure[k - 1]) / 1000)
    done = 1 - share
    if done < _PACE_FROM:
        return Usual(max(usual.mean_s * share, usual.mean_s - (track.as_of - left) / 1000), usual.sd_s)
    whole_s = (track.as_of - left) / 1000 / done
    return Usual(share * (usual.mean_s + _PACE * done * (whole_s - usual.mean_s)), usual.sd_s)


def _spread(run: TripRun, k: int, arrival: _When, leaves: _When, setting: _Setting) -> Forecast:
    calls: list[CallForecast] = []
    bound = setting.now
    for i in range(k, run.last + 1):
        if i > k:
            late_s = leaves.median_s + (setting.base - run.departure[i - 1]) / 1000
            arrival = leaves.plus(setting.habits.drive(run, i, late_s))
            leaves = arrival.plus(setting.habits.dwell(run, i)) if i < run.last else arrival
        if i < run.last:
            earliest = max(run.departure[i], setting.holds.get(i, run.departure[i]))
            leaves = leaves.not_before((earliest - setting.base) / 1000)
        has_happened = i == k and arrival.sd_s == 0 and arrival.median_s <= 0
        came = _observed(arrival, setting.base) if has_happened else _quantiles(arrival, setting.base, bound)
        bound = Instant(max(bound, came.p50))
        left = _quantiles(leaves, setting.base, bound) if i < run.last else came
        calls.append(CallForecast(arrival=came, departure=left))
        bound = Instant(left.p50 + 1000)
    return Forecast(run=run, made_at=setting.now, first=k, calls=tuple(calls))


def _observed(when: _When, base: Instant) -> Prediction:
    moment = Instant((base + round(when.median_s * 1000)) // 1000 * 1000)
    return Prediction(p10=moment, p50=moment, p90=moment)


def _quantiles(when: _When, base: Instant, bound: Instant) -> Prediction:
    width_s = _Z90 * when.sd_s
    p50_s = when.median_s
    p10 = _whole(base, max(min(p50_s, when.floor_s), p50_s - width_s), bound)
    p50 = max(p10, _whole(base, p50_s, bound))
    return Prediction(p10=p10, p50=p50, p90=max(p50, _whole(base, max(p50_s, when.mean_s) + width_s, bound)))


def _whole(base: Instant, moment_s: float, bound: Instant) -> Instant:
    """Return the instant in whole seconds, rounded up where ``bound`` asks for it."""
    at = (base + round(moment_s * 1000) + 500) // 1000 * 1000
    return Instant(at if at >= bound else -(-bound // 1000) * 1000)
