"""Clocks on an event loop: real time, faster than real time, or virtual, all by the loop's own time."""

import asyncio
import time

from mobility.core.clock import Instant


class LoopClock:
    """Counts from ``start`` with the running event loop, ``speed`` times as fast.

    In a virtual-time loop it is exact and repeatable; in a real one it never jumps with the computer's clock.
    """

    def __init__(self, start: Instant, *, speed: float = 1.0, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Bind to ``loop`` (default: the running one); ``speed`` must be positive."""
        if speed <= 0:
            raise ValueError(f"speed {speed} would stop or turn back the clock")
        self._loop = loop or asyncio.get_running_loop()
        self._start = start
        self._started_s = self._loop.time()
        self.speed = speed

    def now(self) -> Instant:
        """Return the present instant of this clock."""
        return Instant(self._start + round((self._loop.time() - self._started_s) * self.speed * 1000))

    def skip_to(self, moment: Instant) -> None:
        """Go forward to ``moment`` at once; who sleeps now sleeps on as long as before. Raises for going back."""
        ahead_ms = moment - self.now()
        if ahead_ms < 0:
            raise ValueError(f"the clock would go back by {-ahead_ms} ms")
        self._start = Instant(self._start + ahead_ms)

    async def sleep(self, duration_s: float) -> None:
        """Wait ``duration_s`` seconds of this clock's time."""
        await asyncio.sleep(max(0.0, duration_s) / self.speed)


def system_instant() -> Instant:
    """Return the computer's present time; read once at start, a ``LoopClock`` counts on from there."""
    return Instant(time.time_ns() // 1_000_000)


class SystemClock:
    """The computer's clock, wherever it jumps: for what is agreed between computers, such as certificates."""

    def now(self) -> Instant:
        """Return the computer's present time."""
        return system_instant()

    async def sleep(self, duration_s: float) -> None:
        """Wait ``duration_s`` seconds."""
        await asyncio.sleep(max(0.0, duration_s))
