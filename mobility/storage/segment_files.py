"""Where segments lie on disk, and appending to them: one open file for each day written to, never reopened.

``<directory>/YYYY-MM-DD/000001.seg``: a new file for each run of the process and each 64 MiB; sealed into
``samples.parquet`` of the same folder. Numbers of segments are never used twice.
"""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from mobility.core.errors import CorruptionError
from mobility.storage.database import sync_directory
from mobility.storage.segment_frame import MAGIC

SEALED_NAME = "samples.parquet"
"""The sealed file of a day."""

FORGOTTEN_NAME = "forgotten.parquet"
"""Sequence numbers and checksums of samples that retention has deleted: a repetition is still known as one."""

ROTATE_BYTES = 64 * 1024 * 1024
"""Size at which a new segment is begun."""

MOST_OPEN = 16
"""Days written to at once; a vehicle whose clock is astray must not use up the files a process may have open."""

_SEGMENT = re.compile(r"(\d{6,})\.seg")
_BUFFER_BYTES = 1 << 20


def day_folder(directory: Path, day: date) -> Path:
    """Return the folder of a service day's telemetry."""
    return directory / day.isoformat()


def days(directory: Path) -> Iterator[date]:
    """Yield the days that have a folder, in order; other folders are not ours and left alone."""
    names = sorted(path.name for path in directory.iterdir() if path.is_dir()) if directory.is_dir() else []
    for name in names:
        try:
            yield date.fromisoformat(name)
        except ValueError:
            continue


def segments(folder: Path) -> list[Path]:
    """Return the segment files of a day in the order of their numbers."""
    numbered = [(_number(path), path) for path in folder.glob("*.seg")]
    return [path for _, path in sorted(numbered)]


class SegmentFiles:
    """The open segments of a writer, one for each day. Raises ``OSError`` as the disk gives it."""

    def __init__(self, directory: Path, used: Mapping[date, int], *, is_durable: bool) -> None:
        """``used`` holds the highest number ever used on each day; without ``is_durable`` writes are buffered."""
        self._directory = directory
        self._used = dict(used)
        self._is_durable = is_durable
        self._open: dict[date, BinaryIO] = {}

    def write(self, day: date, data: bytes) -> None:
        """Append whole frames to the day's segment."""
        file = self._open.pop(day, None)
        if file is None:
            self._make_room()
            file = self._begin(day)
        self._open[day] = file  # the last one is the one used last
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]

    def sync(self, written: set[date]) -> None:
        """Make the days' frames durable; starts new segments where the open ones are full."""
        for day in sorted(written):
            file = self._open.get(day)
            if file is None:
                continue  # closed to make room, and synced before
            os.fdatasync(file.fileno())
            if file.tell() >= ROTATE_BYTES:
                self.close_day(day)

    def close_day(self, day: date) -> None:
        """Close the day's segment, so that it may be sealed; the next write begins another."""
        file = self._open.pop(day, None)
        if file is not None:
            file.close()

    def close(self) -> None:
        """Close all."""
        for day in list(self._open):
            self.close_day(day)

    def _make_room(self) -> None:
        while len(self._open) >= MOST_OPEN:
            day = next(iter(self._open))
            if self._is_durable:
                os.fdatasync(self._open[day].fileno())
            self.close_day(day)

    def _begin(self, day: date) -> BinaryIO:
        folder = day_folder(self._directory, day)
        is_new = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        self._used[day] = self._used.get(day, 0) + 1
        path = folder / f"{self._used[day]:06d}.seg"
        if self._is_durable:
            file: BinaryIO = FileIO(path, "xb")
            sync_directory(folder)
            if is_new:
                sync_directory(self._directory)
        else:
            file = path.open("xb", buffering=_BUFFER_BYTES)
        self._open[day] = file
        file.write(MAGIC)
        return file


def _number(path: Path) -> int:
    match = _SEGMENT.fullmatch(path.name)
    if match is None:
        raise CorruptionError(f"{path.name} is no segment's name")
    return int(match[1])


def last_number(names: list[str]) -> int:
    """Return the highest number among segment names, 0 for none; raises ``CorruptionError`` for a foreign name."""
    return max((_number(Path(name)) for name in names), default=0)
