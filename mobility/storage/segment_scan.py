"""Reading segment files: whole frames, a torn tail told apart from damage in the middle, nothing bad ever served."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crc32c import crc32c

from mobility.core.errors import CorruptionError
from mobility.storage.segment_frame import HEADER, MAGIC, MAX_BODY_BYTES

MIN_BODY_BYTES = 64
"""A shorter body is no record of ours (the fixed part alone is longer)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Bytes of a segment that are no whole frame."""

    path: Path
    offset: int
    """Where they start, from the beginning of the file."""
    length: int
    """How many bytes."""
    kind: Literal["torn", "damaged"]
    """``torn``: at the end, as a crash leaves it, never acknowledged. ``damaged``: whole frames follow."""


def scan(data: bytes, path: Path) -> Iterator[bytes | Finding]:
    """Yield the bodies of whole frames and, in their place, findings; ``path`` only names the file.

    Raises ``CorruptionError`` for a file that does not begin like a segment.
    """
    if data[: len(MAGIC)] != MAGIC:
        if len(data) < len(MAGIC) and MAGIC.startswith(data):
            yield from _torn(path, 0, len(data))
            return
        raise CorruptionError(f"{path.name} is no telemetry segment")
    at = len(MAGIC)
    while at < len(data):
        body = _body_at(data, at)
        if body is not None:
            yield body
            at += HEADER.size + len(body)
            continue
        following = _next_whole(data, at + 1)
        if following is None:
            yield from _torn(path, at, len(data) - at)
            return
        yield Finding(path=path, offset=at, length=following - at, kind="damaged")
        at = following


def bodies(path: Path, damaged: Callable[[Finding], None] | None = None) -> Iterator[bytes]:
    """Yield the bodies of a segment file, without a torn tail.

    Damage is told to ``damaged`` and left out; without one, it raises ``CorruptionError``.
    """
    for found in scan(path.read_bytes(), path):
        if isinstance(found, bytes):
            yield found
        elif found.kind == "damaged":
            if damaged is None:
                raise CorruptionError(f"{found.path.name} is damaged at byte {found.offset} ({found.length} bytes)")
            damaged(found)


def _torn(path: Path, offset: int, length: int) -> Iterator[Finding]:
    if length:
        yield Finding(path=path, offset=offset, length=length, kind="torn")


def _body_at(data: bytes, at: int) -> bytes | None:
    if at + HEADER.size > len(data):
        return None
    length, checksum = HEADER.unpack_from(data, at)
    starts = at + HEADER.size
    if not MIN_BODY_BYTES <= length <= min(MAX_BODY_BYTES, len(data) - starts):
        return None
    body = data[starts : starts + length]
    return body if crc32c(body) == checksum else None


def _next_whole(data: bytes, start: int) -> int | None:
    last = len(data) - HEADER.size - MIN_BODY_BYTES
    return next((at for at in range(start, last + 1) if _body_at(data, at) is not None), None)
