"""The vehicle's side of a connection, without I/O: what to send next, and what an answer means.

Records go first, then live samples, then what was missed before; never more under way than the gateway gives credit
for, and what must not wait (``is_routine`` false) does not count against it.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Sequence
from enum import StrEnum

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId, VehicleId
from v2x.buffer import Buffer
from v2x.client_frames import MAX_HOLDINGS, Hello, Holding, batch_frame, hello_frame, ping_frame
from v2x.clock_filter import ClockFilter, Offset
from v2x.credit import CALM, Credit
from v2x.goodbye import GoodbyeReason
from v2x.ranges import SeqRange, merged, size, without
from v2x.server_frames import Ack, CommandMessage, Goodbye, Pong, Resume, Welcome, parse_server_frame

BATCH_LIMIT = 200
"""Most live samples of a batch; at about 50 bytes each far below the longest frame."""
BACKLOG_BATCH = 50
"""Most missed samples of a batch: less than a millisecond of the gateway's time, so that others' live samples wait no
longer than that."""
BACKLOG_PAUSE_S = 0.01
"""Pause after a batch of backlog: 5000 samples a second at most, two hours at 10 Hz in a quarter of a minute."""
LIVE_LIMIT = 2000
"""Live samples that may wait to be sent; the oldest become backlog beyond that."""
PING_EVERY_MS = 15_000
"""How often the vehicle asks for the gateway's time."""
FIRST_PINGS = 5
"""How many pings of a connection follow each other quickly."""
FIRST_PINGS_EVERY_MS = 500
MOST_COMMANDS = 64
"""Commands that may wait to be taken out; more are not remembered."""


_NOT_UNDER_WAY = (Instant(0), False)


class LinkState(StrEnum):
    """Where the link to the gateway stands."""

    OFFLINE = "offline"
    GREETING = "greeting"
    LIVE = "live"


class ClientSession:
    """Decides what a vehicle sends. The buffer holds every sample until it is acknowledged."""

    def __init__(
        self, *, vehicle_id: VehicleId, boot_id: BootId, token: str, buffer: Buffer, credit: Credit = CALM
    ) -> None:
        """Speak for one boot of a vehicle; the buffer may hold samples of former ones.

        ``credit`` holds on each connection until the gateway says another.
        """
        self._vehicle_id = vehicle_id
        self._boot_id = boot_id
        self._token = token
        self._buffer = buffer
        self._own_credit = self.credit = credit
        self._urgent: deque[tuple[int, bytes]] = deque()
        self._live: deque[tuple[int, bytes]] = deque()
        self._announced: dict[BootId, SeqRange] = {}
        self._backlog: dict[BootId, list[SeqRange]] = {}
        # An OrderedDict, because its oldest entry is found at once however many were taken out before it.
        self._under_way: OrderedDict[tuple[BootId, int], tuple[Instant, bool]] = OrderedDict()
        self._backlog_under_way = 0
        self._never_sent: list[SeqRange] = []
        self._opened_at = self._pinged_at = self._routine_at = Instant(0)
        self._pings = 0
        self._is_doubtful = False
        self._filter = ClockFilter()
        self._offset: Offset | None = None
        self.commands: deque[CommandMessage] = deque(maxlen=MOST_COMMANDS)
        """Commands of the gateway, to be taken out by whoever drives this session."""
        self.state = LinkState.OFFLINE
        self.is_behind = False
        """Whether the newest frame was backlog: a pause should follow it (``BACKLOG_PAUSE_S``)."""
        self.sent = 0
        """Distinct samples of this boot that were sent at least once."""
        self.acknowledged = 0
        """Samples, of any boot, that the gateway keeps."""
        self.rejected = 0
        """Samples that the gateway set aside and will never take."""
        self.held_back = 0
        """Routine samples that were not taken because the gateway asked for fewer."""
        self.strange_frames = 0
        """Frames from the gateway that could not be read."""
        self.round_trip_ms: int | None = None
        """Of the newest ping, without the gateway's own time."""

    @property
    def is_live(self) -> bool:
        """Whether the gateway has answered the Hello."""
        return self.state is LinkState.LIVE

    @property
    def has_more(self) -> bool:
        """Whether samples wait to be sent."""
        return bool(self._live or self._backlog or self._urgent)

    @property
    def clock_offset_ms(self) -> float | None:
        """How far the gateway's clock is ahead of ours, by all pings so far; ``None`` before the first answer."""
        return None if self._offset is None else self._offset.offset_ms

    @property
    def clock_error_ms(self) -> float | None:
        """The offset is at most so far from the truth; ``None`` before the first answer."""
        return None if self._offset is None else self._offset.error_ms

    def may_record(self, now: Instant) -> bool:
        """Return whether a routine sample may be taken now; when it may not, that is counted."""
        # A clock that was set back must not hold back anything.
        if self.is_live and 0 <= now - self._routine_at < self.credit.routine_interval_ms:
            self.held_back += 1
            return False
        self._routine_at = now
        return True

    def time_anew(self) -> None:
        """Ping quickly again, because our clock may have been set; say nothing of its offset before the answer."""
        self._pings = 0
        self._is_doubtful = True

    def record(self, seq: int, payload: bytes, *, is_routine: bool = True) -> None:
        """Take note of a new sample of this boot that was put into the buffer."""
        if self.state is LinkState.OFFLINE:
            self._never_sent = merged([*self._never_sent, (seq, seq)])
            return
        if not is_routine:
            self._urgent.append((seq, payload))
            return
        self._live.append((seq, payload))
        if len(self._live) > LIVE_LIMIT:
            late, _ = self._live.popleft()
            self._never_sent = merged([*self._never_sent, (late, late)])
            self._add_backlog(self._boot_id, [(late, late)])

    def opened(self, now: Instant) -> bytes:
        """Return the Hello for a fresh connection."""
        self.state = LinkState.GREETING
        self.credit = self._own_credit
        self._opened_at, self._pings = now, 0
        # A hello names a limited number of boots: the oldest first, the rest at the next connection.
        holdings = tuple(Holding(*held) for held in self._buffer.holdings()[:MAX_HOLDINGS])
        self._announced = {held.boot_id: (held.first_seq, held.last_seq) for held in holdings}
        hello = Hello(vehicle_id=self._vehicle_id, token=self._token, boot_id=self._boot_id, holdings=holdings)
        return hello_frame(hello)

    def closed(self) -> None:
        """Take note that the connection is gone: what is not acknowledged will be asked for again."""
        self.state = LinkState.OFFLINE
        unsent = [(seq, seq) for seq, _ in (*self._live, *self._urgent)]
        self._never_sent = merged([*self._never_sent, *unsent])
        self._live.clear()
        self._urgent.clear()
        self._backlog.clear()
        self._under_way.clear()
        self._backlog_under_way = 0

    def overdue_s(self, now: Instant) -> float:
        """Return how long the Hello or the oldest sample under way has waited for its answer; 0 for none."""
        if self.state is LinkState.GREETING:
            return (now - self._opened_at) / 1000
        for sent_at, _ in self._under_way.values():
            return (now - sent_at) / 1000
        return 0.0

    def next_frame(self, now: Instant) -> bytes | None:
        """Return what to send now, ``None`` when there is nothing to send or to wait for acknowledgements first."""
        self.is_behind = False
        if self.state is not LinkState.LIVE:
            return None
        if self._urgent:
            return self._fresh_batch(self._urgent, BATCH_LIMIT, now)
        room = self.credit.window_samples - len(self._under_way)
        if self._live and room > 0:
            return self._fresh_batch(self._live, min(room, BATCH_LIMIT), now)
        if self._is_ping_due(now):
            return self._ping(now)
        room = min(room, self.credit.backlog_samples - self._backlog_under_way, BACKLOG_BATCH)
        frame = None
        while frame is None and self._backlog and room > 0:
            frame = self._backlog_batch(room, now)
        self.is_behind = frame is not None
        return frame

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
        elif isinstance(content, Credit):
            self.credit = content
        elif isinstance(content, CommandMessage):
            self.commands.append(content)
        elif isinstance(content, Goodbye):
            return content.reason
        return None

    def _fresh_batch(self, waiting: deque[tuple[int, bytes]], limit: int, now: Instant) -> bytes:
        first_seq, payload = waiting.popleft()
        payloads = [payload]
        while waiting and len(payloads) < limit and waiting[0][0] == first_seq + len(payloads):
            payloads.append(waiting.popleft()[1])
        self.sent += len(payloads)
        for seq in range(first_seq, first_seq + len(payloads)):
            self._under_way[self._boot_id, seq] = (now, False)
        return batch_frame(self._boot_id, first_seq, payloads)

    def _backlog_batch(self, limit: int, now: Instant) -> bytes | None:
        boot_id, ranges = next(iter(self._backlog.items()))
        seq, last = ranges[0]
        while seq <= last and self._buffer.get(boot_id, seq) is None:
            seq += 1
        first_seq = seq
        payloads: list[bytes] = []
        while seq <= last and len(payloads) < limit and (payload := self._buffer.get(boot_id, seq)) is not None:
            payloads.append(payload)
            self._landed(boot_id, seq)
            self._under_way[boot_id, seq] = (now, True)
            seq += 1
        self._backlog_under_way += len(payloads)
        self._shorten_backlog(boot_id, seq)
        if not payloads:
            return None
        self._mark_sent(boot_id, (first_seq, seq - 1))
        return batch_frame(boot_id, first_seq, payloads)

    def _landed(self, boot_id: BootId, seq: int) -> None:
        _, is_backlog = self._under_way.pop((boot_id, seq), _NOT_UNDER_WAY)
        self._backlog_under_way -= is_backlog

    def _add_backlog(self, boot_id: BootId, ranges: Sequence[SeqRange]) -> None:
        self._backlog[boot_id] = merged([*self._backlog.get(boot_id, []), *ranges])

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
            self._landed(boot_id, seq)
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
            self._add_backlog(gap.boot_id, lost)

    def _is_ping_due(self, now: Instant) -> bool:
        wait_ms = FIRST_PINGS_EVERY_MS if self._pings < FIRST_PINGS else PING_EVERY_MS
        return self._pings == 0 or not 0 <= now - self._pinged_at < wait_ms

    def _ping(self, now: Instant) -> bytes:
        self._pinged_at = now
        self._pings += 1
        known = self._filter.offset_at(now)
        if known is None or self._is_doubtful:
            return ping_frame(now)
        return ping_frame(
            now,
            clock_offset_ms=round(known.offset_ms),
            clock_error_ms=math.ceil(known.error_ms),
            round_trip_ms=self.round_trip_ms,
        )

    def _take_pong(self, pong: Pong, now: Instant) -> None:
        found = self._filter.take(
            sent=Instant(pong.ping_sent_ms),
            received=Instant(pong.received_ms),
            answered=Instant(pong.sent_ms),
            back=now,
        )
        if found is not None:
            self._is_doubtful = False
            self._offset = found
            self.round_trip_ms = (now - pong.ping_sent_ms) - (pong.sent_ms - pong.received_ms)
