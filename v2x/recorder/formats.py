"""Formats of AFGBV Anlage 2: positions in degrees with five decimals, times as date and hh:mm:ss."""

from datetime import UTC

from mobility.core.clock import Instant, datetime_at

REFERENCE_SYSTEM = "WGS84"


def degrees(value_deg: float) -> str:
    """Return ``±ddd.ddddd``, e.g. ``+050.68420``."""
    return f"{value_deg:+010.5f}"


def date_time(moment: Instant) -> str:
    """Return ``YYYY-MM-DD hh:mm:ss`` in UTC, cut to the second."""
    return f"{datetime_at(moment, UTC):%Y-%m-%d %H:%M:%S}"


def iso(moment: Instant) -> str:
    """Return ISO 8601 in UTC with milliseconds, for machines."""
    return datetime_at(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
