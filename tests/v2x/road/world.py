"""A crossroads to drive on: four streets of 300 m meet in the middle, both directions each; and drives over it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mobility.core.clock import Instant
from mobility.core.geo import EARTH_RADIUS_M, LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.network import RoadNetwork
from mobility.core.network_build import RoadEdge, road_network
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import Doors, Sample
from v2x.codec import encode_sample
from v2x.extension import Extension

ORIGIN = LatLon(50.68, 10.92)
ARM_M = 300.0
T0 = Instant(1_763_463_600_000)
"""12:00 in Ilmenau on 18 November 2025."""
_DEG = math.radians(1) * EARTH_RADIUS_M


def place(east_m: float, north_m: float) -> LatLon:
    return LatLon(
        ORIGIN.lat_deg + north_m / _DEG, ORIGIN.lon_deg + east_m / (_DEG * math.cos(math.radians(ORIGIN.lat_deg)))
    )


ENDS = {
    "middle": (0.0, 0.0),
    "north": (0.0, ARM_M),
    "east": (ARM_M, 0.0),
    "south": (0.0, -ARM_M),
    "west": (-ARM_M, 0.0),
}
NODES = {name: number for number, name in enumerate(ENDS)}


def crossroads() -> RoadNetwork:
    """Node 0 is the junction; each arm is an edge to it and one from it."""
    edges = []
    for name, (east_m, north_m) in ENDS.items():
        if name == "middle":
            continue
        line = (place(east_m, north_m), place(east_m / 2, north_m / 2), place(0, 0))
        edges.append(RoadEdge(tail=NODES[name], head=0, length_m=ARM_M, time_s=30.0, line=line))
        edges.append(RoadEdge(tail=0, head=NODES[name], length_m=ARM_M, time_s=30.0, line=line[::-1]))
    return road_network([place(*ends) for ends in ENDS.values()], [500.0] * len(ENDS), edges)


def edge_of(network: RoadNetwork, tail: str, head: str) -> int:
    pairs = list(zip(network.source.tolist(), network.target.tolist(), strict=True))
    return pairs.index((NODES[tail], NODES[head]))


def record(
    seq: int,
    at_ms: int,
    where: LatLon,
    *,
    vehicle_id: str = "shuttle-1",
    late_ms: int = 100,
    extension: Extension | None = None,
    **fields: object,
) -> TelemetryRecord:
    """A record of a sample taken at ``at_ms`` that arrived ``late_ms`` later."""
    sample = Sample(
        vehicle_id=VehicleId(vehicle_id),
        boot_id=BootId("boot-a"),
        seq=seq,
        device_time=Instant(at_ms),
        place=where,
        doors=Doors.CLOSED,
    )
    sample = replace(sample, **fields)
    return TelemetryRecord(
        sample=sample,
        received_at=Instant(at_ms + late_ms),
        event_time=Instant(at_ms),
        payload=encode_sample(sample, extension),
    )


def drive(
    starts_ms: int,
    *,
    speed_mps: float = 10.0,
    stop_s: int = 0,
    doors_s: int = 0,
    rms_mps2: float | None = None,
    via: Sequence[str] = ("west", "east"),
    vehicle_id: str = "shuttle-1",
    first_seq: int = 1,
    noise_m: float = 0.0,
) -> Iterator[TelemetryRecord]:
    """Drive from one end over the junction to another at 1 Hz, standing ``stop_s`` before the junction.

    For ``doors_s`` of the driving time before it the doors are open and the vehicle stands as well.
    """
    (from_e, from_n), (to_e, to_n) = ENDS[via[0]], ENDS[via[1]]
    way_m, seq, now_ms, waits, doors = 0.0, first_seq, starts_ms, stop_s, doors_s
    while way_m < 2 * ARM_M:
        share = (ARM_M - way_m) / ARM_M
        east_m, north_m = (from_e * share, from_n * share) if share >= 0 else (to_e * -share, to_n * -share)
        heading = (-from_e, -from_n) if share >= 0 else (to_e, to_n)
        is_waiting = waits > 0 and share <= 20 / ARM_M
        is_open = not is_waiting and doors > 0 and share <= 60 / ARM_M
        stands = is_waiting or is_open
        wobble_m = noise_m * (1 if seq % 2 else -1)
        speed = 0.0 if stands else speed_mps
        yield record(
            seq,
            now_ms,
            place(east_m + wobble_m, north_m + wobble_m),
            vehicle_id=vehicle_id,
            speed_mps=speed,
            bearing_deg=math.degrees(math.atan2(*heading)) % 360,
            doors=Doors.OPEN if is_open else Doors.CLOSED,
            extension=None if rms_mps2 is None else Extension(roughness_mps2=rms_mps2),
        )
        seq, now_ms = seq + 1, now_ms + 1000
        waits, doors = waits - is_waiting, doors - is_open
        way_m += 0.0 if stands else speed_mps
