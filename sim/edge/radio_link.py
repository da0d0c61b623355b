"""A vehicle's radio: passes frames where there is coverage, breaks the connection where there is none."""

from collections.abc import Awaitable, Callable

from mobility.core.clock import Clock
from mobility.core.errors import StreamClosedError
from mobility.core.ports import FrameStream

_NO_NETWORK = "no network here"


class RadioLink:
    """Stands between a vehicle client and the gateway. ``connect`` is what the client calls to open a connection."""

    def __init__(self, connect: Callable[[], Awaitable[FrameStream]], *, clock: Clock, latency_s: float = 0.0) -> None:
        """Open real connections with ``connect``; every frame towards the gateway takes ``latency_s``."""
        self._connect = connect
        self._clock = clock
        self._latency_s = latency_s
        self._stream: _RadioStream | None = None
        self.is_covered = True
        self.is_on = False
        """Whether the vehicle's computer was ever switched on; before, nobody connects."""
        self.losses = 0
        """How often coverage was lost."""

    async def connect(self) -> FrameStream:
        """Open a connection; raises ``StreamClosedError`` in a gap, or while nobody is switched on."""
        if not self.is_covered or not self.is_on:
            raise StreamClosedError(_NO_NETWORK)
        self._stream = _RadioStream(await self._connect(), self._clock, self._latency_s)
        if not self.is_covered:
            await self._stream.lose()
            raise StreamClosedError(_NO_NETWORK)
        return self._stream

    async def cover(self, is_covered: bool) -> None:
        """Tell whether there is coverage from now on."""
        if is_covered == self.is_covered:
            return
        self.is_covered = is_covered
        if not is_covered:
            self.losses += 1
            if self._stream is not None:
                await self._stream.lose()


class _RadioStream:
    """A connection that can be lost: what was under way then arrives on neither side."""

    def __init__(self, inner: FrameStream, clock: Clock, latency_s: float) -> None:
        self._inner = inner
        self._clock = clock
        self._latency_s = latency_s
        self._is_lost = False

    async def receive(self) -> bytes | str:
        frame = await self._inner.receive()
        self._check()
        return frame

    async def send(self, frame: bytes | str) -> None:
        self._check()
        if self._latency_s > 0:
            await self._clock.sleep(self._latency_s)
            self._check()
        await self._inner.send(frame)

    async def close(self, reason: str = "") -> None:
        await self._inner.close(reason)

    async def lose(self) -> None:
        self._is_lost = True
        await self._inner.close(_NO_NETWORK)

    def _check(self) -> None:
        if self._is_lost:
            raise StreamClosedError(_NO_NETWORK)
