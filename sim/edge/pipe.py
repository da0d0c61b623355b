"""Connections in memory: two frame streams, each the other's far end, with an optional latency between them."""

import asyncio
from collections import deque
from collections.abc import Iterable

from mobility.core.clock import Clock, Instant, seconds_between, shifted
from mobility.core.errors import StreamClosedError

_BACKLOG_FRAMES = 4096
"""Frames that may wait unread; a sender beyond that waits for the reader, as TCP would make it."""

_CUT = "the connection broke"


class PipeEnd:
    """One end of a pipe. Order is kept; closing either end ends both, what was sent before is still read."""

    def __init__(self, outgoing: "_Lane", incoming: "_Lane") -> None:
        """Send into one lane, receive from the other."""
        self._outgoing = outgoing
        self._incoming = incoming

    @property
    def is_closed(self) -> bool:
        """Whether either end was closed or the pipe was cut."""
        return bool(self._outgoing.ended)

    async def receive(self) -> bytes | str:
        """Return the next frame; raises ``StreamClosedError`` once closed and read empty."""
        return await self._incoming.take()

    async def send(self, frame: bytes | str) -> None:
        """Hand a frame to the far end; raises ``StreamClosedError`` when closed."""
        await self._outgoing.put(frame)

    def send_now(self, frames: Iterable[bytes]) -> bool:
        """Hand frames to the far end unless the pipe is closed or full; return whether."""
        return self._outgoing.put_now(frames)

    async def close(self, reason: str = "") -> None:
        """End both ends; idempotent. Frames already sent can still be read."""
        self._outgoing.end(reason or "the connection was closed")
        self._incoming.end(reason or "the connection was closed")

    def cut(self) -> None:
        """Break the connection as a radio gap does: what is under way is lost in both directions."""
        for lane in (self._outgoing, self._incoming):
            lane.frames.clear()
            lane.end(_CUT)


class _Lane:
    """One direction of a pipe: frames with the instant from which they can be read."""

    def __init__(self, clock: Clock | None, latency_s: float) -> None:
        self.frames: deque[tuple[Instant, bytes | str]] = deque()
        self.ended = ""
        self._clock = clock if latency_s > 0 else None
        self._latency_s = latency_s
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None

    async def put(self, frame: bytes | str) -> None:
        while len(self.frames) >= _BACKLOG_FRAMES and not self.ended:
            self._writer = asyncio.get_running_loop().create_future()
            await self._writer
        if self.ended:
            raise StreamClosedError(self.ended)
        self.frames.append((self._due(), frame))
        _wake(self._reader)

    def put_now(self, frames: Iterable[bytes]) -> bool:
        if self.ended or len(self.frames) >= _BACKLOG_FRAMES:
            return False
        due = self._due()
        self.frames.extend((due, frame) for frame in frames)
        _wake(self._reader)
        return True

    async def take(self) -> bytes | str:
        while True:
            while not self.frames:
                if self.ended:
                    raise StreamClosedError(self.ended)
                self._reader = asyncio.get_running_loop().create_future()
                await self._reader
            if self._clock is None or (wait_s := seconds_between(self._clock.now(), self.frames[0][0])) <= 0:
                break
            # The frame stays in the lane meanwhile: whoever is cancelled here loses nothing, a cut takes it away.
            await self._clock.sleep(wait_s)
        _wake(self._writer)
        return self.frames.popleft()[1]

    def _due(self) -> Instant:
        return Instant(0) if self._clock is None else shifted(self._clock.now(), self._latency_s)

    def end(self, reason: str) -> None:
        self.ended = self.ended or reason
        _wake(self._reader)
        _wake(self._writer)


def pipe(*, clock: Clock | None = None, latency_s: float = 0.0) -> tuple[PipeEnd, PipeEnd]:
    """Return two connected ends; with a ``clock`` every frame arrives ``latency_s`` seconds after it was sent."""
    there, back = _Lane(clock, latency_s), _Lane(clock, latency_s)
    return PipeEnd(there, back), PipeEnd(back, there)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
