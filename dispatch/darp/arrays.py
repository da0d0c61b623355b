"""The problem as the kernels read it: depots as stops, windows tightened, frozen heads taken out of the rides."""

# An element of an array is Any to mypy.
# mypy: disable-error-code="no-any-return"
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatch.darp.problem import ANYWHERE, NONE, Floats, Integers, Problem

EPS = 1e-7
"""Slack of every comparison of times, in the problem's time unit: sums of doubles are not exact, minutes have 9
digits before it. A plan keeps every constraint within 1e-6; integer milliseconds are compared exactly."""

Time = float
"""An instant or a span in the problem's one time unit."""

Booleans = NDArray[np.bool_]


# Columns of the tables below. Few tables instead of many vectors: the compiler handles every array an argument has.
TIME, COST, LENGTH = range(3)
EARLIEST, LATEST, SERVICE, PEOPLE, LONGEST, REACH = range(6)
PLACE, BEFORE, AFTER, RIDE, BOARDS = range(5)
KIND, FROZEN, GROUP = range(3)
FIRST, SECOND = range(2)


class Data(NamedTuple):
    """A problem of ``s`` stops, ``n`` rides, ``m`` vehicles, ``p`` places. Vehicle ``v`` starts at node ``s + v`` and
    ends at node ``s + m + v``: so the duty is one more ride, from start to end, and every route is plain nodes.
    """

    way: Floats
    """Between places, shape (3, p, p): TIME, COST, LENGTH."""
    stop: Floats
    """Of each node, shape (s + 2 m, 6). EARLIEST, LATEST, SERVICE, PEOPLE as in the problem, windows tightened;
    LONGEST since the end of service at the node BEFORE, ``inf`` where there is none; of a start, the vehicle's REACH.
    """
    link: Integers
    """Of each node, shape (s + 2 m, 5). PLACE (``ANYWHERE`` for a break); BEFORE: for a drop-off its pickup, for an
    end its start; AFTER: the other way round; RIDE (``NONE`` for depots); BOARDS: 1 for pickups, where load is checked.
    """
    load: Integers
    """What boards at a node in a vehicle of each kind, shape (k, nodes, c); at a start: who is aboard."""
    fleet: Integers
    """Of each vehicle, shape (m, 3). KIND; FROZEN: stops in its head; GROUP: vehicles alike in everything share it."""
    capacity: Integers
    head: Integers
    """The frozen stops, shape (m, longest head), filled up with ``NONE``."""
    rides: Integers
    """The stops of each ride that may be moved, shape (n, 2); one-stop rides have only FIRST, the other is ``NONE``."""
    allowed: Booleans
    penalty: Floats
    """Of each ride; infinite ones are made larger than any plan costs."""
    waiting_weight: float
    riding_weight: float
    is_metric: bool
    """Whether a detour never saves time nor cost: only then the bounds of a route hold for what is put in."""
    stops: int


@lru_cache(maxsize=8)
def arrays(problem: Problem) -> Data:
    """Return the problem for the kernels; the last few are remembered, as problems never change."""
    is_metric = _is_metric(problem.time) and _is_metric(problem.cost)
    rides, allowed = _movable(problem)
    heads = [len(head) for head in problem.head]
    return Data(
        way=np.stack([problem.time, problem.cost, problem.length]).astype(np.float64),
        stop=_stop(problem, is_metric=is_metric),
        link=_link(problem),
        load=_load(problem),
        fleet=np.stack([problem.kind, heads, _groups(problem)], axis=1).astype(np.int64),
        capacity=np.array(problem.capacity, dtype=np.int64, order="C"),
        head=_head(problem),
        rides=rides,
        allowed=allowed,
        penalty=_penalty(problem),
        waiting_weight=float(problem.waiting_weight),
        riding_weight=float(problem.riding_weight),
        is_metric=is_metric,
        stops=problem.stops,
    )


def _stop(problem: Problem, *, is_metric: bool) -> Floats:
    s, m = problem.stops, problem.vehicles
    stop = np.zeros((s + 2 * m, 6))
    stop[:, LONGEST] = np.inf
    stop[s : s + m, REACH] = problem.reach
    stop[s + m :, LONGEST] = problem.duration
    stop[s : s + m, PEOPLE] = problem.aboard_people
    stop[s:, EARLIEST], stop[s:, LATEST] = np.tile(problem.leave, 2), np.tile(problem.back, 2)
    stop[:s, SERVICE], stop[:s, PEOPLE] = problem.service, problem.people
    stop[:s, EARLIEST], stop[:s, LATEST] = _windows(problem, is_metric=is_metric)
    paired = (problem.pickup != NONE) & (problem.dropoff != NONE)
    stop[problem.dropoff[paired], LONGEST] = problem.longest[paired]
    return stop


def _link(problem: Problem) -> Integers:
    s, m = problem.stops, problem.vehicles
    link = np.full((s + 2 * m, 5), NONE)
    link[:, PLACE] = np.concatenate([problem.place, problem.start, problem.end])
    link[:, BOARDS] = 0
    link[s : s + m, AFTER], link[s + m :, BEFORE] = np.arange(s + m, s + 2 * m), np.arange(s, s + m)
    for ride, (pickup, dropoff) in enumerate(zip(problem.pickup.tolist(), problem.dropoff.tolist(), strict=True)):
        if pickup != NONE:
            link[pickup, RIDE], link[pickup, BOARDS], link[pickup, AFTER] = ride, 1, dropoff
        if dropoff != NONE:
            link[dropoff, RIDE], link[dropoff, BEFORE] = ride, pickup
    return link


def _is_metric(matrix: Floats) -> bool:
    return not any(((matrix[:, k, None] + matrix[None, k, :]) < matrix - EPS).any() for k in range(len(matrix)))


def _windows(problem: Problem, *, is_metric: bool) -> tuple[Floats, Floats]:
    """Return windows narrowed by what ride time and direct drive allow (Cordeau 2006, doi:10.1287/opre.1060.0283)."""
    earliest, latest = problem.earliest.astype(np.float64), problem.latest.astype(np.float64)
    for index, (p, d) in enumerate(zip(problem.pickup.tolist(), problem.dropoff.tolist(), strict=True)):
        if NONE in (p, d) or ANYWHERE in (problem.place[p], problem.place[d]):
            continue
        served, longest = problem.service[p], problem.longest[index]
        direct = served + (problem.time[problem.place[p], problem.place[d]] if is_metric else 0.0)
        earliest[p] = max(earliest[p], earliest[d] - longest - served)
        latest[p] = min(latest[p], latest[d] - direct)
        earliest[d] = max(earliest[d], earliest[p] + direct)
        latest[d] = min(latest[d], latest[p] + served + longest)
    return earliest, latest


def _movable(problem: Problem) -> tuple[Integers, Booleans]:
    """Return the stops of each ride that may be moved and the vehicles they may move to."""
    rides = np.stack([problem.pickup, problem.dropoff], axis=1).astype(np.int64)
    allowed = np.array(problem.allowed, dtype=np.bool_, order="C")
    for vehicle, head in enumerate(problem.head):
        for ride, stops in enumerate(rides):
            if set(stops.tolist()) & set(head):
                allowed[ride] &= np.arange(problem.vehicles) == vehicle
                stops[np.isin(stops, head)] = NONE
    alone = rides[:, FIRST] == NONE
    rides[alone] = rides[alone][:, ::-1]
    return rides, allowed


def _load(problem: Problem) -> Integers:
    kinds, s, dimensions = problem.load.shape
    m = problem.vehicles
    load = np.zeros((kinds, s + 2 * m, dimensions), dtype=np.int64)
    load[:, :s] = problem.load
    load[:, s : s + m] = problem.aboard
    return load


def _penalty(problem: Problem) -> Floats:
    dearest = 1.0 + problem.cost.max(initial=0.0) * (2 * problem.rides + problem.vehicles)
    return np.minimum(problem.penalty.astype(np.float64), 1e3 * dearest)


def _head(problem: Problem) -> Integers:
    head = np.full((problem.vehicles, max(map(len, problem.head), default=0)), NONE)
    for vehicle, stops in enumerate(problem.head):
        head[vehicle, : len(stops)] = stops
    return head


def _groups(problem: Problem) -> Integers:
    known: dict[tuple[object, ...], int] = {}
    scalars = zip(
        *(
            values.tolist()
            for values in (
                *(problem.start, problem.end, problem.leave, problem.back, problem.duration, problem.reach),
                *(problem.kind, problem.aboard_people),
            )
        ),
        strict=True,
    )
    groups = [
        known.setdefault(
            (*alike, *problem.capacity[v], *problem.aboard[v], problem.allowed[:, v].tobytes(), problem.head[v]), v
        )
        for v, alike in enumerate(scalars)
    ]
    return np.array(groups, dtype=np.int64)
