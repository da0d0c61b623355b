"""A demo begins in the morning with the rides that people booked the evening before."""

from pathlib import Path

from mobility.app.wiring import Server
from mobility.cli.stage import Stage
from mobility.core.clock import Instant
from mobility.core.ids import VehicleId
from mobility.core.ports import FrameStream
from sim.edge.loop import run_virtual
from sim.edge.world import World
from tests.app.server import ilmenau


async def nobody(_: VehicleId) -> FrameStream:
    raise OSError("no vehicle drives at night")


def opened(folder: Path) -> tuple[Server, Stage, Instant]:
    async def main() -> tuple[Server, Stage, Instant]:
        stage = Stage.of("ilmenau", 1)
        async with ilmenau(folder, starts_s=stage.scenario.starts) as (server, http, clock):
            world = World(http=http, connect_vehicle=nobody, clock=clock)
            await stage.simulation(server.timetable, world).book_ahead()
            clock.skip_to(stage.day.at(stage.region.demo_starts))
            return server, stage, clock.now()

    return run_virtual(main())


def test_the_first_rides_are_promised_when_the_demo_opens(tmp_path: Path) -> None:
    server, stage, now = opened(tmp_path)
    state = server.stores.ledger.state
    assert now == stage.day.at(stage.region.demo_starts)
    assert len(state.bookings) > 5
    first = min(promise.window.earliest for promise in state.promises.values())
    assert first < stage.day.at(9 * 3600), "somebody is fetched in the first hour of service"
    assert all(promise.told_at < now for promise in state.promises.values())
