"""Instants in UTC milliseconds, and the clock as a port."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NewType, Protocol

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00:00Z."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """The only source of the present time. May run faster than real time, never backwards."""

    def now(self) -> Instant:
        """Return the present instant."""
        ...

    async def sleep(self, duration_s: float) -> None:
        """Wait ``duration_s`` seconds of this clock's time."""
        ...


def instant(moment: datetime) -> Instant:
    """Return the instant of an aware ``datetime``; raises ``ValueError`` for a naive one."""
    if moment.tzinfo is None:
        msg = f"naive time {moment.isoformat()} names no instant"
        raise ValueError(msg)
    return Instant((moment - _EPOCH) // timedelta(milliseconds=1))


def datetime_at(moment: Instant, zone: tzinfo) -> datetime:
    """Return the wall-clock time of ``moment`` in ``zone``."""
    return (_EPOCH + timedelta(milliseconds=moment)).astimezone(zone)


def shifted(moment: Instant, duration_s: float) -> Instant:
    """Return ``moment`` moved by ``duration_s`` seconds (negative: earlier), rounded to milliseconds."""
    return Instant(moment + round(duration_s * 1000))


def seconds_between(earlier: Instant, later: Instant) -> float:
    """Return seconds from ``earlier`` to ``later``; negative when they are swapped."""
    return (later - earlier) / 1000
