"""Predicting arrivals and departures: driving, standing and dwell along the rest of the trip, waiting where early.

A vehicle that is early waits for its scheduled departure, one that is late drives on as it usually can; holds and the
layover before a block's next trip absorb delay. Every duration is a distribution; a fixed set of scenarios carries them
through the trip (``prediction.scenarios``), and the quantiles of each event are read off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from mobility.core.arrivals import Prediction
from mobility.core.clock import Instant
from passenger_info.calls import STANDING_MPS
from passenger_info.prediction.history import LATE_S, THERE_S, History
from passenger_info.prediction.scenarios import COUNT, Values, drawn, from_three, normals, quantiles
from passenger_info.prediction.stands import LONG_S
from passenger_info.prediction.watch import Watch
from passenger_info.run import TripRun
from passenger_info.track import Track

_APPROACH_MPS = 6.0
"""Speed on the way to the first stop, beside the timetable."""
_STALE_SD = 0.3
"""Seconds of uncertainty that each second of silence adds."""
_FRESH_S = 5.0
_STALE_WIDTH = 0.2
"""Seconds by which either end of an interval moves outwards with each second of silence beyond ``_FRESH_S``."""
_BY_HAND_S = 150.0
"""A vehicle driven by hand for longer stays so to the end of its trip."""
_PACE_FROM = 0.03
_SHUTS_EARLY_S = 15.0
"""Doors that are shut longer before departure tell nothing: it may be cold."""
_MOVES_EARLY_S = 60.0
"""A vehicle that moves longer before its departure has not left: it moves up to its place."""
_LATE_COUNTS = 0.015
"""A smaller effect of being late on the logarithm of a drive is taken for none."""
_NO_HOLDS: Mapping[int, Instant] = {}


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


def forecast(
    track: Track,
    now: Instant,
    history: History,
    *,
    holds: Mapping[int, Instant] = _NO_HOLDS,
    watch: Watch | None = None,
) -> Forecast:
    """Return predictions for the calls ahead of a vehicle that has not finished its trip.

    ``holds`` are departures (by call index) that wait for a connection; ``watch`` is what was seen of the drive under
    way. Nothing is predicted before ``now``.
    """
    run, k, base = track.run, track.call_index, track.as_of
    stale = _STALE_SD * max(0.0, (now - base) / 1000) * normals(1)
    setting = _Setting(run, base, now, history, holds, watch)
    came_at: Instant | None = None
    if track.is_at_stop:
        came_at = track.arrived[k] or base
        arrival = np.full(COUNT, (came_at - base) / 1000)
        leaves = _leaves(track, setting, came_at) + np.abs(stale)
    else:
        arrival = np.maximum(_on_the_way(track, setting) + stale, 0.0)
        leaves = _after_stop(setting, k, arrival)
    return _spread(setting, k, arrival, leaves, came_at)


def forecast_next(
    run: TripRun,
    arrives: Prediction,
    now: Instant,
    history: History,
    *,
    holds: Mapping[int, Instant] = _NO_HOLDS,
) -> Forecast:
    """Return predictions for a block's next trip from the arrival at the end of the trip before."""
    base = arrives.p50
    came = from_three((arrives.p10 - base) / 1000, 0.0, (arrives.p90 - base) / 1000, 2)
    setting = _Setting(run, base, now, history, holds, None)
    return _spread(setting, 0, came, _start(setting, came), None)


@dataclass(frozen=True, slots=True)
class _Setting:
    run: TripRun
    base: Instant
    now: Instant
    history: History
    holds: Mapping[int, Instant]
    watch: Watch | None

    def due_s(self, i: int) -> float:
        """Return when call ``i`` may be left, in seconds after ``base``."""
        due = self.run.departure[i]
        return (max(due, self.holds.get(i, due)) - self.base) / 1000

    @property
    def is_by_hand(self) -> bool:
        return self.watch is not None and self.watch.by_hand_s > _BY_HAND_S


def _leaves(track: Track, setting: _Setting, came: Instant) -> Values:
    """Return when a vehicle leaves the stop at which it stands."""
    run, k, history, watch = setting.run, track.call_index, setting.history, setting.watch
    stood_s, due_s = (setting.base - came) / 1000, setting.due_s(k)
    if track.speed_mps >= STANDING_MPS and track.stood_until < setting.base and due_s < _MOVES_EARLY_S:
        return np.full(COUNT, (track.stood_until - setting.base) / 1000)
    if watch is not None and watch.shut_since is not None and watch.call_index == k and due_s < _SHUTS_EARLY_S:
        shut_s = (setting.base - watch.shut_since) / 1000
        ready = drawn(history.shut.rest(min(shut_s, -due_s)), 4)
        return np.maximum(ready, 0.0)
    if k == 0:
        return _starts(setting, came)
    pool = history.ramps if watch is not None and watch.has_ramp_out else history.dwells(run, k)
    if due_s > 0:
        return np.maximum(pool.drawn(4) - stood_s, due_s + history.releases.drawn(5))
    # one that came early enough is not dwelling any more: it has stood beyond its time for another reason
    is_dwelling = stood_s + due_s < THERE_S / 2 or pool is history.ramps
    return drawn(pool.rest(stood_s) if is_dwelling else history.releases.rest(-due_s), 4)


def _starts(setting: _Setting, came: Instant) -> Values:
    """Return when a vehicle leaves the first stop, at which it stands since ``came``."""
    run, history = setting.run, setting.history
    departs_s, due_s = (run.departure[0] - setting.base) / 1000, setting.due_s(0)
    if (run.departure[0] - came) / 1000 < THERE_S:
        return np.maximum(drawn(history.turns.rest((setting.base - came) / 1000), 4), due_s + history.releases.drawn(5))
    late = history.starts(run)
    if due_s <= departs_s:
        return np.maximum(drawn(late.rest(-departs_s), 4), due_s)
    if due_s > 0:
        return np.maximum(departs_s + late.drawn(4), due_s + history.shut.drawn(5))
    return drawn(history.dwells(run, 0).rest(-due_s), 4)


def _after_stop(setting: _Setting, i: int, arrival: Values) -> Values:
    if i == setting.run.last:
        return arrival
    if i == 0:
        return _start(setting, arrival)
    history = setting.history
    ready = arrival + history.dwells(setting.run, i).drawn(4 * i + 10)
    return np.maximum(ready, setting.due_s(i) + history.releases.drawn(4 * i + 11))


def _start(setting: _Setting, came: Values) -> Values:
    """Return when a vehicle leaves its first stop that comes there after ``came`` seconds."""
    history, due_s = setting.history, setting.due_s(0)
    ready = came + history.turns.drawn(3)
    late = due_s + history.starts(setting.run).drawn(4)
    return np.maximum(ready, np.where(came < due_s - THERE_S, late, due_s))


def _on_the_way(track: Track, setting: _Setting) -> Values:
    run, k, history = setting.run, track.call_index, setting.history
    stop_m = run.chainage_m[k]
    left_m = max(0.0, stop_m - track.chainage_m)
    if k == 0:
        rest_s = (left_m + track.offset_m) / _APPROACH_MPS
        return np.maximum(rest_s + (0.3 * rest_s + 1.0) * normals(6), 0.0)
    span_m = stop_m - run.chainage_m[k - 1]
    share = 1.0 - min(1.0, left_m / span_m) if span_m > 0 else 1.0
    watch = setting.watch if setting.watch is not None and setting.watch.call_index == k else None
    segment, line = history.segment(run, k), history.line(run)
    by_hand = watch is not None and watch.by_hand_s > 0
    expected = history.moving(run, k, setting.base, by_hand=by_hand)
    left = track.departed[k - 1]
    late_s = track.delay_s if left is None else (left - run.departure[k - 1]) / 1000
    mean = expected.log_s + min(max(late_s / LATE_S, 0.0), 1.0) * expected.late
    passed = segment.passed(share)
    known = segment.persistent + expected.variance
    local = max(segment.variance - segment.persistent, 0.1 * segment.variance)
    off = 0.0
    if left is not None and passed > _PACE_FROM:
        moved_s = (setting.base - left) / 1000 - (watch.stood_s if watch is not None else 0.0)
        told = known / (known + local / passed + 1e-9)
        off = told * min(max(log(max(moved_s, 1.0)) - mean - log(passed), -0.5), 0.5)
        known *= 1 - told
    left_share = 1.0 - passed
    deviation = sqrt(known + min(local / max(left_share, 0.1), 0.25))
    moving = exp(mean + off) * left_share * np.exp(deviation * normals(6))
    has_stood = watch is not None and watch.stood_s >= LONG_S
    stands = drawn(segment.stands.ahead(share, line.stood.durations, run.ref.start_date, has_stood=has_stood), 7)
    if watch is not None and watch.stands_since is not None:
        stands = stands + drawn(line.stands.rest((setting.base - watch.stands_since) / 1000), 8)
    rest: Values = moving + stands + 1.0 + 1.0 * normals(9)
    return np.maximum(rest, 0.0)


def _spread(setting: _Setting, k: int, arrival: Values, leaves: Values, came_at: Instant | None) -> Forecast:
    run = setting.run
    events = np.empty((2 * (run.last + 1 - k), COUNT))
    for i in range(k, run.last + 1):
        if i > k:
            arrival = leaves + _drive(setting, i, leaves)
            leaves = _after_stop(setting, i, arrival)
        events[2 * (i - k)], events[2 * (i - k) + 1] = arrival, leaves
    return _told(setting, k, events, came_at, is_waiting=k == 0)


def _drive(setting: _Setting, i: int, leaves: Values) -> Values:
    """Return the time to call ``i`` from the call before."""
    run = setting.run
    drives, late = setting.history.drive(run, i, setting.base, by_hand=setting.is_by_hand)
    if abs(late) > _LATE_COUNTS:
        late_s = float(leaves[:: COUNT // 16].mean()) + (setting.base - run.departure[i - 1]) / 1000
        drives = drives * exp(late * min(max(late_s / LATE_S, 0.0), 1.0))
    return drives


def _told(
    setting: _Setting, k: int, events: NDArray[np.float64], came_at: Instant | None, *, is_waiting: bool
) -> Forecast:
    run, calls, bound = setting.run, list[CallForecast](), setting.now
    last = run.last
    rows = _in_ms(setting, events, is_waiting=is_waiting)
    for i in range(k, last + 1):
        if i == k and came_at is not None:
            moment = Instant(came_at // 1000 * 1000)
            came = Prediction(p10=moment, p50=moment, p90=moment)
        else:
            came = _quantiles(rows[2 * (i - k)], bound)
        bound = max(bound, came.p50)
        left = came
        if i < last:
            left = _quantiles(rows[2 * (i - k) + 1], bound)
        calls.append(CallForecast(arrival=came, departure=left))
        bound = Instant(left.p50 + 1000)
    return Forecast(run=run, made_at=setting.now, first=k, calls=tuple(calls))


def _in_ms(setting: _Setting, events: NDArray[np.float64], *, is_waiting: bool) -> list[list[int]]:
    """Return the three quantiles of each event as instants in whole seconds, the interval as wide as it must be."""
    p10_s, p50_s, p90_s = quantiles(events)
    silence_s = (setting.now - setting.base) / 1000
    low, high = setting.history.widths.of(p50_s - silence_s, is_waiting=is_waiting)
    stale_s = _STALE_WIDTH * max(0.0, silence_s - _FRESH_S)
    told_s = np.stack(
        (p50_s - low * (p50_s - p10_s) - stale_s, p50_s, p50_s + high * (p90_s - p50_s) + stale_s), axis=1
    )
    rows: list[list[int]] = (np.rint(told_s + setting.base % 1000 / 1000).astype(np.int64) * 1000).tolist()
    return [[setting.base // 1000 * 1000 + each for each in row] for row in rows]


def _quantiles(row: list[int], bound: Instant) -> Prediction:
    """Return the prediction, nowhere before ``bound``, in whole seconds."""
    least = -(-bound // 1000) * 1000
    p10, p50, p90 = row
    p10 = max(p10, least)
    p50 = max(p50, p10)
    return Prediction(p10=Instant(p10), p50=Instant(p50), p90=Instant(max(p90, p50)))
