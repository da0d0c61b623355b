"""Finding the file, row and field behind a reading error that the library reports without a place.

Runs only after reading failed: it goes through the tables with the standard library's CSV reader and names the first
cell that no reader can make sense of.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path

from gtfs.edge.archive import read_table
from mobility.core.errors import BadInputError

FRACTIONS = 0
"""Stands for the largest value of a column that may hold any number."""
_OPEN = frozenset({"", " ", "na", "n/a", "nan", "null", "none", "<na>"})
"""Cells that count as open, as the reader has it."""


def fault_in(
    path: Path, tables: Mapping[str, int], numbers: Mapping[str, Mapping[str, int]], cause: str
) -> BadInputError:
    """Return the error that says where the feed is wrong.

    ``numbers`` names per table the columns that must be numbers, with the largest whole number each may hold, or
    ``FRACTIONS``; ``cause`` is what the reader said, used where nothing better is found.
    """
    for is_strict in (False, True):
        for name in sorted(tables):
            try:
                columns = numbers.get(name.removesuffix(".txt"))
                if columns is not None:
                    _check(name, read_table(path, name), columns, is_strict=is_strict)
            except BadInputError as fault:
                return fault
    return BadInputError(f"the feed can not be read: {cause}", source=path.name)


def _check(source: str, content: bytes, numbers: Mapping[str, int], *, is_strict: bool) -> None:
    rows = _rows(source, _text(source, content), is_strict=is_strict)
    header = [column.strip() for column in next(rows, [])]
    if content and not header:
        raise BadInputError("no line names the columns", source=source)
    for number, row in enumerate(rows, start=1):
        if len(row) > len(header):
            raise BadInputError(f"{len(row)} fields, but the first line names {len(header)}", source=source, row=number)
        cells = dict(zip(header, row, strict=False))
        for column, largest in numbers.items():
            text = cells.get(column, "")
            if not _is_number(text, largest):
                words = "a number" if largest == FRACTIONS else f"a whole number up to {largest}"
                raise BadInputError(f"{text[:40]!r} is not {words}", source=source, row=number, field=column)


def _text(source: str, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start)
        raise BadInputError("the text is not UTF-8", source=source, row=row) from error
    if "\0" in text:
        raise BadInputError("the text has a NUL byte", source=source, row=text.count("\n", 0, text.index("\0")))
    return text


def _rows(source: str, text: str, *, is_strict: bool) -> Iterator[Sequence[str]]:
    """Yield the header and the rows; blank lines do not count. A strict reader minds quotation marks left open."""
    count = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=is_strict):
            if row:
                yield row
                count += 1
    except csv.Error as error:
        raise BadInputError(f"the line is no CSV ({error})", source=source, row=count) from error


def _is_number(text: str, largest: int) -> bool:
    if text.lower() in _OPEN:
        return True
    if not text.isascii() or "_" in text:  # Python's own spellings of numbers, unknown to the reader
        return False
    try:
        value = float(text)
    except ValueError:
        return False
    return isfinite(value) and (largest == FRACTIONS or (value.is_integer() and abs(value) <= largest))
