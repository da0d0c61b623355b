"""Somebody else's MQTT client, for tests of what we publish."""

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Self

from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests.patience import PATIENCE_S


@dataclass
class Listener:
    """Somebody else's client: every message in order, and what is retained, as a late comer sees it."""

    port: int
    topic_filter: str = "#"
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    _ready: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._own_topic = f"test/{id(self)}"
        self._own_heard = threading.Event()
        self._client.on_message = lambda _c, _u, message: self._take(message.topic, bytes(message.payload))
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        self._client.subscribe([(self.topic_filter, 1), (self._own_topic, 1)])
        assert self._ready.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    async def hears_of_itself(self) -> None:
        """Wait until a word of its own has gone round by the broker."""
        self._client.publish(self._own_topic, b"x", 1)
        assert await asyncio.to_thread(self._own_heard.wait, PATIENCE_S)

    def _take(self, topic: str, payload: bytes) -> None:
        if topic == self._own_topic:
            self._own_heard.set()
        else:
            self.heard.append((topic, payload))

    def newest(self) -> dict[str, bytes]:
        return {topic: payload for topic, payload in dict(self.heard).items() if payload}


async def retained(port: int, topic_filter: str = "/gtfsrt/#") -> dict[str, bytes]:
    """What a client that subscribes now is given."""
    with Listener(port, topic_filter) as late:
        # The broker has laid out what is retained before it takes what comes later, and delivers in order.
        await late.hears_of_itself()
        return late.newest()


def only_entity(payload: bytes) -> gtfs_realtime.FeedEntity:
    message = gtfs_realtime.FeedMessage.FromString(payload)
    assert message.header.incrementality == gtfs_realtime.FeedHeader.DIFFERENTIAL
    (entity,) = message.entity
    return entity
