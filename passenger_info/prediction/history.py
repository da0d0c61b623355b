"""All that was learned of how vehicles drive, stand, stop and start; grows with every stop that is served.

One service has one, and nobody else changes it. Where little was seen, what is assumed from the timetable counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np

from mobility.core.clock import Instant, seconds_between
from mobility.core.ids import RouteId, StopId
from mobility.core.road_weather import RoadWeather
from passenger_info.prediction.levels import Effect, Levels, Log, Variance
from passenger_info.prediction.pools import Pool
from passenger_info.prediction.scenarios import Values, drawn, normals
from passenger_info.prediction.segment import Segment
from passenger_info.prediction.watch import MARKS, Watch
from passenger_info.prediction.widths import Widths
from passenger_info.run import TripRun

LATE_S = 60.0
"""From this on a driver is late and may drive otherwise; in between the two are mixed."""
THERE_S = 45.0
"""A vehicle that is at its first stop this long before departure starts on time, a later one when it is ready."""
_ASSUMED_DWELLS_S = (6.0, 9.0, 12.0, 15.0, 20.0, 32.0)
_ASSUMED_STARTS_S = (0.0, 3.0, 6.0, 10.0, 20.0, 60.0)
_ASSUMED_TURNS_S = (30.0, 45.0, 60.0, 80.0, 120.0)
_ASSUMED_RAMPS_S = (45.0, 60.0, 75.0, 90.0, 110.0, 140.0)
_ASSUMED_STANDS_S = (4.0, 8.0, 12.0, 18.0, 27.0, 45.0, 90.0)
_ASSUMED_RELEASES_S = (0.0, 1.0, 2.0, 3.0, 6.0)
_ASSUMED_SHUT_S = (2.0, 3.0, 4.0, 5.0, 6.0, 9.0)
_ASSUMED_STOOD_S = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0, 25.0)
"""Standing of whole drives, where none was seen."""
_FEWEST = 12
"""With fewer of a stop's own, those of all stops of the line count."""
_SLACK = 0.08
_OVER_FASTEST = 1.08
_LATE_SHARE = 0.85
"""A driver who is late takes this share of the scheduled time, where the fastest is not known."""
_WET = {RoadWeather.WET: 0.03, RoadWeather.SNOW: 0.08, RoadWeather.FOG: 0.01}
"""Logarithm of how much longer drives take: the middle of what was measured in London (Tsapakis and others 2013)."""
_FREE_S = 5.0
_LIKELY = (0.5, 3.0)
"""An observed moving time outside these times the expected one is no drive but a gap in what was seen."""


_HOUR_MS = 3_600_000
_KEPT_MS = 20_000
_KEPT_EXPECTED = 5000


_Way = tuple[StopId, StopId, int]
"""From stop to stop, and its length in hundreds of metres: a detour is another way."""


class Expected(NamedTuple):
    """What is expected of a drive's moving time."""

    at: Instant
    log_s: float
    """Logarithm of its median in seconds, for a driver who is on time."""
    variance: Variance
    """Of ``log_s``, from not knowing better; chance not counted."""
    late: Log
    """Added to ``log_s`` for a driver who is late."""
    drives: dict[int, Values]
    """Whole drives with their stands, by the column they were drawn with."""


@dataclass(slots=True)
class _Line:
    dwells: Pool = field(default_factory=lambda: Pool(_ASSUMED_DWELLS_S))
    starts: Pool = field(default_factory=lambda: Pool(_ASSUMED_STARTS_S))
    stands: Pool = field(default_factory=lambda: Pool(_ASSUMED_STANDS_S))
    stood: Pool = field(default_factory=lambda: Pool(_ASSUMED_STOOD_S))
    is_automated: bool = False


@dataclass(slots=True)
class History:
    """Learned durations. Mutable."""

    levels: Levels = field(default_factory=Levels)
    widths: Widths = field(default_factory=Widths)
    weather: RoadWeather = RoadWeather.UNKNOWN
    """As last reported."""
    ramps: Pool = field(default_factory=lambda: Pool(_ASSUMED_RAMPS_S))
    turns: Pool = field(default_factory=lambda: Pool(_ASSUMED_TURNS_S))
    shut: Pool = field(default_factory=lambda: Pool(_ASSUMED_SHUT_S))
    """From shutting the doors to leaving, once it is time."""
    releases: Pool = field(default_factory=lambda: Pool(_ASSUMED_RELEASES_S))
    """How long after its time a vehicle goes that was only waiting for it."""
    _expected: dict[tuple[_Way, int, bool], Expected] = field(default_factory=dict)
    _segments: dict[_Way, Segment] = field(default_factory=dict)
    _lines: dict[RouteId, _Line] = field(default_factory=dict)
    _dwells: dict[StopId, Pool] = field(default_factory=dict)
    _starts: dict[StopId, Pool] = field(default_factory=dict)

    # --- what is expected

    def line(self, run: TripRun) -> _Line:
        """Return what is known of a run's line."""
        known = self._lines.get(run.trip.route_id)
        if known is None:
            known = self._lines[run.trip.route_id] = _Line()
        return known

    def segment(self, run: TripRun, i: int) -> Segment:
        """Return what is known of the way to call ``i`` (>= 1)."""
        key = _way(run, i)
        known = self._segments.get(key)
        if known is None:
            known = self._segments[key] = Segment()
        return known

    def dwells(self, run: TripRun, i: int) -> Pool:
        """Return the stops at call ``i`` that the schedule did not lengthen."""
        return _fuller(self._dwells.get(run.trip.pattern.stops[i]), self.line(run).dwells)

    def starts(self, run: TripRun) -> Pool:
        """Return how late vehicles left a run's first stop that were there in time."""
        return _fuller(self._starts.get(run.trip.pattern.stops[0]), self.line(run).starts)

    def moving(self, run: TripRun, i: int, at: Instant, *, by_hand: bool) -> Expected:
        """Return what is expected of the moving time to call ``i``; reckoned anew every 20 s."""
        key = (_way(run, i), run.departure[i - 1] // _HOUR_MS, by_hand)
        known = self._expected.get(key)
        if known is None or not 0 <= at - known.at < _KEPT_MS:
            if len(self._expected) > _KEPT_EXPECTED:
                self._expected.clear()
            log_s, variance = self.levels.expected(self._effects(run, i, by_hand=by_hand), at)
            late = self.levels.expected((self._late(run, i),), at)[0]
            known = self._expected[key] = Expected(at, log_s, variance, late, {})
        return known

    def drive(self, run: TripRun, i: int, at: Instant, *, by_hand: bool) -> tuple[Values, float]:
        """Return whole drives to call ``i`` of a driver who is on time, and what being late adds to their logarithm."""
        expected = self.moving(run, i, at, by_hand=by_hand)
        drives = expected.drives.get(i)
        if drives is None:
            segment = self.segment(run, i)
            # what nobody knows of the level is the same on every segment, what chance adds is not
            chance = sqrt(segment.variance) * normals(4 * i + 12) + sqrt(expected.variance) * normals(0)
            stands_s = segment.stands.ahead(0.0, self.line(run).stood.durations, run.ref.start_date)
            stands = drawn(stands_s, 4 * i + 13)
            drives = expected.drives[i] = exp(expected.log_s) * np.exp(chance) + stands
        return drives, expected.late

    def _effects(self, run: TripRun, i: int, *, by_hand: bool) -> list[Effect]:
        route_id = run.trip.route_id
        segment, hour = _way(run, i), int(run.trip.departure[i - 1] // 3600) % 24
        assumed_s, doubt = _assumed(run, i)
        effects = [
            Effect(("segment", segment), log(assumed_s), doubt),
            Effect(("segment now", segment), 0.0, 0.05, 5400.0),
            Effect(("hour", segment, hour), 0.0, 0.04),
            Effect(("line hour", route_id, hour), 0.0, 0.05),
            Effect(("town",), 0.0, 0.06, 5400.0),
        ]
        if self.weather in _WET:
            effects.append(Effect(("weather", route_id, self.weather), _WET[self.weather], 0.03))
        if by_hand and self.line(run).is_automated:
            effects.append(Effect(("by hand", route_id), 0.0, 0.1))
        return effects

    def _late(self, run: TripRun, i: int) -> Effect:
        prior = 0.0 if run.fastest_s is not None else log(_LATE_SHARE)
        return Effect(("late", _way(run, i)), prior, 0.05 if run.fastest_s is not None else 0.1)

    # --- learning

    def drove(self, run: TripRun, i: int, left: Instant, came: Instant, watch: Watch | None = None) -> None:
        """Learn from a drive to call ``i``; without a ``watch`` nobody knows where it stood."""
        whole_s = seconds_between(left, came)
        if whole_s <= 0:
            return
        by_hand = watch is not None and watch.hand_in_drive_s > 0.7 * whole_s
        if watch is not None and not by_hand:
            self.line(run).is_automated = self.line(run).is_automated or watch.hand_in_drive_s < 0.3 * whole_s
        effects = self._effects(run, i, by_hand=by_hand)
        if seconds_between(run.departure[i - 1], left) > LATE_S / 2:
            effects.append(self._late(run, i))
        segment, expected = self.segment(run, i), self.levels.expected(effects, came)[0]
        moving_s = whole_s - watch.stood_s if watch is not None else _without_stands(whole_s, expected)
        off = log(max(moving_s, 1.0)) - expected
        if not log(_LIKELY[0]) < off < log(_LIKELY[1]):
            return
        noise = segment.variance + (0.0 if watch is not None else 0.05**2)
        self.levels.observe(effects, log(moving_s), noise, came)
        segment.whole_seen(off)
        self._stood(run, segment, watch, whole_s, moving_s)
        if watch is not None and len(watch.marks_s) > MARKS // 2:
            self._halves(segment, watch, moving_s, expected)

    def _stood(self, run: TripRun, segment: Segment, watch: Watch | None, whole_s: float, moving_s: float) -> None:
        line, stood_s = self.line(run), max(whole_s - moving_s, 0.0)
        line.stood.add(stood_s)
        if watch is None:
            segment.drive_seen([(0.5, stood_s)] if stood_s > 0 else (), (), run.ref.start_date)
            return
        segment.drive_seen(watch.stands, _to_the_end(watch.marks_s, moving_s), run.ref.start_date)
        for _, stand_s in watch.stands:
            line.stands.add(stand_s)

    def _halves(self, segment: Segment, watch: Watch, moving_s: float, expected: Log) -> None:
        half = MARKS // 2
        first_s, passed = watch.marks_s[half - 1], segment.passed(half / MARKS)
        second_s = moving_s - first_s
        if first_s > 0 and second_s > 0 and 0 < passed < 1:
            segment.halves_seen(log(first_s / passed) - expected, log(second_s / (1 - passed)) - expected)

    def stopped(self, run: TripRun, i: int, came: Instant | None, left: Instant, due: Instant, *, ramp: bool) -> None:
        """Learn from a stop at call ``i`` that the vehicle left; ``due`` is when it was to leave, holds included."""
        late_s = seconds_between(due, left)
        stop_id = run.trip.pattern.stops[i]
        if i == 0:
            if came is not None and seconds_between(came, due) < THERE_S:
                self.turns.add(seconds_between(came, left))
            elif due == run.departure[0] and late_s > -THERE_S:
                self._starts.setdefault(stop_id, Pool(_ASSUMED_STARTS_S)).add(late_s)
                self.line(run).starts.add(late_s)
            return
        if came is None or i == run.last:
            return
        if ramp:
            self.ramps.add(seconds_between(came, left))
        elif seconds_between(came, due) < _FREE_S:
            self._dwells.setdefault(stop_id, Pool(())).add(seconds_between(came, left))
            self.line(run).dwells.add(seconds_between(came, left))
        elif seconds_between(came, due) > THERE_S / 2 and -_FREE_S < late_s < THERE_S:
            self.releases.add(late_s)


def _way(run: TripRun, i: int) -> _Way:
    stops, marks_m = run.trip.pattern.stops, run.chainage_m
    return stops[i - 1], stops[i], round((marks_m[i] - marks_m[i - 1]) / 100)


def _fuller(own: Pool | None, line: Pool) -> Pool:
    return line if own is None or len(own) < _FEWEST else own


def _assumed(run: TripRun, i: int) -> tuple[float, float]:
    """Return the moving time that is assumed before anything was learned, in seconds, and its logarithmic doubt."""
    if run.fastest_s is not None and run.fastest_s[i] > 0:
        return _OVER_FASTEST * run.fastest_s[i], 0.12
    scheduled_s = seconds_between(run.departure[i - 1], run.arrival[i])
    return max((1 - _SLACK) * scheduled_s, 5.0), 0.2


def _without_stands(whole_s: float, expected: Log) -> float:
    """Return the part of a drive's time that was probably driven: what lies far above the expected was standing."""
    most_s = 1.3 * exp(expected)
    return min(whole_s, most_s)


def _to_the_end(marks_s: Sequence[float], moving_s: float) -> Sequence[float]:
    """Return the moving time at all marks: a vehicle is at its stop a little before the last ones."""
    seen, lacking = len(marks_s), MARKS - len(marks_s)
    if seen <= MARKS // 2:
        return ()
    last_s = marks_s[-1]
    return [*marks_s, *(last_s + (moving_s - last_s) * (k + 1) / lacking for k in range(lacking))]
