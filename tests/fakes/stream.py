"""Two ends of a connection in memory."""

import asyncio

from mobility.core.errors import StreamClosedError


class MemoryStream:
    """One end; what is sent here is received at ``other``. A cut stream loses what is under way."""

    def __init__(self) -> None:
        self.other: MemoryStream = self
        self._inbox: asyncio.Queue[bytes | str | None] = asyncio.Queue()
        self.is_closed = False

    async def receive(self) -> bytes | str:
        frame = await self._inbox.get() if not (self.is_closed and self._inbox.empty()) else None
        if frame is None:
            raise StreamClosedError("closed")
        return frame

    async def send(self, frame: bytes | str) -> None:
        if self.is_closed:
            raise StreamClosedError("closed")
        self.other._inbox.put_nowait(frame)

    async def close(self, reason: str = "") -> None:
        for end in (self, self.other):
            if not end.is_closed:
                end.is_closed = True
                end._inbox.put_nowait(None)


def stream_pair() -> tuple[MemoryStream, MemoryStream]:
    """Return two connected ends."""
    left, right = MemoryStream(), MemoryStream()
    left.other, right.other = right, left
    return left, right
