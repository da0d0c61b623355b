"""UPER bytes to a message and back: version and message are looked at before anything else is read.

CAM and DENM go through the own straight-line decoders, SPATEM, MAPEM, SREM and SSEM through the reference codec. What
is accepted re-encodes to the very same bytes; everything else is an ``ItsError`` that names why.
"""

from functools import partial
from typing import Final

from v2x.its.cam import CAM
from v2x.its.denm import DENM
from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.message import ItsMessage, ItsValue
from v2x.its.reference import decode_by_reference, encode_by_reference
from v2x.its.uper_decode import Decoder, decoder_for
from v2x.its.uper_encode import encode_value

PROTOCOL_VERSION: Final = 2
"""The only ``protocolVersion`` read: CAM EN 302 637-2 v1.4.1, DENM EN 302 637-3 v1.3.1, TS 103 301 v1.3.1."""

MESSAGE_NAMES: Final = {
    1: "DENM",
    2: "CAM",
    3: "POIM",
    4: "SPATEM",
    5: "MAPEM",
    6: "IVIM",
    7: "EV-RSR",
    8: "TISTPG",
    9: "SREM",
    10: "SSEM",
    11: "EVCSN",
    12: "SAEM",
    13: "RTCMEM",
    14: "CPM",
    15: "IMZM",
    16: "VAM",
}
"""``messageID`` of the ITS PDU header (TS 102 894-2, ItsPduHeader) to the name of the message."""

_SCHEMAS: Final = {"CAM": CAM, "DENM": DENM}
_NUMBERS: Final = {name: number for number, name in MESSAGE_NAMES.items()}
_BY_REFERENCE: Final = frozenset({"SPATEM", "MAPEM", "SREM", "SSEM"})
_DECODERS: Final[dict[int, tuple[str, Decoder]]] = {}
"""The decoders made so far, by ``messageID``; only supported messages get in."""
_new: Final = tuple.__new__
"""Makes a named tuple without its slower constructor."""
_LONGEST_MESSAGE_BYTES: Final = 8192
"""More than four times the longest packet of the ITS-G5 access layer; bounds the work on bytes from outside."""


def decode(uper: bytes) -> ItsMessage:
    """Return the message the bytes hold, from ``protocolVersion`` to the padding of the last byte.

    Raises ``ItsError``: ``truncated``, ``unsupported_protocol_version``, ``unsupported_message`` (known, not decoded
    here, or unknown) or ``malformed`` (out of range, unknown extension, padding not zero, trailing bytes).
    """
    try:
        name, decoder = _DECODERS[uper[1]] if uper[0] == PROTOCOL_VERSION else _made(uper)
    except (KeyError, IndexError):
        name, decoder = _made(uper)
    if len(uper) > _LONGEST_MESSAGE_BYTES:
        raise ItsError(ItsErrorKind.MALFORMED, f"{len(uper)} bytes are more than any ITS message has")
    value = decoder(uper)
    return _new(ItsMessage, (name, PROTOCOL_VERSION, value["header"]["stationID"], value))


def encode(message: str, value: ItsValue) -> bytes:
    """Return the canonical UPER bytes of a message in the value form of ``v2x.its.message``.

    Raises ``ItsError``: ``unsupported_message`` for a name that is not encoded here, ``unsupported_protocol_version``,
    ``malformed`` naming the component that is missing, unknown or out of range.
    """
    schema = _SCHEMAS.get(message)
    if schema is None and message not in _BY_REFERENCE:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"{message} is not encoded")
    _check_header(message, value)
    return encode_by_reference(message, value) if schema is None else encode_value(schema, value, message)


def _check_header(message: str, value: ItsValue) -> None:
    header = value.get("header") if isinstance(value, dict) else None
    if not isinstance(header, dict):
        raise ItsError(ItsErrorKind.MALFORMED, f"{message} has no header")
    version = header.get("protocolVersion")
    if version != PROTOCOL_VERSION:
        raise ItsError(ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, f"{message} of protocolVersion {version}")
    if header.get("messageID") != _NUMBERS[message]:
        raise ItsError(ItsErrorKind.MALFORMED, f"messageID {header.get('messageID')} is not that of {message}")


def _made(uper: bytes) -> tuple[str, Decoder]:
    """Make and keep the decoder for the header of these bytes, or refuse it by name."""
    if len(uper) < 2:  # noqa: PLR2004  protocolVersion and messageID
        raise ItsError(ItsErrorKind.TRUNCATED, f"{len(uper)} bytes are less than an ITS header")
    version, number = uper[0], uper[1]
    name = MESSAGE_NAMES.get(number, "a message")
    if version != PROTOCOL_VERSION:
        detail = f"{name} (messageID {number}) of protocolVersion {version}"
        raise ItsError(ItsErrorKind.UNSUPPORTED_PROTOCOL_VERSION, detail)
    if name not in _SCHEMAS and name not in _BY_REFERENCE:
        raise ItsError(ItsErrorKind.UNSUPPORTED_MESSAGE, f"{name} (messageID {number}) is not decoded")
    decoder = decoder_for(_SCHEMAS[name]) if name in _SCHEMAS else partial(decode_by_reference, name)
    return _DECODERS.setdefault(number, (name, decoder))
