"""Frames of the push hub as bytes or JSON text, and what a reader makes of them."""

import json
from base64 import b64encode
from dataclasses import dataclass, field

from google.protobuf.json_format import MessageToDict
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.frame_pb2 import Frame
from passenger_info.protocol import ProtocolError

KINDS = {Frame.SNAPSHOT: "snapshot", Frame.DELTA: "delta", Frame.HEARTBEAT: "heartbeat"}


def frame_text(frame: Frame) -> str:
    """Return a frame as JSON text; its feed is GTFS-realtime in protobuf's JSON mapping, names as in the .proto."""
    said: dict[str, object] = {
        "type": "frame",
        "epoch": frame.epoch,
        "topic": frame.topic,
        "seq": frame.seq,
        "prev_seq": frame.prev_seq,
        "kind": KINDS[frame.kind],
    }
    if frame.feed:
        said["feed"] = feed_dict(frame.feed)
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


class EventText(str):
    """A frame as lines of a server-sent event, all but its id: that says where a reader stands in all its topics."""

    __slots__ = ("epoch", "seq", "topic")

    epoch: str
    topic: str
    seq: int

    @classmethod
    def of(cls, frame: Frame, *, is_json: bool) -> "EventText":
        """Return a frame as an event named for its kind; protobuf goes as base64, because events are text."""
        data = frame_text(frame) if is_json else b64encode(frame.SerializeToString()).decode()
        # JSON escapes line ends within texts, so data is always one line.
        event = cls(f"event: {KINDS[frame.kind]}\ndata: {data}\n")
        event.epoch, event.topic, event.seq = frame.epoch, frame.topic, frame.seq
        return event


def feed_dict(message: bytes) -> dict[str, object]:
    """Return a serialised ``FeedMessage`` as JSON values."""
    feed = gtfs_realtime.FeedMessage.FromString(message)
    values: dict[str, object] = MessageToDict(feed, preserving_proto_field_name=True)
    return values


def error_text(error: ProtocolError) -> str:
    """Return the answer to a command that could not be followed."""
    said = {"type": "error", "code": error.code, "detail": error.detail}
    if error.request_id:
        said["id"] = error.request_id
    return json.dumps(said, ensure_ascii=False)


@dataclass(slots=True)
class Reader:
    """What a reader of one topic knows: the newest number and the entities by id."""

    epoch: str = ""
    seq: int = 0
    entities: dict[str, gtfs_realtime.FeedEntity] = field(default_factory=dict)

    def take(self, frame: Frame) -> bool:
        """Apply a frame; return whether it followed on what was known. If not, subscribe anew with ``resume``."""
        if frame.kind == Frame.SNAPSHOT:
            self.epoch, self.seq = frame.epoch, frame.seq
            self.entities = {entity.id: entity for entity in _entities(frame)}
            return True
        if frame.epoch != self.epoch or frame.prev_seq != self.seq:
            return False
        for entity in _entities(frame):
            if entity.is_deleted:
                self.entities.pop(entity.id, None)
            else:
                self.entities[entity.id] = entity
        self.seq = frame.seq
        return True


def _entities(frame: Frame) -> list[gtfs_realtime.FeedEntity]:
    return list(gtfs_realtime.FeedMessage.FromString(frame.feed).entity) if frame.feed else []
