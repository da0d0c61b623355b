"""The planning problem as a model of OR-Tools' routing library, and its solution. Imported only where it is solved.

Traps that are met here: without disjunctions the first solution fails at once; ``CumulVar(d) - CumulVar(p) <= L``
alone hides the ride time from the insertion filters, so the limit is also given per pair; start times are free.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from dispatch.planner import Problem
from dispatch.route import Duty

_PENALTY = 10**11
"""Leaving a ride out costs more than any plan; such an answer is never used."""
_HORIZON_MS = 2 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to search: wall time in a worker, or only to the first local optimum, which needs no clock."""

    time_limit_ms: int | None = None


@dataclass(slots=True)
class _Model:
    """Nodes are the stops, then one start and one end per vehicle; times count from the earliest start."""

    problem: Problem
    manager: Any
    routing: Any
    origin_ms: int
    places: list[int]

    def moment(self, instant_ms: int) -> int:
        """Return an instant on the model's clock, clamped to its horizon."""
        return min(max(instant_ms - self.origin_ms, 0), _HORIZON_MS)


def solve(problem: Problem, effort: Effort) -> list[list[int]] | None:
    """Return better routes as indices of stops per vehicle, ``None`` when none was found that serves all.

    Deterministic without a time limit: greedy descent from the present routes.
    """
    model = _model(problem)
    _add_time(model)
    _add_loads(model)
    _add_rides(model)
    parameters = _parameters(effort)
    model.routing.CloseModelWithParameters(parameters)
    present = model.routing.ReadAssignmentFromRoutes([list(order) for order in problem.routes], True)
    if present is None:
        return None
    found = model.routing.SolveFromAssignmentWithParameters(present, parameters)
    return None if found is None else _routes(model, found)


def _model(problem: Problem) -> _Model:
    count, vehicles = len(problem.stops), len(problem.duties)
    starts = [count + v for v in range(vehicles)]
    ends = [count + vehicles + v for v in range(vehicles)]
    manager = pywrapcp.RoutingIndexManager(count + 2 * vehicles, vehicles, starts, ends)
    places = [stop.place for stop in problem.stops] + list(problem.starts) + list(problem.depots)
    origin_ms = min((duty.leave_ms for duty in problem.duties), default=0)
    return _Model(problem, manager, pywrapcp.RoutingModel(manager), origin_ms, places)


def _driving_ms(model: _Model) -> list[list[int]]:
    """Return driving times between the model's nodes; a vehicle that stays in the depot drives nothing."""
    count, places, matrix_ms = len(model.problem.stops), model.places, model.problem.matrix_ms
    nodes = range(len(places))
    return [
        [0 if u >= count and v >= count else min(matrix_ms[places[u]][places[v]], _HORIZON_MS) for v in nodes]
        for u in nodes
    ]


def _add_time(model: _Model) -> None:
    routing, problem = model.routing, model.problem
    # Matrices, not callbacks: every call from C++ into Python costs more than the whole evaluation.
    driving_ms = _driving_ms(model)
    services_ms = [stop.visit.service_ms for stop in problem.stops] + [0] * (2 * len(problem.duties))
    passing_ms = [[ms + service_ms for ms in row] for row, service_ms in zip(driving_ms, services_ms, strict=True)]
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(driving_ms))
    transit = routing.RegisterTransitMatrix(passing_ms)
    routing.AddDimension(transit, _HORIZON_MS, _HORIZON_MS, False, "time")
    time = routing.GetDimensionOrDie("time")
    for vehicle, duty in enumerate(problem.duties):
        latest = model.moment(duty.back_ms)
        begins = time.CumulVar(routing.Start(vehicle))
        begins.SetRange(min(model.moment(duty.leave_ms), latest), latest)
        time.CumulVar(routing.End(vehicle)).SetMax(latest)
        routing.AddVariableMaximizedByFinalizer(begins)
        routing.AddVariableMinimizedByFinalizer(time.CumulVar(routing.End(vehicle)))
    for node, stop in enumerate(problem.stops):
        index = model.manager.NodeToIndex(node)
        time.CumulVar(index).SetRange(model.moment(stop.visit.earliest_ms), model.moment(stop.visit.latest_ms))
        routing.AddDisjunction([index], _PENALTY)
        if stop.only_vehicle is not None:
            # SetAllowedVehiclesForIndex of 9.15 takes no Python list; -1 is the value of a stop left out.
            routing.VehicleVar(index).SetValues([-1, stop.only_vehicle])


def _add_loads(model: _Model) -> None:
    """Add one dimension for seats, with those that wheelchairs fold away, and one for wheelchair places."""
    duties = model.problem.duties
    for name, limits in (("seats", [d.seats for d in duties]), ("places", [d.wheelchair_places for d in duties])):
        callbacks = [_load_callback(model, duty, name) for duty in duties]
        model.routing.AddDimensionWithVehicleTransitAndCapacity(callbacks, 0, limits, False, name)
        dimension = model.routing.GetDimensionOrDie(name)
        for vehicle, duty in enumerate(duties):
            aboard = _space(duty, name, duty.aboard.seats, duty.aboard.wheelchairs)
            dimension.CumulVar(model.routing.Start(vehicle)).SetValue(min(aboard, limits[vehicle]))


def _load_callback(model: _Model, duty: Duty, name: str) -> int:
    taken = [_space(duty, name, stop.visit.seats, stop.visit.wheelchairs) for stop in model.problem.stops]
    return int(model.routing.RegisterUnaryTransitVector(taken + [0] * (2 * len(model.problem.duties))))


def _space(duty: Duty, name: str, seats: int, wheelchairs: int) -> int:
    return wheelchairs if name == "places" else seats + wheelchairs * duty.seats_lost


def _add_rides(model: _Model) -> None:
    routing, solver = model.routing, model.routing.solver()
    time = routing.GetDimensionOrDie("time")
    pair = 0
    for node, stop in enumerate(model.problem.stops):
        if stop.pickup is None:
            continue
        visit = model.problem.stops[stop.pickup].visit
        pickup, dropoff = (model.manager.NodeToIndex(n) for n in (stop.pickup, node))
        limit_ms = visit.max_ride_ms + visit.service_ms
        routing.AddPickupAndDelivery(pickup, dropoff)
        solver.Add(routing.VehicleVar(pickup) == routing.VehicleVar(dropoff))
        solver.Add(time.CumulVar(pickup) <= time.CumulVar(dropoff))
        solver.Add(time.CumulVar(dropoff) - time.CumulVar(pickup) <= limit_ms)
        time.SetPickupToDeliveryLimitFunctionForPair(lambda _p, _d, limit_ms=limit_ms: limit_ms, pair)
        pair += 1


def _parameters(effort: Effort) -> Any:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    strategies, heuristics = routing_enums_pb2.FirstSolutionStrategy, routing_enums_pb2.LocalSearchMetaheuristic
    parameters.first_solution_strategy = strategies.PARALLEL_CHEAPEST_INSERTION
    if effort.time_limit_ms is None:
        parameters.local_search_metaheuristic = heuristics.GREEDY_DESCENT
    else:
        parameters.local_search_metaheuristic = heuristics.GUIDED_LOCAL_SEARCH
        parameters.time_limit.FromMilliseconds(effort.time_limit_ms)
    return parameters


def _routes(model: _Model, found: Any) -> list[list[int]] | None:
    routes: list[list[int]] = []
    for vehicle in range(len(model.problem.duties)):
        order: list[int] = []
        index = found.Value(model.routing.NextVar(model.routing.Start(vehicle)))
        while not model.routing.IsEnd(index):
            order.append(model.manager.IndexToNode(index))
            index = found.Value(model.routing.NextVar(index))
        routes.append(order)
    served: Sequence[int] = sorted(stop for order in routes for stop in order)
    return routes if list(served) == list(range(len(model.problem.stops))) else None
