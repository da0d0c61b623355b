"""Whether a route of a problem can be timed at all, by inequalities and Bellman-Ford alone."""

import numpy as np

from dispatch.darp.problem import ANYWHERE, Problem

Inequality = tuple[int, int, float]
"""(i, j, w): the time at j is at most the time at i plus w."""


def has_times(problem: Problem, vehicle: int, stops: list[int]) -> bool:
    """Windows, driving, ride times, departure, duration and return; 0 is the departure, the last but one the return."""
    last, origin = len(stops) + 1, len(stops) + 2
    where = places(problem, vehicle, stops)
    known: list[Inequality] = [(0, origin, -problem.leave[vehicle]), (origin, last, problem.back[vehicle])]
    known.append((0, last, problem.duration[vehicle]))
    for k, stop in enumerate(stops, start=1):
        known += [(origin, k, problem.latest[stop]), (k, origin, -problem.earliest[stop])]
    for k in range(last):
        service = problem.service[stops[k - 1]] if k else 0.0
        known.append((k + 1, k, -(service + problem.time[where[k], where[k + 1]])))
    for ride, (pickup, dropoff) in enumerate(zip(problem.pickup, problem.dropoff, strict=True)):
        if pickup in stops and dropoff in stops:
            limit = problem.service[pickup] + problem.longest[ride]
            known.append((stops.index(pickup) + 1, stops.index(dropoff) + 1, limit))
    return _is_consistent([entry for entry in known if np.isfinite(entry[2])], origin + 1)


def places(problem: Problem, vehicle: int, stops: list[int]) -> list[int]:
    """Where the vehicle is at its start, at each stop and at its end; at a break where it was before."""
    found = [int(problem.start[vehicle])]
    for stop in stops:
        found.append(found[-1] if problem.place[stop] == ANYWHERE else int(problem.place[stop]))
    return [*found, int(problem.end[vehicle])]


def _is_consistent(known: list[Inequality], size: int) -> bool:
    times = [0.0] * size
    for _ in range(size):
        changed = False
        for i, j, weight in known:
            if times[i] + weight < times[j]:
                times[j], changed = times[i] + weight, True
        if not changed:
            return True
    return False
