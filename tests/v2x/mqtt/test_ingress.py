"""What else comes through a broker: raw messages, positions, strangers, garbage; and what several gateways share."""

import asyncio
import json
import struct
from pathlib import Path

import pytest

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError, StorageError, StreamClosedError
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.v2x.making import NOON, SHUTTLE, batch, hello, payload_of, said, sample_at
from tests.v2x.mqtt.brokers import RunningBroker, mosquitto
from tests.v2x.mqtt.site import CONTEXT, PATIENCE_S, play, site, stranger, until
from v2x.client_frames import batch_frame
from v2x.edge.mqtt_connect import connect_mqtt
from v2x.edge.mqtt_ingress import LARGEST_PAYLOAD_BYTES
from v2x.edge.mqtt_link import Broker, MqttLink
from v2x.goodbye import GoodbyeReason
from v2x.mqtt.quadkeys import quadkey
from v2x.mqtt.topics import Kind, Topics
from v2x.mqtt.vdv435 import topic_of
from v2x.server_frames import Goodbye
from v2x.session import MAX_FRAME_BYTES

TOPICS = Topics.of(CONTEXT)
UP = TOPICS.up(Kind.BATCH, SHUTTLE)
PLACE = LatLon(50.684, 10.919)
BUS = VehicleId("bus-7")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def position(second: int = 0, **changes: object) -> bytes:
    fix = {"WGS84PhysicalPosition": {"Latitude": 50.684, "Longitude": 10.919}, "Velocity": 4.5}
    document = {
        "TimestampOfMeasurement": f"2025-11-18T12:00:{second:02}+01:00",
        "GnssPhysicalPosition": fix,
        **changes,
    }
    return json.dumps(document).encode()


def test_raw_messages_are_handed_on_with_their_source(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with site(any_broker) as made:
            stream = await connect_mqtt(any_broker.broker, vehicle_id=SHUTTLE, context=CONTEXT)
            await stream.send_raw(Kind.CAM, b"\x02\x02raw", PLACE)
            await stream.send_raw(Kind.DENM, b"\x02\x01raw", PLACE)
            await until(lambda: len(made.raw.frames) == 2)
            assert made.raw.frames == [(b"\x02\x02raw", "mqtt cam shuttle-1"), (b"\x02\x01raw", "mqtt denm shuttle-1")]
            await until(lambda: made.ingress.counters.acknowledged == made.ingress.counters.messages)
            await stream.close()

    play(scene)


def test_raw_messages_of_the_time_without_a_gateway_come_later(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with site(any_broker) as made, stranger(any_broker) as (vehicle, _):
            made.serving.cancel()
            await until(lambda: not made.ingress.is_connected)
            for number in range(20):
                vehicle.publish(TOPICS.up(Kind.CAM, SHUTTLE, PLACE), bytes([number]))
            await asyncio.sleep(0.2)
            assert made.raw.frames == []
            made.begin_again()
            await until(lambda: len(made.raw.frames) == 20)
            assert [frame for frame, _ in made.raw.frames] == [bytes([number]) for number in range(20)]

    play(scene)


def test_a_raw_message_is_acknowledged_only_when_it_is_kept(mosquitto_5: RunningBroker) -> None:
    class Slow:
        def __init__(self) -> None:
            self.attempts = 0
            self.go_on = asyncio.Event()

        async def take(self, frame: bytes, source: str, now: Instant) -> None:
            self.attempts += 1
            if frame == b"bad":
                raise BadInputError("no message")
            if self.attempts == 1:
                raise StorageError("too many wait")
            await self.go_on.wait()

    async def scene() -> None:
        async with site(mosquitto_5) as made, stranger(mosquitto_5) as (vehicle, _):
            slow = Slow()
            made.ingress._intake._its_input = slow
            before = made.ingress.counters.acknowledged
            vehicle.publish(TOPICS.up(Kind.CAM, SHUTTLE), b"good")
            await until(lambda: slow.attempts == 2)  # a fault of the moment is tried again
            assert made.ingress.counters.acknowledged == before
            slow.go_on.set()
            await until(lambda: made.ingress.counters.acknowledged == before + 1)
            vehicle.publish(TOPICS.up(Kind.CAM, SHUTTLE), b"bad")
            await until(lambda: made.ingress.counters.acknowledged == before + 2)
            assert made.quarantine.kept[-1][2] == b"bad"

    play(scene)


def test_positions_of_the_second_dialect_are_kept_once_and_shown(mosquitto_any: RunningBroker) -> None:
    async def scene() -> None:
        topic = topic_of("IOV", BUS)
        async with site(mosquitto_any, organisation="IOV") as made, stranger(mosquitto_any) as (bus, _):
            for second in (0, 2, 1, 1, 0):
                bus.publish(topic, position(second))
            bus.publish(topic, b"<GnssPhysicalPositionDataStructure/>")
            await until(lambda: made.ingress.counters.unusable == 1)
            await until(lambda: made.ingress.counters.acknowledged == made.ingress.counters.messages)
            assert sorted(record.sample.seq for record in made.log.records) == [NOON, NOON + 1000, NOON + 2000]
            assert made.gateway.latest()[BUS].as_of == NOON + 2000
            assert made.gateway.counters.duplicates == 2
            assert made.quarantine.kept == [(BUS, "corrupt", b"<GnssPhysicalPositionDataStructure/>")]

    play(scene)


def test_several_gateways_share_what_needs_no_session(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        async with (
            site(mosquitto_5, share="gateways", client_id="a") as first,
            site(mosquitto_5, share="gateways", client_id="b") as second,
            stranger(mosquitto_5) as (vehicle, _),
        ):
            for number in range(60):
                vehicle.publish(TOPICS.up(Kind.CAM, SHUTTLE, PLACE), bytes([number]))
            await until(lambda: len(first.raw.frames) + len(second.raw.frames) >= 60)
            taken = sorted(frame[0] for each in (first, second) for frame, _ in each.raw.frames)
            assert taken == list(range(60))
            assert first.raw.frames
            assert second.raw.frames

    play(scene)


def test_garbage_is_counted_kept_and_harms_no_session(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with site(any_broker) as made, stranger(any_broker) as (enemy, _):
            client = made.vehicle()
            client.record(sample_at(1))
            assert await client.drained(5.0)
            enemy.publish(UP, b"")
            enemy.publish(UP, b"\x0a\x03abc")  # begins like a Hello and is none
            enemy.publish(UP, b"\xff" * 50)
            enemy.publish(UP, batch_frame("boot-a", 2, [b"no sample"])[:-1])
            enemy.publish(TOPICS.up(Kind.STATUS, SHUTTLE), b"asleep")
            enemy.publish("ilmenau/inQueue/v2x/cpm/shuttle-1", b"x")
            enemy.publish("ilmenau/inQueue/v2x", b"x")
            enemy.publish("ilmenau/inQueue/v2x/batch/shuttle-1/not/a/quadkey", b"x")
            await until(lambda: made.ingress.counters.foreign == 3)
            await until(lambda: made.gateway.counters.corrupt == 4)
            client.record(sample_at(2))
            assert await client.drained(5.0)
            assert client.is_connected
            assert made.gateway.counters.sessions == 1
            assert made.ingress.counters.unusable == 1
            assert (SHUTTLE, "corrupt", b"asleep") in made.quarantine.kept
            await until(lambda: made.ingress.counters.acknowledged == made.ingress.counters.messages)

    play(scene)


def test_payloads_that_are_too_long_are_set_aside(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        async with site(mosquitto_5) as made, stranger(mosquitto_5) as (enemy, _):
            enemy.publish(UP, hello())
            enemy.publish(UP, b"\x12" * (MAX_FRAME_BYTES + 1))
            await until(lambda: [reason for _, reason, _ in made.quarantine.kept] == ["oversized"])
            enemy.publish(UP, b"\x12" * (2 * LARGEST_PAYLOAD_BYTES))  # the broker keeps it from us
            enemy.publish(UP, batch(1))
            await until(lambda: len(made.log.records) == 1)
            assert made.ingress.counters.oversized == 0

    play(scene)


def test_a_payload_that_no_broker_limited_is_not_handed_on(tmp_path: Path) -> None:
    async def scene(running: RunningBroker) -> None:
        async with site(running) as made, stranger(running) as (enemy, _):
            enemy.publish(UP, hello())
            enemy.publish(UP, b"\x12" * (LARGEST_PAYLOAD_BYTES + 1))
            enemy.publish(UP, batch(1))
            await until(lambda: len(made.log.records) == 1)
            assert made.ingress.counters.oversized == 1
            ((vehicle_id, reason, kept),) = made.quarantine.kept
            assert (vehicle_id, reason, len(kept)) == (None, "oversized", 1024)

    with mosquitto(tmp_path, version="3.1.1") as running:
        play(lambda: scene(running))


def test_a_hello_for_another_vehicle_than_the_topic_is_refused(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        down = TOPICS.down(Kind.BATCH, SHUTTLE)
        async with site(mosquitto_5) as made, stranger(mosquitto_5, down) as (enemy, heard):
            enemy.publish(UP, hello(vehicle_id=BUS))
            await until(lambda: bool(heard))
            assert said([each.payload for each in heard]) == [Goodbye(GoodbyeReason.VEHICLE_MISMATCH)]
            await until(lambda: made.ingress.counters.streams == 0)
            assert list(made.gateway.connected()) == []

    play(scene)


def test_a_trace_context_comes_back_with_the_answer(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        down = TOPICS.down(Kind.BATCH, SHUTTLE)
        async with site(mosquitto_5), stranger(mosquitto_5, down) as (vehicle, heard):
            vehicle.publish(UP, hello(), traceparent=TRACE)
            vehicle.publish(UP, batch(1))
            await until(lambda: len(heard) >= 2)
            assert {each.traceparent for each in heard} == {TRACE}

    play(scene)


def test_places_are_found_by_tile(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        near, far = LatLon(50.6841, 10.9192), LatLon(50.98, 11.03)
        zoom = next(zoom for zoom in range(22, 0, -1) if quadkey(PLACE, zoom) == quadkey(near, zoom))
        async with stranger(mosquitto_5, TOPICS.tile(Kind.DENM, PLACE, zoom)) as (link, heard):
            link.publish(TOPICS.down(Kind.DENM, "gateway", far), b"far")
            link.publish(TOPICS.down(Kind.DENM, "gateway", near), b"near")
            await until(lambda: bool(heard))
            assert [each.payload for each in heard] == [b"near"]

    play(scene)


def test_who_is_not_of_the_fleet_is_foreign_in_every_dialect(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        async with (
            site(mosquitto_5, organisation="IOV", is_known=lambda vehicle: vehicle == SHUTTLE) as made,
            stranger(mosquitto_5) as (enemy, _),
        ):
            enemy.publish(topic_of("IOV", BUS), position())
            enemy.publish(TOPICS.up(Kind.BATCH, BUS), hello(vehicle_id=BUS))
            await until(lambda: made.ingress.counters.foreign == 2)
            await until(lambda: made.ingress.counters.acknowledged == 2)
            assert (made.gateway.latest(), made.gateway.connected()) == ({}, ())

    play(scene)


def test_a_topic_that_is_no_utf_8_is_foreign(mosquitto_5: RunningBroker) -> None:
    # Mosquitto lets none pass, so a broker that does is played here: it answers CONNECT and sends one PUBLISH.
    connack, publish_body = b"\x20\x03\x00\x00\x00", struct.pack(">H", 3) + b"a/\xff" + b"\x00" + b"payload"

    async def scene() -> None:
        async def careless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1024)
            writer.write(connack + bytes((0x30, len(publish_body))) + publish_body)
            await writer.drain()
            await reader.read()
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(careless, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        heard: list[str] = []
        link = MqttLink(
            Broker(host="127.0.0.1", port=port),
            client_id="x",
            on_message=lambda arrival: heard.append(arrival.topic),
        )
        async with server:
            await link.open()
            await until(lambda: bool(heard))
            await link.close()
            assert heard == [""]
            await asyncio.sleep(0.05)

    play(scene)


def test_a_broker_that_talks_nonsense_is_no_broker(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1024)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        broker = Broker(host="127.0.0.1", port=port)
        async with server:
            with pytest.raises((StreamClosedError, OSError)):
                await connect_mqtt(broker, vehicle_id=SHUTTLE, context=CONTEXT)
            await asyncio.sleep(0.05)

    play(scene)


def test_names_that_fit_no_topic_are_told_before_anything_is_connected(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        with pytest.raises(BadInputError):
            await connect_mqtt(mosquitto_5.broker, vehicle_id=VehicleId("a/b"), context=CONTEXT)

    play(scene)


def test_a_burst_of_many_vehicles_is_held_back_by_the_window_and_not_lost(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        log = MemoryTelemetryLog()
        async with site(mosquitto_5, log) as made, stranger(mosquitto_5) as (vehicle, _):
            names = [VehicleId(f"v{number}") for number in range(20)]
            for name in names:
                vehicle.publish(TOPICS.up(Kind.BATCH, name), hello(vehicle_id=name))
                for seq in range(1, 51):
                    await vehicle.send(TOPICS.up(Kind.BATCH, name), batch_frame("boot-a", seq, [payload_of(seq)]))
            await until(lambda: len(log.records) == 1000, PATIENCE_S)
            assert made.ingress.counters.dropped == 0

    play(scene)
