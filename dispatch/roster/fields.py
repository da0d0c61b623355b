"""Strict reading of a roster's TOML tables and CSV cells: every fault names file, row and field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from dispatch.roster.volunteer import Hours
from mobility.core.errors import BadInputError
from mobility.core.service_day import ServiceTime, parse_service_time

E = TypeVar("E", bound=StrEnum)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"\d{1,3}:[0-5]\d", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,6}", re.ASCII)
_LONGEST_RANGE_DAYS = 400
_YEARS = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class Table:
    """One TOML table or CSV row. Reading a field marks it as known; ``close`` refuses what nobody knows."""

    values: Mapping[str, Any]
    source: str
    row: int | None = None
    """1-based place in its list or file."""
    path: str = ""
    known: set[str] = field(default_factory=set)

    def fail(self, name: str, message: str) -> NoReturn:
        """Raise ``BadInputError`` for a field."""
        raise BadInputError(message, source=self.source, row=self.row, field=f"{self.path}{name}")

    def close(self) -> None:
        """Refuse fields that nobody read: a misspelt name must not pass as an absent one."""
        for name in self.values:
            if name not in self.known:
                self.fail(name, "is not a known field")

    def get(self, name: str, default: Any = None) -> Any:
        """Return a raw value; refuses an absent one without default."""
        self.known.add(name)
        value = self.values.get(name, default)
        if value is None:
            self.fail(name, "is missing")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Return a printable text; an empty one only where ``default`` is given."""
        value = self.get(name, default)
        if not isinstance(value, str) or not value.isprintable():
            self.fail(name, f"{value!r:.60} is no text")
        text = value.strip()
        if not text and default is None:
            self.fail(name, "is empty")
        return text

    def name(self, name: str, default: str | None = None) -> str:
        """Return a text that may be part of a duty's id: without a slash and a semicolon."""
        text = self.text(name, default)
        if "/" in text or ";" in text or len(text) > 80:  # noqa: PLR2004 - a name, not a story
            self.fail(name, f"{text!r:.60} has a slash, a semicolon or more than 80 signs")
        return text

    def whole(self, name: str, *, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number within ``low`` and ``high``: a TOML number or CSV digits; empty is ``default``."""
        value = self.get(name, default)
        if value == "" and default is not None:
            value = default
        if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.fail(name, f"{value!r:.40} is no whole number from {low} to {high}")
        return value

    def items(self, name: str) -> tuple[str, ...]:
        """Return a list of texts: a TOML list, or a cell with semicolons; absent or empty is none."""
        value = self.get(name, "")
        parts = [part.strip() for part in value.split(";")] if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) and part.isprintable() for part in parts):
            self.fail(name, f"{value!r:.60} is no list of texts")
        return tuple(part for part in parts if part)

    def choices(self, name: str, kind: type[E]) -> tuple[E, ...]:
        """Return members of an enumeration by their values, in their order."""
        return tuple(self._choice(name, text, kind) for text in self.items(name))

    def choice(self, name: str, kind: type[E]) -> E:
        """Return one member of an enumeration."""
        return self._choice(name, self.text(name), kind)

    def _choice(self, name: str, text: str, kind: type[E]) -> E:
        try:
            return kind(text)
        except ValueError:
            self.fail(name, f"{text!r:.40} is none of {', '.join(kind)}")

    def weekdays(self, name: str) -> frozenset[int]:
        """Return weekdays given as ``mon`` to ``sun``; 0 = Monday."""
        return frozenset(self._weekday(name, text) for text in self.items(name))

    def _weekday(self, name: str, text: str) -> int:
        if text not in WEEKDAYS:
            self.fail(name, f"{text!r:.40} is none of {', '.join(WEEKDAYS)}")
        return WEEKDAYS.index(text)

    def clock(self, name: str) -> ServiceTime:
        """Return a time ``HH:MM``."""
        return self._clock(name, self.text(name))

    def _clock(self, name: str, text: str) -> ServiceTime:
        if not _CLOCK.fullmatch(text):
            self.fail(name, f"{text!r:.40} is no time like 08:05")
        try:
            return parse_service_time(f"{text}:00")
        except ValueError as error:
            self.fail(name, str(error))

    def day(self, name: str) -> date:
        """Return a date: of TOML, or a text like ``2026-01-05``."""
        return self._day(name, self.get(name))

    def optional_day(self, name: str) -> date | None:
        """Return a date, ``None`` for an absent or empty field."""
        value = self.get(name, "")
        return None if value == "" else self._day(name, value)

    def _day(self, name: str, value: object) -> date:
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value.strip())
            except ValueError:
                self.fail(name, f"{value!r:.40} is no date like 2026-01-05")
        if isinstance(value, datetime) or not isinstance(value, date) or value.year not in _YEARS:
            self.fail(name, f"{value!r:.40} is no date like 2026-01-05")
        return value

    def days(self, name: str) -> frozenset[date]:
        """Return dates; ``2026-01-05..2026-01-11`` is each day of a span, both ends included."""
        value = self.get(name, "")
        parts = value if isinstance(value, list) else self.items(name)
        return frozenset(day for part in parts for day in self._span(name, part))

    def _span(self, name: str, part: object) -> list[date]:
        ends = part.split("..") if isinstance(part, str) else [part]
        if len(ends) > 2:  # noqa: PLR2004 - from and to
            self.fail(name, f"{part!r:.40} is no span like 2026-01-05..2026-01-11")
        first, last = self._day(name, ends[0]), self._day(name, ends[-1])
        if not 0 <= (last - first).days <= _LONGEST_RANGE_DAYS:
            self.fail(name, f"{part!r:.40} does not end within {_LONGEST_RANGE_DAYS} days after its begin")
        return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]

    def hours(self, name: str) -> tuple[Hours, ...]:
        """Return spans like ``mon 08:00-10:00``."""
        return tuple(self._hours(name, text) for text in self.items(name))

    def _hours(self, name: str, text: str) -> Hours:
        weekday, _, span = text.partition(" ")
        starts, dash, ends = span.partition("-")
        if not dash:
            self.fail(name, f"{text!r:.40} is no span like mon 08:00-10:00")
        hours = Hours(
            weekday=self._weekday(name, weekday),
            starts=self._clock(name, starts.strip()),
            ends=self._clock(name, ends.strip()),
        )
        if hours.ends <= hours.starts:
            self.fail(name, f"{text!r:.40} does not end after it starts")
        return hours

    def tables(self, name: str) -> list["Table"]:
        """Return the tables of ``[[name]]``; none when it is absent."""
        value = self.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            self.fail(name, "is no list of tables")
        return [Table(each, self.source, number, f"{name}.") for number, each in enumerate(value, 1)]
