"""The gateway's side of one connection, without I/O: frames and the present time in, turns out.

All behaviour is one table, ``TABLE``, and these rules hold for it:

1. Every (state, input) has exactly one row: a handler and the state that follows. Nothing else changes the state.
2. A handler returns a ``Turn``: records to make durable, replies to send now, bytes to set aside, perhaps a goodbye.
3. A sample is acknowledged only in the turn of ``durable``, or when it is durable already (a duplicate).
4. Bytes that can not be used are set aside and the session goes on. Only a refused Hello, a newer connection of the
   vehicle or a gateway that can keep nothing ends it.
5. A closed session answers nothing. Records it took may still become durable: the vehicle's next connection
   acknowledges them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryRecord
from v2x.client_frames import PROTOCOL, Batch, Hello, Ping, parse_client_frame
from v2x.goodbye import GoodbyeReason
from v2x.intake import take_batch
from v2x.quarantine import Quarantined, QuarantineReason
from v2x.ranges import SeqRange, merged, runs, shortened, without
from v2x.received import BootReceived, Received
from v2x.server_frames import Ack, Resume, ack_frame, goodbye_frame, pong_frame, resume_frame, welcome_frame

MAX_FRAME_BYTES = 262_144
"""Longest frame that is read."""
KEPT_OF_OVERSIZED_BYTES = 1024
"""How much of a longer one is kept for inspection."""
MAX_RANGES = 4096
"""Most missing and most kept ranges of one Resume; beyond them too much is told missing and too little kept."""

Identify = Callable[[str], VehicleId | None]
"""Returns the vehicle that a token belongs to, ``None`` for an unknown token."""


class SessionState(StrEnum):
    """Where a connection stands."""

    GREETING = "greeting"
    LIVE = "live"
    CLOSED = "closed"


class SessionInput(StrEnum):
    """What can happen to a connection, with the subject its handlers get."""

    HELLO = "hello"  # (Hello, frame)
    REFUSED_HELLO = "refused_hello"  # GoodbyeReason
    BATCH = "batch"  # (Batch, frame)
    PING = "ping"  # (Ping, frame)
    UNUSABLE = "unusable"  # Quarantined
    DURABLE = "durable"  # Sequence[TelemetryRecord]
    NOT_KEPT = "not_kept"  # Sequence[TelemetryRecord]
    DISMISSED = "dismissed"  # GoodbyeReason
    ENDED = "ended"  # None


_INPUT_OF = {Hello: SessionInput.HELLO, Batch: SessionInput.BATCH, Ping: SessionInput.PING}


@dataclass(slots=True, kw_only=True)
class Turn:
    """What follows from one input."""

    records: Sequence[TelemetryRecord] = ()
    """To be made durable; then ``VehicleSession.durable`` is told."""
    replies: Sequence[bytes] = ()
    """Frames to send now, in this order."""
    quarantined: Sequence[Quarantined] = ()
    duplicates: int = 0
    clock_ahead: int = 0
    clock_corrected: int = 0
    clock_jumps: int = 0
    gaps: int = 0
    ping: Ping | None = None
    """The ping that was answered; its offset is believed."""
    goodbye: GoodbyeReason | None = None
    """When set, the connection is to be closed after the replies."""


class VehicleSession:
    """One connection of one vehicle."""

    def __init__(self, *, identify: Identify, received: Received) -> None:
        """Share ``received`` with all sessions of the gateway."""
        self._identify = identify
        self._received = received
        self._boots: dict[BootId, BootReceived] = {}
        self._boot_id: BootId | None = None
        self.state = SessionState.GREETING
        self.vehicle_id: VehicleId | None = None
        """Known once the Hello was accepted."""

    def receive(self, frame: bytes | str, now: Instant) -> Turn:
        """Take a frame as it arrived at ``now``. Never raises, whatever the frame holds."""
        kind, subject = self._classified(frame)
        return self._apply(kind, subject, now)

    def durable(self, records: Sequence[TelemetryRecord], now: Instant) -> Turn:
        """Take the word that records of this vehicle, taken by this or a former session, are on disk."""
        return self._apply(SessionInput.DURABLE, records, now)

    def not_kept(self, records: Sequence[TelemetryRecord], now: Instant) -> Turn:
        """Take the word that records of this vehicle did not get to disk: they count as never seen."""
        return self._apply(SessionInput.NOT_KEPT, records, now)

    def dismiss(self, reason: GoodbyeReason, now: Instant) -> Turn:
        """End the session from the gateway's side."""
        return self._apply(SessionInput.DISMISSED, reason, now)

    def end(self, now: Instant) -> Turn:
        """Take note that the connection is gone."""
        return self._apply(SessionInput.ENDED, None, now)

    @property
    def present_boot(self) -> BootReceived:
        """What is kept of the boot that speaks; only after its Hello."""
        assert self._boot_id is not None  # noqa: S101 - used in rows that a Hello precedes
        return self.boot(self._boot_id)

    def boot(self, boot_id: BootId) -> BootReceived:
        """Return what is kept of one of this vehicle's boots; only after its Hello."""
        boot = self._boots.get(boot_id)
        if boot is None:
            assert self.vehicle_id is not None  # noqa: S101 - used in rows that a Hello precedes
            boot = self._boots[boot_id] = self._received.boot(self.vehicle_id, boot_id)
        return boot

    def greet(self, hello: Hello) -> None:
        """Know from now on who speaks, and of which boot."""
        self.vehicle_id, self._boot_id = hello.vehicle_id, hello.boot_id

    def _apply(self, kind: SessionInput, subject: object, now: Instant) -> Turn:
        handler, self.state = TABLE[self.state, kind]
        return handler(self, subject, now)

    def _classified(self, frame: bytes | str) -> tuple[SessionInput, object]:
        if isinstance(frame, str):
            return SessionInput.UNUSABLE, _beginning(QuarantineReason.TEXT, frame.encode("utf-8", "replace"))
        if len(frame) > MAX_FRAME_BYTES:
            return SessionInput.UNUSABLE, _beginning(QuarantineReason.OVERSIZED, frame)
        try:
            content = parse_client_frame(frame)
        except BadInputError as error:
            return SessionInput.UNUSABLE, Quarantined(QuarantineReason.CORRUPT, frame, str(error))
        if isinstance(content, Hello) and self.state is SessionState.GREETING:
            reason = self._objection(content)
            if reason is not None:
                return SessionInput.REFUSED_HELLO, reason
        return _INPUT_OF[type(content)], (content, frame)

    def _objection(self, hello: Hello) -> GoodbyeReason | None:
        if hello.protocol != PROTOCOL:
            return GoodbyeReason.UNSUPPORTED_PROTOCOL
        vehicle_id = self._identify(hello.token)
        if vehicle_id is None:
            return GoodbyeReason.BAD_TOKEN
        return GoodbyeReason.VEHICLE_MISMATCH if vehicle_id != hello.vehicle_id else None


def _welcome(session: VehicleSession, subject: tuple[Hello, bytes], now: Instant) -> Turn:
    hello, _ = subject
    session.greet(hello)
    held: dict[BootId, list[SeqRange]] = {hello.boot_id: []}
    for holding in hello.holdings:
        held.setdefault(holding.boot_id, []).append((holding.first_seq, holding.last_seq))
    boots = [_standing(boot_id, session.boot(boot_id), ranges) for boot_id, ranges in held.items()]
    return Turn(replies=(welcome_frame(boots, now),))


def _standing(boot_id: BootId, boot: BootReceived, held: Sequence[SeqRange]) -> Resume:
    announced = merged(held)
    missing = [gap for first, last in announced for gap in boot.missing(first, last)]
    # Told in so many words: a vehicle frees nothing that was not named, even if its Hello was garbled on the way.
    kept = [part for whole in announced for part in without(whole, missing)]
    # What was announced is on its way: it is no gap when live samples overtake it.
    boot.highest = max([boot.highest, *(last for _, last in held)])
    return Resume(boot_id, boot.next_seq, tuple(shortened(missing, MAX_RANGES)), tuple(kept[:MAX_RANGES]))


def _refuse(_session: VehicleSession, reason: GoodbyeReason, _now: Instant) -> Turn:
    return Turn(replies=(goodbye_frame(reason),), goodbye=reason)


def _take(session: VehicleSession, subject: tuple[Batch, bytes], now: Instant) -> Turn:
    batch, _ = subject
    assert session.vehicle_id is not None  # noqa: S101 - a row of LIVE
    boot = session.boot(batch.boot_id)
    replies: list[bytes] = []
    has_gap = batch.first_seq > boot.highest + 1
    if has_gap:
        missing = ((boot.highest + 1, batch.first_seq - 1),)
        replies.append(resume_frame(Resume(batch.boot_id, boot.next_seq, missing)))
    jumps = boot.clock.jumps
    intake = take_batch(batch, vehicle_id=session.vehicle_id, boot=boot, now=now)
    if intake.durable or intake.rejected:
        replies.append(_ack(batch.boot_id, boot, intake.durable, tuple(intake.rejected)))
    return Turn(
        records=intake.records,
        replies=replies,
        quarantined=intake.quarantined,
        duplicates=intake.duplicates,
        clock_ahead=intake.clock_ahead,
        clock_corrected=intake.clock_corrected,
        clock_jumps=boot.clock.jumps - jumps,
        gaps=int(has_gap),
    )


def _acknowledge(session: VehicleSession, records: Sequence[TelemetryRecord], _now: Instant) -> Turn:
    settled: dict[BootId, list[int]] = {}
    for record in records:
        sample = record.sample
        session.boot(sample.boot_id).settle(sample.seq)
        settled.setdefault(sample.boot_id, []).append(sample.seq)
    return Turn(replies=[_ack(boot_id, session.boot(boot_id), seqs) for boot_id, seqs in settled.items()])


def _settle(session: VehicleSession, records: Sequence[TelemetryRecord], now: Instant) -> Turn:
    _acknowledge(session, records, now)
    return Turn()


def _forget(session: VehicleSession, records: Sequence[TelemetryRecord], _now: Instant) -> Turn:
    for record in records:
        session.boot(record.sample.boot_id).forget(record.sample.seq)
    return Turn()


def _ack(boot_id: BootId, boot: BootReceived, seqs: Sequence[int], rejected: tuple[tuple[int, str], ...] = ()) -> bytes:
    through = boot.through
    beyond = [seq for seq in seqs if seq > through]
    return ack_frame(Ack(boot_id, through, tuple(runs(beyond)) if beyond else (), rejected))


def _answer(_session: VehicleSession, subject: tuple[Ping, bytes], now: Instant) -> Turn:
    return Turn(replies=(pong_frame(subject[0].sent_ms, now, now),))


def _time(session: VehicleSession, subject: tuple[Ping, bytes], now: Instant) -> Turn:
    ping, _ = subject
    replies = (pong_frame(ping.sent_ms, now, now),)
    if ping.clock_offset_ms is None:
        return Turn(replies=replies)
    boot = session.present_boot
    jumps = boot.clock.jumps
    is_believed = boot.clock.report(
        sent_ms=ping.sent_ms,
        offset_ms=ping.clock_offset_ms,
        error_ms=ping.clock_error_ms,
        next_seq=boot.highest + 1,
        now=now,
    )
    return Turn(replies=replies, clock_jumps=boot.clock.jumps - jumps, ping=ping if is_believed else None)


def _set_aside(_session: VehicleSession, unusable: Quarantined, _now: Instant) -> Turn:
    return Turn(quarantined=(unusable,))


def _misplaced(_session: VehicleSession, subject: tuple[Hello | Batch, bytes], _now: Instant) -> Turn:
    content, frame = subject
    return Turn(quarantined=(Quarantined(QuarantineReason.UNEXPECTED, frame, type(content).__name__),))


def _nothing(_session: VehicleSession, _subject: object, _now: Instant) -> Turn:
    return Turn()


def _beginning(reason: QuarantineReason, frame: bytes) -> Quarantined:
    return Quarantined(reason, frame[:KEPT_OF_OVERSIZED_BYTES], f"{len(frame)} bytes")


Handler = Callable[[VehicleSession, Any, Instant], Turn]
"""Each takes the subject that ``SessionInput`` names for its rows."""

_G, _L, _C = SessionState.GREETING, SessionState.LIVE, SessionState.CLOSED
TABLE: Mapping[tuple[SessionState, SessionInput], tuple[Handler, SessionState]] = MappingProxyType(
    {
        (_G, SessionInput.HELLO): (_welcome, _L),
        (_G, SessionInput.REFUSED_HELLO): (_refuse, _C),
        (_G, SessionInput.BATCH): (_misplaced, _G),
        (_G, SessionInput.PING): (_answer, _G),
        (_G, SessionInput.UNUSABLE): (_set_aside, _G),
        (_G, SessionInput.DURABLE): (_nothing, _G),
        (_G, SessionInput.NOT_KEPT): (_nothing, _G),
        (_G, SessionInput.DISMISSED): (_refuse, _C),
        (_G, SessionInput.ENDED): (_nothing, _C),
        (_L, SessionInput.HELLO): (_misplaced, _L),
        (_L, SessionInput.REFUSED_HELLO): (_nothing, _L),
        (_L, SessionInput.BATCH): (_take, _L),
        (_L, SessionInput.PING): (_time, _L),
        (_L, SessionInput.UNUSABLE): (_set_aside, _L),
        (_L, SessionInput.DURABLE): (_acknowledge, _L),
        (_L, SessionInput.NOT_KEPT): (_forget, _L),
        (_L, SessionInput.DISMISSED): (_refuse, _C),
        (_L, SessionInput.ENDED): (_nothing, _C),
        (_C, SessionInput.HELLO): (_nothing, _C),
        (_C, SessionInput.REFUSED_HELLO): (_nothing, _C),
        (_C, SessionInput.BATCH): (_nothing, _C),
        (_C, SessionInput.PING): (_nothing, _C),
        (_C, SessionInput.UNUSABLE): (_set_aside, _C),
        (_C, SessionInput.DURABLE): (_settle, _C),
        (_C, SessionInput.NOT_KEPT): (_forget, _C),
        (_C, SessionInput.DISMISSED): (_nothing, _C),
        (_C, SessionInput.ENDED): (_nothing, _C),
    }
)
"""(state, input) to (handler, next state)."""
