"""A day in virtual time: server and simulator in one loop, results in a directory."""

import asyncio
import gc
import json
import random
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import httpx
from rich.console import Console
from rich.progress import Progress

from dispatch.edge.solver import InlineSolver
from mobility.app.clock import LoopClock
from mobility.app.references import RandomReferences
from mobility.app.trip_log import write_trip_log
from mobility.app.wiring import Server, Wiring, open_server
from mobility.cli.recording import Recording
from mobility.cli.stage import Stage
from mobility.core.clock import Clock, Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId
from mobility.core.ports import FrameStream, TelemetryRecord
from mobility.core.service_day import format_service_time, service_day_of
from mobility.storage.segments import read_day
from sim.edge.loop import run_virtual
from sim.edge.pipe import pipe
from sim.edge.world import World

SOLVER_DELAY_S = 2.0
"""A better plan takes effect this long after the change that called for it: what a worker process needs."""


@dataclass(frozen=True, kw_only=True)
class Headless:
    """One run of a scenario and where its results go."""

    stage: Stage
    out: Path
    ends: Instant
    record_feeds: bool
    stream: bool = True
    """Whether the push stream is recorded with the feeds."""

    @classmethod
    def of(
        cls, scenario: str, seed: int, out: Path, *, until: int | None, record_feeds: bool, stream: bool = True
    ) -> Self:
        """Load the scenario; ``until`` (seconds of the first service day) ends it earlier."""
        stage = Stage.of(scenario, seed)
        ends = stage.ends if until is None else min(stage.ends, stage.day.at(until))
        if ends <= stage.day.at(stage.scenario.starts):
            starts = format_service_time(stage.scenario.starts)
            raise BadInputError(f"the scenario starts only at {starts}", field="--until")
        return cls(stage=stage, out=out, ends=ends, record_feeds=record_feeds, stream=stream)

    def run(self) -> dict[str, Any]:
        """Run to the end, write the results, and return the scorecard."""
        self.out.mkdir(parents=True, exist_ok=True)
        started_s = perf_counter()
        with tempfile.TemporaryDirectory(prefix="mobility-sim-") as folder, _rare_collections():
            card = run_virtual(self._day(Path(folder)))
        card["wall_s"] = round(perf_counter() - started_s, 3)
        (self.out / "scorecard.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return card

    async def _day(self, folder: Path) -> dict[str, Any]:
        stage = self.stage
        clock = LoopClock(stage.day.at(stage.scenario.starts))
        wiring = Wiring(
            region=stage.region,
            sources=stage.sources,
            factors=stage.factors,
            clock=clock,
            # A fixed generator is the point: the same seed names the same bookings.
            references=RandomReferences(random.Random(stage.seed)),  # noqa: S311
            data_dir=folder,
            identify=stage.identify,
            signing_secret=f"simulation {stage.seed}",
            is_demo=True,
            is_open=True,
            inline=True,
            solver=InlineSolver(),
            improve_delay_s=SOLVER_DELAY_S,
        )
        async with open_server(wiring) as server, asyncio.TaskGroup() as tasks:
            gate = tasks.create_task(self._beside(server, clock, tasks))
            card = await gate
            await server.stores.telemetry.stop()
            self._write_log(server, folder)
        return card

    async def _beside(self, server: Server, clock: Clock, tasks: asyncio.TaskGroup) -> dict[str, Any]:
        transport = httpx.ASGITransport(app=server.http)
        async with httpx.AsyncClient(transport=transport, base_url="http://server.invalid") as http:
            world = World(
                http=http,
                connect_vehicle=vehicle_connections(server, tasks),
                clock=clock,
                command_keys=server.vehicles.keys.public,
            )
            simulation = self.stage.simulation(server.timetable, world)
            background = [tasks.create_task(server.run()), tasks.create_task(self._show_progress(clock))]
            if self.record_feeds:
                background.append(tasks.create_task(Recording(self.out, server, clock, stream=self.stream).run()))
            await simulation.run(self.ends)
            for task in background:
                task.cancel()
        return simulation.result.as_json()

    async def _show_progress(self, clock: Clock) -> None:
        begun = clock.now()
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(self.stage.scenario.name, total=self.ends - begun)
            while True:
                progress.update(task, completed=clock.now() - begun)
                await clock.sleep(300)

    def _write_log(self, server: Server, folder: Path) -> None:
        zone = self.stage.region.zone
        day, last = service_day_of(self.stage.day.start, zone), service_day_of(self.ends, zone)
        records: list[TelemetryRecord] = []
        while day.date <= last.date:
            records.extend(read_day(folder / "telemetry", day))
            day = day.plus(1)
        write_trip_log(
            self.out / "trip_log",
            format="parquet",
            timetable=server.timetable,
            records=records,
            envelopes=server.stores.ledger.read(),
            region_zone=zone,
            fleet=self.stage.region.fleet,
        )


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the garbage collector look for cycles seldom: a day makes millions of records and hardly one cycle.

    Measured, a tenth of the run went into walking them, and all of region and modules, again and again.
    """
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def vehicle_connections(server: Server, tasks: asyncio.TaskGroup) -> Callable[[VehicleId], Awaitable[FrameStream]]:
    """Return how a vehicle reaches the gateway in this process: a pipe, the same session behind it."""

    async def connect(_: VehicleId) -> FrameStream:
        ours, theirs = pipe()
        tasks.create_task(server.gateway.serve(ours))
        return theirs

    return connect
