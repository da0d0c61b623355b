"""``mobility demo``: server and simulator in one process on the Ilmenau region, open on loopback."""

import asyncio
import random
import shutil
import ssl
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId

if TYPE_CHECKING:
    from mobility.app.vehicle_door import VehicleDoor

_HOST = "127.0.0.1"
_LEDGER = "ledger.sqlite"


def demo(
    port: Annotated[int, typer.Option(min=1, max=65533, help="HTTP; push and vehicles take the next two.")] = 8000,
    speed: Annotated[float, typer.Option(min=0.1, max=60, help="How many times as fast as the clock on the wall.")] = 1,
    seed: Annotated[int, typer.Option(help="Another seed, another day.")] = 1,
    data_dir: Annotated[Path, typer.Option(help="Emptied at every start.")] = Path("var/demo"),
) -> None:
    """Watch Ilmenau move. Nothing needs a login; every page says DEMO and the date of the scenario."""
    asyncio.run(_demo(port, speed, seed, data_dir))


async def _demo(port: int, speed: float, seed: int, data_dir: Path) -> None:
    # Imported here, because every other command would pay for it.
    import httpx  # noqa: PLC0415

    from mobility.app.clock import LoopClock  # noqa: PLC0415
    from mobility.app.listeners import require_free_ports  # noqa: PLC0415
    from mobility.app.references import RandomReferences  # noqa: PLC0415
    from mobility.app.vehicle_side import KEYS_FOLDER  # noqa: PLC0415
    from mobility.app.wiring import Wiring, open_server  # noqa: PLC0415
    from mobility.cli.run import run_on_sockets  # noqa: PLC0415
    from mobility.cli.stage import Stage  # noqa: PLC0415
    from sim.edge.world import World  # noqa: PLC0415
    from v2x.edge.client import connect_websocket  # noqa: PLC0415

    # Before anything is emptied: the port may belong to a demo that is running on these very data.
    require_free_ports(_HOST, port)
    stage = Stage.of("ilmenau", seed)
    clock = LoopClock(stage.day.at(stage.scenario.starts), speed=speed)
    _empty(data_dir)
    door, contexts = _certificates(data_dir / KEYS_FOLDER, stage.region.fleet)
    wiring = Wiring(
        region=stage.region,
        sources=stage.sources,
        factors=stage.factors,
        clock=clock,
        references=RandomReferences(random.SystemRandom()),
        data_dir=data_dir,
        admission=door.admission,
        is_demo=True,
        is_open=True,
        speed=speed,
    )
    async with (
        open_server(wiring) as server,
        httpx.AsyncClient(base_url=f"http://{_HOST}:{port}", timeout=30) as http,
    ):
        world = World(
            http=http,
            connect_vehicle=lambda vehicle_id: connect_websocket(
                f"{door.scheme}://{_HOST}:{port + 2}/vehicle", tls=contexts[vehicle_id]
            ),
            clock=clock,
            command_keys=server.vehicles.keys.public,
        )
        simulation = stage.simulation(server.timetable, world)

        async def the_evening_before() -> None:
            await simulation.book_ahead()
            clock.skip_to(stage.day.at(stage.region.demo_starts))

        await run_on_sockets(
            server, _HOST, port, door=door, opening=the_evening_before, beside=lambda: simulation.run(stage.ends)
        )


def _certificates(
    folder: Path, fleet: Collection[VehicleId]
) -> "tuple[VehicleDoor, Mapping[VehicleId, ssl.SSLContext]]":
    """Return the gateway's door and each vehicle's TLS context, all from an authority made for this demo."""
    from mobility.app.clock import SystemClock  # noqa: PLC0415 - other commands start without it
    from mobility.app.vehicle_door import VehicleDoor  # noqa: PLC0415
    from v2x.edge.authority import DevelopmentAuthority  # noqa: PLC0415

    authority = DevelopmentAuthority.open(folder, SystemClock())
    contexts = {vehicle_id: authority.vehicle(vehicle_id).vehicle_context() for vehicle_id in fleet}
    return VehicleDoor.of_authority(authority, (_HOST, "localhost"), fleet), contexts


def _empty(data_dir: Path) -> None:
    if not data_dir.exists():
        return
    if any(data_dir.iterdir()) and not (data_dir / _LEDGER).exists():
        raise BadInputError("holds files that are not a demo's; choose another --data-dir", source=str(data_dir))
    shutil.rmtree(data_dir)
