"""Tables of the ledger and of the vault. Instants are UTC milliseconds, times end in their unit."""

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

LEDGER_METADATA = MetaData()

FACTS = Table(
    "facts",
    LEDGER_METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("schema", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)
"""The truth: append-only, each row's hash is SHA-256 over the former hash and the row's canonical bytes."""

COMMANDS = Table(
    "commands",
    LEDGER_METADATA,
    Column("idempotency_key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
)
"""What a repeated request answers with: facts ``first_seq`` to ``last_seq`` (none where last is below first)."""

BOOKINGS = Table(
    "bookings",
    LEDGER_METADATA,
    Column("booking_id", Text, primary_key=True),
    Column("rider", Text, nullable=False),
    Column("area_id", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("wish_kind", String(16), nullable=False),
    Column("wished_at", BigInteger, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("wheelchairs", Integer, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("vehicle_id", Text, nullable=False),
    Column("fare_cent", Integer, nullable=False),
    Column("direct_time_s", Float, nullable=False),
    Column("max_ride_s", Float, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("boarded_at", BigInteger),
    Column("alighted_at", BigInteger),
    Column("prams", Integer, nullable=False, server_default="0"),
    Column("luggage", Integer, nullable=False, server_default="0"),
)
"""Projection: each booking as it stands."""

PROMISES = Table(
    "promises",
    LEDGER_METADATA,
    Column("booking_id", Text, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("earliest", BigInteger, nullable=False),
    Column("latest", BigInteger, nullable=False),
    Column("told_at", BigInteger, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
)
"""Projection: the last window told for each end of each ride."""

PLANS = Table(
    "plans",
    LEDGER_METADATA,
    Column("area_id", Text, primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""Projection: the newest plan of each area and day, its tours as canonical JSON."""

PROJECTIONS = (BOOKINGS, PROMISES, PLANS)
"""What ``mobility ledger rebuild`` drops and rebuilds from the facts."""

VAULT_METADATA = MetaData()

PEOPLE = Table(
    "people",
    VAULT_METADATA,
    Column("rider", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("note", Text, nullable=False),
)
"""Who a rider reference stands for. Rows are deleted on erasure, with their bytes overwritten."""
