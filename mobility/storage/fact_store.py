"""The SQL side of the ledger: reading facts with their chain checked, writing commands inside one transaction."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, Table, bindparam, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert_into

from mobility.core.clock import Instant
from mobility.core.errors import CorruptionError
from mobility.core.events import Envelope
from mobility.core.fold import State, fold
from mobility.storage import projections
from mobility.storage.codec import EncodedEvent, decode_event, encode_event, envelope_bytes
from mobility.storage.prepared import Prepared, Writing, prepared
from mobility.storage.tables import COMMANDS, FACTS, PROJECTIONS

GENESIS = bytes(32)
"""The hash before the first fact."""

_PAGE_ROWS = 500
"""Facts read at a time, so that a slow reader holds no read transaction open (it would starve checkpoints)."""

_INSERT_FACTS = prepared(insert(FACTS))
_INSERT_COMMAND = prepared(insert(COMMANDS))
_RECALL = prepared(
    select(COMMANDS.c.fingerprint, COMMANDS.c.first_seq, COMMANDS.c.last_seq).where(
        COMMANDS.c.idempotency_key == bindparam("idempotency_key")
    )
)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain stands: the state after the last fact, and the last fact's hash."""

    state: State = field(default_factory=State)
    digest: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class FirstOutcome:
    """What is kept of a command under its idempotency key."""

    fingerprint: str
    first_seq: int
    last_seq: int


def link(former: bytes, fact: bytes) -> bytes:
    """Return the hash of a fact (canonical bytes) in the chain after ``former``: SHA-256(former || fact)."""
    return hashlib.sha256(former + fact).digest()


def read_facts(connection: Connection, after_seq: int = 0, until_seq: int | None = None) -> Iterator[Envelope]:
    """Yield facts ``after_seq`` < seq <= ``until_seq`` in order; raises ``CorruptionError`` for an unreadable one."""
    for row in _stored(connection, after_seq, until_seq):
        yield _envelope(row)


def read_checked(connection: Connection) -> Iterator[tuple[Envelope, bytes]]:
    """Yield every fact with its hash; raises ``CorruptionError`` naming the first fact that breaks the chain."""
    digest = GENESIS
    for seq, row in enumerate(_stored(connection, 0, None), 1):
        if row.seq != seq:
            raise CorruptionError(f"fact {seq} is missing")
        encoded = EncodedEvent(kind=row.kind, schema=row.schema, body=row.body.encode())
        digest = link(digest, envelope_bytes(row.seq, row.recorded_at, row.actor, encoded))
        if digest != row.hash:
            raise CorruptionError(f"fact {seq} does not match its hash")
        yield _envelope(row), digest


def load(connection: Connection) -> Head:
    """Return the head by folding all facts; raises ``CorruptionError`` where the chain is broken."""
    digest = GENESIS

    def checked() -> Iterator[Envelope]:
        nonlocal digest
        for envelope, link_digest in read_checked(connection):
            digest = link_digest
            yield envelope

    state = fold(State(), checked())
    return Head(state, digest)


def append(writing: Writing, head: Head, envelopes: Sequence[Envelope]) -> Head:
    """Write facts that follow ``head`` and return the new head; nothing is committed here.

    Raises ``BadInputError`` for a fact that can not be stored and ``KeyError`` for one about something unknown.
    """
    digest, stored = head.digest, []
    for envelope in envelopes:
        encoded = encode_event(envelope.body)
        digest = link(digest, envelope_bytes(envelope.seq, envelope.recorded_at, envelope.actor, encoded))
        stored.append(
            {
                "seq": envelope.seq,
                "recorded_at": envelope.recorded_at,
                "actor": envelope.actor,
                "kind": encoded.kind,
                "schema": encoded.schema,
                "body": encoded.body.decode(),
                "hash": digest,
            }
        )
    state = fold(head.state, envelopes)
    writing.write(_INSERT_FACTS, stored)
    return Head(state, digest)


def remember(writing: Writing, idempotency_key: str, outcome: FirstOutcome) -> None:
    """Keep a command's outcome under its key."""
    values = {
        "idempotency_key": idempotency_key,
        "fingerprint": outcome.fingerprint,
        "first_seq": outcome.first_seq,
        "last_seq": outcome.last_seq,
    }
    writing.write(_INSERT_COMMAND, [values])


def recall(writing: Writing, idempotency_key: str) -> FirstOutcome | None:
    """Return the outcome kept under a key, also one of the running transaction."""
    row = writing.first(_RECALL, idempotency_key)
    return None if row is None else FirstOutcome(*row)


def project(writing: Writing, state: State, envelopes: Iterable[Envelope]) -> None:
    """Write the projection rows that the facts touched, as ``state`` has them."""
    touches = (projections.touched(envelope.body) for envelope in envelopes)
    for table, rows in projections.rows(state, (touch for touch in touches if touch is not None)):
        writing.write(_UPSERT[table], rows)


def dump(connection: Connection) -> Iterator[tuple[str, ...]]:
    """Yield all projection rows in the order of their keys, each as table name and the text of its values."""
    for table in PROJECTIONS:
        for row in connection.execute(select(table).order_by(*table.primary_key.columns)):
            yield (table.name, *(repr(value) for value in row))


def _upsert(table: Table) -> Prepared:
    statement = upsert_into(table)
    changed = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    keys = list(table.primary_key.columns)
    return prepared(statement.on_conflict_do_update(index_elements=keys, set_=changed))


_UPSERT = {table: _upsert(table) for table in PROJECTIONS}


def _stored(connection: Connection, after_seq: int, until_seq: int | None) -> Iterator[Row[tuple[object, ...]]]:
    query = select(FACTS).order_by(FACTS.c.seq).limit(_PAGE_ROWS)
    if until_seq is not None:
        query = query.where(FACTS.c.seq <= until_seq)
    while page := connection.execute(query.where(FACTS.c.seq > after_seq)).all():
        yield from page
        after_seq = page[-1].seq


def _envelope(row: Row[tuple[object, ...]]) -> Envelope:
    encoded = EncodedEvent(kind=row.kind, schema=row.schema, body=row.body.encode())
    return Envelope(seq=row.seq, recorded_at=Instant(row.recorded_at), actor=row.actor, body=decode_event(encoded))
