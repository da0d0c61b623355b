"""Sealing: every service day's telemetry becomes one Parquet file once no late sample is expected any more."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Protocol

from mobility.core.clock import Clock
from mobility.core.service_day import ServiceDay, service_day_of

KEEP_OPEN_DAYS = 2
"""A vehicle may deliver for so long what it kept through a radio gap; a later sample opens a new segment."""
_LOOK_EVERY_S = 3600.0


class SealsDays(Protocol):
    """What keeps telemetry by service day."""

    def seal(self, day: ServiceDay) -> Awaitable[Path | None]:
        """Put a day's segments into its Parquet file; nothing where there is nothing to seal."""
        ...


class Archive:
    """Seals each day once it is two days old, looking back a week: a server that stood still catches up."""

    def __init__(self, telemetry: SealsDays, clock: Clock, zone: str) -> None:
        """Days are those of ``zone``."""
        self._telemetry = telemetry
        self._clock = clock
        self._zone = zone

    async def run(self) -> None:
        """Look every hour, until cancelled. Raises ``CorruptionError`` at damaged segments, which stay as they are."""
        sealed: ServiceDay | None = None
        while True:
            due = service_day_of(self._clock.now(), self._zone).plus(-KEEP_OPEN_DAYS)
            if due != sealed:
                for days in range(7, -1, -1):
                    await self._telemetry.seal(due.plus(-days))
                sealed = due
            await self._clock.sleep(_LOOK_EVERY_S)
