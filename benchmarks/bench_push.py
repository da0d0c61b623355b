"""From a vehicle's state to a delta in 200 readers' hands on real sockets, and what a delivered message costs.

50 vehicles report once a second, spread over the second, through ``PassengerInfo.observe``; 200 readers in a process
of their own subscribe to everything. Latency: from ``observe`` to the delta in the reader's hand (both processes share
the machine's monotonic clock). Cost: CPU of the server process per delivered message, against ``websockets.broadcast``
of messages of the same size and number in the same run. Limit: p99 150 ms. Run: ``python -m benchmarks.bench_push``.
"""

import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles

from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, broadcast, serve

from gtfs.timetable import Timetable
from mobility.core.clock import Instant, shifted
from mobility.core.ids import VehicleId
from mobility.core.vehicle import VehicleState
from passenger_info.edge.push import PushHub
from passenger_info.edge.push_listener import PATH, listen
from passenger_info.edge.service import PassengerInfo
from passenger_info.frame_pb2 import Frame
from tests.passenger_info.day import OUT, Drive, run_on, timetable_of
from tests.passenger_info.live_clock import LiveClock

READERS, VEHICLES = 200, 50
LIMIT_MS = 150.0


def read_stream(port: int, path: str, pipe: Connection) -> None:
    """The readers' process: report arrival times (ns) of every message, by the newest sequence number in it."""
    asyncio.run(_read_all(port, path, pipe))


async def _read_all(port: int, path: str, pipe: Connection) -> None:
    arrived: list[tuple[int, bytes]] = []
    count = 0

    async def one(keeps: bool) -> None:
        nonlocal count
        async with connect(f"ws://127.0.0.1:{port}{path}", compression=None, max_size=None) as link:
            await link.send('{"type":"sub","id":"x","topics":["all"]}')
            ready.release()
            async for message in link:
                count += 1
                if keeps and isinstance(message, bytes):
                    arrived.append((time.monotonic_ns(), message))

    ready = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(one(i % 20 == 0)) for i in range(READERS)]
        for _ in range(READERS):
            await ready.acquire()
        pipe.send("ready")
        await asyncio.to_thread(pipe.recv)
        for reader in readers:
            reader.cancel()
    pipe.send((count, arrived))


def _states(folder: Path) -> tuple[Timetable, list[list[VehicleState]]]:
    trips = {f"T{i:02d}": (8 * 3600, OUT, f"b{i}") for i in range(VEHICLES)}
    timetable = timetable_of(trips, folder)
    drives = [
        list(Drive(run_on(timetable, f"T{i:02d}"), timetable, vehicle_id=VehicleId(f"v{i:02d}")).states())[70:]
        for i in range(VEHICLES)
    ]
    return timetable, drives


async def _ours(folder: Path, seconds: int) -> dict[str, float]:
    timetable, drives = _states(folder)
    clock = LiveClock(drives[0][0].as_of)
    info = PassengerInfo(timetable=timetable, clock=clock, specs={})
    hub = PushHub(info, clock)
    sent_ns: dict[tuple[str, int], int] = {}
    async with listen(hub, "127.0.0.1", 0) as server:
        here, there = multiprocessing.Pipe()
        port = server.sockets[0].getsockname()[1]
        process = multiprocessing.get_context("spawn").Process(target=read_stream, args=(port, PATH, there))
        process.start()
        await _ready(here)
        start_s, busy_s, before = time.monotonic(), time.process_time(), hub.counters
        for tick in range(seconds * VEHICLES):
            await asyncio.sleep(max(0.0, start_s + tick / VEHICLES - time.monotonic()))
            vehicle, second = tick % VEHICLES, tick // VEHICLES
            now = Instant(clock.now() // 1000 * 1000)
            seen = replace(drives[vehicle][second], as_of=shifted(now, 0), received_at=now)
            marked = replace(seen, sample=replace(seen.sample, bearing_deg=float(second % 360)))
            sent_ns[f"v{vehicle:02d}", second % 360] = time.monotonic_ns()
            info.observe(marked)
        await asyncio.sleep(0.3)
        busy_s = time.process_time() - busy_s
        after = hub.counters
        here.send("stop")
        _count, arrived = await _answer(here)
        process.join()
    return {**_latency(arrived, sent_ns), **_cost(busy_s, after.deliveries - before.deliveries, arrived)}


def _latency(arrived: list[tuple[int, bytes]], sent_ns: dict[tuple[str, int], int]) -> dict[str, float]:
    late_ms: list[float] = []
    for at_ns, message in arrived:
        frame = Frame.FromString(message)
        if frame.kind != Frame.DELTA:
            continue
        for entity in gtfs_realtime.FeedMessage.FromString(frame.feed).entity:
            key = (entity.vehicle.vehicle.id, round(entity.vehicle.position.bearing))
            if entity.HasField("vehicle") and key in sent_ns:
                late_ms.append((at_ns - sent_ns[key]) / 1e6)
    return {
        "samples": len(late_ms),
        "p50_ms": round(median(late_ms), 2),
        "p99_ms": round(quantiles(late_ms, n=100)[98], 2),
    }


def _cost(busy_s: float, deliveries: int, arrived: list[tuple[int, bytes]]) -> dict[str, float]:
    size = median(len(message) for _, message in arrived)
    return {"deliveries": deliveries, "us_per_delivery": round(busy_s / deliveries * 1e6, 2), "message_bytes": size}


async def _broadcast(seconds: int, rate_hz: float, size: int) -> float:
    """CPU µs per message of plain ``websockets.broadcast`` at the same rate and size."""
    links: list[ServerConnection] = []

    async def accept(connection: ServerConnection) -> None:
        links.append(connection)
        await connection.wait_closed()

    async with serve(accept, "127.0.0.1", 0, compression=None) as server:
        here, there = multiprocessing.Pipe()
        port = server.sockets[0].getsockname()[1]
        process = multiprocessing.get_context("spawn").Process(target=read_stream, args=(port, PATH, there))
        process.start()
        await _ready(here)
        start_s, busy_s, count = time.monotonic(), time.process_time(), round(seconds * rate_hz)
        for tick in range(count):
            await asyncio.sleep(max(0.0, start_s + tick / rate_hz - time.monotonic()))
            broadcast(links, bytes([tick % 256]) * size)
        await asyncio.sleep(0.3)
        busy_s = time.process_time() - busy_s
        here.send("stop")
        await _answer(here)
        process.join()
    return busy_s / (count * READERS) * 1e6


async def _ready(pipe: Connection) -> None:
    await asyncio.to_thread(pipe.recv)
    await asyncio.sleep(0.3)


async def _answer(pipe: Connection) -> tuple[int, list[tuple[int, bytes]]]:
    count, arrived = await asyncio.to_thread(pipe.recv)
    return count, arrived


def main() -> None:
    """Print one JSON line; exit 1 beyond the limit."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        ours = asyncio.run(_ours(Path(folder), seconds))
    rate_hz = ours["deliveries"] / READERS / seconds
    plain_us = asyncio.run(_broadcast(seconds, rate_hz, int(ours["message_bytes"])))
    result = {
        "benchmark": "push",
        "readers": READERS,
        "vehicles": VEHICLES,
        "seconds": seconds,
        **ours,
        "broadcast_us_per_delivery": round(plain_us, 2),
        "ratio_to_broadcast": round(ours["us_per_delivery"] / plain_us, 2),
        "limit_p99_ms": LIMIT_MS,
    }
    print(json.dumps(result))
    sys.exit(0 if ours["p99_ms"] <= LIMIT_MS else 1)


if __name__ == "__main__":
    main()
