"""Lines of detours as entities of the feed (reference, "Shape"): trips on the same way share one."""

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.pattern import Pattern
from mobility.core.geo import LocalFrame
from passenger_info.entities import Entity
from passenger_info.identity import shape_entity_id
from passenger_info.polyline import encoded
from passenger_info.splice import entity_record


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """The line of a pattern; its name follows from its places, so it is the same whoever asks."""

    shape_id: str
    polyline: str


def drawn_line(pattern: Pattern, frame: LocalFrame) -> DrawnLine:
    """Return a pattern's line as readers draw it."""
    polyline = encoded(frame.latlon(point) for point in pattern.line.points)
    return DrawnLine(f"detour-{crc32(polyline.encode()):08x}", polyline)


def shape_entity(line: DrawnLine, users: Iterable[Entity]) -> Entity:
    """Return a line as the feed keeps it, in the topics of the trips that use it."""
    entity = gtfs_realtime.FeedEntity(id=shape_entity_id(line.shape_id))
    entity.shape.shape_id = line.shape_id
    entity.shape.encoded_polyline = line.polyline
    topics = dict.fromkeys(topic for user in users for topic in user.topics)
    return Entity(entity_id=entity.id, record=entity_record(entity), topics=tuple(topics))
