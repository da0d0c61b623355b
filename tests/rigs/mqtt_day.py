"""A simulated day over WebSocket, Mosquitto and NATS: each sample arrives once, and the trip log is the same bytes.

``python -m tests.rigs.mqtt_day --seed 1`` simulates a day, sends its samples by real vehicle clients over each
transport into a fresh gateway with real segments, and cuts every vehicle's link a few times. It prints one JSON object;
exit 0 when all trip logs are the same bytes as the simulator's own. ``--until HH:MM`` ends the day earlier; ``--plant``
builds in a fault, then the rig must say 1.
"""

import argparse
import asyncio
import filecmp
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from mobility.app.clock import LoopClock
from mobility.app.trip_log import write_trip_log
from mobility.cli.headless import Headless
from mobility.core.clock import Instant
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream, TelemetryLog, TelemetryRecord
from mobility.core.service_day import service_day_of
from mobility.core.vehicle import Sample
from mobility.storage.segments import SegmentLog, read_day
from tests.rigs.mqtt_day_faults import ArrivalTimes, FreesOnBrokerAck
from tests.v2x.making import KeptFrames
from tests.v2x.mqtt.brokers import RunningBroker, mosquitto, nats
from v2x.edge.client import MemoryBuffer, VehicleClient, connect_websocket
from v2x.edge.gateway import Gateway
from v2x.edge.listener import listen
from v2x.edge.mqtt_connect import connect_mqtt
from v2x.edge.mqtt_ingress import MqttIngress
from v2x.extension_codec import extension_of

TRANSPORTS = ("websocket", "mosquitto", "nats")
PLANTS = ("free-on-broker-ack", "arrival-times")
CONTEXT = "ilmenau"
CUTS = 3
"""How often each vehicle's link is cut on the way."""
RECORDED_AT_ONCE = 10
MOST_WAITING = 5000
"""A vehicle with so many unacknowledged samples records no more for a moment, so that time goes by at its pace."""
DRAIN_LIMIT_S = 120.0
BEYOND_EVERY_S = 0.5
"""How often a vehicle that waits for acknowledgements samples beyond the day: on the road nobody falls silent."""

Connect = Callable[[VehicleId], Awaitable[FrameStream]]


@dataclass(frozen=True)
class Day:
    """What a simulated day left behind."""

    records: list[TelemetryRecord]
    write_log: Callable[[Path, list[TelemetryRecord]], object]
    zone: str
    begins: Instant
    ends: Instant


class _Kept(Headless):
    """A headless run that also hands out what its trip log was made of."""

    def _write_log(self, server: Any, folder: Path) -> None:
        super()._write_log(server, folder)
        zone, begins = self.stage.region.zone, self.stage.day.start
        facts = list(server.stores.ledger.read())

        def write_log(out: Path, records: list[TelemetryRecord]) -> None:
            write_trip_log(
                out,
                format="parquet",
                timetable=server.timetable,
                records=records,
                envelopes=facts,
                region_zone=zone,
                fleet=self.stage.region.fleet,
            )

        records = stored(folder / "telemetry", zone, begins, self.ends)
        days.append(Day(records, write_log, zone, begins, self.ends))


days: list[Day] = []
"""Where a run leaves its day: a frozen run keeps nothing itself."""


def stored(directory: Path, zone: str, begins: Instant, ends: Instant) -> list[TelemetryRecord]:
    """All records from the day of ``begins`` to ``ends``."""
    day, last = service_day_of(begins, zone), service_day_of(ends, zone)
    found: list[TelemetryRecord] = []
    while day.date <= last.date:
        found.extend(read_day(directory, day))
        day = day.plus(1)
    return [record for record in found if record.event_time <= ends]


def simulated(seed: int, until: str | None, out: Path) -> Day:
    """Simulate the shipped scenario; its own trip log stands in ``out``/trip_log."""
    seconds = None if until is None else int(until[:2]) * 3600 + int(until[3:]) * 60
    _Kept.of("ilmenau", seed, out, until=seconds, record_feeds=False).run()
    return days.pop()


@asynccontextmanager
async def by_socket(gateway: Gateway) -> AsyncIterator[Connect]:
    """Yield how vehicles connect to a WebSocket listener of ``gateway``."""
    async with listen(gateway, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]

        async def connect(_vehicle_id: VehicleId) -> FrameStream:
            return await connect_websocket(f"ws://127.0.0.1:{port}/vehicle")

        yield connect


@asynccontextmanager
async def by_broker(ingress: MqttIngress, running: RunningBroker) -> AsyncIterator[Connect]:
    """Yield how vehicles connect to a broker that ``ingress`` serves."""

    async def connect(vehicle_id: VehicleId) -> FrameStream:
        return await connect_mqtt(running.broker, vehicle_id=vehicle_id, context=CONTEXT)

    async with asyncio.TaskGroup() as group:
        serving = group.create_task(ingress.run())
        try:
            yield connect
        finally:
            serving.cancel()


class Cutting:
    """Connects a vehicle, and cuts its link when told."""

    def __init__(self, vehicle_id: VehicleId, connect: Connect) -> None:
        self._vehicle_id = vehicle_id
        self._connect = connect
        self._stream: FrameStream | None = None

    async def connect(self) -> FrameStream:
        self._stream = await self._connect(self._vehicle_id)
        return self._stream

    async def cut(self) -> None:
        if self._stream is not None:
            await self._stream.close()


async def drive(records: list[TelemetryRecord], connect: Connect, clock: LoopClock, choices: random.Random) -> int:
    """Send one boot of one vehicle; return how many samples were acknowledged."""
    sample = records[0].sample
    link = Cutting(sample.vehicle_id, connect)
    client = VehicleClient(
        vehicle_id=sample.vehicle_id,
        boot_id=sample.boot_id,
        token=sample.vehicle_id,
        buffer=MemoryBuffer(),
        connect=link.connect,
        clock=clock,
    )
    cuts = set(choices.sample(range(len(records)), min(CUTS, len(records))))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(client.run())
        for number, record in enumerate(records):
            await _recorded(client, record)
            if number in cuts:
                await link.cut()
            if number % RECORDED_AT_ONCE == 0:
                await asyncio.sleep(0)
        added = await _drained(client, records[-1].sample, clock)
        running.cancel()
    return client.acknowledged - added


async def _drained(client: VehicleClient, last: Sample, clock: LoopClock) -> int:
    """Wait until all is acknowledged; meanwhile the vehicle drives on. Return how many samples that added."""
    added = 0
    for _ in range(int(DRAIN_LIMIT_S / BEYOND_EVERY_S)):
        if await client.drained(BEYOND_EVERY_S):
            break
        added += client.record(replace(last, seq=client.next_seq, device_time=clock.now()))
    return added


async def _recorded(client: VehicleClient, record: TelemetryRecord) -> None:
    extension = extension_of(record.payload)
    # The client tells nobody when it would take more.
    while client.waiting >= MOST_WAITING or not client.record(record.sample, extension):  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.01)


async def carry(day: Day, transport: str, folder: Path, seed: int, plant: str | None) -> dict[str, Any]:
    """Send the day over one transport, write the trip log of what was stored, and return figures."""
    clock = LoopClock(Instant(day.ends + 3_600_000))
    choices = random.Random(f"{seed} {transport}")
    started_s = time.perf_counter()
    segments = SegmentLog.open(folder / "telemetry", zone=day.zone)
    async with segments:
        log: TelemetryLog = ArrivalTimes(segments) if plant == "arrival-times" else segments
        gateway = Gateway(log=log, clock=clock, identify=VehicleId, quarantine=KeptFrames())
        figures: dict[str, Any] = {}
        if transport == "websocket":
            async with by_socket(gateway) as connect:
                acknowledged = await drive_all(day, connect, clock, choices)
        else:
            made = {"mosquitto": mosquitto, "nats": nats}[transport]
            with made(folder / "broker") as running:
                ingress = MqttIngress(
                    gateway, None, clock=clock, quarantine=KeptFrames(), broker=running.broker, context=CONTEXT
                )
                async with by_broker(ingress, running) as connect:
                    used = careless(connect) if plant == "free-on-broker-ack" else connect
                    acknowledged = await drive_all(day, used, clock, choices)
                    counters = ingress.counters
            figures = {"broker_messages": counters.messages, "broker_acknowledged": counters.acknowledged}
    kept = stored(folder / "telemetry", day.zone, day.begins, day.ends)
    day.write_log(folder / "trip_log", kept)
    return {
        "records": len(kept),
        "acknowledged": acknowledged,
        "sessions": gateway.counters.sessions,
        "duplicates": gateway.counters.duplicates,
        "quarantined": gateway.counters.quarantined,
        **figures,
        "wall_s": round(time.perf_counter() - started_s, 2),
    }


async def drive_all(day: Day, connect: Connect, clock: LoopClock, choices: random.Random) -> int:
    """Send all vehicles' samples at once; return how many were acknowledged."""

    async def whole(boots: list[list[TelemetryRecord]]) -> int:
        return sum([await drive(boot, connect, clock, choices) for boot in boots])

    return sum(await asyncio.gather(*(whole(boots) for boots in by_vehicle(day.records).values())))


def careless(connect: Connect) -> Connect:
    """Vehicles that take the broker's word for ours."""

    async def instead(vehicle_id: VehicleId) -> FrameStream:
        return FreesOnBrokerAck(await connect(vehicle_id))

    return instead


def by_vehicle(records: list[TelemetryRecord]) -> dict[VehicleId, list[list[TelemetryRecord]]]:
    """Records of each vehicle by boot, boots in the order of time, samples in the order they were taken."""
    boots: dict[tuple[VehicleId, BootId], list[TelemetryRecord]] = {}
    for record in sorted(records, key=lambda each: each.event_time):
        boots.setdefault((record.sample.vehicle_id, record.sample.boot_id), []).append(record)
    found: dict[VehicleId, list[list[TelemetryRecord]]] = {}
    for (vehicle_id, _), boot in boots.items():
        found.setdefault(vehicle_id, []).append(sorted(boot, key=lambda each: each.sample.seq))
    return found


def differing(reference: Path, other: Path) -> list[str]:
    """Names of trip-log files that are not the same bytes."""
    names = sorted({path.name for folder in (reference, other) for path in folder.iterdir()})
    same, _, _ = filecmp.cmpfiles(reference, other, names, shallow=False)
    return [name for name in names if name not in same]


def compared(
    day: Day, reference: Path, seed: int, *, transports: Sequence[str] = TRANSPORTS, plant: str | None = None
) -> dict[str, Any]:
    """Carry ``day`` over each transport and compare with the trip log in ``reference``; a fault is Mosquitto's."""
    found: dict[str, Any] = {}
    for transport in transports:
        with tempfile.TemporaryDirectory(prefix="mqtt-day-") as scratch:
            fault = plant if transport == "mosquitto" else None
            figures = asyncio.run(carry(day, transport, Path(scratch), seed, fault))
            figures["differs_in"] = differing(reference, Path(scratch) / "trip_log")
            found[transport] = figures
    wanted = len(day.records)
    is_whole = all(
        not each["differs_in"] and each["records"] == each["acknowledged"] == wanted for each in found.values()
    )
    return {"records": wanted, "transports": found, "ok": wanted > 0 and is_whole}


def run(seed: int, until: str | None = None, plant: str | None = None) -> dict[str, Any]:
    """Run the rig and return its figures."""
    with tempfile.TemporaryDirectory(prefix="mqtt-day-") as scratch:
        day = simulated(seed, until, Path(scratch))
        result = compared(day, Path(scratch) / "trip_log", seed, plant=plant)
    return {"rig": "mqtt_day", "seed": seed, "until": until, "plant": plant, **result}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--until", metavar="HH:MM")
    arguments.add_argument("--plant", choices=PLANTS)
    given = arguments.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    result = run(given.seed, given.until, given.plant)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
