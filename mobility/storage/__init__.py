"""Adapters that keep facts: ledger, vault, telemetry segments, region bundles. Decides nothing."""
