"""Which date an instant has where the fleet is, quickly for instants close to each other."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mobility.core.clock import Instant, datetime_at, instant


class DayOf:
    """Remembers the day it was asked about last."""

    def __init__(self, zone: str) -> None:
        """``zone`` is an IANA name."""
        self._zone = ZoneInfo(zone)
        self._day = date.min
        self._starts = self._ends = Instant(0)

    def __call__(self, moment: Instant) -> date:
        """Return the local date of ``moment``."""
        if not self._starts <= moment < self._ends:
            self._day = datetime_at(moment, self._zone).date()
            self._starts, self._ends = self._midnight(self._day), self._midnight(self._day + timedelta(days=1))
        return self._day

    def _midnight(self, day: date) -> Instant:
        return instant(datetime(day.year, day.month, day.day, tzinfo=self._zone))
