"""Alembic environment of the vault: runs on the connection it is handed, never on one of its own."""

from alembic import context

from mobility.storage.tables import VAULT_METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=VAULT_METADATA)
with context.begin_transaction():
    context.run_migrations()
