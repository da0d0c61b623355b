"""One vehicle's connection: frames in while records go to disk, acknowledgements out after it.

Two tasks share the work. The inbound one reads frames and never waits for the disk; the outbound one makes whatever
came together meanwhile durable in one group, then acknowledges it. A bounded backlog joins the two.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from mobility.core.clock import Clock
from mobility.core.errors import ReadOnlyError, StorageError, StreamClosedError
from mobility.core.ports import FrameStream, TelemetryLog, TelemetryRecord
from v2x.edge.wake import Wake
from v2x.goodbye import GoodbyeReason
from v2x.session import SessionState, Turn, VehicleSession

MAX_PENDING_RECORDS = 4096
"""Records that may wait for the disk before no more frames of the connection are read."""
MAX_WAITING_REPLIES = 256
"""Replies that may wait for a slow reader before no more frames of the connection are read."""
HELLO_TIMEOUT_S = 10.0
"""Longest wait for a vehicle to say who it is."""


class Connection:
    """Joins a session to a stream and a telemetry log."""

    def __init__(
        self,
        *,
        stream: FrameStream,
        session: VehicleSession,
        log: TelemetryLog,
        clock: Clock,
        on_turn: Callable[["Connection", Turn], None],
        on_durable: Callable[["Connection", Sequence[TelemetryRecord]], None],
        on_read_only: Callable[[], None],
    ) -> None:
        """Tell ``on_turn`` of every frame, ``on_durable`` of records on disk, ``on_read_only`` of a failed log."""
        self.session = session
        self._stream = stream
        self._log = log
        self._clock = clock
        self._on_turn = on_turn
        self._on_durable = on_durable
        self._on_read_only = on_read_only
        self._pending: list[TelemetryRecord] = []
        self._outbox: deque[bytes] = deque()
        self._work = Wake()
        self._room = Wake()
        self._is_ending = False

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
        self._work.set()

    def dismiss(self, reason: GoodbyeReason) -> None:
        """Say goodbye and end the connection; records taken by then still become durable."""
        self.reply(self.session.dismiss(reason, self._clock.now()).replies)
        self._end()

    def drop_pending(self) -> None:
        """Forget records that wait for a disk that takes nothing any more."""
        self._pending = []

    def _end(self) -> None:
        self._is_ending = True
        self._work.set()

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
        turn = self.session.receive(frame, self._clock.now())
        self._on_turn(self, turn)
        if turn.records:
            self._pending.extend(turn.records)
        if turn.replies:
            self._outbox.extend(turn.replies)
        if self._pending or self._outbox:
            self._work.set()
        while len(self._pending) >= MAX_PENDING_RECORDS or len(self._outbox) >= MAX_WAITING_REPLIES:
            await self._room.wait()

    async def _outbound(self) -> None:
        while True:
            if self._outbox:
                await self._send_replies()
            elif self._pending:
                await self._keep_pending()
            elif self._is_ending:
                break
            else:
                await self._work.wait()
        await self._stream.close()

    async def _send_replies(self) -> None:
        # No timeout: the listener's keepalive ends a connection whose far end reads no more.
        try:
            while self._outbox:
                await self._stream.send(self._outbox.popleft())
        except StreamClosedError:
            self._outbox.clear()
        self._room.set()

    async def _keep_pending(self) -> None:
        records, self._pending = self._pending, []
        self._room.set()
        try:
            await self._log.append(records)
        except ReadOnlyError:
            self._on_read_only()
            return
        except StorageError:
            self.session.not_kept(records, self._clock.now())
            self.dismiss(GoodbyeReason.READ_ONLY)
            return
        self._on_durable(self, records)
