"""The reference codec (pycrate): SPATEM, MAPEM, SREM and SSEM for logging, and CAM and DENM to be compared with.

pycrate accepts more than the canonical form, so whatever it decodes is encoded again and must give the same bytes. Its
type objects keep the value they last saw: one call at a time, as everywhere in an event loop.
"""

from functools import cache
from importlib import import_module
from typing import Any, Final

from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.message import ItsValue

_MODULES: Final = {
    "CAM": ("ITS_CAM_2", "CAM_PDU_Descriptions"),
    "DENM": ("ITS_DENM_3", "DENM_PDU_Descriptions"),
    "SPATEM": ("ITS_IS", "SPATEM_PDU_Descriptions"),
    "MAPEM": ("ITS_IS", "MAPEM_PDU_Descriptions"),
    "SREM": ("ITS_IS", "SREM_PDU_Descriptions"),
    "SSEM": ("ITS_IS", "SSEM_PDU_Descriptions"),
}
_SLIPS: Final = (ValueError, TypeError, LookupError, AttributeError, NameError)
"""pycrate's own mistakes over bytes that are no message (an undefined name in an error text is one)."""
_OVERFLOW: Final = "overflow"
"""What pycrate says of bytes that end too early."""


def decode_by_reference(message: str, uper: bytes) -> ItsValue:
    """Return the value of a message in the form of ``v2x.its.message``.

    Raises ``ItsError`` of kind ``truncated`` or ``malformed``, the latter also where the bytes are not canonical.
    """
    kind, failure = _type(message), _failure()
    try:
        kind.from_uper(uper)
        value = kind.get_val()
        again = kind.to_uper()
    except failure as error:
        reason = ItsErrorKind.TRUNCATED if _OVERFLOW in str(error) else ItsErrorKind.MALFORMED
        raise ItsError(reason, f"{message}: {error}") from error
    except _SLIPS as error:
        raise ItsError(ItsErrorKind.MALFORMED, f"{message}: {error}") from error
    if again != uper:
        raise ItsError(ItsErrorKind.MALFORMED, f"{message}: not the canonical encoding of what it says")
    plain: ItsValue = _plain(value)
    return plain


def encode_by_reference(message: str, value: ItsValue) -> bytes:
    """Return the bytes of a value in the form of ``v2x.its.message``.

    Raises ``ItsError`` of kind ``malformed``; regional extensions (open types) are refused here.
    """
    kind, failure = _type(message), _failure()
    native = _native(kind, value, message)
    try:
        kind.set_val(native)
        uper: bytes = kind.to_uper()
    except (failure, *_SLIPS) as error:
        raise ItsError(ItsErrorKind.MALFORMED, f"{message}: {error}") from error
    return uper


@cache
def _type(message: str) -> Any:
    """The type object of a message; importing its module takes up to 0.3 s, so nobody pays who does not need it."""
    module, holder = _MODULES[message]
    return getattr(getattr(import_module(f"pycrate_asn1dir.{module}"), holder), message)


@cache
def _failure() -> type[Exception]:
    """The root of pycrate's exceptions."""
    failure: type[Exception] = import_module("pycrate_core.utils").PycrateErr
    return failure


def _plain(value: Any) -> Any:
    """The value form; what pycrate gives is unambiguous without its type."""
    match value:
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case (str() as name, item):
            return {name: _plain(item)}
        case (int() as number, int() as size):
            return format(number, f"0{size}b") if size else ""
        case bytes():
            return value.hex()
    return value


def _native(kind: Any, value: Any, name: str) -> Any:  # noqa: PLR0911  one line for each type
    """The reverse, which needs the type: a text may be bits, octets, an enumeration or characters."""
    match kind.TYPE, value:
        case "SEQUENCE", dict():
            return {key: _native(_part(kind, key, name), item, key) for key, item in value.items()}
        case "SEQUENCE OF", list():
            return [_native(kind._cont, item, name) for item in value]  # noqa: SLF001  pycrate has no other way
        case "CHOICE", dict() if len(value) == 1:
            ((chosen, item),) = value.items()
            return chosen, _native(_part(kind, chosen, name), item, chosen)
        case "BIT STRING", str() if set(value) <= {"0", "1"}:
            return int(value or "0", 2), len(value)
        case "OCTET STRING", str():
            return _octets(value, name)
        case ("INTEGER", int()) | ("BOOLEAN", bool()) | ("NULL", None):
            return value
        case (("ENUMERATED" | "IA5String" | "UTF8String" | "NumericString"), str()):
            return value
    raise ItsError(ItsErrorKind.MALFORMED, f"{name}: {type(value).__name__} is no {kind.TYPE} that is encoded here")


def _octets(value: str, name: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except ValueError as error:
        raise ItsError(ItsErrorKind.MALFORMED, f"{name}: not hex") from error


def _part(kind: Any, key: str, name: str) -> Any:
    parts = kind._cont  # noqa: SLF001  pycrate has no other way to its components
    if key not in parts:
        raise ItsError(ItsErrorKind.MALFORMED, f"{name}: unknown component {key!r}")
    return parts[key]
