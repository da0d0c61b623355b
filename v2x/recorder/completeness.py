"""How complete a vehicle's day is: for each second which items were present, and for each item the share.

A table of one mask a second. Records may come in any order and twice: the table is the same. A second is expected
while the vehicle's computer runs: between the first and the last record of a boot on that day, rests left out. An
item's share is the share of expected seconds for which a value stands (``items.holds_s``). Items 4 and 13 come from
the ledger and are counted there (``day_report.ledger_items``).
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from mobility.core.clock import Instant, instant
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId, VehicleId
from v2x.recorder.items import FROM_THE_LEDGER, REST_BIT, Item, holds_s

DAY_SECONDS = 25 * 3600
"""Seconds of the longest day, that on which summer time ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemShare:
    """How complete one item was."""

    item: Item
    expected: int
    """Seconds; for items of the ledger: requests or commands."""
    present: int

    @property
    def share(self) -> float | None:
        """0..1, ``None`` where nothing was expected."""
        return self.present / self.expected if self.expected else None


class DayTable:
    """A vehicle's local day, second by second."""

    def __init__(self, vehicle_id: VehicleId, day: date, zone: str) -> None:
        """Start empty; ``zone`` is an IANA name."""
        self.vehicle_id = vehicle_id
        self.day = day
        local = ZoneInfo(zone)
        following = day + timedelta(days=1)
        self.starts = instant(datetime(day.year, day.month, day.day, tzinfo=local))
        self.ends = instant(datetime(following.year, following.month, following.day, tzinfo=local))
        self.masks: NDArray[np.uint16] = np.zeros(DAY_SECONDS, np.uint16)
        # The same memory, for one second at a time: three times as fast as through the array.
        self._seconds = self.masks.data
        self.spans: dict[BootId, tuple[int, int]] = {}
        """First and last second of each boot, ends included."""
        self.heard = 0
        """Every bit that was ever present."""
        self.is_changed = False

    def add(self, moment: Instant, boot_id: BootId, mask: int) -> None:
        """Take a record of this day; ``mask`` as ``items.mask_of`` gives it."""
        second = (moment - self.starts) // 1000
        self._seconds[second] |= mask
        self.heard |= mask
        first, last = self.spans.get(boot_id, (second, second))
        if first >= second or last <= second:
            self.spans[boot_id] = min(first, second), max(last, second)
        self.is_changed = True

    def expected(self, first: int = 0, last: int = DAY_SECONDS - 1) -> NDArray[np.bool_]:
        """Return for each second from ``first`` to ``last`` (included) whether the vehicle's computer ran."""
        seconds = np.zeros(last + 1 - first, np.bool_)
        for begins, ends in self.spans.values():
            seconds[max(begins - first, 0) : max(ends + 1 - first, 0)] = True
        if self.heard & REST_BIT:
            seconds &= ~self._resting()[first : last + 1]
        return seconds

    def _resting(self) -> NDArray[np.bool_]:
        """Return for each second whether the newest record before it told that the computer goes to rest."""
        numbers = np.arange(DAY_SECONDS)
        newest = np.maximum.accumulate(np.where(self.masks != 0, numbers, 0))
        resting: NDArray[np.bool_] = (self.masks[newest] & REST_BIT != 0) & (newest < numbers)
        return resting

    def covered(self, bit: int, holds_s: int) -> NDArray[np.bool_]:
        """Return for each second whether a value with ``bit`` stands that is less than ``holds_s`` seconds old."""
        numbers = np.arange(DAY_SECONDS)
        newest = np.maximum.accumulate(np.where(self.masks & bit, numbers, -DAY_SECONDS))
        return numbers - newest < holds_s

    def shares(self) -> Mapping[Item, ItemShare]:
        """Return the completeness of every item that samples carry."""
        expected = self.expected()
        count = int(np.count_nonzero(expected))
        return {
            item: ItemShare(
                item=item,
                expected=count,
                present=int(np.count_nonzero(expected & self.covered(item.bit, holds_s(item)))),
            )
            for item in Item
            if item not in FROM_THE_LEDGER
        }

    def present(self, first: int, last: int) -> int:
        """Return the bits present in any second from ``first`` to ``last`` (included)."""
        return int(np.bitwise_or.reduce(self.masks[max(first, 0) : last + 1], initial=0))

    def missing_seconds(self, first: int, last: int) -> int:
        """Count expected seconds from ``first`` to ``last`` (included) that have no record, nor has the one before."""
        first = max(first, 1)
        there = self.masks[first - 1 : last + 1] != 0
        if last < first or there.all():
            return 0
        return int(np.count_nonzero(self.expected(first, last) & ~there[1:] & ~there[:-1]))

    def second_of(self, moment: Instant) -> int:
        """Return the second of the day in which ``moment`` lies."""
        return (moment - self.starts) // 1000


def encode_table(table: DayTable) -> bytes:
    """Return the table's bytes, for keeping."""
    plain = {
        "vehicle_id": table.vehicle_id,
        "day": table.day.isoformat(),
        "spans": {boot: list(span) for boot, span in sorted(table.spans.items())},
        "masks": b64encode(zlib.compress(table.masks.astype("<u2").tobytes(), 1)).decode(),
    }
    return json.dumps(plain, ensure_ascii=False).encode()


def decode_table(data: bytes, zone: str) -> DayTable:
    """Return the table of ``encode_table``'s bytes; raises ``BadInputError`` for anything else."""
    try:
        plain = json.loads(data)
        table = DayTable(VehicleId(str(plain["vehicle_id"])), date.fromisoformat(plain["day"]), zone)
        masks = np.frombuffer(zlib.decompress(b64decode(plain["masks"], validate=True)), "<u2")
        table.masks[:] = masks
        for boot, (first, last) in plain["spans"].items():
            if not 0 <= int(first) <= int(last) < DAY_SECONDS:
                raise BadInputError(f"boot {boot} has no span within a day", source="day table")
            table.spans[BootId(boot)] = int(first), int(last)
        table.heard = int(np.bitwise_or.reduce(table.masks))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, zlib.error) as error:
        raise BadInputError(f"this is no day table: {error}", source="day table") from error
    return table
