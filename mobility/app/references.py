"""Identifiers from an injected generator: unguessable in operation, repeatable in the simulator."""

import random

from mobility.core.ids import BookingId

_READABLE = "ACDEFGHJKLMNPQRTUVWXY34679"
"""Letters and digits that are not mistaken for each other, read aloud or written by hand."""


class RandomReferences:
    """Draws references from ``generator``; give ``random.SystemRandom()`` in operation."""

    def __init__(self, generator: random.Random) -> None:
        """Keep the generator; nobody else may draw from it where runs must repeat."""
        self._generator = generator

    def booking(self) -> BookingId:
        """Return six readable characters in two groups: 26^6, about 300 million."""
        letters = "".join(self._generator.choice(_READABLE) for _ in range(6))
        return BookingId(f"{letters[:3]}-{letters[3:]}")

    def token(self) -> str:
        """Return 128 random bits as 32 hex digits."""
        return f"{self._generator.getrandbits(128):032x}"
