"""Three times what the disk takes, from reference clients that obey the gateway's credit."""

import asyncio
from collections.abc import Mapping
from functools import partial

from benchmarks.bench_gateway_load import BOOT
from benchmarks.bench_gateway_process import Process, gateway_process
from benchmarks.bench_gateway_site import Clock
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from mobility.core.supervision import OccasionKind
from mobility.core.vehicle import Sample
from v2x.edge.client import MemoryBuffer, VehicleClient, connect_websocket
from v2x.extension import Extension, Incident

CAPACITY_PER_S = 400.0
FLEET = 20
MEMORY_LIMIT = 1.5
EVENT_EVERY = 20
_INCIDENT = Extension(incidents=(Incident(kind=OccasionKind.DISTURBANCE),))


async def _drive(process: Process, rate_hz: float, seconds: float) -> tuple[int, int, Mapping[str, int]]:
    clock = Clock()
    fleet = []
    for n in range(FLEET):
        url, tls = f"wss://127.0.0.1:{process.port}/vehicle", process.vehicle_context(f"v{n}")
        fleet.append(
            VehicleClient(
                vehicle_id=VehicleId(f"v{n}"),
                boot_id=BOOT,
                token="",
                buffer=MemoryBuffer(),
                connect=partial(connect_websocket, url, tls=tls),
                clock=clock,
            )
        )
    events = held_back = refused = 0
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(each.run()) for each in fleet]
        await asyncio.sleep(1)
        for step in range(round(rate_hz * seconds)):
            for each in fleet:
                is_event = step % EVENT_EVERY == 0
                is_taken = each.record(_sample(each, clock), _INCIDENT if is_event else None)
                events += is_event
                refused += is_event and not is_taken
            await asyncio.sleep(1 / rate_hz)
        drained = [await each.drained(60) for each in fleet]
        held_back = sum(each.link.held_back for each in fleet)
        recorded = sum(each.next_seq - 1 for each in fleet)
        for task in running:
            task.cancel()
    used = process.used()
    # An event that was not taken, or anything taken that was not kept: it might be an event.
    shed = refused + recorded - used["samples"] + (0 if all(drained) else events)
    return shed, held_back, used


def _sample(client: VehicleClient, clock: Clock) -> Sample:
    return Sample(
        vehicle_id=client.vehicle_id,
        boot_id=BOOT,
        seq=client.next_seq,
        device_time=clock.now(),
        place=LatLon(50.68, 10.92),
        speed_mps=4.2,
    )


def overload(folder: str | None, seconds: float) -> Mapping[str, object]:
    """Return peak memory of the gateway at three times its disk's capacity over that at nine tenths of it."""
    found = {}
    for name, share in (("normal", 0.9), ("overload", 3.0)):
        with gateway_process("durable", folder, per_s=CAPACITY_PER_S) as process:
            found[name] = asyncio.run(_drive(process, share * CAPACITY_PER_S / FLEET, seconds * 2))
    normal_kb, overload_kb = found["normal"][2]["peak_kb"], found["overload"][2]["peak_kb"]
    return {
        "disk_per_s": CAPACITY_PER_S,
        "offered_per_s": 3 * CAPACITY_PER_S,
        "shed": found["normal"][0] + found["overload"][0],
        "routine_held_back": found["overload"][1],
        "peak_mb": overload_kb / 1024,
        "normal_peak_mb": normal_kb / 1024,
        "ratio": overload_kb / normal_kb,
        "limit_ratio": MEMORY_LIMIT,
    }
