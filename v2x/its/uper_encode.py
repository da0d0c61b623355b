"""The canonical UPER encoder: it walks a schema beside a value, checks every leaf, and names the one that is wrong."""

from typing import Final, assert_never

from v2x.its.errors import ItsError, ItsErrorKind
from v2x.its.uper_read import octets_of
from v2x.its.uper_types import (
    BitString,
    Boolean,
    Choice,
    Enumerated,
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    Type,
)

_LONGEST_SHORT_LENGTH: Final = 127
"""The longest length of one octet (X.691 §11.9.3.6); extended sizes beyond it are refused on both sides."""


def encode_value(schema: Type, value: object, name: str) -> bytes:
    """Return the canonical bytes of ``value``, padded with zero bits to whole octets.

    Raises ``ItsError`` of kind ``malformed`` naming the component (``name`` for the outermost) that does not fit.
    """
    writer = _Bits()
    _write(writer, schema, value, name)
    return writer.octets()


class _Bits:
    """Bits written so far, as one growing integer."""

    def __init__(self) -> None:
        self._value = 0
        self._size = 0

    def put(self, value: int, bits: int) -> None:
        """Append ``bits`` bits of a value that is not negative."""
        self._value = self._value << bits | value
        self._size += bits

    def put_length(self, length: int, name: str) -> None:
        """Append a length determinant of one octet."""
        if length > _LONGEST_SHORT_LENGTH:
            raise _wrong(name, f"length {length} is more than {_LONGEST_SHORT_LENGTH}")
        self.put(length, 8)

    def octets(self) -> bytes:
        """Everything, zero padded; at least one octet (X.691 §11.1.3)."""
        padding = -self._size % 8
        return (self._value << padding).to_bytes(max(1, (self._size + padding) // 8), "big")


def _wrong(name: str, what: str) -> ItsError:
    return ItsError(ItsErrorKind.MALFORMED, f"{name}: {what}")


def _write(writer: _Bits, kind: Type, value: object, name: str) -> None:  # noqa: C901  one case for each type
    match kind:  # the frequent ones first
        case Integer():
            _write_integer(writer, kind, value, name)
        case Sequence():
            _write_sequence(writer, kind, value, name)
        case Boolean():
            if not isinstance(value, bool):
                raise _wrong(name, f"{value!r} is not true or false")
            writer.put(int(value), 1)
        case Enumerated():
            _write_enumerated(writer, kind, value, name)
        case BitString():
            _write_bit_string(writer, kind, value, name)
        case OctetString():
            _write_octets(writer, kind, value, name)
        case Text():
            _write_text(writer, kind, value, name)
        case SequenceOf():
            _write_sequence_of(writer, kind, value, name)
        case Choice():
            _write_choice(writer, kind, value, name)
        case _:
            assert_never(kind)


def _write_integer(writer: _Bits, kind: Integer, value: object, name: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, f"{value!r} is not a whole number")
    is_root = kind.low <= value <= kind.high
    if kind.is_extensible:
        writer.put(int(not is_root), 1)
    if is_root:
        writer.put(value - kind.low, (kind.high - kind.low).bit_length())
        return
    if not kind.is_extensible:
        raise _wrong(name, f"{value} is outside {kind.low}..{kind.high}")
    octets = octets_of(value)
    writer.put_length(octets, name)
    writer.put(value & ((1 << 8 * octets) - 1), 8 * octets)


def _write_enumerated(writer: _Bits, kind: Enumerated, value: object, name: str) -> None:
    is_root = value in kind.names
    if not is_root and value not in kind.extensions:
        raise _wrong(name, f"{value!r} is none of its names")
    if kind.is_extensible:
        writer.put(int(not is_root), 1)
    if is_root:
        writer.put(kind.names.index(str(value)), (len(kind.names) - 1).bit_length())
    else:
        writer.put(kind.extensions.index(str(value)), 7)


def _write_size(writer: _Bits, kind: BitString | OctetString | Text | SequenceOf, size: int, name: str) -> None:
    if not kind.low <= size <= kind.high:
        raise _wrong(name, f"size {size} is outside {kind.low}..{kind.high}")
    writer.put(size - kind.low, (kind.high - kind.low).bit_length())


def _write_bit_string(writer: _Bits, kind: BitString, value: object, name: str) -> None:
    if not isinstance(value, str) or not set(value) <= {"0", "1"}:
        raise _wrong(name, f"{value!r} is not a text of 0 and 1")
    _write_size(writer, kind, len(value), name)
    writer.put(int(value, 2), len(value))


def _write_octets(writer: _Bits, kind: OctetString, value: object, name: str) -> None:
    if not isinstance(value, str) or not set(value) <= set("0123456789abcdef") or len(value) % 2:
        raise _wrong(name, f"{value!r} is not lower-case hex")
    octets = bytes.fromhex(value)
    _write_size(writer, kind, len(octets), name)
    writer.put(int.from_bytes(octets, "big"), 8 * len(octets))


def _write_text(writer: _Bits, kind: Text, value: object, name: str) -> None:
    if not isinstance(value, str):
        raise _wrong(name, f"{value!r} is not a text")
    if not kind.alphabet:
        _write_utf8(writer, kind, value, name)
        return
    if not set(value) <= set(kind.alphabet):
        raise _wrong(name, f"{value!r} has a character outside its alphabet")
    _write_size(writer, kind, len(value), name)
    width = (len(kind.alphabet) - 1).bit_length()
    for character in value:
        writer.put(kind.alphabet.index(character), width)


def _write_utf8(writer: _Bits, kind: Text, value: str, name: str) -> None:
    if not kind.low <= len(value) <= kind.high:
        raise _wrong(name, f"{len(value)} characters are outside {kind.low}..{kind.high}")
    try:
        octets = value.encode()
    except UnicodeEncodeError as error:
        raise _wrong(name, "half a surrogate pair is no character") from error
    writer.put_length(len(octets), name)
    writer.put(int.from_bytes(octets, "big"), 8 * len(octets))


def _write_sequence_of(writer: _Bits, kind: SequenceOf, value: object, name: str) -> None:
    if not isinstance(value, list):
        raise _wrong(name, f"{type(value).__name__} is not a list")
    if kind.is_extensible:
        writer.put(int(len(value) > kind.high), 1)
    if kind.is_extensible and len(value) > kind.high:
        writer.put_length(len(value), name)
    else:
        _write_size(writer, kind, len(value), name)
    for item in value:
        _write(writer, kind.element, item, name)


def _write_sequence(writer: _Bits, kind: Sequence, value: object, name: str) -> None:
    if not isinstance(value, dict):
        raise _wrong(name, f"{type(value).__name__} is not an object")
    unknown = [key for key in value if key not in kind.components]
    if unknown:
        raise _wrong(name, f"unknown component {unknown[0]!r}")
    if kind.is_extensible:
        writer.put(0, 1)
    written = {key: part for key, part in kind.components.items() if key in value and value[key] != part.default}
    for key, part in kind.components.items():
        if part.has_presence_bit:
            writer.put(int(key in written), 1)
        elif key not in value:
            raise _wrong(name, f"{key} is missing")
    for key, part in written.items():
        _write(writer, part.type, value[key], key)


def _write_choice(writer: _Bits, kind: Choice, value: object, name: str) -> None:
    if not isinstance(value, dict) or len(value) != 1:
        raise _wrong(name, "a choice is an object of exactly one entry")
    (chosen,) = value
    if chosen not in kind.alternatives:
        raise _wrong(name, f"unknown alternative {chosen!r}")
    names = list(kind.alternatives)
    if kind.is_extensible:
        writer.put(0, 1)
    writer.put(names.index(chosen), (len(names) - 1).bit_length())
    _write(writer, kind.alternatives[chosen], value[chosen], str(chosen))
