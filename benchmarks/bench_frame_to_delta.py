"""From a vehicle's frame to the delta in a reader's hand, through the whole server on real sockets and a real disk.

50 vehicles send one sample a second each over WebSockets, in a process of their own; the server takes them through
gateway, segment and fdatasync, live state, matching, prediction and push hub; readers, in a third process, have
subscribed: 200 to everything, then 1,000 to one vehicle each. Latency runs from the moment the frame is handed to the
vehicle's socket to the delta in the reader's hand (all processes share the machine's monotonic clock). Limit: p99
100 ms. The disk's own fdatasync, measured in the same run, stands beside it. Run:
``python -m benchmarks.bench_frame_to_delta [SECONDS]``.
"""

import asyncio
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles

from benchmarks.bench_push import LIMIT_MS, VEHICLES, latencies_ms, subscription
from benchmarks.push_readers import read_all
from gtfs.timetable import Timetable
from mobility.app.clock import LoopClock
from mobility.app.listeners import allow_many_sockets
from mobility.app.references import RandomReferences
from mobility.app.wiring import Server, Wiring, open_server
from mobility.core.clock import Instant
from mobility.core.ids import BootId, VehicleId
from mobility.core.vehicle import Sample
from passenger_info.edge import push_listener
from tests.passenger_info.day import OUT, Drive, run_on, timetable_of
from v2x.edge import listener as vehicle_listener
from v2x.edge.client import MemoryBuffer, VehicleClient, connect_websocket

CROWDS: dict[str, tuple[list[str], int]] = {
    "all": ([subscription("all")] * 200, 20),
    "vehicle": ([subscription(f"vehicle:v{i % VEHICLES:02d}") for i in range(1000)], 7),
}
"""What readers subscribe to, and how many stand between two whose messages are timed."""


def world(folder: Path) -> tuple[Timetable, list[list[Sample]]]:
    """Return a feed with 50 trips side by side, and for each vehicle the samples of its drive, one a second."""
    timetable = timetable_of({f"T{i:02d}": (8 * 3600, OUT, f"b{i}") for i in range(VEHICLES)}, folder)
    drives = [
        Drive(run_on(timetable, f"T{i:02d}"), timetable, vehicle_id=VehicleId(f"v{i:02d}")) for i in range(VEHICLES)
    ]
    return timetable, [[state.sample for state in list(drive.states())[70:]] for drive in drives]


def drive_all(port: int, folder: str, seconds: int, starts: Instant, pipe: Connection) -> None:
    """The vehicles' process: send, and report when each marked sample was handed over (ns)."""
    asyncio.run(_drive_all(port, Path(folder), seconds, starts, pipe))


async def _drive_all(port: int, folder: Path, seconds: int, starts: Instant, pipe: Connection) -> None:
    _, drives = world(folder)
    clock = LoopClock(starts)
    sent_ns: dict[tuple[str, int], int] = {}

    async def drive(number: int, samples: Sequence[Sample]) -> None:
        vehicle, boot = samples[0].vehicle_id, BootId("bench")
        client = VehicleClient(
            vehicle_id=vehicle,
            boot_id=boot,
            token=vehicle,
            buffer=MemoryBuffer(),
            connect=lambda: connect_websocket(f"ws://127.0.0.1:{port}/vehicle"),
            clock=clock,
        )
        running = asyncio.ensure_future(client.run())
        for second in range(seconds):
            await asyncio.sleep(max(0.0, second + number / VEHICLES - (time.monotonic() - began_s)))
            # The bearing marks the sample, so that it is known again in the reader's hand.
            sample = replace(
                samples[second],
                boot_id=boot,
                seq=client.next_seq,
                device_time=clock.now(),
                bearing_deg=float(second % 360),
            )
            sent_ns[vehicle, second % 360] = time.monotonic_ns()
            client.record(sample)
        await client.drained(5)
        running.cancel()

    began_s = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number, samples in enumerate(drives):
            tasks.create_task(drive(number, samples))
    pipe.send(sent_ns)


async def measure(seconds: int, crowd: str) -> dict[str, float]:
    """Run server, vehicles and readers once."""
    firsts, keep_every = CROWDS[crowd]
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        timetable, drives = world(Path(folder))
        starts = drives[0][0].device_time
        clock = LoopClock(starts)
        wiring = Wiring(
            timetable=timetable,
            clock=clock,
            references=RandomReferences(random.SystemRandom()),
            data_dir=Path(folder) / "data",
            identify=VehicleId,
            is_open=True,
        )
        allow_many_sockets()
        async with (
            open_server(wiring) as server,
            vehicle_listener.listen(server.gateway, "127.0.0.1", 0) as vehicles,
            push_listener.listen(server.hub, "127.0.0.1", 0) as readers,
        ):
            read_here, read_there = multiprocessing.Pipe()
            drive_here, drive_there = multiprocessing.Pipe()
            ports = [each.sockets[0].getsockname()[1] for each in (vehicles, readers)]
            reading = spawn.Process(
                target=read_all, args=(ports[1], push_listener.PATH, firsts, keep_every, read_there)
            )
            reading.start()
            await asyncio.to_thread(read_here.recv)
            driving = spawn.Process(target=drive_all, args=(ports[0], folder, seconds, clock.now(), drive_there))
            driving.start()
            sent_ns = await asyncio.to_thread(drive_here.recv)
            await asyncio.sleep(0.3)
            read_here.send("stop")
            _, arrived = await asyncio.to_thread(read_here.recv)
            for process in (reading, driving):
                await asyncio.to_thread(process.join)
            return _result(server, arrived, sent_ns)


def _result(server: Server, arrived: list[tuple[int, bytes]], sent_ns: dict[tuple[str, int], int]) -> dict[str, float]:
    late_ms = list(latencies_ms(arrived, sent_ns))
    return {
        "samples_sent": len(sent_ns),
        "samples_durable": server.gateway.counters.samples,
        "deltas_measured": len(late_ms),
        "p50_ms": round(median(late_ms), 2),
        "p99_ms": round(quantiles(late_ms, n=100)[98], 2),
    }


def fdatasync_ms() -> float:
    """Return the median of a bare write and fdatasync on the same disk."""
    taken_ms: list[float] = []
    with tempfile.TemporaryFile() as file:
        for _ in range(50):
            started = time.perf_counter()
            file.write(bytes(100))
            file.flush()
            os.fdatasync(file.fileno())
            taken_ms.append((time.perf_counter() - started) * 1000)
    return round(median(taken_ms), 2)


def main() -> None:
    """Print a JSON line for each crowd; exit 1 beyond the limit or where a sample was lost."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    is_kept = True
    for crowd, (firsts, _) in CROWDS.items():
        figures = asyncio.run(measure(seconds, crowd))
        line: dict[str, object] = {"benchmark": "frame_to_delta", "vehicles": VEHICLES, "topics": crowd}
        line |= {"readers": len(firsts), "seconds": seconds, **figures, "fdatasync_ms": fdatasync_ms()}
        line |= {"limit_p99_ms": LIMIT_MS, "ratio": round(figures["p99_ms"] / LIMIT_MS, 3)}
        print(json.dumps(line), flush=True)
        is_kept &= figures["samples_durable"] == figures["samples_sent"] and figures["p99_ms"] <= LIMIT_MS
    sys.exit(0 if is_kept else 1)


if __name__ == "__main__":
    main()
