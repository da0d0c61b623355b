"""The problem as a model of OR-Tools' routing library: an independent second solver for small days and cross-checks.

Its best known setting: guided local search from a parallel cheapest insertion. Traps that are met here: without
disjunctions the first solution fails at once; ``CumulVar(d) - CumulVar(p) <= L`` alone hides the ride time from the
insertion filters, so the limit is also given per pair; departures are free; Python callbacks for arcs cost more than
all the rest, so they are matrices. The library counts in integers: times are rounded up, limits down.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, floor, isfinite
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from dispatch.darp.problem import ANYWHERE, NONE, Budget, Floats, Problem, Routes, Solution
from mobility.core.errors import BadInputError

_FINE = 1000
"""Integer steps in one time unit where the problem's times are not whole."""
_MOST = 10**12
"""Stands for "no limit"; sums of it stay within 64 bits."""
_LOOK_EVERY = 50
_A_DAY_S = 86_400
"""Ends no search; without any limit of its own the library warns."""


@dataclass(slots=True)
class _Model:
    """Nodes are the stops, then one start and one end per vehicle; times count from the earliest departure."""

    problem: Problem
    manager: Any
    routing: Any
    steps: int
    """Integer steps in one time unit."""
    places: list[int]
    kept: list[Callable[[int, int], int]] = field(default_factory=list)
    """Callbacks the library calls later; they must live as long as it."""

    def up(self, value: float) -> int:
        """Return a time or cost in steps, rounded up."""
        return min(ceil(value * self.steps), _MOST) if isfinite(value) else _MOST

    def down(self, value: float) -> int:
        """Return a limit in steps, rounded down."""
        return min(floor(value * self.steps), _MOST) if isfinite(value) else _MOST


def solve_by_library(problem: Problem, budget: Budget, *, start: Routes | None = None) -> Solution:
    """Return the best routes found, from ``start`` or from an insertion; deterministic under a counted budget.

    An iteration is one time the library asks whether to go on. ``cost`` is that of driving alone. Raises
    ``BadInputError`` for breaks without a place, which the library can not model together with empty vehicles.
    """
    if (problem.place == ANYWHERE).any():
        raise BadInputError("breaks without a place are beyond the routing library", field="place")
    model = _model(problem)
    _add_time(model)
    _add_loads(model)
    _add_reach(model)
    _add_rides(model)
    _fix_heads(model)
    asked = _stop_when_spent(model, budget)
    found = _search(model, start)
    routes = problem.head if found is None else _routes(model, found)
    return _solution(problem, routes, asked[0])


def _model(problem: Problem) -> _Model:
    count, vehicles = problem.stops, problem.vehicles
    starts, ends = range(count, count + vehicles), range(count + vehicles, count + 2 * vehicles)
    manager = pywrapcp.RoutingIndexManager(count + 2 * vehicles, vehicles, list(starts), list(ends))
    places = [*problem.place.tolist(), *problem.start.tolist(), *problem.end.tolist()]
    return _Model(problem, manager, pywrapcp.RoutingModel(manager), _steps(problem), places)


def _steps(problem: Problem) -> int:
    """Return 1 where all times are whole, else the fine scale."""
    times = (problem.time, problem.cost, problem.earliest, problem.latest, problem.service, problem.longest)
    return 1 if all(_is_whole(values) for values in times) else _FINE


def _is_whole(values: Floats) -> bool:
    finite = values[np.isfinite(values)]
    return bool((finite == np.floor(finite)).all())


def _between(model: _Model, matrix: Floats, service: Sequence[float]) -> list[list[int]]:
    """Return a matrix between the model's nodes; a vehicle that stays where it starts needs nothing."""
    count, places, rows = model.problem.stops, model.places, matrix.tolist()

    def step(u: int, v: int) -> int:
        return 0 if u >= count and v >= count else model.up(rows[places[u]][places[v]] + service[u])

    return [[step(u, v) for v in range(len(places))] for u in range(len(places))]


def _add_time(model: _Model) -> None:
    routing, problem = model.routing, model.problem
    nowhere = [0.0] * len(model.places)
    serving = problem.service.tolist() + [0.0] * (2 * problem.vehicles)
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(_between(model, problem.cost, nowhere)))
    origin, horizon = _span(model)
    transit = routing.RegisterTransitMatrix(_between(model, problem.time, serving))
    routing.AddDimension(transit, horizon, horizon, False, "time")
    time = routing.GetDimensionOrDie("time")
    for vehicle in range(problem.vehicles):
        latest = max(min(model.down(problem.back[vehicle]) - origin, horizon), 0)
        begins = time.CumulVar(routing.Start(vehicle))
        begins.SetRange(min(model.up(problem.leave[vehicle]) - origin, latest), latest)
        time.CumulVar(routing.End(vehicle)).SetMax(latest)
        time.SetSpanUpperBoundForVehicle(min(model.down(problem.duration[vehicle]), horizon), vehicle)
        routing.AddVariableMaximizedByFinalizer(begins)
        routing.AddVariableMinimizedByFinalizer(time.CumulVar(routing.End(vehicle)))
    for stop in range(problem.stops):
        latest = max(min(model.down(problem.latest[stop]) - origin, horizon), 0)
        earliest = max(model.up(problem.earliest[stop]) - origin, 0)
        # What rounding has shut is opened at its end; what was never open is in nobody's reach, see _allowed.
        time.CumulVar(model.manager.NodeToIndex(stop)).SetRange(min(earliest, latest), latest)


def _span(model: _Model) -> tuple[int, int]:
    """Return the origin of the model's clock, and how far it goes."""
    problem = model.problem
    origin = min((model.down(leave) for leave in problem.leave), default=0)
    last = max((model.up(back) for back in problem.back if isfinite(back)), default=origin)
    windows = max((model.up(latest) for latest in problem.latest if isfinite(latest)), default=origin)
    return origin, max(last, windows if not np.isfinite(problem.back).all() else last) - origin


def _add_loads(model: _Model) -> None:
    """Add a dimension for each kind of load; what boards may differ between kinds of vehicles."""
    routing, problem = model.routing, model.problem
    rest = [0] * (2 * problem.vehicles)
    for dimension in range(problem.capacity.shape[1]):
        boards = [
            routing.RegisterUnaryTransitVector(problem.load[kind, :, dimension].tolist() + rest)
            for kind in range(problem.load.shape[0])
        ]
        callbacks, limits = [boards[kind] for kind in problem.kind.tolist()], problem.capacity[:, dimension].tolist()
        name = f"load {dimension}"
        routing.AddDimensionWithVehicleTransitAndCapacity(callbacks, 0, limits, False, name)
        aboard = routing.GetDimensionOrDie(name)
        for vehicle, amount in enumerate(problem.aboard[:, dimension].tolist()):
            aboard.CumulVar(routing.Start(vehicle)).SetValue(min(amount, limits[vehicle]))


def _add_reach(model: _Model) -> None:
    routing, problem = model.routing, model.problem
    if np.isinf(problem.reach).all():
        return
    lengths = _between(model, problem.length, [0.0] * len(model.places))
    limits = [model.down(reach) for reach in problem.reach]
    transit = routing.RegisterTransitMatrix(lengths)
    routing.AddDimensionWithVehicleCapacity(transit, 0, limits, True, "reach")


def _add_rides(model: _Model) -> None:
    problem, routing = model.problem, model.routing
    frozen = {stop for head in problem.head for stop in head}
    pairs = 0
    for ride, ends in enumerate(zip(problem.pickup.tolist(), problem.dropoff.tolist(), strict=True)):
        stops = [stop for stop in ends if stop != NONE]
        allowed = _allowed(problem, ride, stops)
        for stop in stops:
            index = model.manager.NodeToIndex(stop)
            if stop not in frozen:
                routing.AddDisjunction([index], model.up(problem.penalty[ride] / len(stops)))
                # SetAllowedVehiclesForIndex of 9.15 takes no Python list; -1 is the value of a stop left out.
                routing.VehicleVar(index).SetValues([-1, *allowed])
        if len(stops) > 1:
            _add_pair(model, ride, pairs)
            pairs += 1


def _allowed(problem: Problem, ride: int, stops: Sequence[int]) -> list[int]:
    """Return the vehicles that may serve a ride and have time for its stops at all."""
    opens, closes = problem.earliest[stops], problem.latest[stops]
    return [
        vehicle
        for vehicle in np.flatnonzero(problem.allowed[ride]).tolist()
        if problem.leave[vehicle] <= problem.back[vehicle]
        and (np.maximum(opens, problem.leave[vehicle]) <= closes).all()
        and (opens <= problem.back[vehicle]).all()
    ]


def _add_pair(model: _Model, ride: int, pair: int) -> None:
    problem, routing, solver = model.problem, model.routing, model.routing.solver()
    time = routing.GetDimensionOrDie("time")
    stops = (int(problem.pickup[ride]), int(problem.dropoff[ride]))
    pickup, dropoff = (model.manager.NodeToIndex(stop) for stop in stops)
    limit = model.down(problem.longest[ride] + problem.service[stops[0]])
    routing.AddPickupAndDelivery(pickup, dropoff)
    solver.Add(routing.VehicleVar(pickup) == routing.VehicleVar(dropoff))
    solver.Add(time.CumulVar(pickup) <= time.CumulVar(dropoff))
    solver.Add(time.CumulVar(dropoff) - time.CumulVar(pickup) <= limit)

    def longest(_pickup: int, _dropoff: int) -> int:
        return limit

    model.kept.append(longest)
    time.SetPickupToDeliveryLimitFunctionForPair(longest, pair)


def _fix_heads(model: _Model) -> None:
    routing = model.routing
    for vehicle, head in enumerate(model.problem.head):
        chain = [routing.Start(vehicle), *(model.manager.NodeToIndex(stop) for stop in head)]
        for here, there in pairwise(chain):
            routing.NextVar(here).SetValue(there)


def _stop_when_spent(model: _Model, budget: Budget) -> list[int]:
    """End the search with the budget; return the count of iterations, which grows meanwhile."""
    asked = [0]

    def is_spent() -> bool:
        asked[0] += 1
        # Looked at now and then: reading a clock costs as much as a candidate.
        return asked[0] % _LOOK_EVERY == 0 and budget.spent(asked[0]) >= 1.0

    model.routing.AddSearchMonitor(model.routing.solver().CustomLimit(is_spent))
    return asked


def _search(model: _Model, start: Routes | None) -> Any:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromSeconds(_A_DAY_S)
    model.routing.CloseModelWithParameters(parameters)
    if start is not None:
        present = model.routing.ReadAssignmentFromRoutes([list(route) for route in start], True)
        if present is not None:
            return model.routing.SolveFromAssignmentWithParameters(present, parameters)
    return model.routing.SolveWithParameters(parameters)


def _routes(model: _Model, found: Any) -> list[list[int]]:
    routes: list[list[int]] = []
    for vehicle in range(model.problem.vehicles):
        order: list[int] = []
        index = found.Value(model.routing.NextVar(model.routing.Start(vehicle)))
        while not model.routing.IsEnd(index):
            order.append(model.manager.IndexToNode(index))
            index = found.Value(model.routing.NextVar(index))
        routes.append(order)
    return routes


def _solution(problem: Problem, routes: Routes, iterations: int) -> Solution:
    served = {NONE, *(stop for route in routes for stop in route)}
    ends = zip(problem.pickup.tolist(), problem.dropoff.tolist(), strict=True)
    unserved = [ride for ride, stops in enumerate(ends) if not served.issuperset(stops)]
    return Solution(
        routes=tuple(tuple(route) for route in routes),
        unserved=tuple(unserved),
        cost=sum(_driving(problem, vehicle, route) for vehicle, route in enumerate(routes)),
        iterations=iterations,
    )


def _driving(problem: Problem, vehicle: int, route: Sequence[int]) -> float:
    stops = [int(problem.start[vehicle]), *(int(problem.place[stop]) for stop in route), int(problem.end[vehicle])]
    return sum(float(problem.cost[a, b]) for a, b in pairwise(stops)) if route else 0.0
