"""A serialised message taken apart without being read: its header and its entities, each still bytes.

Protocol Buffers, "Encoding": a message is the concatenation of its fields, each a tag, a length and so many bytes.
"""

from typing import NamedTuple

_HEADER_TAG, _ENTITY_TAG = 0x0A, 0x12
_MORE = 0x80
_MOST_BITS = 35
"""Lengths are below 2 GiB."""


class Parts(NamedTuple):
    """The fields of a ``FeedMessage``."""

    header: bytes
    entities: list[bytes]


def taken_apart(message: bytes) -> Parts | None:
    """Return the parts of a message that begins with its only header; ``None`` where it is anything else."""
    headers: list[bytes] = []
    entities: list[bytes] = []
    place, end = 0, len(message)
    while place < end:
        tag, length, shift = message[place], 0, 0
        place += 1
        while place < end and shift < _MOST_BITS:
            byte = message[place]
            place += 1
            length |= (byte & ~_MORE) << shift
            shift += 7
            if byte < _MORE:
                break
        else:
            return None
        if place + length > end or tag != (_ENTITY_TAG if headers else _HEADER_TAG):
            return None
        (entities if tag == _ENTITY_TAG else headers).append(message[place : place + length])
        place += length
    return Parts(headers[0], entities) if headers else None
