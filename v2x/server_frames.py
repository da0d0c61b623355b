"""Frames that the gateway sends: built by the session, parsed by the vehicle client."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId
from v2x import wire_pb2 as wire
from v2x.goodbye import BY_NUMBER, NUMBERS, GoodbyeReason
from v2x.ranges import SeqRange


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


ServerFrame = Welcome | Resume | Ack | Pong | Goodbye
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
    if content == "ack":
        return _ack(message.ack)
    if content == "resume":
        return _resume(message.resume)
    if content == "welcome":
        return Welcome(tuple(_resume(boot) for boot in message.welcome.boots), message.welcome.now_ms)
    if content == "pong":
        return Pong(message.pong.ping_sent_ms, message.pong.received_ms, message.pong.sent_ms)
    if content == "goodbye":
        number = message.goodbye.reason
        return Goodbye(BY_NUMBER[number] if 0 <= number < len(BY_NUMBER) else GoodbyeReason.UNKNOWN)
    raise BadInputError("the frame has no content that this vehicle knows")


def _resume_message(resume: Resume) -> wire.Resume:
    missing = [wire.Range(first=first, last=last) for first, last in resume.missing]
    kept = [wire.Range(first=first, last=last) for first, last in resume.kept]
    return wire.Resume(boot_id=resume.boot_id, next_seq=resume.next_seq, missing=missing, kept=kept)


def _resume(resume: wire.Resume) -> Resume:
    return Resume(BootId(resume.boot_id), resume.next_seq, _ranges(resume.missing), _ranges(resume.kept))


def _ack(ack: wire.Ack) -> Ack:
    rejected = tuple((rejection.seq, rejection.reason) for rejection in ack.rejected) if ack.rejected else ()
    return Ack(BootId(ack.boot_id), ack.through_seq, _ranges(ack.ranges) if ack.ranges else (), rejected)


def _ranges(ranges: Sequence[wire.Range]) -> tuple[SeqRange, ...]:
    return tuple((each.first, each.last) for each in ranges if each.first <= each.last)
