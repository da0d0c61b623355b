"""Clock times as people type them, and the instants they mean; both nights when the clocks change included."""

import re
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from mobility.core.clock import Instant, instant

_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:\s*(?:[:.h]|uhr)\s*(?P<minute>\d{2})?)?\s*(?:uhr|h)?", re.IGNORECASE | re.ASCII
)
_DIGITS = re.compile(r"(?P<hour>\d{1,2})(?P<minute>\d{2})", re.ASCII)
_LONGEST = 20


class TimeFault(StrEnum):
    """Why a typed time names no instant."""

    UNREADABLE = "unreadable"
    SKIPPED = "skipped"
    """The clocks jump over it in spring."""
    TWICE = "twice"
    """It comes twice in the autumn night."""


def parse_clock(text: str) -> tuple[int, int] | None:
    """Return hour and minute of ``14:30``, ``14.30``, ``14 Uhr 30``, ``1430``, ``9``; ``None`` for anything else."""
    if len(text) > _LONGEST:
        return None
    trimmed = text.strip()
    match = _CLOCK.fullmatch(trimmed) or _DIGITS.fullmatch(trimmed)
    if match is None:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    return (hour, minute) if hour < 24 and minute < 60 else None  # noqa: PLR2004 - a day's clock


def local_instant(day: date, text: str, zone: str) -> Instant | TimeFault:
    """Return the instant of a typed clock time on a local date."""
    clock = parse_clock(text)
    if clock is None:
        return TimeFault.UNREADABLE
    earlier = datetime(day.year, day.month, day.day, *clock, tzinfo=ZoneInfo(zone))
    later = earlier.replace(fold=1)
    offset_change = later.utcoffset() != earlier.utcoffset()
    if not offset_change:
        return instant(earlier)
    # In the gap the first reading uses the old offset, which is smaller; in the repeated hour it is larger.
    before, after = earlier.utcoffset() or timedelta(0), later.utcoffset() or timedelta(0)
    return TimeFault.SKIPPED if before < after else TimeFault.TWICE


def parse_day(text: str) -> date | None:
    """Return the date of ``2025-10-07``; ``None`` for anything else."""
    if len(text) != len("2025-10-07"):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
