"""Replays recorded positions of real vehicles through the vehicle client, at the times they were recorded."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

from gtfs.timetable import Timetable
from mobility.core.clock import Instant, seconds_between
from mobility.core.ids import BootId, VehicleId
from mobility.core.vehicle import Sample
from sim.edge.world import World
from sim.recorded import Recorded, parse_recording
from v2x.edge.client import MemoryBuffer, VehicleClient

_DRAIN_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What was replayed."""

    messages: int
    entities: int
    """Recorded vehicle positions, repeated and unusable ones included."""
    vehicles: int
    positions: int
    """Distinct positions sent."""
    on_trip: int
    """Positions with a trip of the timetable."""
    on_unknown_trip: int
    """Positions with a trip that the timetable does not know."""
    without_trip: int
    unusable: int
    """Positions without place or time."""
    repeated: int
    acknowledged: int
    first: Instant | None
    last: Instant | None


def first_moment(
    feed_messages: Iterable[bytes], timetable: Timetable, *, sources: Sequence[str] = ()
) -> Instant | None:
    """Return when the first recorded position was taken, ``None`` where there is none; raises as ``replay`` does."""
    positions = parse_recording(feed_messages, timetable, sources=sources).positions
    return positions[0].at if positions else None


async def replay(
    feed_messages: Iterable[bytes], *, world: World, timetable: Timetable, sources: Sequence[str] = ()
) -> Replayed:
    """Send every recorded position when the world's clock reaches its time, at once where that is past.

    Returns when all are acknowledged. Raises ``BadInputError`` for bytes that are no feed message, naming the one of
    ``sources`` (file names in the order of the messages), before anything is sent.
    """
    messages = list(feed_messages)
    recording = parse_recording(messages, timetable, sources=sources)
    clients = {
        vehicle_id: _client(vehicle_id, world) for vehicle_id in sorted({p.vehicle_id for p in recording.positions})
    }
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(client.run()) for client in clients.values()]
        for position in recording.positions:
            await world.clock.sleep(max(seconds_between(world.clock.now(), position.at), 0.0))
            client = clients[position.vehicle_id]
            client.record(_sample(position, _boot(position.vehicle_id, world), client.next_seq))
        for client in clients.values():
            await client.drained(_DRAIN_S)
        for task in running:
            task.cancel()
    positions = recording.positions
    known = sum(p.trip is not None and p.trip.trip_id in timetable.trips for p in positions)
    without = sum(p.trip is None for p in positions)
    return Replayed(
        messages=len(messages),
        entities=recording.entities,
        vehicles=len(clients),
        positions=len(positions),
        on_trip=known,
        on_unknown_trip=len(positions) - known - without,
        without_trip=without,
        unusable=recording.without_place,
        repeated=recording.repeated,
        acknowledged=sum(client.acknowledged for client in clients.values()),
        first=positions[0].at if positions else None,
        last=positions[-1].at if positions else None,
    )


def _client(vehicle_id: VehicleId, world: World) -> VehicleClient:
    return VehicleClient(
        vehicle_id=vehicle_id,
        boot_id=_boot(vehicle_id, world),
        token=world.vehicle_token(vehicle_id),
        buffer=MemoryBuffer(),
        connect=partial(world.connect_vehicle, vehicle_id),
        clock=world.clock,
    )


def _boot(vehicle_id: VehicleId, world: World) -> BootId:
    return BootId(blake2b(f"{world.run_id}/{vehicle_id}".encode(), digest_size=8).hexdigest())


def _sample(position: Recorded, boot_id: BootId, seq: int) -> Sample:
    return Sample(
        vehicle_id=position.vehicle_id,
        boot_id=boot_id,
        seq=seq,
        device_time=position.at,
        place=position.place,
        speed_mps=position.speed_mps,
        bearing_deg=position.bearing_deg,
        trip=position.trip,
    )
