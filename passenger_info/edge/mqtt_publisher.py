"""One connection to an MQTT broker for publishing: paho speaks the protocol on a thread of its own.

A connection that is lost stays lost; who needs one again makes a new one, so that nothing an old one still had under
way is published after what a newer one says.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from paho.mqtt.client import Client, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from mobility.core.errors import StreamClosedError

MqttVersion = Literal["5", "3.1.1"]

ONLINE = b"online"
"""Payload of the retained status: entities below are kept up to date."""
OFFLINE = b"offline"
"""Payload of the retained status, also the last will: what is still there may be old."""
KEEPALIVE_S = 10
"""A silent broker is asked so often, and misses us after 1.5 times as long (MQTT 5 §3.1.2.10)."""
ANSWER_TIMEOUT_S = 10.0
"""Longest wait for a broker to answer a connect or a subscription."""
MOST_UNDER_WAY = 64
"""Messages published and not yet taken by the broker before ``room`` waits."""
MOST_RETAINED = 20_000
"""Retained messages looked at after connecting; what is beyond waits for the next connection, or its expiry."""
LAST_WORD_S = 2.0
"""Longest wait for the broker to take what was published before we leave."""
_QUIET_S = 0.3
"""Retained messages come at once after a subscription; a pause of this length ends them."""
_RETAINED_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishingBroker:
    """Where the broker is and how to reach it."""

    host: str
    port: int
    version: MqttVersion = "5"
    username: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    """Without it only on loopback."""


class MqttPublisher:
    """A connection that is opened once and lost once. All methods are called on the event loop."""

    def __init__(self, broker: PublishingBroker, *, client_id: str, status_topic: str) -> None:
        """Prepare; the broker publishes ``OFFLINE`` under ``status_topic``, retained, when it misses us."""
        self._broker = broker
        self._status_topic = status_topic
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[str] = self._loop.create_future()
        self._subscribed: asyncio.Future[None] = self._loop.create_future()
        self._is_lost = False
        self._room = asyncio.Event()
        self._heard = asyncio.Event()
        self._retained: dict[str, bytes] = {}
        self._under_way = 0
        self._is_given_up = False
        self._when_lost: Callable[[], None] | None = None
        self.refused = 0
        """Messages the broker did not take (MQTT 5 §3.4.2.1), e.g. for want of rights."""
        self._client = self._made(client_id)

    @property
    def is_lost(self) -> bool:
        """Whether the connection ended."""
        return self._is_lost

    def when_lost(self, call: Callable[[], None]) -> None:
        """Call ``call`` once, when the connection is lost."""
        self._when_lost = call

    async def open(self) -> None:
        """Connect. Raises ``OSError`` when nobody answers, ``StreamClosedError`` when the broker refuses."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await asyncio.to_thread(self._connect)
                refusal = await self._answer
        except BaseException:
            await self._end()
            raise
        if refusal:
            await self._end()
            raise StreamClosedError(f"the broker refuses: {refusal}")

    def publish(self, topic: str, payload: bytes, *, retain: bool, expiry_s: int = 0) -> None:
        """Publish at least once, without waiting; raises ``StreamClosedError`` on a lost connection.

        With ``expiry_s`` above 0 a broker that speaks MQTT 5 forgets the message after so many seconds (§3.3.2.3.3).
        """
        if self.is_lost:
            raise StreamClosedError("the broker is gone")
        properties = None
        if expiry_s and self._broker.version == "5":
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it bare
            properties.MessageExpiryInterval = expiry_s
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise StreamClosedError(f"the broker is gone: {info.rc.name}")
        self._under_way += 1

    async def room(self) -> None:
        """Wait while too much is under way; returns at once on a lost connection."""
        while self._under_way >= MOST_UNDER_WAY and not self.is_lost:
            self._room.clear()
            await self._room.wait()

    async def retained(self, filters: Sequence[str]) -> Mapping[str, bytes]:
        """Return what the broker retains below ``filters`` now, by topic, at most ``MOST_RETAINED``.

        Called once. Raises ``StreamClosedError`` where the broker does not allow it or is gone.
        """
        self._client.subscribe([(each, 1) for each in filters])
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await self._subscribed
            async with asyncio.timeout(_RETAINED_S):
                await self._until_quiet()
        except TimeoutError as error:
            raise StreamClosedError("the broker did not answer the subscription") from error
        self._client.unsubscribe(list(filters))
        return self._retained

    async def close(self) -> None:
        """Say ``OFFLINE`` and leave after the broker took what was published; idempotent."""
        try:
            if not self.is_lost:
                self.publish(self._status_topic, OFFLINE, retain=True)
            async with asyncio.timeout(LAST_WORD_S):
                while self._under_way and not self.is_lost:
                    self._room.clear()
                    await self._room.wait()
        except (TimeoutError, StreamClosedError):
            return
        finally:
            await self._end()

    async def _until_quiet(self) -> None:
        while True:
            self._heard.clear()
            try:
                async with asyncio.timeout(_QUIET_S):
                    await self._heard.wait()
            except TimeoutError:
                return

    def _connect(self) -> None:
        broker = self._broker
        self._client.connect(broker.host, broker.port, KEEPALIVE_S)
        if self._is_given_up:  # nobody waits any more; without a loop paho says good-bye, and closes, at once
            self._client.disconnect()
        else:
            self._client.loop_start()

    async def _end(self) -> None:
        def leave() -> None:
            self._client.disconnect()
            self._client.loop_stop()

        self._is_given_up = True
        await asyncio.to_thread(leave)
        client = self._client
        # Without a way back to us paho is freed, and closes its sockets, as soon as we are.
        client.on_connect = client.on_disconnect = client.on_publish = client.on_subscribe = client.on_message = None
        self._mark_lost("it hung up")

    def _made(self, client_id: str) -> Client:
        is_v5 = self._broker.version == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if is_v5 else True,
            protocol=MQTTv5 if is_v5 else MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = ANSWER_TIMEOUT_S
        if self._broker.username:
            client.username_pw_set(self._broker.username, self._broker.password or None)
        if self._broker.tls is not None:
            client.tls_set_context(self._broker.tls)
        client.will_set(self._status_topic, OFFLINE, qos=1, retain=True)
        client.on_connect = self._take_connack
        client.on_disconnect = self._take_disconnect
        client.on_publish = self._take_puback
        client.on_subscribe = self._take_suback
        client.on_message = self._take_message
        return client

    # What paho calls, on its own thread; each hands over to the event loop.

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)

    def _take_connack(self, _c: Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        self._tell(self._take_answer, str(reason) if reason.is_failure else "")

    def _take_disconnect(self, _c: Client, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        self._tell(self._mark_lost, str(reason))

    def _take_puback(self, _c: Client, _u: Any, _mid: int, reason: ReasonCode, _p: Any) -> None:
        self._tell(self._taken, reason.is_failure)

    def _take_suback(self, _c: Client, _u: Any, _mid: int, reasons: list[ReasonCode], _p: Any) -> None:
        self._tell(self._take_subscription, any(reason.is_failure for reason in reasons))

    def _take_message(self, _c: Client, _u: Any, message: MQTTMessage) -> None:
        if message.retain and message.payload:
            self._tell(self._take_retained, message.topic, bytes(message.payload))

    # Their counterparts on the event loop.

    def _take_answer(self, refusal: str) -> None:
        if not self._answer.done():
            self._answer.set_result(refusal)

    def _mark_lost(self, reason: str) -> None:
        self._take_answer(reason)
        if not self._subscribed.done():
            self._subscribed.set_exception(StreamClosedError("the broker is gone"))
            self._subscribed.exception()  # seen: perhaps nobody waits
        if self.is_lost:
            return
        self._is_lost = True
        self._room.set()
        self._heard.set()
        if self._when_lost is not None:
            self._when_lost()

    def _taken(self, is_failure: bool) -> None:
        self.refused += is_failure
        self._under_way -= 1
        self._room.set()

    def _take_subscription(self, is_failure: bool) -> None:
        if self._subscribed.done():
            return
        if is_failure:
            self._subscribed.set_exception(StreamClosedError("the broker does not allow to read our own topics"))
        else:
            self._subscribed.set_result(None)

    def _take_retained(self, topic: str, payload: bytes) -> None:
        self._heard.set()
        if len(self._retained) < MOST_RETAINED:
            self._retained[topic] = payload
