"""The ledger's first tables: facts, commands, and the projections of bookings, promises and plans."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "facts",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("schema", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "commands",
        sa.Column("idempotency_key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("first_seq", sa.Integer, nullable=False),
        sa.Column("last_seq", sa.Integer, nullable=False),
    )
    _create_projections()


def _create_projections() -> None:
    op.create_table(
        "bookings",
        sa.Column("booking_id", sa.Text, primary_key=True),
        sa.Column("rider", sa.Text, nullable=False),
        sa.Column("area_id", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("wish_kind", sa.String(16), nullable=False),
        sa.Column("wished_at", sa.BigInteger, nullable=False),
        sa.Column("seats", sa.Integer, nullable=False),
        sa.Column("wheelchairs", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("vehicle_id", sa.Text, nullable=False),
        sa.Column("fare_cent", sa.Integer, nullable=False),
        sa.Column("direct_time_s", sa.Float, nullable=False),
        sa.Column("max_ride_s", sa.Float, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("boarded_at", sa.BigInteger),
        sa.Column("alighted_at", sa.BigInteger),
    )
    op.create_table(
        "promises",
        sa.Column("booking_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("earliest", sa.BigInteger, nullable=False),
        sa.Column("latest", sa.BigInteger, nullable=False),
        sa.Column("told_at", sa.BigInteger, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
    )
    op.create_table(
        "plans",
        sa.Column("area_id", sa.Text, primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("plans", "promises", "bookings", "commands", "facts"):
        op.drop_table(table)
