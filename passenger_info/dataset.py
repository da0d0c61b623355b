"""Full datasets with an honest header: its timestamp moves only with content or every 4 s, and never back.

Two different contents never carry the same timestamp (rule E017), no timestamp is older than the one before (E018),
and a reader that polls every 30 s always finds a header younger than that (W007, W008). So the timestamp names the
content, and what HTTP compares needs no digest of megabytes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from mobility.core.clock import Instant
from passenger_info.splice import header_record, spliced

REFRESH_S = 4
"""An unchanged dataset gets a new header this often, when somebody asks; a header may not grow older than 5 s."""


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
    """Names the message, without quotes: who makes it, and its timestamp."""


MaySend = Callable[[bytes, Instant], bool]
"""Says whether a message may be sent at an instant; one that may not is never sent."""


@dataclass(slots=True)
class Dataset:
    """One feed over time. ``render`` is called with rising instants; an earlier one gets the newest dataset again.

    What ``may_send`` refuses is not published: readers get the dataset before it, whose header ages, or an empty one.
    """

    feed_version: str
    maker: str = ""
    """Tells apart the processes and profiles that make this feed; part of the etag."""
    may_send: MaySend | None = None
    _newest: Rendered | None = None
    _records: tuple[bytes, ...] = ()

    def render(self, at: Instant, records: Sequence[bytes]) -> Rendered:
        """Return the dataset of these entity records at ``at``."""
        newest, timestamp_s, records = self._newest, at // 1000, tuple(records)
        if newest is not None:
            if timestamp_s <= newest.timestamp_s:
                return newest
            # Records that did not change are the same objects, which are equal at a glance.
            if timestamp_s < newest.timestamp_s + REFRESH_S and self._records == records:
                return newest
        message = spliced(header_record(at, self.feed_version), records)
        if self.may_send is not None and not self.may_send(message, at):
            if newest is not None:
                return newest
            records, message = (), header_record(at, self.feed_version)
        self._records = records
        name = sha256(f"{self.feed_version} {self.maker}".encode()).hexdigest()[:12]
        self._newest = Rendered(message, timestamp_s, f"{name}-{timestamp_s}")
        return self._newest
