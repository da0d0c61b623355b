"""Alembic migrations of the ledger and of the vault, run by ``mobility.storage.database`` when a file is opened."""
