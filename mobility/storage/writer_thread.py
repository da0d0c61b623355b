"""A dedicated thread that takes everything waiting in its queue, works on it as one group, and reports to the loop.

The wait of a group is the work of the one before.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from mobility.core.errors import StorageError

Item = TypeVar("Item")

GROUP_ITEMS = 512
"""Most items in one group."""


class WriterThread(Generic[Item]):
    """Owns what ``work`` touches while it runs. ``work`` must not raise: faults travel inside its result."""

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Item]], Any],
        deliver: Callable[[Any], None],
        *,
        limit: int,
    ) -> None:
        """``deliver`` gets each result of ``work`` on the event loop, in order; ``limit`` items may wait."""
        self._work = work
        self._deliver = deliver
        self._queue: queue.Queue[Item | None] = queue.Queue(limit)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Future[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start working; results are delivered on ``loop``."""
        self._loop = loop
        self._ended = loop.create_future()
        self._thread.start()

    def put(self, item: Item) -> None:
        """Hand an item over; raises ``StorageError`` when too many wait already or the thread has died."""
        if not self._thread.is_alive():
            raise StorageError(f"the thread of the {self._thread.name} has ended")
        try:
            self._queue.put_nowait(item)
        except queue.Full as error:
            raise StorageError(f"{self._queue.maxsize} writes are waiting: try again later") from error

    async def stop(self) -> None:
        """Finish what waits, then end the thread."""
        while True:
            try:
                self._queue.put_nowait(None)
                break
            except queue.Full:
                await asyncio.sleep(0.001)
        if self._ended is not None:
            await self._ended
        self._thread.join()

    def _run(self) -> None:
        is_running = True
        while is_running:
            group = self._next_group()
            is_running = None not in group
            items = [item for item in group if item is not None]
            if items:
                self._tell(self._deliver, self._work(items))
        if self._ended is not None:
            self._tell(self._ended.set_result, None)

    def _next_group(self) -> list[Item | None]:
        group = [self._queue.get()]
        while len(group) < GROUP_ITEMS and group[-1] is not None:
            try:
                group.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return group

    def _tell(self, listener: Callable[[Any], None], result: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(listener, result)
