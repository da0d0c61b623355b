"""The world of the resume rig: entities that change at random, what was true when, and readers that judge."""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Clock, Instant, shifted
from mobility.core.geo import LatLon
from mobility.core.ports import FrameStream
from passenger_info.dataset import DatasetKind
from passenger_info.entities import Entity
from passenger_info.frame_pb2 import Frame
from passenger_info.splice import entity_record

BOX = "bbox:10,50,11,51"
TOPICS = ("all", "route:A", "route:B", "stop:s1", "stop:s2", "vehicle:v1", "trip:extra", BOX)
MEMBERS = ("route:A", "route:B", "stop:s1", "stop:s2", "vehicle:v1", "trip:extra")
NAMES = 100


@dataclass(frozen=True)
class State:
    """An entity from ``since`` on: its version, and the topics it is in (none when it is gone)."""

    since: Instant
    version: int
    topics: tuple[str, ...]


class World:
    """Stands in for ``PassengerInfo`` and remembers every state of every entity for as long as anybody may ask."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.clock = clock
        self.timetable = SimpleNamespace(
            feed_version="v1", routes={"A": 0, "B": 0}, stops={"s1": 0, "s2": 0}, trips={"extra": 0}
        )
        self.feed = self
        self.history: dict[str, list[State]] = {}
        self.changes = 0
        self._rng = random.Random(seed)
        self._entities: dict[str, Entity] = {}
        self._listener: Callable[[str], None] = lambda _: None

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Only the newest hub listens; the others are dead."""
        self._listener = listener

    def entities(self, _kind: DatasetKind, _at: Instant) -> list[Entity]:
        return list(self._entities.values())

    def entity(self, entity_id: str, _at: Instant) -> Entity | None:
        return self._entities.get(entity_id)

    def change(self) -> None:
        """Put, change, move or remove one entity."""
        self.changes += 1
        name = f"e{self._rng.randrange(NAMES)}"
        if name in self._entities and self._rng.random() < 0.2:
            del self._entities[name]
            self._note(name, ())
        else:
            topics = ("all", *self._rng.sample(MEMBERS, self._rng.randrange(4)))
            place = LatLon(50.5, 10.5 if self._rng.random() < 0.5 else 12.0)
            body = gtfs_realtime.FeedEntity(id=name)
            body.vehicle.timestamp = self.changes
            self._entities[name] = Entity(entity_id=name, record=entity_record(body), topics=topics, place=place)
            self._note(name, (*topics, BOX) if place.lon_deg < 11 else topics)
        self._listener(name)

    def _note(self, name: str, topics: tuple[str, ...]) -> None:
        self.history.setdefault(name, []).append(State(self.clock.now(), self.changes, topics))

    def true_between(self, name: str, topic: str, since: Instant) -> set[int | None]:
        """Return every version of an entity that was true in a topic from ``since`` until now, ``None`` for none."""
        found: set[int | None] = set()
        for state in reversed(self.history.get(name, [])):
            found.add(state.version if topic in state.topics else None)
            if state.since < since:
                return found
        return found | {None}


@dataclass
class Findings:
    """What a run found."""

    cuts: int = 0
    restarts: int = 0
    frames: int = 0
    checks: int = 0
    healed: int = 0
    """Gaps in the numbers that a reader noticed and closed by asking anew."""
    deltas: int = 0
    heartbeats: int = 0
    snapshots: int = 0
    """How resumes were answered."""
    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)


@dataclass
class Known:
    """What a reader knows of one topic."""

    epoch: str = ""
    seq: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    """The number of the change that removed an entity last."""
    is_asking: bool = True
    """Whether the next frame answers a resume."""


class Follower:
    """A reader written from the protocol's description alone, not from our code."""

    def __init__(self, world: World, findings: Findings, topics: tuple[str, ...], name: str, settled_s: float) -> None:
        self._settled_s = settled_s
        self.known = {topic: Known() for topic in topics}
        self._world, self._findings, self._name = world, findings, name

    async def subscribe(self, stream: FrameStream) -> None:
        """Ask for all topics, from where they stand."""
        epochs = {known.epoch for known in self.known.values()}
        resume: dict[str, object] = {topic: known.seq for topic, known in self.known.items()}
        for known in self.known.values():
            known.is_asking = True
        if len(epochs) == 1 and "" not in epochs:
            resume["epoch"] = next(iter(epochs))
        command = {"type": "sub", "id": "x", "topics": list(self.known), "format": "pb", "resume": resume}
        await stream.send(json.dumps(command))

    async def take(self, stream: FrameStream, heard: bytes | str) -> None:
        """Apply a frame and judge it; ask anew where the numbers do not follow."""
        if isinstance(heard, str):
            assert json.loads(heard)["type"] == "subscribed", heard
            return
        frame = Frame.FromString(heard)
        known, found = self.known[frame.topic], self._findings
        found.frames += 1
        if frame.kind == Frame.SNAPSHOT:
            found.snapshots += known.is_asking
            self._replace(known, frame)
        elif frame.epoch != known.epoch or frame.prev_seq != known.seq:
            found.healed += 1
            await self.subscribe(stream)
            return
        else:
            found.heartbeats += known.is_asking and frame.kind == Frame.HEARTBEAT
            found.deltas += known.is_asking and frame.kind == Frame.DELTA
            self._change(known, frame)
        known.is_asking = False
        self.check(shifted(self._world.clock.now(), -self._settled_s), [frame.topic])

    def _replace(self, known: Known, frame: Frame) -> None:
        known.epoch, known.seq = frame.epoch, frame.seq
        feed = gtfs_realtime.FeedMessage.FromString(frame.feed)
        known.versions = {entity.id: entity.vehicle.timestamp for entity in feed.entity}

    def _change(self, known: Known, frame: Frame) -> None:
        known.seq = frame.seq
        if frame.kind == Frame.HEARTBEAT:
            return
        if frame.seq <= frame.prev_seq:
            self._findings.repeated.append(f"{self._name} {frame.topic}: number {frame.seq} again")
        for entity in gtfs_realtime.FeedMessage.FromString(frame.feed).entity:
            version, before = entity.vehicle.timestamp, known.versions.get(entity.id)
            if entity.is_deleted:
                known.versions.pop(entity.id, None)
            elif before is not None and version <= before:
                self._findings.repeated.append(f"{self._name} {frame.topic}: {entity.id} {version} after {before}")
            else:
                known.versions[entity.id] = version

    def check(self, since: Instant, topics: Iterable[str]) -> None:
        """Hold everything known of topics against what was true from ``since`` until now."""
        for topic in topics:
            self._findings.checks += NAMES
            self._findings.lost += self.wrong(since, topic)

    def wrong(self, since: Instant, topic: str) -> list[str]:
        """What is known of a topic and was not true from ``since`` until now."""
        found: list[str] = []
        for name in (f"e{k}" for k in range(NAMES)):
            true, has = self._world.true_between(name, topic, since), self.known[topic].versions.get(name)
            if has not in true:
                found.append(f"{self._name} {topic}: {name} is {true}, known is {has}")
        return found
