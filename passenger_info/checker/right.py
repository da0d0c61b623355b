"""Entities that were found right, by their bytes: what all profiles and feeds share is judged once."""

from dataclasses import dataclass, field
from typing import NamedTuple

from passenger_info.checker.excuse import Excuse
from passenger_info.checker.note import EntityNote

_TURN_MS = 45_000
"""Readers come back within half a minute; what nobody asked for during one to two turns is forgotten."""
_MOST = 50_000


class Judged(NamedTuple):
    """An entity that is right."""

    note: EntityNote
    needed: frozenset[Excuse]
    """Under these excuses."""


@dataclass(slots=True)
class Right:
    """Two generations: what is asked for moves to the young one, and the old one is dropped at every turn."""

    _young: dict[bytes, Judged] = field(default_factory=dict)
    _old: dict[bytes, Judged] = field(default_factory=dict)
    _turned_at: int = 0

    def get(self, content: bytes) -> Judged | None:
        """Return what is known of an entity, ``None`` for nothing."""
        judged = self._young.get(content)
        if judged is None:
            judged = self._old.get(content)
            if judged is not None:
                self._young[content] = judged
        return judged

    def keep(self, content: bytes, judged: Judged, at: int) -> None:
        """Remember an entity that was judged at ``at`` (UTC milliseconds)."""
        self._young[content] = judged
        if at >= self._turned_at + _TURN_MS or len(self._young) > _MOST:
            self._turned_at = at
            self._young, self._old = {}, self._young
