"""The vehicle's command counter on disk: it must outlive a restart, or old commands would count as new."""

import os
from pathlib import Path

from mobility.core.errors import BadInputError


class CounterFile:
    """One whole number in a file, replaced as a whole and synced."""

    def __init__(self, path: Path) -> None:
        """Keep the number in ``path``; its folder must exist."""
        self._path = path

    def read(self) -> int:
        """Return the number, 0 where there is no file; raises ``BadInputError`` for a file that holds none."""
        try:
            text = self._path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return 0
        except UnicodeDecodeError as error:
            raise BadInputError("holds no counter", source=str(self._path)) from error
        if not text.isdecimal():
            # Going on with 0 would take replayed commands.
            raise BadInputError("holds no counter", source=str(self._path))
        return int(text)

    def write(self, counter: int) -> None:
        """Return once the number is on disk; raises ``OSError`` when it can not be."""
        beside = self._path.with_name(self._path.name + ".new")
        with beside.open("w", encoding="ascii") as file:
            file.write(f"{counter}\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
