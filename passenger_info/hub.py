"""Topics with sequence numbers: what each holds, what changed since a number, latest value per entity only.

A topic remembers for every entity the number of its last change, and of removed entities for ten minutes. So what a
reader missed since any number in that time is one delta with the newest value of each entity, however long it was
away; before that it gets a snapshot. Memory is bounded by the number of entities, not by time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from mobility.core.clock import Instant
from passenger_info.entities import Entity, deleted_record
from passenger_info.frame_pb2 import Frame
from passenger_info.splice import header_record, spliced
from passenger_info.topics import Box

KEEP_S = 600.0
"""How long a removed entity can be resumed over, and how long a topic without readers lives."""
_KEPT_TOPICS = 2000
"""With more in memory the oldest without readers make room before their time."""


@dataclass(slots=True)
class Topic:
    """One topic: its newest content and what changed when. ``seq`` 0 is the state before the first change."""

    name: str
    box: Box | None
    used_at: Instant
    sent_s: float = float("-inf")
    """When its readers last got something, in seconds of whoever paces them."""
    seq: int = 1
    members: dict[str, bytes] = field(default_factory=dict)
    pending: dict[str, bytes | None] = field(default_factory=dict)
    floor_seq: int = 0
    """Resuming from before this number needs a snapshot."""
    _changed: dict[str, int] = field(default_factory=dict)
    """Entity to the number of its last change, oldest change first."""
    _removed: dict[str, tuple[int, Instant]] = field(default_factory=dict)

    def holds(self, entity: Entity) -> bool:
        """Return whether an entity belongs here; in a box are positions only."""
        if self.box is not None:
            return entity.place is not None and self.box.holds(entity.place)
        return self.name in entity.topics

    def stage(self, entity_id: str, record: bytes | None) -> None:
        """Note an entity's newest record, ``None`` where it left; the latest one before a flush counts."""
        if self.members.get(entity_id) == record:
            self.pending.pop(entity_id, None)
        else:
            self.pending[entity_id] = record

    def flush(self, at: Instant) -> Sequence[bytes]:
        """Apply what was staged under the next number and return its records; empty when nothing changed."""
        if not self.pending:
            return ()
        self.seq += 1
        records: list[bytes] = []
        for entity_id, record in self.pending.items():
            self._changed.pop(entity_id, None)
            self._changed[entity_id] = self.seq
            if record is None:
                self.members.pop(entity_id, None)
                self._removed[entity_id] = (self.seq, at)
            else:
                self.members[entity_id] = record
                self._removed.pop(entity_id, None)
            records.append(deleted_record(entity_id) if record is None else record)
        self.pending.clear()
        self._forget(at)
        return records

    def since(self, seq: int) -> Sequence[bytes] | None:
        """Return what changed after number ``seq``, newest values only; ``None`` where only a snapshot helps."""
        if not self.floor_seq <= seq <= self.seq:
            return None
        missed: list[bytes] = []
        for entity_id, changed in reversed(self._changed.items()):
            if changed <= seq:
                break
            record = self.members.get(entity_id)
            missed.append(deleted_record(entity_id) if record is None else record)
        return missed

    def _forget(self, at: Instant) -> None:
        for entity_id, (seq, removed_at) in list(self._removed.items()):
            if at - removed_at <= KEEP_S * 1000:
                return
            del self._removed[entity_id]
            del self._changed[entity_id]
            self.floor_seq = max(self.floor_seq, seq)


@dataclass(slots=True)
class Hub:
    """All topics somebody reads or read lately, and the entities they are made of."""

    epoch: str
    feed_version: str
    topics: dict[str, Topic] = field(default_factory=dict)
    _entities: dict[str, Entity] = field(default_factory=dict)
    _boxes: dict[str, Topic] = field(default_factory=dict)
    _dirty: dict[str, Topic] = field(default_factory=dict)
    _named: dict[str, int] = field(default_factory=dict)
    """How many entities belong to a topic, read or not."""

    def load(self, entities: Iterable[Entity]) -> None:
        """Begin with these entities, where nobody was reading before."""
        self._entities = {entity.entity_id: entity for entity in entities}
        self._named.clear()
        for entity in self._entities.values():
            self._count(entity.topics, 1)

    def is_live(self, name: str) -> bool:
        """Return whether some entity belongs to a topic of this name now."""
        return name in self._named

    def open(self, name: str, box: Box | None, at: Instant) -> Topic:
        """Return a topic, made from the present entities where nobody read it lately."""
        topic = self.topics.get(name)
        if topic is None:
            topic = self.topics[name] = Topic(name, box, at)
            topic.floor_seq = topic.seq
            topic.members = {e.entity_id: e.record for e in self._entities.values() if topic.holds(e)}
            if box is not None:
                self._boxes[name] = topic
        topic.used_at = at
        return topic

    def update(self, entity_id: str, entity: Entity | None) -> None:
        """Take an entity's newest value, ``None`` where it is gone."""
        before = self._entities.get(entity_id)
        if entity is before:
            return
        if entity is None:
            del self._entities[entity_id]
        else:
            self._entities[entity_id] = entity
        left, joined = before.topics if before else (), entity.topics if entity else ()
        if left != joined:
            self._count(left, -1)
            self._count(joined, 1)
        names = dict.fromkeys((*left, *joined))
        touched = [self.topics[name] for name in names if name in self.topics]
        for topic in (*touched, *self._boxes.values()):
            if topic.box is None or entity_id in topic.members or entity_id in topic.pending or entity is not None:
                belongs = entity is not None and topic.holds(entity)
                topic.stage(entity_id, entity.record if entity is not None and belongs else None)
                self._dirty[topic.name] = topic

    def flush(self, at: Instant, due: Callable[[Topic], bool] = lambda _: True) -> list[tuple[Topic, Frame]]:
        """Return one delta for each topic that changed since its last flush and is ``due``; the others wait."""
        frames: list[tuple[Topic, Frame]] = []
        for topic in [topic for topic in self._dirty.values() if due(topic)]:
            del self._dirty[topic.name]
            before = topic.seq
            records = topic.flush(at)
            if records:
                frames.append((topic, self.delta(topic, before, records, at)))
        return frames

    def waiting_since_s(self) -> float | None:
        """Return when the topic that waits longest for a flush was last sent, ``None`` where none waits."""
        return min((topic.sent_s for topic in self._dirty.values()), default=None)

    def delta(self, topic: Topic, prev_seq: int, records: Iterable[bytes], at: Instant) -> Frame:
        """Return a frame that takes a reader from ``prev_seq`` to the topic's number."""
        header = header_record(at, self.feed_version, is_differential=True)
        return self._frame(topic, prev_seq, Frame.DELTA, spliced(header, records))

    def snapshot(self, topic: Topic, at: Instant) -> Frame:
        """Return a frame with everything a topic holds."""
        feed = spliced(header_record(at, self.feed_version), topic.members.values())
        return self._frame(topic, 0, Frame.SNAPSHOT, feed)

    def heartbeat(self, topic: Topic) -> Frame:
        """Return a frame that says only where the topic stands."""
        return self._frame(topic, topic.seq, Frame.HEARTBEAT, b"")

    def resumed(self, topic: Topic, epoch: str, seq: int | None, at: Instant) -> Frame:
        """Return what brings a reader up to date: a delta from ``seq`` of ``epoch``, or a snapshot."""
        missed = topic.since(seq) if seq is not None and epoch == self.epoch and topic.box is None else None
        if missed is None or seq is None:
            return self.snapshot(topic, at)
        return self.delta(topic, seq, missed, at) if missed else self.heartbeat(topic)

    def sweep(self, at: Instant, read: Iterable[str]) -> None:
        """Drop topics that nobody read for long; ``read`` are those with readers."""
        for name in read:
            if name in self.topics:
                self.topics[name].used_at = at
        idle = sorted((t for t in self.topics.values() if t.used_at < at), key=lambda t: t.used_at)
        excess = len(self.topics) - _KEPT_TOPICS
        for i, topic in enumerate(idle):
            if i < excess or at - topic.used_at > KEEP_S * 1000:
                self._close(topic.name)
        if not self.topics:
            self._entities.clear()
            self._named.clear()

    def discard(self, read: Sequence[str]) -> None:
        """Drop every topic but ``read`` at once: room is short."""
        kept = frozenset(read)
        for name in [name for name in self.topics if name not in kept]:
            self._close(name)

    def _close(self, name: str) -> None:
        self.topics.pop(name)
        self._boxes.pop(name, None)
        self._dirty.pop(name, None)

    def _count(self, names: Iterable[str], step: int) -> None:
        for name in names:
            count = self._named.get(name, 0) + step
            if count:
                self._named[name] = count
            else:
                del self._named[name]

    def _frame(self, topic: Topic, prev_seq: int, kind: Frame.Kind, feed: bytes) -> Frame:
        return Frame(epoch=self.epoch, topic=topic.name, seq=topic.seq, prev_seq=prev_seq, kind=kind, feed=feed)
