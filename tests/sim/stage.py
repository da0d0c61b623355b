"""A whole world in one virtual loop: the shipped region, the real gateway, a small HTTP server."""

import asyncio
from dataclasses import dataclass, field, replace

import httpx

from gtfs.from_region import timetable_of
from mobility.core.clock import Instant
from mobility.core.demand import Demand
from mobility.core.ids import VehicleId
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay
from mobility.storage.bundles import load_demand, load_region, shipped_region
from sim.edge.loop import run_virtual
from sim.edge.pipe import pipe
from sim.edge.runner import Simulation
from sim.edge.world import World
from sim.scenario import Scenario
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.sim.fake_server import FakeServer
from v2x.edge.gateway import Gateway


class VirtualClock:
    """A clock on the running loop's time."""

    def __init__(self, start: Instant) -> None:
        self._start = start
        self._loop = asyncio.get_running_loop()
        self._started_s = self._loop.time()

    def now(self) -> Instant:
        return Instant(self._start + round((self._loop.time() - self._started_s) * 1000))

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(max(duration_s, 0.0))


@dataclass
class KeptFrames:
    frames: list[tuple[str | None, str, bytes]] = field(default_factory=list)

    def keep(self, vehicle_id: VehicleId | None, reason: str, frame: bytes) -> None:
        self.frames.append((vehicle_id, reason, frame))


@dataclass
class Outcome:
    simulation: Simulation
    log: MemoryTelemetryLog
    server: FakeServer
    quarantine: KeptFrames


def shipped() -> tuple[Region, Demand]:
    folder = shipped_region("ilmenau")
    return load_region(folder), load_demand(folder)


def with_fleet(region: Region, *vehicles: str) -> Region:
    """Return the region with some of its vehicles only: what is looked at, and nothing to wait for."""
    return replace(region, fleet={name: spec for name, spec in region.fleet.items() if name in vehicles})


def play(
    region: Region,
    demand: Demand,
    scenario: Scenario,
    *,
    starts_s: int,
    ends_s: int,
    seed: int = 1,
    refuses: bool = False,
) -> Outcome:
    """Run a part of the scenario day and return what came of it."""

    async def main() -> Outcome:
        day = ServiceDay(region.scenario_day, region.zone)
        clock = VirtualClock(day.at(starts_s))
        log, quarantine = MemoryTelemetryLog(), KeptFrames()
        gateway = Gateway(log=log, clock=clock, identify=_by_name(region), quarantine=quarantine)
        server = FakeServer(region=region, clock=clock, refuses=refuses)
        async with asyncio.TaskGroup() as group:
            sessions: list[asyncio.Task[None]] = []

            async def connect(_):
                near, far = pipe()
                sessions.append(group.create_task(gateway.serve(far)))
                return near

            transport = httpx.ASGITransport(server.app())
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
                world = World(http=http, connect_vehicle=connect, clock=clock)
                simulation = Simulation(
                    region, timetable_of(region), world, demand=demand, scenario=scenario, seed=seed
                )
                await simulation.run(day.at(ends_s))
            for session in sessions:
                session.cancel()
        return Outcome(simulation, log, server, quarantine)

    return run_virtual(main())


def _by_name(region: Region):
    return lambda token: VehicleId(token) if token in region.fleet else None
