"""How fresh a vehicle's link is: live, stale, lost or resting, and when that changes by itself.

A vehicle is lost when nothing at all was heard of it for 5 s. It stays so until it has been heard for 5 s without a
break, so that a link at the edge of coverage rings once and not at every frame that gets through. A vehicle that said
``goes_to_rest`` rests until it takes a newer sample; what it repeats or pings while it shuts down does not wake it.
"""

from enum import StrEnum

from mobility.core.clock import Instant

STALE_AFTER_MS = 2000
LOST_AFTER_MS = 5000
STEADY_MS = 5000
"""How long a lost vehicle is heard without a break before it counts as back."""


class LinkState(StrEnum):
    """What the operator is told of a link."""

    LIVE = "live"
    STALE = "stale"
    LOST = "lost"
    RESTING = "resting"


class Presence:
    """Whether one vehicle is there. Instants rise."""

    __slots__ = ("_back_since", "_newest", "heard_at", "is_lost", "is_resting", "lost_since")

    def __init__(self, now: Instant) -> None:
        """Begin with the first word of a vehicle."""
        self.heard_at = now
        self.is_resting = False
        self.is_lost = False
        """As of the last ``check``."""
        self.lost_since = now
        """When a lost vehicle was heard last before it was lost."""
        self._back_since = now
        self._newest = Instant(0)

    def hear(self, now: Instant) -> None:
        """Take note that something of the vehicle arrived."""
        if now - self.heard_at > STALE_AFTER_MS:
            self._back_since = now
        self.heard_at = now

    def keep(self, event_time: Instant, *, goes_to_rest: bool) -> None:
        """Take note of a record. One older than the newest says nothing about now."""
        if event_time < self._newest:
            return
        self._newest = event_time
        self.is_resting = goes_to_rest

    def state(self, now: Instant) -> LinkState:
        """Return the state now."""
        if self.is_resting:
            return LinkState.RESTING
        silence_ms = now - self.heard_at
        if silence_ms >= LOST_AFTER_MS:
            return LinkState.LOST
        return LinkState.STALE if silence_ms >= STALE_AFTER_MS else LinkState.LIVE

    def check(self, now: Instant) -> None:
        """Decide anew whether the vehicle is lost."""
        if self.is_resting:
            self.is_lost = False
        elif not self.is_lost:
            if now - self.heard_at >= LOST_AFTER_MS:
                self.is_lost, self.lost_since = True, self.heard_at
        elif self._is_steady(now):
            self.is_lost = False

    def deadline(self, now: Instant) -> Instant | None:
        """Return when ``check`` may decide otherwise although nothing is heard until then; ``None`` for never."""
        if self.is_resting:
            return now if self.is_lost else None
        if not self.is_lost:
            return Instant(self.heard_at + LOST_AFTER_MS)
        steady_at = Instant(self._back_since + STEADY_MS)
        return steady_at if steady_at > now else None

    def _is_steady(self, now: Instant) -> bool:
        is_back = self.heard_at > self.lost_since and now - self.heard_at < STALE_AFTER_MS
        return is_back and now - self._back_since >= STEADY_MS
