"""Putting a feed together from entities that were serialised before, byte for byte as if built anew.

A ``FeedMessage`` is a header (field 1) and entities (field 2); serialised, it is the concatenation of its fields
(Protocol Buffers, "Encoding", length-delimited records).
"""

from collections.abc import Iterable

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Instant

VERSION = "2.0"
_HEADER_TAG = b"\x0a"
_ENTITY_TAG = b"\x12"


def entity_record(entity: gtfs_realtime.FeedEntity) -> bytes:
    """Return the entity as a record of a ``FeedMessage``: tag, length, bytes."""
    return _record(_ENTITY_TAG, entity.SerializeToString(deterministic=True))


def header_record(at: Instant, feed_version: str, *, is_differential: bool = False) -> bytes:
    """Return the header as a record; its timestamp is ``at`` in whole seconds, rounded down."""
    header = gtfs_realtime.FeedHeader(
        gtfs_realtime_version=VERSION,
        incrementality=gtfs_realtime.FeedHeader.DIFFERENTIAL
        if is_differential
        else gtfs_realtime.FeedHeader.FULL_DATASET,
        timestamp=at // 1000,
    )
    if feed_version:
        header.feed_version = feed_version
    return _record(_HEADER_TAG, header.SerializeToString(deterministic=True))


def spliced(header: bytes, entities: Iterable[bytes]) -> bytes:
    """Return the ``FeedMessage`` of a header record and entity records."""
    return b"".join((header, *entities))


def _record(tag: bytes, body: bytes) -> bytes:
    return tag + _varint(len(body)) + body


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append((number & 0x7F) | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
