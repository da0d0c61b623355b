"""Benchmark files in Cordeau's format (Cordeau & Laporte 2003, doi:10.1016/S0191-2615(02)00045-0) as problems.

Line 1 is ``m N T Q L``: vehicles, count, longest route, capacity, longest ride. Then a row for each node,
``id x y service load earliest latest``: the depot, n pickups, n deliveries and, in some files, the depot once more as
the end of all routes. ``N`` is n in the first publication of some series and 2n elsewhere, so n comes from the rows.
Driving time and cost are Euclidean distances, never rounded; a unit is a minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from dispatch.darp.alone import violations_alone
from dispatch.darp.cordeau_rows import File, Minutes, Node, file_of
from dispatch.darp.problem import Floats, Problem, Routes
from dispatch.route import Violation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instance:
    """A benchmark file as a problem; stop ``k`` is the file's node ``k + 1``, ride ``k`` its request ``k + 1``."""

    name: str
    problem: Problem
    impossible: Mapping[int, Violation]
    """Rides that no vehicle can serve even alone, and the constraint that forbids it; no vehicle is allowed them."""

    def nodes(self, routes: Routes) -> list[list[int]]:
        """Return routes in the file's node numbers, depots left out."""
        return [[stop + 1 for stop in route] for route in routes]

    def routes(self, nodes: Routes) -> list[list[int]]:
        """Return routes given in the file's node numbers as stops of the problem."""
        return [[node - 1 for node in route] for route in nodes]


def parse_instance(text: str | bytes, name: str = "") -> Instance:
    """Return the instance of a file's content; ``name`` is told in errors and kept.

    Raises ``BadInputError`` with file, line and what was expected.
    """
    file = file_of(text, name)
    problem = _problem(file)
    # On the file's own windows: cut ones would hide which constraint it was.
    impossible = violations_alone(problem)
    allowed = problem.allowed.copy()
    allowed[list(impossible)] = False
    earliest, latest = _tightened(file, problem.time)
    ready = replace(problem, earliest=earliest, latest=latest, allowed=allowed)
    return Instance(name=name, problem=ready, impossible=impossible)


def _problem(file: File) -> Problem:
    n, m = file.requests, file.vehicles
    nodes, distance = file.nodes, _distances(file)
    end = len(distance) - 1 if file.has_other_end else 0
    everyone = np.ones(m)
    load = np.array([node.load for node in nodes[1:]], dtype=np.int64)
    return Problem(
        time=distance,
        cost=distance,
        length=distance,
        place=np.arange(1, 2 * n + 1, dtype=np.int64),
        earliest=np.array([node.earliest for node in nodes[1:]]),
        latest=np.array([node.latest for node in nodes[1:]]),
        service=np.array([node.service for node in nodes[1:]]),
        load=load[np.newaxis, :, np.newaxis],
        people=load.astype(np.float64),
        pickup=np.arange(n, dtype=np.int64),
        dropoff=np.arange(n, 2 * n, dtype=np.int64),
        longest=np.full(n, file.longest_ride),
        allowed=np.ones((n, m), dtype=np.bool_),
        # Any plan is cheaper than one ride left out.
        penalty=np.full(n, 1.0 + distance.max() * (2 * n + m)),
        start=np.zeros(m, dtype=np.int64),
        end=np.full(m, end, dtype=np.int64),
        leave=everyone * nodes[0].earliest,
        # Whoever leaves within the first depot row's window is back by then.
        back=everyone * min(file.end.latest, nodes[0].latest + file.longest_route),
        duration=everyone * file.longest_route,
        reach=everyone * inf,
        kind=np.zeros(m, dtype=np.int64),
        capacity=np.full((m, 1), file.capacity, dtype=np.int64),
        aboard=np.zeros((m, 1), dtype=np.int64),
        aboard_people=np.zeros(m),
        head=((),) * m,
    )


def _distances(file: File) -> Floats:
    points = [*file.nodes, file.end] if file.has_other_end else list(file.nodes)
    x, y = (np.array([getattr(point, axis) for point in points]) for axis in ("x", "y"))
    return np.asarray(np.hypot(x[:, np.newaxis] - x, y[:, np.newaxis] - y))


def _tightened(file: File, distance: Floats) -> tuple[Floats, Floats]:
    """Return windows cut to what any feasible route can use; where nothing would be left, as the file has them.

    Exact, as Euclidean distances obey the triangle inequality: no feasible schedule is lost.
    """
    n, nodes = file.requests, file.nodes
    earliest = np.array([node.earliest for node in nodes[1:]])
    latest = np.array([node.latest for node in nodes[1:]])
    end = -1 if file.has_other_end else 0
    for ride in range(n):
        spans = _ride_windows(
            (nodes[ride + 1], nodes[ride + n + 1]),
            drive=float(distance[ride + 1, ride + n + 1]),
            longest_ride=file.longest_ride,
            from_depot=nodes[0].earliest + float(distance[0, ride + 1]),
            to_depot=file.end.latest - float(distance[ride + n + 1, end]),
        )
        if all(opens <= closes for opens, closes in spans):
            (earliest[ride], latest[ride]), (earliest[ride + n], latest[ride + n]) = spans
    return earliest, latest


def _ride_windows(
    ends: tuple[Node, Node], *, drive: Minutes, longest_ride: Minutes, from_depot: Minutes, to_depot: Minutes
) -> tuple[tuple[Minutes, Minutes], tuple[Minutes, Minutes]]:
    pickup, delivery = ends
    # The way from pickup to delivery takes at least the drive, at most the longest ride.
    least, most = pickup.service + drive, pickup.service + longest_ride
    pickup_from = max(pickup.earliest, from_depot)
    delivery_from = max(delivery.earliest, pickup_from + least)
    delivery_to = min(delivery.latest, to_depot - delivery.service)
    pickup_to = min(pickup.latest, delivery_to - least)
    return (
        (max(pickup_from, delivery_from - most), pickup_to),
        (delivery_from, min(delivery_to, pickup_to + most)),
    )
