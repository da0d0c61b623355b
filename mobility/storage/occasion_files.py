"""Frozen occasions on disk: one file a revision, whole or not at all, its hash in its name; and the recorder's tables.

``<directory>/<occasion>/0001-<sha256>.json`` and ``<directory>/tables/<name>``. A revision is never written again.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import quote, unquote

from sqlalchemy import Connection, select

from mobility.core.errors import CorruptionError, ReadOnlyError, StorageError
from mobility.core.events import Event
from mobility.core.ids import OccasionId
from mobility.core.ports import FrozenOccasion
from mobility.storage.codec import EncodedEvent, decode_event
from mobility.storage.database import sync_directory
from mobility.storage.tables import FACTS

_REVISION = re.compile(r"(\d{4,})-([0-9a-f]{64})\.json")
_TABLES = "tables"
_LONGEST_NAME = 200
"""Bytes of a file name that every file system takes, with room for a suffix."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class OccasionFiles:
    """The ``OccasionArchive`` port on disk."""

    def __init__(self, directory: Path, *, inline: bool = False) -> None:
        """The directory is made at the first write. ``inline``: no thread and no sync (virtual time)."""
        self._directory = directory
        self._inline = inline

    async def newest(self, occasion_id: OccasionId) -> FrozenOccasion | None:
        """Return the newest revision, ``None`` before the first; raises ``CorruptionError`` for changed bytes."""
        return await self._run(newest_revision, self._directory, occasion_id)

    async def put(self, occasion_id: OccasionId, revision: int, body: bytes) -> FrozenOccasion:
        """Keep a revision durably.

        Raises ``StorageError`` where this revision is there already, ``ReadOnlyError`` where it can not be written.
        """
        return await self._run(self._put, occasion_id, revision, body)

    async def put_table(self, name: str, data: bytes) -> None:
        """Keep a table under ``name``, in place of the former one; raises ``ReadOnlyError``."""
        await self._run(self._write, self._directory / _TABLES, _file_name(name), data)

    async def tables(self, prefix: str = "") -> Mapping[str, bytes]:
        """Return the tables whose name begins with ``prefix``, by name."""
        return await self._run(self._read_tables, prefix)

    async def _run(self, work: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
        call = partial(work, *arguments, **named)
        return call() if self._inline else await asyncio.to_thread(call)

    def _put(self, occasion_id: OccasionId, revision: int, body: bytes) -> FrozenOccasion:
        folder = self._directory / _file_name(occasion_id)
        if any(number == revision for number, _, _ in _revisions(folder)):
            raise StorageError(f"revision {revision} of {occasion_id} is kept already")
        digest = hashlib.sha256(body).hexdigest()
        self._write(folder, f"{revision:04d}-{digest}.json", body)
        return FrozenOccasion(occasion_id=occasion_id, revision=revision, sha256=digest, body=body)

    def _write(self, folder: Path, name: str, data: bytes) -> None:
        temporary = folder / f".{name}.tmp"
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True)
                self._sync(folder.parent)
            with temporary.open("wb") as file:
                file.write(data)
                if not self._inline:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(folder / name)
            self._sync(folder)
        except OSError as error:
            raise ReadOnlyError(f"{name} can not be written: {error}") from error

    def _sync(self, folder: Path) -> None:
        if not self._inline:
            sync_directory(folder)

    def _read_tables(self, prefix: str) -> dict[str, bytes]:
        named = ((unquote(path.name), path) for path in tables_kept(self._directory))
        return {name: path.read_bytes() for name, path in named if name.startswith(prefix)}


def newest_revision(directory: Path, occasion_id: OccasionId) -> FrozenOccasion | None:
    """Return the newest revision kept in ``directory``; raises ``CorruptionError`` where its bytes were changed."""
    found = max(_revisions(directory / _file_name(occasion_id)), default=None)
    if found is None:
        return None
    revision, digest, path = found
    body = path.read_bytes()
    if hashlib.sha256(body).hexdigest() != digest:
        raise CorruptionError(f"{path.parent.name}/{path.name} does not match the hash in its name")
    return FrozenOccasion(occasion_id=occasion_id, revision=revision, sha256=digest, body=body)


def occasions_kept(directory: Path) -> Iterator[tuple[OccasionId, Path]]:
    """Yield every occasion that has a folder, with the folder, in the order of names."""
    if directory.is_dir():
        for folder in sorted(path for path in directory.iterdir() if path.is_dir() and path.name != _TABLES):
            yield OccasionId(unquote(folder.name)), folder


def tables_kept(directory: Path) -> list[Path]:
    """Return the files of the recorder's tables in the order of their names."""
    folder = directory / _TABLES
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def supervision_facts(ledger: Connection, kinds: frozenset[str]) -> Iterator[tuple[int, Event]]:
    """Yield number and body of the facts of these kinds (``occasion_noted``, ``command_issued``, …) in order.

    ``ledger`` is a reading connection. Raises ``CorruptionError`` for an unreadable fact. Far faster than reading all.
    """
    query = select(FACTS).where(FACTS.c.kind.in_(sorted(kinds))).order_by(FACTS.c.seq)
    for row in ledger.execute(query).all():
        yield row.seq, decode_event(EncodedEvent(kind=row.kind, schema=row.schema, body=row.body.encode()))


def _revisions(folder: Path) -> list[tuple[int, str, Path]]:
    if not folder.is_dir():
        return []
    matched = ((_REVISION.fullmatch(path.name), path) for path in folder.iterdir())
    return [(int(match[1]), match[2], path) for match, path in matched if match is not None]


def _file_name(name: str) -> str:
    # A name may hold anything a vehicle id holds; "." and ".." stay names, and ours begins with no dot.
    quoted = quote(name, safe="").replace(".", "%2E")
    if not 0 < len(quoted) <= _LONGEST_NAME or quoted == _TABLES:
        raise StorageError(f"{name!r} can not be the name of a file")
    return quoted
