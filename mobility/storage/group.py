"""One group commit: commands decided one after the other, each in a savepoint, durable together or not at all."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from mobility.core.clock import Clock
from mobility.core.errors import ReadOnlyError, StorageError
from mobility.core.events import Envelope
from mobility.core.fold import State
from mobility.core.ports import Committed, Decision
from mobility.core.refusal import Refusal, RefusalCode
from mobility.storage import fact_store
from mobility.storage.database import DATABASE_ERRORS, faults, storage_error
from mobility.storage.fact_store import FirstOutcome, Head
from mobility.storage.prepared import Writing

CHECKPOINT_BYTES = 4 * 1024 * 1024
"""Size of the write-ahead log at which the writer copies it into the database."""

GROUP_S = 0.010
"""Longest work gathered into one commit."""


@dataclass(slots=True)
class Command:
    """A decision on its way through the writer; ``outcome`` is set when its group has ended."""

    decide: Decision
    actor: str
    idempotency_key: str | None
    fingerprint: str
    waiting: asyncio.Future[Committed | Refusal] | None = None
    outcome: Committed | Refusal | Exception | None = None

    def reply(self) -> Committed | Refusal:
        """Return the outcome or raise it."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if self.outcome is None:
            raise StorageError("the ledger stopped before this was decided")
        return self.outcome

    def resolve(self) -> None:
        """Wake the caller, unless it no longer waits."""
        if self.waiting is None or self.waiting.done():
            return
        if isinstance(self.outcome, Exception):
            self.waiting.set_exception(self.outcome)
        else:
            self.waiting.set_result(self.reply())


@dataclass(frozen=True, slots=True)
class Group:
    """What a commit made true: commands with their outcomes, the new facts, and the state after them."""

    commands: Sequence[Command]
    envelopes: Sequence[Envelope]
    state: State


@dataclass(slots=True)
class _Pending:
    """The part of a group that is not committed yet."""

    head: Head
    envelopes: list[Envelope] = field(default_factory=list)
    is_begun: bool = False


class GroupWriter:
    """The only user of the writing connection. Not thread-safe: one thread calls it, or one event loop."""

    def __init__(self, connection: Connection, clock: Clock, path: Path) -> None:
        """Fold the file's facts; raises ``CorruptionError`` when the chain is broken."""
        self.connection = connection
        self._writing = Writing(connection)
        self._clock = clock
        self._wal = path.with_name(path.name + "-wal")
        self._name = path.name
        self._checkpoint_at = CHECKPOINT_BYTES
        self.is_read_only = False
        with faults(self._name):
            self.head = fact_store.load(connection)

    def take_group(self, commands: Sequence[Command]) -> Group:
        """Decide and commit ``commands``; every one of them has an outcome afterwards.

        Commands beyond 10 ms of work go into a further commit of the same call.
        """
        envelopes: list[Envelope] = []
        rest = list(commands)
        while rest:
            taken, facts = self._commit_some(rest)
            envelopes += facts
            rest = rest[taken:]
        return Group(commands, envelopes, self.head.state)

    def close(self) -> None:
        """Checkpoint everything and close the file."""
        if not self.is_read_only:
            self._checkpoint()
        self.connection.close()

    def _commit_some(self, commands: Sequence[Command]) -> tuple[int, list[Envelope]]:
        taken = 0
        pending = _Pending(self.head)
        try:
            if self.is_read_only:
                raise ReadOnlyError(f"{self._name} accepts nothing more: a write failed earlier")
            ends = time.monotonic() + GROUP_S
            while taken < len(commands) and (taken == 0 or time.monotonic() < ends):
                self._run(commands[taken], pending)
                taken += 1
            self._commit(pending)
        except StorageError as error:
            # Also the refusals of this group go: they were decided on facts that are not true.
            for command in commands[: taken + 1]:
                command.outcome = _copy_of(error)
            return min(taken + 1, len(commands)), []
        return taken, pending.envelopes

    def _run(self, command: Command, pending: _Pending) -> None:
        """Set the command's outcome; what it wrote stays only when all of it could be written."""
        with self._faults():
            is_savepoint = False
            head, known = pending.head, len(pending.envelopes)
            try:
                envelopes = self._decide(command, pending)
                if envelopes is None:
                    return
                self._begin(pending)
                self._writing.run("SAVEPOINT command")
                is_savepoint = True
                self._write(command, pending, envelopes)
                self._writing.run("RELEASE command")
            except Exception as error:
                # A decision's fault is its caller's, and the writer lives on; the database's fault is everybody's.
                if isinstance(error, DATABASE_ERRORS) and not isinstance(error, sqlite3.ProgrammingError):
                    raise
                if is_savepoint:
                    self._writing.run("ROLLBACK TO command")
                    self._writing.run("RELEASE command")
                pending.head = head
                del pending.envelopes[known:]
                command.outcome = error

    def _decide(self, command: Command, pending: _Pending) -> list[Envelope] | None:
        """Return the facts to write, or ``None`` when the outcome is known without any."""
        first = None
        if command.idempotency_key is not None:
            first = fact_store.recall(self._writing, command.idempotency_key)
        if first is not None:
            command.outcome = self._repeated(command, first, pending.head.state)
            return None
        now = self._clock.now()
        decided = command.decide(pending.head.state, now)
        if isinstance(decided, Refusal):
            command.outcome = decided
            return None
        seq = pending.head.state.seq
        return [
            Envelope(seq=seq + n, recorded_at=now, actor=command.actor, body=event)
            for n, event in enumerate(decided, 1)
        ]

    def _repeated(self, command: Command, first: FirstOutcome, state: State) -> Committed | Refusal:
        if first.fingerprint != command.fingerprint:
            return Refusal(RefusalCode.IDEMPOTENCY_MISMATCH)
        facts = fact_store.read_facts(self.connection, first.first_seq - 1, first.last_seq)
        return Committed(tuple(facts), state, is_repeat=True)

    def _write(self, command: Command, pending: _Pending, envelopes: list[Envelope]) -> None:
        seq = pending.head.state.seq
        if envelopes:
            pending.head = fact_store.append(self._writing, pending.head, envelopes)
            fact_store.project(self._writing, pending.head.state, envelopes)
            pending.envelopes += envelopes
        if command.idempotency_key is not None:
            outcome = FirstOutcome(command.fingerprint, seq + 1, seq + len(envelopes))
            fact_store.remember(self._writing, command.idempotency_key, outcome)
        command.outcome = Committed(tuple(envelopes), pending.head.state)

    def _begin(self, pending: _Pending) -> None:
        if not pending.is_begun:
            self._writing.run("BEGIN IMMEDIATE")
            pending.is_begun = True

    def _commit(self, pending: _Pending) -> None:
        if not pending.is_begun:
            return
        with self._faults():
            self._writing.run("COMMIT")
        self.head = pending.head
        if self._wal_bytes() >= self._checkpoint_at:
            self._checkpoint()

    def _checkpoint(self) -> None:
        """Copy the write-ahead log into the database and empty it, if no reader is in the way.

        A failure here loses nothing (the log stays), but the disk is no longer to be trusted with more.
        """
        try:
            self._writing.run("PRAGMA wal_checkpoint(TRUNCATE)")
        except DATABASE_ERRORS as error:
            self.is_read_only = not _is_busy(error)
        self._checkpoint_at = self._wal_bytes() + CHECKPOINT_BYTES

    def _wal_bytes(self) -> int:
        try:
            return self._wal.stat().st_size
        except FileNotFoundError:
            return 0

    def _faults(self) -> "_Faults":
        return _Faults(self)

    def give_up(self, error: DBAPIError | sqlite3.Error) -> StorageError:
        """Undo the open transaction; turn read-only unless the file was merely held by somebody else."""
        fault = storage_error(error, self._name)
        self.is_read_only = not _is_busy(error)
        try:
            if self._writing.is_in_transaction:
                self._writing.run("ROLLBACK")
            self.head = fact_store.load(self.connection)
        except DATABASE_ERRORS:
            self.is_read_only = True  # what is on disk can not even be read: keep the last committed state
        return ReadOnlyError(str(fault)) if self.is_read_only else fault


class _Faults:
    """Turns database errors inside a ``with`` into what ``GroupWriter.give_up`` says of them."""

    def __init__(self, writer: GroupWriter) -> None:
        self._writer = writer

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DATABASE_ERRORS):
            raise self._writer.give_up(error) from error


def _copy_of(error: StorageError) -> StorageError:
    """Return an equal error, since one exception object must not be raised in two tasks."""
    copy = type(error)(*error.args)
    copy.__cause__ = error.__cause__
    return copy


def _is_busy(error: DBAPIError | sqlite3.Error) -> bool:
    return type(storage_error(error, "")) is StorageError
