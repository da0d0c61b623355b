"""How much a link carries: what came in the last minute, and what came when it was full.

A vehicle's routine fills no link, so its bytes say little about bandwidth. When a backlog drains, frames arrive back to
back: the bytes of such a burst over its time are what the link, TLS and our own acknowledgements let through. It is a
lower bound of the bandwidth, of the payload alone.
"""

from collections import deque

from mobility.core.clock import Instant

_WINDOW_MS = 60_000
_STEP_MS = 1000
_PAUSE_MS = 200
"""A longer pause ends a burst."""
_BURST_BYTES = 50_000
_BURST_MS = 200
"""What is smaller or shorter than these is no burst: it may have been waiting in one buffer."""


class Flow:
    """Bytes of one vehicle as they arrive."""

    __slots__ = ("_burst_at", "_burst_bytes", "_bytes", "_last_at", "_steps", "burst_kbps")

    def __init__(self) -> None:
        """Begin without any byte."""
        self._steps: deque[list[int]] = deque()
        self._bytes = 0
        self._burst_at = self._last_at = Instant(0)
        self._burst_bytes = 0
        self.burst_kbps: int | None = None
        """Of the newest burst, kbit/s; ``None`` before the first."""

    def take(self, size_bytes: int, now: Instant) -> None:
        """Take a frame that arrived."""
        steps = self._steps
        step = now // _STEP_MS
        if steps and steps[-1][0] == step:
            steps[-1][1] += size_bytes
        else:
            steps.append([step, size_bytes])
            self._forget(now)
        self._bytes += size_bytes
        if now - self._last_at > _PAUSE_MS:
            # The first frame of a burst was sent before it began to be timed.
            self._burst_at, self._burst_bytes = now, 0
        else:
            self._burst_bytes += size_bytes
            duration_ms = now - self._burst_at
            if duration_ms >= _BURST_MS and self._burst_bytes >= _BURST_BYTES:
                self.burst_kbps = self._burst_bytes * 8 // duration_ms
        self._last_at = now

    def throughput_kbps(self, now: Instant) -> float:  # a rate of the last minute, kbit/s
        """Return the mean of the last 60 s, kbit/s."""
        self._forget(now)
        return self._bytes * 8 / _WINDOW_MS

    def _forget(self, now: Instant) -> None:
        oldest = (now - _WINDOW_MS) // _STEP_MS
        while self._steps and self._steps[0][0] <= oldest:
            self._bytes -= self._steps.popleft()[1]
