"""The recorded push stream, replayed with the official bindings: does a reader know what the full dataset says?

A reader of the topic ``all`` takes every frame by its number. Each full dataset is compared with what the reader knows
in the dataset's second. What differs may be on its way: a vehicle that falls silent leaves the dataset at once and the
stream with the next round of ageing. So a difference counts as wrong only if the stream says nothing about the entity
within ``WITHIN_S`` seconds after; how long the slowest took is reported.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.frame_pb2 import Frame
from tests.rigs.feed_findings_validator import moment_of

LENGTH_BYTES = 4
WITHIN_S = 6
_EXAMPLES = 20
_KINDS = {Frame.SNAPSHOT: "snapshot", Frame.DELTA: "delta", Frame.HEARTBEAT: "heartbeat"}

Content = dict[str, bytes]
"""Entities by id, as bytes."""


@dataclass(slots=True)
class Replayed:
    """What the replay showed."""

    frames: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    """Frames, or their feeds, that the bindings do not accept."""
    gaps: int = 0
    """Deltas that do not follow on the number before."""
    compared: int = 0
    """Datasets compared."""
    before: int = 0
    """Datasets older than the stream."""
    entities: int = 0
    on_its_way: int = 0
    """Entities that differed and were said anew in time."""
    slowest_s: int = 0
    wrong: int = 0
    """Entities that differed and stayed so."""
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return self.compared > 0 and not (self.unreadable or self.gaps or self.wrong)


def frames_of(file: Path) -> Iterator[bytes]:
    """Yield the frames of a recording; raises ``ValueError`` where the last one is cut off."""
    with file.open("rb") as stream:
        while head := stream.read(LENGTH_BYTES):
            length = int.from_bytes(head, "big")
            body = stream.read(length)
            if len(head) < LENGTH_BYTES or len(body) < length:
                raise ValueError(f"{file.name} ends within a frame")
            yield body


def content_of(message: bytes) -> tuple[int, Content, frozenset[str]]:
    """Return a message's header second, its entities, and the ids it deletes."""
    feed = gtfs_realtime.FeedMessage.FromString(message)
    kept = {e.id: e.SerializeToString(deterministic=True) for e in feed.entity if not e.is_deleted}
    return feed.header.timestamp, kept, frozenset(e.id for e in feed.entity if e.is_deleted)


@dataclass(slots=True)
class _Waiting:
    """Entities of a dataset that differed."""

    moment_s: int
    name: str
    entities: set[str]


@dataclass(slots=True)
class _Replay:
    datasets: deque[Path]
    result: Replayed = field(default_factory=Replayed)
    known: Content = field(default_factory=dict)
    earlier: dict[str, list[bytes | None]] = field(default_factory=dict)
    """What was known of an entity earlier in this second."""
    epoch: str = ""
    seq: int = 0
    now_s: int = 0
    waiting: list[_Waiting] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        try:
            frame = Frame.FromString(body)
            second, kept, deleted = content_of(frame.feed) if frame.feed else (self.now_s, {}, frozenset[str]())
        except DecodeError:
            self.result.unreadable += 1
            return
        self.result.frames[_KINDS.get(frame.kind, "unknown")] += 1
        self.pass_to(second)
        if frame.kind == Frame.SNAPSHOT:
            for entity_id in self.known.keys() - kept.keys():
                self._say(entity_id, None)
        elif frame.epoch != self.epoch or frame.prev_seq != self.seq:
            self.result.gaps += 1
        for entity_id, content in kept.items():
            self._say(entity_id, content)
        for entity_id in deleted:
            self._say(entity_id, None)
        self.epoch, self.seq = frame.epoch, frame.seq

    def _say(self, entity_id: str, content: bytes | None) -> None:
        self.earlier.setdefault(entity_id, []).append(self.known.get(entity_id))
        if content is None:
            self.known.pop(entity_id, None)
        else:
            self.known[entity_id] = content
        for late in self.waiting:
            if entity_id in late.entities:
                late.entities.discard(entity_id)
                self.result.on_its_way += 1
                self.result.slowest_s = max(self.result.slowest_s, self.now_s - late.moment_s)

    def pass_to(self, second: int) -> None:
        """Compare the datasets of all seconds before ``second``, with what was known at their end."""
        if second <= self.now_s:
            return
        while self.datasets and moment_of(self.datasets[0]) // 1000 < second:
            file = self.datasets.popleft()
            if moment_of(file) // 1000 != self.now_s:
                self.earlier.clear()
            self._compare(file)
        self.now_s = second
        self.earlier.clear()
        self._give_up(second)

    def _compare(self, file: Path) -> None:
        if not self.epoch:
            self.result.before += 1
            return
        _, told, _ = content_of(file.read_bytes())
        self.result.compared += 1
        self.result.entities += len(told)
        differing = {
            entity_id
            for entity_id in told.keys() | self.known.keys()
            if told.get(entity_id) not in (self.known.get(entity_id), *self.earlier.get(entity_id, ()))
        }
        # The stream joins what changes within its pacing: a dataset of that second may hold what came in between.
        said = differing & self.earlier.keys()
        self.result.on_its_way += len(said)
        differing -= said
        if differing:
            self.waiting.append(_Waiting(moment_of(file) // 1000, file.name, differing))

    def _give_up(self, second: float) -> None:
        for late in self.waiting:
            if second > late.moment_s + WITHIN_S:
                self.result.wrong += len(late.entities)
                for entity_id in sorted(late.entities)[: max(0, _EXAMPLES - len(self.result.examples))]:
                    self.result.examples.append(f"{late.name} {entity_id}")
        self.waiting = [late for late in self.waiting if second <= late.moment_s + WITHIN_S]


def replayed(folder: Path) -> Replayed:
    """Replay a recording's stream beside its datasets."""
    datasets: Sequence[Path] = sorted((folder / "feeds").glob("all-*.pb"), key=moment_of)
    replay = _Replay(deque(datasets))
    for file in sorted((folder / "stream").glob("*.frames")):
        for body in frames_of(file):
            replay.take(body)
    # What the stream said last holds for every dataset after it; what is open in the last seconds stays open.
    ends = moment_of(datasets[-1]) // 1000 if datasets else 0
    replay.pass_to(max(replay.now_s, ends) + 1)
    replay.waiting = [late for late in replay.waiting if late.moment_s + WITHIN_S <= ends]
    replay._give_up(float("inf"))
    return replay.result
