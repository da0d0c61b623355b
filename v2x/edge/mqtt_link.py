"""One connection to an MQTT broker on the event loop: paho speaks the protocol, the loop watches its socket.

No thread of its own: only name lookup, TCP and TLS handshake happen in a worker thread, because paho does them
blocking. A link that is lost stays lost; who needs one again makes a new one, so that no acknowledgement of an old
connection reaches a newer one.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from mobility.core.errors import BadInputError, StreamClosedError
from v2x.mqtt.traceparent import PROPERTY, traceparent_of
from v2x.session import MAX_FRAME_BYTES

MqttVersion = Literal["5", "3.1.1"]

KEEPALIVE_S = 20
"""A silent broker is asked so often; after 1.5 times as long the link is lost."""
ANSWER_TIMEOUT_S = 10.0
"""Longest wait for a broker to answer a connect or a subscription."""
LAST_WORD_S = 1.0
"""Longest wait for the broker to take what was published before we leave."""
RECEIVE_MAXIMUM = 128
"""Unacknowledged messages the broker may have under way to us (MQTT 5 §3.1.2.11.3): the back-pressure."""
LARGEST_PACKET_BYTES = 4 * MAX_FRAME_BYTES
"""The broker sends no larger one (MQTT 5 §3.1.2.11.4); as much as a WebSocket frame may have."""
MOST_UNDER_WAY = 64
"""Messages published and not yet taken by the broker before ``send`` waits."""
_TICK_S = 1.0
_PAHO_WINDOW = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and how to reach it."""

    host: str
    port: int
    version: MqttVersion = "5"
    username: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    """Without it only on loopback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """What the broker publishes, retained, when the connection is lost."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message as the broker delivered it."""

    topic: str
    """Empty where it was no UTF-8."""
    payload: bytes
    mid: int
    """Packet identifier to acknowledge; 0 where the broker expects no acknowledgement."""
    is_repeat: bool
    is_text: bool
    """Payload format indicator of MQTT 5."""
    traceparent: str


class _TidySocket(ssl.SSLSocket):
    """Closes itself when the handshake fails; paho leaves it open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class MqttLink:
    """A connection that is opened once and lost once."""

    def __init__(
        self,
        broker: Broker,
        *,
        client_id: str,
        on_message: Callable[[Arrival], None],
        will: Will | None = None,
        session_expiry_s: int = 0,
    ) -> None:
        """Prepare; ``on_message`` is called on the event loop and acknowledges with ``acknowledge``.

        With ``session_expiry_s`` above 0 the broker keeps subscriptions and unacknowledged messages over a lost link
        (3.1.1: for as long as it likes).
        """
        self._broker = broker
        self._on_message = on_message
        self._session_expiry_s = session_expiry_s
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._connected: asyncio.Future[str] = self._loop.create_future()
        self._subscribed: dict[int, asyncio.Future[list[ReasonCode]]] = {}
        self._early_subacks: dict[int, list[ReasonCode]] = {}
        self._lost = asyncio.Event()
        self._under_way = 0
        self._most_under_way = MOST_UNDER_WAY
        self._room = asyncio.Event()
        self._room.set()
        self._ticker: asyncio.TimerHandle | None = None
        self._when_lost: Callable[[], None] | None = None
        self._client = self._made(client_id, will)

    @property
    def is_lost(self) -> bool:
        """Whether the connection ended."""
        return self._lost.is_set()

    async def open(self) -> None:
        """Connect. Raises ``OSError`` when nobody answers, ``StreamClosedError`` when the broker refuses."""
        broker = self._broker
        properties, clean = self._connect_properties()
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await asyncio.to_thread(
                    self._client.connect,
                    broker.host,
                    broker.port,
                    KEEPALIVE_S,
                    clean_start=clean,
                    properties=properties,
                )
                self._tick()
                refusal = await self._connected
        except BaseException:
            self._end()
            raise
        if refusal:
            self._end()
            raise StreamClosedError(f"the broker refuses: {refusal}")

    async def subscribe(self, filters: Sequence[str]) -> None:
        """Subscribe at least once; raises ``StreamClosedError`` where the broker does not allow it or is gone."""
        if self._broker.version == "5":
            code, mid = self._client.subscribe([(each, SubscribeOptions(qos=1)) for each in filters])
        else:
            code, mid = self._client.subscribe([(each, 1) for each in filters])
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            raise StreamClosedError(f"can not subscribe: {code.name}")
        answered = self._subscribed[mid] = self._loop.create_future()
        if mid in self._early_subacks:
            answered.set_result(self._early_subacks.pop(mid))
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                codes = await answered
        except TimeoutError as error:
            raise StreamClosedError("the broker did not answer the subscription") from error
        except asyncio.CancelledError:
            self._end()
            raise
        refused = [each for each, code in zip(filters, codes, strict=False) if code.is_failure]
        if refused:
            raise StreamClosedError(f"the broker does not allow to subscribe to {refused[0]}")

    async def send(self, topic: str, payload: bytes, *, is_text: bool = False, traceparent: str = "") -> None:
        """Publish at least once, waiting while too much is under way; raises ``StreamClosedError`` on a lost link."""
        while self._under_way >= self._most_under_way and not self.is_lost:
            self._room.clear()
            await self._room.wait()
        self.publish(topic, payload, is_text=is_text, traceparent=traceparent)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, is_text: bool = False, traceparent: str = ""
    ) -> None:
        """Publish at least once without waiting; raises ``StreamClosedError`` on a lost link."""
        properties = self._publish_properties(is_text=is_text, traceparent=traceparent)
        if self.is_lost:
            raise StreamClosedError("the broker is gone")
        try:
            info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        except ValueError as error:
            raise BadInputError(str(error), field="topic") from error
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise StreamClosedError(f"the broker is gone: {info.rc.name}")
        self._under_way += 1

    def acknowledge(self, mid: int) -> None:
        """Tell the broker that a message is done with; without effect on a lost link or for ``mid`` 0."""
        if mid and not self.is_lost:
            self._client.ack(mid, 1)

    async def ended(self) -> None:
        """Return when the link is lost."""
        await self._lost.wait()

    def when_lost(self, call: Callable[[], None]) -> None:
        """Call ``call`` once, at the moment the link is lost."""
        self._when_lost = call

    async def close(self) -> None:
        """Leave after the broker took what was published; idempotent."""
        try:
            async with asyncio.timeout(LAST_WORD_S):
                while self._under_way and not self.is_lost:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            return
        finally:
            self._end()

    def _made(self, client_id: str, will: Will | None) -> Client:
        is_v5 = self._broker.version == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if is_v5 else self._session_expiry_s == 0,
            protocol=MQTTv5 if is_v5 else MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = ANSWER_TIMEOUT_S
        if self._broker.username:
            client.username_pw_set(self._broker.username, self._broker.password or None)
        if self._broker.tls is not None:
            self._broker.tls.sslsocket_class = _TidySocket
            client.tls_set_context(self._broker.tls)
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_connect = self._take_connack
        client.on_disconnect = self._take_disconnect
        client.on_subscribe = self._take_suback
        client.on_publish = self._take_puback
        client.on_message = self._take_message
        client.on_socket_open = self._watch
        client.on_socket_close = self._unwatch
        client.on_socket_register_write = self._watch_writing
        client.on_socket_unregister_write = self._unwatch_writing
        return client

    def _connect_properties(self) -> tuple[Properties | None, Any]:
        if self._broker.version != "5":
            return None, 3  # paho's word for: as the constructor said
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it bare
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = LARGEST_PACKET_BYTES
        properties.SessionExpiryInterval = self._session_expiry_s
        return properties, self._session_expiry_s == 0

    def _publish_properties(self, *, is_text: bool, traceparent: str) -> Properties | None:
        if self._broker.version != "5" or not (is_text or traceparent):
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it bare
        if is_text:
            properties.PayloadFormatIndicator = 1
        if traceparent:
            properties.UserProperty = (PROPERTY, traceparent)
        return properties

    # What paho calls. The first two of these come from the worker thread while it connects.

    def _watch(self, _client: Client, _userdata: Any, sock: Any) -> None:
        if self.is_lost:  # given up while the worker thread was still connecting
            sock.close()
            return
        self._on_loop(self._loop.add_reader, sock.fileno(), self._read)

    def _watch_writing(self, _client: Client, _userdata: Any, sock: Any) -> None:
        if self.is_lost:
            return
        self._on_loop(self._loop.add_writer, sock.fileno(), self._write)

    def _unwatch(self, _client: Client, _userdata: Any, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._on_loop(self._loop.remove_reader, sock.fileno())
            self._on_loop(self._loop.remove_writer, sock.fileno())

    def _unwatch_writing(self, _client: Client, _userdata: Any, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._on_loop(self._loop.remove_writer, sock.fileno())

    def _on_loop(self, call: Callable[..., object], *arguments: object) -> None:
        if self._loop.is_closed():  # a link that nobody closed is collected: nothing watches it any more
            return
        if threading.get_ident() == self._thread:
            call(*arguments)
        else:
            self._loop.call_soon_threadsafe(call, *arguments)

    def _read(self) -> None:
        while True:
            self._client.loop_read()
            sock = self._client.socket()
            # What TLS has decrypted already makes no socket readable.
            if not isinstance(sock, ssl.SSLSocket) or not sock.pending():
                return

    def _write(self) -> None:
        self._client.loop_write()

    def _tick(self) -> None:
        self._client.loop_misc()
        if not self.is_lost:
            self._ticker = self._loop.call_later(_TICK_S, self._tick)

    def _end(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
        if not self.is_lost:
            self._client.disconnect()
            self._client.loop_write()
        sock = self._client.socket()
        if sock is not None:  # it would not take our last word
            self._unwatch(self._client, None, sock)
            sock.close()
        # paho comes back to them when it is collected, perhaps after the loop.
        self._client.on_socket_close = self._client.on_socket_unregister_write = None
        self._mark_lost()

    def _mark_lost(self) -> None:
        if self.is_lost:
            return
        self._lost.set()
        self._room.set()
        if self._when_lost is not None:
            self._when_lost()
        for waiting in self._subscribed.values():
            if not waiting.done():
                waiting.set_exception(StreamClosedError("the broker is gone"))
                waiting.exception()  # seen: the one who waits may have given up
        if self._connected.done():
            return
        self._connected.set_result("it hung up")

    def _take_connack(self, _c: Client, _u: Any, _f: ConnectFlags, reason: ReasonCode, told: Properties | None) -> None:
        # paho itself keeps at most 20 unanswered on the wire; a broker that takes fewer says so (MQTT 5 §3.2.2.3.3).
        self._most_under_way = min(MOST_UNDER_WAY, getattr(told, "ReceiveMaximum", MOST_UNDER_WAY))
        if self._most_under_way >= _PAHO_WINDOW:
            self._most_under_way = MOST_UNDER_WAY
        if not self._connected.done():
            self._connected.set_result(str(reason) if reason.is_failure else "")

    def _take_disconnect(
        self, _c: Client, _u: Any, _f: DisconnectFlags, _reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._mark_lost()

    def _take_suback(self, _c: Client, _u: Any, mid: int, codes: list[ReasonCode], _p: Properties | None) -> None:
        waiting = self._subscribed.pop(mid, None)
        if waiting is None:
            self._early_subacks[mid] = codes
        elif not waiting.done():
            waiting.set_result(codes)

    def _take_puback(self, _c: Client, _u: Any, _mid: int, _reason: ReasonCode, _p: Properties) -> None:
        self._under_way -= 1
        self._room.set()

    def _take_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        properties = message.properties
        self._on_message(
            Arrival(
                topic=topic,
                payload=bytes(message.payload),
                mid=message.mid if message.qos else 0,
                is_repeat=message.dup,
                is_text=getattr(properties, "PayloadFormatIndicator", 0) == 1,
                traceparent=traceparent_of(getattr(properties, "UserProperty", [])),
            )
        )
