"""How much longer or shorter drives take than assumed: slow and quick effects, each learned by a scalar Kalman filter.

The logarithm of a drive's moving time is a sum of effects (the segment, its hour, the weather, who drives, the town's
pace today, the segment's pace now) and chance. An observed drive tells each effect in proportion to its variance; quick
effects fall back towards zero between observations (Kalman 1960, doi:10.1115/1.3662552, with a diagonal covariance).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp
from typing import TypeAlias

from mobility.core.clock import Instant

Key = tuple[object, ...]
Log: TypeAlias = float
"""Natural logarithm of a duration in seconds, or of a ratio of two."""
Variance: TypeAlias = float
"""Square of a ``Log``'s standard deviation."""


@dataclass(slots=True)
class _Level:
    value: Log
    variance: Variance
    at: Instant


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect on a drive: which, what is assumed of it, and how soon it is forgotten."""

    key: Key
    prior: Log
    deviation: float
    """Standard deviation of the assumption, and of the effect itself where it fades."""
    fades_s: float = 0.0
    """Time constant towards ``prior``; 0: it stays."""


@dataclass(slots=True)
class Levels:
    """All effects so far."""

    _known: dict[Key, _Level] = field(default_factory=dict)

    def expected(self, effects: Sequence[Effect], at: Instant) -> tuple[Log, Variance]:
        """Return the sum of effects at ``at`` and its variance."""
        total = variance = 0.0
        for effect in effects:
            value, spread = self._at(effect, at)
            total += value
            variance += spread
        return total, variance

    def observe(self, effects: Sequence[Effect], value: Log, noise: Variance, at: Instant) -> Log:
        """Learn from an observed sum with its own variance ``noise``; return how far it was from what was expected."""
        states = [self._at(effect, at) for effect in effects]
        off = value - sum(state[0] for state in states)
        total = noise + sum(state[1] for state in states)
        for effect, (before, spread) in zip(effects, states, strict=True):
            gain = spread / total
            self._known[effect.key] = _Level(before + gain * off, spread * (1 - gain), at)
        return off

    def _at(self, effect: Effect, at: Instant) -> tuple[Log, Variance]:
        level, full = self._known.get(effect.key), effect.deviation * effect.deviation
        if level is None:
            return effect.prior, full
        if effect.fades_s <= 0:
            return level.value, level.variance
        kept = exp(-max(0, at - level.at) / (1000 * effect.fades_s))
        return effect.prior + kept * (level.value - effect.prior), full - kept * kept * (full - level.variance)
