"""Noticing within a minute that an item is missing while the vehicle is heard."""

from dataclasses import dataclass

from mobility.core.clock import Instant
from v2x.recorder.completeness import DayTable
from v2x.recorder.items import FROM_THE_LEDGER, FULLY_FITTED_LEVEL, SLOW, SWITCHED, Item

SAMPLE_OVERDUE_S = 30
"""Seconds of event time without an item that every sample carries."""
SLOW_OVERDUE_S = 90
"""An item sent once a minute is overdue after that minute; half a minute more, and it is a gap."""
HOLE_AFTER_S = 60
"""A hole older than this, with the vehicle heard all the while, will not be filled by a buffer that drains in time."""
HOLE_LOOK_BACK_S = 900
HOLE_LEAST_S = 3
"""Shorter holes are those of a slow second, not of lost records."""
VOLUNTARY_HOLE_LEAST_S = 30
"""Below level 4 the law asks for no record: there a short hole is worth nobody's attention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """What is missing of a vehicle now."""

    items: frozenset[Item]
    missing_s: int
    """Seconds of the last quarter of an hour without a record that are older than a minute; 0 where they are few."""

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return bool(self.items) or self.missing_s > 0

    @property
    def detail(self) -> str:
        """What is missing, as numbers of §1g(1): ``items 6, 9; 12 s of records``."""
        parts = [f"items {', '.join(str(int(item)) for item in sorted(self.items))}"] if self.items else []
        if self.missing_s:
            parts.append(f"{self.missing_s} s of records")
        return "; ".join(parts)


def gaps_of(table: DayTable, *, newest: Instant, live_since: Instant, sae_level: int) -> Gaps:
    """Return what is missing of a vehicle that is heard now.

    ``newest`` is its newest event time, ``live_since`` the event time from which it has been heard without a pause:
    nothing is overdue before it has been heard for as long as the item may take.
    """
    now_s = table.second_of(newest)
    heard_s = now_s - max(table.second_of(live_since), 0)
    # Looked at as bits: this runs for every vehicle a few times a minute.
    quick = table.present(now_s - SAMPLE_OVERDUE_S, now_s) if heard_s > SAMPLE_OVERDUE_S else _ALL_BITS
    slow = table.present(now_s - SLOW_OVERDUE_S, now_s) if heard_s > SLOW_OVERDUE_S else _ALL_BITS
    wanted = _ALL_BITS if sae_level >= FULLY_FITTED_LEVEL else table.heard
    lacking = wanted & ((_QUICK_BITS & ~quick) | (_SLOW_BITS & ~slow))
    is_heard_long = heard_s > HOLE_AFTER_S
    missing_s = table.missing_seconds(now_s - HOLE_LOOK_BACK_S, now_s - HOLE_AFTER_S) if is_heard_long else 0
    least_s = HOLE_LEAST_S if sae_level >= FULLY_FITTED_LEVEL else VOLUNTARY_HOLE_LEAST_S
    return Gaps(
        items=frozenset(item for item in Item if lacking & item.bit) if lacking else frozenset(),
        missing_s=missing_s if missing_s >= least_s else 0,
    )


_SLOW_BITS = sum(item.bit for item in SLOW)
_QUICK_BITS = sum(item.bit for item in Item if item not in SLOW | SWITCHED | FROM_THE_LEDGER)
_ALL_BITS = _SLOW_BITS | _QUICK_BITS
