"""Frames as hex text: one frame a line, written the way people copy them."""

import re
from collections.abc import Iterator
from typing import Final

from v2x.its.errors import ItsError, ItsErrorKind

_HEX: Final = re.compile("[0-9a-f]+")
_SEPARATORS: Final = str.maketrans("", "", " \t:-")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Control characters other than tab and line ends."""


def is_text(data: bytes) -> bool:
    """Return whether a file is text; no frame is, each begins or goes on with control characters."""
    if _CONTROL.search(data) is not None:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def hex_lines(text: str) -> Iterator[str]:
    """Yield the lines that hold a frame; blank lines and what follows a ``#`` are left out."""
    for line in text.removeprefix("\ufeff").splitlines():
        written = line.partition("#")[0].strip()
        if written:
            yield written


def frame_of(line: str) -> bytes:
    """Return the bytes of a line: hex digits, with or without ``0x``, blanks, colons, hyphens.

    Raises ``ItsError`` (malformed, or truncated for half a byte).
    """
    digits = line.translate(_SEPARATORS).lower().removeprefix("0x")
    if _HEX.fullmatch(digits) is None:
        raise ItsError(ItsErrorKind.MALFORMED, f"the line is not hex: {line[:40]!r}")
    if len(digits) % 2:
        raise ItsError(ItsErrorKind.TRUNCATED, "the line ends in half a byte")
    return bytes.fromhex(digits)
