"""Arrivals and departures at stops, seen from chainage, speed and doors, by event time only."""

from typing import NamedTuple

from mobility.core.clock import Instant
from passenger_info.run import TripRun

STOP_RADIUS_M = 25.0
"""A vehicle that stands this close before or behind a stop is taken to serve it (a bus length and GPS noise)."""

LEAVE_M = 20.0
"""Distance behind a stop from which a moving vehicle has left it."""

STANDING_MPS = 0.5
"""Below this speed a vehicle stands."""

_FAR_BEHIND_M = 60.0
_DENSE_S = 3.0
"""With samples at least this dense the last standing sample is the departure."""


class Motion(NamedTuple):
    """What happened between two samples of a vehicle."""

    before: Instant
    before_m: float
    now: Instant
    now_m: float
    speed_mps: float
    has_open_doors: bool
    stood_until: Instant

    @property
    def is_standing(self) -> bool:
        """Whether the vehicle serves a stop if it is at one."""
        return self.has_open_doors or self.speed_mps < STANDING_MPS

    def passed(self, chainage_m: float) -> Instant:
        """Return when the vehicle passed a chainage, between the two samples by distance."""
        gained_m = self.now_m - self.before_m
        if gained_m <= 0 or chainage_m <= self.before_m:
            return self.before
        share = min(1.0, (chainage_m - self.before_m) / gained_m)
        return Instant(self.before + round(share * (self.now - self.before)))


class Progress(NamedTuple):
    """Which call is next, whether the vehicle is at it, and the observations so far."""

    call_index: int
    is_at_stop: bool
    arrived: tuple[Instant | None, ...]
    departed: tuple[Instant | None, ...]


def progressed(run: TripRun, before: Progress, motion: Motion) -> Progress:
    """Return the progress after ``motion``; several calls may be passed in one step when samples are sparse."""
    after = before
    while True:
        step = _left(run, after, motion) if after.is_at_stop else _reached(run, after, motion)
        if step is after:
            return after
        after = step


def _left(run: TripRun, before: Progress, motion: Motion) -> Progress:
    k = before.call_index
    if k == run.last or motion.has_open_doors:
        return before
    beyond_m = motion.now_m - run.chainage_m[k]
    if not (beyond_m > _FAR_BEHIND_M or (beyond_m > LEAVE_M and motion.speed_mps >= STANDING_MPS)):
        return before
    left_at = max(_departure(run.chainage_m[k], motion), before.arrived[k] or motion.before)
    return Progress(k + 1, False, before.arrived, _with(before.departed, k, left_at))


def _departure(stop_m: float, motion: Motion) -> Instant:
    if motion.now - motion.before <= _DENSE_S * 1000:
        return motion.stood_until
    since_ms = 1000 * (motion.now_m - stop_m) / max(motion.speed_mps, 3.0)
    return Instant(max(motion.stood_until, round(motion.now - since_ms)))


def _reached(run: TripRun, before: Progress, motion: Motion) -> Progress:
    k = before.call_index
    stop_m = run.chainage_m[k]
    if motion.now_m < stop_m - STOP_RADIUS_M:
        return before
    is_last = k == run.last
    if motion.now_m <= stop_m + _FAR_BEHIND_M and (motion.is_standing or (is_last and motion.now_m >= stop_m - 3)):
        came = motion.now if motion.now - motion.before <= _DENSE_S * 1000 else motion.passed(stop_m)
        return Progress(k, True, _with(before.arrived, k, came), before.departed)
    if motion.now_m > stop_m + STOP_RADIUS_M or (is_last and motion.now_m >= stop_m):
        came = motion.passed(stop_m)
        arrived = _with(before.arrived, k, came)
        if is_last:
            return Progress(k, True, arrived, before.departed)
        return Progress(k + 1, False, arrived, _with(before.departed, k, came))
    return before


def _with(times: tuple[Instant | None, ...], k: int, moment: Instant) -> tuple[Instant | None, ...]:
    return (*times[:k], moment, *times[k + 1 :])
