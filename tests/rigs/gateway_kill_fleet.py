"""Vehicles for the gateway's rigs: real clients over TLS sockets, and a note of every word the gateway gave them.

The notes are taken from the bytes of the protocol, not from the client: what a rig checks is not asked of what it
checks.
"""

import asyncio
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mobility.core.errors import StreamClosedError
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream
from tests.rigs.killloop_checker import _samples as samples_in
from tests.v2x.certificates import LOCAL, ComputersClock, authority_in
from tests.v2x.making import sample_at
from v2x import wire_pb2 as wire
from v2x.edge.client import MemoryBuffer, VehicleClient, connect_websocket
from v2x.edge.websocket import WebSocketStream

ROOT = Path(__file__).parents[2]
READY_LIMIT_S = 60.0
SAMPLES_PER_S = 50


class HastyClock(ComputersClock):
    """The computer's time; waits a tenth of a second at most, so that a vehicle soon tries again."""

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(min(duration_s, 0.1))


@dataclass
class Notes:
    """What the gateway said, to all vehicles together."""

    acknowledged: set[tuple[str, int]] = field(default_factory=set)
    read_only_at: float | None = None
    """When the first vehicle was told (seconds of the monotonic clock)."""

    def take(self, frame: bytes | str) -> None:
        if isinstance(frame, str):
            raise TypeError("the gateway never sends text")
        said = wire.ServerFrame.FromString(frame)
        content = said.WhichOneof("content")
        if content == "ack":
            self._keep(said.ack.boot_id, said.ack.ranges, through=said.ack.through_seq)
        elif content == "welcome":
            for resume in said.welcome.boots:
                self._keep(resume.boot_id, resume.kept)
        elif content == "goodbye" and said.goodbye.reason == wire.REASON_READ_ONLY and self.read_only_at is None:
            self.read_only_at = time.monotonic()

    def _keep(self, boot_id: str, ranges: object, through: int = 0) -> None:
        self.acknowledged.update((boot_id, seq) for seq in range(1, through + 1))
        for each in ranges:  # type: ignore[attr-defined]
            self.acknowledged.update((boot_id, seq) for seq in range(each.first, each.last + 1))


class NotedStream:
    """A vehicle's end of a connection; what it receives arrives ``delay_s`` late, as over the air, or never."""

    def __init__(self, inner: FrameStream, notes: Notes, delay_s: float, is_cut: Callable[[], bool]) -> None:
        self._inner = inner
        self._notes = notes
        self._delay_s = delay_s
        self._is_cut = is_cut

    async def receive(self) -> bytes | str:
        frame = await self._inner.receive()
        # Said is said: it counts even if the vehicle never gets to hear it.
        self._notes.take(frame)
        await asyncio.sleep(self._delay_s)
        if self._is_cut():
            raise StreamClosedError("the gateway died while this was on its way")
        return frame

    async def send(self, frame: bytes | str) -> None:
        await self._inner.send(frame)

    async def close(self, reason: str = "") -> None:
        await self._inner.close(reason)


class Fleet:
    """Vehicles that sample as long as the fleet runs."""

    def __init__(self, certificates: Path, vehicles: int, *, delay_s: float = 0.03, host: str = LOCAL[-1]) -> None:
        authority = authority_in(certificates)
        authority.gateway(LOCAL if host in LOCAL else [host])
        self.host, self.port = host, 0
        self.notes = Notes()
        self.clock = HastyClock()
        self._delay_s = delay_s
        self._open: list[WebSocketStream] = []
        self.clients: dict[BootId, VehicleClient] = {}
        self._vehicle_of: dict[BootId, VehicleId] = {}
        for number in range(vehicles):
            vehicle_id, boot_id = VehicleId(f"vehicle-{number}"), BootId(f"b{number}")
            tls = authority.vehicle(vehicle_id).vehicle_context()
            self._vehicle_of[boot_id] = vehicle_id
            self.clients[boot_id] = VehicleClient(
                vehicle_id=vehicle_id,
                boot_id=boot_id,
                token="",
                buffer=MemoryBuffer(),
                connect=self._connect(tls),
                clock=self.clock,
            )

    @property
    def recorded(self) -> set[tuple[str, int]]:
        return {(boot, seq) for boot, client in self.clients.items() for seq in range(1, client.next_seq)}

    async def parted(self) -> None:
        """Wait until nobody is connected: what a dead gateway had sent is still in the sockets, and counts."""
        while any(client.is_connected for client in self.clients.values()):  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.005)

    def hang_up(self) -> None:
        """Break all connections without a word, as a modem does that starts anew."""
        while self._open:
            self._open.pop()._connection.transport.abort()

    def record(self) -> None:
        """Each vehicle takes a sample."""
        for boot_id, client in self.clients.items():
            at = self.clock.now()
            client.record(sample_at(client.next_seq, at=at, vehicle_id=self._vehicle_of[boot_id], boot_id=boot_id))

    async def drive(self, duration_s: float, *, samples_per_s: float = SAMPLES_PER_S) -> None:
        """Sample for so long."""
        until = time.monotonic() + duration_s
        while time.monotonic() < until:
            self.record()
            await asyncio.sleep(1 / samples_per_s)

    async def first_answer(self, *, samples_per_s: float = SAMPLES_PER_S) -> None:
        """Sample until something is acknowledged that was not before, or for as long as a gateway may take to start."""
        until, before = time.monotonic() + READY_LIMIT_S, len(self.notes.acknowledged)
        while len(self.notes.acknowledged) == before and time.monotonic() < until:
            self.record()
            await asyncio.sleep(1 / samples_per_s)

    async def drained(self, within_s: float) -> bool:
        """Whether everything recorded was acknowledged in time."""
        until = time.monotonic() + within_s
        clients = self.clients.values()
        while any(each.waiting for each in clients) and time.monotonic() < until:  # noqa: ASYNC110 - no event here
            await asyncio.sleep(0.02)
        return not any(client.waiting for client in self.clients.values())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(client.run()) for client in self.clients.values()]
            try:
                yield
            finally:
                for task in running:
                    task.cancel()

    def _connect(self, tls: ssl.SSLContext) -> Callable[[], Awaitable[FrameStream]]:
        async def connect() -> FrameStream:
            if not self.port:
                raise StreamClosedError("no gateway")
            port = self.port
            stream = await connect_websocket(f"wss://{self.host}:{port}/vehicle", tls=tls)
            assert isinstance(stream, WebSocketStream)
            self._open.append(stream)
            return NotedStream(stream, self.notes, self._delay_s, lambda: self.port != port)

        return connect


class Host:
    """The process that forks gateways (``gateway_kill_host``)."""

    def __init__(self, process: asyncio.subprocess.Process, certificates: Path) -> None:
        self._process = process
        self._certificates = certificates
        self.pid = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        certificates: Path,
        plant: str | None,
        environment: Mapping[str, str] | None = None,
        inside: Sequence[str] = (),
    ) -> AsyncIterator["Host"]:
        """Start it with more environment, ``inside`` of what is put before its command."""
        process = await asyncio.create_subprocess_exec(
            *inside,
            *(sys.executable, "-m", "tests.rigs.gateway_kill_host", *(["--plant", plant] if plant else [])),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
        )
        try:
            yield cls(process, certificates)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.kill()
            await process.wait()

    async def begin(self, folder: Path, **environment: str) -> None:
        """Fork a gateway."""
        assert self._process.stdin is not None
        order = {"folder": str(folder), "authority": str(self._certificates), **environment}
        self._process.stdin.write((json.dumps(order) + "\n").encode())
        word, rest = await self._said()
        if word != "pid":
            raise RuntimeError(f"the gateway's process said {word!r} before it was there")
        self.pid = int(rest)

    async def start(self, folder: Path, **environment: str) -> int:
        """Fork a gateway and wait until it listens; return its port."""
        await self.begin(folder, **environment)
        word, rest = await self._said()
        if word != "ready":
            raise RuntimeError(f"the gateway's process said {word!r} instead of listening")
        return int(rest)

    async def kill(self) -> None:
        """Kill -9, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        while (await self._said())[0] != "gone":
            pass

    async def _said(self) -> tuple[str, str]:
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_LIMIT_S):
            line = (await self._process.stdout.readline()).decode()
        if not line:
            raise RuntimeError("the gateways' process ended")
        word, _, rest = line.strip().partition(" ")
        return word, rest


def kept_in(folder: Path) -> list[tuple[str, int]]:
    """Read boots and sequence numbers of all samples on disk, without the product."""
    return samples_in(folder)
