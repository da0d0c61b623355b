"""Random numbers without state: each draw is a function of the seed and of what it is drawn for.

A counter-based generator in the sense of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011,
doi:10.1145/2063384.2063405), with BLAKE2b as the mixing function. Nobody's draw depends on how often somebody else
drew, on the order of tasks or on hash order, so one more rider does not change the traffic.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")
Key = str | int

_NORMAL = NormalDist()
_RANGE = 2**64


@dataclass(frozen=True, slots=True)
class Chance:
    """All randomness of one run. A key names entity, purpose and what tells draws of one purpose apart."""

    seed: int

    def share(self, *key: Key) -> float:
        """Return a number in the open interval 0..1, uniformly distributed."""
        text = "\x1f".join(map(str, (self.seed, *key)))
        return (int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) + 0.5) / (_RANGE + 1)

    def happens(self, probability: float, *key: Key) -> bool:
        """Return ``True`` with the given probability, 0..1."""
        return self.share(*key) < probability

    def between(self, low: float, high: float, *key: Key) -> float:
        """Return a number between two limits, uniformly distributed."""
        return low + (high - low) * self.share(*key)

    def normal(self, mean: float, deviation: float, *key: Key) -> float:
        """Return a normally distributed number."""
        return mean + deviation * _NORMAL.inv_cdf(self.share(*key))

    def exponential(self, mean: float, *key: Key) -> float:
        """Return an exponentially distributed number >= 0."""
        return -mean * math.log(self.share(*key))

    def poisson(self, mean: float, *key: Key) -> int:
        """Return a Poisson-distributed count, by inversion; ``mean`` must lie in 0..500."""
        probability = math.exp(-mean)
        total, count, share = probability, 0, self.share(*key)
        # The tail ends where the sum no longer grows in floating point.
        while total < share and probability > 0:
            count += 1
            probability *= mean / count
            total += probability
        return count

    def pick(self, choices: Sequence[T], *key: Key) -> T:
        """Return one of ``choices``, each equally likely; raises ``ValueError`` when there are none."""
        if not choices:
            raise ValueError("nothing to pick from")
        return choices[min(int(self.share(*key) * len(choices)), len(choices) - 1)]

    def weighted(self, choices: Sequence[T], weights: Sequence[float], *key: Key) -> T:
        """Return one of ``choices`` in proportion to its weight >= 0; raises ``ValueError`` when all are 0."""
        total = math.fsum(weights)
        if total <= 0:
            raise ValueError("nothing to pick from")
        rest = self.share(*key) * total
        for choice, weight in zip(choices, weights, strict=True):
            rest -= weight
            if rest < 0 < weight:
                return choice
        return next(c for c, w in zip(reversed(choices), reversed(weights), strict=True) if w > 0)
