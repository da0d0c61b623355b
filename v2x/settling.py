"""Which frames of a stream are done with: their records are durable, or there was nothing to keep."""

from collections import deque
from collections.abc import Callable


class Settling:
    """Counts frames and records in the order they came; a frame is never done with before an older one."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        """``tell(n)`` hears that the ``n`` oldest frames not told of yet are done with."""
        self._tell = tell
        self._taken = 0
        self._durable = 0
        self._marks: deque[int] = deque()

    def frame(self, records: int) -> None:
        """Count a frame that brought so many records to keep."""
        self._taken += records
        self._marks.append(self._taken)
        self._settle()

    def durable(self, records: int) -> None:
        """Count records that are durable, the oldest first."""
        self._durable += records
        self._settle()

    def _settle(self) -> None:
        # A frame without records, such as a duplicate, waits for those before it: they may be what it repeats.
        done = 0
        while self._marks and self._marks[0] <= self._durable:
            self._marks.popleft()
            done += 1
        if done:
            self._tell(done)
