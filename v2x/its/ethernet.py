"""Ethernet II frames that carry GeoNetworking (ethertype 0x8947), with or without a VLAN tag."""

from dataclasses import dataclass
from typing import Final

from v2x.its.errors import ItsError, ItsErrorKind

ETHERTYPE_GEONETWORKING: Final = 0x8947
_ETHERTYPE_VLAN: Final = 0x8100
_HEADER_BYTES: Final = 14
_VLAN_BYTES: Final = 4
_ADDRESS_BYTES: Final = 6
BROADCAST: Final = b"\xff" * _ADDRESS_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Ethernet:
    """Addresses of an Ethernet frame, 6 bytes each."""

    destination: bytes
    source: bytes
    vlan: int | None = None
    """VLAN id, 0..4095; ``None`` for an untagged frame."""


def address_text(address: bytes) -> str:
    """Return a MAC address as people write it."""
    return address.hex(":")


def parse_ethernet(data: bytes, start: int = 0) -> tuple[Ethernet, int]:
    """Return the header and where GeoNetworking begins; raises ``ItsError`` for a short frame or another ethertype."""
    if len(data) < start + _HEADER_BYTES:
        raise ItsError(ItsErrorKind.TRUNCATED, f"an Ethernet header needs {_HEADER_BYTES} bytes")
    addresses = {"destination": data[start : start + 6], "source": data[start + 6 : start + 12]}
    ethertype, payload = _u16(data, start + 12), start + _HEADER_BYTES
    vlan = None
    if ethertype == _ETHERTYPE_VLAN:
        if len(data) < payload + _VLAN_BYTES:
            raise ItsError(ItsErrorKind.TRUNCATED, "the frame ends in its VLAN tag")
        vlan = _u16(data, payload) & 0x0FFF
        ethertype, payload = _u16(data, payload + 2), payload + _VLAN_BYTES
    require_geonetworking(ethertype)
    return Ethernet(**addresses, vlan=vlan), payload


def is_ethernet(data: bytes) -> bool:
    """Return whether the bytes begin like an Ethernet frame with GeoNetworking inside."""
    marks = data[12:14], data[16:18]
    return marks[0] == b"\x89\x47" or marks == (b"\x81\x00", b"\x89\x47")


def ethernet_bytes(header: Ethernet) -> bytes:
    """Return the header's bytes."""
    tag = b"" if header.vlan is None else _ETHERTYPE_VLAN.to_bytes(2, "big") + header.vlan.to_bytes(2, "big")
    return header.destination + header.source + tag + ETHERTYPE_GEONETWORKING.to_bytes(2, "big")


def require_geonetworking(ethertype: int) -> None:
    """Raise ``ItsError`` (unsupported message) for any other ethertype."""
    if ethertype != ETHERTYPE_GEONETWORKING:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"ethertype 0x{ethertype:04x} is not GeoNetworking (0x8947)")


def _u16(data: bytes, start: int) -> int:
    return int.from_bytes(data[start : start + 2], "big")
