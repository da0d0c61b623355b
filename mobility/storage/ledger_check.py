"""Checking a ledger: the chain link by link, the projections row by row, and rebuilding the latter."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from mobility.core.errors import CorruptionError
from mobility.core.events import Envelope
from mobility.core.fold import State, fold
from mobility.storage import projections
from mobility.storage.database import faults, open_reader
from mobility.storage.fact_store import GENESIS, dump, load, read_checked
from mobility.storage.tables import COMMANDS, LEDGER_METADATA, PROJECTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found; ``fault`` is empty when chain and projections are sound."""

    facts: int
    """Facts whose chain is unbroken, counted from the first."""
    head: str
    """Hash of the last of them in hex; kept elsewhere, it proves that nothing was cut off later."""
    fault: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found wanting."""
        return not self.fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """What a rebuild did."""

    rows: int
    """Projection rows there are now."""
    was_equal: bool
    """Whether the former ones were the same, row for row."""


def verify(path: Path) -> Verification:
    """Check the ledger file at ``path`` on one snapshot; may run beside the server.

    Raises ``StorageError`` when there is no such file.
    """
    connection = open_reader(path)
    try:
        with faults(path.name):
            connection.exec_driver_sql("BEGIN")
            found = _verify(connection)
            connection.exec_driver_sql("ROLLBACK")
            return found
    except CorruptionError as error:
        return Verification(facts=0, head="", fault=str(error))
    finally:
        connection.close()


def rebuild(connection: Connection) -> Rebuild:
    """Drop all projections and build them from the facts, in one transaction on the writing connection.

    Raises ``CorruptionError`` and changes nothing when the chain is broken.
    """
    with faults("ledger"):
        state = load(connection).state
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        before = list(dump(connection))
        LEDGER_METADATA.drop_all(connection, tables=PROJECTIONS)
        LEDGER_METADATA.create_all(connection, tables=PROJECTIONS)
        for table, rows in projections.every_row(state):
            if rows:
                connection.execute(insert(table), rows)
        after = list(dump(connection))
        connection.exec_driver_sql("COMMIT")
        return Rebuild(rows=len(after), was_equal=before == after)


def _verify(connection: Connection) -> Verification:
    digest, facts = GENESIS, 0

    def checked() -> Iterator[Envelope]:
        nonlocal digest, facts
        for envelope, link in read_checked(connection):
            digest, facts = link, envelope.seq
            yield envelope

    try:
        state = fold(State(), checked())
    except CorruptionError as error:
        return Verification(facts=facts, head=digest.hex(), fault=str(error))
    except KeyError as error:
        return Verification(facts=facts, head=digest.hex(), fault=f"fact {facts} is about the unknown {error}")
    fault = _commands_fault(connection, facts) or _projection_fault(connection, state)
    return Verification(facts=facts, head=digest.hex(), fault=fault)


def _commands_fault(connection: Connection, facts: int) -> str:
    """A command that points beyond the last fact tells of facts cut off at the end."""
    last = connection.execute(select(func.max(COMMANDS.c.last_seq))).scalar()
    if last is not None and last > facts:
        return f"facts {facts + 1} to {last} were cut off"
    return ""


def _projection_fault(connection: Connection, state: State) -> str:
    for table, rows in projections.every_row(state):
        keys = [column.name for column in table.primary_key.columns]
        expected = sorted(rows, key=lambda row, keys=keys: tuple(row[key] for key in keys))  # type: ignore[misc]  # mypy can not infer a lambda with a default
        stored = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        found = [dict(row) for row in stored]
        if found != expected:
            different = next((n for n, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b), None)
            place = f"row {different + 1}" if different is not None else f"{len(found)} rows for {len(expected)}"
            return f"projection {table.name} does not follow from the facts ({place})"
    return ""
