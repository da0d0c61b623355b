"""The rare shapes of unaligned PER that the straight-line decoder hands over: extensions, strings, and the refusals.

``n`` is the whole message as one integer, ``left`` the number of its low bits that were not yet read (UNALIGNED PER).
A negative shift raises ``ValueError`` by itself: that is how running off the end is noticed everywhere, at no cost.
"""

from typing import Final, NoReturn

from v2x.its.errors import ItsError, ItsErrorKind

_SHORT_LENGTH_LIMIT: Final = 0x80
"""A length determinant below 128 is one octet (X.691 §11.9.3.6); nothing in CAM and DENM needs a longer one."""


def refuse_value(name: str, raw: int) -> NoReturn:
    """Raise: the field ``name`` carries ``raw`` (as encoded, counted from its lower bound), which has no meaning."""
    raise ItsError(ItsErrorKind.MALFORMED, f"{name}: encoded value {raw} is out of range")


def refuse_extension(name: str) -> NoReturn:
    """Raise: ``name`` announces an extension that this version of the standard does not have."""
    raise ItsError(ItsErrorKind.MALFORMED, f"{name}: unknown extension")


def end_of_message(n: int, left: int) -> None:
    """Raise unless fewer than eight bits are left and all of them are zero (X.691 §11.1)."""
    if left >= 8:  # noqa: PLR2004  bits of an octet
        raise ItsError(ItsErrorKind.MALFORMED, f"{left // 8} bytes follow the message")
    if n & ((1 << left) - 1):
        raise ItsError(ItsErrorKind.MALFORMED, "padding is not zero")


def read_length(n: int, left: int, name: str) -> tuple[int, int]:
    """Return a length below 128 (X.691 §11.9.3.6) and the bits left."""
    left -= 8
    length = n >> left & 0xFF
    if length >= _SHORT_LENGTH_LIMIT:
        raise ItsError(ItsErrorKind.MALFORMED, f"{name}: a length of 128 or more has no place here")
    return length, left


def read_extended_integer(n: int, left: int, bounds: tuple[int, int], name: str) -> tuple[int, int]:
    """Return an INTEGER beyond its root range: length, then the fewest octets of two's complement (X.691 §13.2.4)."""
    length, left = read_length(n, left, name)
    if not length:
        refuse_value(name, 0)
    left -= 8 * length
    raw = n >> left & ((1 << 8 * length) - 1)
    value = raw - (1 << 8 * length) if raw >> (8 * length - 1) else raw
    is_minimal = octets_of(value) == length
    if bounds[0] <= value <= bounds[1] or not is_minimal:
        raise ItsError(ItsErrorKind.MALFORMED, f"{name}: {value} is not encoded in its shortest form")
    return value, left


def octets_of(value: int) -> int:
    """Return how many octets the shortest two's complement of ``value`` takes."""
    return (value if value >= 0 else ~value).bit_length() // 8 + 1


def read_extended_size(n: int, left: int, high: int, name: str) -> tuple[int, int]:
    """Return a size beyond its root bound (X.691 §20.4): it must be larger than ``high`` to be canonical."""
    size, left = read_length(n, left, name)
    if size <= high:
        raise ItsError(ItsErrorKind.MALFORMED, f"{name}: {size} elements are not encoded in their shortest form")
    return size, left


def read_bits(n: int, left: int, size: int) -> tuple[str, int]:
    """Return ``size`` bits as a string of 0 and 1, and the bits left."""
    left -= size
    return format(n >> left & ((1 << size) - 1), f"0{size}b"), left


def read_octets(n: int, left: int, size: int) -> tuple[str, int]:
    """Return ``size`` octets as lower-case hex, and the bits left."""
    left -= 8 * size
    return (n >> left & ((1 << 8 * size) - 1)).to_bytes(size, "big").hex(), left


def read_characters(n: int, left: int, size: int, alphabet: str) -> tuple[str, int]:
    """Return ``size`` characters, each as many bits as its alphabet needs (X.691 §30.5), and the bits left."""
    width = (len(alphabet) - 1).bit_length()
    mask = (1 << width) - 1
    characters = []
    for _ in range(size):
        left -= width
        index = n >> left & mask
        if index >= len(alphabet):
            raise ItsError(ItsErrorKind.MALFORMED, f"character {index} is not in its alphabet")
        characters.append(alphabet[index])
    return "".join(characters), left


def read_utf8(n: int, left: int, bounds: tuple[int, int], name: str) -> tuple[str, int]:
    """Return a UTF8String of as many characters as ``bounds`` allow; its size is not visible to PER (X.691 §30.6)."""
    length, left = read_length(n, left, name)
    left -= 8 * length
    octets = (n >> left & ((1 << 8 * length) - 1)).to_bytes(length, "big")
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        raise ItsError(ItsErrorKind.MALFORMED, f"{name}: not UTF-8") from error
    if not bounds[0] <= len(text) <= bounds[1]:
        refuse_value(name, len(text))
    return text, left
