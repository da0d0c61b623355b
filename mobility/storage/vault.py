"""The vault: people in a file of their own, away from the facts, so that they can be erased."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Connection, delete, insert, select

from mobility.core.errors import ReadOnlyError, StorageError
from mobility.core.ids import RiderRef
from mobility.core.ports import Person, References
from mobility.storage.database import WriterLock, faults, open_writer
from mobility.storage.tables import PEOPLE

Result = TypeVar("Result")


class SqlVault:
    """The ``Vault`` port on SQLite with ``secure_delete``: erased bytes are overwritten, in the log as well."""

    def __init__(self, connection: Connection, lock: WriterLock, references: References, *, inline: bool) -> None:
        """Use ``SqlVault.open``."""
        self._connection = connection
        self._lock = lock
        self._references = references
        self._thread = None if inline else ThreadPoolExecutor(max_workers=1, thread_name_prefix="vault")
        self._is_open = True
        self.is_read_only = False

    @classmethod
    def open(cls, path: Path, *, references: References, inline: bool = False) -> Self:
        """Open or create the vault file; new riders are named by ``references.token()``.

        Raises ``StorageError`` when another process writes it, ``CorruptionError`` for a foreign file.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = WriterLock(path)
        try:
            # Before SQLite opens it: the log beside it gets the mode of the file.
            path.touch(mode=0o600)
            path.chmod(0o600)
            connection = open_writer(path, "vault", is_durable=not inline)
            return cls(connection, lock, references, inline=inline)
        except BaseException:
            lock.release()
            raise

    async def start(self) -> None:
        """Nothing to do; for symmetry with the ledger."""

    async def stop(self) -> None:
        """Close the file; idempotent."""
        if not self._is_open:
            return
        self._is_open = False
        if self._thread is not None:
            self._thread.shutdown()
        self._connection.close()
        self._lock.release()

    async def __aenter__(self) -> Self:
        """Start."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Stop."""
        await self.stop()

    async def put(self, person: Person) -> RiderRef:
        """Store a person durably and return a new reference; raises ``ReadOnlyError`` when that can not be."""
        rider = RiderRef(self._references.token())
        row = {"rider": rider, "name": person.name, "phone": person.phone, "note": person.note}
        await self._write(lambda: self._connection.execute(insert(PEOPLE), row))
        return rider

    async def get(self, rider: RiderRef) -> Person | None:
        """Return the person, or ``None`` once erased."""
        return await self._run(lambda: self._found(rider))

    async def erase(self, rider: RiderRef) -> bool:
        """Delete the person and overwrite the bytes; return whether there was one."""
        return await self._write(lambda: self._erased(rider))

    def _found(self, rider: RiderRef) -> Person | None:
        row = self._connection.execute(select(PEOPLE).where(PEOPLE.c.rider == rider)).first()
        return None if row is None else Person(name=row.name, phone=row.phone, note=row.note)

    def _erased(self, rider: RiderRef) -> bool:
        known = self._connection.execute(delete(PEOPLE).where(PEOPLE.c.rider == rider)).rowcount > 0
        # The write-ahead log still holds the old page: copy it over and cut the log to nothing.
        self._connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return known

    async def _write(self, work: Callable[[], Result]) -> Result:
        if self.is_read_only:
            raise ReadOnlyError("the vault accepts nothing more: a write failed earlier")
        return await self._run(work)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if not self._is_open:
            raise StorageError("the vault is closed")
        if self._thread is None:
            return self._guarded(work)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, work)

    def _guarded(self, work: Callable[[], Result]) -> Result:
        try:
            with faults("vault"):
                return work()
        except ReadOnlyError:
            self.is_read_only = True
            raise
