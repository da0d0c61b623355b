"""A scenario on its region: what the demo and the headless run have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

from gtfs.timetable import Timetable
from mobility.app.wiring import find_factors, find_region, find_sources
from mobility.core.clock import Instant
from mobility.core.demand import Demand
from mobility.core.evidence import Factor, SourceRow
from mobility.core.ids import VehicleId
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay
from mobility.storage.bundles import load_demand, shipped_region
from sim.edge.runner import Simulation
from sim.edge.scenarios import load_scenario
from sim.edge.world import World
from sim.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Region, people and scenario of a run."""

    region: Region
    sources: Sequence[SourceRow]
    factors: Sequence[Factor]
    demand: Demand
    scenario: Scenario
    seed: int

    @classmethod
    def of(cls, scenario: str, seed: int) -> Self:
        """Load a scenario by name or file, and its region; raises ``BadInputError``."""
        script = load_scenario(scenario)
        demand = load_demand(shipped_region(script.region))
        region, sources = find_region(script.region), find_sources(script.region)
        factors = find_factors(script.region)
        if script.timetable_until is not None:
            region = _with_timetable_until(region, script.timetable_until)
        return cls(region=region, sources=sources, factors=factors, demand=demand, scenario=script, seed=seed)

    @property
    def day(self) -> ServiceDay:
        """The first service day."""
        return ServiceDay(self.scenario.day or self.region.scenario_day, self.region.zone)

    def identify(self, token: str) -> VehicleId | None:
        """Return the vehicle of the fleet that names itself: enough inside one process and on loopback."""
        return VehicleId(token) if token in self.region.fleet else None

    def simulation(self, timetable: Timetable, world: World) -> Simulation:
        """Return the run, ready to begin at the world's present time."""
        return Simulation(self.region, timetable, world, demand=self.demand, scenario=self.scenario, seed=self.seed)

    @property
    def ends(self) -> Instant:
        """When the scenario ends."""
        return self.day.at(self.scenario.ends)


def _with_timetable_until(region: Region, last: date) -> Region:
    calendars = {name: replace(each, last=max(each.last, last)) for name, each in region.calendars.items()}
    return replace(region, calendars=calendars)
