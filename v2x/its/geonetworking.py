"""GeoNetworking headers (EN 302 636-4-1 v1.4.1): basic, common and extended, read and written.

Read: single-hop broadcast (SHB), geo-broadcast and geo-anycast (GBC, GAC), topological broadcast (TSB) and unicast
(GUC). Beacons and the location service carry no message and are refused by name, as is every unknown type.
"""

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from v2x.its.btp import BtpType
from v2x.its.errors import ItsError, ItsErrorKind

VERSION: Final = 1
BASIC_BYTES: Final = 4
COMMON_BYTES: Final = 8

_COMMON: Final = struct.Struct(">BBBBHBB")
_POSITION: Final = struct.Struct(">8sIiiHH")
_SHORT_POSITION: Final = struct.Struct(">8sIii")
_SEQUENCE: Final = struct.Struct(">HH")
_AREA: Final = struct.Struct(">iiHHHH")
_NEXT_COMMON, _NEXT_SECURED = 1, 2
_TRANSPORTS: Final = {1: BtpType.A, 2: BtpType.B}
_TRANSPORT_CODES: Final = {kind: code for code, kind in _TRANSPORTS.items()}
_LIFETIME_BASES_MS: Final = (50, 1_000, 10_000, 100_000)
_SIGN_15: Final = 0x4000
_MOBILE_FLAG: Final = 0x80


class PacketType(StrEnum):
    """What a packet is for: header type and subtype."""

    GUC = "GUC"
    """Unicast to one station."""
    GAC = "GAC"
    """To any station in an area."""
    GBC = "GBC"
    """To all stations in an area."""
    TSB = "TSB"
    """To all stations within some hops."""
    SHB = "SHB"
    """To all stations in radio range."""


class AreaShape(StrEnum):
    """Shape of the destination area of GAC and GBC."""

    CIRCLE = "circle"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"


_SHAPES: Final = tuple(AreaShape)
_REFUSED: Final = {0: "any", 1: "beacon", 6: "location service"}
_TYPES: Final = {2: PacketType.GUC, 3: PacketType.GAC, 4: PacketType.GBC}


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Long position vector of a station, raw."""

    address: bytes
    """GN_ADDR, 8 bytes: manual bit, station type (5 bits), country code (10), MID (48)."""
    timestamp: int
    """ITS time modulo 2^32, milliseconds."""
    latitude: int
    """0.1 microdegree."""
    longitude: int
    """0.1 microdegree."""
    is_accurate: bool
    speed: int
    """0.01 m/s, signed."""
    heading: int
    """0.1 degree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Destination area of GAC and GBC (EN 302 931), raw."""

    shape: AreaShape
    latitude: int
    """0.1 microdegree."""
    longitude: int
    """0.1 microdegree."""
    distance_a: int
    """Radius or half length in metres."""
    distance_b: int
    """0 for a circle, else half width in metres."""
    angle: int
    """Azimuth of the longer side, degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoNetworking:
    """All headers of one packet."""

    kind: PacketType
    transport: BtpType
    source: Position
    lifetime_ms: int
    remaining_hops: int
    max_hops: int
    traffic_class: int
    is_mobile: bool
    payload_length: int
    """Bytes from BTP to the end of the message."""
    area: Area | None = None
    """GAC and GBC only."""
    sequence: int | None = None
    """Sequence number; all but SHB."""
    destination: bytes | None = None
    """GN_ADDR of the addressed station, 8 bytes; GUC only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """Basic header: what follows, and for how long."""

    is_secured: bool
    lifetime_ms: int
    remaining_hops: int


def parse_basic(data: bytes, start: int) -> Basic:
    """Return the basic header at ``start``; raises ``ItsError`` for a short one, another version, another content."""
    _require(data, start, BASIC_BYTES, "the GeoNetworking basic header")
    version, following, lifetime = data[start] >> 4, data[start] & 0x0F, data[start + 2]
    if version != VERSION:
        raise ItsError(ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, f"GeoNetworking version {version}")
    if following not in {_NEXT_COMMON, _NEXT_SECURED}:
        raise ItsError(
            ItsErrorKind.UNSUPPORTED_MESSAGE, f"next header {following} after the GeoNetworking basic header"
        )
    return Basic(
        is_secured=following == _NEXT_SECURED,
        lifetime_ms=(lifetime >> 2) * _LIFETIME_BASES_MS[lifetime & 0x3],
        remaining_hops=data[start + 3],
    )


def parse_common(data: bytes, start: int, basic: Basic) -> tuple[GeoNetworking, int]:
    """Return common and extended header at ``start`` and where BTP begins; raises ``ItsError``.

    The payload's length is checked against the bytes that are there; more may follow (padding, a check sequence).
    """
    _require(data, start, COMMON_BYTES, "the GeoNetworking common header")
    following, kinds, traffic, flags, length, hops, _ = _COMMON.unpack_from(data, start)
    kind, shape = _kind(kinds >> 4, kinds & 0x0F)
    transport = _TRANSPORTS.get(following >> 4)
    if transport is None:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"next header {following >> 4} after GeoNetworking, not BTP")
    at = start + COMMON_BYTES
    sequence = None
    if kind is not PacketType.SHB:
        _require(data, at, _SEQUENCE.size, "the GeoNetworking extended header")
        sequence, at = _SEQUENCE.unpack_from(data, at)[0], at + _SEQUENCE.size
    source, at = _position(data, at), at + _POSITION.size
    area, destination = None, None
    if shape is not None:
        area, at = _area(data, at, shape), at + _AREA.size
    elif kind is PacketType.GUC:
        _require(data, at, _SHORT_POSITION.size, "the destination's position vector")
        destination, at = data[at : at + 8], at + _SHORT_POSITION.size
    elif kind is PacketType.SHB:
        _require(data, at, 4, "the media-dependent data")
        at += 4
    _require(data, at, length, "the GeoNetworking payload")
    header = GeoNetworking(
        kind=kind,
        transport=transport,
        source=source,
        lifetime_ms=basic.lifetime_ms,
        remaining_hops=basic.remaining_hops,
        max_hops=hops,
        traffic_class=traffic,
        is_mobile=bool(flags & _MOBILE_FLAG),
        payload_length=length,
        area=area,
        sequence=sequence,
        destination=destination,
    )
    return header, at


def basic_bytes(header: GeoNetworking, *, is_secured: bool) -> bytes:
    """Return the basic header; the lifetime is rounded to what 6 bits and a base can tell."""
    following = _NEXT_SECURED if is_secured else _NEXT_COMMON
    return bytes((VERSION << 4 | following, 0, _lifetime(header.lifetime_ms), header.remaining_hops))


def common_bytes(header: GeoNetworking) -> bytes:
    """Return common and extended header of SHB or GBC, the two this project sends; ``ValueError`` for another type."""
    following = _TRANSPORT_CODES[header.transport] << 4
    flags = _MOBILE_FLAG if header.is_mobile else 0
    rest = (header.traffic_class, flags, header.payload_length, header.max_hops, 0)
    if header.kind is PacketType.SHB:
        return _COMMON.pack(following, 0x50, *rest) + _position_bytes(header.source) + bytes(4)
    if header.kind is not PacketType.GBC or header.area is None or header.sequence is None:
        raise ValueError(f"a {header.kind} packet is not built here, or it lacks its area or sequence number")
    area = header.area
    return (
        _COMMON.pack(following, 0x40 | _SHAPES.index(area.shape), *rest)
        + _SEQUENCE.pack(header.sequence, 0)
        + _position_bytes(header.source)
        + _AREA.pack(area.latitude, area.longitude, area.distance_a, area.distance_b, area.angle, 0)
    )


def station_type(address: bytes) -> int:
    """Return the station type (TS 102 894-2) in a GN_ADDR."""
    return address[0] >> 2 & 0x1F


def gn_address(station_type_code: int, mid: bytes) -> bytes:
    """Return a manually configured GN_ADDR of a station type and a 6-byte link-layer address."""
    return ((1 << 15) | (station_type_code & 0x1F) << 10).to_bytes(2, "big") + mid


def _kind(header_type: int, subtype: int) -> tuple[PacketType, AreaShape | None]:
    name = f"GeoNetworking header type {header_type}/{subtype}"
    if header_type in _REFUSED:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"{name} ({_REFUSED[header_type]}) carries no message")
    if header_type == 5 and subtype in {0, 1}:  # noqa: PLR2004 - TSB
        return (PacketType.TSB if subtype else PacketType.SHB), None
    kind = _TYPES.get(header_type)
    if kind is PacketType.GUC and subtype == 0:
        return kind, None
    if kind in {PacketType.GAC, PacketType.GBC} and subtype < len(_SHAPES):
        return kind, _SHAPES[subtype]
    raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, name)


def _position(data: bytes, start: int) -> Position:
    _require(data, start, _POSITION.size, "the source's position vector")
    address, timestamp, latitude, longitude, speed, heading = _POSITION.unpack_from(data, start)
    low = speed & 0x7FFF
    return Position(
        address=address,
        timestamp=timestamp,
        latitude=latitude,
        longitude=longitude,
        is_accurate=bool(speed >> 15),
        speed=low - 2 * _SIGN_15 if low & _SIGN_15 else low,
        heading=heading,
    )


def _position_bytes(position: Position) -> bytes:
    speed = (position.is_accurate << 15) | (position.speed & 0x7FFF)
    return _POSITION.pack(
        position.address, position.timestamp, position.latitude, position.longitude, speed, position.heading
    )


def _area(data: bytes, start: int, shape: AreaShape) -> Area:
    _require(data, start, _AREA.size, "the destination area")
    latitude, longitude, distance_a, distance_b, angle, _ = _AREA.unpack_from(data, start)
    return Area(
        shape=shape, latitude=latitude, longitude=longitude, distance_a=distance_a, distance_b=distance_b, angle=angle
    )


def _lifetime(lifetime_ms: int) -> int:
    for code, base_ms in enumerate(_LIFETIME_BASES_MS):
        multiplier = round(lifetime_ms / base_ms)
        # The largest base that tells it exactly would do as well; the smallest that can hold it is the finest.
        if multiplier <= 63:  # noqa: PLR2004 - six bits
            return multiplier << 2 | code
    return 0xFF


def _require(data: bytes, start: int, length: int, what: str) -> None:
    if len(data) < start + length:
        left = max(0, len(data) - start)
        raise ItsError(ItsErrorKind.TRUNCATED, f"{what} needs {length} bytes, {left} are left")
