"""The telemetry log: frames appended to segments, one fdatasync for all that waits, acknowledged after it.

Threaded (``serve``, ``demo``): a dedicated thread writes and syncs. Inline (simulator): buffered, never synced.
"""

import asyncio
import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from crc32c import crc32c

from mobility.core.clock import Instant, datetime_at, instant
from mobility.core.errors import ReadOnlyError, StorageError
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.service_day import ServiceDay
from mobility.storage.database import WriterLock, sync_directory
from mobility.storage.segment_files import FORGOTTEN_NAME, SegmentFiles, day_folder, days, last_number, segments
from mobility.storage.segment_frame import FrameWriter, key_of, record_of
from mobility.storage.segment_scan import Finding, bodies, scan
from mobility.storage.segment_seal import (
    SEALING,
    index_sealed,
    index_table,
    read_sealed,
    sealed_sources,
    write_sealed,
)
from mobility.storage.sequence_index import SequenceIndex
from mobility.storage.writer_thread import WriterThread

MAX_WAITING = 16_384
"""Appends that may wait for the disk; one more is refused with ``StorageError`` and nothing is dropped."""

GATHER_S = 0.012
"""How far apart two syncs are to begin; with the sync itself a group is to take 20 ms at most."""

Received = dict[tuple[VehicleId, BootId], SequenceIndex]


def read_day(
    directory: Path, service_day: ServiceDay, *, damaged: Callable[[Finding], None] | None = None
) -> Iterator[TelemetryRecord]:
    """Yield a day's records, sealed or not, ordered by vehicle, event time and sequence number.

    A record belongs to the day whose local date its event time has. Damaged bytes raise ``CorruptionError``, or are
    told to ``damaged`` and left out; a torn tail was never acknowledged and is left out.
    """
    folder = day_folder(directory, service_day.date)
    done = set(sealed_sources(folder))
    fresh = [record_of(body) for path in segments(folder) if path.name not in done for body in bodies(path, damaged)]
    yield from heapq.merge(read_sealed(folder), sorted(fresh, key=_order), key=_order)


def seal_day(directory: Path, service_day: ServiceDay) -> Path | None:
    """Put a day's segments into its Parquet file and remove them; ``None`` where there is nothing to seal.

    The day's segments must be closed (``SegmentLog.seal`` sees to it). Raises ``CorruptionError`` at damage.
    """
    folder = day_folder(directory, service_day.date)
    with SEALING:
        sources = segments(folder)
        done = sealed_sources(folder)
        if any(path.name not in done for path in sources):
            records = list(read_day(directory, service_day))
            write_sealed(folder, records, [*done, *(path.name for path in sources if path.name not in done)])
        for path in sources:
            path.unlink()
        if sources:
            sync_directory(folder)
    sealed = folder / "samples.parquet"
    return sealed if sealed.is_file() else None


@dataclass(slots=True)
class _Append:
    """Frames on their way to disk, by day; or an order to close a day's segment."""

    frames: dict[date, list[bytes]]
    waiting: asyncio.Future[None]
    keys: list[tuple[VehicleId, BootId, int, int]] = field(default_factory=list)
    closing: date | None = None
    fault: OSError | None = None


class SegmentLog:
    """The ``TelemetryLog`` port. Open it, ``await start()``, and ``await stop()`` at the end."""

    def __init__(self, directory: Path, zone: str, lock: WriterLock, *, inline: bool) -> None:
        """Use ``SegmentLog.open``."""
        self._directory = directory
        self._lock = lock
        self._day_of = DayFinder(zone)
        self._frames = FrameWriter()
        self._received: Received = {}
        self.findings: tuple[Finding, ...] = tuple(_recover(directory, self._received))
        """Torn tails cut off and damage seen when the log was opened."""
        used = {day: _last_number(day_folder(directory, day)) for day in days(directory)}
        self._files = SegmentFiles(directory, used, is_durable=not inline)
        self._inline = inline
        self._thread: WriterThread[_Append] | None = None
        self._is_open = True
        self.is_read_only = False

    @classmethod
    def open(cls, directory: Path, *, zone: str, inline: bool = False) -> Self:
        """Open or create the log in ``directory``; days are those of ``zone``.

        Cuts torn tails off (kept beside as ``.torn``) and loads the index. Raises ``StorageError`` when another
        process writes here, ``CorruptionError`` for files that are no segments.
        """
        directory.mkdir(parents=True, exist_ok=True)
        lock = WriterLock(directory / "telemetry")
        try:
            return cls(directory, zone, lock, inline=inline)
        except BaseException:
            lock.release()
            raise

    @property
    def gather_s(self) -> float:
        """How far apart appends should begin, so that each sync is worth its processor time; 0 where none waits."""
        return 0.0 if self._inline else GATHER_S

    async def start(self) -> None:
        """Start the writing thread; nothing to do inline."""
        if not self._inline and self._thread is None:
            self._thread = WriterThread("telemetry", self._write_group, self._deliver, limit=MAX_WAITING)
            self._thread.start(asyncio.get_running_loop())

    async def stop(self) -> None:
        """Write what waits and close the files; idempotent."""
        if not self._is_open:
            return
        self._is_open = False
        if self._thread is not None:
            await self._thread.stop()
        with suppress(OSError):  # nothing unacknowledged is promised to anybody
            self._files.close()
        self._lock.release()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Stop."""
        await self.stop()

    async def append(self, records: Sequence[TelemetryRecord]) -> None:
        """Return once the records are on disk.

        Raises ``ReadOnlyError`` when they can not be, ``BadInputError`` (nothing is kept) for a record that fits no
        frame, ``StorageError`` when too many wait or the log is not running.
        """
        if self.is_read_only:
            raise ReadOnlyError("the telemetry log accepts nothing more: a write failed earlier")
        if self._inline and self._is_open:
            self._append_inline(records)
            return
        if self._thread is None or not self._is_open:
            raise StorageError("the telemetry log is not running")
        item = _Append({}, asyncio.get_running_loop().create_future())
        for record in records:
            item.frames.setdefault(self._day_of(record.event_time), []).append(self._frames.frame(record))
            sample = record.sample
            item.keys.append((sample.vehicle_id, sample.boot_id, sample.seq, crc32c(record.payload)))
        self._thread.put(item)
        await item.waiting

    def received(self) -> Mapping[tuple[VehicleId, BootId], Mapping[int, int]]:
        """Return what is kept, per vehicle and boot: sequence number to CRC32C of its payload; grows with appends."""
        return self._received

    async def seal(self, service_day: ServiceDay) -> Path | None:
        """Seal a day into Parquet while the log goes on; ``None`` where there is nothing to seal."""
        if self._thread is None:
            self._files.close_day(service_day.date)
            return seal_day(self._directory, service_day)
        item = _Append({}, asyncio.get_running_loop().create_future(), closing=service_day.date)
        self._thread.put(item)
        await item.waiting
        return await asyncio.to_thread(seal_day, self._directory, service_day)

    def _append_inline(self, records: Sequence[TelemetryRecord]) -> None:
        try:
            for record in records:
                frame = self._frames.frame(record)
                self._files.write(self._day_of(record.event_time), frame)
                sample = record.sample
                self._index(sample.vehicle_id, sample.boot_id, sample.seq, crc32c(record.payload))
        except OSError as error:
            self.is_read_only = True
            raise ReadOnlyError(f"telemetry can not be written: {error}") from error

    def _index(self, vehicle: VehicleId, boot: BootId, seq: int, checksum: int) -> None:
        index = self._received.get((vehicle, boot))
        if index is None:
            index = self._received[vehicle, boot] = SequenceIndex()
        index.add(seq, checksum)

    def _write_group(self, items: Sequence[_Append]) -> Sequence[_Append]:
        """Write all frames and sync once for each file; runs in the thread."""
        try:
            self._write_all(items)
        except OSError as error:
            self.is_read_only = True
            for item in items:
                item.fault = error
        return items

    def _write_all(self, items: Sequence[_Append]) -> None:
        if self.is_read_only:
            raise OSError("a write failed earlier")
        frames: dict[date, list[bytes]] = {}
        for item in items:
            for day, mine in item.frames.items():
                frames.setdefault(day, []).extend(mine)
        for day, of_day in frames.items():
            self._files.write(day, b"".join(of_day))
        self._files.sync(set(frames))
        for item in items:
            if item.closing is not None:
                self._files.close_day(item.closing)

    def _deliver(self, items: Sequence[_Append]) -> None:
        for item in items:
            if item.fault is None:
                for key in item.keys:
                    self._index(*key)
            if item.waiting.done():
                continue
            if item.fault is None:
                item.waiting.set_result(None)
            else:
                item.waiting.set_exception(ReadOnlyError(f"telemetry can not be written: {item.fault}"))


class DayFinder:
    """Tells the local date of an instant; remembers the day it was asked about last."""

    def __init__(self, zone: str) -> None:
        """``zone`` is an IANA name."""
        self._zone = ZoneInfo(zone)
        self._day = date.min
        self._starts = self._ends = Instant(0)

    def __call__(self, moment: Instant) -> date:
        """Return the date of ``moment`` in the zone."""
        if not self._starts <= moment < self._ends:
            self._day = datetime_at(moment, self._zone).date()
            following = self._day + timedelta(days=1)
            self._starts, self._ends = self._midnight(self._day), self._midnight(following)
        return self._day

    def _midnight(self, day: date) -> Instant:
        return instant(datetime(day.year, day.month, day.day, tzinfo=self._zone))


def _order(record: TelemetryRecord) -> tuple[str, int, int]:
    return record.sample.vehicle_id, record.event_time, record.sample.seq


def _last_number(folder: Path) -> int:
    return last_number([*(path.name for path in segments(folder)), *sealed_sources(folder)])


def _recover(directory: Path, received: Received) -> Iterator[Finding]:
    for day in days(directory):
        folder = day_folder(directory, day)
        done = set(sealed_sources(folder))
        index_sealed(folder, received)
        index_table(folder / FORGOTTEN_NAME, received)
        for path in segments(folder):
            if path.name not in done:
                yield from _recover_segment(path, received)


def _recover_segment(path: Path, received: Received) -> Iterator[Finding]:
    data = path.read_bytes()
    for found in scan(data, path):
        if isinstance(found, bytes):
            vehicle, boot, seq, checksum = key_of(found)
            received.setdefault((vehicle, boot), SequenceIndex()).add(seq, checksum)
            continue
        if found.kind == "torn":
            path.with_suffix(".torn").write_bytes(data[found.offset :])
            with path.open("r+b") as file:
                file.truncate(found.offset)
        yield found
