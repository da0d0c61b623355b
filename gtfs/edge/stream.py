"""Reading one long, plain table piece by piece, so that its text never lies in memory as a whole.

Plain means: no quotation mark, no NUL byte, no carriage return but before a line break, and all times as ``HH:MM:SS``.
For anything else ``NotPlainError`` is raised, and the table is read whole by ``gtfs.edge.quick``.
"""

import io
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from numpy.typing import NDArray

from gtfs.edge.columns import Coded, Column, encoded, fractions, usual_times, whole_numbers
from gtfs.edge.wanted import Kind, reading_options


class NotPlainError(Exception):
    """The table has something that is not read piece by piece."""


def streamed(source: IO[bytes], size: int, header: list[str], columns: Mapping[str, Kind]) -> dict[str, Column] | None:
    """Return the columns of a table of ``size`` bytes, ``None`` where it has no row.

    ``source`` stands before the first line, which is ``header``.

    Raises ``NotPlainError``, and whatever the source raises where it is damaged.
    """
    kept = [column for column in header if column in columns]
    reading, converting = reading_options(kept, columns)
    plain = _PlainText(source)
    blocks = size // reading.block_size + 2
    pieces = [_Piece(columns[column], blocks) for column in kept]
    count = 0
    try:
        with pc.open_csv(pa.PythonFile(plain, mode="r"), read_options=reading, convert_options=converting) as reader:
            for batch in reader:
                for piece, column in zip(pieces, batch.columns, strict=True):
                    piece.add(column, count)
                count += len(batch)
    except pa.ArrowInvalid as error:
        raise NotPlainError(str(error)) from error
    return {column: piece.whole(count) for column, piece in zip(kept, pieces, strict=True)} if count else None


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
    """A column growing piece by piece.

    All but texts are written into room that is there from the first piece on, as much as all pieces like it need:
    putting many together in the end would take the memory, and the time to get it, twice.
    """

    def __init__(self, kind: Kind, pieces: int) -> None:
        self._kind = kind
        self._pieces = pieces
        self._texts: list[pa.Array] = []
        self._codes: dict[str, int] = {}
        self._values: NDArray[Any] = np.empty(0)

    def add(self, column: pa.Array, row: int) -> None:
        """Take the rows from ``row`` on."""
        if self._kind is Kind.TEXT:
            self._texts.append(column)
            return
        values, end = self._read(column), row + len(column)
        if not row:
            self._values = np.empty(end * self._pieces, dtype=values.dtype)
        if end > len(self._values):
            self._values.resize(end + end // 8, refcheck=False)
        self._values[row:end] = values

    def whole(self, count: int) -> Column:
        if self._kind is Kind.TEXT:
            return pa.concat_arrays(self._texts)
        self._values.resize(count, refcheck=False)
        return Coded(self._values, list(self._codes)) if self._kind is Kind.CODE else self._values

    def _read(self, column: pa.Array) -> NDArray[np.int32] | NDArray[np.float64]:
        if self._kind is Kind.CODE:
            codes, distinct = encoded(column)
            known = [self._codes.setdefault(text, len(self._codes)) for text in distinct.to_pylist()]
            return np.array([*known, -1], dtype=np.int32)[codes]
        if self._kind is Kind.FRACTION:
            return fractions(column)
        values = usual_times(column) if self._kind is Kind.TIME else whole_numbers(column)
        if values is None:
            raise NotPlainError
        return values
