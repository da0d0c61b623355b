"""A short stretch of one vehicle's telemetry, found without decoding the day: unsealed segments are peeked into.

Of a frame outside the window only length and event time are read; those inside are checked and decoded. Where the
frames do not chain to the end of the file, it is read again with every checksum checked.
"""

import asyncio
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from crc32c import crc32c

from mobility.core.clock import Instant, datetime_at
from mobility.core.errors import CorruptionError
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.storage.segment_files import SEALED_NAME, day_folder, segments
from mobility.storage.segment_frame import HEADER, MAGIC, MAX_BODY_BYTES, key_of, record_of
from mobility.storage.segment_scan import MIN_BODY_BYTES, bodies, scan
from mobility.storage.segment_seal import record_of_row, sealed_sources

_PEEK = struct.Struct("<I12xq")
"""Body length and, behind checksum and time of receipt, the event time: the first 24 bytes of a frame."""
_TORN_BYTES = 1 << 16
"""A tail that is no whole frame is taken for one that is being written up to this length."""


def read_window(
    directory: Path, zone: str, vehicle_id: VehicleId, first: Instant, last: Instant
) -> list[TelemetryRecord]:
    """Return a vehicle's records with ``first`` <= event time <= ``last``, ordered by event time, boot and sequence.

    ``directory`` is that of the telemetry log, whose days are those of ``zone``. Damaged frames are left out. Raises
    ``CorruptionError`` for files that are no segments.
    """
    found: list[TelemetryRecord] = []
    for day in _days(zone, first, last):
        folder = day_folder(directory, day)
        if not folder.is_dir():
            continue
        done = set(sealed_sources(folder))
        found.extend(_sealed(folder, vehicle_id, first, last))
        for path in segments(folder):
            if path.name not in done:
                found.extend(_unsealed(path, vehicle_id, first, last))
    return sorted(found, key=_order)


class SegmentWindows:
    """The ``TelemetryWindows`` port over the files of a telemetry log."""

    def __init__(self, directory: Path, zone: str, *, inline: bool = False) -> None:
        """Read in a thread, or in the caller (``inline``: virtual time; what the log still buffers is not seen)."""
        self._directory = directory
        self._zone = zone
        self._inline = inline

    async def read(self, vehicle_id: VehicleId, first: Instant, last: Instant) -> Sequence[TelemetryRecord]:
        """Return the records of the window in order."""
        if self._inline:
            return read_window(self._directory, self._zone, vehicle_id, first, last)
        return await asyncio.to_thread(read_window, self._directory, self._zone, vehicle_id, first, last)


def _days(zone: str, first: Instant, last: Instant) -> Iterator[date]:
    local = ZoneInfo(zone)
    day, end = datetime_at(first, local).date(), datetime_at(last, local).date()
    while day <= end:
        yield day
        day += timedelta(days=1)


def _unsealed(path: Path, vehicle_id: VehicleId, first: Instant, last: Instant) -> list[TelemetryRecord]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []  # sealed a moment ago
    found = _peeked(data, first, last)
    if found is None:
        found = list(bodies(path, damaged=lambda _: None))
    records = (record_of(body) for body in found if key_of(body)[0] == vehicle_id)
    return [record for record in records if first <= record.event_time <= last]


def _peeked(data: bytes, first: Instant, last: Instant) -> list[bytes] | None:
    """Return the bodies of frames in the window, ``None`` where the file has to be read with care."""
    if not data.startswith(MAGIC):
        return None
    found: list[bytes] = []
    peek, header = _PEEK.unpack_from, HEADER.size
    at, before, end = len(MAGIC), -1, len(data) - _PEEK.size
    while at <= end:
        length, event_time = peek(data, at)
        if not MIN_BODY_BYTES <= length <= MAX_BODY_BYTES:
            return None
        following = at + header + length
        if following > len(data):
            break
        if first <= event_time <= last:
            if not _is_whole(data, at):
                return None
            found.append(data[at + header : following])
        before, at = at, following
    # The chain of lengths held where its last link is whole and nothing but a frame being written follows.
    has_held = before < 0 or _is_whole(data, before)
    return found if has_held and _is_torn(data[at : at + _TORN_BYTES + 1]) else None


def _is_torn(tail: bytes) -> bool:
    if len(tail) > _TORN_BYTES:
        return False
    return not any(isinstance(part, bytes) for part in scan(MAGIC + tail, Path("tail")))


def _is_whole(data: bytes, at: int) -> bool:
    length, checksum = HEADER.unpack_from(data, at)
    return bool(crc32c(memoryview(data)[at + HEADER.size : at + HEADER.size + length]) == checksum)


def _sealed(folder: Path, vehicle_id: VehicleId, first: Instant, last: Instant) -> list[TelemetryRecord]:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and the server starts without it
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and the server starts without it

    path = folder / SEALED_NAME
    if not path.is_file():
        return []
    moments = [pa.scalar(datetime_at(moment, UTC), pa.timestamp("ms", tz="UTC")) for moment in (first, last)]
    # The file is sorted by vehicle and time: statistics leave a row group or two to be read.
    wanted = [("vehicle_id", "==", vehicle_id), ("event_time", ">=", moments[0]), ("event_time", "<=", moments[1])]
    try:
        rows = pq.read_table(path, filters=wanted, partitioning=None).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise CorruptionError(f"{path.parent.name}/{path.name} is damaged: {error}") from error
    return [record_of_row(row) for row in rows]


def _order(record: TelemetryRecord) -> tuple[int, str, int]:
    return record.event_time, record.sample.boot_id, record.sample.seq
