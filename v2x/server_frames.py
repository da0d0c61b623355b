"""Frames that the gateway sends: built by the session, parsed by the vehicle client."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId
from v2x import wire_pb2 as wire
from v2x.credit import Credit
from v2x.goodbye import BY_NUMBER, NUMBERS, GoodbyeReason
from v2x.ranges import SeqRange

MAX_TIME_MS = 253_402_300_799_999
"""End of the year 9999."""
MAX_COMMAND_BYTES = 16_384
"""Longest body of a command that is read."""
MAX_SIGNATURES = 8
MAX_ROUTINE_INTERVAL_MS = 60_000
"""No credit makes a vehicle rarer than once a minute."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a boot stands: ``next_seq`` follows the highest on disk; of the announced, what is missing and kept."""

    boot_id: BootId
    next_seq: int
    missing: tuple[SeqRange, ...]
    kept: tuple[SeqRange, ...] = ()


@dataclass(frozen=True, slots=True)
class Welcome:
    """The connection stands; one Resume for each boot of the Hello."""

    boots: tuple[Resume, ...]
    now_ms: int


@dataclass(frozen=True, slots=True)
class Ack:
    """Samples that are on disk: 1..``through_seq`` and ``ranges``; ``rejected`` ones will never be taken."""

    boot_id: BootId
    through_seq: int
    ranges: tuple[SeqRange, ...] = ()
    rejected: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Pong:
    """The gateway's times for the vehicle's ping."""

    ping_sent_ms: int
    received_ms: int
    sent_ms: int


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The gateway ends the connection."""

    reason: GoodbyeReason


@dataclass(frozen=True, slots=True)
class CommandMessage:
    """A command of technical supervision as it travels; what it says is for whoever checks its signatures."""

    body: bytes
    signatures: tuple[tuple[str, bytes], ...]
    """Key id and Ed25519 signature, each over the body."""


ServerFrame = Welcome | Resume | Ack | Pong | Goodbye | CommandMessage | Credit
"""Everything the gateway says."""


def welcome_frame(boots: Iterable[Resume], now: Instant) -> bytes:
    """Return the bytes of a Welcome."""
    message = wire.Welcome(boots=[_resume_message(boot) for boot in boots], now_ms=now)
    return wire.ServerFrame(welcome=message).SerializeToString()


def resume_frame(resume: Resume) -> bytes:
    """Return the bytes of a Resume."""
    return wire.ServerFrame(resume=_resume_message(resume)).SerializeToString()


def ack_frame(ack: Ack) -> bytes:
    """Return the bytes of an Ack."""
    frame = wire.ServerFrame()
    message = frame.ack
    message.boot_id = ack.boot_id
    message.through_seq = ack.through_seq
    for first, last in ack.ranges:
        message.ranges.add(first=first, last=last)
    for seq, reason in ack.rejected:
        message.rejected.add(seq=seq, reason=reason)
    return frame.SerializeToString()


def pong_frame(ping_sent_ms: int, received: Instant, sent: Instant) -> bytes:
    """Return the bytes of a Pong."""
    pong = wire.Pong(ping_sent_ms=ping_sent_ms, received_ms=received, sent_ms=sent)
    return wire.ServerFrame(pong=pong).SerializeToString()


def credit_frame(credit: Credit) -> bytes:
    """Return the bytes of a Credit."""
    message = wire.Credit(
        window_samples=credit.window_samples,
        backlog_samples=credit.backlog_samples,
        routine_interval_ms=credit.routine_interval_ms,
    )
    return wire.ServerFrame(credit=message).SerializeToString()


def command_frame(command: CommandMessage) -> bytes:
    """Return the bytes of a Command."""
    message = wire.Command(body=command.body)
    for key_id, signature in command.signatures:
        message.signatures.add(key_id=key_id, ed25519=signature)
    return wire.ServerFrame(command=message).SerializeToString()


def goodbye_frame(reason: GoodbyeReason) -> bytes:
    """Return the bytes of a Goodbye."""
    number = NUMBERS[reason]
    return wire.ServerFrame(goodbye=wire.Goodbye(reason=number)).SerializeToString()  # type: ignore[arg-type]  # a number at run time


def parse_server_frame(frame: bytes) -> ServerFrame:
    """Return what the gateway sent; raises ``BadInputError`` for bytes that are no frame of this protocol."""
    try:
        message = wire.ServerFrame.FromString(frame)
    except DecodeError as error:
        raise BadInputError("bytes are no frame of a gateway") from error
    content = message.WhichOneof("content")
    read = _READERS.get(content or "")
    if read is None:
        raise BadInputError("the frame has no content that this vehicle knows")
    return read(getattr(message, content or ""))


def _resume_message(resume: Resume) -> wire.Resume:
    missing = [wire.Range(first=first, last=last) for first, last in resume.missing]
    kept = [wire.Range(first=first, last=last) for first, last in resume.kept]
    return wire.Resume(boot_id=resume.boot_id, next_seq=resume.next_seq, missing=missing, kept=kept)


def _resume(resume: wire.Resume) -> Resume:
    return Resume(BootId(resume.boot_id), resume.next_seq, _ranges(resume.missing), _ranges(resume.kept))


def _pong(pong: wire.Pong) -> Pong:
    if max(pong.ping_sent_ms, pong.received_ms, pong.sent_ms) > MAX_TIME_MS:
        raise BadInputError("a pong beyond the year 9999", field="pong")
    return Pong(pong.ping_sent_ms, pong.received_ms, pong.sent_ms)


def _command(command: wire.Command) -> CommandMessage:
    if len(command.body) > MAX_COMMAND_BYTES or len(command.signatures) > MAX_SIGNATURES:
        raise BadInputError("a command larger than any", field="command")
    return CommandMessage(command.body, tuple((each.key_id, each.ed25519) for each in command.signatures))


def _credit(credit: wire.Credit) -> Credit:
    return Credit(
        window_samples=max(1, credit.window_samples),
        backlog_samples=credit.backlog_samples,
        routine_interval_ms=min(credit.routine_interval_ms, MAX_ROUTINE_INTERVAL_MS),
    )


def _ack(ack: wire.Ack) -> Ack:
    rejected = tuple((rejection.seq, rejection.reason) for rejection in ack.rejected) if ack.rejected else ()
    return Ack(BootId(ack.boot_id), ack.through_seq, _ranges(ack.ranges) if ack.ranges else (), rejected)


def _ranges(ranges: Sequence[wire.Range]) -> tuple[SeqRange, ...]:
    return tuple((each.first, each.last) for each in ranges if each.first <= each.last)


def _welcome(welcome: wire.Welcome) -> Welcome:
    return Welcome(tuple(_resume(boot) for boot in welcome.boots), welcome.now_ms)


def _goodbye(goodbye: wire.Goodbye) -> Goodbye:
    number = goodbye.reason
    return Goodbye(BY_NUMBER[number] if 0 <= number < len(BY_NUMBER) else GoodbyeReason.UNKNOWN)


_READERS: Mapping[str, Callable[[Any], ServerFrame]] = {
    "ack": _ack,
    "resume": _resume,
    "welcome": _welcome,
    "pong": _pong,
    "goodbye": _goodbye,
    "command": _command,
    "credit": _credit,
}
