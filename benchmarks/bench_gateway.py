"""The vehicle gateway: what durability costs, how long an acknowledgement takes, what a sample costs without a socket.

Three JSON lines, each with its peer or limit from the same run:

- ``gateway_durability``: CPU of the server process per sample with the real log (fdatasync before every
  acknowledgement) over the same with a log that keeps nothing; paced vehicles on loopback WebSockets, by turns.
- ``gateway_ack``: send to acknowledgement at that load, against the median of one bare write + fdatasync.
- ``gateway_sample``: CPU per sample within gateway and session, one sample a turn, no socket, against its limit.

Run: ``python -m benchmarks.bench_gateway [--vehicles 200] [--rate 10] [--seconds 4] [--rounds 3]``.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles

from mobility.core.clock import Instant
from mobility.core.errors import StreamClosedError
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream, TelemetryLog, TelemetryRecord
from mobility.core.vehicle import Doors, DrivingMode, Sample
from mobility.storage.segments import SegmentLog
from v2x.client_frames import Hello, batch_frame, hello_frame
from v2x.codec import encode_sample
from v2x.edge.client import connect_websocket
from v2x.edge.gateway import Gateway
from v2x.edge.listener import listen
from v2x.server_frames import Ack, parse_server_frame

BOOT = BootId("bench")
RATIO_LIMIT = 1.5
ACK_P95_LIMIT_MS = 30.0
SAMPLE_LIMIT_US = 40.0
NOW = Instant(1_763_463_600_000)


class Clock:
    """Stands still: only differences between runs matter here."""

    def now(self) -> Instant:
        """Return noon."""
        return NOW

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


class NoQuarantine:
    """A frame that is set aside would make the benchmark wrong."""

    def keep(self, vehicle_id: VehicleId | None, reason: str, frame: bytes) -> None:
        """Stop the benchmark."""
        raise AssertionError(f"{vehicle_id}: {reason}: {frame!r}")


def payload(seq: int) -> bytes:
    sample = Sample(
        vehicle_id=VehicleId(""),
        boot_id=BOOT,
        seq=seq,
        device_time=Instant(NOW - 3_600_000 + seq),
        place=LatLon(50.68 + seq * 1e-6, 10.92),
        speed_mps=4.2,
        bearing_deg=123.0,
        mode=DrivingMode.ASSISTED,
        doors=Doors.CLOSED,
        passengers=3,
        wheelchairs=0,
        battery_frac=0.8,
        odometer_m=1234.5 + seq,
    )
    return encode_sample(sample)


def gateway_on(log: TelemetryLog) -> Gateway:
    return Gateway(log=log, clock=Clock(), identify=VehicleId, quarantine=NoQuarantine())


async def serve(log: TelemetryLog) -> None:
    """Serve until stdin ends; answer each line with the CPU seconds used so far."""
    loop = asyncio.get_running_loop()
    async with listen(gateway_on(log), "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(time.process_time(), flush=True)


async def serve_durably(folder: str) -> None:
    async with SegmentLog.open(Path(folder), zone="Europe/Berlin") as log:
        await serve(log)


class Vehicle:
    """Sends one sample a period and notes when each was acknowledged."""

    def __init__(self, name: str) -> None:
        """Start unconnected."""
        self.latencies_ms: list[float] = []
        self._name = name
        self._sent_at: dict[int, float] = {}
        self._stream: FrameStream

    async def connect(self, port: int) -> None:
        """Connect and be welcomed."""
        self._stream = await connect_websocket(f"ws://127.0.0.1:{port}/vehicle")
        await self._stream.send(hello_frame(Hello(vehicle_id=VehicleId(self._name), token=self._name, boot_id=BOOT)))
        await self._stream.receive()

    async def drive(self, *, start_s: float, period_s: float, count: int) -> None:
        """Send ``count`` samples, each at its time, and wait for all acknowledgements."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(count))
            for seq in range(1, count + 1):
                frame = batch_frame(BOOT, seq, [payload(seq)])
                await asyncio.sleep(max(0.0, start_s + seq * period_s - time.perf_counter()))
                self._sent_at[seq] = time.perf_counter()
                await self._stream.send(frame)

    async def close(self) -> None:
        """Hang up."""
        await self._stream.close()

    async def _listen(self, count: int) -> None:
        while len(self.latencies_ms) < count:
            frame = await self._stream.receive()
            content = parse_server_frame(frame if isinstance(frame, bytes) else frame.encode())
            if isinstance(content, Ack):
                now = time.perf_counter()
                for seq in [seq for seq in self._sent_at if seq <= content.through_seq]:
                    self.latencies_ms.append((now - self._sent_at.pop(seq)) * 1000)


async def load(port: int, cpu_s: Callable[[], float], options: argparse.Namespace) -> tuple[float, list[float]]:
    """Drive all vehicles, spread over the period; return the server's CPU seconds meanwhile, and latencies in ms."""
    period_s = 1 / options.rate
    fleet = [Vehicle(f"v{n}") for n in range(options.vehicles)]
    for vehicle in fleet:
        await vehicle.connect(port)
    before_s = cpu_s()
    start_s = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n, vehicle in enumerate(fleet):
            offset_s = period_s * n / len(fleet)
            count = round(options.seconds * options.rate)
            group.create_task(vehicle.drive(start_s=start_s + offset_s, period_s=period_s, count=count))
    used_s = cpu_s() - before_s
    for vehicle in fleet:
        await vehicle.close()
    return used_s, [latency for vehicle in fleet for latency in vehicle.latencies_ms]


def one_round(mode: str, options: argparse.Namespace) -> tuple[float, list[float]]:
    """Return CPU microseconds of the server per sample, and latencies, of one mode."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        command = [sys.executable, "-m", "benchmarks.bench_gateway", "--serve", mode, folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdin is not None and server.stdout is not None  # noqa: S101, PT018 - both are pipes
            port = int(server.stdout.readline())

            def cpu_s() -> float:
                print(file=server.stdin, flush=True)
                return float(server.stdout.readline())  # type: ignore[union-attr]  # a pipe, see above

            used_s, latencies = asyncio.run(load(port, cpu_s, options))
            server.stdin.close()
    return used_s * 1e6 / len(latencies), latencies


def fdatasync_ms(folder: str | None, count: int = 60) -> float:
    """Return the median milliseconds of one bare write of 4 KiB + fdatasync."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(count):
            began = time.perf_counter()
            os.write(file.fileno(), bytes(4096))
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return median(times)


class OneATurn:
    """A stream that gives one frame a turn of the loop, then ends; what is sent to it is gone."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        """Take the frames to give."""
        self._frames = iter(frames)

    async def receive(self) -> bytes | str:
        """Return the next frame in the next turn."""
        await asyncio.sleep(0)
        for frame in self._frames:
            return frame
        raise StreamClosedError("the end")

    async def send(self, frame: bytes | str) -> None:
        """Take it and forget it."""

    async def close(self, reason: str = "") -> None:
        """Do nothing."""


def sample_us(count: int = 30_000) -> float:
    """Return CPU microseconds per sample within gateway and session."""
    hello = hello_frame(Hello(vehicle_id=VehicleId("v"), token="v", boot_id=BOOT))  # noqa: S106 - no secret
    frames = [hello, *(batch_frame(BOOT, seq, [payload(seq)]) for seq in range(1, count + 1))]
    gateway = gateway_on(NoLog())
    before_s = time.process_time()
    asyncio.run(gateway.serve(OneATurn(frames)))
    used_s = time.process_time() - before_s
    assert gateway.counters.samples == count  # noqa: S101 - else the figure means nothing
    return used_s * 1e6 / count


def report(options: argparse.Namespace) -> None:
    plain_us: list[float] = []
    durable_us: list[float] = []
    latencies: list[float] = []
    syncs_ms: list[float] = []
    for _ in range(options.rounds):
        plain_us.append(one_round("plain", options)[0])
        syncs_ms.append(fdatasync_ms(options.folder))
        cpu_us, taken = one_round("durable", options)
        durable_us.append(cpu_us)
        latencies += taken
    plain, durable, sync_ms = median(plain_us), median(durable_us), median(syncs_ms)
    offered = {"vehicles": options.vehicles, "rate_hz": options.rate}
    ratio = durable / plain
    print(
        json.dumps(
            {"benchmark": "gateway_durability", **offered, "durable_us": round(durable, 1), "plain_us": round(plain, 1)}
            | {"ratio": round(ratio, 2), "limit": RATIO_LIMIT}
        )
    )
    cuts = quantiles(latencies, n=100)
    print(
        json.dumps(
            {"benchmark": "gateway_ack", **offered, "p50_ms": round(cuts[49], 2), "p95_ms": round(cuts[94], 2)}
            | {
                "fdatasync_ms": round(sync_ms, 2),
                "ratio": round(cuts[49] / sync_ms, 2),
                "limit_p95_ms": ACK_P95_LIMIT_MS,
            }
        )
    )
    cost_us = min(sample_us() for _ in range(options.rounds))
    print(
        json.dumps(
            {"benchmark": "gateway_sample", "us": round(cost_us, 1), "limit_us": SAMPLE_LIMIT_US}
            | {"ratio": round(cost_us / SAMPLE_LIMIT_US, 2)}
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, default=200)
    parser.add_argument("--rate", type=float, default=10.0, help="samples a second and vehicle, one a frame")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where to write; the disk to be measured")
    parser.add_argument("--serve", nargs=2, metavar=("MODE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is None:
        report(options)
    elif options.serve[0] == "durable":
        asyncio.run(serve_durably(options.serve[1]))
    else:
        asyncio.run(serve(NoLog()))


if __name__ == "__main__":
    main()
