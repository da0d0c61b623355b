"""Our engine as the dispatcher of SUMO's taxis, through TraCI: a request becomes known when it is made.

A taxi is told only its next stop and where those go whom it has promised itself to; whatever lies behind stays open
until it has to drive there, since SUMO can not take a pickup away from a taxi again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.sumo.road_graph import Spot
from benchmarks.sumo.rolling import Plan, Planner, Rider, Roads, Situation, Stop, bound, without
from benchmarks.sumo.scenario import END_S

STEP_S = 5.0
MOST_REFUSALS = 100
_PICKED_UP = 8
"""State of a reservation whose person is in the taxi (TraCI)."""


@dataclass(slots=True)
class TaxiDispatch:
    """Drives one simulation to its end. ``traci`` is SUMO's module of that name, connected."""

    traci: Any
    roads: Roads
    planner: Planner
    expected: int
    """How many people will ask."""
    riders: dict[str, Rider] = field(default_factory=dict)
    """By reservation."""
    plan: Plan = field(default_factory=dict)
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What each taxi was told last."""
    seen: int = 0
    refusals: int = 0
    """Orders that a taxi did not take at once."""

    def run(self) -> None:
        """Step until everybody has arrived, or to the end of the simulation."""
        now_s = 0.0
        while now_s < END_S and (self.seen < self.expected or self.riders):
            now_s += STEP_S
            self.traci.simulationStep(now_s)
            self._look(now_s)

    def _look(self, now_s: float) -> None:
        open_now = {each.id: each for each in self.traci.person.getTaxiReservations(0)}
        gone = self._happened(open_now, now_s)
        fresh = [name for name in open_now if name not in self.riders]
        if gone:
            self.plan = without(self.plan, gone)
        for name in fresh:
            self._welcome(open_now[name])
        if fresh:
            situation = Situation(now_s=now_s, vehicles=self._spots(), riders=self.riders, plan=self.plan)
            self.plan = self.planner(situation, self.roads)
        self._tell()

    def _happened(self, open_now: Mapping[str, Any], now_s: float) -> frozenset[Stop]:
        gone: set[Stop] = set()
        for name, rider in list(self.riders.items()):
            if name not in open_now:
                gone |= {Stop(name, is_pickup=True), Stop(name, is_pickup=False)}
                del self.riders[name]
            elif open_now[name].state == _PICKED_UP and rider.boarded_s is None:
                gone.add(Stop(name, is_pickup=True))
                self.riders[name] = replace(rider, boarded_s=now_s)
        return frozenset(gone)

    def _welcome(self, reservation: Any) -> None:
        origin = Spot(reservation.fromEdge, float(reservation.departPos))
        destination = Spot(reservation.toEdge, float(reservation.arrivalPos))
        self.seen += 1
        self.riders[reservation.id] = Rider(
            name=reservation.id,
            asked_s=float(reservation.reservationTime),
            origin=origin,
            destination=destination,
            direct_s=self.roads.way(origin, destination).time_s,
        )

    def _spots(self) -> dict[str, Spot]:
        return {vehicle: self._spot(vehicle) for vehicle in sorted(self.traci.vehicle.getTaxiFleet(-1))}

    def _spot(self, vehicle: str) -> Spot:
        edge = self.traci.vehicle.getRoadID(vehicle)
        if edge.startswith(":"):
            # On a junction: it can choose again from the begin of the next edge.
            following = self.traci.vehicle.getRouteIndex(vehicle) + 1
            return Spot(self.traci.vehicle.getRoute(vehicle)[following], 0.0)
        return Spot(edge, float(self.traci.vehicle.getLanePosition(vehicle)))

    def _tell(self) -> None:
        for vehicle, stops in self.plan.items():
            if stops and stops[0].is_pickup:
                self.riders[stops[0].rider] = bound(self.riders[stops[0].rider], vehicle)
            order = tuple(stop.rider for stop in stops if self.riders[stop.rider].vehicle == vehicle)
            if order != self.told.get(vehicle) and (not order or self._is_told(vehicle, order)):
                self.told[vehicle] = order

    def _is_told(self, vehicle: str, order: tuple[str, ...]) -> bool:
        """Return whether the taxi took the order; it does not while somebody is just stepping out: ask again."""
        try:
            self.traci.vehicle.dispatchTaxi(vehicle, list(order))
        except self.traci.TraCIException:
            self.refusals += 1
            if self.refusals > MOST_REFUSALS:
                raise
            return False
        return True
