"""The ledger: one writer that commits commands in groups, each in its own savepoint, and replies after COMMIT.

Threaded (``serve``, ``demo``): a dedicated thread takes whatever waits, at most 10 ms of work, and syncs once for
all of it. Inline (simulator): the same steps in the caller, without thread and without sync.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Self

from mobility.core.clock import Clock
from mobility.core.errors import ReadOnlyError, StorageError
from mobility.core.events import Envelope
from mobility.core.fold import State
from mobility.core.ports import Committed, Decision
from mobility.core.refusal import Refusal
from mobility.storage import fact_store
from mobility.storage.database import WriterLock, open_reader, open_writer
from mobility.storage.group import Command, Group, GroupWriter
from mobility.storage.ledger_check import Rebuild, Verification, rebuild, verify
from mobility.storage.writer_thread import WriterThread

MAX_WAITING = 4096
"""Commands that may wait for the writer; one more is refused with ``StorageError`` and nothing is dropped."""


class SqlLedger:
    """The ``Ledger`` port on SQLite. Open it, ``await start()``, and ``await stop()`` at the end."""

    def __init__(self, path: Path, writer: GroupWriter, lock: WriterLock, *, inline: bool) -> None:
        """Use ``SqlLedger.open``."""
        self._path = path
        self._writer = writer
        self._lock = lock
        self._reader = open_reader(path)
        self._state = writer.head.state
        self._listeners: list[Callable[[Sequence[Envelope]], None]] = []
        self._thread: WriterThread[Command] | None = None
        self._inline = inline
        self._is_open = True

    @classmethod
    def open(cls, path: Path, *, clock: Clock, inline: bool = False) -> Self:
        """Open or create the ledger file, check its chain and fold its facts.

        Raises ``StorageError`` when another process writes it, ``CorruptionError`` when its chain is broken.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = WriterLock(path)
        try:
            connection = open_writer(path, "ledger", is_durable=not inline)
            return cls(path, GroupWriter(connection, clock, path), lock, inline=inline)
        except BaseException:
            lock.release()
            raise

    @property
    def state(self) -> State:
        """The newest committed snapshot."""
        return self._state

    @property
    def is_read_only(self) -> bool:
        """Whether a full disk or a failed sync was seen: nothing is acknowledged any more."""
        return self._writer.is_read_only

    async def start(self) -> None:
        """Start the writer's thread; nothing to do inline."""
        if not self._inline and self._thread is None:
            self._thread = WriterThread("ledger", self._writer.take_group, self._deliver, limit=MAX_WAITING)
            self._thread.start(asyncio.get_running_loop())

    async def stop(self) -> None:
        """Commit what waits, checkpoint, and close the file; idempotent."""
        if not self._is_open:
            return
        self._is_open = False
        if self._thread is not None:
            await self._thread.stop()
        self._reader.close()
        self._writer.close()
        self._lock.release()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Stop."""
        await self.stop()

    async def submit(
        self, decide: Decision, *, actor: str, idempotency_key: str | None = None, fingerprint: str = ""
    ) -> Committed | Refusal:
        """Decide on the newest state and commit, as the port says.

        Raises ``ReadOnlyError`` when nothing can be made durable, ``StorageError`` when too many commands wait or
        the ledger is not running, and whatever ``decide`` raises.
        """
        if self.is_read_only:
            raise ReadOnlyError("the ledger accepts nothing more: a write failed earlier")
        command = Command(decide, actor, idempotency_key, fingerprint)
        if self._inline and self._is_open:
            self._deliver(self._writer.take_group([command]))
            return command.reply()
        if self._thread is None or not self._is_open:
            raise StorageError("the ledger is not running")
        command.waiting = asyncio.get_running_loop().create_future()
        self._thread.put(command)
        return await command.waiting

    def subscribe(self, listener: Callable[[Sequence[Envelope]], None]) -> None:
        """Call ``listener`` with the facts of each commit, in order, on the event loop, after COMMIT."""
        self._listeners.append(listener)

    def read(self, after_seq: int = 0) -> Iterable[Envelope]:
        """Yield committed facts with a number above ``after_seq`` in order."""
        return fact_store.read_facts(self._reader, after_seq)

    def verify(self) -> Verification:
        """Check chain and projections as they lie on disk."""
        return verify(self._path)

    def rebuild(self) -> Rebuild:
        """Drop the projections and build them anew from the facts; only while no thread runs."""
        if self._thread is not None:
            raise StorageError("stop the ledger before rebuilding its projections")
        return rebuild(self._writer.connection)

    def _deliver(self, group: Group) -> None:
        self._state = group.state
        for command in group.commands:
            command.resolve()
        if group.envelopes:
            for listener in self._listeners:
                listener(group.envelopes)
