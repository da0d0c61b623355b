"""ITS time: milliseconds of TAI since 2004, and generationDeltaTime unwrapped against the time of receipt.

``TimestampIts`` (TS 102 894-2) counts TAI milliseconds since 2004-01-01T00:00:00Z, so it runs ahead of UTC by
the leap seconds since then. A CAM carries only ``generationDeltaTime`` = TimestampIts mod 65,536 (EN 302 637-2).
"""

from bisect import bisect_right
from typing import Final, NewType

from mobility.core.clock import Instant

TimestampIts = NewType("TimestampIts", int)
"""TAI milliseconds since 2004-01-01T00:00:00Z."""

ITS_EPOCH: Final = Instant(1_072_915_200_000)
"""2004-01-01T00:00:00Z."""

GENERATION_DELTA_MS: Final = 65_536
"""After so many milliseconds ``generationDeltaTime`` begins anew."""

AHEAD_MS: Final = 5_000
"""A message may seem this far ahead of its receipt (clocks that differ); anything later is taken as older."""

MAX_TIMESTAMP_ITS: Final = TimestampIts(2**42 - 1)
"""Largest value of the type in TS 102 894-2, in the year 2143."""

_LEAP_SECONDS: Final = (
    Instant(1_136_073_600_000),  # 2006-01-01
    Instant(1_230_768_000_000),  # 2009-01-01
    Instant(1_341_100_800_000),  # 2012-07-01
    Instant(1_435_708_800_000),  # 2015-07-01
    Instant(1_483_228_800_000),  # 2017-01-01
)
"""First instant after each leap second since the ITS epoch (IERS Bulletin C; none was announced after 2017)."""

_LEAPS_ITS: Final = tuple(moment - ITS_EPOCH + 1000 * (count + 1) for count, moment in enumerate(_LEAP_SECONDS))
"""The same instants on the ITS time scale."""


def timestamp_its(moment: Instant) -> TimestampIts:
    """Return the ITS time of an instant; negative before 2004."""
    return TimestampIts(moment - ITS_EPOCH + 1000 * bisect_right(_LEAP_SECONDS, moment))


def instant_of(timestamp: TimestampIts) -> Instant:
    """Return the UTC instant of an ITS time; a leap second itself falls on the second after it."""
    return Instant(timestamp + ITS_EPOCH - 1000 * bisect_right(_LEAPS_ITS, timestamp))


def unwrapped(generation_delta_time: int, reference: TimestampIts, *, ahead_ms: int = AHEAD_MS) -> TimestampIts:
    """Return the newest ITS time with this ``generation_delta_time`` at most ``ahead_ms`` after ``reference``.

    ``reference`` is the time of receipt, or better the signed envelope's generation time. A message that was on its
    way for more than 65,536 - ``ahead_ms`` milliseconds can not be told from a younger one. Raises ``ValueError`` for
    a ``generation_delta_time`` outside 0..65535.
    """
    if not 0 <= generation_delta_time < GENERATION_DELTA_MS:
        raise ValueError(f"generationDeltaTime {generation_delta_time} is not in 0..65535")
    latest = reference + ahead_ms
    return TimestampIts(latest - (latest - generation_delta_time) % GENERATION_DELTA_MS)
