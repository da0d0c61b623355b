"""Waking one waiting task: lighter than an event, for the path that every sample takes."""

import asyncio


class Wake:
    """A flag with at most one waiter, who lowers it."""

    __slots__ = ("_is_raised", "_waiter")

    def __init__(self) -> None:
        """Start lowered."""
        self._is_raised = False
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        """Wake the waiter, or let the next one pass at once."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        else:
            self._is_raised = True

    async def wait(self) -> None:
        """Return when the flag is raised, and lower it."""
        if not self._is_raised:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._is_raised = False
