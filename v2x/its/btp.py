"""Basic Transport Protocol (EN 302 636-5-1): which message lies inside, 4 bytes."""

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from v2x.its.errors import ItsError, ItsErrorKind

BTP_BYTES: Final = 4
_HEADER: Final = struct.Struct(">HH")

BTP_PORTS: Final = {
    "CAM": 2001,
    "DENM": 2002,
    "MAPEM": 2003,
    "SPATEM": 2004,
    "IVIM": 2006,
    "SREM": 2007,
    "SSEM": 2008,
    "CPM": 2009,
    "VAM": 2018,
}
"""Well-known destination ports (TS 103 248)."""


class BtpType(StrEnum):
    """Which of the two headers."""

    A = "A"
    """Interactive: destination and source port."""
    B = "B"
    """Broadcast: destination port and port info."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Btp:
    """A BTP header."""

    kind: BtpType
    destination_port: int
    info: int
    """BTP-A: source port; BTP-B: destination port info."""


def parse_btp(kind: BtpType, data: bytes, start: int) -> Btp:
    """Return the header at ``start``; raises ``ItsError`` (truncated)."""
    if len(data) < start + BTP_BYTES:
        raise ItsError(ItsErrorKind.TRUNCATED, f"BTP needs {BTP_BYTES} bytes, {max(0, len(data) - start)} are left")
    port, info = _HEADER.unpack_from(data, start)
    return Btp(kind=kind, destination_port=port, info=info)


def btp_bytes(header: Btp) -> bytes:
    """Return the header's 4 bytes; raises ``struct.error`` for numbers beyond 65535."""
    return _HEADER.pack(header.destination_port, header.info)
