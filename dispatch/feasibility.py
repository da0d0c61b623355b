"""Exact feasibility of a route: windows, loads, ride times, breaks, duration, reach, return to the depot.

Windows, driving, ride times and the route's duration are difference constraints (Firat & Woeginger 2011,
doi:10.1016/j.orl.2010.11.004), whose least solution is found by sweeping forward and raising a pickup whenever its
ride would be too long, until nothing moves. A solution exists exactly when the sweep settles: a raise travels over
one ride at a time, so more sweeps than rides mean a contradiction (Bellman-Ford). It decides the same question as
the eight-step scheme of Cordeau & Laporte 2003 (doi:10.1016/S0191-2615(02)00045-0).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dispatch.route import Constraint, Drive, Duty, Metres, Schedule, Violation, Visit, places
from mobility.core.booking import Load


def schedule(duty: Duty, visits: Sequence[Visit], drive: Drive, metres: Metres | None = None) -> Schedule | Violation:
    """Return the times of a route, or the first constraint that makes it impossible.

    Without ``metres`` the vehicle's reach is not looked at.
    """
    beyond = _overload(duty, visits) or (_out_of_reach(duty, visits, metres) if metres else None)
    if beyond is not None:
        return beyond
    legs_ms = _legs_ms(duty, visits, drive)
    earliest_ms = _least(duty, visits, legs_ms)
    if isinstance(earliest_ms, Violation):
        return earliest_ms
    begin_ms = _fetched_late(visits, legs_ms, earliest_ms)
    back_ms = _leaves_ms(duty, visits, begin_ms, len(visits)) + legs_ms[-1]
    waiting_ms, riding_ms = _aboard_ms(duty, visits, legs_ms, begin_ms)
    return Schedule(
        earliest_ms=tuple(earliest_ms),
        begin_ms=tuple(begin_ms),
        driving_ms=sum(legs_ms) if visits else 0,
        waiting_ms=waiting_ms,
        riding_ms=riding_ms,
        back_ms=back_ms,
        leave_ms=max(duty.leave_ms, begin_ms[0] - legs_ms[0]) if visits else duty.leave_ms,
    )


def latest_begins_ms(duty: Duty, visits: Sequence[Visit], drive: Drive) -> tuple[int, ...]:
    """Return an upper bound on the begin of each visit: later makes a later visit or the depot late."""
    limit_ms, following = duty.back_ms, duty.depot
    bounds_ms: list[int] = []
    for visit, place in zip(reversed(visits), reversed(places(duty, visits)), strict=True):
        loose_ms = min(visit.latest_ms, limit_ms - visit.service_ms)
        limit_ms = min(visit.latest_ms, limit_ms - drive(place, following) - visit.service_ms)
        following = place
        # A stop put in before a break moves it elsewhere, perhaps nearer to what follows.
        bounds_ms.append(loose_ms if visit.is_break else limit_ms)
    return tuple(reversed(bounds_ms))


def as_it_comes(duty: Duty, visits: Sequence[Visit], drive: Drive) -> tuple[int, ...]:
    """Return the begins when everything is driven as soon as possible, late or not: what a late vehicle will do."""
    begins_ms: list[int] = []
    ready_ms = duty.leave_ms
    for visit, leg_ms in zip(visits, _legs_ms(duty, visits, drive), strict=False):
        begins_ms.append(max(ready_ms + leg_ms, visit.earliest_ms))
        ready_ms = begins_ms[-1] + visit.service_ms
    return tuple(begins_ms)


def _legs_ms(duty: Duty, visits: Sequence[Visit], drive: Drive) -> list[int]:
    """Return the drive to each visit, 0 to a break, and last the one back to the depot."""
    ways = pairwise((duty.start, *places(duty, visits)))
    legs_ms = [0 if visit.is_break else drive(*way) for visit, way in zip(visits, ways, strict=True)]
    last = places(duty, visits)[-1] if visits else duty.start
    return [*legs_ms, drive(last, duty.depot)]


def _overload(duty: Duty, visits: Sequence[Visit]) -> Violation | None:
    aboard = duty.aboard
    for k, visit in enumerate(visits):
        if visit.is_break and _people(aboard) > 0:
            return Violation(Constraint.BREAK, k, 0)
        aboard = aboard + visit.load
        # Who leaves makes nothing too full.
        lacking = duty.overfull(aboard) if visit.is_pickup else None
        if lacking is not None:
            return Violation(lacking, k, 0)
    return None


def _out_of_reach(duty: Duty, visits: Sequence[Visit], metres: Metres) -> Violation | None:
    driven_m = 0.0
    stops = (duty.start, *places(duty, visits), duty.depot)
    for k, (visit, way) in enumerate(zip((*visits, None), pairwise(stops), strict=True)):
        driven_m += 0.0 if visit is not None and visit.is_break else metres(*way)
        if driven_m > duty.reach_m and visits:
            return Violation(Constraint.REACH, k, 0)
    return None


def _least(duty: Duty, visits: Sequence[Visit], legs_ms: Sequence[int]) -> list[int] | Violation:
    """Return the least begins that satisfy every constraint."""
    floor_ms = [visit.earliest_ms for visit in visits]
    begins_ms = list(floor_ms)
    pickups = {visit.booking_id: k for k, visit in enumerate(visits) if visit.is_pickup}
    rides = [(pickups[v.booking_id], k) for k, v in enumerate(visits) if not v.is_pickup and v.booking_id in pickups]
    blocking: Violation | None = None
    leave_ms = duty.leave_ms
    # One sweep more than backward constraints: all rides, and the route as a whole.
    for _ in range(len(rides) + 3):
        late = _sweep(replace(duty, leave_ms=leave_ms), visits, legs_ms, floor_ms, begins_ms)
        if late is not None:
            # Once a pickup had to be put off, whatever fails after it fails for the sake of that ride.
            return blocking or late
        excess = _raised(visits, rides, floor_ms, begins_ms)
        needed_ms = _departs_ms(duty, visits, legs_ms, begins_ms)
        if excess is None and needed_ms <= leave_ms:
            return begins_ms
        blocking = blocking or excess or Violation(Constraint.DURATION, len(visits), needed_ms - leave_ms)
        leave_ms = max(leave_ms, needed_ms)
    assert blocking is not None  # noqa: S101 - the loop only ends here after a raise
    return blocking


def _departs_ms(duty: Duty, visits: Sequence[Visit], legs_ms: Sequence[int], begins_ms: Sequence[int]) -> int:
    """Return the earliest departure that keeps the whole route within its longest duration."""
    if duty.longest_ms is None or not visits:
        return duty.leave_ms
    return begins_ms[-1] + visits[-1].service_ms + legs_ms[-1] - duty.longest_ms


def _sweep(
    duty: Duty, visits: Sequence[Visit], legs_ms: Sequence[int], floor_ms: Sequence[int], begins_ms: list[int]
) -> Violation | None:
    ready_ms = duty.leave_ms
    for k, visit in enumerate(visits):
        ready_ms += legs_ms[k]
        ready_ms = max(ready_ms, floor_ms[k])
        if ready_ms > visit.latest_ms:
            return Violation(Constraint.WINDOW, k, ready_ms - visit.latest_ms)
        begins_ms[k] = ready_ms
        ready_ms += visit.service_ms
    over_ms = ready_ms + legs_ms[-1] - duty.back_ms
    return Violation(Constraint.SHIFT_END, len(visits), over_ms) if over_ms > 0 and visits else None


def _raised(
    visits: Sequence[Visit], rides: Sequence[tuple[int, int]], floor_ms: list[int], begins_ms: Sequence[int]
) -> Violation | None:
    """Put off each pickup whose ride is too long; return the first of them, ``None`` when all rides fit."""
    first: Violation | None = None
    for pickup, dropoff in rides:
        visit = visits[pickup]
        needed_ms = begins_ms[dropoff] - visit.max_ride_ms - visit.service_ms
        if needed_ms > begins_ms[pickup]:
            floor_ms[pickup] = needed_ms
            first = first or Violation(Constraint.RIDE_TIME, dropoff, needed_ms - begins_ms[pickup])
    return first


def _fetched_late(visits: Sequence[Visit], legs_ms: Sequence[int], earliest_ms: Sequence[int]) -> list[int]:
    """Put off pickups while the vehicle would only wait at the next stop; no later visit moves, no ride grows."""
    begins_ms = list(earliest_ms)
    for k in range(len(visits) - 2, -1, -1):
        visit = visits[k]
        if visit.is_pickup:
            idle_ms = begins_ms[k + 1] - (begins_ms[k] + visit.service_ms + legs_ms[k + 1])
            begins_ms[k] += max(0, min(idle_ms, visit.latest_ms - begins_ms[k]))
    return begins_ms


def _leaves_ms(duty: Duty, visits: Sequence[Visit], begins_ms: Sequence[int], k: int) -> int:
    return duty.leave_ms if k == 0 else begins_ms[k - 1] + visits[k - 1].service_ms


def _aboard_ms(
    duty: Duty, visits: Sequence[Visit], legs_ms: Sequence[int], begins_ms: Sequence[int]
) -> tuple[int, int]:
    """Return the time the vehicle stands with riders aboard, and the riders' time in it."""
    waiting_ms, riding_ms, people = 0, 0, _people(duty.aboard)
    for k, visit in enumerate(visits):
        span_ms = begins_ms[k] - _leaves_ms(duty, visits, begins_ms, k)
        if people > 0:
            waiting_ms += span_ms - legs_ms[k]
            riding_ms += people * (span_ms + visit.service_ms)
        people += visit.seats + visit.wheelchairs
    return waiting_ms, riding_ms


def _people(load: Load) -> int:
    return load.seats + load.wheelchairs
