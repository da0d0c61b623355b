"""When a feed is too old to be trusted: the rule behind the readiness of the process.

A feed is renewed every ``RENEW_S`` even when nothing changes, so that its header says "this was true a moment ago"
also in a quiet night; an older header means that whatever publishes has stopped.
"""

from dataclasses import dataclass

from mobility.core.clock import Instant, seconds_between

RENEW_S = 2.0
"""How often the feed is looked at for its age, and its header renewed."""
OLDEST_HEADER_S = 5.0
"""An older header is a fault."""


@dataclass(frozen=True, slots=True)
class FeedAge:
    """When publishing began, and the time in the newest header since, if there is one."""

    began: Instant
    header: Instant | None = None

    def age_s(self, now: Instant) -> float:
        """Return the age of the newest header in seconds, 0 for one of this second or of the future.

        A header counts whole seconds, rounded down; the second it may be younger is taken off.
        """
        if self.header is None:
            return max(0.0, seconds_between(self.began, now))
        return max(0.0, seconds_between(self.header, now) - 1.0)

    def fault(self, now: Instant) -> str | None:
        """Return what is wrong in one sentence for operators, ``None`` while the feed is young enough."""
        age_s = self.age_s(now)
        if age_s <= OLDEST_HEADER_S:
            return None
        return f"the realtime feed is {age_s:.0f} s old"
