"""What a vehicle's own session says about its link: latency, loss, bandwidth, reconnects.

The transport repeats lost packets by itself, so packet loss can not be seen. What can: samples that did not arrive in
time. ``loss`` is the share of the samples of the last ten minutes that came more than 2 s after they were taken, or,
by the numbers that are missing between others, not yet.
"""

from collections import deque
from dataclasses import dataclass
from itertools import islice

from mobility.core.clock import Instant
from mobility.core.ids import BootId
from v2x.extension import LinkReading
from v2x.link.flow import Flow
from v2x.road.quantile import quantile

LATE_AFTER_MS = 2000
"""A sample that arrives later than this after it was taken is late."""
WINDOW_MS = 600_000
_ROUND_TRIPS = 64
_DELAYS = 600
"""At one kept in a second: ten minutes."""
_BOOTS = 4
_SILENCE_MS = 2000


@dataclass(slots=True)
class Today:
    """Counts of one service day of the gateway's clock."""

    sessions: int = 0
    reconnects: int = 0
    """Sessions that followed another one of the day, or of the day before without a rest between."""
    samples: int = 0
    late: int = 0
    repeated: int = 0
    """Samples that came once more although they were kept."""
    silences: int = 0
    """Spans of more than 2 s without a word, rests left out."""
    silent_ms: int = 0
    longest_silence_ms: int = 0


@dataclass(slots=True)
class _Numbers:
    # Sequence numbers of one boot: as each is kept once, counting them tells how many are missing.
    lowest: int
    highest: int
    count: int = 1


class LinkQuality:
    """Figures of one vehicle's link. Instants rise."""

    __slots__ = (
        "_boots",
        "_delays",
        "_round_trips",
        "_steps",
        "error_ms",
        "flow",
        "modem",
        "offset_ms",
        "round_trip_ms",
        "today",
    )

    def __init__(self) -> None:
        """Begin without figures."""
        self.flow = Flow()
        self.today = Today()
        self.round_trip_ms: int | None = None
        """Of the newest ping."""
        self.offset_ms: int | None = None
        """What the vehicle's clock lags behind ours, by its filter."""
        self.error_ms: int | None = None
        self.modem: LinkReading | None = None
        """The newest word of the vehicle's modem."""
        self._round_trips: deque[int] = deque(maxlen=_ROUND_TRIPS)
        self._delays: deque[int] = deque(maxlen=_DELAYS)
        self._steps: deque[list[int]] = deque()
        self._boots: dict[BootId, _Numbers] = {}

    def time(self, round_trip_ms: int, offset_ms: int, error_ms: int) -> None:
        """Take what the vehicle measured with a ping."""
        self.round_trip_ms, self.offset_ms, self.error_ms = round_trip_ms, offset_ms, error_ms
        self._round_trips.append(round_trip_ms)

    def keep(self, boot_id: BootId, seq: int, delay_ms: int, now: Instant) -> bool:
        """Take a record that came ``delay_ms`` after it was taken; return whether it was late."""
        is_late = delay_ms > LATE_AFTER_MS
        self.today.samples += 1
        self.today.late += is_late
        self._count(boot_id, seq)
        minute = now // 60_000
        if not self._steps or self._steps[-1][0] != minute:
            self._steps.append([minute, 0, 0])
            self._forget(now)
        self._steps[-1][1] += 1
        self._steps[-1][2] += is_late
        return is_late

    def delay(self, delay_ms: int) -> None:
        """Take the delay of one sample of a second, for the quantiles."""
        self._delays.append(max(0, delay_ms))

    def silence(self, duration_ms: int) -> None:
        """Take the end of a span without a word, of whatever length."""
        if duration_ms > _SILENCE_MS:
            self.today.silences += 1
            self.today.silent_ms += duration_ms
            self.today.longest_silence_ms = max(self.today.longest_silence_ms, duration_ms)

    def missing(self) -> int:
        """Return how many samples are missing between others, of the newest boots."""
        return sum(numbers.highest - numbers.lowest + 1 - numbers.count for numbers in self._boots.values())

    def loss_frac(self, now: Instant) -> float | None:
        """Return the share of samples late or missing, as the module says; ``None`` where nothing was to come."""
        self._forget(now)
        kept, late = sum(step[1] for step in self._steps), sum(step[2] for step in self._steps)
        missing = self.missing()
        return (late + missing) / (kept + missing) if kept + missing else None

    def round_trip_quantile_ms(self, share: float) -> int | None:
        """Return a quantile of the newest round trips."""
        return round(quantile(self._round_trips, share)) if self._round_trips else None

    def delay_quantile_ms(self, share: float) -> int | None:
        """Return a quantile of the time from sample to receipt, of about the last ten minutes with samples."""
        return round(quantile(self._delays, share)) if self._delays else None

    def _count(self, boot_id: BootId, seq: int) -> None:
        numbers = self._boots.get(boot_id)
        if numbers is None:
            self._boots[boot_id] = _Numbers(seq, seq)
            for oldest in list(islice(self._boots, max(0, len(self._boots) - _BOOTS))):
                del self._boots[oldest]
            return
        numbers.lowest, numbers.highest = min(numbers.lowest, seq), max(numbers.highest, seq)
        numbers.count += 1

    def _forget(self, now: Instant) -> None:
        oldest = (now - WINDOW_MS) // 60_000
        while self._steps and self._steps[0][0] <= oldest:
            self._steps.popleft()
