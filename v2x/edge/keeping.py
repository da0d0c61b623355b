"""Making durable what all connections bring: in groups, one after the other, each with one wait for the disk.

Whatever comes while a group is written makes up the next one. No task of a connection takes part: one that is
cancelled takes nothing with it that others brought, and a fleet costs no more wake-ups than a single vehicle.
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from mobility.core.clock import Clock, Instant
from mobility.core.errors import ReadOnlyError, StorageError
from mobility.core.ports import TelemetryLog, TelemetryRecord
from v2x.pressure import Pressure

MOST_RECORDS = 2048
"""A group is closed by the connection that fills it: encoding more at a stretch would keep everybody else waiting."""


class Bringer(Protocol):
    """A connection, as far as what it brought is concerned. Each record is settled by one of the last three."""

    def taken(self) -> None:
        """Hear that all it brought so far is on its way to disk."""
        ...

    def kept(self, records: Sequence[TelemetryRecord], now: Instant) -> None:
        """Hear that records are durable."""
        ...

    def not_kept(self, records: Sequence[TelemetryRecord], now: Instant) -> None:
        """Hear that records could not be kept this time; they may be brought again."""
        ...

    def dropped(self, records: Sequence[TelemetryRecord]) -> None:
        """Hear that records are given up for good: the disk takes nothing any more."""
        ...

    def fail(self, error: BaseException) -> None:
        """Hear that something broke that has no business to; the connection is to end with it."""
        ...


class _Part:
    """What one connection has in a group."""

    __slots__ = ("records", "since", "size_bytes")

    def __init__(self, since: Instant) -> None:
        self.records: list[TelemetryRecord] = []
        self.size_bytes = 0
        self.since = since


_Group = dict[Bringer, _Part]


class Keeping:
    """One for a gateway; only used on its event loop."""

    def __init__(
        self,
        log: TelemetryLog,
        clock: Clock,
        pressure: Pressure,
        *,
        on_read_only: Callable[[], None],
        gather_s: float = 0.0,
    ) -> None:
        """Append to ``log``; two groups begin at least ``gather_s`` seconds of real time apart.

        The first record after a pause never waits for others. ``on_read_only`` hears that the log has failed for good.
        """
        self._log = log
        self._clock = clock
        self._pressure = pressure
        self._on_read_only = on_read_only
        self._gather_s = gather_s
        self._open: _Group = {}
        self._is_due = False
        self._begun_s = -math.inf
        self._oldest = Instant(0)
        self._writing: asyncio.Task[None] | None = None

    def put(self, bringer: Bringer, records: Sequence[TelemetryRecord], size_bytes: int, now: Instant) -> None:
        """Keep records that came at ``now`` in a frame of ``size_bytes``."""
        part = self._open.get(bringer)
        if part is None:
            part = self._open[bringer] = _Part(now)
        part.records.extend(records)
        part.size_bytes += size_bytes
        # A disk that takes long is noticed before it is done.
        lag_ms = now - self._oldest if self._writing is not None else 0
        self._pressure.taken(len(records), size_bytes, lag_ms)
        if self._writing is None and not self._is_due:
            self._plan()

    def drop_open(self) -> None:
        """Give up what is not yet on its way to disk."""
        group, self._open = self._open, {}
        self._weigh(group)
        for bringer, part in group.items():
            bringer.taken()
            bringer.dropped(part.records)

    def _plan(self) -> None:
        # The loop's own time: it is the disk that is spared, whatever time the gateway's clock tells.
        loop = asyncio.get_running_loop()
        rest_s = self._begun_s + self._gather_s - loop.time()
        self._is_due = True
        if rest_s > 0:
            loop.call_later(rest_s, self._begin)
        else:
            loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._is_due = False
        group = self._closed()
        if not group:
            return
        loop = asyncio.get_running_loop()
        self._begun_s = loop.time()
        self._oldest = min(part.since for part in group.values())
        self._writing = loop.create_task(self._write(group))
        self._writing.add_done_callback(partial(self._ended, group))

    def _closed(self) -> _Group:
        group: _Group = {}
        size = 0
        while self._open and size < MOST_RECORDS:
            bringer = next(iter(self._open))
            group[bringer] = part = self._open.pop(bringer)
            size += len(part.records)
            bringer.taken()
        return group

    async def _write(self, group: Mapping[Bringer, _Part]) -> None:
        try:
            await self._log.append([record for part in group.values() for record in part.records])
        except ReadOnlyError:
            self._weigh(group)
            for bringer, part in group.items():
                bringer.dropped(part.records)
            self._on_read_only()
            return
        except StorageError:
            now = self._weigh(group)
            for bringer, part in group.items():
                bringer.not_kept(part.records, now)
            return
        now = self._weigh(group)
        for bringer, part in group.items():
            bringer.kept(part.records, now)

    def _weigh(self, group: Mapping[Bringer, _Part]) -> Instant:
        now = self._clock.now()
        samples = size_bytes = lag_ms = 0
        for part in group.values():
            samples += len(part.records)
            size_bytes += part.size_bytes
            lag_ms = max(lag_ms, now - part.since)
        self._pressure.settled(samples, size_bytes, lag_ms)
        return now

    def _ended(self, group: Mapping[Bringer, _Part], writing: asyncio.Task[None]) -> None:
        self._writing = None
        error = None if writing.cancelled() else writing.exception()
        if error is not None:
            for bringer in group:
                bringer.fail(error)
        if self._open and not writing.cancelled():
            self._plan()
