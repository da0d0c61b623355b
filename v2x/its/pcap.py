"""Capture files: classic pcap in both byte orders and resolutions, pcapng; frames out, and classic pcap written."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.frame import Start

LINK_ETHERNET: Final = 1
LINK_802_11: Final = 105
LINK_RADIOTAP: Final = 127
_STARTS: Final = {LINK_ETHERNET: Start.ETHERNET, LINK_802_11: Start.RADIO, LINK_RADIOTAP: Start.RADIOTAP}

_NS_PER_S: Final = 1_000_000_000
_ORDERS: Final = {
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
}
"""Magic to byte order and nanoseconds in a fraction."""
_FILE_HEADER_BYTES: Final = 24
_RECORD_BYTES: Final = 16
_MOST_CAPTURED_BYTES: Final = 262_144
"""Snap length of every tool; a larger record means that the file is damaged."""

_SECTION: Final = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDER_MAGIC: Final = 0x1A2B3C4D
_SECTION_BLOCK, _INTERFACE_BLOCK, _SIMPLE_BLOCK, _ENHANCED_BLOCK = 0x0A0D0D0A, 1, 3, 6
_BLOCK_MIN_BYTES: Final = 12
_OPTION_END, _OPTION_RESOLUTION = 0, 9
_MOST_INTERFACES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Captured:
    """One captured frame."""

    link: int
    """Link type, see tcpdump's list."""
    time_ns: int | None
    """UTC nanoseconds since 1970; ``None`` where the file has none."""
    data: bytes

    @property
    def start(self) -> Start:
        """Layer the frame begins with; raises ``ItsError`` (unsupported message) for another link type."""
        start = _STARTS.get(self.link)
        if start is None:
            raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"link type {self.link} is neither Ethernet nor 802.11")
        return start


def is_capture(data: bytes) -> bool:
    """Return whether a file begins like pcap or pcapng."""
    return data[:4] in _ORDERS or data[:4] == _SECTION


def read_capture(data: bytes) -> Iterator[Captured]:
    """Yield the frames of a capture file in order.

    Raises ``ItsError`` where the file ends inside a record (truncated) or is damaged (malformed); all frames before
    that place were yielded.
    """
    if data[:4] == _SECTION:
        return _read_pcapng(data)
    if data[:4] in _ORDERS:
        return _read_classic(data)
    raise ItsError(ItsErrorKind.MALFORMED, "the file begins neither like pcap nor like pcapng")


def capture_bytes(frames: Iterable[tuple[int, bytes]]) -> bytes:
    """Return a classic pcap of Ethernet frames, each with its UTC time in nanoseconds (kept to microseconds)."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, LINK_ETHERNET)]
    for time_ns, frame in frames:
        seconds, rest_ns = divmod(time_ns, _NS_PER_S)
        parts.append(struct.pack("<IIII", seconds, rest_ns // 1000, len(frame), len(frame)) + frame)
    return b"".join(parts)


def _read_classic(data: bytes) -> Iterator[Captured]:
    order, fraction_ns = _ORDERS[data[:4]]
    _require(data, 0, _FILE_HEADER_BYTES, "the file header")
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    record, at = struct.Struct(order + "IIII"), _FILE_HEADER_BYTES
    while at < len(data):
        _require(data, at, _RECORD_BYTES, "a record's header")
        seconds, fraction, captured, _ = record.unpack_from(data, at)
        at += _RECORD_BYTES
        _require_length(captured)
        _require(data, at, captured, "a record")
        yield Captured(link, seconds * _NS_PER_S + fraction * fraction_ns, data[at : at + captured])
        at += captured


def _read_pcapng(data: bytes) -> Iterator[Captured]:
    order, at = "<", 0
    interfaces: list[tuple[int, int]] = []
    while at < len(data):
        _require(data, at, _BLOCK_MIN_BYTES, "a block's header")
        if data[at : at + 4] == _SECTION:
            order, interfaces = _byte_order(data, at), []
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < _BLOCK_MIN_BYTES or length % 4 or length > 2 * _MOST_CAPTURED_BYTES:
            raise ItsError(ItsErrorKind.MALFORMED, f"a block of {length} bytes at byte {at}")
        _require(data, at, length, "a block")
        body = data[at + 8 : at + length - 4]
        if kind == _INTERFACE_BLOCK:
            interfaces.append(_interface(body, order))
            if len(interfaces) > _MOST_INTERFACES:
                raise ItsError(ItsErrorKind.MALFORMED, "too many interfaces")
        elif kind == _ENHANCED_BLOCK:
            yield _enhanced(body, order, interfaces)
        elif kind == _SIMPLE_BLOCK:
            yield _simple(body, order, interfaces)
        at += length


def _byte_order(data: bytes, at: int) -> str:
    for order in "<>":
        if struct.unpack_from(order + "I", data, at + 8)[0] == _BYTE_ORDER_MAGIC:
            return order
    raise ItsError(ItsErrorKind.MALFORMED, "a section without its byte order")


def _interface(body: bytes, order: str) -> tuple[int, int]:
    """Return link type and time stamps per second of an interface."""
    _require(body, 0, 8, "an interface")
    link, per_second, at = struct.unpack_from(order + "H", body)[0], 1_000_000, 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        if code == _OPTION_END:
            break
        if code == _OPTION_RESOLUTION and length == 1 and at + 4 < len(body):
            resolution = body[at + 4]
            per_second = 1 << (resolution & 0x7F) if resolution & 0x80 else 10 ** (resolution & 0x7F)
        at += 4 + length + -length % 4
    return link, per_second


def _enhanced(body: bytes, order: str, interfaces: list[tuple[int, int]]) -> Captured:
    _require(body, 0, 20, "an enhanced packet block")
    interface, high, low, captured, _ = struct.unpack_from(order + "IIIII", body)
    if interface >= len(interfaces):
        raise ItsError(ItsErrorKind.MALFORMED, f"a frame of interface {interface}, which the file does not describe")
    _require_length(captured)
    _require(body, 20, captured, "a captured frame")
    link, per_second = interfaces[interface]
    return Captured(link, (high << 32 | low) * _NS_PER_S // per_second, body[20 : 20 + captured])


def _simple(body: bytes, order: str, interfaces: list[tuple[int, int]]) -> Captured:
    _require(body, 0, 4, "a simple packet block")
    if not interfaces:
        raise ItsError(ItsErrorKind.MALFORMED, "a frame before any interface")
    length = struct.unpack_from(order + "I", body)[0]
    return Captured(interfaces[0][0], None, body[4 : 4 + min(length, len(body) - 4)])


def _require_length(captured: int) -> None:
    if captured > _MOST_CAPTURED_BYTES:
        raise ItsError(ItsErrorKind.MALFORMED, f"a record of {captured} bytes")


def _require(data: bytes, at: int, length: int, what: str) -> None:
    if len(data) < at + length:
        raise ItsError(ItsErrorKind.TRUNCATED, f"{what} at byte {at} needs {length} bytes, {len(data) - at} are left")
