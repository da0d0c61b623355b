"""One reader of the push hub: its subscriptions and a bounded outbox; too slow, it falls back to snapshots."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

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
    """A stream that can take a frame at once, without waiting, as long as its buffer has room."""

    def offer(self, frame: bytes | str) -> bool:
        """Write the frame now and return true, or return false when the reader is behind."""
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
    offer: Callable[[bytes | str], bool] | None = None
    """The short way, where the stream has one and nothing waits that must go first."""

    def __post_init__(self) -> None:
        """Use the short way where there is one."""
        self._has_room.set()
        self._clear_way()

    def _clear_way(self) -> None:
        if isinstance(self.stream, DirectStream):
            self.offer = self.stream.offer

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
        if self.offer is not None and self.offer(message):
            return
        if key in self.lagging:
            return
        if len(self._outbox) >= MOST_WAITING:
            self._outbox = deque(waiting for waiting in self._outbox if waiting[0])
            self.lagging.update(dict.fromkeys(self.topics_read()))
            self.offer = None
            self._has_work.set()
            if len(self._outbox) < MOST_WAITING:
                self._has_room.set()
            return
        self._push(False, message)

    def _push(self, is_answer: bool, message: bytes | str) -> None:
        self.offer = None
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
            self._clear_way()

    async def _send(self, message: bytes | str) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self.stream.send(message)
        except TimeoutError:
            raise StreamClosedError("the reader takes nothing any more") from None
