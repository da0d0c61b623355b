"""What is left of a problem for a proof: vehicles that are alike, and the rides that one of them may still take.

Everything here relaxes: whatever plan the problem allows, the same plan without the stops left out is allowed here and
costs no more. Left out are frozen stops, riders aboard, breaks and rides that no vehicle can serve; driving times and
costs become shortest ways then, because a left-out stop may have lain on the way.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dispatch.darp.problem import ANYWHERE, NONE, Floats, Integers, Problem

SLACK = 1e-6
"""Added to every comparison of times here, in the problem's time unit: a proof must forbid nothing that the evaluator
lets pass (its own slack is smaller), so it is generous."""


class Legs(NamedTuple):
    """``r`` rides as the kernel reads them: stop ``i`` is the pickup of ride ``i``, stop ``r + i`` its drop-off."""

    travel: Floats
    """From begin of service to begin of service at the earliest, shape (2r, 2r)."""
    swift: Floats
    """The same over whichever stops are between: no detour is shorter."""
    cost: Floats
    length: Floats
    """Zero everywhere when these vehicles can drive as far as they like."""
    earliest: Floats
    latest: Floats
    """Begin of service, narrowed by ride time, direct drive and the depots; shape (2r,) each."""
    longest: Floats
    """From begin at the pickup to begin at the drop-off, shape (r,)."""
    load: Integers
    """Shape (2r, c)."""
    capacity: Integers
    """Shape (c,)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fleet:
    """Vehicles that are alike in everything, and the way from their start and to their end."""

    vehicles: tuple[int, ...]
    legs: Legs
    outward: Floats
    """Time from departure to the begin at each pickup, shape (r,)."""
    outward_cost: Floats
    outward_length: Floats
    homeward: Floats
    """Time from the begin at each drop-off to the return, its service included, shape (r,)."""
    homeward_cost: Floats
    homeward_length: Floats
    leave: float
    back: float
    duration: float
    reach: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxation:
    """The fleets, the rides they share and what the plan costs in any case."""

    rides: Integers
    """Numbers of the rides in the problem, shape (r,)."""
    fleets: tuple[Fleet, ...]
    base_cost: float
    """Of frozen heads and of the way home after them; routes cost what they add."""
    is_exact: bool
    """Whether nothing was left out, so that a plan here is a plan of the problem."""


def relaxation(problem: Problem) -> Relaxation:
    """Return the rides to be placed and the vehicles that may take them."""
    frozen = {stop for head in problem.head for stop in head}
    whole = [ride for ride in range(problem.rides) if _is_whole(problem, ride, frozen)]
    is_exact = len(whole) == problem.rides and not frozen and not problem.aboard.any()
    ways = _ways(problem, is_exact=is_exact)
    fleets = [_fleet(problem, ways, np.array(whole, dtype=np.int64), group) for group in _alike(problem)]
    possible = np.array([any(_is_possible(f.legs, i, len(whole)) for f in fleets) for i in range(len(whole))], bool)
    if not possible.all():
        # Rides that fit nowhere lie on no way either, but their places may: shortest ways from now on.
        is_exact, ways = False, _ways(problem, is_exact=False)
        whole = [ride for ride, fits in zip(whole, possible.tolist(), strict=True) if fits]
        fleets = [_fleet(problem, ways, np.array(whole, dtype=np.int64), group) for group in _alike(problem)]
    base_cost = sum(_head_cost(problem, v) + _idle_cost(problem, ways, v) for v in range(problem.vehicles))
    rides = np.array(whole, dtype=np.int64)
    return Relaxation(rides=rides, fleets=tuple(fleets), base_cost=base_cost, is_exact=is_exact)


class _Ways(NamedTuple):
    time: Floats
    cost: Floats
    length: Floats
    swift: Floats


def _ways(problem: Problem, *, is_exact: bool) -> _Ways:
    swift = _shortest(problem.time)
    if is_exact:
        return _Ways(problem.time, problem.cost, problem.length, swift)
    return _Ways(swift, _shortest(problem.cost), _shortest(problem.length), swift)


def _shortest(matrix: Floats) -> Floats:
    """Return the shortest ways over any places (Floyd 1962, doi:10.1145/367766.368168)."""
    shortest = matrix.astype(np.float64)
    for k in range(len(shortest)):
        shortest = np.minimum(shortest, shortest[:, k, None] + shortest[None, k, :])
    return shortest


def _is_whole(problem: Problem, ride: int, frozen: set[int]) -> bool:
    stops = (int(problem.pickup[ride]), int(problem.dropoff[ride]))
    return NONE not in stops and not frozen.intersection(stops) and all(problem.place[s] != ANYWHERE for s in stops)


def _alike(problem: Problem) -> list[tuple[int, ...]]:
    groups: dict[tuple[object, ...], list[int]] = {}
    names = ("start", "end", "leave", "back", "duration", "reach", "kind")
    for v in range(problem.vehicles):
        own = tuple(getattr(problem, name)[v].item() for name in names)
        key = (*own, *problem.capacity[v].tolist(), problem.allowed[:, v].tobytes(), problem.head[v])
        groups.setdefault(key, []).append(v)
    return [tuple(group) for group in groups.values()]


def _fleet(problem: Problem, ways: _Ways, rides: Integers, group: tuple[int, ...]) -> Fleet:
    v, count = group[0], len(rides)
    stops = np.concatenate([problem.pickup[rides], problem.dropoff[rides]])
    at, served = problem.place[stops], problem.service[stops]
    start, leave = _departure(problem, v)
    travel = ways.time[np.ix_(at, at)] + served[:, None]
    outward, homeward = ways.time[start, at[:count]], served[count:] + ways.time[at[count:], problem.end[v]]
    is_limited = bool(np.isfinite(problem.reach[v]))
    length = ways.length if is_limited else np.zeros_like(ways.length)
    earliest = np.maximum(problem.earliest[stops], leave + ways.swift[start, at])
    latest = np.minimum(problem.latest[stops], problem.back[v] - served - ways.swift[at, problem.end[v]])
    latest[np.tile(~problem.allowed[rides, v], 2)] = -np.inf
    legs = Legs(
        travel=travel,
        swift=ways.swift[np.ix_(at, at)] + served[:, None],
        cost=np.ascontiguousarray(ways.cost[np.ix_(at, at)], dtype=np.float64),
        length=np.ascontiguousarray(length[np.ix_(at, at)], dtype=np.float64),
        earliest=earliest,
        latest=latest,
        longest=problem.longest[rides] + served[:count],
        load=np.ascontiguousarray(problem.load[problem.kind[v]][stops], dtype=np.int64),
        capacity=np.ascontiguousarray(problem.capacity[v], dtype=np.int64),
    )
    _narrow(legs, count)
    return Fleet(
        vehicles=group,
        legs=legs,
        outward=outward,
        outward_cost=ways.cost[start, at[:count]],
        outward_length=length[start, at[:count]],
        homeward=homeward,
        homeward_cost=ways.cost[at[count:], problem.end[v]] - _idle_cost(problem, ways, v),
        homeward_length=length[at[count:], problem.end[v]],
        leave=leave,
        back=float(problem.back[v]),
        duration=float(problem.duration[v]),
        reach=float(problem.reach[v]) if is_limited else np.inf,
    )


def _narrow(legs: Legs, count: int) -> None:
    """Narrow windows by ride time and direct drive; a second round finds nothing new (one ride is two stops)."""
    first, second = slice(0, count), slice(count, 2 * count)
    direct = np.array([legs.swift[i, count + i] for i in range(count)])
    for _ in range(2):
        legs.earliest[second] = np.maximum(legs.earliest[second], legs.earliest[first] + direct)
        legs.latest[second] = np.minimum(legs.latest[second], legs.latest[first] + legs.longest)
        legs.earliest[first] = np.maximum(legs.earliest[first], legs.earliest[second] - legs.longest)
        legs.latest[first] = np.minimum(legs.latest[first], legs.latest[second] - direct)


def _is_possible(legs: Legs, ride: int, count: int) -> bool:
    fits = bool((legs.load[ride] <= legs.capacity).all())
    pair = [ride, count + ride]
    in_time = bool((legs.earliest[pair] <= legs.latest[pair] + SLACK).all())
    return fits and in_time and bool(legs.swift[ride, count + ride] <= legs.longest[ride] + SLACK)


def _departure(problem: Problem, vehicle: int) -> tuple[int, float]:
    """Return where and when a vehicle is free at the earliest: at its start or behind its frozen stops."""
    at, moment = int(problem.start[vehicle]), float(problem.leave[vehicle])
    for stop in problem.head[vehicle]:
        place = int(problem.place[stop])
        if place != ANYWHERE:
            moment, at = moment + float(problem.time[at, place]), place
        moment = max(moment, float(problem.earliest[stop])) + float(problem.service[stop])
    return at, moment


def _head_cost(problem: Problem, vehicle: int) -> float:
    at, total = int(problem.start[vehicle]), 0.0
    for stop in problem.head[vehicle]:
        place = int(problem.place[stop])
        if place != ANYWHERE:
            total, at = total + float(problem.cost[at, place]), place
    return total


def _idle_cost(problem: Problem, ways: _Ways, vehicle: int) -> float:
    """Return what a vehicle without further rides pays: nothing, or the way home after its frozen stops."""
    if not problem.head[vehicle]:
        return 0.0
    return float(ways.cost[_departure(problem, vehicle)[0], problem.end[vehicle]])
