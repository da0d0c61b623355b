"""Figures that a restart should not forget, as small JSON files written anew as a whole.

They are statistics over facts that are kept elsewhere, so they are written now and then and without sync: a crash costs
the last minutes of them. A full disk is counted and never raised; a damaged file is left out.
"""

import json
from pathlib import Path
from typing import Any


class FiguresFiles:
    """JSON files ``<name>.json`` of one directory, or of none: then nothing is kept."""

    def __init__(self, directory: Path | None) -> None:
        """The directory is made with the first file."""
        self._directory = directory
        self.dropped = 0
        """Files that could not be written."""

    def names(self) -> list[str]:
        """Return the names of the files that are there, in order."""
        if self._directory is None:
            return []
        return sorted(path.stem for path in self._directory.glob("*.json"))

    def read(self, name: str) -> Any:
        """Return what a file holds, ``None`` for one that is absent or can not be read."""
        if self._directory is None:
            return None
        try:
            return json.loads((self._directory / f"{name}.json").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def write(self, name: str, value: Any) -> None:
        """Replace a file; the former one stays whole until the new one is. Never raises ``OSError``."""
        if self._directory is None:
            return
        fresh = self._directory / f"{name}.json.new"
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(value, separators=(",", ":")), encoding="ascii")
            fresh.replace(self._directory / f"{name}.json")
        except OSError:
            self.dropped += 1

    def remove(self, name: str) -> None:
        """Remove a file; one that can not be removed stays."""
        if self._directory is not None:
            try:
                (self._directory / f"{name}.json").unlink(missing_ok=True)
            except OSError:
                self.dropped += 1
