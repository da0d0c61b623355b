"""Follow live GTFS-realtime: connect, subscribe, apply snapshots and deltas, resume after a cut, say when it is lost.

    pip install websockets gtfs-realtime-bindings

    live = Realtime("ws://localhost:8001/gtfs-rt/stream", ["route:D"], on_change=print, on_state=print)
    asyncio.run(live.run())

``on_state`` hears ``State.LOST`` after 30 s without a word from the server (it speaks every 10 s), and ``State.BACK``
with the next one. Times shown to people while it is lost are no live times. Licence: EUPL-1.2.
"""

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

LOST_AFTER_S, FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 0.5, 30.0
MOST_BYTES = 64 * 1024 * 1024
SNAPSHOT = 1


class State(Enum):
    """What ``on_state`` is told."""

    LOST = "realtime lost"
    BACK = "back"


class RefusedError(Exception):
    """The server does not know what was asked for; asking again would not help."""


@dataclass(frozen=True)
class Change:
    """What a frame changed in a topic: entities that are new or different, and ids of those that are gone."""

    topic: str
    entities: Sequence[gtfs_realtime.FeedEntity]
    removed: Sequence[str]


@dataclass
class Topic:
    """What is known of a topic."""

    seq: int = 0
    entities: dict[str, gtfs_realtime.FeedEntity] = field(default_factory=dict)


@dataclass
class Frame:
    """A message of the server, see ``passenger_info/frame.proto``."""

    epoch: str = ""
    topic: str = ""
    seq: int = 0
    prev_seq: int = 0
    kind: int = 0
    feed: bytes = b""


class Realtime:
    """One connection that comes back by itself. ``topics`` holds all that is known, by the server's spelling."""

    def __init__(
        self,
        url: str,
        topics: Sequence[str],
        *,
        on_change: Callable[[Change], None] = lambda _: None,
        on_state: Callable[[State], None] = lambda _: None,
        lost_after_s: float = LOST_AFTER_S,
    ) -> None:
        """Take the stream's address (``ws://`` or ``wss://``) and topics such as ``route:D`` or ``stop:x``."""
        self.topics: dict[str, Topic] = {}
        self.is_lost = False
        self._url, self._wanted = url, list(topics)
        self._on_change, self._on_state = on_change, on_state
        self._lost_after_s = lost_after_s
        self._epoch = ""
        self._heard_s = 0.0
        self._wait_s = FIRST_WAIT_S

    async def run(self) -> None:
        """Follow until cancelled; raises ``RefusedError`` where the server does not know what was asked for."""
        self._heard_s = asyncio.get_running_loop().time()
        watching = asyncio.ensure_future(self._watch())
        try:
            while True:
                with suppress(OSError, WebSocketException, TimeoutError):
                    await self._follow()
                # Not all at once after a restart of the server: each waits a little differently.
                await asyncio.sleep(self._wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
                self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        finally:
            watching.cancel()

    async def _follow(self) -> None:
        async with connect(self._url, compression=None, max_size=MOST_BYTES, open_timeout=self._lost_after_s) as link:
            await self._subscribe(link)
            while True:
                async with asyncio.timeout(self._lost_after_s):
                    message = await link.recv()
                self._hear()
                if isinstance(message, str):
                    _check(json.loads(message))
                elif not self._take(parse_frame(message)):
                    await self._subscribe(link)

    async def _subscribe(self, link: ClientConnection) -> None:
        resume = {"epoch": self._epoch, **{name: topic.seq for name, topic in self.topics.items()}}
        command = {"type": "sub", "id": "1", "topics": self._wanted, "format": "pb"}
        await link.send(json.dumps({**command, "resume": resume} if self._epoch else command))

    def _hear(self) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        self._wait_s = FIRST_WAIT_S
        if self.is_lost:
            self.is_lost = False
            self._on_state(State.BACK)

    async def _watch(self) -> None:
        while True:
            silent_s = asyncio.get_running_loop().time() - self._heard_s
            if silent_s >= self._lost_after_s and not self.is_lost:
                self.is_lost = True
                self._on_state(State.LOST)
            await asyncio.sleep(min(1.0, self._lost_after_s / 4))

    def _take(self, frame: Frame) -> bool:
        """Apply a frame; return whether it followed on what is known."""
        topic = self.topics.setdefault(frame.topic, Topic())
        feed = gtfs_realtime.FeedMessage.FromString(frame.feed) if frame.feed else gtfs_realtime.FeedMessage()
        if frame.kind == SNAPSHOT:
            self._epoch = frame.epoch
            removed = set(topic.entities) - {entity.id for entity in feed.entity}
        elif frame.epoch != self._epoch or frame.prev_seq != topic.seq:
            return False
        else:
            removed = {entity.id for entity in feed.entity if entity.is_deleted} & set(topic.entities)
        alive = [entity for entity in feed.entity if not entity.is_deleted]
        changed = [entity for entity in alive if topic.entities.get(entity.id) != entity]
        topic.seq = frame.seq
        topic.entities.update((entity.id, entity) for entity in changed)
        for entity_id in removed:
            del topic.entities[entity_id]
        if changed or removed:
            self._on_change(Change(frame.topic, changed, sorted(removed)))
        return True


def _check(answer: dict[str, str]) -> None:
    if answer.get("type") == "error":
        if answer.get("code") == "too_many_topics":
            raise OSError(answer.get("detail"))  # the server is full: later, perhaps
        raise RefusedError(f"{answer.get('code')}: {answer.get('detail')}")


def parse_frame(message: bytes) -> Frame:
    """Return a frame from its protobuf bytes. Raises ``ValueError`` for anything else."""
    found = dict(_fields(message))
    epoch, topic, feed = (found.get(number, b"") for number in (1, 2, 6))
    seq, prev_seq, kind = (found.get(number, 0) for number in (3, 4, 5))
    return Frame(epoch.decode(), topic.decode(), seq, prev_seq, kind, feed)


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value, at = _varint(message, at)
        if tag & 7 == 2:  # noqa: PLR2004 - length-delimited, see Protocol Buffers, "Encoding"
            yield tag >> 3, message[at : at + value]
            at += value
        elif tag & 7 == 0:
            yield tag >> 3, value
        else:
            raise ValueError("this is no frame")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:  # noqa: PLR2004 - bits
        value |= (message[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if message[at - 1] < 0x80:  # noqa: PLR2004 - the last byte of a varint
            return value, at
    raise ValueError("this is no frame")
