"""Where a message tells its shape: presence bits and choices that stand at the same place in every message.

A decoder written for one shape needs no test for them, and everything up to the first part of another size is at a
known place. ``uper_decode`` writes one for each shape that comes; one octet bounds how many those can be.
"""

from collections import Counter
from typing import Final

from v2x.its.uper_types import BitString, Boolean, Choice, Enumerated, Integer, Sequence, Type

OCTET_BITS: Final = 8


def shape_octet(schema: Type) -> int | None:
    """Return the number of the octet that tells most of a message's shape, the first of equals; None: none does."""
    found: list[int] = []
    _walk(schema, 0, found)
    held = Counter(bit // OCTET_BITS for bit in found)
    return max(held, key=held.__getitem__, default=None)


def _walk(kind: Type, offset: int, found: list[int]) -> int | None:
    """Note the bits of a type that begins at ``offset``; return where it ends, or None where that is not fixed."""
    match kind:
        case Integer(is_extensible=False):
            return offset + (kind.high - kind.low).bit_length()
        case Boolean():
            return offset + 1
        case Enumerated(extensions=()):
            return offset + kind.is_extensible + (len(kind.names) - 1).bit_length()
        case BitString() if kind.low == kind.high:
            return offset + kind.low
        case Sequence():
            return _walk_sequence(kind, offset + kind.is_extensible, found)
        case Choice():
            # The first alternative stands for all: it is the one that the standards expect to come.
            index = (len(kind.alternatives) - 1).bit_length()
            offset += kind.is_extensible
            found += range(offset, offset + index)
            _walk(next(iter(kind.alternatives.values())), offset + index, found)
    return None


def _walk_sequence(kind: Sequence, offset: int, found: list[int]) -> int | None:
    parts = list(kind.components.values())
    present = sum(part.has_presence_bit for part in parts)
    found += range(offset, offset + present)
    end: int | None = offset + present
    for part in parts:
        if end is None or part.has_presence_bit:
            return None
        end = _walk(part.type, end, found)
    return end
