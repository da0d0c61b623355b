"""One occasion for one thing that happens: the same rule within ten seconds finds the same thing again."""

from collections import deque

from mobility.core.clock import Instant
from mobility.core.ids import VehicleId
from mobility.core.supervision import Occasion

MERGE_MS = 10_000
"""Two findings closer together than this share most of their windows."""
_MOST_REMEMBERED = 64
_Key = tuple[VehicleId, str, str, bool]


class Merging:
    """Remembers what was found lately, by vehicle, kind and rule; an accident is never merged into what is none."""

    def __init__(self) -> None:
        """Start with nothing found."""
        self._found: dict[_Key, deque[Instant]] = {}

    def is_new(self, occasion: Occasion) -> bool:
        """Return whether nothing alike was found within ten seconds; if so, remember it."""
        found = self._found.setdefault(_key(occasion), deque(maxlen=_MOST_REMEMBERED))
        if any(abs(occasion.at - at) < MERGE_MS for at in found):
            return False
        found.append(occasion.at)
        return True


def is_same(one: Occasion, other: Occasion) -> bool:
    """Return whether two occasions are findings of the same thing."""
    return _key(one) == _key(other) and abs(one.at - other.at) < MERGE_MS


def _key(occasion: Occasion) -> _Key:
    return occasion.vehicle_id, occasion.kind.value, occasion.source, occasion.is_accident
