"""Cells of a table, taken out of Arrow columns with file, row and field in every complaint."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gtfs.rows import OPEN
from mobility.core.errors import BadInputError
from mobility.core.service_day import parse_service_time

_DATE_DIGITS = 8
_CLOCK_DIGITS = 8
"""Of ``HH:MM:SS``, the usual form of a time."""
_ZERO_TIME = np.frombuffer(b"00:00:00", dtype="<u8")[0]
_TO_SIXTEEN = np.frombuffer(bytes((6, 6, 0, 10, 6, 0, 10, 6)), dtype="<u8")[0]
"""Takes each sign that is larger than the largest digit of its place, 9 or 5, to 16 or more."""
_NO_DIGIT = np.frombuffer(bytes((240, 240, 255, 240, 240, 255, 240, 240)), dtype="<u8")[0]
_TEN, _ONE_SIGN = np.uint64(10), np.uint64(8)
_RUNS_WORTH = 4
"""Columns whose values repeat so many times in a row on average are looked at run by run."""
_SAMPLE = 64
ABSENT = int(np.iinfo(np.int32).min)
"""Stands for an open cell in a column of whole numbers."""
_Value = TypeVar("_Value", bound=int | date)


@dataclass(frozen=True, eq=False)
class Coded:
    """A column of texts as codes."""

    codes: NDArray[np.int32]
    """Shape (rows,): index into ``texts``, -1 where open."""
    texts: Sequence[str]
    """Distinct, as they stand in the file."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)


Column: TypeAlias = Any | Coded
"""Cells as read: an Arrow array of texts or numbers, texts as codes, or a numpy array of whole numbers or service times
in seconds (32 bits, ``ABSENT`` where open) or of fractions (NaN where open)."""


@dataclass(frozen=True, eq=False)
class Table:
    """One file of a feed in columns; rows are counted from 1, the first data row."""

    source: str
    """The file's name."""
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        """Return the number of rows."""
        return next((len(column) for column in self.columns.values()), 0)

    def has(self, column: str) -> bool:
        """Return whether the file has a column."""
        return column in self.columns

    def wrong(self, index: int, column: str, message: str) -> NoReturn:
        """Raise ``BadInputError`` for the cell at ``index`` (0 = first data row)."""
        raise BadInputError(message, source=self.source, row=index + 1, field=column)

    def is_given(self, column: str) -> NDArray[np.bool_]:
        """Return in which rows a column has a value; in none where the file lacks it."""
        if not self.has(column):
            return np.zeros(len(self), dtype=bool)
        cells = self.columns[column]
        if isinstance(cells, Coded):
            return cells.codes >= 0
        if isinstance(cells, np.ndarray):
            return ~np.isnan(cells) if cells.dtype.kind == "f" else cells != ABSENT
        return _numpy(cells.is_valid())

    def texts(self, column: str, *, is_required: bool = False) -> list[str]:
        """Return a column as stripped texts, empty where open; a required one must stand in every row."""
        if not self.has(column):
            if is_required:
                raise BadInputError("the column is missing", source=self.source, field=column)
            return [""] * len(self)
        values = self._trimmed(column)
        if is_required and "" in values:
            self.wrong(values.index(""), column, "a value is missing")
        return values

    def coded(self, column: str, *, is_required: bool = False) -> tuple[NDArray[np.int32], list[str]]:
        """Return a column as codes and the distinct stripped texts they point into, -1 where open.

        The way to read long columns: each distinct text is looked at once.
        """
        if not self.has(column):
            if is_required:
                raise BadInputError("the column is missing", source=self.source, field=column)
            return np.full(len(self), -1, dtype=np.int32), []
        codes, distinct = self._codes(column)
        texts = [text.strip() for text in distinct]
        is_blank = np.array([*(not text for text in texts), True])
        if is_blank[:-1].any():
            codes = np.where(is_blank[codes], -1, codes)
        if is_required and (codes < 0).any():
            self.wrong(int((codes < 0).argmax()), column, "a value is missing")
        return codes, texts

    def ids(self, column: str) -> list[str]:
        """Return a column of required and unique ids."""
        values = self.texts(column, is_required=True)
        if len(set(values)) < len(values):
            seen: set[str] = set()
            for index, value in enumerate(values):
                if value in seen:
                    self.wrong(index, column, f"{value!r} is there twice")
                seen.add(value)
        return values

    def integers(self, column: str, *, otherwise: int | None = None) -> NDArray[np.int32]:
        """Return a column of whole numbers; ``otherwise`` stands for open cells, ``None``: none may be open."""
        cells = self.columns.get(column)
        if isinstance(cells, pa.Array) and pa.types.is_integer(cells.type):
            cells = whole_numbers(cells)
        if isinstance(cells, np.ndarray):
            is_open = cells == ABSENT
            if not is_open.any():
                return cells
            if otherwise is None:
                self.wrong(int(is_open.argmax()), column, "a value is missing")
            return np.where(is_open, np.int32(otherwise), cells)
        values = self._numbers(column, is_required=otherwise is None)
        is_open = np.isnan(values)
        if otherwise is None and is_open.any():
            self.wrong(int(is_open.argmax()), column, "a value is missing")
        is_broken = ~is_open & ((values != np.floor(values)) | (np.abs(values) > np.iinfo(np.int32).max))
        if is_broken.any():
            self.wrong(int(is_broken.argmax()), column, "this is not a whole number")
        return np.where(is_open, otherwise or 0, values).astype(np.int32)

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return a column of numbers, NaN where open or where the file lacks the column."""
        return self._numbers(column, is_required=False)

    def places(self, column: str, limit_deg: float, *, is_required: bool = True) -> NDArray[np.float64]:
        """Return a column of degrees within plus and minus ``limit_deg``; NaN where open, if that is allowed."""
        values = self._numbers(column, is_required=True)
        is_wrong = np.abs(values) > limit_deg
        if is_required:
            is_wrong |= np.isnan(values)
        if is_wrong.any():
            index = int(is_wrong.argmax())
            self.wrong(index, column, f"{values[index]} is no angle within {limit_deg} degrees")
        return values

    def times(self, column: str) -> NDArray[np.int32]:
        """Return a column of service times in seconds, ``OPEN`` where open or where the file lacks the column."""
        if self.has(column):
            cells = self.columns[column]
            usual_s = cells if isinstance(cells, np.ndarray) else usual_times(_texts(cells))
            if usual_s is not None:
                return usual_s
        codes, values = self._parsed(column, parse_service_time, is_required=False)
        return np.array([*values, OPEN], dtype=np.int32)[codes]

    def dates(self, column: str) -> list[date]:
        """Return a column of required dates."""
        codes, values = self._parsed(column, _date, is_required=True)
        return [values[code] for code in codes.tolist()]

    def _parsed(
        self, column: str, parse: Callable[[str], _Value], *, is_required: bool
    ) -> tuple[NDArray[np.int32], list[_Value]]:
        """Return codes, -1 where open, and the parsed values they point into; a wrong text is named by its row."""
        codes, texts = self.coded(column, is_required=is_required)
        values: list[_Value] = []
        kept = np.full(len(texts) + 1, -1, dtype=np.int32)
        for code, text in enumerate(texts):
            if not text:
                continue
            kept[code] = len(values)
            try:
                values.append(parse(text))
            except ValueError as error:
                self.wrong(int((codes == code).argmax()), column, str(error))
        return kept[codes], values

    def _numbers(self, column: str, *, is_required: bool) -> NDArray[np.float64]:
        if not self.has(column):
            if is_required:
                raise BadInputError("the column is missing", source=self.source, field=column)
            return np.full(len(self), np.nan)
        values: NDArray[np.float64]
        try:
            cells = self.columns[column]
            values = cells if isinstance(cells, np.ndarray) else fractions(cells)
        except pa.ArrowInvalid as error:
            raise BadInputError(f"not a number ({error})", source=self.source, field=column) from error
        is_infinite = np.isinf(values)
        if is_infinite.any():
            self.wrong(int(is_infinite.argmax()), column, "this is not a number")
        return values

    def _trimmed(self, column: str) -> list[str]:
        cells = self.columns[column]
        if isinstance(cells, Coded):
            texts = [*(text.strip() for text in cells.texts), ""]
            return list(map(texts.__getitem__, cells.codes.tolist()))
        trimmed: list[str] = pc.fill_null(pc.utf8_trim_whitespace(_texts(cells)), "").to_pylist()
        return trimmed

    def _codes(self, column: str) -> tuple[NDArray[np.int32], Sequence[str]]:
        cells = self.columns[column]
        if isinstance(cells, Coded):
            return cells.codes, cells.texts
        codes, distinct = encoded(_texts(cells))
        return codes, distinct.to_pylist()


def _texts(column: pa.Array) -> pa.Array:
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def whole_numbers(column: pa.Array) -> NDArray[np.int32] | None:
    """Return a column of whole numbers with ``ABSENT`` for open cells; ``None`` where one is too large."""
    try:
        narrow = pc.cast(column, pa.int32())
    except pa.ArrowInvalid:
        return None
    values: NDArray[np.int32] = _numpy(pc.fill_null(narrow, ABSENT))
    return values if (values == ABSENT).sum() == column.null_count else None


def fractions(column: pa.Array) -> NDArray[np.float64]:
    """Return a column of numbers with NaN for open cells; raises ``pa.ArrowInvalid``."""
    values: NDArray[np.float64] = _numpy(pc.fill_null(pc.cast(column, pa.float64()), np.nan))
    return values


def encoded(column: pa.Array) -> tuple[NDArray[np.int32], pa.Array]:
    """Return codes, -1 where null, and the distinct values; columns of long runs are encoded run by run."""
    if _has_runs(column):
        is_same = pc.fill_null(pc.equal(column.slice(1), column.slice(0, len(column) - 1)), False)
        starts = np.flatnonzero(np.concatenate(([True], ~_numpy(is_same))))
        if len(starts) * _RUNS_WORTH < len(column):
            codes, distinct = _plainly_encoded(column.take(pa.array(starts)))
            return np.repeat(codes, np.diff(np.append(starts, len(column)))), distinct
    return _plainly_encoded(column)


def _has_runs(column: pa.Array) -> bool:
    """Return whether the first values repeat; the rest of a column is like its beginning."""
    first = column.slice(0, _SAMPLE)
    return len(first) > 1 and len(first.dictionary_encode().dictionary) * _RUNS_WORTH < len(first)


def _plainly_encoded(column: pa.Array) -> tuple[NDArray[np.int32], pa.Array]:
    coded = column.dictionary_encode()
    return _numpy(pc.fill_null(coded.indices, -1)), coded.dictionary


def usual_times(column: pa.Array) -> NDArray[np.int32] | None:
    """Return times of a column that has nothing but ``HH:MM:SS``, in seconds; ``None`` for any other column."""
    data = column.buffers()[2]
    if column.null_count or data is None or not len(column):
        return None
    first, last = (int(end) for end in _offsets(column)[[0, -1]])
    if last - first != _CLOCK_DIGITS * len(column) or (np.diff(_offsets(column)) != _CLOCK_DIGITS).any():
        return None
    # All eight signs of a time are looked at together, as one number; what is left of the usual ones are the digits.
    digits = np.frombuffer(data, dtype="<u8", count=len(column), offset=first) ^ _ZERO_TIME
    if (((digits + _TO_SIXTEEN) | digits) & _NO_DIGIT).any():
        return None
    tens_and_ones = digits * _TEN + (digits >> _ONE_SIGN)
    hours, minutes, seconds = (
        tens_and_ones.view(np.uint8)[place::_CLOCK_DIGITS].astype(np.int32) for place in (0, 3, 6)
    )
    times_s: NDArray[np.int32] = (hours * 60 + minutes) * 60 + seconds
    return times_s


def _offsets(column: pa.Array) -> NDArray[np.int32]:
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)
    return offsets[column.offset : column.offset + len(column) + 1]


def _numpy(column: pa.Array) -> NDArray[Any]:
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _date(text: str) -> date:
    if len(text) != _DATE_DIGITS or not (text.isascii() and text.isdigit()):
        msg = f"{text[:40]!r} is not a date like 20251104"
        raise ValueError(msg)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
