"""What all connections together carry: samples and bytes that wait for the disk, and the credit that follows."""

from v2x.credit import CALM, EASY_LAG_MS, EASY_PENDING, Credit, Level, Load, credit_at, level_at

MOST_PENDING_BYTES = 64 * 1024 * 1024
"""Bytes of frames that may wait for the disk before a connection reads only when nothing of its own waits."""
MOST_PENDING_SAMPLES = 131_072


class Pressure:
    """One for a gateway; every connection reports to it."""

    __slots__ = ("_bytes", "_connections", "_lag_ms", "_level", "_samples", "credit")

    def __init__(self) -> None:
        """Start without load."""
        self._samples = self._bytes = self._lag_ms = self._connections = 0
        self._level = Level.EASY
        self.credit: Credit = CALM
        """What a vehicle should be told; the same object as long as nothing changes."""

    @property
    def level(self) -> Level:
        """How hard the gateway works."""
        return self._level

    @property
    def pending_samples(self) -> int:
        """Samples that wait for the disk."""
        return self._samples

    @property
    def is_full(self) -> bool:
        """Whether no more should be read than the disk takes."""
        return self._bytes >= MOST_PENDING_BYTES or self._samples >= MOST_PENDING_SAMPLES

    def joined(self, change: int) -> None:
        """Count a connection that came (1) or went (-1)."""
        self._connections += change
        self._weigh(self._level)

    def taken(self, samples: int, size_bytes: int, lag_ms: int = 0) -> None:
        """Count samples that begin to wait; ``lag_ms`` is what the oldest under way have waited by now."""
        self._lag_ms = max(self._lag_ms, lag_ms)
        self._samples += samples
        self._bytes += size_bytes
        self._rejudge()

    def settled(self, samples: int, size_bytes: int, lag_ms: int) -> None:
        """Count samples that wait no more; ``lag_ms`` is what they waited."""
        self._samples -= samples
        self._bytes -= size_bytes
        self._lag_ms = lag_ms
        self._rejudge()

    def _rejudge(self) -> None:
        if self._level is Level.EASY and self._samples < EASY_PENDING and self._lag_ms < EASY_LAG_MS:
            return  # the short way, for every frame
        load = Load(pending_samples=self._samples, lag_ms=self._lag_ms, connections=self._connections)
        level = level_at(load, self._level)
        if level is not self._level:
            self._weigh(level)

    def _weigh(self, level: Level) -> None:
        self._level = level
        credit = credit_at(level, self._connections)
        if credit != self.credit:
            self.credit = CALM if credit == CALM else credit
