"""Cells of a table, taken out of a data frame with file, row and field in every complaint."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NoReturn, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gtfs.rows import OPEN
from mobility.core.errors import BadInputError
from mobility.core.service_day import parse_service_time

_DATE_DIGITS = 8
_Value = TypeVar("_Value", bound=int | date)


@dataclass(frozen=True, eq=False)
class Table:
    """One file of a feed as a data frame; rows are counted from 1, the first data row."""

    source: str
    """The file's name."""
    frame: pd.DataFrame

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    def has(self, column: str) -> bool:
        """Return whether the file has a column."""
        return column in self.frame.columns

    def wrong(self, index: int, column: str, message: str) -> NoReturn:
        """Raise ``BadInputError`` for the cell at ``index`` (0 = first data row)."""
        raise BadInputError(message, source=self.source, row=index + 1, field=column)

    def texts(self, column: str, *, is_required: bool = False) -> list[str]:
        """Return a column as stripped texts, empty where open; a required one must stand in every row."""
        if not self.has(column):
            if is_required:
                raise BadInputError("the column is missing", source=self.source, field=column)
            return [""] * len(self)
        values = [str(value).strip() for value in self.frame[column].astype("string").fillna("").tolist()]
        if is_required and "" in values:
            self.wrong(values.index(""), column, "a value is missing")
        return values

    def coded(self, column: str, *, is_required: bool = False) -> tuple[NDArray[np.int64], list[str]]:
        """Return a column as codes and the distinct stripped texts they point into, -1 where open.

        The way to read long columns: each distinct text is looked at once.
        """
        if not self.has(column):
            if is_required:
                raise BadInputError("the column is missing", source=self.source, field=column)
            return np.full(len(self), -1, dtype=np.int64), []
        codes, values = pd.factorize(self.frame[column].astype("string"))
        texts = [str(value).strip() for value in values]
        codes = np.where(np.array([*(bool(text) for text in texts), False])[codes], codes, -1).astype(np.int64)
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

    def integers(self, column: str, *, otherwise: int | None = None) -> NDArray[np.int64]:
        """Return a column of whole numbers; ``otherwise`` stands for open cells, ``None``: none may be open."""
        values = self._numbers(column, is_required=otherwise is None)
        is_open = np.isnan(values)
        if otherwise is None and is_open.any():
            self.wrong(int(is_open.argmax()), column, "a value is missing")
        is_broken = ~is_open & ((values != np.floor(values)) | (np.abs(values) > np.iinfo(np.int32).max))
        if is_broken.any():
            self.wrong(int(is_broken.argmax()), column, "this is not a whole number")
        return np.where(is_open, otherwise or 0, values).astype(np.int64)

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
        codes, values = self._parsed(column, parse_service_time, is_required=False)
        return np.array([*values, OPEN], dtype=np.int32)[codes]

    def dates(self, column: str) -> list[date]:
        """Return a column of required dates."""
        codes, values = self._parsed(column, _date, is_required=True)
        return [values[code] for code in codes.tolist()]

    def _parsed(
        self, column: str, parse: Callable[[str], _Value], *, is_required: bool
    ) -> tuple[NDArray[np.int64], list[_Value]]:
        """Return codes, -1 where open, and the parsed values they point into; a wrong text is named by its row."""
        codes, texts = self.coded(column, is_required=is_required)
        values: list[_Value] = []
        kept = np.full(len(texts) + 1, -1, dtype=np.int64)
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
        try:
            values: NDArray[np.float64] = self.frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        except (ValueError, TypeError) as error:
            raise BadInputError(f"not a number ({error})", source=self.source, field=column) from error
        is_infinite = np.isinf(values)
        if is_infinite.any():
            self.wrong(int(is_infinite.argmax()), column, "this is not a number")
        return values


def _date(text: str) -> date:
    if len(text) != _DATE_DIGITS or not (text.isascii() and text.isdigit()):
        msg = f"{text[:40]!r} is not a date like 20251104"
        raise ValueError(msg)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
