"""From a vehicle's state to a frame in a thousand readers' hands on real sockets, and what a delivered message costs.

``push.latency``: 50 vehicles report once a second, spread over the second, through ``PassengerInfo.observe``; a reader
subscribes to one vehicle, so that all of them get about one frame a second. Latency: from ``observe`` to the frame in
the reader's hand; server and readers are two processes that share the machine's monotonic clock, the server pinned to
one core. Limit: p99 100 ms. ``--readers 10000`` asks for more than the thousand of the default.

``push.cost``: server CPU per delivered message of about 200 bytes to 1,000 readers of one topic, through the hub from
noted change to written frame, against Starlette's ``send_bytes`` on uvicorn to as many connections one after the other
(as FastAPI's documentation does it, uncompressed), by turns in one run. What the process does anyway in as long a time,
pings and heartbeats of all these connections, is measured in each round as well and taken off both. Limit: 0.6 of
Starlette.

Run: ``python -m benchmarks.bench_push [--seconds 12] [--readers 1000] [--rounds 8]``.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median, quantiles
from types import SimpleNamespace
from typing import cast

import uvicorn
from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from benchmarks.push_readers import Arrived, allow_many_sockets, read_all
from gtfs.timetable import Timetable
from mobility.core.clock import Instant, shifted
from mobility.core.ids import VehicleId
from mobility.core.vehicle import VehicleState
from passenger_info.dataset import DatasetKind
from passenger_info.edge import push_listener
from passenger_info.edge.push import PushHub
from passenger_info.edge.push_listener import PATH, listen
from passenger_info.edge.service import PassengerInfo
from passenger_info.entities import Entity
from passenger_info.frame_pb2 import Frame
from passenger_info.splice import entity_record
from tests.passenger_info.day import OUT, Drive, run_on, timetable_of
from tests.passenger_info.live_clock import LiveClock

VEHICLES = 50
LIMIT_MS = 100.0
LIMIT_RATIO = 0.6
_COST_READERS = 1000
_BURSTS = 20


def subscription(topic: str) -> str:
    """Return what a reader says to get a topic."""
    return json.dumps({"type": "sub", "id": "x", "topics": [topic]})


def start_readers(port: int, path: str, firsts: Sequence[str], keep_every: int) -> tuple[BaseProcess, Connection]:
    """Start a process of readers; its pipe says when all are there."""
    here, there = multiprocessing.Pipe()
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=read_all, args=(port, path, firsts, keep_every, there))
    process.start()
    return process, here


async def stop_readers(process: BaseProcess, pipe: Connection) -> tuple[int, Arrived]:
    """End the readers; return how many messages they got, and those that were kept."""
    pipe.send("stop")
    answer = await asyncio.to_thread(pipe.recv)
    await asyncio.to_thread(process.join)
    return cast("tuple[int, Arrived]", answer)


def drives(folder: Path) -> tuple[Timetable, list[list[VehicleState]]]:
    """Return a feed with 50 trips side by side, and for each vehicle the states of its drive, one a second."""
    timetable = timetable_of({f"T{i:02d}": (8 * 3600, OUT, f"b{i}") for i in range(VEHICLES)}, folder)
    return timetable, [
        list(Drive(run_on(timetable, f"T{i:02d}"), timetable, vehicle_id=VehicleId(f"v{i:02d}")).states())[70:]
        for i in range(VEHICLES)
    ]


async def measure_latency(folder: Path, seconds: int, readers: int) -> dict[str, object]:
    """Run server and readers once."""
    timetable, driven = drives(folder)
    clock = LiveClock(driven[0][0].as_of)
    info = PassengerInfo(timetable=timetable, clock=clock, specs={})
    hub = PushHub(info, clock)
    sent_ns: dict[tuple[str, int], int] = {}
    # One reader more than the limit must not be the reason why a measurement fails.
    push_listener.MOST_READERS = max(push_listener.MOST_READERS, readers + 10)
    async with listen(hub, "127.0.0.1", 0) as server:
        firsts = [subscription(f"vehicle:v{i % VEHICLES:02d}") for i in range(readers)]
        # A stride that shares no factor with the number of vehicles: the kept readers are of all of them.
        process, pipe = start_readers(server.sockets[0].getsockname()[1], PATH, firsts, 7 if readers <= 1000 else 71)
        await asyncio.to_thread(pipe.recv)
        await asyncio.sleep(0.5)
        began_s, busy_s, before = time.monotonic(), time.process_time(), hub.counters
        for tick in range(seconds * VEHICLES):
            await asyncio.sleep(max(0.0, began_s + tick / VEHICLES - time.monotonic()))
            vehicle, second = tick % VEHICLES, tick // VEHICLES
            now = Instant(clock.now() // 1000 * 1000)
            seen = replace(driven[vehicle][second], as_of=shifted(now, 0), received_at=now)
            # The bearing marks the state, so that it is known again in the reader's hand.
            marked = replace(seen, sample=replace(seen.sample, bearing_deg=float(second % 360)))
            sent_ns[f"v{vehicle:02d}", second % 360] = time.monotonic_ns()
            info.observe(marked)
        busy_s, took_s, after = time.process_time() - busy_s, time.monotonic() - began_s, hub.counters
        await asyncio.sleep(0.3)
        _, arrived = await stop_readers(process, pipe)
    late_ms = list(latencies_ms(arrived, sent_ns))
    sizes = [len(message) for _, message in arrived]
    return {
        "benchmark": "push.latency",
        "readers": readers,
        "vehicles": VEHICLES,
        "deliveries_per_s": round((after.deliveries - before.deliveries) / took_s),
        "cpu_share": round(busy_s / took_s, 3),
        "message_bytes": median(sizes),
        "samples": len(late_ms),
        "p50_ms": round(median(late_ms), 2),
        "p99_ms": round(quantiles(late_ms, n=100)[98], 2),
        "max_ms": round(max(late_ms), 2),
        "limit_p99_ms": LIMIT_MS,
        "ratio": round(quantiles(late_ms, n=100)[98] / LIMIT_MS, 3),
    }


def latencies_ms(arrived: Arrived, sent_ns: dict[tuple[str, int], int]) -> Iterable[float]:
    """Yield, for each position in each kept delta, how long ago it was handed in; positions are known by their mark."""
    for at_ns, message in arrived:
        frame = Frame.FromString(message)
        if frame.kind != Frame.DELTA:
            continue
        for entity in gtfs_realtime.FeedMessage.FromString(frame.feed).entity:
            key = (entity.vehicle.vehicle.id, round(entity.vehicle.position.bearing))
            if entity.HasField("vehicle") and key in sent_ns:
                yield (at_ns - sent_ns[key]) / 1e6


class OneVehicle:
    """Stands in for ``PassengerInfo``: one vehicle whose entity is new whenever it is told to be."""

    def __init__(self) -> None:
        """Begin with one version."""
        self.timetable = SimpleNamespace(feed_version="1", routes={}, stops={}, trips={})
        self.feed = self
        self._count = 0
        self._listener: Callable[[str], None] = lambda _: None

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Tell ``listener``."""
        self._listener = listener

    def entities(self, _kind: DatasetKind, at: Instant) -> list[Entity]:
        """Return the one entity."""
        return [self.entity("vehicle:v", at)]

    def entity(self, entity_id: str, _at: Instant) -> Entity:
        """Return the entity of now."""
        body = gtfs_realtime.FeedEntity(id=entity_id)
        # As long as a position with everything in it, which is what makes the frame 200 bytes.
        body.vehicle.vehicle.label = "x" * 113
        body.vehicle.timestamp = 1_760_000_000 + self._count
        body.vehicle.position.latitude, body.vehicle.position.longitude = 50.7, 10.9
        return Entity(entity_id=entity_id, record=entity_record(body), topics=("all",))

    def change(self) -> None:
        """Make it new."""
        self._count += 1
        self._listener("vehicle:v")


async def serve_hub(pipe: Connection) -> None:
    """Be the server that is measured."""
    info = OneVehicle()
    hub = PushHub(cast("PassengerInfo", info), LiveClock(Instant(1_760_000_000_000)))

    async def send() -> None:
        info.change()

    async with listen(hub, "127.0.0.1", 0) as server:
        await bursts(pipe, server.sockets[0].getsockname()[1], send)


async def serve_peer(pipe: Connection) -> None:
    """Be the server it is measured against."""
    links = list[WebSocket]()

    async def accept(link: WebSocket) -> None:
        await link.accept()
        links.append(link)
        try:
            while True:
                await link.receive_text()
        except WebSocketDisconnect:
            return

    async def send() -> None:
        for link in links:
            await link.send_bytes(message)

    message = bytes(200)
    app = Starlette(routes=[WebSocketRoute(PATH, accept)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(server.serve([listening]))
            await bursts(pipe, listening.getsockname()[1], send)
            server.should_exit = True
            await serving


async def bursts(pipe: Connection, port: int, send: Callable[[], Awaitable[None]]) -> None:
    """Tell the port; then, as often as asked, send bursts and tell the CPU µs of this process per message."""
    pipe.send(port)
    while await asyncio.to_thread(pipe.recv) == "go":
        spent_s: list[float] = []
        for one in (nothing, send):
            busy_s = time.process_time()
            for _ in range(_BURSTS):
                await one()
                await asyncio.sleep(0.05)
            spent_s.append(time.process_time() - busy_s)
        # Pings and heartbeats of a thousand connections go on all the time; they are no part of a delivery.
        pipe.send((spent_s[1] - spent_s[0]) / (_BURSTS * _COST_READERS) * 1e6)


async def nothing() -> None:
    """Send nothing."""


def be_server(is_hub: bool, pipe: Connection) -> None:
    """The server's process."""
    allow_many_sockets()
    asyncio.run(serve_hub(pipe) if is_hub else serve_peer(pipe))


async def measure_cost(rounds: int) -> dict[str, object]:
    """Let the hub and Starlette, each in a process of its own, send to a thousand readers each, by turns."""
    servers: list[tuple[BaseProcess, Connection]] = []
    readers: list[tuple[BaseProcess, Connection]] = []
    for is_hub in (True, False):
        here, there = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=be_server, args=(is_hub, there))
        server.start()
        servers.append((server, here))
        port = await asyncio.to_thread(here.recv)
        firsts = [subscription("all") if is_hub else ""] * _COST_READERS
        readers.append(start_readers(port, PATH, firsts, _COST_READERS))
        await asyncio.to_thread(readers[-1][1].recv)
    await asyncio.sleep(0.5)
    pairs = [[await burst(pipe) for _, pipe in servers] for _ in range(rounds)]
    (got, kept), (got_peer, _) = [await stop_readers(*each) for each in readers]
    for process, pipe in servers:
        pipe.send("stop")
        await asyncio.to_thread(process.join, 5)
        process.kill()
    wanted = rounds * _BURSTS * _COST_READERS
    assert min(got, got_peer) >= wanted, "messages were lost"  # noqa: S101 - what was not delivered may not count
    ours_us, theirs_us = (median(column) for column in zip(*pairs, strict=True))
    return {
        "benchmark": "push.cost",
        "readers": _COST_READERS,
        "message_bytes": median(len(message) for _, message in kept[1:]),
        "us_per_delivery": round(ours_us, 2),
        "starlette_us_per_delivery": round(theirs_us, 2),
        "ratio": round(median(us / peer_us for us, peer_us in pairs), 3),
        "limit": LIMIT_RATIO,
    }


async def burst(pipe: Connection) -> float:
    """Let a server send; return what it says about its CPU."""
    pipe.send("go")
    return float(await asyncio.to_thread(pipe.recv))


def main() -> None:
    """Print one JSON line each; exit 1 beyond a limit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=12)
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=8)
    wanted = parser.parse_args()
    allow_many_sockets()
    results: list[dict[str, object]] = []
    if wanted.rounds:
        results.append(asyncio.run(measure_cost(wanted.rounds)))
    if wanted.seconds:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        with tempfile.TemporaryDirectory() as folder:
            results.append(asyncio.run(measure_latency(Path(folder), wanted.seconds, wanted.readers)))
    for result in results:
        print(json.dumps(result))
    kept = all(float(str(result["ratio"])) <= float(str(result.get("limit", 1.0))) for result in results)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
