"""GTFS-realtime over MQTT: each entity retained under a topic of its own, as a differential message of one entity.

A planner that subscribes gets all there is at once and every change after it. What is retained never outlives its
truth: positions expire at the broker after 15 s, everything else after two minutes unless renewed (MQTT 5), what is
gone is said to be gone and cleared, and what an earlier run of ours left behind is cleared after connecting.
"""

import asyncio
import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog
from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import Clock, Instant
from mobility.core.errors import BadInputError, StreamClosedError
from passenger_info.dataset import DatasetKind
from passenger_info.edge.mqtt_publisher import ONLINE, MqttPublisher, PublishingBroker
from passenger_info.edge.service import PassengerInfo
from passenger_info.entities import Entity
from passenger_info.mqtt_topics import PREFIX, FeedTopics
from passenger_info.profiles import DEFAULT_PROFILE, Profile
from passenger_info.splice import entity_record, header_record, spliced

PACING_S = 0.05
"""Changes are sent at most this often; those in between are joined to the latest value of each entity."""
RENEW_S = 5.0
"""Everything is looked through this often: what time alone has changed is found, what would expire is renewed."""
POSITION_EXPIRY_S = 15
"""A vehicle silent for longer is not shown as live; so its position does not wait longer for somebody to ask."""
EXPIRY_S = 120
"""Any other entity; renewed after half of it."""
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 10.0
MOST_NOTED = 20_000
"""Changed entities remembered by name; beyond, everything is looked through instead."""
MOST_VEHICLES = 10_000
"""Vehicles whose newest time is remembered; those heard of longest ago make room."""

_log = structlog.get_logger()


class EntityFeed(Protocol):
    """The entities to publish; ``passenger_info.feed.Feed`` is one."""

    def entities(self, kind: DatasetKind, at: Instant) -> Iterable[Entity]:
        """Return all entities of a kind."""
        ...

    def entity(self, entity_id: str, at: Instant) -> Entity | None:
        """Return one entity by id, ``None`` where it is not published."""
        ...


@dataclass(frozen=True, slots=True)
class MqttOutCounters:
    """Running figures; every one only ever rises, except ``retained``."""

    retained: int = 0
    """Entities under a topic at the moment."""
    links: int = 0
    """Connections to the broker that stood."""
    failures: int = 0
    """Attempts to connect that failed."""
    published: int = 0
    """Entities published, renewals included."""
    cleared: int = 0
    """Topics cleared: the entity is gone, moved to another topic, or was left behind by an earlier run."""
    withheld: int = 0
    """Positions not published because a newer one had been."""
    unusable: int = 0
    """Entities whose ids fit no topic."""
    refused: int = 0
    """Messages the broker did not take."""


@dataclass(slots=True)
class _Counting:
    links: int = 0
    failures: int = 0
    published: int = 0
    cleared: int = 0
    withheld: int = 0
    unusable: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class _Sent:
    """What lies under a topic now."""

    topic: str
    record: bytes
    said: gtfs_realtime.FeedEntity = field(repr=False)
    renew_at_s: float
    """Time of the event loop."""


class MqttOut:
    """Publishes the entities of one feed to one broker, and again whenever the connection is lost."""

    def __init__(
        self,
        info: PassengerInfo,
        *,
        clock: Clock,
        broker: PublishingBroker,
        feed_id: str,
        profile: Profile = DEFAULT_PROFILE,
        prefix: str = PREFIX,
        client_id: str = "",
        feed: EntityFeed | None = None,
    ) -> None:
        """Follow the changes of ``info``; raises ``BadInputError`` for a prefix or feed id that fits no topic.

        One process publishes under a ``feed_id``: a second would clear what the first retains. ``feed`` replaces
        the entities that ``info`` has in ``profile``.
        """
        self._feed: EntityFeed = info.feed_of(profile) if feed is None else feed
        self._version = info.timetable.feed_version
        self._clock = clock
        self._broker = broker
        self._topics = FeedTopics.of(prefix, feed_id, info.timetable)
        self._client_id = client_id or f"gtfsrt-{feed_id}"
        self._link: MqttPublisher | None = None
        self._sent: dict[str, _Sent] = {}
        self._newest_s: dict[str, int] = {}
        self._noted: dict[str, None] = {}
        self._is_behind = False
        self._wake = asyncio.Event()
        self._counting = _Counting()
        info.on_change(self._note)

    @property
    def counters(self) -> MqttOutCounters:
        """What was counted so far."""
        counted = self._counting
        refused = counted.refused + (self._link.refused if self._link is not None else 0)
        figures = MqttOutCounters(**{name: getattr(counted, name) for name in _Counting.__slots__})
        return replace(figures, retained=len(self._sent), refused=refused)

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there."""
        return self._link is not None and not self._link.is_lost

    async def run(self) -> None:
        """Publish for ever; ends by cancellation only, after positions were cleared."""
        attempts = 0
        while True:
            if await self._serve_link():
                attempts = 0
            attempts += 1
            await self._clock.sleep(min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(attempts - 1, 10)))

    def _note(self, entity_id: str) -> None:
        if not self.is_connected:
            return
        if len(self._noted) < MOST_NOTED:
            self._noted[entity_id] = None
        else:
            self._is_behind = True
        self._wake.set()

    async def _serve_link(self) -> bool:
        where = {"host": self._broker.host, "port": self._broker.port}
        link = MqttPublisher(self._broker, client_id=self._client_id, status_topic=self._topics.status)
        try:
            await link.open()
        except (OSError, StreamClosedError) as error:
            self._counting.failures += 1
            _log.warning("MQTT broker for feeds not reached", fault=str(error), **where)
            return False
        self._link = link
        self._counting.links += 1
        link.when_lost(self._wake.set)
        _log.info("MQTT broker for feeds reached", **where)
        try:
            with suppress(StreamClosedError):
                await self._begin(link)
                await self._follow(link)
            _log.warning("MQTT broker for feeds lost", **where)
        finally:
            self._leave(link)
            await link.close()
            self._counting.refused += link.refused
            self._link = None
        return True

    async def _begin(self, link: MqttPublisher) -> None:
        """Publish all there is, then clear what an earlier run, or an earlier connection, left behind."""
        self._sent.clear()
        self._noted.clear()
        try:
            left = await link.retained(self._topics.filters)
        except StreamClosedError as error:
            if link.is_lost:
                raise
            left = {}
            _log.warning("what an earlier run left at the broker stays until it expires", fault=str(error))
        await self._renew(link)
        ours = {sent.topic for sent in self._sent.values()}
        for topic, payload in left.items():
            if topic not in ours:
                await link.room()
                self._clear(link, topic, _entity_of(payload))
        link.publish(self._topics.status, ONLINE, retain=True)

    async def _follow(self, link: MqttPublisher) -> None:
        """Publish changes as they come; ends with ``StreamClosedError``."""
        loop = asyncio.get_running_loop()
        renew_at_s = loop.time() + RENEW_S
        while not link.is_lost:
            if self._is_behind or loop.time() >= renew_at_s:
                self._is_behind = False
                await self._renew(link)
                renew_at_s = loop.time() + RENEW_S
            noted, self._noted = self._noted, {}
            for entity_id in noted:
                await link.room()
                now = self._clock.now()
                self._take(link, entity_id, self._feed.entity(entity_id, now), now)
            await asyncio.sleep(PACING_S)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(renew_at_s):
                    await self._wake.wait()
            self._wake.clear()

    async def _renew(self, link: MqttPublisher) -> None:
        now = self._clock.now()
        present = {entity.entity_id: entity for entity in self._feed.entities(DatasetKind.ALL, now)}
        for entity_id in list(dict.fromkeys((*present, *self._sent))):
            await link.room()
            self._take(link, entity_id, present.get(entity_id), now)

    def _take(self, link: MqttPublisher, entity_id: str, entity: Entity | None, now: Instant) -> None:
        """Bring an entity's topic up to date; raises ``StreamClosedError``."""
        sent = self._sent.get(entity_id)
        if entity is None:
            if sent is not None:
                del self._sent[entity_id]
                self._clear(link, sent.topic, sent.said)
            return
        loop_time_s = asyncio.get_running_loop().time()
        if sent is not None and sent.record == entity.record and loop_time_s < sent.renew_at_s:
            return
        message = spliced(header_record(now, self._version, is_differential=True), (entity.record,))
        said = _only_entity(message)
        if not self._is_newest(said):
            self._counting.withheld += 1
            return
        try:
            topic = self._topics.topic(said)
        except BadInputError as error:
            self._counting.unusable += 1
            _log.warning("entity not published over MQTT", entity=entity_id[:80], fault=str(error))
            return
        if said.HasField("vehicle"):  # the next sample renews it, nothing else may
            expiry_s, renew_at_s = POSITION_EXPIRY_S, math.inf
        else:
            expiry_s, renew_at_s = EXPIRY_S, loop_time_s + EXPIRY_S / 2
        link.publish(topic, message, retain=True, expiry_s=expiry_s)
        self._counting.published += 1
        self._sent[entity_id] = _Sent(topic, entity.record, said, renew_at_s)
        if sent is not None and sent.topic != topic:
            self._empty(link, sent.topic)

    def _is_newest(self, said: gtfs_realtime.FeedEntity) -> bool:
        """Return whether a position is at least as new as the last one published, over all connections."""
        if not said.HasField("vehicle"):
            return True
        taken_s = said.vehicle.timestamp
        if taken_s < self._newest_s.get(said.id, 0):
            return False
        self._newest_s.pop(said.id, None)  # so that those heard of last stand at the end
        self._newest_s[said.id] = taken_s
        if len(self._newest_s) > MOST_VEHICLES:
            del self._newest_s[next(iter(self._newest_s))]
        return True

    def _clear(self, link: MqttPublisher, topic: str, said: gtfs_realtime.FeedEntity | None) -> None:
        """Say that an entity is gone to those who listen now, and leave nothing for those who come later."""
        if said is not None:
            parting = entity_record(self._topics.parting(said))
            header = header_record(self._clock.now(), self._version, is_differential=True)
            link.publish(topic, spliced(header, (parting,)), retain=False)
        self._empty(link, topic)

    def _empty(self, link: MqttPublisher, topic: str) -> None:
        link.publish(topic, b"", retain=True)  # an empty payload removes what is retained (MQTT 5 §3.3.1.3)
        self._counting.cleared += 1

    def _leave(self, link: MqttPublisher) -> None:
        """Take positions away when we go; that a trip is cancelled stays true for a while without us."""
        with suppress(StreamClosedError):
            for sent in self._sent.values():
                if sent.said.HasField("vehicle"):
                    self._clear(link, sent.topic, sent.said)
        self._sent.clear()


def _only_entity(message: bytes) -> gtfs_realtime.FeedEntity:
    return gtfs_realtime.FeedMessage.FromString(message).entity[0]


def _entity_of(payload: bytes) -> gtfs_realtime.FeedEntity | None:
    """Return the entity of a message found at the broker, ``None`` where it is no message of one entity."""
    try:
        entities = gtfs_realtime.FeedMessage.FromString(payload).entity
    except DecodeError:
        return None
    return entities[0] if len(entities) == 1 and entities[0].id else None
