"""A vehicle's frames over a pair of topics as a frame stream, for either end.

Whoever reads the broker puts frames in; what is sent goes out through the link. Frames that were put in before the
end are still received after it.
"""

from collections import deque
from collections.abc import Awaitable, Callable

from mobility.core.errors import StreamClosedError
from v2x.edge.mqtt_link import MqttLink
from v2x.edge.wake import Wake

MOST_WAITING = 1024
"""Frames that may wait to be received. The broker's window is far below; only a broker without one exceeds it."""


class TopicStream:
    """Passes the contract of ``mobility.core.ports.FrameStream`` (text frames: MQTT 5 only)."""

    def __init__(
        self,
        link: MqttLink,
        topic: str,
        *,
        done: Callable[[int], None],
        leave: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Send to ``topic``; ``done`` is told the packet identifier of each frame that is done with.

        ``leave`` is awaited once, when this end closes.
        """
        self._link = link
        self._topic = topic
        self._done = done
        self._leave = leave
        self._inbox: deque[tuple[bytes | str, int]] = deque()
        self._unsettled: deque[int] = deque()
        self._arrived = Wake()
        self._is_ended = False
        self._has_left = False
        self.traceparent = ""
        """Newest trace context the other end gave; goes out with every frame."""

    @property
    def is_ended(self) -> bool:
        """Whether the stream takes and sends nothing more."""
        return self._is_ended

    def put(self, frame: bytes | str, mid: int) -> bool:
        """Let ``frame`` be received; return whether there was room."""
        if self._is_ended or len(self._inbox) >= MOST_WAITING:
            return False
        self._inbox.append((frame, mid))
        self._arrived.set()
        return True

    def end(self) -> None:
        """Take and send nothing more: the other end is gone, or was replaced."""
        self._is_ended = True
        self._arrived.set()

    async def receive(self) -> bytes | str:
        """Return the next frame; raises ``StreamClosedError`` at the end."""
        while not self._inbox:
            if self._is_ended:
                raise StreamClosedError("the far end is gone")
            await self._arrived.wait()
        frame, mid = self._inbox.popleft()
        self._unsettled.append(mid)
        return frame

    async def send(self, frame: bytes | str) -> None:
        """Publish a frame; raises ``StreamClosedError`` when the link or the far end is gone."""
        if self._is_ended:
            raise StreamClosedError("the far end is gone")
        is_text = isinstance(frame, str)
        payload = frame.encode() if isinstance(frame, str) else frame
        try:
            await self._link.send(self._topic, payload, is_text=is_text, traceparent=self.traceparent)
        except StreamClosedError:
            self.end()
            raise

    async def close(self, reason: str = "") -> None:
        """End the stream; idempotent. The reason is the session's to tell, in its Goodbye."""
        del reason
        self.end()
        if self._leave is not None and not self._has_left:
            self._has_left = True
            await self._leave()

    def settled(self, count: int) -> None:
        """Take the word that the ``count`` oldest frames received, and not settled before, are done with."""
        for _ in range(min(count, len(self._unsettled))):
            self._done(self._unsettled.popleft())

    def settle_all(self) -> None:
        """Be done with every frame, received or not: the far end keeps what was not acknowledged in its own words."""
        self.settled(len(self._unsettled))
        while self._inbox:
            self._done(self._inbox.popleft()[1])
