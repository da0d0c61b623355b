"""A clock that moves only when told to."""

from mobility.core.clock import Instant, shifted


class SettableClock:
    """Starts at an instant; ``advance`` and ``sleep`` move it."""

    def __init__(self, start: Instant) -> None:
        self.moment = start

    def now(self) -> Instant:
        return self.moment

    def advance(self, duration_s: float) -> None:
        self.moment = shifted(self.moment, duration_s)

    async def sleep(self, duration_s: float) -> None:
        self.advance(duration_s)
