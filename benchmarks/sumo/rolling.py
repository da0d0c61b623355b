"""A rolling dial-a-ride plan: whenever somebody asks, everything not yet begun is planned anew by ``dispatch.darp``.

A plan is judged by what it costs: driven seconds, and a share of the seconds that people wait and ride. The solver
knows driving and hard windows, so it is asked once for each of several longest waits; the cheapest answer is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from benchmarks.sumo.road_graph import RoadGraph, Spot, Way
from benchmarks.sumo.scenario import SEATS
from dispatch.darp.evaluate import is_feasible
from dispatch.darp.problem import NONE, Floats, Iterations, Problem, Routes
from dispatch.darp.solve import solve

PLANNING_FACTOR = 1.15
"""Free flow is never reached: vehicles accelerate, yield and turn. The product plans with the same factor."""
LONGEST_WAITS_S = (600.0, 900.0, 1200.0, 1500.0, 1800.0, 2400.0, 3000.0, 3600.0)
DETOUR_FACTOR = 2.0
WAITING_SHARE = 1.0
"""A second of a waiting person weighs as much as a driven second: no exchange rate between the two is assumed.

The comparison asks for both, so that neither may be bought with the other. ``--waiting-share`` shows what it changes.
"""
RIDING_SHARE = 0.1
"""... and of a riding person a tenth, as in the product."""
EFFORT = 400
"""Iterations of each solve."""
_FAR_S = 1e7


class Stop(NamedTuple):
    """Somebody boards or alights."""

    rider: str
    is_pickup: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rider:
    """A person who waits or rides."""

    name: str
    asked_s: float
    origin: Spot
    destination: Spot
    direct_s: float
    """Planned ride without detour."""
    vehicle: str | None = None
    """The vehicle on its way to the person, or that carries it; ``None`` while every vehicle may come."""
    boarded_s: float | None = None


Plan = Mapping[str, tuple[Stop, ...]]
"""For each vehicle its stops in order."""


@dataclass(slots=True)
class Roads:
    """Planned driving times, each origin searched once."""

    graph: RoadGraph
    _known: dict[Spot, Mapping[str, Way]] = field(default_factory=dict)

    def way(self, origin: Spot, target: Spot) -> Way:
        """Return planned time and length."""
        if origin not in self._known:
            self._known[origin] = self.graph.ways(origin)
        way = self.graph.way(origin, self._known[origin], target)
        return Way(way.time_s * PLANNING_FACTOR, way.length_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known at one moment."""

    now_s: float
    vehicles: Mapping[str, Spot]
    riders: Mapping[str, Rider]
    """Whoever waits or rides."""
    plan: Plan


def replanned(situation: Situation, roads: Roads, waiting_share: float = WAITING_SHARE) -> Plan:
    """Return the cheapest plan found; who is nowhere in the present plan is put in."""
    best: tuple[float, Plan] | None = None
    for longest_s in LONGEST_WAITS_S:
        found = _solved(situation, roads, longest_s)
        if found is not None:
            price = cost(situation, roads, found, waiting_share)
            best = min(best or (price, found), (price, found), key=lambda each: each[0])
    return _squeezed(situation, roads, waiting_share) if best is None else best[1]


def _squeezed(situation: Situation, roads: Roads, waiting_share: float) -> Plan:
    """Return the present plan with whoever is not in it put where that costs least, whatever the limits say."""
    plan = {vehicle: situation.plan.get(vehicle, ()) for vehicle in situation.vehicles}
    known = {stop.rider for stops in plan.values() for stop in stops}
    for name in [name for name in situation.riders if name not in known]:
        up, down = Stop(name, is_pickup=True), Stop(name, is_pickup=False)
        tried = [
            {**plan, vehicle: (*stops[:i], up, *stops[i:j], down, *stops[j:])}
            for vehicle, stops in plan.items()
            for i in range(len(stops) + 1)
            for j in range(i, len(stops) + 1)
        ]
        plan = min(tried, key=lambda each: cost(situation, roads, each, waiting_share))
    return plan


def cost(situation: Situation, roads: Roads, plan: Plan, waiting_share: float) -> float:
    """Return driven seconds plus the weighed seconds of waiting and riding people."""
    price = 0.0
    for vehicle, stops in plan.items():
        place, time_s = situation.vehicles[vehicle], situation.now_s
        boarded_s: dict[str, float] = {}
        for stop in stops:
            rider = situation.riders[stop.rider]
            target = rider.origin if stop.is_pickup else rider.destination
            leg_s = roads.way(place, target).time_s
            place, time_s, price = target, time_s + leg_s, price + leg_s
            if stop.is_pickup:
                boarded_s[rider.name] = time_s
                price += waiting_share * (time_s - rider.asked_s)
            else:
                price += RIDING_SHARE * (time_s - boarded_s.get(rider.name, situation.now_s))
    return price


def _solved(situation: Situation, roads: Roads, longest_s: float) -> Plan | None:
    stops = _stops(situation)
    problem = _problem(situation, roads, stops, longest_s)
    number = {stop: k for k, stop in enumerate(stops)}
    present = [[number[stop] for stop in situation.plan.get(vehicle, ())] for vehicle in situation.vehicles]
    start = present if _is_drivable(problem, present) else None
    solution = solve(problem, Iterations(EFFORT), seed=1, start=start, prove=False)
    if solution.unserved or not _is_drivable(problem, solution.routes):
        return None
    routes = zip(situation.vehicles, solution.routes, strict=True)
    return {vehicle: tuple(stops[k] for k in route) for vehicle, route in routes}


def _is_drivable(problem: Problem, routes: Routes) -> bool:
    return all(is_feasible(problem, vehicle, route) for vehicle, route in enumerate(routes))


def _stops(situation: Situation) -> list[Stop]:
    ordered = situation.riders.values()
    pickups = [Stop(rider.name, is_pickup=True) for rider in ordered if rider.boarded_s is None]
    return [*pickups, *(Stop(rider.name, is_pickup=False) for rider in ordered)]


def _spot(situation: Situation, stop: Stop) -> Spot:
    rider = situation.riders[stop.rider]
    return rider.origin if stop.is_pickup else rider.destination


def _matrix(origins: Sequence[Spot], roads: Roads) -> Floats:
    """Return driving times between spots; the last place is nowhere, where every tour may end at once.

    Nothing leads back from there: a short cut through it would cost the search the triangle inequality.
    """
    time_s = np.full((len(origins) + 1, len(origins) + 1), _FAR_S)
    time_s[:, -1] = 0.0
    for i, origin in enumerate(origins):
        time_s[i, :-1] = [0.0 if origin == target else roads.way(origin, target).time_s for target in origins]
    return np.minimum(time_s, _FAR_S)


def _problem(situation: Situation, roads: Roads, stops: Sequence[Stop], longest_s: float) -> Problem:
    vehicles, riders = list(situation.vehicles), list(situation.riders.values())
    spots = [*situation.vehicles.values(), *(_spot(situation, stop) for stop in stops)]
    time_s = _matrix(spots, roads)
    number = {stop: k for k, stop in enumerate(stops)}
    count, boards = len(vehicles), np.array([stop.is_pickup for stop in stops], dtype=bool)
    people = np.where(boards, 1, -1)
    aboard = np.array([sum(r.boarded_s is not None and r.vehicle == v for r in riders) for v in vehicles])
    return Problem(
        time=time_s,
        cost=time_s,
        length=np.zeros_like(time_s),
        place=np.arange(count, count + len(stops)),
        earliest=np.full(len(stops), situation.now_s),
        latest=np.array([_latest_s(situation, roads, stop, longest_s) for stop in stops]),
        service=np.zeros(len(stops)),
        load=people.reshape(1, -1, 1),
        people=people.astype(np.float64),
        pickup=np.array([number.get(Stop(rider.name, is_pickup=True), NONE) for rider in riders]),
        dropoff=np.array([number[Stop(rider.name, is_pickup=False)] for rider in riders]),
        longest=np.array([DETOUR_FACTOR * rider.direct_s for rider in riders]),
        allowed=np.array([[rider.vehicle in (None, vehicle) for vehicle in vehicles] for rider in riders]),
        penalty=np.full(len(riders), _FAR_S),
        start=np.arange(count),
        end=np.full(count, len(spots)),
        leave=np.full(count, situation.now_s),
        back=np.full(count, 10 * _FAR_S),
        duration=np.full(count, np.inf),
        reach=np.full(count, np.inf),
        kind=np.zeros(count, dtype=np.int64),
        capacity=np.full((count, 1), SEATS),
        aboard=aboard.reshape(-1, 1),
        aboard_people=aboard.astype(np.float64),
        head=((),) * count,
        riding_weight=RIDING_SHARE,
    )


def _latest_s(situation: Situation, roads: Roads, stop: Stop, longest_s: float) -> float:
    """Return the latest begin; who has to expect a longer wait or ride already keeps what the present plan says."""
    rider = situation.riders[stop.rider]
    expected_s = _expected_s(situation, roads).get(stop, 0.0)
    if stop.is_pickup:
        return max(rider.asked_s + longest_s, expected_s if longest_s == LONGEST_WAITS_S[-1] else 0.0)
    if rider.boarded_s is None:
        return _FAR_S
    return max(rider.boarded_s + DETOUR_FACTOR * rider.direct_s, expected_s)


def _expected_s(situation: Situation, roads: Roads) -> Mapping[Stop, float]:
    expected_s: dict[Stop, float] = {}
    for vehicle, stops in situation.plan.items():
        place, time_s = situation.vehicles[vehicle], situation.now_s
        for stop in stops:
            target = _spot(situation, stop)
            time_s += roads.way(place, target).time_s
            place, expected_s[stop] = target, time_s
    return expected_s


Planner = Callable[[Situation, Roads], Plan]


def without(plan: Plan, gone: frozenset[Stop]) -> Plan:
    """Return the plan without stops that have happened."""
    return {vehicle: tuple(stop for stop in stops if stop not in gone) for vehicle, stops in plan.items()}


def bound(rider: Rider, vehicle: str) -> Rider:
    """Return the rider with the vehicle that is on its way."""
    return replace(rider, vehicle=vehicle)
