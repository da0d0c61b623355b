"""The one error of the ITS room: bytes that are not, or not certainly, the message they claim to be.

What is not decoded is refused by name, never passed on half understood: a wrong number that looks right is worse
than none (a version-1 CAM read by version-2 rules gives a right position and a wrong curvature).
"""

from enum import StrEnum
from typing import Final

from mobility.core.errors import BadInputError

_MAX_DETAIL_CHARS: Final = 300
"""Longest detail kept; bytes from outside shall not fill the log."""


class ItsErrorKind(StrEnum):
    """Why the bytes were refused."""

    UNSUPPORTED_PROTOCOL_VERSION = "unsupported_protocol_version"
    """A version of the message, of GeoNetworking or of the security envelope that this project does not read."""
    UNSUPPORTED_MESSAGE = "unsupported_message"
    """A message, header type or envelope content that is known to exist but is not decoded here."""
    TRUNCATED = "truncated"
    """The bytes end before the message does."""
    MALFORMED = "malformed"
    """A value outside its range, non-zero padding, an unknown extension, trailing bytes: not the canonical form."""


class ItsError(BadInputError):
    """Bytes or a value refused by a codec of ``v2x.its``; nothing of them was taken over."""

    def __init__(self, kind: ItsErrorKind, detail: str) -> None:
        """Keep the ``kind`` and a ``detail`` for people (cut at 300 characters)."""
        self.kind = kind
        self.detail = detail[:_MAX_DETAIL_CHARS]
        super().__init__(f"{kind}: {self.detail}")
