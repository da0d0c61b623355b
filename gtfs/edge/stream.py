"""Reading one long, plain table piece by piece, so that its text never lies in memory as a whole.

Plain means: no quotation mark, no NUL byte, no carriage return but before a line break, and all times as ``HH:MM:SS``.
For anything else ``NotPlainError`` is raised, and the table is read whole by ``gtfs.edge.quick``.
"""

import io
from collections.abc import Mapping
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from numpy.typing import NDArray

from gtfs.edge.columns import Coded, Column, encoded, usual_times
from gtfs.edge.wanted import Kind, reading_options


class NotPlainError(Exception):
    """The table has something that is not read piece by piece."""


def streamed(source: IO[bytes], header: list[str], columns: Mapping[str, Kind]) -> dict[str, Column] | None:
    """Return the columns of a table, ``None`` where it has no row. ``source`` stands before the first line.

    Raises ``NotPlainError``, and whatever the source raises where it is damaged.
    """
    kept = [column for column in header if column in columns]
    reading, converting = reading_options(kept, columns)
    plain = _PlainText(source)
    pieces = [_Piece(columns[column]) for column in kept]
    count = 0
    try:
        with pc.open_csv(pa.PythonFile(plain, mode="r"), read_options=reading, convert_options=converting) as reader:
            for batch in reader:
                count += len(batch)
                for piece, column in zip(pieces, batch.columns, strict=True):
                    piece.add(column)
    except pa.ArrowInvalid as error:
        raise NotPlainError(str(error)) from error
    return {column: piece.whole() for column, piece in zip(kept, pieces, strict=True)} if count else None


class _PlainText(io.RawIOBase):
    """A file that refuses to yield anything unusual."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._last = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        content = self._source.read(size)
        if b'"' in content or b"\0" in content:
            raise NotPlainError
        if b"\r" in content or self._last == b"\r":
            joined = self._last + content
            is_open = joined.endswith(b"\r") and bool(content)
            if joined.count(b"\r") - is_open != joined.count(b"\r\n"):
                raise NotPlainError
        self._last = content[-1:] if content.endswith(b"\r") else b""
        return content


class _Piece:
    """A column growing piece by piece."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._arrays: list[NDArray[np.int32]] = []
        self._columns: list[pa.Array] = []
        self._codes: dict[str, int] = {}

    def add(self, column: pa.Array) -> None:
        if self._kind is Kind.TIME:
            times_s = usual_times(column)
            if times_s is None:
                raise NotPlainError
            self._arrays.append(times_s)
        elif self._kind is Kind.CODE:
            codes, distinct = encoded(column)
            known = [self._codes.setdefault(text, len(self._codes)) for text in distinct.to_pylist()]
            self._arrays.append(np.array([*known, -1], dtype=np.int32)[codes])
        else:
            self._columns.append(column)

    def whole(self) -> Column:
        if self._kind is Kind.TIME:
            return np.concatenate(self._arrays)
        if self._kind is Kind.CODE:
            return Coded(np.concatenate(self._arrays), list(self._codes))
        return pa.concat_arrays(self._columns)
