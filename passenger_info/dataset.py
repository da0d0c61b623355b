"""Full datasets with an honest header: its timestamp moves only with content or every 15 s, and never back.

Two different contents never carry the same timestamp (rule E017), no timestamp is older than the one before (E018),
and a reader that polls every 30 s always finds a header younger than that (W007, W008).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from mobility.core.clock import Instant
from passenger_info.splice import header_record, spliced

REFRESH_S = 15
"""An unchanged dataset gets a new header this often, when somebody asks."""


class DatasetKind(StrEnum):
    """The four feeds."""

    VEHICLE_POSITIONS = "vehicle-positions"
    TRIP_UPDATES = "trip-updates"
    ALERTS = "alerts"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A serialised ``FeedMessage`` with what HTTP needs to know of it."""

    message: bytes
    timestamp_s: int
    """POSIX seconds of its header; also when it was last modified."""
    etag: str
    """Digest of the message, without quotes."""


@dataclass(slots=True)
class Dataset:
    """One feed over time. ``render`` is called with rising instants; an earlier one gets the newest dataset again."""

    feed_version: str
    _newest: Rendered | None = None
    _records: tuple[bytes, ...] = ()

    def render(self, at: Instant, records: Sequence[bytes]) -> Rendered:
        """Return the dataset of these entity records at ``at``."""
        newest, timestamp_s = self._newest, at // 1000
        if newest is not None:
            if timestamp_s <= newest.timestamp_s:
                return newest
            if timestamp_s < newest.timestamp_s + REFRESH_S and self._records == tuple(records):
                return newest
        message = spliced(header_record(at, self.feed_version), records)
        self._records = tuple(records)
        self._newest = Rendered(message, timestamp_s, sha256(message).hexdigest()[:24])
        return self._newest
