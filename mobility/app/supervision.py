"""Work beside the readers' service: a fault of storage is told and the work begun anew; boards and feeds go on."""

from collections.abc import Awaitable, Callable

import structlog

from mobility.core.clock import Clock
from mobility.core.errors import StorageError

AGAIN_S = 60.0
"""Wait before work that failed is begun anew."""

_log = structlog.get_logger()


class Supervision:
    """Keeps work going through faults that a full or failing disk causes; any other fault ends the process."""

    def __init__(self, clock: Clock) -> None:
        """Wait by ``clock``."""
        self._clock = clock
        self.faults = 0
        """How often work had to be begun anew."""

    async def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` until it ends by itself or is cancelled; after a ``StorageError`` or ``OSError`` once more."""
        while True:
            failed: str | None = None
            try:
                await work()
            except* (StorageError, OSError) as group:
                failed = _first(group)
            if failed is None:
                return
            self.faults += 1
            _log.warning("background work failed", work=name, fault=failed)
            await self._clock.sleep(AGAIN_S)


def _first(group: BaseExceptionGroup[BaseException]) -> str:
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return f"{type(first).__name__}: {first}"
