"""SQLAlchemy statements compiled once and run on the driver: the writer's hot path without the compiler's cost.

Measured on SQLite: a statement through ``Connection.execute`` costs 30-50 µs beside its work, one of these 3 µs.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import ClauseElement

from mobility.core.errors import StorageError


@dataclass(frozen=True, slots=True)
class Prepared:
    """SQL text with the names of its parameters in their order."""

    sql: str
    names: tuple[str, ...]


def prepared(statement: ClauseElement) -> Prepared:
    """Compile a statement for SQLite; its parameters are the columns' or bind parameters' names."""
    compiled = statement.compile(dialect=sqlite.dialect())
    return Prepared(str(compiled), tuple(getattr(compiled, "positiontup", None) or ()))


class Writing:
    """The writing connection as the hot path uses it. Raises ``sqlite3.Error`` as the driver gives it."""

    def __init__(self, connection: Connection) -> None:
        """Use the driver's connection under ``connection``."""
        raw: object = connection.connection.dbapi_connection
        if not isinstance(raw, sqlite3.Connection):
            raise StorageError("the ledger's writer speaks to SQLite only")
        self.connection = connection
        self._raw = raw

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._raw.in_transaction

    def run(self, sql: str) -> None:
        """Run a statement without parameters: ``BEGIN``, ``SAVEPOINT``, ``COMMIT``."""
        self._raw.execute(sql)

    def write(self, statement: Prepared, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once for each row."""
        self._raw.executemany(statement.sql, [[row[name] for name in statement.names] for row in rows])

    def first(self, statement: Prepared, *values: object) -> tuple[Any, ...] | None:
        """Return the first row found, ``None`` where there is none; ``values`` in the order of the parameters."""
        row: tuple[Any, ...] | None = self._raw.execute(statement.sql, values).fetchone()
        return row
