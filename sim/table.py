"""A TOML table that is read field by field, so that every complaint names its field."""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from mobility.core.errors import BadInputError
from mobility.core.service_day import ServiceTime, parse_service_time

T = TypeVar("T")
D = TypeVar("D")
E = TypeVar("E", bound=StrEnum)

_LARGEST = 1e9
"""No number of a scenario is larger; refuses infinities and typing errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of the service day."""

    starts: ServiceTime
    ends: ServiceTime


class Table:
    """A TOML table that knows where it stands. What was read is gone from it; ``close`` complains about the rest."""

    def __init__(self, source: str, table: dict[str, Any], path: str = "") -> None:
        """Take a parsed table; ``source`` and ``path`` say where it stands."""
        self._source = source
        self._rest = dict(table)
        self._path = path

    def fail(self, name: str, message: str) -> NoReturn:
        """Complain about one field."""
        raise BadInputError(message, source=self._source, field=f"{self._path}{name}")

    def close(self) -> None:
        """Complain about the first field nobody asked for."""
        for name in self._rest:
            self.fail(name, "is not known here")

    def closed(self, value: T) -> T:
        """Return ``value`` once everything of this part was read."""
        self.close()
        return value

    def part(self, name: str) -> "Table":
        """Return a sub-table, empty where absent."""
        table = self._rest.pop(name, {})
        if not isinstance(table, dict):
            self.fail(name, "must be a table")
        return Table(self._source, table, f"{self._path}{name}.")

    def parts(self, name: str) -> list["Table"]:
        """Return an array of tables, empty where absent."""
        tables = self._rest.pop(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.fail(name, "must be an array of tables, [[...]]")
        return [Table(self._source, table, f"{self._path}{name}[{i}].") for i, table in enumerate(tables, start=1)]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text, which must be there where it has no default."""
        value = self._rest.pop(name, default)
        if not isinstance(value, str) or not (value or default == ""):
            self.fail(name, "must be a text")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a list of texts, empty where absent."""
        values = self._rest.pop(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
            self.fail(name, "must be a list of texts")
        return values

    def one_of(self, name: str, kind: type[E]) -> E:
        """Return a member of an enumeration by its value."""
        value = self.text(name)
        try:
            return kind(value)
        except ValueError:
            self.fail(name, f"must be one of {', '.join(kind)}")

    def number(self, name: str, default: float | None = None, *, low: float = 0.0, high: float = math.inf) -> float:
        """Return a finite number within limits."""
        value = self._rest.pop(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(name, "must be a number")
        if not low <= value <= min(high, _LARGEST):
            self.fail(name, f"must lie in {low:g}..{min(high, _LARGEST):g}")
        return float(value)

    def day(self, name: str) -> date | None:
        """Return a date like 2025-10-14, or ``None`` where absent."""
        value = self._rest.pop(name, None)
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            self.fail(name, "must be a date like 2025-10-14")
        return value

    def time(self, name: str, default: str = "") -> ServiceTime:
        """Return a service time like "25:00:00"; it may pass midnight."""
        value = self._rest.pop(name, default)
        try:
            return parse_service_time(value)
        except (ValueError, TypeError):
            self.fail(name, f'must be a time like "08:05:00", but is {value!r}')

    def time_or(self, name: str, default: D) -> ServiceTime | D:
        """Return a service time, ``default`` where absent."""
        return self.time(name) if name in self._rest else default

    def span(self) -> Span:
        """Return the fields ``starts`` and ``ends``."""
        span = Span(starts=self.time("starts"), ends=self.time("ends"))
        if span.ends < span.starts:
            self.fail("ends", "lies before starts")
        return span

    def numbers(self, kind: Callable[..., T]) -> T:
        """Return a dataclass of numbers >= 0; fields named ``..._share`` or ``..._frac`` are at most 1."""
        defaults: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
        found = {
            name: self.number(name, default, high=1.0 if name.endswith(("_share", "_frac")) else math.inf)
            for name, default in defaults.items()
        }
        return self.closed(kind(**found))
