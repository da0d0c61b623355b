"""The vault's first table: people."""

import sqlalchemy as sa
from alembic import op

revision = "vault_0001"
down_revision = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "people",
        sa.Column("rider", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("people")
