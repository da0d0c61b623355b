"""Reading and writing the part of canonical OER (ITU-T X.696) that the security envelope is made of."""

from typing import Final

from v2x.its.errors import ItsError, ItsErrorKind

_SHORT_FORM: Final = 0x80
_CONTEXT_CLASS: Final = 0x80
_LONG_TAG: Final = 0x3F
_MOST_LENGTH_BYTES: Final = 4


class CoerReader:
    """Walks through bytes; every method raises ``ItsError`` (truncated, malformed) where they are not canonical."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        """Read ``data`` from ``at`` to ``end``."""
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        start, self.at = self.at, self.at + count
        if self.at > self.end:
            raise ItsError(ItsErrorKind.TRUNCATED, f"the envelope ends {self.at - self.end} bytes early")
        return self.data[start : self.at]

    def unsigned(self, count: int) -> int:
        """Return an unsigned integer of a fixed number of bytes."""
        return int.from_bytes(self.take(count), "big")

    def signed(self, count: int) -> int:
        """Return a signed integer of a fixed number of bytes."""
        return int.from_bytes(self.take(count), "big", signed=True)

    def length(self) -> int:
        """Return a length determinant."""
        first = self.unsigned(1)
        if first < _SHORT_FORM:
            return first
        count = first - _SHORT_FORM
        if not 1 <= count <= _MOST_LENGTH_BYTES:
            raise ItsError(ItsErrorKind.MALFORMED, f"a length of {count} bytes")
        length = self.unsigned(count)
        if length < _SHORT_FORM or length.bit_length() <= 8 * (count - 1):
            raise ItsError(ItsErrorKind.MALFORMED, "a length that is not in its shortest form")
        return length

    def octets(self) -> bytes:
        """Return an octet string of its own length, or an open type."""
        return self.take(self.length())

    def integer(self) -> int:
        """Return an unsigned integer without an upper bound, also the quantity of a SEQUENCE OF."""
        octets = self.octets()
        if not octets or (len(octets) > 1 and octets[0] == 0):
            raise ItsError(ItsErrorKind.MALFORMED, "an integer that is not in its shortest form")
        return int.from_bytes(octets, "big")

    def quantity(self) -> int:
        """Return how many elements of a SEQUENCE OF follow; not more than there are bytes."""
        count = self.integer()
        if count > self.end - self.at:
            raise ItsError(ItsErrorKind.TRUNCATED, f"{count} elements in {self.end - self.at} bytes")
        return count

    def choice(self) -> int:
        """Return the number of the chosen alternative."""
        tag = self.unsigned(1)
        if tag & 0xC0 != _CONTEXT_CLASS or tag & 0x3F == _LONG_TAG:
            raise ItsError(ItsErrorKind.MALFORMED, f"0x{tag:02x} chooses nothing")
        return tag & 0x3F

    def preamble(self, count: int) -> list[bool]:
        """Return the ``count`` bits before a SEQUENCE; the padding must be zero."""
        size = (count + 7) // 8
        bits = self.unsigned(size)
        padding = 8 * size - count
        if bits & ((1 << padding) - 1):
            raise ItsError(ItsErrorKind.MALFORMED, "padding bits of a preamble are set")
        return [bool(bits >> (8 * size - 1 - i) & 1) for i in range(count)]

    def extensions(self) -> dict[int, bytes]:
        """Return the extension additions of a SEQUENCE by number, encoded; called where its extension bit is set."""
        bitmap = self.octets()
        if len(bitmap) < 2 or bitmap[0] > 7:  # noqa: PLR2004 - the count of unused bits and at least one byte of them
            raise ItsError(ItsErrorKind.MALFORMED, "a presence bitmap without bits")
        count = 8 * (len(bitmap) - 1) - bitmap[0]
        bits = int.from_bytes(bitmap[1:], "big")
        if bits & ((1 << bitmap[0]) - 1) or not bits:
            raise ItsError(ItsErrorKind.MALFORMED, "a presence bitmap with padding set or nothing present")
        bits >>= bitmap[0]
        return {i: self.octets() for i in range(count) if bits >> (count - 1 - i) & 1}

    def finish(self, what: str) -> None:
        """Raise ``ItsError`` (malformed) when bytes are left."""
        if self.at != self.end:
            raise ItsError(ItsErrorKind.MALFORMED, f"{self.end - self.at} bytes follow {what}")


def coer_length(length: int) -> bytes:
    """Return a length determinant."""
    if length < _SHORT_FORM:
        return bytes((length,))
    count = (length.bit_length() + 7) // 8
    return bytes((_SHORT_FORM | count,)) + length.to_bytes(count, "big")


def coer_octets(octets: bytes) -> bytes:
    """Return an octet string with its length."""
    return coer_length(len(octets)) + octets


def coer_integer(number: int) -> bytes:
    """Return an unsigned integer without an upper bound."""
    return coer_octets(number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big"))


def coer_choice(alternative: int) -> bytes:
    """Return the tag of an alternative below 63."""
    return bytes((_CONTEXT_CLASS | alternative,))
