"""Alembic environment of the ledger: runs on the connection it is handed, never on one of its own."""

from alembic import context

from mobility.storage.tables import LEDGER_METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=LEDGER_METADATA)
with context.begin_transaction():
    context.run_migrations()
