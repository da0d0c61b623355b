"""One vehicle's connection: frames in while records go to disk, acknowledgements out after it.

The connection's own task reads frames and never waits for the disk. What is to be kept goes to ``Keeping``, which
calls back when it is durable. A reply goes out at once where the stream takes it without waiting; a second task sends
what has to wait for a slow reader, so that neither reading nor anybody else's acknowledgement waits for it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, runtime_checkable

from mobility.core.clock import Clock, Instant
from mobility.core.errors import StreamClosedError
from mobility.core.ports import FrameStream, TelemetryRecord
from v2x.credit import CALM
from v2x.edge.keeping import Keeping
from v2x.edge.wake import Wake
from v2x.goodbye import GoodbyeReason
from v2x.pressure import Pressure
from v2x.server_frames import credit_frame
from v2x.session import SessionState, Turn, VehicleSession
from v2x.settling import Settling

MAX_PENDING_RECORDS = 4096
"""Records that may wait for the disk before no more frames of the connection are read."""
MAX_WAITING_REPLIES = 256
"""Replies that may wait for a slow reader before no more frames of the connection are read."""
HELLO_TIMEOUT_S = 10.0
"""Longest wait for a vehicle to say who it is."""


@runtime_checkable
class PromptStream(Protocol):
    """A stream that can send without waiting, most of the time."""

    def send_now(self, frames: Iterable[bytes]) -> bool:
        """Send all of ``frames`` if that takes no waiting, else none of them; return whether they were sent."""
        ...


class Connection:
    """Joins a session to a stream and to what keeps records. Passes ``v2x.edge.keeping.Bringer``."""

    def __init__(
        self,
        *,
        stream: FrameStream,
        session: VehicleSession,
        keeping: Keeping,
        clock: Clock,
        pressure: Pressure,
        on_turn: Callable[["Connection", Turn, int, Instant], None],
        on_durable: Callable[["Connection", Sequence[TelemetryRecord], Instant], None],
        on_settled: Callable[[int], None] | None = None,
    ) -> None:
        """Tell ``on_turn`` of every frame and its size, ``on_durable`` of records on disk, ``on_settled`` of frames."""
        self.session = session
        self._stream = stream
        self._send_now = stream.send_now if isinstance(stream, PromptStream) else None
        self._keeping = keeping
        self._clock = clock
        self._pressure = pressure
        self._on_turn = on_turn
        self._on_durable = on_durable
        self._settling = None if on_settled is None else Settling(on_settled)
        self._waiting = 0
        self._unsettled = 0
        self._credit = CALM
        self._outbox: deque[bytes] = deque()
        self._is_sending = False
        self._to_send = Wake()
        self._room = Wake()
        self._is_ending = False
        self._fault: BaseException | None = None

    async def run(self) -> None:
        """Serve until the stream ends or the session does; records taken by then are durable when this returns."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._outbound())
            try:
                await self._inbound()
            except StreamClosedError:
                self._outbox.clear()
            self.session.end(self._clock.now())
            self._end()

    def reply(self, frames: Iterable[bytes]) -> None:
        """Send frames after those that wait already."""
        self._outbox.extend(frames)
        self._flush()

    def reply_first(self, frame: bytes) -> None:
        """Send a frame before those that wait already."""
        self._outbox.appendleft(frame)
        self._flush()

    def tell_credit(self) -> None:
        """Tell the vehicle what it may have under way, where that has changed."""
        credit = self._pressure.credit
        if credit is not self._credit and self.session.state is SessionState.LIVE:
            self._credit = credit
            self.reply((credit_frame(credit),))

    def dismiss(self, reason: GoodbyeReason) -> None:
        """Say goodbye and end the connection; records taken by then still become durable."""
        self.reply(self.session.dismiss(reason, self._clock.now()).replies)
        self._end()

    def taken(self) -> None:
        """Take the word that what was brought so far is on its way to disk."""
        self._waiting = 0
        self._room.set()

    def kept(self, records: Sequence[TelemetryRecord], now: Instant) -> None:
        """Take the word that records are durable."""
        self._settled(len(records))
        self._on_durable(self, records, now)
        if self._settling is not None:
            self._settling.durable(len(records))

    def not_kept(self, records: Sequence[TelemetryRecord], now: Instant) -> None:
        """Take the word that records could not be kept: the vehicle is to come again with them."""
        self._settled(len(records))
        self.session.not_kept(records, now)
        self.dismiss(GoodbyeReason.READ_ONLY)

    def dropped(self, records: Sequence[TelemetryRecord]) -> None:
        """Take the word that nothing is kept any more."""
        self._settled(len(records))

    def fail(self, error: BaseException) -> None:
        """End with an error that nobody expects."""
        self._fault = error
        self._to_send.set()

    def _settled(self, records: int) -> None:
        self._unsettled -= records
        self._room.set()
        if self._is_ending:
            self._to_send.set()

    def _end(self) -> None:
        self._is_ending = True
        self._to_send.set()

    async def _inbound(self) -> None:
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                while self.session.state is SessionState.GREETING:
                    await self._take_frame()
        except TimeoutError:
            self.dismiss(GoodbyeReason.NO_HELLO)
        while self.session.state is SessionState.LIVE:
            await self._take_frame()

    async def _take_frame(self) -> None:
        frame = await self._stream.receive()
        now = self._clock.now()
        size_bytes = len(frame)
        turn = self.session.receive(frame, now)
        self._on_turn(self, turn, size_bytes, now)
        if turn.records:
            self._waiting += len(turn.records)
            self._unsettled += len(turn.records)
            self._keeping.put(self, turn.records, size_bytes, now)
        if turn.replies:
            self.reply(turn.replies)
        if self._settling is not None:
            self._settling.frame(len(turn.records))
        self.tell_credit()
        while self._has_too_much():
            await self._room.wait()

    def _has_too_much(self) -> bool:
        if len(self._outbox) >= MAX_WAITING_REPLIES or self._waiting >= MAX_PENDING_RECORDS:
            return True
        return self._pressure.is_full and self._unsettled > 0

    def _flush(self) -> None:
        if self._is_sending or not self._outbox:
            return  # the outbound task is at it, and sends all there is
        if self._send_now is not None and self._send_now(self._outbox):
            self._outbox.clear()
        else:
            self._to_send.set()

    async def _outbound(self) -> None:
        while True:
            if self._fault is not None:
                raise self._fault
            if self._outbox:
                await self._send_replies()
            elif self._is_ending and not self._unsettled:
                break
            else:
                await self._to_send.wait()
        await self._stream.close()

    async def _send_replies(self) -> None:
        # No timeout: the listener's keepalive ends a connection whose far end reads no more.
        self._is_sending = True
        try:
            while self._outbox:
                await self._stream.send(self._outbox.popleft())
        except StreamClosedError:
            self._outbox.clear()
        finally:
            self._is_sending = False
        self._room.set()
