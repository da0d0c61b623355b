"""The process whose gateways are killed: the real gateway, TLS listener and telemetry log, forked on order.

Everything is imported once; each line of JSON on the input forks a gateway for ``folder`` with the certificates of
``authority``; further entries become environment variables of the child. The child prints ``pid N`` and ``ready PORT``;
when it has died, this process prints ``gone``. With ``--plant`` a fault is built in that the rigs have to find.
"""

import argparse
import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path

import structlog

from mobility.core.ids import BootId, VehicleId
from mobility.storage import segment_files, segments
from mobility.storage.segment_files import SegmentFiles
from mobility.storage.segments import SegmentLog
from tests.v2x.certificates import LOCAL, ComputersClock, authority_in
from tests.v2x.making import KeptFrames
from v2x.edge.admission import Admission
from v2x.edge.gateway import Gateway
from v2x.edge.listener import listen
from v2x.received import BootReceived, Received

DIES_WITH_PARENT = 1
"""``PR_SET_PDEATHSIG`` of linux/prctl.h: no gateway outlives its rig."""


class RealClock(ComputersClock):
    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


def say(line: str) -> None:
    os.write(1, (line + "\n").encode())


async def main(folder: Path, certificates: Path) -> None:
    authority = authority_in(certificates)
    host = os.environ.get("GATEWAY_HOST", "127.0.0.1")
    tls = authority.gateway_context(LOCAL if host in LOCAL else [host])
    async with SegmentLog.open(folder, zone="Europe/Berlin") as log:
        clock = RealClock()
        gateway = Gateway(log=log, clock=clock, identify=lambda _: None, quarantine=KeptFrames())
        admission = Admission(clock=clock, revocations=authority.revocations())
        async with listen(gateway, host, 0, tls=tls, admission=admission) as server:
            say(f"ready {server.sockets[0].getsockname()[1]}")
            await asyncio.Event().wait()


def plant_ack_before_sync() -> None:
    """Samples are acknowledged while they lie in a buffer of the process."""

    def buffered(directory: Path, used: dict[date, int], *, is_durable: bool) -> SegmentFiles:
        return segment_files.SegmentFiles(directory, used, is_durable=False)

    segments.SegmentFiles = buffered  # type: ignore[assignment,misc]  # the planted fault


def plant_no_sequence_check() -> None:
    """After a restart nobody remembers what is kept already."""
    SegmentLog.received = lambda self: {}  # type: ignore[method-assign]  # the planted fault


def plant_forgets_between_connections() -> None:
    """Each connection begins as if nothing were kept of its vehicle."""

    def boot(self: Received, vehicle_id: VehicleId, boot_id: BootId) -> BootReceived:
        return BootReceived()

    Received.boot = boot  # type: ignore[method-assign]  # the planted fault


def plant_sync_fault_ignored() -> None:
    """A failed sync counts as done."""
    honest = SegmentFiles.sync

    def careless(self: SegmentFiles, written: set[date]) -> None:
        with suppress(OSError):
            honest(self, written)

    SegmentFiles.sync = careless  # type: ignore[method-assign]  # the planted fault


def plant_sync_tried_again() -> None:
    """A failed sync is tried once more, and the second one tells a lie: the pages are gone already."""
    honest = SegmentFiles.sync

    def stubborn(self: SegmentFiles, written: set[date]) -> None:
        try:
            honest(self, written)
        except OSError:
            honest(self, written)

    SegmentFiles.sync = stubborn  # type: ignore[method-assign]  # the planted fault


PLANTS = {
    "ack-before-sync": plant_ack_before_sync,
    "no-sequence-check": plant_no_sequence_check,
    "forgets-between-connections": plant_forgets_between_connections,
    "sync-fault-ignored": plant_sync_fault_ignored,
    "sync-tried-again": plant_sync_tried_again,
}


def fork(order: dict[str, str]) -> None:
    """Run a gateway in a process of its own and wait for its end."""
    child = os.fork()
    if child == 0:
        folder, certificates = Path(order.pop("folder")), Path(order.pop("authority"))
        os.environ.update(order)
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)
        say(f"pid {os.getpid()}")
        asyncio.run(main(folder, certificates))
        os._exit(1)
    os.waitpid(child, 0)
    say("gone")


def take_orders(lines: Iterable[str]) -> None:
    for line in lines:
        fork(json.loads(line))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--plant", choices=PLANTS)
    given = arguments.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    if given.plant:
        PLANTS[given.plant]()
    take_orders(sys.stdin)
