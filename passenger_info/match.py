"""Matching a vehicle to its trip's line: monotone, safe on loops and out-and-back lines, cheap at 1 Hz."""

from itertools import pairwise

from mobility.core.clock import Instant, seconds_between
from mobility.core.geo import XY, OnLine
from mobility.core.vehicle import Doors, Sample, VehicleState
from passenger_info.calls import STANDING_MPS, STOP_RADIUS_M, Motion, Progress, progressed
from passenger_info.run import TripRun
from passenger_info.track import Track

OFF_ROUTE_M = 200.0
"""Farther beside its line a vehicle is off route (GTFS-realtime best practice: within 200 m of the shape)."""

FASTEST_MPS = 40.0
"""No vehicle on a trip is taken to be faster; bounds the search ahead."""

_NOISE_M = 30.0
"""How far positioning error may move a fix along the line."""
_ALIKE_M = 40.0
"""Places on the line whose offsets differ by less can not be told apart by position; time decides."""
_ASTRAY_M = 60.0
_ASTRAY_S = 15.0
_EARLY_WEIGHT = 3.0
"""Running early is that much less likely than running late."""
EARLIEST_S = 2 * 3600.0
LATEST_S = 3 * 3600.0
"""A log-on is believed this long before the first departure and after the last arrival."""
_EARLY_START_MS = 60_000
_START_M = 300.0
STAND_JITTER_M = 25.0
"""A vehicle that stood before and still stands is not moved along by less."""


def is_plausible(run: TripRun, now: Instant) -> bool:
    """Return whether a vehicle may well be on ``run`` at ``now``."""
    return run.departure[0] - EARLIEST_S * 1000 <= now <= run.arrival[-1] + LATEST_S * 1000


def begin(run: TripRun, point: XY, seen: VehicleState, *, is_fresh: bool = False, is_assumed: bool = False) -> Track:
    """Return the track of a vehicle first seen on ``run``.

    Where the line passes a place several times, the schedule decides which time it is. ``is_fresh`` says that the
    vehicle was on another trip before and now begins this one: then the earliest place counts.
    """
    on = _acquired(run, point, seen.as_of, is_fresh=is_fresh)
    chainage_m = run.chainage_m[0] if _is_waiting(run, on.chainage_m, seen.as_of) else on.chainage_m
    k = next((i for i, stop_m in enumerate(run.chainage_m) if stop_m >= chainage_m - STOP_RADIUS_M), run.last)
    nothing: tuple[None, ...] = (None,) * (run.last + 1)
    speed_mps = seen.sample.speed_mps or 0.0
    motion = Motion(seen.as_of, chainage_m, seen.as_of, chainage_m, speed_mps, _has_open_doors(seen.sample), seen.as_of)
    start = Progress(k, is_at_stop=False, arrived=nothing, departed=nothing)
    is_on_route = on.offset_m <= OFF_ROUTE_M
    after = progressed(run, start, motion) if is_on_route else start
    return Track(
        run=run,
        as_of=seen.as_of,
        chainage_m=chainage_m,
        offset_m=on.offset_m,
        speed_mps=speed_mps,
        call_index=after.call_index,
        is_at_stop=after.is_at_stop,
        arrived=after.arrived,
        departed=after.departed,
        stood_until=seen.as_of,
        is_on_route=is_on_route,
        is_assumed=is_assumed,
    )


def follow(before: Track, point: XY, seen: VehicleState) -> Track:
    """Return the track after one more sample; an older one changes nothing."""
    if seen.as_of <= before.as_of:
        return before
    elapsed_s = seconds_between(before.as_of, seen.as_of)
    on = _ahead(before, point, elapsed_s)
    if not before.is_on_route and not before.has_started:
        return begin(before.run, point, seen, is_fresh=True, is_assumed=before.is_assumed)
    if on.offset_m > _ASTRAY_M:
        return _astray(before, point, seen, on)
    return _advanced(before, seen, on, elapsed_s)


def moved(before: Track, run: TripRun, point: XY, seen: VehicleState) -> Track:
    """Return the track of a vehicle whose run was changed under way: placed anew, keeping what was observed so far."""
    found = begin(run, point, seen, is_assumed=before.is_assumed)
    keys = [_key(before.run, i) for i in range(before.run.last + 1)]
    arrived, departed = dict(zip(keys, before.arrived, strict=True)), dict(zip(keys, before.departed, strict=True))
    k = found.call_index
    here = found.arrived[k] if found.arrived[k] is None else (arrived.get(_key(run, k)) or found.arrived[k])
    nothing: tuple[None, ...] = (None,) * (run.last - k)
    return found._replace(
        arrived=(*(arrived.get(_key(run, i)) for i in range(k)), here, *nothing),
        departed=(*(departed.get(_key(run, i)) for i in range(k)), None, *nothing),
    )


def _key(run: TripRun, i: int) -> tuple[int | None, str]:
    """Return what makes a call the same in two versions of a run."""
    origin = i if run.change is None else run.change.origin[i]
    return origin, "" if origin is not None else run.trip.pattern.stops[i]


def _ahead(before: Track, point: XY, elapsed_s: float) -> OnLine:
    line, from_m = before.run.trip.pattern.line, before.chainage_m - _NOISE_M
    likely_m = before.chainage_m + before.speed_mps * elapsed_s * 1.5 + 2 * _NOISE_M
    near = line.project(point, from_m=max(0.0, from_m), to_m=likely_m)
    if near.offset_m <= _ALIKE_M:
        return near
    reach_m = before.chainage_m + FASTEST_MPS * elapsed_s + _NOISE_M
    far = line.project(point, from_m=max(0.0, from_m), to_m=reach_m)
    return far if far.offset_m < near.offset_m - _ALIKE_M / 2 else near


def _advanced(before: Track, seen: VehicleState, on: OnLine, elapsed_s: float) -> Track:
    run, sample = before.run, seen.sample
    chainage_m = max(before.chainage_m, on.chainage_m)
    gained_m = chainage_m - before.chainage_m
    speed_mps = sample.speed_mps if sample.speed_mps is not None else gained_m / elapsed_s
    is_waiting = not before.has_started and _is_waiting(run, chainage_m, seen.as_of)
    stays = gained_m < STAND_JITTER_M and before.speed_mps < STANDING_MPS
    if speed_mps < STANDING_MPS and (stays or is_waiting):
        chainage_m = before.chainage_m
    is_open = _has_open_doors(sample)
    stood_until = seen.as_of if speed_mps < STANDING_MPS or is_open else before.stood_until
    if before.is_done:
        after = Progress(before.call_index, before.is_at_stop, before.arrived, before.departed)
    else:
        motion = Motion(before.as_of, before.chainage_m, seen.as_of, chainage_m, speed_mps, is_open, before.stood_until)
        so_far = Progress(before.call_index, before.is_at_stop, before.arrived, before.departed)
        after = progressed(run, so_far, motion)
    return Track(
        run=run,
        as_of=seen.as_of,
        chainage_m=chainage_m,
        offset_m=on.offset_m,
        speed_mps=speed_mps,
        call_index=after.call_index,
        is_at_stop=after.is_at_stop,
        arrived=after.arrived,
        departed=after.departed,
        stood_until=stood_until,
        is_assumed=before.is_assumed,
    )


def _astray(before: Track, point: XY, seen: VehicleState, on: OnLine) -> Track:
    """Keep the last place for a while; a vehicle seen elsewhere on the line for long is moved there."""
    since = before.astray_since if before.astray_since is not None else seen.as_of
    lost = before._replace(
        as_of=seen.as_of,
        offset_m=on.offset_m,
        is_on_route=on.offset_m <= OFF_ROUTE_M,
        astray_since=since,
        speed_mps=seen.sample.speed_mps or 0.0,
    )
    if seconds_between(since, seen.as_of) < _ASTRAY_S:
        return lost
    found = begin(before.run, point, seen, is_assumed=before.is_assumed)
    if found.offset_m > _ASTRAY_M or found.offset_m > on.offset_m / 2:
        return lost
    return _with_memory(found, before)


def _with_memory(found: Track, before: Track) -> Track:
    """Keep what was observed at calls that still lie behind the vehicle."""
    k = found.call_index
    nothing: tuple[None, ...] = (None,) * (found.run.last + 1 - k)
    return found._replace(
        arrived=(*before.arrived[:k], *found.arrived[k:]),
        departed=(*before.departed[:k], *nothing),
    )


def _acquired(run: TripRun, point: XY, now: Instant, *, is_fresh: bool) -> OnLine:
    line, stops_m = run.trip.pattern.line, run.chainage_m
    spans = [(a, b) for a, b in pairwise(stops_m) if b > a] or [(0.0, line.length_m)]
    places = [line.project(point, from_m=a, to_m=b) for a, b in spans]
    nearest_m = min(place.offset_m for place in places)
    alike = [place for place in places if place.offset_m <= nearest_m + _ALIKE_M]
    if is_fresh:
        return alike[0]
    return min(alike, key=lambda place: (_implausibility_s(run, place, now), place.chainage_m))


def _implausibility_s(run: TripRun, place: OnLine, now: Instant) -> float:
    late_s = seconds_between(run.scheduled_at(place.chainage_m), now)
    return (late_s if late_s >= 0 else -_EARLY_WEIGHT * late_s) + place.offset_m


def _is_waiting(run: TripRun, chainage_m: float, now: Instant) -> bool:
    """Return whether a vehicle near the first stop still waits there: long trains stand far beside the stop's point."""
    is_early = now < run.departure[0] - _EARLY_START_MS
    return is_early and chainage_m < run.chainage_m[0] + min(_START_M, (run.chainage_m[1] - run.chainage_m[0]) / 2)


def _has_open_doors(sample: Sample) -> bool:
    return sample.doors in (Doors.OPEN, Doors.RAMP_OUT)
