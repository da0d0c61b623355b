"""Plain records, one JSON object a line and one file a day (UTC): kept for inspection, not needed to run.

Written without sync; a lost tail costs a record, never an acknowledged fact. A full disk is counted, never raised.
"""

import json
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import TextIO

from mobility.core.clock import Clock, datetime_at


class DayLines:
    """Appends to ``<directory>/<YYYY-MM-DD>.jsonl`` until a day's file holds ``max_bytes``."""

    def __init__(self, directory: Path, clock: Clock, *, max_bytes: int = 64 * 1024 * 1024) -> None:
        """The directory is made at the first record."""
        self._directory = directory
        self._clock = clock
        self._max_bytes = max_bytes
        self._day = ""
        self._file: TextIO | None = None
        self._size_bytes = 0
        self.dropped = 0
        """Records not kept, because the day's file is full or could not be written."""

    def append(self, record: Mapping[str, str | int | float | None]) -> None:
        """Write one record with the present time under ``at``. Returns at once and never raises ``OSError``."""
        now = datetime_at(self._clock.now(), UTC)
        line = json.dumps({"at": now.isoformat(), **record}, ensure_ascii=True, separators=(",", ":")) + "\n"
        try:
            file = self._opened(f"{now:%Y-%m-%d}")
            if self._size_bytes + len(line) > self._max_bytes:
                self.dropped += 1
                return
            file.write(line)
            self._size_bytes += len(line)
        except OSError:
            self.dropped += 1

    def close(self) -> None:
        """Write what is buffered and close the file; idempotent."""
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError:
            self.dropped += 1
        self._file = None

    def _opened(self, day: str) -> TextIO:
        if self._file is None or day != self._day:
            self.close()
            self._directory.mkdir(parents=True, exist_ok=True)
            path = self._directory / f"{day}.jsonl"
            # Line by line: what somebody looks for after a crash must not lie in a buffer.
            self._file = path.open("a", encoding="ascii", buffering=1)
            self._day, self._size_bytes = day, path.stat().st_size
        return self._file
