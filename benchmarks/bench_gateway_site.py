"""A gateway in a process of its own, so that its processor time and memory are measured alone. Not run by hand.

It prints its port, then for every line on stdin one JSON object with what it has used so far; it ends with stdin.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.bench_gateway_load import alone_on
from mobility.core.clock import Instant
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryLog, TelemetryRecord
from mobility.storage.segments import GATHER_S, SegmentLog
from v2x.edge.authority import DevelopmentAuthority
from v2x.edge.gateway import Gateway
from v2x.edge.listener import listen

HOST = "127.0.0.1"


class Clock:
    """The computer's time."""

    def now(self) -> Instant:
        """Return it."""
        return Instant(time.time_ns() // 1_000_000)

    async def sleep(self, duration_s: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(duration_s)


class NoLog:
    """Keeps nothing and says so at once."""

    async def append(self, records: Sequence[TelemetryRecord]) -> None:
        """Say that it is kept."""

    def received(self) -> Mapping[tuple[VehicleId, BootId], Mapping[int, int]]:
        """Return nothing."""
        return {}


class SlowLog:
    """Takes no more than so many samples a second: a disk at its limit."""

    def __init__(self, log: TelemetryLog, per_s: float) -> None:
        """Slow ``log`` down."""
        self._log = log
        self._per_s = per_s
        self._free_at_s = 0.0

    async def append(self, records: Sequence[TelemetryRecord]) -> None:
        """Wait for the disk's turn, then append."""
        self._free_at_s = max(self._free_at_s, time.monotonic()) + len(records) / self._per_s
        await asyncio.sleep(self._free_at_s - time.monotonic())
        await self._log.append(records)

    def received(self) -> Mapping[tuple[VehicleId, BootId], Mapping[int, int]]:
        """Return what the log has."""
        return self._log.received()


class NoQuarantine:
    """A frame that is set aside would make the benchmark wrong."""

    def keep(self, vehicle_id: VehicleId | None, reason: str, frame: bytes) -> None:
        """Stop the benchmark."""
        raise AssertionError(f"{vehicle_id}: {reason}: {frame!r}")


def gateway_on(log: TelemetryLog, gather_s: float = 0.0) -> Gateway:
    """Return a gateway that believes every token."""
    return Gateway(log=log, clock=Clock(), identify=VehicleId, quarantine=NoQuarantine(), gather_s=gather_s)


@asynccontextmanager
async def _log(options: argparse.Namespace) -> AsyncIterator[TelemetryLog]:
    if options.log == "plain":
        yield NoLog()
        return
    async with SegmentLog.open(Path(options.folder), zone="Europe/Berlin") as log:
        yield SlowLog(log, options.per_s) if options.per_s else log


def _used(gateway: Gateway) -> str:
    resident_kb = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    used = {"cpu_s": time.process_time(), "resident_kb": resident_kb, "peak_kb": _peak_kb()}
    return json.dumps(used | {"level": gateway.pressure.level.name, **asdict(gateway.counters)})


def _peak_kb() -> int:
    # Not ru_maxrss: a child begins with its parent's peak there, and the largest benchmark before would hide ours.
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


async def _serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    tls = None
    if options.authority:
        tls = DevelopmentAuthority.open(Path(options.authority), Clock()).gateway_context([HOST])
    async with _log(options) as log:
        # The same rounds for both: what differs is the log alone.
        gateway = gateway_on(log, GATHER_S)
        async with listen(gateway, HOST, 0, tls=tls) as server:
            print(server.sockets[0].getsockname()[1], flush=True)
            while await loop.run_in_executor(None, sys.stdin.readline):
                print(_used(gateway), flush=True)


def main() -> None:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", choices=("plain", "durable"))
    parser.add_argument("folder", help="where the log is written")
    parser.add_argument("--authority", help="folder of the development authority; without it no TLS")
    parser.add_argument(
        "--per-s", type=float, default=0.0, help="most samples a second that the disk takes; 0: no limit"
    )
    parser.add_argument("--profile", help="write a profile there (processor time means nothing then)")
    options = parser.parse_args()
    alone_on(1)
    if options.profile:
        import cProfile  # noqa: PLC0415 - only here

        with cProfile.Profile() as profile:
            asyncio.run(_serve(options))
        profile.dump_stats(options.profile)
    else:
        asyncio.run(_serve(options))


if __name__ == "__main__":
    main()
