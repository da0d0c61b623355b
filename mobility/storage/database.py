"""One SQLite file with one writing connection: lock, pragmas, migrations, and faults in our own words.

SQLite before 3.51.3 can corrupt a WAL file when two connections write or checkpoint at once. So one process holds
the lock, one connection writes *and* checkpoints, and readers are ``query_only``.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from mobility.core.errors import CorruptionError, ReadOnlyError, StorageError
from mobility.storage.tables import LEDGER_METADATA, VAULT_METADATA

Schema = Literal["ledger", "vault"]
"""Which of the two sets of migrations a file follows."""

HEADS: dict[Schema, str] = {"ledger": "ledger_0002", "vault": "vault_0001"}
"""Newest revision of each; a file that has it is opened without loading Alembic."""

_METADATA: dict[Schema, MetaData] = {"ledger": LEDGER_METADATA, "vault": VAULT_METADATA}

BUSY_TIMEOUT_S = 5.0
"""How long a statement waits for a foreign program that holds the file."""


DATABASE_ERRORS = (DBAPIError, sqlite3.Error)
"""What a failing statement raises: through SQLAlchemy, and on the driver itself (``mobility.storage.prepared``)."""


class WriterLock:
    """Keeps a second process from writing the same file; released by ``release`` or by the end of the process."""

    def __init__(self, path: Path) -> None:
        """Take the lock beside ``path``; raises ``StorageError`` when another writer holds it."""
        self._descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise StorageError(f"{path.name} is being written by another process") from error

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)


def open_writer(path: Path, schema: Schema, *, is_durable: bool) -> Connection:
    """Open the only writing connection, migrated to the newest schema.

    ``is_durable`` syncs every commit (``synchronous=FULL``); without it nothing is synced (simulator).
    Raises ``CorruptionError`` when the file is no database of ours. Transactions are begun and ended by SQL.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path)
    with faults(path.name):
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if is_durable else 'OFF'}")
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint=0")
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        _migrate(connection, schema)
    if is_durable:
        sync_directory(path.parent)
    return connection


def open_reader(path: Path) -> Connection:
    """Open a connection that can not write; raises ``StorageError`` when there is no such file."""
    if not path.is_file():
        raise StorageError(f"there is no {path.name} in {path.parent}")
    connection = _connect(path)
    with faults(path.name):
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint=0")
    return connection


@contextmanager
def faults(name: str) -> Iterator[None]:
    """Turn SQLite's errors into ours: busy is a ``StorageError``, foreign bytes corruption, the rest read-only."""
    try:
        yield
    except DATABASE_ERRORS as error:
        raise storage_error(error, name) from error


def storage_error(error: DBAPIError | sqlite3.Error, name: str) -> StorageError:
    """Return what a database error means to callers. A full disk and a failed sync are both ``ReadOnlyError``."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    primary = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StorageError(f"{name} is held by another program")
    if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return CorruptionError(f"{name} is damaged or no database of ours: {cause}")
    if primary in {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH}:
        return StorageError(f"{name} refused a row: {cause}")
    return ReadOnlyError(f"{name} can not be written: {cause}")


def sync_directory(directory: Path) -> None:
    """Make the names in ``directory`` durable (a new file's name is not, even when its bytes are)."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _connect(path: Path) -> Connection:
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S},
    )
    return engine.connect()


def _migrate(connection: Connection, schema: Schema) -> None:
    """Bring a file to the newest schema.

    A new file gets the tables as they are now; a test compares them with what the migrations lead to. So only an old
    file needs Alembic, which takes half a second to import.
    """
    if _revision(connection) == HEADS[schema]:
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    if _is_empty(connection):
        _create(connection, schema)
    else:
        upgrade(connection, schema)
    connection.exec_driver_sql("COMMIT")


def _create(connection: Connection, schema: Schema) -> None:
    _METADATA[schema].create_all(connection)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version "
        "(version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEADS[schema]})


def upgrade(connection: Connection, schema: Schema) -> None:
    """Run the migrations that are missing, inside the open transaction; raises ``StorageError`` for a newer file."""
    from alembic import command  # noqa: PLC0415 - see _migrate
    from alembic.config import Config  # noqa: PLC0415 - see _migrate
    from alembic.util import CommandError  # noqa: PLC0415 - see _migrate

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations" / schema))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StorageError(f"the {schema} was written by a newer version of this program") from error


def _is_empty(connection: Connection) -> bool:
    return connection.execute(text("SELECT 1 FROM sqlite_master")).first() is None


def _revision(connection: Connection) -> str | None:
    known = text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
    if connection.execute(known).first() is None:
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if row is None else str(row[0])
