"""Opening a vehicle's stream to the gateway over an MQTT broker.

The vehicle's buffer is freed by the gateway's ``Ack`` on the down topic, never by the broker's acknowledgement: what
the broker took is on no disk of ours.
"""

from contextlib import suppress

from mobility.core.errors import StreamClosedError
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from v2x.edge.mqtt_link import Arrival, Broker, MqttLink, Will
from v2x.edge.mqtt_stream import TopicStream
from v2x.mqtt.topics import GATEWAY, OFFLINE, ONLINE, Kind, Topics


class MqttVehicleStream(TopicStream):
    """A frame stream that can also publish the raw messages of the vehicle's own radio."""

    def __init__(self, link: MqttLink, topics: Topics, vehicle_id: VehicleId) -> None:
        """Use ``connect_mqtt``."""
        super().__init__(link, topics.up(Kind.BATCH, vehicle_id), done=link.acknowledge, leave=self._say_offline)
        self._topics = topics
        self._vehicle_id = vehicle_id

    async def send_raw(self, kind: Kind, frame: bytes, place: LatLon) -> None:
        """Publish a raw CAM or DENM under the tile of ``place``; raises ``StreamClosedError`` when the link is lost."""
        await self._link.send(self._topics.up(kind, self._vehicle_id, place), frame)

    async def receive(self) -> bytes | str:
        """Return the next frame; raises ``StreamClosedError`` at the end."""
        frame = await super().receive()
        self.settled(1)
        return frame

    async def _say_offline(self) -> None:
        with suppress(StreamClosedError):
            self._link.publish(self._topics.up(Kind.STATUS, self._vehicle_id), OFFLINE, retain=True)
        await self._link.close()


class _Incoming:
    """Sorts what the broker delivers to a vehicle."""

    def __init__(self, topics: Topics, vehicle_id: VehicleId) -> None:
        self.frames = topics.down(Kind.BATCH, vehicle_id)
        self.status = topics.down(Kind.STATUS, GATEWAY)
        self.link: MqttLink | None = None
        self.stream: MqttVehicleStream | None = None
        self.is_gateway_gone = False

    def take(self, arrival: Arrival) -> None:
        stream = self.stream
        if arrival.topic == self.frames and stream is not None and _put(stream, arrival):
            return
        if arrival.topic == self.frames and stream is not None:
            # No room: the gateway will tell again what we miss from now on, on a new stream.
            stream.end()
        elif arrival.topic == self.status and arrival.payload == OFFLINE:
            self.is_gateway_gone = True
            if stream is not None:
                stream.end()
        if self.link is not None:
            self.link.acknowledge(arrival.mid)


async def connect_mqtt(
    broker: Broker, *, vehicle_id: VehicleId, context: str, client_id: str | None = None
) -> MqttVehicleStream:
    """Connect a vehicle; the retained status says ``online`` now and ``offline`` when the broker misses us.

    A connection of its own each time, with a clean session: whatever was under way when a former one ended is asked
    for by the gateway's Welcome. Ends when the gateway says it goes. Raises ``OSError`` when nobody answers,
    ``StreamClosedError`` when the broker refuses, ``BadInputError`` for an id or context that fits no topic.
    """
    topics = Topics.of(context)
    incoming = _Incoming(topics, vehicle_id)
    status = topics.up(Kind.STATUS, vehicle_id)
    link = MqttLink(
        broker,
        client_id=client_id or vehicle_id,
        on_message=incoming.take,
        will=Will(topic=status, payload=OFFLINE),
    )
    incoming.link = link
    await link.open()
    stream = incoming.stream = MqttVehicleStream(link, topics, vehicle_id)
    link.when_lost(stream.end)
    try:
        await link.subscribe([incoming.frames, incoming.status])
        link.publish(status, ONLINE, retain=True)
    except BaseException:
        await link.close()
        raise
    return stream


def _put(stream: MqttVehicleStream, arrival: Arrival) -> bool:
    return stream.put(arrival.payload.decode("utf-8", "replace") if arrival.is_text else arrival.payload, arrival.mid)
