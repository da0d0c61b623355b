"""The vehicle's side of a connection, without I/O: what to send next, and what an answer means.

Live samples go first; what was missed before follows behind, never more of it under way than ``window`` samples.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from enum import StrEnum

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId, VehicleId
from v2x.buffer import Buffer
from v2x.client_frames import MAX_HOLDINGS, Hello, Holding, batch_frame, hello_frame, ping_frame
from v2x.goodbye import GoodbyeReason
from v2x.ranges import SeqRange, merged, size, without
from v2x.server_frames import Ack, Goodbye, Pong, Resume, Welcome, parse_server_frame

BATCH_LIMIT = 200
"""Most samples of a batch; at about 50 bytes each far below the longest frame."""
WINDOW = 2000
"""Most samples under way before backlog waits for acknowledgements."""
PING_EVERY_MS = 60_000
"""How often the vehicle asks for the gateway's time."""


class LinkState(StrEnum):
    """Where the link to the gateway stands."""

    OFFLINE = "offline"
    GREETING = "greeting"
    LIVE = "live"


class ClientSession:
    """Decides what a vehicle sends. The buffer holds every sample until it is acknowledged."""

    def __init__(
        self, *, vehicle_id: VehicleId, boot_id: BootId, token: str, buffer: Buffer, window: int = WINDOW
    ) -> None:
        """Speak for one boot of a vehicle; the buffer may hold samples of former ones."""
        self._vehicle_id = vehicle_id
        self._boot_id = boot_id
        self._token = token
        self._buffer = buffer
        self._window = window
        self._live: deque[tuple[int, bytes]] = deque()
        self._announced: dict[BootId, SeqRange] = {}
        self._backlog: dict[BootId, list[SeqRange]] = {}
        # An OrderedDict, because its oldest entry is found at once however many were taken out before it.
        self._under_way: OrderedDict[tuple[BootId, int], Instant] = OrderedDict()
        self._never_sent: list[SeqRange] = []
        self._opened_at = self._pinged_at = Instant(0)
        self.state = LinkState.OFFLINE
        self.sent = 0
        """Distinct samples of this boot that were sent at least once."""
        self.acknowledged = 0
        """Samples, of any boot, that the gateway keeps."""
        self.rejected = 0
        """Samples that the gateway set aside and will never take."""
        self.strange_frames = 0
        """Frames from the gateway that could not be read."""
        self.round_trip_ms: int | None = None
        """Of the newest ping, without the gateway's own time."""
        self.clock_offset_ms: float | None = None
        """How far the gateway's clock is ahead of ours, by the newest ping."""

    @property
    def is_live(self) -> bool:
        """Whether the gateway has answered the Hello."""
        return self.state is LinkState.LIVE

    @property
    def has_backlog(self) -> bool:
        """Whether missed samples wait to be sent."""
        return bool(self._backlog)

    def record(self, seq: int, payload: bytes) -> None:
        """Take note of a new sample of this boot that was put into the buffer."""
        if self.state is LinkState.OFFLINE:
            self._never_sent = merged([*self._never_sent, (seq, seq)])
        else:
            self._live.append((seq, payload))

    def opened(self, now: Instant) -> bytes:
        """Return the Hello for a fresh connection."""
        self.state = LinkState.GREETING
        # The first ping follows the first samples.
        self._opened_at, self._pinged_at = now, Instant(0)
        # A hello names a limited number of boots: the oldest first, the rest at the next connection.
        holdings = tuple(Holding(*held) for held in self._buffer.holdings()[:MAX_HOLDINGS])
        self._announced = {held.boot_id: (held.first_seq, held.last_seq) for held in holdings}
        hello = Hello(vehicle_id=self._vehicle_id, token=self._token, boot_id=self._boot_id, holdings=holdings)
        return hello_frame(hello)

    def closed(self) -> None:
        """Take note that the connection is gone: what is not acknowledged will be asked for again."""
        self.state = LinkState.OFFLINE
        self._never_sent = merged([*self._never_sent, *((seq, seq) for seq, _ in self._live)])
        self._live.clear()
        self._backlog.clear()
        self._under_way.clear()

    def overdue_s(self, now: Instant) -> float:
        """Return how long the Hello or the oldest sample under way has waited for its answer; 0 for none."""
        if self.state is LinkState.GREETING:
            return (now - self._opened_at) / 1000
        for sent_at in self._under_way.values():
            return (now - sent_at) / 1000
        return 0.0

    def next_frame(self, now: Instant) -> bytes | None:
        """Return what to send now, ``None`` when there is nothing to send or to wait for acknowledgements first."""
        if self.state is not LinkState.LIVE:
            return None
        if self._live:
            return self._live_batch(now)
        if now - self._pinged_at >= PING_EVERY_MS:
            self._pinged_at = now
            return ping_frame(now)
        while self._backlog and len(self._under_way) < self._window:
            frame = self._backlog_batch(now)
            if frame is not None:
                return frame
        return None

    def receive(self, frame: bytes | str, now: Instant) -> GoodbyeReason | None:
        """Take a frame of the gateway; return its reason when it ends the connection. Strange frames are counted."""
        try:
            content = parse_server_frame(frame if isinstance(frame, bytes) else frame.encode("utf-8", "replace"))
        except BadInputError:
            self.strange_frames += 1
            return None
        if isinstance(content, Ack):
            self._take_ack(content)
        elif isinstance(content, Welcome):
            self.state = LinkState.LIVE
            kept = {boot.boot_id: boot.kept for boot in content.boots}
            for boot_id, announced in self._announced.items():
                self._take_standing(boot_id, announced, kept.get(boot_id, ()))
        elif isinstance(content, Resume):
            self._take_gap(content)
        elif isinstance(content, Pong):
            self._take_pong(content, now)
        elif isinstance(content, Goodbye):
            return content.reason
        return None

    def _live_batch(self, now: Instant) -> bytes:
        first_seq, payload = self._live.popleft()
        payloads = [payload]
        while self._live and len(payloads) < BATCH_LIMIT and self._live[0][0] == first_seq + len(payloads):
            payloads.append(self._live.popleft()[1])
        self.sent += len(payloads)
        for seq in range(first_seq, first_seq + len(payloads)):
            self._under_way[self._boot_id, seq] = now
        return batch_frame(self._boot_id, first_seq, payloads)

    def _backlog_batch(self, now: Instant) -> bytes | None:
        boot_id, ranges = next(iter(self._backlog.items()))
        seq, last = ranges[0]
        while seq <= last and self._buffer.get(boot_id, seq) is None:
            seq += 1
        first_seq = seq
        payloads: list[bytes] = []
        while seq <= last and len(payloads) < BATCH_LIMIT and (payload := self._buffer.get(boot_id, seq)) is not None:
            payloads.append(payload)
            self._under_way[boot_id, seq] = now
            seq += 1
        self._shorten_backlog(boot_id, seq)
        if not payloads:
            return None
        self._mark_sent(boot_id, (first_seq, seq - 1))
        return batch_frame(boot_id, first_seq, payloads)

    def _shorten_backlog(self, boot_id: BootId, next_seq: int) -> None:
        ranges = self._backlog[boot_id]
        last = ranges[0][1]
        ranges[:1] = [(next_seq, last)] if next_seq <= last else []
        if not ranges:
            del self._backlog[boot_id]

    def _mark_sent(self, boot_id: BootId, sent: SeqRange) -> None:
        if boot_id != self._boot_id or not self._never_sent:
            return
        left = [part for unsent in self._never_sent for part in without(unsent, [sent])]
        self.sent += size(self._never_sent) - size(left)
        self._never_sent = left

    def _take_ack(self, ack: Ack) -> None:
        if ack.rejected:
            self.rejected += self._release(ack.boot_id, 0, [(seq, seq) for seq, _ in ack.rejected])
        self.acknowledged += self._release(ack.boot_id, ack.through_seq, ack.ranges)

    def _release(self, boot_id: BootId, through_seq: int, ranges: Sequence[SeqRange]) -> int:
        freed = self._buffer.release(boot_id, through_seq, ranges)
        for seq in freed:
            self._under_way.pop((boot_id, seq), None)
        return len(freed)

    def _take_standing(self, boot_id: BootId, announced: SeqRange, kept: Sequence[SeqRange]) -> None:
        missing = without(announced, merged(kept))
        self.acknowledged += self._release(boot_id, 0, without(announced, missing))
        if missing:
            self._backlog[boot_id] = missing

    def _take_gap(self, gap: Resume) -> None:
        held = {boot_id: (first, last) for boot_id, first, last in self._buffer.holdings()}.get(gap.boot_id)
        if held is None:
            return
        lost = without(held, without(held, merged(gap.missing)))
        if lost:
            self._backlog[gap.boot_id] = merged([*self._backlog.get(gap.boot_id, []), *lost])

    def _take_pong(self, pong: Pong, now: Instant) -> None:
        self.round_trip_ms = (now - pong.ping_sent_ms) - (pong.sent_ms - pong.received_ms)
        self.clock_offset_ms = (pong.received_ms - pong.ping_sent_ms + pong.sent_ms - now) / 2
