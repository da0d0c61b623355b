"""A gateway in a process of its own, to be killed: ``gateway_process.py FOLDER PORT``."""

import asyncio
import sys
from pathlib import Path

from mobility.core.clock import Instant
from mobility.storage.segments import SegmentLog
from tests.v2x.making import NOON, KeptFrames, identify
from v2x.edge.gateway import Gateway
from v2x.edge.listener import listen


class Clock:
    def now(self) -> Instant:
        return Instant(NOON + 3_600_000)

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


async def main(folder: Path, port: int) -> None:
    async with SegmentLog.open(folder, zone="Europe/Berlin") as log:
        gateway = Gateway(log=log, clock=Clock(), identify=identify, quarantine=KeptFrames())
        async with listen(gateway, "127.0.0.1", port):
            sys.stdout.write("listening\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
