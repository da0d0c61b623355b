"""How much a vehicle may have under way: little load asks nothing, much load stops backlog first, then routine samples.

Events, commands and safety records are never held back; only their vehicle knows which samples those are.
"""

from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What a vehicle may have under way until it is told anew."""

    window_samples: int
    """Most unacknowledged routine samples under way."""
    backlog_samples: int
    """Of those, most that are backlog; 0: send no backlog now."""
    routine_interval_ms: int = 0
    """Least time between two routine samples."""


CALM = Credit(window_samples=2000, backlog_samples=400)
"""What a vehicle assumes before it is told anything."""
SHARED_WINDOW = 65_536
"""Samples that all vehicles together may have under way: what the gateway's memory is made for."""
SHARED_BACKLOG = 8192
"""Of those, most that are backlog: a whole fleet may come back from one outage."""
LEAST_WINDOW = 64
LEAST_BACKLOG = 16
"""Even among very many vehicles each drains its backlog, slowly."""


class Level(IntEnum):
    """How hard the gateway works."""

    EASY = 0
    """All is answered at once."""
    BUSY = 1
    """Backlog waits."""
    FULL = 2
    """Routine samples once a second."""
    OVER = 3
    """Routine samples every five seconds."""


_PENDING = {Level.BUSY: 8192, Level.FULL: 16_384, Level.OVER: 32_768}
_LAG_MS = {Level.BUSY: 400, Level.FULL: 1000, Level.OVER: 3000}
EASY_PENDING, EASY_LAG_MS = _PENDING[Level.BUSY], _LAG_MS[Level.BUSY]
"""Below both a gateway that worked easily goes on so."""
_INTERVAL_MS = {Level.EASY: 0, Level.BUSY: 0, Level.FULL: 1000, Level.OVER: 5000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the gateway carries at a moment."""

    pending_samples: int
    """Samples of all connections that wait for the disk."""
    lag_ms: int
    """How long the newest group took from its frames to the disk and back."""
    connections: int


def level_at(load: Load, former: Level) -> Level:
    """Return the level of a load. It rises at once and falls well below where it rose, one step at a time.

    Where nothing waits at all it is easy, whatever it was: nobody might come to lower it step by step.
    """
    if load.pending_samples == 0:
        return Level.EASY
    risen = max(
        (level for level in _PENDING if load.pending_samples >= _PENDING[level] or load.lag_ms >= _LAG_MS[level]),
        default=Level.EASY,
    )
    if risen >= former:
        return risen
    is_relieved = load.pending_samples < _PENDING[former] // 2 and load.lag_ms < _LAG_MS[former] // 2
    return Level(former - 1) if is_relieved else former


def credit_at(level: Level, connections: int) -> Credit:
    """Return what each of ``connections`` vehicles may have under way at a level."""
    # In powers of two, so that not every arrival changes everybody's credit.
    share = 1 << max(0, connections - 1).bit_length()
    window = max(LEAST_WINDOW, min(CALM.window_samples, SHARED_WINDOW // share))
    backlog = max(LEAST_BACKLOG, min(CALM.backlog_samples, SHARED_BACKLOG // share))
    if level is Level.EASY:
        return Credit(window_samples=window, backlog_samples=backlog)
    return Credit(
        window_samples=max(LEAST_WINDOW, window >> level),
        backlog_samples=0,
        routine_interval_ms=_INTERVAL_MS[level],
    )
