"""Vehicles that cost little themselves: bare sockets, frames made beforehand, so that one core can load another."""

import asyncio
import os
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, VehicleId
from mobility.core.vehicle import Doors, DrivingMode, Sample
from v2x.client_frames import Hello, Holding, batch_frame, hello_frame
from v2x.codec import encode_sample
from v2x.server_frames import Ack, Credit, Welcome, parse_server_frame

BOOT = BootId("bench")
_UPGRADE = (
    b"GET /vehicle HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_BINARY, _PING = 2, 9
_SHORT, _MIDDLE, _LONG = 125, 126, 65_536


def payload(seq: int, at: Instant) -> bytes:
    """Return a full sample."""
    sample = Sample(
        vehicle_id=VehicleId(""),
        boot_id=BOOT,
        seq=seq,
        device_time=at,
        place=LatLon(50.68 + seq % 10_000 * 1e-6, 10.92),
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


def masked(frame: bytes, opcode: int = _BINARY) -> bytes:
    """Return a client's WebSocket frame; the mask is zero, which changes nothing and is allowed."""
    size = len(frame)
    if size <= _SHORT:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < _LONG:
        head = bytes((0x80 | opcode, 0x80 | _MIDDLE)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + bytes(4) + frame


class BareVehicle(asyncio.Protocol):
    """One connection. Counts what is acknowledged, notes how long it took."""

    def __init__(self, name: str, holding: tuple[int, int] | None = None) -> None:
        """Say hello once connected, announcing what is held."""
        self.name = name
        self.latencies_ms: list[float] = []
        self.acknowledged = 0
        self.credit: Credit | None = None
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.moved = asyncio.Event()
        self._holding = holding
        self._sent_s: dict[int, tuple[float, int]] = {}
        self._buffer = b""
        self._is_open = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a stream connection has
        self._transport = transport
        transport.write(_UPGRADE)

    def data_received(self, data: bytes) -> None:
        """Take whole frames out of what came."""
        self._buffer += data
        if not self._is_open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head  # noqa: S101 - else the benchmark is wrong
            self._is_open, self._buffer = True, rest
            holdings = () if self._holding is None else (Holding(BOOT, *self._holding),)
            hello = Hello(vehicle_id=VehicleId(self.name), token=self.name, boot_id=BOOT, holdings=holdings)
            self._transport.write(masked(hello_frame(hello)))
        while (frame := self._next()) is not None:
            self._take(*frame)

    def send(self, frame: bytes, *, last_seq: int, samples: int) -> None:
        """Send a ready WebSocket frame whose newest sample is ``last_seq``."""
        self._sent_s[last_seq] = (time.perf_counter(), samples)
        self._transport.write(frame)

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()

    def _next(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size >= _MIDDLE:
            width = 2 if size == _MIDDLE else 8
            size, start = int.from_bytes(buffer[2 : 2 + width], "big"), 2 + width
        if len(buffer) < start + size:
            return None
        self._buffer = buffer[start + size :]
        return buffer[0] & 0x0F, buffer[start : start + size]

    def _take(self, opcode: int, frame: bytes) -> None:
        if opcode == _PING:
            self._transport.write(masked(frame, 10))
            return
        if opcode != _BINARY:
            return
        content = parse_server_frame(frame)
        if isinstance(content, Ack):
            self._take_ack(content)
        elif isinstance(content, Credit):
            self.credit = content
        elif isinstance(content, Welcome):
            self.welcomed.set_result(None)

    def _take_ack(self, ack: Ack) -> None:
        now = time.perf_counter()
        for seq in [seq for seq in self._sent_s if seq <= ack.through_seq or _covers(ack, seq)]:
            sent_s, samples = self._sent_s.pop(seq)
            self.acknowledged += samples
            self.latencies_ms.append((now - sent_s) * 1000)
        self.moved.set()


def _covers(ack: Ack, seq: int) -> bool:
    return any(first <= seq <= last for first, last in ack.ranges)


async def dial(name: str, port: int, tls: ssl.SSLContext | None, holding: tuple[int, int] | None = None) -> BareVehicle:
    """Return a welcomed vehicle."""
    loop = asyncio.get_running_loop()
    _, vehicle = await loop.create_connection(
        lambda: BareVehicle(name, holding), "127.0.0.1", port, ssl=tls, server_hostname="127.0.0.1" if tls else None
    )
    await vehicle.welcomed
    return vehicle


def frames_of(count: int, batch: int, period_s: float, *, first_seq: int = 1) -> Sequence[bytes]:
    """Return ``count`` frames of ``batch`` samples each, as they are sent one every ``period_s`` from now on."""
    began_ms = time.time_ns() // 1_000_000
    made = []
    for n in range(count):
        first = first_seq + n * batch
        at = Instant(began_ms + round(n * period_s * 1000))
        made.append(masked(batch_frame(BOOT, first, [payload(first + k, at) for k in range(batch)])))
    return made


async def drive(
    fleet: Sequence[BareVehicle], *, rate_hz: float, seconds: float, batch: int = 1, first_seq: int = 1
) -> None:
    """Send ``rate_hz`` samples a second and vehicle, ``batch`` in a frame, evenly spread; wait for all the answers."""
    period_s = batch / rate_hz
    count = round(seconds / period_s)
    frames = frames_of(count, batch, period_s, first_seq=first_seq)
    begin_s = time.perf_counter() + 0.05
    step_s = period_s / len(fleet)
    for n in range(count * len(fleet)):
        wait_s = begin_s + n * step_s - time.perf_counter()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        round_no, which = divmod(n, len(fleet))
        fleet[which].send(frames[round_no], last_seq=first_seq + (round_no + 1) * batch - 1, samples=batch)
        if n % 64 == 0:
            await asyncio.sleep(0)
    wanted = count * batch
    ends_s = time.perf_counter() + 20
    for vehicle in fleet:
        while vehicle.acknowledged < wanted and time.perf_counter() < ends_s:
            vehicle.moved.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(ends_s - time.perf_counter()):
                    await vehicle.moved.wait()


def alone_on(core: int) -> None:
    """Keep this process on one core, where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[core % len(cores)]})
