"""Reading the tables of an ordinary feed quickly, with Arrow; anything unusual is left to the patient reader.

Arrow's reader is several times quicker than gtfs-kit's but stricter or laxer at the edges: quotation marks inside
texts, line breaks inside cells, single carriage returns, ragged rows. It is not trusted with any of these: a table
that has one of them is refused here, and ``gtfs.edge.load`` reads the feed with gtfs-kit instead.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from numpy.typing import NDArray

from gtfs.edge.archive import open_table, read_table
from gtfs.edge.columns import Column, Table
from gtfs.edge.stream import NotPlainError, streamed
from gtfs.edge.wanted import Kind, reading_options

_QUOTE, _COMMA, _NEWLINE, _RETURN = b'",\n\r'
_BOM = b"\xef\xbb\xbf"
_LONG = 2**20
"""Tables of so many bytes are read piece by piece if they are plain."""


class UnusualTableError(Exception):
    """A table that only the patient reader may read."""


def quick_tables(path: Path, tables: Mapping[str, int], columns: Mapping[str, Mapping[str, Kind]]) -> dict[str, Table]:
    """Return the tables named in ``columns`` (without ``.txt``) that have rows, each with those columns it has.

    ``tables`` holds the feed's files with their sizes. Raises ``UnusualTableError`` for anything Arrow might read
    otherwise than gtfs-kit does, ``BadInputError`` for a damaged zip.
    """
    found: dict[str, Table] = {}
    for name, kinds in columns.items():
        file = f"{name}.txt"
        if file in tables:
            read = _columns(path, file, kinds, tables[file])
            if read is not None:
                found[name] = Table(file, read)
    return found


def _columns(path: Path, file: str, kinds: Mapping[str, Kind], size: int) -> Mapping[str, Column] | None:
    if size >= _LONG:
        try:
            with open_table(path, file) as source:
                header = _header(source.readline())
            with open_table(path, file) as source:
                return streamed(source, size, header, kinds)
        except NotPlainError:
            pass
    return _read(read_table(path, file), kinds)


def _read(content: bytes, columns: Mapping[str, Kind]) -> Mapping[str, Column] | None:
    """Return the columns of a table that has rows, ``None`` for one without."""
    header = _header(content.partition(b"\n")[0] if len(content) < _LONG else content[:_LONG].partition(b"\n")[0])
    kept = [column for column in header if column in columns]
    if len(content) < _LONG and not content.partition(b"\n")[2].strip():
        return None
    _refuse_unusual(content)
    try:
        reading, converting = reading_options(kept, columns)
        table = pc.read_csv(pa.BufferReader(content), read_options=reading, convert_options=converting)
    except pa.ArrowInvalid as error:
        raise UnusualTableError(str(error)) from error
    if not len(table):
        return None
    return {column: _whole(table[column]) for column in kept}


def _header(line: bytes) -> list[str]:
    try:
        names = line.removeprefix(_BOM).rstrip(b"\r\n").decode().split(",")
    except UnicodeDecodeError as error:
        raise UnusualTableError("the first line is no UTF-8") from error
    if len(set(names)) < len(names) or any(name != name.strip().strip('"') or not name for name in names):
        raise UnusualTableError("the first line names its columns in an unusual way")
    return names


def _refuse_unusual(content: bytes) -> None:
    if b"\0" in content:
        raise UnusualTableError("there is a NUL byte")
    if b"\r" in content and content.count(b"\r") != content.count(b"\r\n"):
        raise UnusualTableError("there are single carriage returns")
    if b'"' in content:
        _refuse_unusual_quotes(np.frombuffer(content, dtype=np.uint8))


def _refuse_unusual_quotes(signs: NDArray[np.uint8]) -> None:
    """Refuse quotation marks that do more than enclose a whole cell of one line."""
    quotes = np.flatnonzero(signs == _QUOTE)
    if len(quotes) % 2:
        raise UnusualTableError("a quotation mark is left open")
    opening, closing = quotes[::2], quotes[1::2]
    before = signs[np.maximum(opening - 1, 0)]
    after = signs[np.minimum(closing + 1, len(signs) - 1)]
    is_start = (opening == 0) | (before == _COMMA) | (before == _NEWLINE)
    is_end = (closing == len(signs) - 1) | (after == _COMMA) | (after == _NEWLINE) | (after == _RETURN)
    if not (is_start & is_end).all():
        raise UnusualTableError("a quotation mark stands inside a cell")
    breaks = np.flatnonzero(signs == _NEWLINE)
    if (np.searchsorted(breaks, opening) != np.searchsorted(breaks, closing)).any():
        raise UnusualTableError("a cell has a line break")


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        # Texts of more than 2 GiB do not fit into one array.
        raise UnusualTableError("the column is too long")
    return whole
