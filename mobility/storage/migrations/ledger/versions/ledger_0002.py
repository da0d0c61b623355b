"""Bookings show prams and large luggage."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0002"
down_revision = "ledger_0001"

_COLUMNS = ("prams", "luggage")


def upgrade() -> None:
    """Add the columns; nobody could book either before."""
    for name in _COLUMNS:
        op.add_column("bookings", sa.Column(name, sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop the columns."""
    for name in reversed(_COLUMNS):
        op.drop_column("bookings", name)
