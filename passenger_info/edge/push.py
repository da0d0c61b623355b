"""The push hub: connections, commands, pacing. One frame is built per topic and change, then handed to all readers."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from mobility.core.clock import Clock, seconds_between
from mobility.core.errors import BadInputError, StreamClosedError
from mobility.core.ports import FrameStream
from passenger_info.dataset import DatasetKind
from passenger_info.edge.reader_link import Key, ReaderLink, spread
from passenger_info.edge.service import PassengerInfo
from passenger_info.frame_pb2 import Frame
from passenger_info.frames import EventText, error_text, frame_text
from passenger_info.hub import Hub, Topic
from passenger_info.protocol import Command, Format, Hello, ProtocolError, Subscribe, Unsubscribe, parse_command
from passenger_info.topics import Box, Known, parse_topic

PACING_S = 0.05
"""A topic is sent at most this often; changes in between are joined to the latest value of each entity."""
_SOON_ENOUGH_S = 0.001
"""A loop may wake a little early, and rounds to its own clock; who is woken for a topic may send it."""
HEARTBEAT_S = 10.0
PROTOCOL_VERSION = 1
MOST_TOPICS = 20_000
"""Topics of all readers together; each costs memory."""
MOST_BOXES = 1000
"""Boxes of all readers together; each is looked at whenever a vehicle moves."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What the hub did so far."""

    readers: int
    topics: int
    frames: int
    """Frames built, each for one topic."""
    deliveries: int
    fallbacks: int
    """Snapshots sent because a reader was too slow."""
    errors: int


@dataclass(slots=True)
class _Counting:
    frames: int = 0
    deliveries: int = 0
    fallbacks: int = 0
    errors: int = 0


@dataclass(slots=True)
class _Prepared:
    """A frame in the formats asked for, each made once."""

    frame: Frame
    _made: dict[Format, bytes | str] = field(default_factory=dict)

    def in_format(self, form: Format) -> bytes | str:
        if form not in self._made:
            self._made[form] = _MAKERS[form](self.frame)
        return self._made[form]


_MAKERS: Mapping[Format, Callable[[Frame], bytes | str]] = {
    Format.PB: Frame.SerializeToString,
    Format.JSON: frame_text,
    Format.EVENT_PB: partial(EventText.of, is_json=False),
    Format.EVENT_JSON: partial(EventText.of, is_json=True),
}


def _itself(command: Command) -> Command:
    return command


class PushHub:
    """Serves the push protocol (docs/reference/push-protocol.md) on any stream of frames."""

    def __init__(self, info: PassengerInfo, clock: Clock) -> None:
        """Follow the changes of ``info``; the epoch is the instant the hub was made."""
        self._info = info
        self._clock = clock
        self._hub = Hub(epoch=f"{clock.now():x}", feed_version=info.timetable.feed_version)
        timetable = info.timetable
        self._known = Known(timetable.routes, timetable.stops, timetable.trips, self._hub.is_live)
        self._readers: dict[Key, dict[ReaderLink, None]] = {}
        self._links: dict[ReaderLink, None] = {}
        self._beats: dict[str, _Prepared] = {}
        self._changed: dict[str, None] = {}
        self._soon: asyncio.Handle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._is_ending = False
        self._swept_at = clock.now()
        self._counting = _Counting()
        info.on_change(self._note)

    @property
    def counters(self) -> Counters:
        """What the hub did so far."""
        counted = self._counting
        return Counters(
            len(self._links),
            len(self._hub.topics),
            counted.frames,
            counted.deliveries,
            counted.fallbacks,
            counted.errors,
        )

    def _note(self, entity_id: str) -> None:
        """Note a change; it is looked at as soon as the code that made it is done."""
        if not self._hub.topics:
            return
        self._changed[entity_id] = None
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Send what changed in topics that were silent for the pacing; come again for the others."""
        self._soon = None
        loop = asyncio.get_running_loop()
        if self._later is not None:
            self._later.cancel()
            self._later = None
        latest_s = loop.time() - PACING_S + _SOON_ENOUGH_S
        self._stage_changes()
        self._send_changes(lambda topic: topic.sent_s <= latest_s)
        waiting_s = self._hub.waiting_since_s()
        if waiting_s is not None:
            self._later = loop.call_at(waiting_s + PACING_S, self._flush)
        now = self._clock.now()
        if seconds_between(self._swept_at, now) > HEARTBEAT_S:
            self._swept_at = now
            self._beats.clear()
            self._hub.sweep(now, [topic for topic, _ in self._readers])

    def _stage_changes(self) -> None:
        """Look up what changed; topics hold it back until they are sent."""
        now = self._clock.now()
        for entity_id in self._changed:
            self._hub.update(entity_id, self._info.feed.entity(entity_id, now))
        self._changed.clear()

    def _send_changes(self, due: Callable[[Topic], bool]) -> None:
        now_s = asyncio.get_running_loop().time()
        for topic, frame in self._hub.flush(self._clock.now(), due):
            topic.sent_s = now_s
            self._counting.frames += 1
            prepared = _Prepared(frame)
            for form in Format:
                self._deliver((topic.name, form), prepared)

    def _deliver(self, key: Key, prepared: _Prepared) -> None:
        readers = self._readers.get(key)
        if not readers:
            return
        message = prepared.in_format(key[1])
        for link in spread(message, readers):
            link.deliver(key, message)
        self._counting.deliveries += len(readers)

    def checked(self, topic: str) -> str:
        """Return a topic's one spelling; raises ``ProtocolError`` where it does not exist or the server stops."""
        if self._is_ending:
            raise ProtocolError("stopping", "The server is about to stop.")
        self._bring_up_to_date()
        return self._parsed(topic, "")[0]

    async def end(self) -> None:
        """Close every connection, for the server stops; take no new ones. Readers come again and resume."""
        self._is_ending = True
        async with asyncio.TaskGroup() as tasks:
            for link in self._links:
                tasks.create_task(link.stream.close("the server stops"))

    async def serve(self, stream: FrameStream, first: Sequence[Command] = ()) -> None:
        """Serve one reader until its stream ends, ``first`` obeying commands. Never raises for what a reader sends."""
        if self._is_ending:
            await stream.close("the server stops")
            return
        link = ReaderLink(stream)
        self._links[link] = None
        try:
            for command in first:
                self._try(link, partial(_itself, command))
            async with asyncio.TaskGroup() as tasks:
                side = [tasks.create_task(self._write(link)), tasks.create_task(self._beat(link))]
                await self._listen(link)
                for task in side:
                    task.cancel()
        finally:
            self._leave(link)

    async def _listen(self, link: ReaderLink) -> None:
        while True:
            try:
                heard = await link.stream.receive()
            except StreamClosedError:
                return
            self._try(link, partial(parse_command, heard))
            await link.room()

    def _try(self, link: ReaderLink, command: Callable[[], Command]) -> None:
        try:
            self._obey(link, command())
        except ProtocolError as error:
            self._counting.errors += 1
            link.reply(error_text(error))

    async def _write(self, link: ReaderLink) -> None:
        while True:
            await link.next_work()
            try:
                await link.write_waiting()
                for key in list(link.lagging):
                    self._counting.fallbacks += 1
                    del link.lagging[key]
                    if key[0] in self._hub.topics:
                        self._send(link, key, self._hub.snapshot(self._hub.topics[key[0]], self._clock.now()))
                        await link.write_waiting()
            except StreamClosedError as closed:
                await link.stream.close(str(closed))
                return

    async def _beat(self, link: ReaderLink) -> None:
        while True:
            await self._clock.sleep(HEARTBEAT_S)
            for key in link.topics_read():
                link.deliver(key, self._beat_of(self._hub.topics[key[0]]).in_format(key[1]))
                self._counting.deliveries += 1

    def _beat_of(self, topic: Topic) -> _Prepared:
        """Return a topic's heartbeat, made once for all readers while its number stays."""
        beat = self._beats.get(topic.name)
        if beat is None or beat.frame.seq != topic.seq:
            beat = self._beats[topic.name] = _Prepared(self._hub.heartbeat(topic))
        return beat

    def _send(self, link: ReaderLink, key: Key, frame: Frame) -> None:
        link.deliver(key, _Prepared(frame).in_format(key[1]))
        self._counting.deliveries += 1

    def _obey(self, link: ReaderLink, command: Command) -> None:
        match command:
            case Hello():
                link.reply(self._greeting())
            case Subscribe():
                self._subscribe(link, command)
            case Unsubscribe(request_id=request_id):
                if request_id not in link.subscriptions:
                    raise ProtocolError("unknown_subscription", "There is no such subscription.", request_id)
                self._drop(link, request_id)
                link.reply(json.dumps({"type": "unsubscribed", "id": request_id}))

    def _greeting(self) -> str:
        return json.dumps(
            {
                "type": "hello",
                "version": PROTOCOL_VERSION,
                "epoch": self._hub.epoch,
                "feed_version": self._info.timetable.feed_version,
                "server_time": self._clock.now() // 1000,
                "heartbeat_s": HEARTBEAT_S,
            }
        )

    def _subscribe(self, link: ReaderLink, command: Subscribe) -> None:
        self._bring_up_to_date()
        topics = [self._parsed(topic, command.request_id) for topic in command.topics]
        if not link.may_add(command):
            raise ProtocolError("too_many_topics", "This connection reads too many topics.", command.request_id)
        self._drop(link, command.request_id)
        self._require_room(topics, command.request_id)
        keys = tuple(dict.fromkeys((name, command.format) for name, _ in topics))
        link.subscriptions[command.request_id] = keys
        link.reply(json.dumps({"type": "subscribed", "id": command.request_id, "topics": [name for name, _ in keys]}))
        for name, box in dict(topics).items():
            topic = self._hub.open(name, box, self._clock.now())
            self._readers.setdefault((name, command.format), {})[link] = None
            self._catch_up(link, topic, command)

    def _bring_up_to_date(self) -> None:
        """Know every entity of now. What topics hold back stays so: a reader gets it with the next delta."""
        if self._hub.topics:
            self._stage_changes()
        else:
            self._hub.load(self._info.feed.entities(DatasetKind.ALL, self._clock.now()))
            self._changed.clear()

    def _require_room(self, topics: Sequence[tuple[str, Box | None]], request_id: str) -> None:
        """Refuse new topics beyond what the hub can keep up with, once nobody reads the old ones any more."""
        fresh = [box for name, box in topics if name not in self._hub.topics]
        for is_last_try in (False, True):
            boxes = sum(topic.box is not None for topic in self._hub.topics.values()) if any(fresh) else 0
            boxes += sum(box is not None for box in fresh)
            if not fresh or (len(self._hub.topics) + len(fresh) <= MOST_TOPICS and boxes <= MOST_BOXES):
                return
            if is_last_try:
                raise ProtocolError("too_many_topics", "All readers together read too many topics.", request_id)
            self._hub.discard([name for name, _ in self._readers])

    def _catch_up(self, link: ReaderLink, topic: Topic, command: Subscribe) -> None:
        seq = command.resume.get(topic.name)
        frame = self._hub.resumed(topic, command.epoch, seq, self._clock.now())
        self._send(link, (topic.name, command.format), frame)

    def _parsed(self, topic: str, request_id: str) -> tuple[str, Box | None]:
        try:
            return parse_topic(topic, self._known)
        except BadInputError as error:
            raise ProtocolError("unknown_topic", str(error), request_id) from None

    def _drop(self, link: ReaderLink, request_id: str) -> None:
        gone = link.subscriptions.pop(request_id, ())
        kept = set(link.topics_read())
        for key in gone:
            if key not in kept:
                link.lagging.pop(key, None)
                self._unread(link, key)

    def _unread(self, link: ReaderLink, key: Key) -> None:
        readers = self._readers.get(key, {})
        readers.pop(link, None)
        if not readers:
            self._readers.pop(key, None)

    def _leave(self, link: ReaderLink) -> None:
        for key in link.topics_read():
            self._unread(link, key)
        self._links.pop(link, None)
