"""The reference vehicle client: records samples, keeps them until they are acknowledged, reconnects and resumes.

All a vehicle maker or the simulator needs is named here.
"""

import asyncio
from collections.abc import Awaitable, Callable

from crc32c import crc32c

from mobility.core.clock import Clock, Instant
from mobility.core.errors import StreamClosedError
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream
from mobility.core.vehicle import Sample
from v2x.buffer import Buffer, MemoryBuffer
from v2x.client_session import BACKLOG_PAUSE_S, ClientSession
from v2x.codec import encode_sample
from v2x.edge.connect import connect_websocket
from v2x.edge.disk_buffer import DiskBuffer
from v2x.edge.wake import Wake
from v2x.extension import (
    CommandReport,
    Environment,
    Extension,
    Light,
    LinkReading,
    ManoeuvreRequest,
    SafetySystem,
    SystemState,
)
from v2x.goodbye import GoodbyeReason
from v2x.its.warning import stationary_vehicle
from v2x.server_frames import CommandMessage
from v2x.supervision.desk import CommandDesk
from v2x.supervision.verifier import Rejected

__all__ = [
    "Buffer",
    "CommandDesk",
    "CommandMessage",
    "CommandReport",
    "DiskBuffer",
    "Environment",
    "Extension",
    "Light",
    "LinkReading",
    "ManoeuvreRequest",
    "MemoryBuffer",
    "Rejected",
    "SafetySystem",
    "SystemState",
    "VehicleClient",
    "connect_websocket",
    "stationary_vehicle",
]

FIRST_BACKOFF_S = 0.5
"""Wait after the first failed or ended connection; doubled each time until one was welcomed."""
LONGEST_BACKOFF_S = 10.0
REFUSED_BACKOFF_S = 60.0
"""Wait after a refusal that somebody has to act on."""
ACK_TIMEOUT_S = 15.0
"""A sample that waits so long for its acknowledgement ends the connection: the next one asks anew."""
_WATCH_MARGIN_S = 0.1
CLOCK_STEP_MS = 5000
"""Two samples further apart than this may have a clock between them that was set: the gateway's is asked at once."""
_LASTING = frozenset(
    {
        GoodbyeReason.BAD_TOKEN,
        GoodbyeReason.VEHICLE_MISMATCH,
        GoodbyeReason.UNSUPPORTED_PROTOCOL,
        GoodbyeReason.REPLACED,
    }
)
# Reasons that need somebody to act: knocking often helps nobody, and two clients of one vehicle must not take turns.


class VehicleClient:
    """Speaks for one run (boot) of one vehicle."""

    def __init__(
        self,
        *,
        vehicle_id: VehicleId,
        boot_id: BootId,
        token: str,
        buffer: Buffer,
        connect: Callable[[], Awaitable[FrameStream]],
        clock: Clock,
        on_command: Callable[[CommandMessage], None] | None = None,
    ) -> None:
        """Take a ``boot_id`` that this vehicle has never used: sequence numbers start at 1 with it.

        ``connect`` opens a stream to the gateway and raises ``OSError`` or ``StreamClosedError`` when it can not.
        ``on_command`` hears commands of technical supervision as they come, unchecked: see ``CommandVerifier``.
        """
        self._on_command = on_command
        self._vehicle_id = vehicle_id
        self._boot_id = boot_id
        self._buffer = buffer
        self._connect = connect
        self._clock = clock
        self._session = ClientSession(vehicle_id=vehicle_id, boot_id=boot_id, token=token, buffer=buffer)
        self._stream: FrameStream | None = None
        self._work = Wake()
        self._drained: asyncio.Future[None] | None = None
        self._attempts = 0
        self._last_time = Instant(0)
        self._last_seq = max((last for held, _, last in buffer.holdings() if held == boot_id), default=0)
        self.goodbye: GoodbyeReason | None = None
        """Why the gateway ended the newest connection, where it said so."""

    @property
    def vehicle_id(self) -> VehicleId:
        """The vehicle."""
        return self._vehicle_id

    @property
    def next_seq(self) -> int:
        """Sequence number that the next sample must have."""
        return self._last_seq + 1

    @property
    def is_connected(self) -> bool:
        """Whether a connection to the gateway is open."""
        return self._stream is not None

    @property
    def link(self) -> ClientSession:
        """State and figures of the link."""
        return self._session

    @property
    def sent(self) -> int:
        """Distinct samples of this boot that were sent at least once."""
        return self._session.sent

    @property
    def acknowledged(self) -> int:
        """Samples, of this and former boots, that the gateway keeps."""
        return self._session.acknowledged

    @property
    def waiting(self) -> int:
        """Samples in the buffer: recorded and not acknowledged."""
        return len(self._buffer)

    def gateway_now(self) -> Instant:
        """Return the gateway's time: our clock, corrected by what the pings showed; our clock before the first."""
        offset_ms = self._session.clock_offset_ms
        now = self._clock.now()
        return now if offset_ms is None else Instant(now + round(offset_ms))

    def record(self, sample: Sample, extension: Extension | None = None, *, is_routine: bool = True) -> bool:
        """Keep a sample and send it as soon as there is a connection; return whether it was taken.

        A routine sample is not while the gateway asks for fewer: its number is free for the next one. Events, commands
        and safety records (``Extension.is_record``, or ``is_routine`` false) always are, and never wait for credit.

        Raises ``ValueError`` unless the sample is of this vehicle and boot and has ``next_seq``, ``BadInputError``
        for values the wire does not carry, ``OSError`` when the buffer's disk takes nothing.
        """
        if sample.seq != self._last_seq + 1 or sample.boot_id != self._boot_id or sample.vehicle_id != self._vehicle_id:
            msg = f"{sample.vehicle_id} {sample.boot_id} {sample.seq} does not follow {self._boot_id} {self._last_seq}"
            raise ValueError(msg)
        is_routine = is_routine and (extension is None or not extension.is_record)
        if is_routine and not self._session.may_record(self._clock.now()):
            return False
        payload = encode_sample(sample, extension)
        self._buffer.put(self._boot_id, sample.seq, payload)
        self._last_seq = sample.seq
        if abs(sample.device_time - self._last_time) > CLOCK_STEP_MS:
            self._session.time_anew()
        self._last_time = sample.device_time
        self._session.record(sample.seq, payload, is_routine=is_routine)
        self._work.set()
        return True

    async def run(self) -> None:
        """Connect, send and reconnect for ever; ends by cancellation only."""
        while True:
            try:
                stream = await self._connect()
            except (OSError, StreamClosedError):
                self.goodbye = None
            else:
                await self._serve(stream)
            await self._clock.sleep(self._backoff_s())

    async def drained(self, timeout_s: float) -> bool:
        """Wait until everything recorded is acknowledged; return whether it was within ``timeout_s``.

        For one caller at a time.
        """
        if not len(self._buffer):
            return True
        done = self._drained = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            timer = group.create_task(self._clock.sleep(timeout_s))
            timer.add_done_callback(lambda _: _finish(done))
            await done
            timer.cancel()
        self._drained = None
        return not len(self._buffer)

    async def _serve(self, stream: FrameStream) -> None:
        self._stream, self.goodbye = stream, None
        try:
            async with asyncio.TaskGroup() as group:
                working = [group.create_task(self._send(stream)), group.create_task(self._watch())]
                try:
                    await self._receive(stream)
                finally:
                    for task in working:
                        task.cancel()
        finally:
            self._stream = None
            self._session.closed()
            await stream.close()

    async def _send(self, stream: FrameStream) -> None:
        session, clock = self._session, self._clock
        try:
            await stream.send(session.opened(clock.now()))
            while session.overdue_s(now := clock.now()) <= ACK_TIMEOUT_S:
                while (frame := session.next_frame(now)) is not None:
                    await stream.send(frame)
                    if session.is_behind:
                        await clock.sleep(BACKLOG_PAUSE_S)
                        now = clock.now()
                await self._work.wait()
        except StreamClosedError:
            pass
        await stream.close()

    async def _watch(self) -> None:
        # A vehicle that samples nothing more wakes no sender: its last frame may be lost all the same.
        while True:
            left_s = ACK_TIMEOUT_S - self._session.overdue_s(self._clock.now())
            if left_s < 0:
                self._work.set()
            await self._clock.sleep(left_s + _WATCH_MARGIN_S if left_s >= 0 else ACK_TIMEOUT_S)

    async def _receive(self, stream: FrameStream) -> None:
        session, clock = self._session, self._clock
        while True:
            try:
                frame = await stream.receive()
            except StreamClosedError:
                return
            was_live = session.is_live
            self.goodbye = session.receive(frame, clock.now())
            if self.goodbye is not None:
                return
            if not was_live and session.is_live:
                self._attempts = 0
            if session.has_more or not was_live:
                self._work.set()
            self._take_commands()
            if self._drained is not None and not len(self._buffer):
                _finish(self._drained)

    def _take_commands(self) -> None:
        commands = self._session.commands
        while commands:
            command = commands.popleft()
            if self._on_command is not None:
                self._on_command(command)

    def _backoff_s(self) -> float:
        if self.goodbye in _LASTING:
            return REFUSED_BACKOFF_S
        self._attempts += 1
        longest_s = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self._attempts - 1, 10))
        # Spread by vehicle and attempt, so that a fleet does not come back in one instant; repeatable nevertheless.
        share = crc32c(f"{self._vehicle_id}/{self._attempts}".encode()) / 2**32
        return longest_s * (0.5 + 0.5 * share)


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
