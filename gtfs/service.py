"""Service days of a timetable: which services run on a date, and which dates can matter to a span of time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from mobility.core.clock import Instant
from mobility.core.region import Calendar
from mobility.core.service_day import ServiceDay, service_day_of

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class DaySpan:
    """A span of time as one service day sees it: whole seconds, rounded inwards."""

    date: date
    start: Instant
    """The instant of service time 0."""
    from_s: int
    to_s: int


class ServiceDays:
    """The calendars of one timetable in its zone. Remembers what it computed; answers never change."""

    def __init__(self, calendars: Mapping[str, Calendar], zone: str, longest_s: int) -> None:
        """Take the calendars by service id, the zone, and the latest service time of any call in seconds."""
        self._calendars = calendars
        self._zone = zone
        # One more day: in the night the clocks go forward, 47:59 is 00:59 two days later.
        self._days_back = longest_s // _DAY_S + 1
        self.running = lru_cache(maxsize=512)(self._running)
        self._start = lru_cache(maxsize=512)(self._start_of)

    def runs_on(self, service_id: str, day: date) -> bool:
        """Return whether trips of a service run on ``day``; raises ``KeyError`` for an unknown service."""
        return self._calendars[service_id].runs_on(day)

    def spans(self, earliest: Instant, latest: Instant) -> Iterator[DaySpan]:
        """Yield, in order of dates, the span as seen by every service day that can touch it.

        A whole second of service time lies within ``from_s..to_s`` exactly when its instant lies within
        ``earliest..latest``.
        """
        day = service_day_of(earliest, self._zone).date - timedelta(days=self._days_back)
        last = service_day_of(latest, self._zone).date + timedelta(days=1)
        while day <= last:
            start = self._start(day)
            yield DaySpan(day, start, -((start - earliest) // 1000), (latest - start) // 1000)
            day += timedelta(days=1)

    def _running(self, day: date) -> frozenset[str]:
        return frozenset(name for name, calendar in self._calendars.items() if calendar.runs_on(day))

    def _start_of(self, day: date) -> Instant:
        return ServiceDay(day, self._zone).start
