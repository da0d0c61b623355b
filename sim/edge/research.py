"""The research van: drives its routes at their times, automated, without public trips or riders."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date

from mobility.core.clock import Instant, shifted
from mobility.core.geo import distance_m
from mobility.core.region import ResearchRoute
from mobility.core.service_day import ServiceDay
from mobility.core.supervision import CommandAction, ManoeuvreKind
from mobility.core.vehicle import Doors, DrivingMode
from sim.chance import Chance
from sim.edge.shuttle import driving_mode
from sim.edge.vehicle import FINE_PERIOD_MS, USUAL_PERIOD_MS, Vehicle
from sim.road import Limit
from sim.route import Ways
from sim.scenario import Scenario
from sim.track import track
from v2x.edge.client import stationary_vehicle

_PREPARE_S = 600
_TOWN_MPS = 45 / 3.6
"""Speed the van keeps on its routes; assumed, up to 60 km/h are allowed on them."""
_HERE_M = 30.0
_PACE = 1.15
_CREW = 2
"""Researchers aboard beside the safety driver."""
_TAKEOVER_SHARE = 0.15
"""Share of drives on which the safety driver takes over once."""
_OBSTACLE_SHARE = 0.7
"""Share of drives on which the van has to ask for a way around an obstacle; assumed."""
_MINIMAL_RISK_SHARE = 0.2
"""Share of drives on which the van stops in the minimal-risk condition; assumed."""
_PATIENCE_S = 45.0
"""How long the van waits for a decision before the safety driver takes over."""
_STOPPED_S = 3.0
_STATION_ID = 4711
"""Of the van's ITS radio; assumed."""
_CLEARS_S = 8.0
"""The safety driver looks, drives around by hand and hands back."""

Scene = Callable[[], Awaitable[None]]
"""Something that happens to the van at a place."""


class ResearchDriver:
    """Drives one research vehicle."""

    def __init__(self, vehicle: Vehicle, *, ways: Ways, scenario: Scenario, chance: Chance) -> None:
        """Take the vehicle over."""
        self._vehicle = vehicle
        self._ways = ways
        self._scenario = scenario
        self._chance = chance
        self._warnings = 0

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
        vehicle.period_ms = FINE_PERIOD_MS
        await self._automated(at, route)
        vehicle.period_ms = USUAL_PERIOD_MS
        vehicle.mode = DrivingMode.MANUAL

    async def _automated(self, at: Instant, route: ResearchRoute) -> None:
        """Drive the route; now and then the safety driver takes over for a stretch or the van has to ask."""
        vehicle, chance = self._vehicle, self._chance
        way = track(route.path)
        traffic = self._scenario.traffic
        key = (vehicle.spec.vehicle_id, route.route_id, at)
        pace = max(chance.normal(1 + traffic.mean_frac, traffic.deviation_frac, *key), 1.0)
        from_m = 0.0
        vehicle.mode = driving_mode(vehicle.spec.sae_level)
        for to_m, happens in (*self._scenes(key, way.length_m), (way.length_m, None)):
            fastest = vehicle.planner.between(way, from_m, to_m, wanted_s=0.0, limits=(Limit(0.0, _TOWN_MPS),))
            leg = vehicle.planner.between(
                way, from_m, to_m, wanted_s=fastest.duration_s * pace, limits=(Limit(0.0, _TOWN_MPS),)
            )
            await vehicle.drive(leg, began=vehicle.clock.now())
            if happens is not None:
                await happens()
            from_m = to_m

    def _scenes(self, key: tuple[str | int, ...], length_m: float) -> list[tuple[float, Scene]]:
        """Return what happens at which chainage, in order."""
        chance = self._chance
        scenes: list[tuple[float, Scene]] = []
        if chance.happens(_TAKEOVER_SHARE, *key, "takeover"):
            begins_m = chance.between(0.2, 0.7, *key, "takeover place") * length_m
            scenes += [(begins_m, self._take_over), (begins_m + 0.1 * length_m, self._hand_back)]
        if chance.happens(_OBSTACLE_SHARE, *key, "obstacle"):
            scenes.append((chance.between(0.1, 0.9, *key, "obstacle place") * length_m, self._obstacle))
        if chance.happens(_MINIMAL_RISK_SHARE, *key, "minimal risk"):
            scenes.append((chance.between(0.1, 0.9, *key, "minimal risk place") * length_m, self._minimal_risk))
        return sorted(scenes, key=lambda scene: scene[0])

    async def _take_over(self) -> None:
        self._vehicle.mode = DrivingMode.MANUAL

    async def _hand_back(self) -> None:
        self._vehicle.mode = driving_mode(self._vehicle.spec.sae_level)

    async def _obstacle(self) -> None:
        """Stand behind a parked van until technical supervision releases the way around it."""
        if self._vehicle.mode is DrivingMode.AUTOMATED:
            await self._ask(ManoeuvreKind.PASS_OBSTACLE, "Lieferwagen hält in der Fahrspur, Gegenspur ist frei.")

    async def _minimal_risk(self) -> None:
        """Stop in the minimal-risk condition; only technical supervision or the safety driver ends it."""
        vehicle = self._vehicle
        if vehicle.mode is not DrivingMode.AUTOMATED:
            return
        began = vehicle.clock.now()
        vehicle.mode = DrivingMode.MINIMAL_RISK
        self._warnings += 1
        self._warn(began, is_over=False)
        await vehicle.stand_until(shifted(began, _STOPPED_S))
        await self._ask(ManoeuvreKind.RESUME_FROM_MINIMAL_RISK, "Kurzzeitig widersprüchliche Abstandswerte.")
        self._warn(began, is_over=True)

    def _warn(self, began: Instant, *, is_over: bool) -> None:
        """Broadcast that the van stands in the way, or that it no longer does."""
        vehicle = self._vehicle
        if vehicle.place is not None:
            warning = stationary_vehicle(
                station_id=_STATION_ID,
                sequence=self._warnings,
                place=vehicle.place,
                began=began,
                told=vehicle.clock.now(),
                is_over=is_over,
            )
            vehicle.its_messages = (warning,)

    async def _ask(self, kind: ManoeuvreKind, text: str) -> None:
        """Ask and wait at the place; without a release the safety driver drives on."""
        vehicle, supervised = self._vehicle, self._vehicle.supervised
        deadline = shifted(vehicle.clock.now(), _PATIENCE_S)
        supervised.ask(kind, text, deadline=deadline)
        while supervised.order is None and (now := vehicle.clock.now()) < deadline:
            await vehicle.stand_until(Instant(min(now + FINE_PERIOD_MS, deadline)))
        order = supervised.stop_asking()
        if order is None or order.action is not CommandAction.RELEASE_MANOEUVRE:
            vehicle.mode = DrivingMode.MANUAL
        else:
            vehicle.mode = DrivingMode.AUTOMATED
        if order is not None:
            supervised.executed(order)
        await vehicle.stand_until(shifted(vehicle.clock.now(), 1.0))
        if order is None or order.action is not CommandAction.RELEASE_MANOEUVRE:
            await vehicle.stand_until(shifted(vehicle.clock.now(), _CLEARS_S))
            vehicle.mode = DrivingMode.AUTOMATED
