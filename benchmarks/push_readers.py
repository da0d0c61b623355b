"""Many readers of a WebSocket stream in a process of their own, made so light that they do not slow the server down.

They speak just enough of RFC 6455 to greet, send one text, and tell messages apart; arrival times are kept for a few of
them. Frames of a server are never masked and here never fragmented.
"""

import asyncio
import os
import resource
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
Arrived = list[tuple[int, bytes]]
"""Monotonic nanoseconds and the message."""


def allow_many_sockets() -> None:
    """Raise this process's limit of open files as far as it goes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Reader(asyncio.Protocol):
    """One connection: greets, says its ``first`` text, counts messages, keeps them where ``kept`` is a list."""

    def __init__(self, path: str, first: str, kept: Arrived | None) -> None:
        """Wait for the connection."""
        self.count = 0
        self.is_open = asyncio.get_running_loop().create_future()
        self._path, self._first, self._kept = path, first, kept
        self._is_greeted = False
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = transport
        upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
        self._write(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{upgrade}\r\nSec-WebSocket-Key: {_KEY}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        now_ns = time.monotonic_ns()
        data = self._rest + data
        if not self._is_greeted:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            if b" 101 " not in head[:16]:
                raise ConnectionError(head.decode())
            self._is_greeted = True
            if self._first:
                self._write(masked(0x81, self._first.encode()))
        self._rest = self._take(data, now_ns)

    def _take(self, data: bytes, now_ns: int) -> bytes:
        at = 0
        while len(data) - at >= 2:
            size, head = data[at + 1] & 0x7F, 2
            if size > 125:
                head = 4 if size == 126 else 10
                size = int.from_bytes(data[at + 2 : at + head])
            if len(data) - at < head + size:
                break
            kind = data[at] & 0x0F
            if kind == 2:
                self.count += 1
                if self._kept is not None:
                    self._kept.append((now_ns, data[at + head : at + head + size]))
            elif kind == 9:
                self._write(masked(0x8A, data[at + head : at + head + size]))
            if not self.is_open.done() and (kind == 2 or not self._first):
                self.is_open.set_result(None)
            at += head + size
        if not self._first and not self.is_open.done():
            self.is_open.set_result(None)
        return data[at:]

    def _write(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.WriteTransport)  # noqa: S101 - tells the type checker
        self._transport.write(data)


def masked(head: int, body: bytes) -> bytes:
    """Return a client's frame; its mask is zero, which RFC 6455 does not forbid and costs nothing."""
    size = bytes([0x80 | len(body)]) if len(body) < 126 else bytes([0xFE]) + len(body).to_bytes(2)
    return bytes([head]) + size + bytes(4) + body


def read_all(port: int, path: str, firsts: Sequence[str], keep_every: int, pipe: Connection) -> None:
    """Be a process with one reader for each of ``firsts``; tell ``pipe`` when all are open, and at its word the sum."""
    if hasattr(os, "sched_setaffinity"):
        # On another core than a server that has pinned itself to one, where there is another.
        cores = set(range(os.cpu_count() or 1))
        os.sched_setaffinity(0, cores - os.sched_getaffinity(0) or cores)
    allow_many_sockets()
    asyncio.run(_read_all(port, path, firsts, keep_every, pipe))


async def _read_all(port: int, path: str, firsts: Sequence[str], keep_every: int, pipe: Connection) -> None:
    kept: Arrived = []
    readers: list[Reader] = []
    loop = asyncio.get_running_loop()
    for i, first in enumerate(firsts):
        reader = Reader(path, first, kept if i % keep_every == 0 else None)
        await loop.create_connection(lambda reader=reader: reader, "127.0.0.1", port)  # type: ignore[misc] # bound now
        readers.append(reader)
        if i % 50 == 49:
            await readers[-1].is_open
    for reader in readers:
        await reader.is_open
    kept.clear()
    pipe.send("ready")
    await asyncio.to_thread(pipe.recv)
    pipe.send((sum(reader.count for reader in readers), kept))
