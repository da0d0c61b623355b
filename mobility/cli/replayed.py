"""Real recorded positions through the vehicle gateway of a server that runs on their feed, in virtual time."""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from google.transit import gtfs_realtime_pb2 as realtime

from gtfs.edge.load import load_feed
from gtfs.timetable import Timetable
from mobility.app.clock import LoopClock
from mobility.app.references import RandomReferences
from mobility.app.wiring import Wiring, open_server
from mobility.cli.headless import vehicle_connections
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import VehicleId
from sim.edge.loop import run_virtual
from sim.edge.replay import Replayed, first_moment, replay
from sim.edge.world import World

SETTLE_S = 5.0
"""Time between the last position and the published dataset: predictions are at most this old."""


def replay_feed(schedule: Path, positions: Sequence[Path], out: Path) -> dict[str, Any]:
    """Replay ``positions`` on ``schedule``, write ``all.pb`` to ``out``, and return what was counted.

    Raises ``BadInputError`` naming the file that can not be used; then nothing was written.
    """
    timetable = load_feed(schedule)
    messages = [_bytes(path) for path in positions]
    recording = Recording(messages=messages, sources=[path.name for path in positions])
    with tempfile.TemporaryDirectory(prefix="mobility-replay-") as folder:
        replayed, published = run_virtual(_replay(timetable, _bytes(schedule), recording, Path(folder)))
    out.mkdir(parents=True, exist_ok=True)
    (out / "all.pb").write_bytes(published)
    return {**asdict(replayed), **_compare(messages, published)}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInputError(f"can not be read: {error.strerror}", source=path.name) from error


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Recorded feed messages and the files they come from."""

    messages: Sequence[bytes]
    sources: Sequence[str]


async def _replay(timetable: Timetable, schedule: bytes, recording: Recording, folder: Path) -> tuple[Replayed, bytes]:
    begins = first_moment(recording.messages, timetable, sources=recording.sources)
    if begins is None:
        raise BadInputError("hold no vehicle position with place and time", source="--positions")
    clock = LoopClock(begins)
    wiring = Wiring(
        timetable=timetable,
        schedule=schedule,
        clock=clock,
        references=RandomReferences(random.Random(1)),  # noqa: S311 - nothing is booked here
        data_dir=folder,
        identify=VehicleId,
        signing_secret="replay",  # noqa: S106 - nobody gets a link
        is_open=True,
        inline=True,
    )
    async with open_server(wiring) as server, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(server.run())
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=server.http), base_url="http://server.invalid"
        ) as http:
            world = World(http=http, connect_vehicle=vehicle_connections(server, tasks), clock=clock)
            replayed = await replay(recording.messages, world=world, timetable=timetable, sources=recording.sources)
        await clock.sleep(SETTLE_S)
        published = server.info.full_dataset("all", clock.now())
        running.cancel()
    return replayed, published


def _compare(messages: Sequence[bytes], published: bytes) -> dict[str, Any]:
    """Count what came out, and how far from where it was recorded."""
    recorded: dict[str, realtime.VehiclePosition] = {}
    for message in messages:
        recorded |= {_name(entity): entity.vehicle for entity in _parsed(message).entity if entity.HasField("vehicle")}
    feed = _parsed(published)
    out = [entity.vehicle for entity in feed.entity if entity.HasField("vehicle")]
    offsets_m = [_offset_m(vehicle, recorded[vehicle.vehicle.id]) for vehicle in out if vehicle.vehicle.id in recorded]
    same_trip = sum(
        vehicle.trip.trip_id == recorded[vehicle.vehicle.id].trip.trip_id
        for vehicle in out
        if vehicle.vehicle.id in recorded and vehicle.trip.trip_id
    )
    return {
        "published_positions": len(out),
        "published_on_trip": sum(bool(vehicle.trip.trip_id) for vehicle in out),
        "published_on_recorded_trip": same_trip,
        "published_trip_updates": sum(entity.HasField("trip_update") for entity in feed.entity),
        "largest_offset_m": round(max(offsets_m, default=0.0), 3),
    }


def _parsed(message: bytes) -> realtime.FeedMessage:
    return realtime.FeedMessage.FromString(message)


def _name(entity: realtime.FeedEntity) -> str:
    return entity.vehicle.vehicle.id or entity.id


def _offset_m(vehicle: realtime.VehiclePosition, recorded: realtime.VehiclePosition) -> float:
    here, there = (LatLon(v.position.latitude, v.position.longitude) for v in (vehicle, recorded))
    return distance_m(here, there)
