"""The gateway's side of an MQTT broker: one stream a vehicle, raw ITS messages, and VDV 435 positions.

The broker's acknowledgement of a message follows the disk: a PUBACK goes out when what the message held is durable,
or when there was nothing to keep. What the broker delivers is sorted here and never fatal.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import structlog

from mobility.core.clock import Clock
from mobility.core.errors import BadInputError, StreamClosedError
from mobility.core.ids import VehicleId
from v2x.client_frames import Hello, parse_client_frame
from v2x.edge.gateway import Gateway
from v2x.edge.listener import MOST_CONNECTIONS
from v2x.edge.mqtt_intake import RawTaker, StatelessIntake
from v2x.edge.mqtt_link import Arrival, Broker, MqttLink, Will
from v2x.edge.mqtt_stream import TopicStream
from v2x.goodbye import GoodbyeReason
from v2x.mqtt.counters import MqttCounters
from v2x.mqtt.topics import GATEWAY, OFFLINE, ONLINE, RAW_KINDS, Address, Kind, Topics
from v2x.mqtt.vdv435 import filter_of, vehicle_of
from v2x.quarantine import Quarantine, QuarantineReason
from v2x.server_frames import goodbye_frame
from v2x.session import KEPT_OF_OVERSIZED_BYTES

SESSION_EXPIRY_S = 86_400
"""The broker keeps what we have not acknowledged for a day after our link was lost (MQTT 5 §3.1.2.11.2)."""
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 10.0
ASK_AGAIN_MS = 1000
"""A vehicle without a stream is asked for its Hello at most so often."""
PARTING_S = 5.0
"""Longest wait for records on their way to disk when the ingress is stopped."""
LARGEST_PAYLOAD_BYTES = 1_048_576
"""More is not even handed to a session."""
_HELLO_TAG = 0x0A
# Field 1 of a ClientFrame, length-delimited: cheap to see before the frame is parsed.

_log = structlog.get_logger()


class MqttIngress:
    """Connects to the broker, and again whenever the link is lost."""

    def __init__(
        self,
        gateway: Gateway,
        its_input: RawTaker | None,
        *,
        clock: Clock,
        quarantine: Quarantine,
        broker: Broker,
        context: str,
        share: str = "",
        organisation: str = "",
        client_id: str = "",
        is_known: Callable[[VehicleId], bool] | None = None,
    ) -> None:
        """Serve vehicles below ``context``; raises ``BadInputError`` for a name that fits no topic.

        ``share`` takes raw messages and positions as a member of that group, so that several processes divide them
        (MQTT 5); batches are not shared, because a vehicle's session lives in one process. ``organisation`` switches
        VDV 435 positions on. ``client_id`` names the broker's session, ``{context}-gateway`` by default; two
        processes need two names. ``is_known`` tells which vehicles are of this fleet; all others count as foreign.
        """
        self._is_known = is_known
        self._gateway = gateway
        self._clock = clock
        self._quarantine = quarantine
        self._broker = broker
        self._topics = Topics.of(context)
        self._organisation = organisation
        self._client_id = client_id or f"{context}-{GATEWAY}"
        self._counters = MqttCounters()
        self._intake = StatelessIntake(gateway, its_input, clock=clock, quarantine=quarantine, counters=self._counters)
        self._filters = self._wanted(share)
        self._streams: dict[VehicleId, TopicStream] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._asked: dict[VehicleId, int] = {}
        self._link: MqttLink | None = None
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def counters(self) -> MqttCounters:
        """What was counted so far."""
        return replace(self._counters, streams=len(self._streams))

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there and everything is subscribed."""
        return self._link is not None and not self._link.is_lost

    async def run(self) -> None:
        """Serve for ever; ends by cancellation only, after what was taken is durable."""
        attempts = 0
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            working = tasks.create_task(self._intake.run())
            try:
                while True:
                    if await self._serve_link():
                        attempts = 0
                    attempts += 1
                    await self._clock.sleep(min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(attempts - 1, 10)))
            finally:
                working.cancel()
                await self._part()

    async def _serve_link(self) -> bool:
        will = Will(topic=self._topics.down(Kind.STATUS, GATEWAY), payload=OFFLINE)
        link = MqttLink(
            self._broker,
            client_id=self._client_id,
            # It knows its own link: what the broker kept for us comes with its first answer.
            on_message=lambda arrival: self._take(link, arrival),
            will=will,
            session_expiry_s=SESSION_EXPIRY_S,
        )
        try:
            await link.open()
            await link.subscribe(self._filters)
            link.publish(will.topic, ONLINE, retain=True)
        except (OSError, StreamClosedError) as error:
            self._counters.failures += 1
            _log.warning("MQTT broker not reached", host=self._broker.host, port=self._broker.port, fault=str(error))
            await link.close()
            return False
        self._link = link
        self._counters.links += 1
        _log.info("MQTT broker reached", host=self._broker.host, port=self._broker.port, version=self._broker.version)
        await link.ended()
        _log.warning("MQTT broker lost", host=self._broker.host, port=self._broker.port)
        # Vehicles learn it from our last will and say Hello anew; the broker delivers unacknowledged frames again.
        self._end_streams()
        return True

    async def _part(self) -> None:
        self._end_streams()
        if self._serving:
            await asyncio.wait(self._serving, timeout=PARTING_S)
        link = self._link
        if link is not None and not link.is_lost:
            with suppress(StreamClosedError):
                link.publish(self._topics.down(Kind.STATUS, GATEWAY), OFFLINE, retain=True)
            await link.close()

    def _wanted(self, share: str) -> list[str]:
        positions = [filter_of(self._organisation, share)] if self._organisation else []
        if not share:
            return [self._topics.everything_up(), *positions]
        shared = [self._topics.all_up(kind, share) for kind in RAW_KINDS]
        return [self._topics.all_up(Kind.BATCH), self._topics.all_up(Kind.STATUS), *shared, *positions]

    def _take(self, link: MqttLink, arrival: Arrival) -> None:
        counters = self._counters
        counters.messages += 1
        counters.repeated += arrival.is_repeat
        if len(arrival.payload) > LARGEST_PAYLOAD_BYTES:
            counters.oversized += 1
            self._set_aside(None, QuarantineReason.OVERSIZED, arrival.payload)
        elif self._route(link, arrival):
            return
        self._done(link, arrival.mid)

    def _route(self, link: MqttLink, arrival: Arrival) -> bool:
        """Return whether somebody else acknowledges the message later."""
        if self._organisation and (vehicle := vehicle_of(arrival.topic, self._organisation)) is not None:
            return self._is_ours(vehicle) and self._intake.put_position(
                vehicle, arrival.payload, lambda: self._done(link, arrival.mid)
            )
        try:
            address = self._topics.read(arrival.topic)
        except BadInputError:
            self._counters.foreign += 1
            return False
        if address.kind is Kind.BATCH:
            return self._is_ours(address.vehicle_id) and self._route_frame(link, address.vehicle_id, arrival)
        if address.kind is Kind.STATUS:
            self._take_status(address, arrival)
            return False
        source = f"mqtt {address.kind} {address.vehicle_id}"
        return self._intake.put_raw(arrival.payload, source, lambda: self._done(link, arrival.mid))

    def _is_ours(self, vehicle_id: VehicleId) -> bool:
        is_ours = self._is_known is None or self._is_known(vehicle_id)
        self._counters.foreign += not is_ours
        return is_ours

    def _take_status(self, address: Address, arrival: Arrival) -> None:
        if arrival.payload == OFFLINE:
            stream = self._streams.pop(address.vehicle_id, None)
            if stream is not None:
                stream.end()
        elif arrival.payload != ONLINE:
            self._counters.unusable += 1
            self._set_aside(address.vehicle_id, QuarantineReason.CORRUPT, arrival.payload)

    def _route_frame(self, link: MqttLink, vehicle_id: VehicleId, arrival: Arrival) -> bool:
        frame = arrival.payload.decode("utf-8", "replace") if arrival.is_text else arrival.payload
        stream = self._streams.get(vehicle_id)
        if _is_hello(frame):
            stream = self._greet(link, vehicle_id, stream)
        if stream is None or stream.is_ended:
            self._ask_for_hello(link, vehicle_id)
            return False
        stream.traceparent = arrival.traceparent or stream.traceparent
        if stream.put(frame, arrival.mid):
            return True
        # The vehicle keeps it until our Ack, and is told of the gap by the next frame that is taken.
        self._counters.dropped += 1
        return False

    def _greet(self, link: MqttLink, vehicle_id: VehicleId, former: TopicStream | None) -> TopicStream | None:
        if former is None and len(self._streams) >= MOST_CONNECTIONS:
            self._counters.dropped += 1
            return None
        if former is not None:
            # Silently: a Goodbye on the shared down topic would end the new session instead.
            former.end()
        stream = TopicStream(link, self._topics.down(Kind.BATCH, vehicle_id), done=lambda mid: self._done(link, mid))
        self._streams[vehicle_id] = stream
        assert self._tasks is not None  # noqa: S101 - messages come while ``run`` runs
        serving = self._tasks.create_task(self._serve(stream, vehicle_id))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        return stream

    async def _serve(self, stream: TopicStream, vehicle_id: VehicleId) -> None:
        try:
            await self._gateway.serve(stream, identify=lambda _token: vehicle_id, settled=stream.settled)
        finally:
            stream.end()
            if self._streams.get(vehicle_id) is stream:
                del self._streams[vehicle_id]
            # A log that keeps nothing any more is no end: the broker holds the rest until we are mended.
            if not self._gateway.is_read_only:
                stream.settle_all()

    def _ask_for_hello(self, link: MqttLink, vehicle_id: VehicleId) -> None:
        self._counters.without_hello += 1
        now = self._clock.now()
        if now - self._asked.get(vehicle_id, 0) < ASK_AGAIN_MS or link.is_lost:
            return
        if len(self._asked) >= MOST_CONNECTIONS:
            self._asked.clear()
        self._asked[vehicle_id] = now
        with suppress(StreamClosedError):
            link.publish(self._topics.down(Kind.BATCH, vehicle_id), goodbye_frame(GoodbyeReason.NO_HELLO))

    def _end_streams(self) -> None:
        for stream in self._streams.values():
            stream.end()
        self._streams.clear()

    def _done(self, link: MqttLink, mid: int) -> None:
        if mid and not link.is_lost:
            self._counters.acknowledged += 1
            link.acknowledge(mid)

    def _set_aside(self, vehicle_id: VehicleId | None, reason: QuarantineReason, payload: bytes) -> None:
        self._quarantine.keep(vehicle_id, reason, payload[:KEPT_OF_OVERSIZED_BYTES])


def _is_hello(frame: bytes | str) -> bool:
    if isinstance(frame, str) or frame[:1] != bytes((_HELLO_TAG,)):
        return False
    try:
        return isinstance(parse_client_frame(frame), Hello)
    except BadInputError:
        return False
