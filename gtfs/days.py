"""Calendars as rows of ``calendar.txt`` and ``calendar_dates.txt``."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from mobility.core.region import Calendar

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Columns of ``calendar.txt``, Monday first."""
ADDED, REMOVED = "1", "2"
"""Values of ``exception_type``."""


def gtfs_date(day: date) -> str:
    """Return ``YYYYMMDD``."""
    return day.strftime("%Y%m%d")


def calendar_rows(calendars: Mapping[str, Calendar]) -> Iterator[dict[str, str]]:
    """Yield a row for every calendar with weekdays; one of single dates only needs none."""
    for service_id, calendar in calendars.items():
        if calendar.weekdays:
            yield {
                "service_id": service_id,
                **{name: str(int(k in calendar.weekdays)) for k, name in enumerate(WEEKDAYS)},
                "start_date": gtfs_date(calendar.first),
                "end_date": gtfs_date(calendar.last),
            }


def date_rows(calendars: Mapping[str, Calendar]) -> Iterator[dict[str, str]]:
    """Yield a row for every exception, by calendar and date; a date both added and removed runs, so it is added."""
    for service_id, calendar in calendars.items():
        for day in sorted(calendar.added | calendar.removed):
            kind = ADDED if day in calendar.added else REMOVED
            yield {"service_id": service_id, "date": gtfs_date(day), "exception_type": kind}


def first_and_last_day(calendars: Iterable[Calendar]) -> tuple[str, str]:
    """Return the first and last day that any calendar runs on, empty texts where none ever runs."""
    days = [day for calendar in calendars for day in _ends(calendar)]
    return (gtfs_date(min(days)), gtfs_date(max(days))) if days else ("", "")


def _ends(calendar: Calendar) -> Iterator[date]:
    yield from calendar.added
    span = range((calendar.last - calendar.first).days + 1) if calendar.weekdays else range(0)
    days = (calendar.first + timedelta(days=k) for k in span)
    running = [day for day in days if calendar.runs_on(day)]
    yield from (running[0], running[-1]) if running else ()
