"""A clock on the event loop's own time."""

import asyncio

from mobility.core.clock import Instant, shifted


class LiveClock:
    """Starts at an instant when the loop is at ``loop.time()`` now."""

    def __init__(self, start: Instant) -> None:
        self._start = start
        self._loop = asyncio.get_running_loop()
        self._since_s = self._loop.time()

    def now(self) -> Instant:
        return shifted(self._start, self._loop.time() - self._since_s)

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)
