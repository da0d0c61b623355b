"""Local dates and clock times as people type them, and the instants they mean, in the nights of the clock change too.

In the autumn hour that comes twice the season has to be typed: ``2:30 Sommerzeit``, ``2:30 Winterzeit``.
"""

import re
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from mobility.core.clock import Instant, datetime_at, instant

_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:\s*[:.]\s*(?P<minute>\d{2}))?\s*(?:uhr|h)?", re.ASCII)
_DIGITS = re.compile(r"(?P<hour>\d{1,2})(?P<minute>\d{2})", re.ASCII)
_DAY = re.compile(r"(?P<day>\d{1,2})\.\s*(?P<month>\d{1,2})\.\s*(?P<year>\d{4})", re.ASCII)
_SUMMER = ("sommerzeit", "summer time", "mesz", "cest")
_WINTER = ("winterzeit", "winter time", "mez", "cet")
_SEASONS = (("Sommerzeit", "Winterzeit"), ("summer time", "winter time"))
_LONGEST = 30
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class MomentFault(StrEnum):
    """Why what was typed names no instant."""

    DAY = "day"
    """No date."""
    CLOCK = "clock"
    """No clock time."""
    SKIPPED = "skipped"
    """The clocks jump over it in spring."""
    TWICE = "twice"
    """It comes twice in the autumn night, and nobody said which."""


def local_moment(
    day_text: str, clock_text: str, zone: ZoneInfo, *, is_end: bool = False
) -> Instant | MomentFault | None:
    """Return the instant of a typed date and clock time, ``None`` where both are empty.

    Without a clock time a day begins at its first instant and, for an end, ends where the next one begins.
    """
    if not day_text.strip():
        return MomentFault.DAY if clock_text.strip() else None
    day = _parsed_day(day_text)
    if day is None:
        return MomentFault.DAY
    if not clock_text.strip():
        return _midnight(day + timedelta(days=1) if is_end else day, zone)
    clock, is_winter = _split(clock_text)
    parsed = _parsed_clock(clock)
    if parsed is None:
        return MomentFault.CLOCK
    hour, minute = parsed
    if hour == 24:  # noqa: PLR2004 - the end of a day, as people write it
        return _midnight(day + timedelta(days=1), zone)
    return _instant(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone), is_winter)


def _parsed_day(text: str) -> date | None:
    """Return the date of ``2025-10-14`` or ``14.10.2025``, ``None`` for anything else."""
    trimmed = text.strip()
    german = _DAY.fullmatch(trimmed) if len(trimmed) <= _LONGEST else None
    try:
        if german is not None:
            found = date(int(german["year"]), int(german["month"]), int(german["day"]))
        elif len(trimmed) == len("2025-10-14"):
            found = date.fromisoformat(trimmed)
        else:
            return None
    except ValueError:
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def typed(at: Instant | None, zone: ZoneInfo, language: str = "de") -> tuple[str, str]:
    """Return date and clock time to be typed for an instant, to the minute; ``local_moment`` understands both."""
    if at is None:
        return "", ""
    local = datetime_at(at, zone)
    season = _SEASONS[language == "en"][local.fold] if _comes_twice(local) else ""
    return local.date().isoformat(), f"{local:%H:%M} {season}".strip()


def _instant(local: datetime, is_winter: bool | None) -> Instant | MomentFault:
    if not _comes_twice(local):
        there_and_back = datetime_at(instant(local), ZoneInfo(str(local.tzinfo)))
        return instant(local) if there_and_back.replace(fold=0) == local.replace(fold=0) else MomentFault.SKIPPED
    return MomentFault.TWICE if is_winter is None else instant(local.replace(fold=int(is_winter)))


def _comes_twice(local: datetime) -> bool:
    earlier, later = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    # In the gap of spring the first reading has the smaller offset.
    return earlier is not None and later is not None and earlier > later


def _midnight(day: date, zone: ZoneInfo) -> Instant:
    return instant(datetime(day.year, day.month, day.day, tzinfo=zone))


def _split(text: str) -> tuple[str, bool | None]:
    """Return the clock time and whether the season typed behind it is winter; ``None`` where none is."""
    lower = text.strip().casefold().rstrip(" )")
    for names, is_winter in ((_SUMMER, False), (_WINTER, True)):
        for name in names:
            if lower.endswith(name):
                return lower.removesuffix(name).strip(" (,"), is_winter
    return lower, None


def _parsed_clock(text: str) -> tuple[int, int] | None:
    if len(text) > _LONGEST:
        return None
    match = _CLOCK.fullmatch(text) or _DIGITS.fullmatch(text)
    if match is None:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    is_clock = (hour < 24 and minute < 60) or (hour, minute) == (24, 0)  # noqa: PLR2004 - a day's clock
    return (hour, minute) if is_clock else None
