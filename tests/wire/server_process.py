"""A whole server in a process of its own, on real sockets, threads and disk: ``server_process.py DATA_DIR PORT``.

Its clock starts at seven on the scenario day; vehicles name themselves by their id. It prints its addresses when it
answers and runs until it is killed.
"""

import asyncio
import random
import sys
from pathlib import Path

from mobility.app.clock import LoopClock
from mobility.app.references import RandomReferences
from mobility.app.wiring import Wiring, find_region, open_server
from mobility.cli.run import run_on_sockets
from mobility.core.ids import VehicleId
from mobility.core.service_day import ServiceDay


async def main(folder: Path, port: int) -> None:
    region = find_region("ilmenau")
    wiring = Wiring(
        region=region,
        clock=LoopClock(ServiceDay(region.scenario_day, region.zone).at(7 * 3600)),
        references=RandomReferences(random.SystemRandom()),
        data_dir=folder,
        identify=lambda token: VehicleId(token) if token in region.fleet else None,
        is_open=True,
    )
    async with open_server(wiring) as server:
        await run_on_sockets(server, "127.0.0.1", port)


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
