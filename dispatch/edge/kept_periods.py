"""Volunteers' wishes on disk: one file a period, readable for its owner only, outside the ledger to be erasable."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from dispatch.roster.kept_period import period_kept, period_text, without
from dispatch.roster.period import Period
from dispatch.roster.period_file import Text
from mobility.core.errors import BadInputError, CorruptionError, ReadOnlyError
from mobility.core.ids import DriverRef, ServiceAreaId

_ENDING = ".json"
_DAMAGED = ".damaged"


class FilePeriods:
    """Periods that outlast the process. Each call reads or writes the disk: meant for a thread.

    A file is replaced as a whole or not at all. One that can not be read is never overwritten or taken for an absent
    one: reading raises ``CorruptionError`` with its name and fault, and putting the period anew sets it aside as
    ``*.damaged``. Nobody but the owner may read the folder.
    """

    def __init__(self, folder: Path) -> None:
        """Keep files in ``folder``, which is made with the first of them."""
        self._folder = folder

    def get(self, area_id: ServiceAreaId, first: date) -> Period | None:
        """Return a period; raises ``CorruptionError`` for a damaged file."""
        return _read(self._path(area_id, first))

    def put(self, period: Period) -> None:
        """Keep a period durably; raises ``ReadOnlyError`` where the disk takes nothing more."""
        path = self._path(period.area_id, period.first)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _set_aside(path)
            _replace(path, period_text(period))
        except OSError as error:
            raise ReadOnlyError(f"{path.name} can not be written: {error.strerror}") from error

    def erase(self, area_id: ServiceAreaId, first: date) -> bool:
        """Delete a period, with what was set aside of it; return whether there was anything."""
        path = self._path(area_id, first)
        found = [each for each in (path, *self._folder.glob(f"{path.name}{_DAMAGED}*")) if each.exists()]
        for each in found:
            each.unlink(missing_ok=True)
        if found:
            _sync(self._folder)
        return bool(found)

    def forget(self, driver: DriverRef) -> int:
        """Delete what one volunteer said from every period; return from how many. Raises ``CorruptionError``."""
        known = [period for period in self._all() if any(each.driver == driver for each in period.volunteers)]
        for period in known:
            self.put(without(period, driver))
        return len(known)

    def _all(self) -> Iterator[Period]:
        for path in sorted(self._folder.glob(f"*{_ENDING}")):
            period = _read(path)
            if period is not None:
                yield period

    def _path(self, area_id: ServiceAreaId, first: date) -> Path:
        # An area may be called anything; its digest is a file name everywhere.
        name = hashlib.sha256(area_id.encode()).hexdigest()[:16]
        return self._folder / f"{first.isoformat()}-{name}{_ENDING}"


def _read(path: Path) -> Period | None:
    try:
        content = path.read_bytes().decode("utf-8")
        return period_kept(Text(content, path.name))
    except FileNotFoundError:
        return None
    except (BadInputError, ValueError) as error:
        raise CorruptionError(f"the wishes in {path} can not be read: {error}") from error
    except OSError as error:
        raise CorruptionError(f"the wishes in {path} can not be read: {error.strerror}") from error


def _set_aside(path: Path) -> None:
    try:
        _read(path)
    except CorruptionError:
        number = sum(1 for _ in path.parent.glob(f"{path.name}{_DAMAGED}*")) + 1
        path.rename(path.with_name(f"{path.name}{_DAMAGED}-{number}"))


def _replace(path: Path, content: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # for its owner only, as all of mkstemp
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
