"""Recording what a simulated server publishes: full datasets every 30 s, and every frame of the push stream."""

import asyncio
from datetime import UTC
from pathlib import Path
from typing import BinaryIO

from mobility.app.wiring import Server
from mobility.core.clock import Clock, datetime_at
from mobility.core.errors import StreamClosedError
from passenger_info.protocol import Format, Subscribe

RECORD_EVERY_S = 30.0
LENGTH_BYTES = 4
"""Each frame in ``stream/all.frames`` follows its length as a big-endian number of this size."""


class Recording:
    """Writes ``schedule.zip``, ``feeds/all-….pb`` and, with ``stream``, ``stream/all.frames`` into a directory."""

    def __init__(self, out: Path, server: Server, clock: Clock, *, stream: bool = True) -> None:
        """Clear what an earlier run recorded there."""
        self._has_stream = stream
        self._server = server
        self._clock = clock
        self._feeds, self._stream = out / "feeds", out / "stream"
        for folder in (self._feeds, self._stream):
            folder.mkdir(parents=True, exist_ok=True)
        for former in self._feeds.glob("all-*.pb"):
            former.unlink()
        (out / "schedule.zip").write_bytes(server.schedule)

    async def run(self) -> None:
        """Record until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._datasets())
            if self._has_stream:
                tasks.create_task(self._frames())

    async def _datasets(self) -> None:
        while True:
            now = self._clock.now()
            name = f"all-{datetime_at(now, UTC):%Y-%m-%dT%H-%M-%SZ}.pb"
            (self._feeds / name).write_bytes(self._server.info.full_dataset("all", now))
            await self._clock.sleep(RECORD_EVERY_S)

    async def _frames(self) -> None:
        wish = Subscribe(request_id="record", topics=("all",), format=Format.PB, epoch="", resume={})
        with (self._stream / "all.frames").open("wb") as file:
            await self._server.hub.serve(_FrameFile(file), [wish])


class _FrameFile:
    """A reader of the hub that takes every frame at once, into a file; it never says a word."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._ended = asyncio.Event()

    def take(self, frame: bytes | str) -> bool:
        try:
            self._write(frame)
        except OSError:
            return False  # what is wrong with the disk ends the recording in ``send``, not the hub
        return True

    async def send(self, frame: bytes | str) -> None:
        self._write(frame)

    def _write(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes):
            self._file.write(len(frame).to_bytes(LENGTH_BYTES, "big"))
            self._file.write(frame)

    async def receive(self) -> bytes | str:
        await self._ended.wait()
        raise StreamClosedError("the recording is over")

    async def close(self, reason: str = "") -> None:  # noqa: ARG002 - the port's signature
        self._ended.set()
