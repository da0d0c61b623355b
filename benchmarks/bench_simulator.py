"""What a simulated second of a vehicle costs, beside a bare virtual loop and asyncio's own loop doing nothing else.

Prints one JSON line. CPU time of this process; the peer is a task that only sleeps a second at a time.
"""

import asyncio
import json
import sys
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx

from mobility.core.clock import Instant
from mobility.core.vehicle import Sample
from mobility.storage.bundles import load_demand, load_region, shipped_region
from sim.chance import Chance
from sim.edge.loop import run_virtual
from sim.edge.vehicle import Vehicle
from sim.edge.world import World
from sim.radio import Coverage
from sim.route import Ways

VEHICLES = 50
SECONDS = 2000
LIMIT_US = 25.0
"""The simulator's own share of a sample, without client, gateway and feeds."""


class Clock:
    """The running loop's time."""

    def now(self) -> Instant:
        """Return milliseconds since the loop began."""
        return Instant(round(asyncio.get_running_loop().time() * 1000))

    async def sleep(self, duration_s: float) -> None:
        """Wait virtual seconds."""
        await asyncio.sleep(duration_s)


class Sink:
    """Takes samples and forgets them."""

    def __init__(self) -> None:
        """Start empty."""
        self.taken = 0

    def record(self, sample: Sample) -> None:
        """Count a sample."""
        self.taken += sample.seq > 0


class NoSelector:
    """Stands in for the selector of asyncio's own loop: instead of waiting, its time jumps."""

    def __init__(self, loop: "StockLoop") -> None:
        """Move the time of ``loop``."""
        self.loop = loop

    def select(self, timeout: float | None) -> list[object]:
        """Jump to the next timer."""
        self.loop.now_s += timeout or 0.0
        return []


class StockLoop(asyncio.BaseEventLoop):
    """asyncio's own scheduling with a float for a clock."""

    def __init__(self) -> None:
        """Start at 0."""
        super().__init__()
        self.now_s = 0.0
        self._selector = NoSelector(self)

    def time(self) -> float:
        """Return virtual seconds."""
        return self.now_s

    def _process_events(self, events: list[object]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


async def tick() -> int:
    async def one() -> None:
        for _ in range(SECONDS):
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as group:
        for _ in range(VEHICLES):
            group.create_task(one())
    return VEHICLES * SECONDS


async def drive() -> int:
    region = load_region(shipped_region("ilmenau"))
    ways = Ways(region.network)
    coverage = Coverage(load_demand(shipped_region("ilmenau")).radio_gaps)
    spec = next(spec for spec in region.fleet.values() if spec.kind == "citizen_bus")
    stops = [region.stops[stop].place for stop in region.areas[0].stops]
    sink = Sink()

    async def one(number: int, http: httpx.AsyncClient) -> None:
        world = World(http=http, connect_vehicle=no_gateway, clock=Clock(), run_id=str(number))
        vehicle = Vehicle(spec, world=world, chance=Chance(number), coverage=coverage)
        vehicle.client = sink  # type: ignore[assignment]
        vehicle.switch_on(stops[number % len(stops)])
        for hop in range(number, number + SECONDS):
            here, there = stops[hop % len(stops)], stops[(hop + 1) % len(stops)]
            if vehicle.clock.now() >= SECONDS * 1000:
                return
            leg = vehicle.planner.along(ways.between(here, there), pace_factor=1.1)
            await vehicle.drive(leg, began=vehicle.clock.now())
            await vehicle.stand_until(Instant(vehicle.clock.now() + 20_000))

    async with httpx.AsyncClient() as http, asyncio.TaskGroup() as group:
        for number in range(VEHICLES):
            group.create_task(one(number, http))
    return sink.taken


async def no_gateway(_: object) -> object:
    raise OSError


def cost_us(run: object) -> float:
    started_s = process_time()
    count = run()  # type: ignore[operator]
    return (process_time() - started_s) / count * 1e6


def main() -> None:
    def stock() -> int:
        with asyncio.Runner(loop_factory=StockLoop) as runner:
            return runner.run(tick())

    run_virtual(drive())  # imports and caches
    stock_us = min(cost_us(stock) for _ in range(3))
    bare_us = min(cost_us(lambda: run_virtual(tick())) for _ in range(3))
    drive_us = min(cost_us(lambda: run_virtual(drive())) for _ in range(3))
    result = {
        "benchmark": "simulator",
        "vehicles": VEHICLES,
        "us_per_sample": round(drive_us, 2),
        "us_per_tick_bare_loop": round(bare_us, 2),
        "us_per_tick_asyncio_loop": round(stock_us, 2),
        "ratio_to_bare_loop": round(drive_us / bare_us, 2),
        "ratio_bare_to_asyncio_loop": round(bare_us / stock_us, 2),
        "real_time_factor": round(1e6 / drive_us / VEHICLES),
        "limit_us_per_sample": LIMIT_US,
        "is_within_limit": drive_us <= LIMIT_US,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
