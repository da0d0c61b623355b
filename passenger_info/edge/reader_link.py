"""One reader of the push hub: its subscriptions and a bounded outbox; too slow, it falls back to snapshots."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from os import write
from typing import Protocol, runtime_checkable

from websockets.frames import Frame, Opcode

from mobility.core.errors import StreamClosedError
from mobility.core.ports import FrameStream
from passenger_info.protocol import Format, Subscribe

MOST_WAITING = 128
"""Frames that wait for a slow reader; one more, and all are dropped for a later snapshot."""
_MOST_READ = 400
"""Topics of one connection."""
SEND_TIMEOUT_S = 60.0
"""A reader that takes nothing for so long is disconnected."""

Key = tuple[str, Format]
"""A topic in a format."""


@runtime_checkable
class DirectStream(Protocol):
    """A WebSocket whose frames may go straight into its socket as long as that has room."""

    descriptor: int
    """The socket, -1 while something waits in front of it or after its end."""
    on_look: Callable[[], None]
    """Is called whenever the descriptor may be another."""

    @property
    def is_over(self) -> bool:
        """Whether the connection is closed; it swallows frames."""
        ...

    def finish(self, rest: bytes) -> None:
        """Send what the socket had no room for."""
        ...

    def abort(self) -> None:
        """Give the connection up; its socket is broken."""
        ...


@runtime_checkable
class Sink(Protocol):
    """A stream that takes frames at once; nobody need be woken to write them."""

    def take(self, frame: bytes | str) -> bool:
        """Take a frame where nothing was sent that is still on its way; return whether there was room."""
        ...


@dataclass(eq=False, slots=True)
class ReaderLink:
    """The hub's end of a connection."""

    stream: FrameStream
    subscriptions: dict[str, tuple[Key, ...]] = field(default_factory=dict)
    lagging: dict[Key, None] = field(default_factory=dict)
    """Topics that need a snapshot once the reader has caught up."""
    _outbox: deque[tuple[bool, bytes | str]] = field(default_factory=deque)
    """What waits, each with whether it is the answer to a command."""
    _has_work: asyncio.Event = field(default_factory=asyncio.Event)
    _has_room: asyncio.Event = field(default_factory=asyncio.Event)
    direct: DirectStream | None = None
    """The stream, where it has a short way."""
    descriptor: int = -1
    """The socket that frames may be written into at once, -1 where there is none or something must go first."""
    sink: Sink | None = None
    """The stream, where it takes frames at once."""
    _is_clear: bool = True

    def __post_init__(self) -> None:
        """Use the short way where there is one."""
        self._has_room.set()
        if isinstance(self.stream, DirectStream):
            self.direct = self.stream
            self.direct.on_look = self.look
            self.look()
        if isinstance(self.stream, Sink):
            self.sink = self.stream

    def look(self) -> None:
        """Note whether the short way is open: the socket has room, and nothing waits here."""
        self.descriptor = self.direct.descriptor if self.direct is not None and self._is_clear else -1

    def _set_clear(self, is_clear: bool) -> None:
        self._is_clear = is_clear
        self.look()

    def topics_read(self) -> list[Key]:
        """Return what the reader subscribes to, each once."""
        return list(dict.fromkeys(key for keys in self.subscriptions.values() for key in keys))

    def may_add(self, subscribe: Subscribe) -> bool:
        """Return whether the connection may read these topics as well."""
        others = {key for name, keys in self.subscriptions.items() if name != subscribe.request_id for key in keys}
        return len(others | {(topic, subscribe.format) for topic in subscribe.topics}) <= _MOST_READ

    def reply(self, text: str) -> None:
        """Queue an answer to a command; answers are never dropped, commands wait for room instead."""
        self._push(True, text)

    def deliver(self, key: Key, message: bytes | str) -> None:
        """Send a frame of a topic, at once where possible; a full outbox turns into snapshots later."""
        # Where nothing waits no topic lags either.
        if not spread(message, (self,)):
            return
        if self._is_clear and self.sink is not None and self.sink.take(message):
            return
        if key in self.lagging or (self.direct is not None and self.direct.is_over):
            return
        if len(self._outbox) >= MOST_WAITING:
            self._outbox = deque(waiting for waiting in self._outbox if waiting[0])
            self.lagging.update(dict.fromkeys(self.topics_read()))
            self._set_clear(False)
            self._has_work.set()
            if len(self._outbox) < MOST_WAITING:
                self._has_room.set()
            return
        self._push(False, message)

    def _push(self, is_answer: bool, message: bytes | str) -> None:
        self._set_clear(False)
        self._outbox.append((is_answer, message))
        self._has_work.set()
        if len(self._outbox) >= MOST_WAITING:
            self._has_room.clear()

    async def room(self) -> None:
        """Wait until the outbox has room for an answer."""
        await self._has_room.wait()

    async def next_work(self) -> None:
        """Wait until there is something to write or to catch up with."""
        await self._has_work.wait()

    async def write_waiting(self) -> None:
        """Write what waits; raises ``StreamClosedError`` when the reader is gone or takes nothing for a minute."""
        while self._outbox:
            await self._send(self._outbox.popleft()[1])
            if len(self._outbox) < MOST_WAITING:
                self._has_room.set()
        if not self.lagging:
            self._has_work.clear()
            self._set_clear(True)

    async def _send(self, message: bytes | str) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self.stream.send(message)
        except TimeoutError:
            raise StreamClosedError("the reader takes nothing any more") from None


def spread(message: bytes | str, links: Iterable[ReaderLink]) -> list[ReaderLink]:
    """Write a frame into the socket of each reader where nothing is in the way; return the other readers.

    Straight into the sockets, past the transport, whose own way costs a tenth more. There is no TLS here. Ten thousand
    readers a second pass through: what a reader needs is one step away.
    """
    wire, others = b"", list[ReaderLink]()
    for link in links:
        descriptor = link.descriptor
        if descriptor < 0:
            others.append(link)
            continue
        wire = wire or framed(message)
        try:
            sent = write(descriptor, wire)
        except OSError as error:
            _cope(link, wire, error)
        else:
            if sent < len(wire) and link.direct is not None:
                link.direct.finish(wire[sent:])
    return others


def _cope(link: ReaderLink, wire: bytes, error: OSError) -> None:
    """Do what a socket asks for that took nothing; whatever it is, the other readers must get their frames."""
    if link.direct is None:
        return
    if isinstance(error, BlockingIOError):
        link.direct.finish(wire)
    else:
        link.direct.abort()


@lru_cache(4)
def framed(message: bytes | str) -> bytes:
    """Return a WebSocket frame; a server's frames carry no mask, so all readers get the same bytes."""
    if isinstance(message, str):
        return Frame(Opcode.TEXT, message.encode()).serialize(mask=False)
    return Frame(Opcode.BINARY, message).serialize(mask=False)
