"""A run: puts vehicles on the road, lets people call and ride, and counts what happened."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from gtfs.timetable import Timetable
from mobility.core.booking import Window
from mobility.core.clock import Instant, shifted
from mobility.core.demand import Demand
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay, service_day_of
from mobility.core.vehicle import ServiceKind, VehicleSpec
from sim.chance import Chance
from sim.edge.citizen_bus import CitizenBusDriver
from sim.edge.dispatcher import Dispatcher
from sim.edge.instruments import Instruments, Terrain
from sim.edge.line_control import LineControl
from sim.edge.passengers import Passengers
from sim.edge.platforms import Platforms
from sim.edge.public_api import PublicApi
from sim.edge.research import ResearchDriver
from sim.edge.riders import Riders
from sim.edge.shuttle import LineDriver, Lines
from sim.edge.supervisor import Supervisor
from sim.edge.trains import report_delays
from sim.edge.vehicle import Vehicle
from sim.edge.world import World
from sim.line_day import LineDay
from sim.line_demand import LineDemand
from sim.line_faults import line_faults
from sim.radio import Coverage
from sim.ride_wishes import calls_for
from sim.roads import Roads
from sim.route import Ways
from sim.scenario import LineFaults, LineUpset, Scenario, WeatherChange
from sim.scorecard import Scorecard, Witnessed, score
from sim.table import Span
from sim.upsets import UpsetDay, upsets_of

C = TypeVar("C", LineUpset, WeatherChange)
_NIGHT_S = 4 * 3600
"""A run that ends before four in the morning ends with the service day before."""
_DRAIN_S = 600.0
_RECORDED_LEVEL = 2
"""From this SAE level on vehicles carry an event recorder: by law from 4, on the shuttles as well."""


class Simulation:
    """Simulated vehicles, riders and trains of one region against one server."""

    def __init__(
        self,
        region: Region,
        timetable: Timetable,
        world: World,
        *,
        demand: Demand,
        scenario: Scenario,
        seed: int,
    ) -> None:
        """Prepare a run that begins when ``run`` is called, at the world's present time.

        ``timetable`` is the region's. The same arguments and the same answers of the server give the same run.
        """
        self._region = region
        self._timetable = timetable
        self._world = world
        self._demand = demand
        self._scenario = scenario
        self._seed = seed
        self._chance = Chance(seed)
        self._ways = Ways(region.network)
        self._api = PublicApi(world, ZoneInfo(region.zone))
        self._passengers = Passengers()
        self._terrain = Terrain(region.stops.values())
        self._line_demand = LineDemand(demand=demand, scenario=scenario, chance=self._chance)
        self._platforms = Platforms(self._line_demand)
        self._riders = Riders(self._api, self._passengers, world.clock)
        self._lines = Lines(
            timetable=timetable,
            ways=self._ways,
            elevations_m={stop.stop_id: stop.elevation_m for stop in region.stops.values()},
            platforms=self._platforms,
            api=self._api,
            scenario=scenario,
            chance=self._chance,
            weather=[(self._day(change.day).at(change.told_at), change.slower_frac) for change in scenario.weather],
        )
        self._line_control = LineControl(self._api, world.clock)
        self._vehicles: dict[VehicleId, Vehicle] = {}
        self._supervisor = Supervisor(
            self._api, clock=world.clock, chance=self._chance, is_anybody_out=self._is_anybody_automated
        )
        self._dispatcher = Dispatcher(
            self._api,
            region=region,
            clock=world.clock,
            passengers=self._passengers,
            upsets=scenario.upsets,
            chance=self._chance,
        )
        self._roads = Roads(region, self._ways)
        self._citizen_buses: list[CitizenBusDriver] = []
        self._called: set[date] = set()
        self._result: Scorecard | None = None

    @property
    def result(self) -> Scorecard:
        """The scorecard, with ``wall_s`` 0; raises ``RuntimeError`` before the run is over."""
        if self._result is None:
            raise RuntimeError("the run is not over yet")
        return self._result

    async def book_ahead(self) -> None:
        """Let those call now who called the evening before; optional, and before ``run``.

        A world whose clock then skips to the morning finds their rides booked in time.
        """
        now = self._world.clock.now()
        self._expect_calls(service_day_of(now, self._region.zone).date, now)
        await self._riders.run(until=now)

    async def run(self, until: Instant) -> None:
        """Simulate until an instant, then let every vehicle deliver what it still holds and ask for the reports."""
        clock = self._world.clock
        days = self._days(clock.now(), until)
        self._vehicles = {spec.vehicle_id: self._vehicle(spec, days) for spec in self._region.fleet.values()}
        async with asyncio.TaskGroup() as group:
            clients = [group.create_task(vehicle.client.run()) for vehicle in self._vehicles.values()]
            actors = [group.create_task(actor) for actor in self._actors(days, clock.now())]
            await clock.sleep((until - clock.now()) / 1000)
            for actor in actors:
                actor.cancel()
            for vehicle in self._vehicles.values():
                await vehicle.link.cover(is_covered=True)
            for vehicle in self._vehicles.values():
                await vehicle.client.drained(_DRAIN_S)
            for client in clients:
                client.cancel()
        self._result = await self._score(days)

    def _days(self, begins: Instant, until: Instant) -> tuple[date, ...]:
        zone = self._region.zone
        first = service_day_of(begins, zone).date
        last = max(first, service_day_of(shifted(until, -_NIGHT_S), zone).date)
        return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))

    def _vehicle(self, spec: VehicleSpec, days: tuple[date, ...]) -> Vehicle:
        scenario = self._scenario
        silences = [
            self._window(day, silence.span)
            for silence in scenario.silences
            if silence.vehicle == spec.vehicle_id
            for day in days
        ]
        silences.extend(span for day in days for span in self._line_day(day).dark(spec.vehicle_id))
        outages = [self._window(day, span) for span in scenario.outages for day in days]
        return Vehicle(
            spec,
            world=self._world,
            chance=self._chance,
            coverage=Coverage((*self._demand.radio_gaps, *scenario.gaps), outages),
            silences=silences,
            latency_s=scenario.radio_latency_s,
            instruments=Instruments(spec, self._chance, self._terrain) if spec.sae_level >= _RECORDED_LEVEL else None,
        )

    def _window(self, day: date, span: Span) -> Window:
        service_day = ServiceDay(day, self._region.zone)
        return Window(service_day.at(span.starts), service_day.at(span.ends))

    def _actors(self, days: tuple[date, ...], begins: Instant) -> list[Coroutine[Any, Any, None]]:
        """Return everybody who acts, in the order of the fleet; people and trains last."""
        actors: list[Coroutine[Any, Any, None]] = []
        vans = [spec.vehicle_id for spec in self._region.fleet.values() if spec.kind is ServiceKind.RESEARCH]
        for vehicle_id, vehicle in self._vehicles.items():
            match vehicle.spec.kind:
                case ServiceKind.CITIZEN_BUS:
                    actors.append(self._days_of(days, self._citizen_bus(vehicle)))
                case ServiceKind.RESEARCH:
                    actors.append(self._days_of(days, self._research(vehicle, vans.index(vehicle_id), len(vans))))
                case ServiceKind.SHUTTLE | ServiceKind.LINE_BUS:
                    # Trips of the evening before may still be under way.
                    yesterday = days[0] - timedelta(days=1)
                    actors.append(self._days_of((yesterday, *days), self._line(vehicle)))
        for day in days:
            self._expect_calls(day, begins)
        actors.append(self._riders.run())
        if vans:
            actors.append(self._supervisor.run())
        actors.append(self._days_of(days, self._trains))
        scenario = self._scenario
        if scenario.line or scenario.weather or scenario.line_faults != LineFaults():
            actors.append(self._days_of(days, self._line_changes))
        if self._citizen_buses:
            actors.append(self._dispatcher.run([self._upsets(day) for day in days]))
        return actors

    def _expect_calls(self, day: date, begins: Instant) -> None:
        if day not in self._called:
            self._called.add(day)
            riding = self._scenario.riding
            self._riders.expect(calls_for(self._region, self._demand, riding, self._chance, day=day, begins=begins))

    async def _days_of(self, days: tuple[date, ...], drive: Callable[[date], Coroutine[Any, Any, None]]) -> None:
        clock = self._world.clock
        for day in days:
            starts = ServiceDay(day, self._region.zone).start
            await clock.sleep(max((starts - clock.now()) / 1000, 0.0))
            await drive(day)

    def _is_anybody_automated(self) -> bool:
        return any(vehicle.supervised.is_asking_possible for vehicle in self._vehicles.values())

    def _line(self, vehicle: Vehicle) -> Callable[[date], Coroutine[Any, Any, None]]:
        driver = LineDriver(vehicle, self._lines)

        async def drive(day: date) -> None:
            line_day, vehicle_id = self._line_day(day), vehicle.spec.vehicle_id
            await driver.day(line_day.runs(vehicle_id), line_day.breakdown(vehicle_id))

        return drive

    def _line_day(self, day: date) -> LineDay:
        certain = LineDay(
            timetable=self._timetable,
            stops=self._region.stops,
            blocks=self._region.blocks,
            day=day,
            upsets=self._on(day, self._scenario.line),
        )
        drawn = line_faults(certain, list(self._region.fleet), self._scenario.line_faults, self._chance)
        if not drawn:
            return certain
        return replace(certain, upsets=sorted((*certain.upsets, *drawn), key=lambda upset: upset.told_at))

    def _day(self, day: date | None) -> ServiceDay:
        return ServiceDay(day or self._scenario.day or self._region.scenario_day, self._region.zone)

    def _on(self, day: date, changes: Sequence[C]) -> list[C]:
        return sorted((each for each in changes if self._day(each.day).date == day), key=lambda each: each.told_at)

    async def _line_changes(self, day: date) -> None:
        weather = self._on(day, self._scenario.weather)
        await self._line_control.day(ServiceDay(day, self._region.zone), self._line_day(day).upsets, weather)

    def _research(self, vehicle: Vehicle, index: int, count: int) -> Callable[[date], Coroutine[Any, Any, None]]:
        driver = ResearchDriver(vehicle, ways=self._ways, scenario=self._scenario, chance=self._chance)
        routes = self._region.research_routes[index::count]

        async def drive(day: date) -> None:
            await driver.day(day, routes, self._region.zone)

        return drive

    def _citizen_bus(self, vehicle: Vehicle) -> Callable[[date], Coroutine[Any, Any, None]]:
        driver = CitizenBusDriver(
            vehicle,
            roads=self._roads,
            control=self._dispatcher,
            api=self._api,
            passengers=self._passengers,
            scenario=self._scenario,
            chance=self._chance,
        )
        self._citizen_buses.append(driver)

        async def drive(day: date) -> None:
            manifest = await self._api.manifest(vehicle.spec.vehicle_id, day)
            depots = self._depots(vehicle.spec.vehicle_id, day)
            await driver.day(day, {shift: depots[shift.earliest] for shift in manifest.shifts}, self._upsets(day))

        return drive

    def _depots(self, vehicle_id: VehicleId, day: date) -> dict[Instant, LatLon]:
        service_day = ServiceDay(day, self._region.zone)
        return {
            service_day.at(rule.starts): self._region.stops[rule.depot].place
            for area in self._region.areas
            for rule in area.shifts
            if rule.vehicle_id == vehicle_id
        }

    def _upsets(self, day: date) -> UpsetDay:
        return upsets_of(self._region, self._scenario.upsets, self._chance, day)

    async def _trains(self, day: date) -> None:
        trains = self._line_demand.trains(self._region, self._timetable, day)
        self._platforms.expect(trains)
        known_before_s = self._scenario.trains.known_before_s
        await report_delays(trains, api=self._api, clock=self._world.clock, known_before_s=known_before_s)

    async def _score(self, days: tuple[date, ...]) -> Scorecard:
        reports = [await self._api.report(day) for day in days]
        return score(
            scenario=self._scenario.name,
            seed=self._seed,
            reports=reports,
            sent=sum(vehicle.client.sent for vehicle in self._vehicles.values()),
            acknowledged=sum(vehicle.client.acknowledged for vehicle in self._vehicles.values()),
            witnessed=self._witnessed(),
        )

    def _witnessed(self) -> Witnessed:
        vehicles, platforms, riders = self._vehicles.values(), self._platforms, self._riders
        on_demand = Witnessed(
            boarded=sum(bus.boarded for bus in self._citizen_buses),
            alighted=sum(bus.alighted for bus in self._citizen_buses),
            no_shows=sum(bus.no_shows for bus in self._citizen_buses),
            pickups_late=sum(bus.pickups_late for bus in self._citizen_buses),
            rides_wished=riders.wished,
            rides_booked=riders.booked,
            rides_refused=riders.refused,
            rides_declined=riders.declined,
            rides_cancelled=riders.cancelled,
            repairs=self._dispatcher.repairs,
            calls_to_riders=self._dispatcher.calls,
        )
        return replace(
            on_demand,
            trips_driven=self._lines.trips_driven,
            line_boardings=platforms.boardings,
            line_left_behind=platforms.left_behind,
            connections_kept=platforms.connections_kept,
            connections_missed=platforms.connections_missed,
            holds=self._lines.holds,
            line_changes=self._line_control.entered,
            line_changes_refused=self._line_control.refused,
            radio_gaps=sum(vehicle.link.losses for vehicle in vehicles),
            http_requests=self._api.requests,
            http_failures=self._api.failures,
            driven_m=round(sum(vehicle.odometer_m for vehicle in vehicles), 1),
            energy_wh=round(sum(vehicle.energy_wh for vehicle in vehicles), 1),
            manoeuvres_released=sum(vehicle.supervised.released for vehicle in vehicles),
            manoeuvres_refused=sum(vehicle.supervised.refused for vehicle in vehicles),
            manoeuvres_unanswered=sum(vehicle.supervised.unanswered for vehicle in vehicles),
            commands_rejected=sum(vehicle.supervised.rejected for vehicle in vehicles),
        )
