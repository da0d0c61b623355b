"""The vehicle gateway: what durability costs, how many vehicles a core carries, how long an acknowledgement takes.

JSON lines, each with its peer or limit from the same run. The gateway is a process of its own, bound to one core; the
load comes from another process on another core. TLS 1.3 with client certificates is on everywhere but where it says so.

- ``gateway_durability``: CPU per sample with the real log (fdatasync before every acknowledgement) over the same with
  a log that keeps nothing; 200 paced vehicles at 10 Hz, by turns.
- ``gateway_ack``: send to acknowledgement at that load, against the median of one bare write + fdatasync.
- ``gateway_vehicles``: vehicles at 10 Hz, one sample a frame, and again in frames of 10: what was lost, the share of
  the core that it took, and how many vehicles a whole core would carry.
- ``gateway_backlog``: a vehicle comes back from 2 h at 10 Hz while others drive: seconds to drain, and the others'
  p95 delay over their undisturbed one.
- ``gateway_overload``: three times what the disk takes: peak memory over that of normal load, events and records shed.
- ``gateway_sample``: CPU per sample within gateway and session, one sample a turn, no socket, against its limit.
- ``gateway_clock``: error of the clock filter under 100 +- 50 ms of jitter in each direction, against that of one ping.

Run: ``python -m benchmarks.bench_gateway [--only NAME] [--seconds 4] [--rounds 3] [--vehicles 500] [--batched 1500]``.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from statistics import median, quantiles

from benchmarks.bench_gateway_load import BOOT, BareVehicle, alone_on, drive, frames_of, payload
from benchmarks.bench_gateway_overload import overload
from benchmarks.bench_gateway_process import Process, gateway_process
from benchmarks.bench_gateway_site import Clock, NoLog, gateway_on
from mobility.core.clock import Instant
from mobility.core.errors import StreamClosedError
from mobility.core.ids import VehicleId
from v2x.client_frames import Hello, batch_frame, hello_frame
from v2x.client_session import BACKLOG_BATCH, BACKLOG_PAUSE_S
from v2x.clock_filter import ClockFilter
from v2x.credit import CALM

RATIO_LIMIT = 1.5
ACK_P95_LIMIT_MS = 30.0
SAMPLE_LIMIT_US = 40.0
CLOCK_LIMIT_MS = 50.0
BACKLOG_SAMPLES = 72_000
"""Two hours at 10 Hz."""
BACKLOG_WINDOW = CALM.backlog_samples


def say(benchmark: str, **figures: object) -> None:
    """Print a line; numbers rounded to two decimals."""
    told = {name: round(value, 2) if isinstance(value, float) else value for name, value in figures.items()}
    print(json.dumps({"benchmark": benchmark} | told), flush=True)


def p95(latencies: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(latencies, n=100)[94]


async def paced(process: Process, *, vehicles: int, seconds: float, batch: int = 1) -> Mapping[str, float]:
    """Drive a fleet at 10 Hz; return what it cost the gateway and the latencies' percentiles."""
    fleet = await process.dial_fleet(vehicles)
    before = process.used()
    began_s = time.perf_counter()
    await drive(fleet, rate_hz=10, seconds=seconds, batch=batch)
    wall_s = time.perf_counter() - began_s
    after = process.used()
    for vehicle in fleet:
        vehicle.close()
    acknowledged = sum(vehicle.acknowledged for vehicle in fleet)
    wanted = vehicles * round(seconds * 10 / batch) * batch
    cpu_s = after["cpu_s"] - before["cpu_s"]
    cuts = quantiles([each for vehicle in fleet for each in vehicle.latencies_ms], n=100)
    return {
        "cpu_us": cpu_s * 1e6 / max(1, acknowledged),
        "core_frac": cpu_s / wall_s,
        "lost": wanted - acknowledged,
        "p50_ms": cuts[49],
        "p95_ms": cuts[94],
    }


def durability(options: argparse.Namespace) -> None:
    """Say what durability costs, and how long an acknowledgement takes."""
    found: dict[str, list[Mapping[str, float]]] = {"plain": [], "durable": []}
    syncs_ms = []
    for _ in range(options.rounds):
        for mode, of_mode in found.items():
            with gateway_process(mode, options.folder) as process:
                of_mode.append(asyncio.run(paced(process, vehicles=200, seconds=options.seconds)))
        syncs_ms.append(fdatasync_ms(options.folder))
    plain_us, durable_us = (median(each["cpu_us"] for each in found[mode]) for mode in ("plain", "durable"))
    offered = {"vehicles": 200, "rate_hz": 10, "tls": True}
    ratio = durable_us / plain_us
    say("gateway_durability", **offered, durable_us=durable_us, plain_us=plain_us, ratio=ratio, limit_ratio=RATIO_LIMIT)
    p50_ms, p95_ms = (median(each[cut] for each in found["durable"]) for cut in ("p50_ms", "p95_ms"))
    sync_ms = median(syncs_ms)
    say(
        "gateway_ack",
        **offered,
        p50_ms=p50_ms,
        p95_ms=p95_ms,
        fdatasync_ms=sync_ms,
        ratio=p95_ms / ACK_P95_LIMIT_MS,
        limit_p95_ms=ACK_P95_LIMIT_MS,
    )


def vehicles(options: argparse.Namespace) -> None:
    """Say how many vehicles one core carries."""
    for count, batch in ((options.vehicles, 1), (options.batched, 10)):
        with gateway_process("durable", options.folder) as process:
            found = asyncio.run(paced(process, vehicles=count, seconds=max(3.0, options.seconds), batch=batch))
        say(
            "gateway_vehicles",
            vehicles=count,
            samples_a_frame=batch,
            tls=True,
            **found,
            vehicles_a_core=round(1e6 / (10 * found["cpu_us"])),
            limit_vehicles=500 if batch == 1 else 1500,
        )


async def _backlog(process: Process, seconds: float) -> Mapping[str, float]:
    fleet = await process.dial_fleet(50)
    await drive(fleet, rate_hz=10, seconds=seconds)
    undisturbed_ms = p95([each for vehicle in fleet for each in vehicle.latencies_ms])
    for vehicle in fleet:
        vehicle.latencies_ms.clear()
        vehicle.acknowledged = 0
    late = await process.dial("late", (1, BACKLOG_SAMPLES))
    frames = frames_of(BACKLOG_SAMPLES // BACKLOG_BATCH, BACKLOG_BATCH, 0.0)
    drained_s = 0.0

    async def drain() -> None:
        nonlocal drained_s
        began_s = time.perf_counter()
        await _send_backlog(late, frames)
        drained_s = time.perf_counter() - began_s

    async with asyncio.TaskGroup() as group:
        group.create_task(drain())
        await drive(fleet, rate_hz=10, seconds=seconds, first_seq=1 + round(seconds * 10))
    disturbed_ms = p95([each for vehicle in fleet for each in vehicle.latencies_ms])
    return {"drained_s": drained_s, "live_p95_ms": disturbed_ms, "undisturbed_p95_ms": undisturbed_ms}


async def _send_backlog(late: BareVehicle, frames: Sequence[bytes]) -> None:
    for n, frame in enumerate(frames):
        while n * BACKLOG_BATCH - late.acknowledged >= BACKLOG_WINDOW:
            late.moved.clear()
            await late.moved.wait()
        late.send(frame, last_seq=(n + 1) * BACKLOG_BATCH, samples=BACKLOG_BATCH)
        await asyncio.sleep(BACKLOG_PAUSE_S)
    while late.acknowledged < BACKLOG_SAMPLES:
        late.moved.clear()
        await late.moved.wait()


def backlog(options: argparse.Namespace) -> None:
    """Say how long a backlog takes and what it does to the others."""
    with gateway_process("durable", options.folder) as process:
        found = asyncio.run(_backlog(process, max(6.0, options.seconds)))
    ratio = found["live_p95_ms"] / found["undisturbed_p95_ms"]
    say("gateway_backlog", samples=BACKLOG_SAMPLES, **found, ratio=ratio, limit_ratio=2.0, limit_s=60.0)


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


def sample_us(count: int = 20_000) -> float:
    """Return CPU microseconds per sample within gateway and session."""
    hello = hello_frame(Hello(vehicle_id=VehicleId("v"), token="v", boot_id=BOOT))  # noqa: S106 - no secret
    now = Clock().now()
    frames = [hello, *(batch_frame(BOOT, seq, [payload(seq, now)]) for seq in range(1, count + 1))]
    gateway = gateway_on(NoLog())
    before_s = time.process_time()
    asyncio.run(gateway.serve(OneATurn(frames)))
    used_s = time.process_time() - before_s
    assert gateway.counters.samples == count  # noqa: S101 - else the figure means nothing
    return used_s * 1e6 / count


def sample(options: argparse.Namespace) -> None:
    """Say what a sample costs without a socket."""
    cost_us = min(sample_us() for _ in range(options.rounds))
    say("gateway_sample", us=cost_us, ratio=cost_us / SAMPLE_LIMIT_US, limit_us=SAMPLE_LIMIT_US)


def clock(_options: argparse.Namespace) -> None:
    """Say how wrong the clock filter is, after five pings and later, against a single ping."""
    chance, errors, single = Random(7), [], []
    for _ in range(200):
        truth_ms, drift_ppm, each = chance.uniform(-1e6, 1e6), chance.uniform(-50, 50), ClockFilter()
        for n in range(20):
            at = n * 500.0 if n < 5 else 2500 + (n - 5) * 15_000.0
            up_ms, down_ms = chance.uniform(50, 150), chance.uniform(50, 150)
            offset_ms = truth_ms + at * drift_ppm / 1e6
            sent, back = round(at - offset_ms), round(at + up_ms + down_ms - offset_ms)
            got = round(at + up_ms)
            base = 10**12
            times = [Instant(base + moment) for moment in (sent, got, got, back)]
            found = each.take(sent=times[0], received=times[1], answered=times[2], back=times[3])
            assert found is not None  # noqa: S101 - else the figure means nothing
            if n >= 4:
                errors.append(abs(found.offset_ms - offset_ms))
                single.append(abs((got - sent + got - back) / 2 - offset_ms))
    worst_ms = max(errors)
    say(
        "gateway_clock",
        p95_ms=p95(errors),
        worst_ms=worst_ms,
        single_ping_p95_ms=p95(single),
        single_ping_worst_ms=max(single),
        ratio=worst_ms / CLOCK_LIMIT_MS,
        limit_ms=CLOCK_LIMIT_MS,
    )


LINES: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "durability": durability,
    "vehicles": vehicles,
    "backlog": backlog,
    "overload": lambda options: say("gateway_overload", **overload(options.folder, options.seconds)),
    "sample": sample,
    "clock": clock,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=LINES, action="append", help="measure this alone; may be repeated")
    parser.add_argument("--vehicles", type=int, default=500, help="with one sample a frame")
    parser.add_argument("--batched", type=int, default=1500, help="with ten samples a frame")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where to write; the disk to be measured")
    options = parser.parse_args()
    alone_on(0)
    for name in options.only or LINES:
        LINES[name](options)


if __name__ == "__main__":
    main()
