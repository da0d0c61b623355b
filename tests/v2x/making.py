"""Samples, frames and a gateway to play with."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mobility.core.clock import Instant
from mobility.core.errors import StreamClosedError
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream, TelemetryRecord
from mobility.core.vehicle import Doors, DrivingMode, Sample
from v2x.client_frames import Hello, Holding, batch_frame, hello_frame
from v2x.codec import encode_sample
from v2x.server_frames import Ack, ServerFrame, parse_server_frame

NOON = Instant(1_763_463_600_000)
"""12:00 in Ilmenau on 18 November 2025."""
SHUTTLE = VehicleId("shuttle-1")
BOOT = BootId("boot-a")


def sample_at(
    seq: int, *, at: int | None = None, vehicle_id: VehicleId = SHUTTLE, boot_id: BootId = BOOT, **fields: object
) -> Sample:
    """A sample a second after the former, driving north."""
    made = Sample(
        vehicle_id=vehicle_id,
        boot_id=boot_id,
        seq=seq,
        device_time=Instant(NOON + seq * 1000 if at is None else at),
        place=LatLon(50.68 + (seq % 10_000) * 1e-5, 10.92),
        speed_mps=4.5,
        bearing_deg=0.0,
        mode=DrivingMode.ASSISTED,
        doors=Doors.CLOSED,
        passengers=seq % 7,
    )
    return replace(made, **fields)


def payload_of(seq: int, *, boot_id: BootId = BOOT) -> bytes:
    return encode_sample(sample_at(seq, boot_id=boot_id))


def hello(
    *holdings: Holding, vehicle_id: VehicleId = SHUTTLE, token: str | None = None, boot_id: BootId = BOOT
) -> bytes:
    return hello_frame(
        Hello(vehicle_id=vehicle_id, token=token or f"token of {vehicle_id}", boot_id=boot_id, holdings=holdings)
    )


def batch(first_seq: int, last_seq: int | None = None, *, boot_id: BootId = BOOT) -> bytes:
    seqs = range(first_seq, (last_seq or first_seq) + 1)
    return batch_frame(boot_id, first_seq, [payload_of(seq, boot_id=boot_id) for seq in seqs])


def identify(token: str) -> VehicleId | None:
    """Everybody's token is their name."""
    start, _, name = token.partition("token of ")
    return VehicleId(name) if not start and name else None


def said(frames: Sequence[bytes | str]) -> list[ServerFrame]:
    return [parse_server_frame(frame) for frame in frames if isinstance(frame, bytes)]


def acknowledged(frames: Sequence[ServerFrame]) -> set[tuple[BootId, int]]:
    """Every sample that the acknowledgements among ``frames`` cover."""
    covered: set[tuple[BootId, int]] = set()
    for frame in frames:
        if isinstance(frame, Ack):
            covered |= {(frame.boot_id, seq) for seq in range(1, frame.through_seq + 1)}
            covered |= {(frame.boot_id, seq) for first, last in frame.ranges for seq in range(first, last + 1)}
    return covered


class KeptFrames:
    """A quarantine in memory."""

    def __init__(self) -> None:
        self.kept: list[tuple[VehicleId | None, str, bytes]] = []

    def keep(self, vehicle_id: VehicleId | None, reason: str, frame: bytes) -> None:
        self.kept.append((vehicle_id, reason, frame))


class HeldBackLog:
    """A telemetry log whose disk works only when told to: ``finish`` ends the oldest append."""

    def __init__(self) -> None:
        self.records: list[TelemetryRecord] = []
        self.groups: list[list[TelemetryRecord]] = []
        self._waiting: list[tuple[list[TelemetryRecord], asyncio.Future[None]]] = []

    @property
    def syncing(self) -> int:
        return len(self._waiting)

    async def append(self, records: Sequence[TelemetryRecord]) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((list(records), done))
        await done

    def finish(self, error: Exception | None = None) -> None:
        records, done = self._waiting.pop(0)
        if error is not None:
            done.set_exception(error)
            return
        self.records.extend(records)
        self.groups.append(records)
        done.set_result(None)

    def received(self) -> Mapping[tuple[VehicleId, BootId], Mapping[int, int]]:
        return {}


async def settled() -> None:
    """Let every task run until all of them wait."""
    for _ in range(30):
        await asyncio.sleep(0)


async def heard(stream: FrameStream) -> list[ServerFrame]:
    """Everything that can be received at once."""
    frames: list[bytes | str] = []
    while True:
        try:
            async with asyncio.timeout(0.01):
                frames.append(await stream.receive())
        except (TimeoutError, StreamClosedError):
            return said(frames)
