"""ITS-G5 frames as a radio captures them: radiotap, the 802.11 data header, LLC/SNAP with ethertype 0x8947.

Read only: what we send goes over Ethernet or a network that brings its own header.
"""

from dataclasses import dataclass
from typing import Final

from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.ethernet import require_geonetworking

_RADIOTAP_MIN_BYTES: Final = 8
_DATA_HEADER_BYTES: Final = 24
_QOS_BYTES: Final = 2
_HT_CONTROL_BYTES: Final = 4
_LLC_BYTES: Final = 8
_LLC_SNAP: Final = b"\xaa\xaa\x03\x00\x00\x00"
_DATA_TYPE: Final = 2
_QOS_BIT, _NO_DATA_BIT = 0x8, 0x4
"""Of the subtype of a data frame: it has a QoS field; it carries nothing."""
_TO_AND_FROM_DS: Final = 0x03
_ADDRESS_BYTES: Final = 6
_PROTECTED: Final = 0x40
_ORDER: Final = 0x80
_MORE_FRAGMENTS: Final = 0x04


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio:
    """What is kept of the radio headers; addresses are 6 bytes each."""

    destination: bytes
    source: bytes
    bssid: bytes
    """``ff:ff:ff:ff:ff:ff`` outside the context of a BSS, as ITS-G5 works."""
    radiotap_bytes: int
    """Length of the radiotap header; 0 without one."""


def skip_radiotap(data: bytes) -> int:
    """Return where 802.11 begins after a radiotap header; raises ``ItsError``."""
    if len(data) < _RADIOTAP_MIN_BYTES:
        raise ItsError(ItsErrorKind.TRUNCATED, "a radiotap header has at least 8 bytes")
    if data[0] != 0:
        raise ItsError(ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, f"radiotap version {data[0]}")
    length = int.from_bytes(data[2:4], "little")
    if length < _RADIOTAP_MIN_BYTES:
        raise ItsError(ItsErrorKind.MALFORMED, f"a radiotap header of {length} bytes")
    if length > len(data):
        raise ItsError(ItsErrorKind.TRUNCATED, f"a radiotap header of {length} bytes in a frame of {len(data)}")
    return length


def parse_radio(data: bytes, start: int) -> tuple[Radio, int]:
    """Return the 802.11 data header at ``start`` and where GeoNetworking begins; raises ``ItsError``.

    ``start`` is the length of the radiotap header before it. A frame check sequence at the end is left to the length
    that GeoNetworking tells.
    """
    if len(data) < start + _DATA_HEADER_BYTES:
        raise ItsError(ItsErrorKind.TRUNCATED, f"an 802.11 data header needs {_DATA_HEADER_BYTES} bytes")
    control, flags = data[start], data[start + 1]
    subtype = _require_data(control, flags)
    addresses = [data[start + at : start + at + _ADDRESS_BYTES] for at in (4, 10, 16)]
    destination, source, bssid = _roles(addresses, flags)
    end = start + _DATA_HEADER_BYTES
    if subtype & _QOS_BIT:
        end += _QOS_BYTES + (_HT_CONTROL_BYTES if flags & _ORDER else 0)
    payload = _skip_llc(data, end)
    return Radio(destination=destination, source=source, bssid=bssid, radiotap_bytes=start), payload


def is_radiotap(data: bytes) -> bool:
    """Return whether the bytes are radiotap, 802.11 and GeoNetworking for certain."""
    if len(data) < _RADIOTAP_MIN_BYTES or data[0] != 0 or data[1] != 0:
        return False
    try:
        parse_radio(data, skip_radiotap(data))
    except ItsError:
        return False
    return True


def _require_data(control: int, flags: int) -> int:
    version, kind, subtype = control & 0x3, control >> 2 & 0x3, control >> 4
    if version != 0:
        raise ItsError(ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, f"802.11 protocol version {version}")
    if kind != _DATA_TYPE or subtype & _NO_DATA_BIT:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"802.11 frame type {kind}/{subtype} carries no data")
    if flags & _PROTECTED:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, "an encrypted 802.11 frame")
    if flags & _MORE_FRAGMENTS:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, "a fragmented 802.11 frame")
    return subtype


def _roles(addresses: list[bytes], flags: int) -> tuple[bytes, bytes, bytes]:
    """Sort the three addresses into destination, source, BSSID (IEEE 802.11, table of the To/From DS bits)."""
    first, second, third = addresses
    match flags & _TO_AND_FROM_DS:
        case 0:
            return first, second, third
        case 1:
            return third, second, first
        case 2:
            return first, third, second
        case _:
            raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, "an 802.11 frame with four addresses")


def _skip_llc(data: bytes, start: int) -> int:
    if len(data) < start + _LLC_BYTES:
        raise ItsError(ItsErrorKind.TRUNCATED, f"LLC and SNAP need {_LLC_BYTES} bytes")
    if data[start : start + 6] != _LLC_SNAP:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, "802.11 data without an LLC/SNAP header")
    require_geonetworking(int.from_bytes(data[start + 6 : start + 8], "big"))
    return start + _LLC_BYTES
