"""The research van: drives its routes at their times, automated, without public trips or riders."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from mobility.core.clock import Instant, shifted
from mobility.core.geo import distance_m
from mobility.core.region import ResearchRoute
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import Doors, DrivingMode
from sim.chance import Chance
from sim.edge.shuttle import driving_mode
from sim.edge.vehicle import Vehicle
from sim.road import Limit
from sim.route import Ways
from sim.scenario import Scenario
from sim.track import track

_PREPARE_S = 600
_TOWN_MPS = 45 / 3.6
"""Speed the van keeps on its routes; assumed, up to 60 km/h are allowed on them."""
_HERE_M = 30.0
_PACE = 1.15
_CREW = 2
"""Researchers aboard beside the safety driver."""
_TAKEOVER_SHARE = 0.15
"""Share of drives on which the safety driver takes over once."""


class ResearchDriver:
    """Drives one research vehicle."""

    def __init__(self, vehicle: Vehicle, *, ways: Ways, scenario: Scenario, chance: Chance) -> None:
        """Take the vehicle over."""
        self._vehicle = vehicle
        self._ways = ways
        self._scenario = scenario
        self._chance = chance

    async def day(self, day: date, routes: Sequence[ResearchRoute], zone: str) -> None:
        """Drive all starts of a day in order; those in the past are left out."""
        service_day = ServiceDay(day, zone)
        starts = [
            (service_day.at(at), route) for route in routes for at in route.starts if day.weekday() in route.weekdays
        ]
        left = sorted(
            (start for start in starts if start[0] >= self._vehicle.clock.now()), key=lambda s: (s[0], s[1].route_id)
        )
        if not left:
            return
        vehicle = self._vehicle
        await vehicle.rest_until(shifted(left[0][0], -_PREPARE_S))
        vehicle.mode = DrivingMode.MANUAL
        vehicle.switch_on(left[0][1].path[0])
        vehicle.passengers = _CREW
        for at, route in left:
            await self._route(at, route)
        vehicle.passengers = 0
        await vehicle.stand_until(shifted(vehicle.clock.now(), _PREPARE_S / 2))
        vehicle.switch_off()

    async def _route(self, at: Instant, route: ResearchRoute) -> None:
        vehicle = self._vehicle
        vehicle.mode, vehicle.doors = DrivingMode.MANUAL, Doors.CLOSED
        here = vehicle.place or route.path[0]
        if distance_m(here, route.path[0]) > _HERE_M:
            leg = vehicle.planner.along(self._ways.between(here, route.path[0]), pace_factor=_PACE)
            await vehicle.stand_until(max(shifted(at, -leg.duration_s - _PREPARE_S / 2), vehicle.clock.now()))
            await vehicle.drive(leg, began=vehicle.clock.now())
        await vehicle.stand_until(max(at, vehicle.clock.now()))
        await self._automated(at, route)
        vehicle.mode = DrivingMode.MANUAL

    async def _automated(self, at: Instant, route: ResearchRoute) -> None:
        """Drive the route; now and then the safety driver takes over for a stretch."""
        vehicle, chance = self._vehicle, self._chance
        key = (vehicle.spec.vehicle_id, route.route_id, at)
        way = track(route.path)
        marks = [0.0, way.length_m]
        if chance.happens(_TAKEOVER_SHARE, *key, "takeover"):
            begins = chance.between(0.2, 0.7, *key, "takeover place")
            marks = [0.0, begins * way.length_m, (begins + 0.1) * way.length_m, way.length_m]
        traffic = self._scenario.traffic
        pace = max(chance.normal(1 + traffic.mean_frac, traffic.deviation_frac, *key), 1.0)
        for i, (from_m, to_m) in enumerate(pairwise(marks)):
            vehicle.mode = DrivingMode.MANUAL if i == 1 else driving_mode(vehicle.spec.sae_level)
            fastest = vehicle.planner.between(way, from_m, to_m, wanted_s=0.0, limits=(Limit(0.0, _TOWN_MPS),))
            leg = vehicle.planner.between(
                way, from_m, to_m, wanted_s=fastest.duration_s * pace, limits=(Limit(0.0, _TOWN_MPS),)
            )
            await vehicle.drive(leg, began=vehicle.clock.now())
