"""Frames that a vehicle sends: built by the client, parsed by the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass

from crc32c import crc32c
from google.protobuf.message import DecodeError

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.ids import BootId, VehicleId
from v2x import wire_pb2 as wire

PROTOCOL = 1
"""The protocol version this code speaks."""
MAX_SAMPLES = 2048
"""Most samples of one batch."""
MAX_HOLDINGS = 256
"""Most boots of one Hello."""
MAX_ID_LENGTH = 128
MAX_TOKEN_LENGTH = 4096
MAX_SEQ = 2**62
MAX_TIME_MS = 253_402_300_799_999
"""End of the year 9999."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The vehicle keeps unacknowledged samples of a boot between two sequence numbers, ends included."""

    boot_id: BootId
    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Who is there, and what it still holds."""

    vehicle_id: VehicleId
    token: str
    boot_id: BootId
    protocol: int = PROTOCOL
    holdings: tuple[Holding, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive samples of one boot as bytes; the first has ``first_seq``."""

    boot_id: BootId
    first_seq: int
    payloads: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Ping:
    """The vehicle asks for the gateway's time, and says what it makes of the answers so far."""

    sent_ms: int
    clock_offset_ms: int | None = None
    """How far the gateway's clock is ahead of the vehicle's; ``None`` before the first answer."""
    clock_error_ms: int = 0
    """The offset is at most so far from the truth."""
    round_trip_ms: int | None = None
    """Of the newest answered ping."""


ClientFrame = Hello | Batch | Ping
"""Everything a vehicle says."""


def hello_frame(hello: Hello) -> bytes:
    """Return the bytes of a Hello."""
    holdings = [wire.Holding(boot_id=h.boot_id, first_seq=h.first_seq, last_seq=h.last_seq) for h in hello.holdings]
    message = wire.Hello(
        vehicle_id=hello.vehicle_id,
        token=hello.token,
        boot_id=hello.boot_id,
        protocol=hello.protocol,
        holdings=holdings,
    )
    return wire.ClientFrame(hello=message).SerializeToString()


def batch_frame(boot_id: BootId, first_seq: int, payloads: Sequence[bytes]) -> bytes:
    """Return the bytes of a Batch with its checksum."""
    frame = wire.ClientFrame()
    batch = frame.batch
    batch.boot_id = boot_id
    batch.first_seq = first_seq
    batch.samples.extend(payloads)
    batch.crc32c = batch_checksum(boot_id, first_seq, payloads)
    return frame.SerializeToString()


def ping_frame(
    sent: Instant, *, clock_offset_ms: int | None = None, clock_error_ms: int = 0, round_trip_ms: int | None = None
) -> bytes:
    """Return the bytes of a Ping; times as in ``Ping``."""
    message = wire.Ping(sent_ms=sent, round_trip_ms=round_trip_ms)
    if clock_offset_ms is not None:
        message.clock_offset_ms = clock_offset_ms
        message.clock_error_ms = clock_error_ms
    return wire.ClientFrame(ping=message).SerializeToString()


def batch_checksum(boot_id: str, first_seq: int, payloads: Sequence[bytes]) -> int:
    """Return the CRC32C of all payloads in order, started from that of ``boot_id:first_seq``."""
    checksum: int = crc32c(f"{boot_id}:{first_seq}".encode())
    for payload in payloads:
        checksum = crc32c(payload, checksum)
    return checksum


def parse_client_frame(frame: bytes) -> ClientFrame:
    """Return what a vehicle sent; raises ``BadInputError`` for bytes that are no frame of this protocol."""
    try:
        message = wire.ClientFrame.FromString(frame)
    except DecodeError as error:
        raise BadInputError("bytes are no frame of a vehicle") from error
    content = message.WhichOneof("content")
    if content == "batch":
        return _batch(message.batch)
    if content == "ping":
        return _ping(message.ping)
    if content == "hello":
        return _hello(message.hello)
    raise BadInputError("the frame has no content that this gateway knows")


def _batch(batch: wire.Batch) -> Batch:
    boot_id, first_seq, payloads = batch.boot_id, batch.first_seq, tuple(batch.samples)
    _check_id("boot_id", boot_id)
    if not 1 <= first_seq <= MAX_SEQ:
        raise BadInputError(f"{first_seq} is no sequence number", field="first_seq")
    if not 1 <= len(payloads) <= MAX_SAMPLES:
        raise BadInputError(f"a batch has 1 to {MAX_SAMPLES} samples, not {len(payloads)}", field="samples")
    if batch.HasField("crc32c") and batch.crc32c != batch_checksum(boot_id, first_seq, payloads):
        raise BadInputError("the checksum does not match the samples", field="crc32c")
    return Batch(BootId(boot_id), first_seq, payloads)


def _ping(ping: wire.Ping) -> Ping:
    if max(ping.sent_ms, abs(ping.clock_offset_ms)) > MAX_TIME_MS:
        raise BadInputError("a ping beyond the year 9999", field="ping")
    has = ping.HasField
    return Ping(
        sent_ms=ping.sent_ms,
        clock_offset_ms=ping.clock_offset_ms if has("clock_offset_ms") else None,
        clock_error_ms=ping.clock_error_ms,
        round_trip_ms=ping.round_trip_ms if has("round_trip_ms") else None,
    )


def _hello(hello: wire.Hello) -> Hello:
    _check_id("vehicle_id", hello.vehicle_id)
    _check_id("boot_id", hello.boot_id)
    if len(hello.token) > MAX_TOKEN_LENGTH:
        raise BadInputError(f"a token has at most {MAX_TOKEN_LENGTH} characters", field="token")
    if len(hello.holdings) > MAX_HOLDINGS:
        raise BadInputError(f"a hello names at most {MAX_HOLDINGS} boots", field="holdings")
    return Hello(
        vehicle_id=VehicleId(hello.vehicle_id),
        token=hello.token,
        boot_id=BootId(hello.boot_id),
        protocol=hello.protocol,
        holdings=tuple(_holding(holding) for holding in hello.holdings),
    )


def _holding(holding: wire.Holding) -> Holding:
    _check_id("holdings.boot_id", holding.boot_id)
    if not 1 <= holding.first_seq <= holding.last_seq <= MAX_SEQ:
        raise BadInputError(f"{holding.first_seq}..{holding.last_seq} is no range", field="holdings")
    return Holding(BootId(holding.boot_id), holding.first_seq, holding.last_seq)


def _check_id(name: str, text: str) -> None:
    if not 1 <= len(text) <= MAX_ID_LENGTH:
        raise BadInputError(f"an id has 1 to {MAX_ID_LENGTH} characters", field=name)
