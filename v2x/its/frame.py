"""One frame from the outermost header down to the UPER message, and the way back up.

Down: radiotap, 802.11 or Ethernet, GeoNetworking, the signed envelope, BTP; each layer where it is there.
Up: single-hop broadcast for what is told all the time, geo-broadcast for what concerns a place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from v2x.its.btp import BTP_BYTES, BTP_PORTS, Btp, BtpType, btp_bytes, parse_btp
from v2x.its.clock import TimestampIts
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.ethernet import BROADCAST, Ethernet, ethernet_bytes, is_ethernet, parse_ethernet
from v2x.its.geonetworking import (
    BASIC_BYTES,
    Area,
    Basic,
    GeoNetworking,
    PacketType,
    Position,
    basic_bytes,
    common_bytes,
    gn_address,
    parse_basic,
    parse_common,
)
from v2x.its.radio import Radio, is_radiotap, parse_radio, skip_radiotap
from v2x.its.security import Signed, open_envelope

MAX_FRAME_BYTES: Final = 65_535
"""No network carries a longer frame."""

LIFETIME_MS: Final = 60_000
GBC_HOPS: Final = 10
"""Default hop limit of EN 302 636-4-1 (itsGnDefaultHopLimit)."""
_CAM_TRAFFIC_CLASS, _DENM_TRAFFIC_CLASS = 2, 1
_ENVELOPE_VERSION: Final = 0x03
_SIGNED_DATA: Final = 0x81
_UPER_VERSIONS: Final = frozenset({1, 2})
_MOST_MESSAGE_ID: Final = 32
"""Message ids beyond are not in use; an address that begins with 01 or 02 rarely goes on with a number so low."""


class Start(StrEnum):
    """Which layer the bytes begin with."""

    RADIOTAP = "radiotap"
    RADIO = "802.11"
    ETHERNET = "ethernet"
    GEONETWORKING = "geonetworking"
    ENVELOPE = "envelope"
    """The security envelope without the GeoNetworking basic header."""
    BTP = "btp"
    UPER = "uper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A message's bytes and the headers that were around it."""

    start: Start
    uper: bytes
    radio: Radio | None = None
    ethernet: Ethernet | None = None
    geonetworking: GeoNetworking | None = None
    btp: Btp | None = None
    signed: Signed | None = None
    """``None`` for an unsigned message."""
    envelope: bytes = b""
    """The security envelope as it came; empty where there was none. It may also hold unsecured data."""

    @property
    def evidence(self) -> bytes:
        """The message as its sender made it, whichever way it came: the signed envelope, or else the UPER bytes."""
        return self.envelope if self.signed is not None else self.uper


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends, for the position vector; raw numbers as in a message."""

    station_type: int
    """TS 102 894-2: 5 car, 6 bus, 15 roadside unit, ..."""
    address: bytes
    """Link-layer address, 6 bytes."""
    timestamp: TimestampIts
    latitude: int
    longitude: int
    speed: int = 0
    """0.01 m/s."""
    heading: int = 0
    """0.1 degree."""


Sign = Callable[[bytes], bytes]
"""Returns the signed envelope around a payload."""


def detect(data: bytes) -> Start:  # noqa: PLR0911 - one per layer
    """Return which layer the bytes begin with. What looks like nothing else is taken for bare UPER."""
    may_be_uper = len(data) > 1 and data[0] in _UPER_VERSIONS and 1 <= data[1] <= _MOST_MESSAGE_ID
    if is_ethernet(data) and not (may_be_uper and not _is_basic(data[14:18])):
        return Start.ETHERNET
    if may_be_uper:
        return Start.UPER
    if _is_basic(data):
        return Start.GEONETWORKING
    if len(data) > 1 and data[0] == _ENVELOPE_VERSION and data[1] == _SIGNED_DATA:
        return Start.ENVELOPE
    if int.from_bytes(data[:2], "big") in BTP_PORTS.values():
        return Start.BTP
    if is_radiotap(data):
        return Start.RADIOTAP
    return Start.RADIO if _is_radio(data) else Start.UPER


def open_frame(data: bytes, start: Start | None = None) -> Frame:
    """Return the UPER message in a frame and its headers; ``start`` is detected where not given.

    Raises ``ItsError``. The length comes from GeoNetworking, so padding and check sequences behind it do no harm;
    inside a signed envelope nothing may follow.
    """
    if not data:
        raise ItsError(ItsErrorKind.TRUNCATED, "an empty frame")
    if len(data) > MAX_FRAME_BYTES:
        raise ItsError(ItsErrorKind.MALFORMED, f"a frame of {len(data)} bytes")
    start = start or detect(data)
    if start is Start.UPER:
        return Frame(start=start, uper=data)
    if start is Start.BTP:
        return Frame(start=start, btp=parse_btp(BtpType.B, data, 0), uper=data[BTP_BYTES:])
    if start is Start.ENVELOPE:
        return _envelope(data, 0, Basic(is_secured=True, lifetime_ms=0, remaining_hops=0), start=start)
    if start is Start.ETHERNET:
        ethernet, at = parse_ethernet(data)
        return _packet(data, at, start=start, ethernet=ethernet)
    if start is Start.GEONETWORKING:
        return _packet(data, 0, start=start)
    radio, at = parse_radio(data, skip_radiotap(data) if start is Start.RADIOTAP else 0)
    return _packet(data, at, start=start, radio=radio)


def packet(message: str, uper: bytes, sender: Sender, *, area: Area | None = None, sign: Sign | None = None) -> bytes:
    """Return a GeoNetworking packet: single-hop broadcast, or geo-broadcast where an ``area`` is given.

    ``sign`` puts the signed envelope around it. Raises ``BadInputError``'s kin ``ItsError`` for a message without a
    known BTP port, and ``struct.error`` for raw numbers that fit no position vector.
    """
    port = BTP_PORTS.get(message)
    if port is None:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"{message} has no BTP port here")
    payload = btp_bytes(Btp(kind=BtpType.B, destination_port=port, info=0)) + uper
    header = _header(sender, area, len(payload))
    inner = common_bytes(header) + payload
    return basic_bytes(header, is_secured=sign is not None) + (inner if sign is None else sign(inner))


def ethernet_frame(packet_bytes: bytes, source: bytes) -> bytes:
    """Return a broadcast Ethernet frame around a GeoNetworking packet; ``source`` is a 6-byte address."""
    return ethernet_bytes(Ethernet(destination=BROADCAST, source=source)) + packet_bytes


def _header(sender: Sender, area: Area | None, length: int) -> GeoNetworking:
    position = Position(
        address=gn_address(sender.station_type, sender.address),
        timestamp=sender.timestamp % 2**32,
        latitude=sender.latitude,
        longitude=sender.longitude,
        is_accurate=False,
        speed=sender.speed,
        heading=sender.heading,
    )
    hops = 1 if area is None else GBC_HOPS
    return GeoNetworking(
        kind=PacketType.SHB if area is None else PacketType.GBC,
        transport=BtpType.B,
        source=position,
        lifetime_ms=LIFETIME_MS,
        remaining_hops=hops,
        max_hops=hops,
        traffic_class=_CAM_TRAFFIC_CLASS if area is None else _DENM_TRAFFIC_CLASS,
        is_mobile=True,
        payload_length=length,
        area=area,
        sequence=None if area is None else sender.timestamp % 2**16,
    )


def _packet(
    data: bytes, at: int, *, start: Start, radio: Radio | None = None, ethernet: Ethernet | None = None
) -> Frame:
    basic = parse_basic(data, at)
    at += BASIC_BYTES
    if basic.is_secured:
        return _envelope(data, at, basic, start=start, radio=radio, ethernet=ethernet)
    header, at = parse_common(data, at, basic)
    btp, uper = _message(data, at, header)
    return Frame(start=start, radio=radio, ethernet=ethernet, geonetworking=header, btp=btp, uper=uper)


def _envelope(
    data: bytes, at: int, basic: Basic, *, start: Start, radio: Radio | None = None, ethernet: Ethernet | None = None
) -> Frame:
    start_at = at
    envelope, end = open_envelope(data, at)
    header, at = parse_common(envelope.payload, 0, basic)
    if at + header.payload_length != len(envelope.payload):
        surplus = len(envelope.payload) - at - header.payload_length
        raise ItsError(ItsErrorKind.MALFORMED, f"{surplus} bytes follow the message inside the signed envelope")
    btp, uper = _message(envelope.payload, at, header)
    return Frame(
        start=start,
        radio=radio,
        ethernet=ethernet,
        geonetworking=header,
        btp=btp,
        uper=uper,
        signed=envelope.signed,
        envelope=data[start_at:end],
    )


def _message(data: bytes, at: int, header: GeoNetworking) -> tuple[Btp, bytes]:
    end = at + header.payload_length
    btp = parse_btp(header.transport, data[:end], at)
    return btp, data[at + BTP_BYTES : end]


def _is_basic(data: bytes) -> bool:
    """Whether a GeoNetworking basic header may begin here: next header common or secured, the reserved byte zero."""
    return len(data) > 1 and data[0] & 0x0F in {1, 2} and data[1] == 0


def _is_radio(data: bytes) -> bool:
    try:
        parse_radio(data, 0)
    except ItsError:
        return False
    return True
