"""A feed's files on disk, zip or folder: opened carefully, because a feed comes from strangers.

Nothing is ever unpacked to the disk. Sizes are checked before a byte is unpacked, so that a zip bomb costs nothing.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from mobility.core.errors import BadInputError

MAX_BYTES = 512 * 2**20
"""Unpacked size of all tables together that is still read; Germany-wide feeds are larger and need a region cut out."""
_MAX_PACKING = 250
"""Text tables pack about tenfold; a file that unpacks to more than this many times its size is no table."""
_SMALL_BYTES = 2**20
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def tables_in(path: Path, *, max_bytes: int = MAX_BYTES) -> Mapping[str, int]:
    """Return the tables of a feed as file name to size in bytes, checked for being safe to read.

    ``path`` is a zip or a folder of text files. Files that are no ``.txt`` are ignored. Raises ``BadInputError`` for
    a missing path, a broken zip, encrypted, absolute or climbing names, a table found twice, or too much data.
    """
    try:
        tables = _in_folder(path) if path.is_dir() else _in_zip(path)
    except FileNotFoundError as error:
        raise BadInputError("there is no such feed", source=str(path)) from error
    except OSError as error:
        raise BadInputError(f"the feed can not be opened ({error.strerror or error})", source=path.name) from error
    total = sum(tables.values())
    if total > max_bytes:
        limit = f"{max_bytes / 2**20:.0f} MiB are read at most"
        raise BadInputError(f"the tables unpack to {total / 2**20:.0f} MiB, {limit}", source=path.name)
    return tables


def read_table(path: Path, name: str) -> bytes:
    """Return the bytes of one table; raises ``BadInputError`` where the zip is damaged at this file."""
    with _faults_named(name):
        if path.is_dir():
            return (path / name).read_bytes()
        with zipfile.ZipFile(path) as archive:
            entry = next(entry for entry in archive.infolist() if _table(entry) == name)
            return archive.read(entry)


@contextmanager
def open_table(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Open one table for reading from its first byte; raises ``BadInputError`` where the zip is damaged there."""
    with _faults_named(name):
        if path.is_dir():
            with (path / name).open("rb") as file:
                yield file
            return
        with zipfile.ZipFile(path) as archive:
            entry = next(entry for entry in archive.infolist() if _table(entry) == name)
            with archive.open(entry) as packed:
                yield packed


def content_digest(path: Path) -> str:
    """Return twelve hex digits that change with the feed's files, for feeds that name no version.

    A zip knows length and CRC-32 of each file, so nothing has to be unpacked for it.
    """
    digest = hashlib.sha256()
    for name, length, checksum in sorted(_checksums(path)):
        digest.update(f"{name}\0{length}\0{checksum}\n".encode())
    return digest.hexdigest()[:12]


def _checksums(path: Path) -> Iterator[tuple[str, int, int]]:
    if path.is_dir():
        for name in tables_in(path):
            content = read_table(path, name)
            yield name, len(content), zlib.crc32(content)
        return
    with _faults_named(path.name), zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            table = _table(entry)
            if table is not None:
                yield table, entry.file_size, entry.CRC


@contextmanager
def _faults_named(source: str) -> Iterator[None]:
    """Turn whatever a damaged zip raises into ``BadInputError``; ``source`` is the feed or the table being read."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise BadInputError(f"the file is damaged ({error})", source=source) from error


def _in_folder(path: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in sorted(path.iterdir()) if file.suffix == ".txt"}


def _in_zip(path: Path) -> dict[str, int]:
    path.stat()
    if not zipfile.is_zipfile(path):
        raise BadInputError("this is no zip file, or its end is missing", source=path.name)
    with _faults_named(path.name), zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    tables: dict[str, int] = {}
    for entry in entries:
        if not entry.filename:
            raise BadInputError("a file in the zip has no name", source=path.name)
        name = _table(entry)
        if name is None:
            continue
        _refuse_unsafe(path.name, entry)
        if name in tables:
            raise BadInputError("this table is in the zip twice", source=f"{path.name}/{name}")
        tables[name] = entry.file_size
    return tables


def _table(entry: zipfile.ZipInfo) -> str | None:
    name = PurePosixPath(entry.filename).name
    return name if name.endswith(".txt") and not entry.is_dir() else None


def _refuse_unsafe(feed: str, entry: zipfile.ZipInfo) -> None:
    name = entry.filename.replace("\\", "/")
    source = f"{feed}/{entry.filename}"
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        raise BadInputError("the name leads out of the zip", source=source)
    if entry.flag_bits & _ENCRYPTED:
        raise BadInputError("the file is encrypted", source=source)
    if entry.compress_type not in _METHODS:
        raise BadInputError(f"the file is packed by method {entry.compress_type}, not by deflate", source=source)
    if entry.file_size > max(_SMALL_BYTES, _MAX_PACKING * entry.compress_size):
        raise BadInputError(f"the file unpacks to more than {_MAX_PACKING} times its size", source=source)
