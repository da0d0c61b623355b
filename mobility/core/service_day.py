"""Service days: times after noon minus twelve hours, longer than 24:00, safe in both DST nights.

Source: GTFS reference, field type "Time": measured from noon minus 12 h of the service day.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NewType
from zoneinfo import ZoneInfo

from mobility.core.clock import Instant, datetime_at, instant

ServiceTime = NewType("ServiceTime", int)
"""Seconds after noon minus 12 h of a service day; may pass 86 400 and is below 7 days."""

_TIME = re.compile(r"\s*(\d{1,3}):([0-5]\d):([0-5]\d)\s*", re.ASCII)
_HALF_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class ServiceDay:
    """A day of operation in a zone. Its zero is midnight, but for the two days a year the clocks change."""

    date: date
    zone: str
    """IANA zone name, e.g. ``Europe/Berlin``."""

    @property
    def start(self) -> Instant:
        """The instant of service time 0: noon of the date in the zone, minus 12 hours of elapsed time."""
        noon = datetime(self.date.year, self.date.month, self.date.day, 12, tzinfo=ZoneInfo(self.zone))
        return Instant(instant(noon) - _HALF_DAY // timedelta(milliseconds=1))

    def at(self, time: ServiceTime | int) -> Instant:
        """Return the instant of a service time in seconds."""
        return Instant(self.start + time * 1000)

    def time_of(self, moment: Instant) -> ServiceTime:
        """Return the service time of an instant, floored to seconds; negative before the day's start."""
        return ServiceTime((moment - self.start) // 1000)

    def plus(self, days: int) -> "ServiceDay":
        """Return the service day ``days`` later (negative: earlier)."""
        return ServiceDay(self.date + timedelta(days=days), self.zone)


def service_day_of(moment: Instant, zone: str) -> ServiceDay:
    """Return the service day whose calendar date is the local date of ``moment`` in ``zone``."""
    return ServiceDay(datetime_at(moment, ZoneInfo(zone)).date(), zone)


def parse_service_time(text: str) -> ServiceTime:
    """Parse ``H:MM:SS`` or ``HH:MM:SS`` with hours up to 167; raises ``ValueError`` otherwise."""
    match = _TIME.fullmatch(text)
    if match is None:
        msg = f"{text!r} is not a time like 08:05:00"
        raise ValueError(msg)
    hours, minutes, seconds = (int(part) for part in match.groups())
    if hours >= 168:  # noqa: PLR2004 - seven days; longer is a typing error, not a service
        msg = f"{text!r} lies more than seven days after its service day"
        raise ValueError(msg)
    return ServiceTime(hours * 3600 + minutes * 60 + seconds)


def format_service_time(time: ServiceTime | int) -> str:
    """Return ``HH:MM:SS`` with hours beyond 24 where the service day is longer; ``time`` must be >= 0."""
    if time < 0:
        msg = f"service time {time} lies before its service day"
        raise ValueError(msg)
    return f"{time // 3600:02d}:{time // 60 % 60:02d}:{time % 60:02d}"
