"""How far the gateway's clock is ahead of the vehicle's: the least delay of each direction, over drifting clocks.

A ping that leaves at t0 (vehicle), arrives at t1 (gateway), and whose answer leaves at t2 (gateway) and arrives at t3
(vehicle) bounds the offset from both sides, because nothing arrives before it was sent: t2 - t3 <= offset <= t1 - t0.
The least round trip gives the narrowest pair of bounds; taking the best bound of each direction, from different pings,
is never wider and far narrower where only one direction was slow. Bounds grow old: a clock drifts.
"""

from collections import deque
from dataclasses import dataclass

from mobility.core.clock import Instant

DRIFT_PPM = 100.0
"""Fastest drift of a vehicle's clock against ours that the bounds allow for; a poor quartz has 50 ppm."""
KEPT = 64
"""Readings that are remembered: a quarter of an hour."""
LONGEST_ROUND_TRIP_MS = 60_000
"""A slower answer says nothing worth knowing."""
_MS_PER_MS = DRIFT_PPM / 1e6


@dataclass(frozen=True, slots=True)
class Offset:
    """The gateway's clock is ahead of the vehicle's by ``offset_ms``, give or take ``error_ms``."""

    offset_ms: float
    error_ms: float


@dataclass(frozen=True, slots=True)
class _Reading:
    at: Instant
    lower_ms: float
    upper_ms: float


class ClockFilter:
    """Takes answered pings, gives the offset."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self._readings: deque[_Reading] = deque(maxlen=KEPT)
        self.steps = 0
        """How often a reading contradicted the earlier ones: a clock was set."""

    def take(self, *, sent: Instant, received: Instant, answered: Instant, back: Instant) -> Offset | None:
        """Take one ping's four times in ms: vehicle, gateway, gateway, vehicle; return the offset as it is now.

        ``None``, and nothing is learnt, where the times can not be (an answer before its question) or say nothing
        (an answer after more than a minute).
        """
        if answered < received or not answered - received <= back - sent <= LONGEST_ROUND_TRIP_MS:
            return None
        # Clocks that count whole milliseconds are off by up to one each.
        reading = _Reading(back, answered - back - 1.0, received - sent + 1.0)
        self._readings.append(reading)
        found = self.offset_at(back)
        if found is None:
            self.steps += 1
            self._readings.clear()
            self._readings.append(reading)
            found = self.offset_at(back)
        return found

    def offset_at(self, now: Instant) -> Offset | None:
        """Return the offset, its error grown since by the drift; ``None`` without readings or where they disagree."""
        if not self._readings:
            return None
        lower_ms = max(each.lower_ms - _grown_ms(each, now) for each in self._readings)
        upper_ms = min(each.upper_ms + _grown_ms(each, now) for each in self._readings)
        if lower_ms > upper_ms:
            return None
        return Offset((lower_ms + upper_ms) / 2, (upper_ms - lower_ms) / 2)


def _grown_ms(reading: _Reading, now: Instant) -> float:
    return abs(now - reading.at) * _MS_PER_MS
