"""Driving along a way: a trapezoid speed profile under speed limits, curves and grades, closed form at any time.

Forward and backward pass over the limits as in time-optimal path tracking with bounded acceleration (Bobrow, Dubowsky
and Gibson 1985, doi:10.1177/027836498500400301), reduced to constant limits between marks.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sim.track import Track

_LATERAL_MPS2 = 1.5
"""Comfortable sideways acceleration with standing passengers; assumed, the usual 1.0 to 1.8 of bus operation."""
_SLOWEST_MPS = 1.5
"""No curve and no grade slows a vehicle below this; keeps a sharp drawn corner from stopping it."""
_GRAVITY_MPS2 = 9.81
_ONE_MARK_M = 0.001
"""Marks nearer to each other are one: phases of less than a millimetre would drown in rounding."""
_NO_WAY_M = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Driving:
    """How a kind of vehicle drives. Assumed values, see docs/explanation/simulator.md."""

    top_speed_mps: float
    acceleration_mps2: float
    braking_mps2: float
    power_per_mass_w_kg: float
    """Driving power at the wheel per kilogram: limits speed uphill."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where and how fast a vehicle is on its way."""

    chainage_m: float
    speed_mps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A drive from standstill to standstill in phases of constant acceleration; phase ``i`` starts at ``times_s[i]``.

    Sequences are as long as there are phases, plus a last entry for the end.
    """

    times_s: tuple[float, ...]
    chainages_m: tuple[float, ...]
    speeds_mps: tuple[float, ...]
    accelerations_mps2: tuple[float, ...]

    @property
    def duration_s(self) -> float:
        """Time from start to stop."""
        return self.times_s[-1]

    def at(self, time_s: float) -> Moment:
        """Return place and speed after ``time_s`` seconds, clamped to start and end."""
        times = self.times_s
        if time_s >= times[-1]:
            return Moment(self.chainages_m[-1], self.speeds_mps[-1])
        if time_s <= 0:
            return Moment(self.chainages_m[0], self.speeds_mps[0])
        i = bisect_right(times, time_s) - 1
        dt = time_s - times[i]
        speed, gain, marks = self.speeds_mps[i], self.accelerations_mps2[i], self.chainages_m
        here_m, now_mps = marks[i] + dt * (speed + gain * dt / 2), speed + gain * dt
        # Rounding must neither pass the next mark nor turn back.
        return Moment(min(here_m, marks[i + 1]), max(now_mps, 0.0))

    def time_at(self, chainage_m: float) -> float:
        """Return the first time at which a chainage is reached, clamped to start and end."""
        marks = self.chainages_m
        if chainage_m >= marks[-1]:
            return self.times_s[-1]
        i = max(bisect_right(marks, chainage_m) - 1, 0)
        rest_m = max(chainage_m - marks[i], 0.0)
        speed, gain = self.speeds_mps[i], self.accelerations_mps2[i]
        root = math.sqrt(max(speed * speed + 2 * gain * rest_m, 0.0))
        return self.times_s[i] if speed + root == 0 else self.times_s[i] + 2 * rest_m / (speed + root)


@dataclass(frozen=True, slots=True)
class Limit:
    """A speed that holds from a chainage to the next limit's."""

    from_m: float
    speed_mps: float


def profile(way: Track, driving: Driving, *, from_m: float, to_m: float, limits: Sequence[Limit] = ()) -> Profile:
    """Return the fastest drive along ``way`` that starts and stops at ``from_m`` and ``to_m``.

    ``limits`` are road speeds ordered by chainage; without them only the vehicle, curves and grades limit speed.
    """
    marks_m, caps_mps, corner_mps = _marks(way, driving, (from_m, to_m), limits)
    speeds = _reachable(marks_m, caps_mps, corner_mps, driving)
    return _phases(marks_m, caps_mps, speeds, driving)


def _marks(
    way: Track, driving: Driving, span_m: tuple[float, float], limits: Sequence[Limit]
) -> tuple[list[float], list[float], list[float]]:
    """Return marks where something changes, the cap after each but the last, and the cap at each."""
    from_m, to_m = span_m
    inner = [m for m in (*way.chainages_m, *(limit.from_m for limit in limits)) if from_m < m < to_m]
    marks_m = [from_m]
    for mark_m in sorted(inner):
        if mark_m - marks_m[-1] > _ONE_MARK_M and to_m - mark_m > _ONE_MARK_M:
            marks_m.append(mark_m)
    if to_m > from_m:
        marks_m.append(to_m)
    limit_marks = [limit.from_m for limit in limits]
    caps: list[float] = []
    for a_m, b_m in pairwise(marks_m):
        middle_m = (a_m + b_m) / 2
        i = bisect_right(limit_marks, middle_m) - 1
        road_mps = limits[i].speed_mps if i >= 0 else driving.top_speed_mps
        caps.append(max(min(road_mps, driving.top_speed_mps, _uphill_mps(way, driving, middle_m)), _SLOWEST_MPS))
    corners = dict(_corners(way))
    return marks_m, caps, [corners.get(m, math.inf) for m in marks_m]


def _uphill_mps(way: Track, driving: Driving, chainage_m: float) -> float:
    marks = way.chainages_m
    i = min(max(bisect_right(marks, chainage_m) - 1, 0), len(marks) - 2)
    span_m = marks[i + 1] - marks[i]
    rise = (way.elevations_m[i + 1] - way.elevations_m[i]) / span_m if span_m > 0 else 0.0
    return driving.power_per_mass_w_kg / (_GRAVITY_MPS2 * rise) if rise > 0 else math.inf


def _corners(way: Track) -> list[tuple[float, float]]:
    """Return chainage and speed of each bend: a circle that touches both segments at half the shorter one's length."""
    found: list[tuple[float, float]] = []
    for i in range(1, len(way.chainages_m) - 1):
        turn = abs((way.bearings_deg[i] - way.bearings_deg[i - 1] + 180) % 360 - 180)
        before_m = way.chainages_m[i] - way.chainages_m[i - 1]
        after_m = way.chainages_m[i + 1] - way.chainages_m[i]
        if turn < 1 or before_m <= 0 or after_m <= 0:
            continue
        radius_m = min(before_m, after_m) / 2 / math.tan(math.radians(turn) / 2) if turn < 179 else 0.0  # noqa: PLR2004 - a U-turn has no circle
        found.append((way.chainages_m[i], max(math.sqrt(_LATERAL_MPS2 * radius_m), _SLOWEST_MPS)))
    return found


def _reachable(marks_m: list[float], caps: list[float], corners: list[float], driving: Driving) -> list[float]:
    """Return the highest speed at each mark that can be reached from standstill and braked from to standstill."""
    last = len(marks_m) - 1
    speeds = [0.0] * (last + 1)
    for i in range(1, last):
        top = min(caps[i - 1], caps[i], corners[i])
        length_m = marks_m[i] - marks_m[i - 1]
        speeds[i] = min(top, math.sqrt(speeds[i - 1] ** 2 + 2 * driving.acceleration_mps2 * length_m))
    for i in range(last - 1, 0, -1):
        length_m = marks_m[i + 1] - marks_m[i]
        speeds[i] = min(speeds[i], math.sqrt(speeds[i + 1] ** 2 + 2 * driving.braking_mps2 * length_m))
    return speeds


def _phases(marks_m: list[float], caps: list[float], speeds: list[float], driving: Driving) -> Profile:
    times, chainages, starts, gains = [0.0], [marks_m[0]], [0.0], list[float]()

    def phase(to_m: float, to_mps: float) -> None:
        length_m, mean_mps = to_m - chainages[-1], (starts[-1] + to_mps) / 2
        if length_m <= _NO_WAY_M or mean_mps <= 0:
            # Shorter than rounding: no phase, but what follows starts where and as fast as this one would have ended.
            starts[-1] = to_mps
            if gains:
                chainages[-1] = to_m
            return
        gains.append((to_mps**2 - starts[-1] ** 2) / (2 * length_m))
        times.append(times[-1] + length_m / mean_mps)
        chainages.append(to_m)
        starts.append(to_mps)

    a, d = driving.acceleration_mps2, driving.braking_mps2
    for i, (from_m, to_m) in enumerate(pairwise(marks_m)):
        u, v, length_m = speeds[i], speeds[i + 1], to_m - from_m
        peak = min(caps[i], math.sqrt((2 * a * d * length_m + d * u * u + a * v * v) / (a + d)))
        peak = max(peak, u, v)
        rise_m, fall_m = (peak * peak - u * u) / (2 * a), (peak * peak - v * v) / (2 * d)
        phase(from_m + min(rise_m, length_m), peak)
        phase(max(to_m - fall_m, chainages[-1]), peak)
        phase(to_m, v)
    return Profile(
        times_s=tuple(times),
        chainages_m=tuple(chainages),
        speeds_mps=tuple(starts),
        accelerations_mps2=tuple(gains),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """A profile driven more slowly: all of it stretched over ``duration_s``, so no limit is ever passed."""

    profile: Profile
    duration_s: float
    """At least the profile's own."""

    def at(self, time_s: float) -> Moment:
        """Return place and speed after ``time_s`` seconds of the stretched drive."""
        if time_s >= self.duration_s:
            return Moment(self.profile.chainages_m[-1], 0.0)
        pace = self.profile.duration_s / self.duration_s
        moment = self.profile.at(time_s * pace)
        return Moment(moment.chainage_m, moment.speed_mps * pace)

    def time_at(self, chainage_m: float) -> float:
        """Return the first time at which a chainage is reached."""
        total_s = self.profile.duration_s
        return self.profile.time_at(chainage_m) * self.duration_s / total_s if total_s > 0 else 0.0


def drive(fastest: Profile, *, wanted_s: float) -> Drive:
    """Return the drive that takes ``wanted_s`` seconds, or as long as the vehicle needs at least."""
    return Drive(profile=fastest, duration_s=max(fastest.duration_s, wanted_s))
