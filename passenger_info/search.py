"""Finding the trip of a vehicle that does not say it: conservative, rather no trip than a wrong one."""

from collections.abc import Collection, Iterable
from math import cos, radians, sin

from mobility.core.clock import Instant, seconds_between
from mobility.core.geo import XY
from mobility.core.vehicle import TripRef, VehicleState
from passenger_info.match import begin
from passenger_info.run import TripRun
from passenger_info.track import Track

_NEAR_M = 40.0
_EARLIEST_S, _LATEST_S = -120.0, 600.0
"""Deviation from the schedule that is believed."""
_MOVING_MPS = 2.0
_ALIGNED = 0.5
"""Cosine of the widest angle between the vehicle's bearing and the line."""
_CLEARLY = 2.0
"""The best trip must fit this much better than the second."""
CONFIRM_S = 30.0
CONFIRM_M = 100.0
"""A found trip counts once the vehicle followed it this long and this far."""


def likely_track(runs: Iterable[TripRun], taken: Collection[TripRef], point: XY, seen: VehicleState) -> Track | None:
    """Return the beginning of a track on the one run that fits clearly, else ``None``.

    The vehicle must move along the line, near it, close to the schedule, on a run that no other vehicle drives.
    """
    fits = sorted(
        ((_misfit(track, seen), track.run.ref.trip_id, track) for track in _candidates(runs, taken, point, seen)),
        key=lambda fit: fit[:2],
    )
    if not fits or (len(fits) > 1 and fits[1][0] < _CLEARLY * fits[0][0] + 10):
        return None
    return fits[0][2]


def _candidates(runs: Iterable[TripRun], taken: Collection[TripRef], point: XY, seen: VehicleState) -> Iterable[Track]:
    for run in runs:
        if run.ref in taken:
            continue
        track = begin(run, point, seen, is_assumed=True)
        if track.offset_m <= _NEAR_M and not track.is_done and _is_aligned(track, seen):
            late_s = _late_s(track, seen.as_of)
            if _EARLIEST_S <= late_s <= _LATEST_S:
                yield track


def _late_s(track: Track, now: Instant) -> float:
    return seconds_between(track.run.scheduled_at(track.chainage_m), now)


def _misfit(track: Track, seen: VehicleState) -> float:
    return abs(_late_s(track, seen.as_of)) + 5 * track.offset_m


def _is_aligned(track: Track, seen: VehicleState) -> bool:
    speed_mps, bearing_deg = seen.sample.speed_mps, seen.sample.bearing_deg
    if speed_mps is None or speed_mps < _MOVING_MPS or bearing_deg is None:
        return False
    line = track.run.trip.pattern.line
    a, b = line.at(track.chainage_m - 10), line.at(track.chainage_m + 10)
    dx_m, dy_m = b.x_m - a.x_m, b.y_m - a.y_m
    length_m = (dx_m * dx_m + dy_m * dy_m) ** 0.5
    if length_m == 0:
        return False
    # the frame's north differs from true north by a few degrees at most
    east, north = sin(radians(bearing_deg)), cos(radians(bearing_deg))
    return bool((east * dx_m + north * dy_m) / length_m >= _ALIGNED)
