"""Durable commits and telemetry acknowledgements against the plain way of the same disk, in the same run.

One JSON object a line: ``ratio`` is ours over the peer's. Run: ``python -m benchmarks.bench_ledger [--seconds 2]``.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

from mobility.core.clock import Instant
from mobility.core.events import DrivingModeChanged
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import DrivingMode, Sample
from mobility.storage.ledger import SqlLedger
from mobility.storage.segments import SegmentLog

START = Instant(1_760_421_600_000)
PAYLOAD = bytes(60)


class _FixedClock:
    def now(self) -> Instant:
        return START

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


def one_by_one(folder: Path, seconds: float) -> float:
    """Return commits per second of plain sqlite3: WAL, FULL, one row and one commit at a time."""
    connection = sqlite3.connect(folder / "peer.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE facts (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)")
    body = json.dumps({"vehicle_id": "shuttle-1", "before": "manual", "after": "automated", "at": START})
    ends, done = time.perf_counter() + seconds, 0
    while time.perf_counter() < ends:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO facts (body) VALUES (?)", (body,))
        connection.execute("COMMIT")
        done += 1
    connection.close()
    return done / seconds


async def grouped(folder: Path, seconds: float, callers: int) -> tuple[float, list[float]]:
    """Return commands per second of the ledger with ``callers`` at once, and each one's latency in seconds."""
    fact = DrivingModeChanged(
        vehicle_id=VehicleId("shuttle-1"), before=DrivingMode.MANUAL, after=DrivingMode.AUTOMATED, at=START
    )
    async with SqlLedger.open(folder / f"ledger-{callers}.db", clock=_FixedClock()) as ledger:
        numbers = count()

        async def one() -> None:
            key = str(next(numbers))
            await ledger.submit(lambda _state, _now: [fact], actor="vehicle:1", idempotency_key=key)

        return await _hammered(one, seconds, callers)


def plain_sync(folder: Path, seconds: float) -> tuple[float, list[float]]:
    """Return appends per second with one write and one fdatasync each, and their latencies."""
    with (folder / "peer.log").open("ab", buffering=0) as file:
        latencies: list[float] = []
        ends = time.perf_counter() + seconds
        while (before := time.perf_counter()) < ends:
            file.write(PAYLOAD)
            os.fdatasync(file.fileno())
            latencies.append(time.perf_counter() - before)
    return len(latencies) / seconds, latencies


async def acknowledged(folder: Path, seconds: float, vehicles: int) -> tuple[float, list[float]]:
    """Return telemetry acknowledgements per second with ``vehicles`` sending at once, and their latencies."""
    async with SegmentLog.open(folder / f"telemetry-{vehicles}", zone="Europe/Berlin") as log:
        numbers = count()
        return await _hammered(lambda: log.append([_record(next(numbers))]), seconds, vehicles)


async def _hammered(work: Callable[[], Awaitable[None]], seconds: float, callers: int) -> tuple[float, list[float]]:
    latencies: list[float] = []
    ends = time.perf_counter() + seconds

    async def caller() -> None:
        while (before := time.perf_counter()) < ends:
            await work()
            latencies.append(time.perf_counter() - before)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(callers):
            tasks.create_task(caller())
    return len(latencies) / seconds, latencies


def _record(seq: int) -> TelemetryRecord:
    sample = Sample(
        vehicle_id=VehicleId("shuttle-1"),
        boot_id=BootId("b1"),
        seq=seq,
        device_time=START,
        place=LatLon(50.68, 10.92),
        speed_mps=4.2,
    )
    return TelemetryRecord(sample=sample, received_at=START, event_time=START, payload=PAYLOAD)


def _percentile_ms(latencies: list[float], share: float) -> float:
    return round(sorted(latencies)[int(len(latencies) * share)] * 1000, 2)


def _print(name: str, callers: int, rate: float, latencies: list[float], peer: float) -> None:
    result = {
        "benchmark": name,
        "callers": callers,
        "per_s": round(rate),
        "p50_ms": _percentile_ms(latencies, 0.5),
        "p95_ms": _percentile_ms(latencies, 0.95),
        "peer_per_s": round(peer),
        "ratio": round(rate / peer, 1),
    }
    print(json.dumps(result), flush=True)


def main() -> None:
    """Run all, each peer directly before what it is compared with."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=2.0)
    seconds = arguments.parse_args().seconds
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        peer = one_by_one(folder, seconds)
        for callers in (1, 16, 64):
            rate, latencies = asyncio.run(grouped(folder, seconds, callers))
            _print("ledger.group_commit", callers, rate, latencies, peer)
        peer, peer_latencies = plain_sync(folder, seconds)
        _print("telemetry.plain_fdatasync", 1, peer, peer_latencies, peer)
        for vehicles in (1, 16, 50):
            rate, latencies = asyncio.run(acknowledged(folder, seconds, vehicles))
            _print("telemetry.append", vehicles, rate, latencies, peer)


if __name__ == "__main__":
    sys.exit(main())
