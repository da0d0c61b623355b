"""Strict reading of a bundle's TOML tables and CSV rows: every fault names file, row and field."""

import csv
import io
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.service_day import ServiceTime, parse_service_time

E = TypeVar("E", bound=StrEnum)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YEARS = range(1970, 2101)
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_OFFSET = re.compile(r"(\d{1,3}):([0-5]\d)")
_CLOCK = re.compile(r"\d{1,3}:[0-5]\d(:[0-5]\d)?")
_HEX_DIGITS = re.compile(r"[0-9A-Fa-f]{6}")


@dataclass(frozen=True)
class Fields:
    """One TOML table or CSV row. Each reader marks its field as known; ``close`` refuses those nobody knows."""

    values: Mapping[str, Any]
    source: str
    row: int | None = None
    """1-based: the CSV data row, or the place of a table in its TOML array."""
    path: str = ""
    """Dotted path of the table inside its file."""
    known: set[str] = field(default_factory=set)

    def fail(self, name: str, message: str) -> NoReturn:
        """Raise ``BadInputError`` for a field."""
        raise BadInputError(message, source=self.source, row=self.row, field=f"{self.path}{name}")

    def has(self, name: str) -> bool:
        """Return whether an optional field is given."""
        self.known.add(name)
        return name in self.values

    def text(self, name: str, *, is_optional: bool = False) -> str:
        """Return a text without leading or trailing blanks; an optional one may be absent or empty."""
        value = self._value(name, default="" if is_optional else None)
        if not isinstance(value, str):
            self.fail(name, f"{value!r} is no text")
        text = value.strip()
        if not text and not is_optional:
            self.fail(name, "is empty")
        if not text.isprintable():
            self.fail(name, "has characters that can not be printed")
        return text

    def identifier(self, name: str) -> str:
        """Return an id: 1 to 80 letters, digits and ``_.:-``."""
        text = self.text(name)
        if not _IDENTIFIER.fullmatch(text):
            self.fail(name, f"{text!r} is no identifier (letters, digits and _.:- only)")
        return text

    def number(self, name: str, *, low: float = -math.inf, high: float = math.inf) -> float:
        """Return a finite number within ``low`` and ``high``."""
        value = self._value(name)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                self.fail(name, f"{value!r} is no number")
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(name, f"{value!r} is no number")
        if not low <= value <= high or abs(value) > 1e15:  # noqa: PLR2004 - nothing here is that large; stops huge ints
            self.fail(name, f"{value!r:.40} lies outside {low} to {high}")
        return float(value)

    def whole(self, name: str, *, low: int, high: int) -> int:
        """Return a whole number within ``low`` and ``high``."""
        value = self.number(name, low=low, high=high)
        if not value.is_integer():
            self.fail(name, f"{value} is no whole number")
        return int(value)

    def flag(self, name: str) -> bool:
        """Return a truth value: TOML ``true``/``false``, CSV ``yes``/``no``."""
        value = self._value(name)
        if isinstance(value, bool):
            return value
        if value not in ("yes", "no"):
            self.fail(name, f"{value!r:.40} is neither yes nor no")
        return bool(value == "yes")

    def day(self, name: str) -> date:
        """Return a date."""
        return self._as_day(name, self._value(name))

    def days(self, name: str) -> frozenset[date]:
        """Return a list of dates; an absent one is empty."""
        return frozenset(self._as_day(name, value) for value in self._list(name, is_optional=True))

    def weekdays(self, name: str) -> frozenset[int]:
        """Return weekdays given as ``["mon", …]``; 0 = Monday."""
        names = self.texts(name)
        unknown = [text for text in names if text not in WEEKDAYS]
        if unknown or not names:
            self.fail(name, f"{unknown} are no weekdays; use {', '.join(WEEKDAYS)}")
        return frozenset(WEEKDAYS.index(text) for text in names)

    def clock(self, name: str) -> ServiceTime:
        """Return a service time ``HH:MM`` or ``HH:MM:SS``; hours may pass 24."""
        return self._as_clock(name, self._value(name))

    def clocks(self, name: str) -> tuple[ServiceTime, ...]:
        """Return a list of service times in their order."""
        return tuple(self._as_clock(name, value) for value in self._list(name))

    def offsets_s(self, name: str) -> tuple[int, ...]:
        """Return a list of durations ``M:SS`` in seconds."""
        return tuple(self._as_offset_s(name, value) for value in self._list(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        values = self._list(name)
        if not all(isinstance(value, str) and value.isprintable() for value in values):
            self.fail(name, "is no list of texts")
        return tuple(values)

    def numbers(self, name: str, *, low: float, high: float) -> tuple[float, ...]:
        """Return a list of numbers within ``low`` and ``high``."""
        values = self._list(name)
        for value in values:
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                self.fail(name, f"{value!r:.40} is no number from {low} to {high}")
        return tuple(float(value) for value in values)

    def place(self, name: str) -> LatLon:
        """Return a place given as ``[latitude, longitude]`` in degrees."""
        return self._as_place(name, self._value(name))

    def places(self, name: str) -> tuple[LatLon, ...]:
        """Return a list of places; an absent one is empty."""
        return tuple(self._as_place(name, value) for value in self._list(name, is_optional=True))

    def choice(self, name: str, kind: type[E]) -> E:
        """Return a member of an enumeration by its value."""
        text = self.text(name)
        try:
            return kind(text)
        except ValueError:
            self.fail(name, f"{text!r} is none of {', '.join(kind)}")

    def tables(self, name: str) -> list["Fields"]:
        """Return the tables of ``[[name]]``; none when it is absent."""
        values = self._list(name, is_optional=True)
        if not all(isinstance(value, Mapping) for value in values):
            self.fail(name, "is no list of tables")
        return [
            Fields(value, self.source, self.row if self.path else number, f"{self.path}{name}[{number}].")
            for number, value in enumerate(values, 1)
        ]

    def mapping(self, name: str) -> Mapping[str, str]:
        """Return a table of texts; an absent one is empty."""
        value = self._value(name, default={})
        if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
            self.fail(name, "is no table of texts")
        return value

    def one_of(self, name: str, known: Iterable[str]) -> str:
        """Return a text that must be among ``known``."""
        text = self.text(name)
        if text not in known:
            self.fail(name, f"{text!r:.80} is unknown")
        return text

    def close(self) -> None:
        """Refuse fields that nobody read: a misspelt name must not pass as an absent one."""
        unknown = sorted(set(self.values) - self.known)
        if unknown:
            self.fail(unknown[0], "is not a known field")

    def _value(self, name: str, default: Any = None) -> Any:
        self.known.add(name)
        value = self.values.get(name, default)
        if value is None:
            self.fail(name, "is missing")
        return value

    def _list(self, name: str, *, is_optional: bool = False) -> list[Any]:
        value = self._value(name, default=[] if is_optional else None)
        if not isinstance(value, list):
            self.fail(name, f"{value!r:.40} is no list")
        return value

    def _as_day(self, name: str, value: Any) -> date:
        if isinstance(value, datetime) or not isinstance(value, date):
            self.fail(name, f"{value!r:.40} is no date like 2025-10-14")
        if value.year not in _YEARS:
            self.fail(name, f"{value} lies outside {_YEARS.start} to {_YEARS.stop - 1}")
        return value

    def _as_clock(self, name: str, value: Any) -> ServiceTime:
        if not isinstance(value, str) or not _CLOCK.fullmatch(value):
            self.fail(name, f"{value!r:.40} is no time like 08:05")
        try:
            return parse_service_time(value if value.count(":") == 2 else f"{value}:00")  # noqa: PLR2004 - H:M:S
        except ValueError as error:
            self.fail(name, str(error))

    def _as_offset_s(self, name: str, value: Any) -> int:
        match = _OFFSET.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.fail(name, f"{value!r:.40} is no duration like 12:30 (minutes and seconds)")
        return int(match[1]) * 60 + int(match[2])

    def _as_place(self, name: str, value: Any) -> LatLon:
        if (
            not isinstance(value, list)
            or len(value) != 2  # noqa: PLR2004 - latitude and longitude
            or not all(isinstance(part, int | float) and not isinstance(part, bool) for part in value)
        ):
            self.fail(name, f"{value!r:.40} is no place like [50.68, 10.92]")
        try:
            return LatLon(float(value[0]), float(value[1]))
        except (ValueError, OverflowError) as error:
            self.fail(name, str(error))


def read_text(path: Path) -> str:
    """Return a UTF-8 file's text; raises ``BadInputError`` when it is absent, unreadable or not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise BadInputError("the file is missing", source=path.name) from None
    except OSError as error:
        raise BadInputError(f"can not be read: {error.strerror}", source=path.name) from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"is not UTF-8 (byte {error.start + 1})", source=path.name) from error


def toml_table(text: str, source: str) -> Fields:
    """Return a TOML file's top table; raises ``BadInputError`` with line and column of a syntax error."""
    try:
        return Fields(tomllib.loads(text), source)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise BadInputError(f"is no valid TOML: {error}", source=source) from error


def csv_rows(text: str, source: str, columns: Sequence[str]) -> list[Fields]:
    """Return a CSV file's rows; its header must name exactly ``columns``, in any order."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Fields] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        if sorted(header) != sorted(columns):
            raise BadInputError(f"the header must name {', '.join(columns)}", source=source)
        for number, cells in enumerate(reader, 1):
            if len(cells) != len(header):
                raise BadInputError(f"has {len(cells)} cells, the header {len(header)}", source=source, row=number)
            rows.append(Fields(dict(zip(header, cells, strict=True)), source, number))
    except csv.Error as error:
        raise BadInputError(f"is no valid CSV: {error}", source=source, row=len(rows) + 1) from error
    return rows


def unique(rows: Iterable[Fields], name: str, key: Callable[[Fields], str]) -> None:
    """Refuse a second row with the same key."""
    seen: dict[str, int | None] = {}
    for row in rows:
        value = key(row)
        if value in seen:
            row.fail(name, f"{value!r} stands already in row {seen[value]}")
        seen[value] = row.row


def is_colour(text: str) -> bool:
    """Return whether a text is six hex digits."""
    return _HEX_DIGITS.fullmatch(text) is not None
