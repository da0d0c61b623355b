"""Faults for the MQTT day: what a careless gateway or vehicle would do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream, TelemetryLog, TelemetryRecord
from v2x.client_frames import Batch, parse_client_frame
from v2x.edge.mqtt_connect import MqttVehicleStream
from v2x.server_frames import Ack, ack_frame

LOST_EVERY = 5


class FreesOnBrokerAck:
    """A vehicle that frees its buffer when the broker has a batch, at a broker that loses some of them."""

    def __init__(self, inner: FrameStream) -> None:
        assert isinstance(inner, MqttVehicleStream)
        self._inner = inner
        self._batches = 0

    async def receive(self) -> bytes | str:
        return await self._inner.receive()

    async def send(self, frame: bytes | str) -> None:
        assert isinstance(frame, bytes)
        content = parse_client_frame(frame)
        if isinstance(content, Batch):
            self._batches += 1
            held = (content.first_seq, content.first_seq + len(content.payloads) - 1)
            self._inner.put(ack_frame(Ack(content.boot_id, 0, (held,))), 0)
            if self._batches % LOST_EVERY == 0:
                return
        await self._inner.send(frame)

    async def close(self, reason: str = "") -> None:
        await self._inner.close(reason)


class ArrivalTimes:
    """A log that takes the time of arrival for the time of the event."""

    def __init__(self, inner: TelemetryLog) -> None:
        self._inner = inner

    async def append(self, records: Sequence[TelemetryRecord]) -> None:
        await self._inner.append([replace(record, event_time=record.received_at) for record in records])

    def received(self) -> Mapping[tuple[VehicleId, BootId], Mapping[int, int]]:
        return self._inner.received()
