"""The vehicle session over real brokers: the same promises as over a WebSocket."""

import asyncio
import socket

from mobility.core.ids import VehicleId
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.patience import PATIENCE_S
from tests.v2x.making import BOOT, SHUTTLE, HeldBackLog, batch, hello, said, sample_at
from tests.v2x.mqtt.brokers import RunningBroker
from tests.v2x.mqtt.site import CONTEXT, Site, play, site, stranger, until
from v2x.edge.mqtt_connect import connect_mqtt
from v2x.goodbye import GoodbyeReason
from v2x.mqtt.topics import OFFLINE, ONLINE, Kind, Topics
from v2x.server_frames import Ack, Goodbye, Welcome

VAN = VehicleId("van-1")
TOPICS = Topics.of(CONTEXT)
UP, DOWN = TOPICS.up(Kind.BATCH, SHUTTLE), TOPICS.down(Kind.BATCH, SHUTTLE)


def seqs(made: Site, vehicle_id: VehicleId = SHUTTLE) -> list[int]:
    return sorted(record.sample.seq for record in made.log.records if record.sample.vehicle_id == vehicle_id)


def test_samples_are_kept_once_and_acknowledged_over_every_broker(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with site(any_broker) as made:
            clients = [made.vehicle(vehicle_id) for vehicle_id in (SHUTTLE, VAN)]
            for seq in range(1, 301):
                for client, vehicle_id in zip(clients, (SHUTTLE, VAN), strict=True):
                    client.record(sample_at(seq, vehicle_id=vehicle_id))
                if seq % 50 == 0:
                    await asyncio.sleep(0.01)
            for client in clients:
                assert await client.drained(PATIENCE_S)
                assert client.acknowledged == 300
            assert seqs(made) == seqs(made, VAN) == list(range(1, 301))
            assert made.gateway.latest()[VAN].sample.seq == 300
            await until(lambda: made.ingress.counters.acknowledged == made.ingress.counters.messages)

    play(scene)


def test_the_broker_is_told_only_after_the_disk_has_it(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        log = HeldBackLog()
        async with site(any_broker, log) as made:
            client = made.vehicle()
            await until(lambda: client.link.is_live)
            await until(lambda: made.ingress.counters.messages == made.ingress.counters.acknowledged)
            client.record(sample_at(1))
            await until(lambda: log.syncing == 1)
            await asyncio.sleep(0.1)
            assert made.ingress.counters.acknowledged < made.ingress.counters.messages
            assert client.acknowledged == 0
            log.finish()
            assert await client.drained(PATIENCE_S)
            await until(lambda: made.ingress.counters.acknowledged == made.ingress.counters.messages)

    play(scene)


def test_what_was_not_on_disk_when_the_link_broke_the_broker_delivers_again(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        log = HeldBackLog()
        async with site(any_broker, log) as made, stranger(any_broker) as (vehicle, _):
            vehicle.publish(UP, hello())
            vehicle.publish(UP, batch(1))
            await until(lambda: log.syncing == 1)
            before = made.ingress.counters.messages
            made.ingress._link._client.socket().shutdown(socket.SHUT_RDWR)
            await until(lambda: made.ingress.counters.messages > before)
            # Without its Hello the frame is of no use; the vehicle, which had no Ack, is asked for one.
            await until(lambda: made.ingress.counters.without_hello >= 1)
            vehicle.publish(UP, hello())
            vehicle.publish(UP, batch(1, 2))
            log.finish()
            await until(lambda: log.syncing == 1)
            log.finish()
            await until(lambda: seqs(made) == [1, 2])
            assert made.gateway.counters.quarantined == 0

    play(scene)


def test_a_restart_of_the_broker_loses_nothing(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with site(any_broker) as made:
            client = made.vehicle()
            for seq in range(1, 201):
                client.record(sample_at(seq))
                if seq in {60, 130}:
                    await until(lambda: client.acknowledged > 0)
                    any_broker.stop(kill=seq == 130)
                    await asyncio.sleep(0.05)
                    any_broker.start()
                await asyncio.sleep(0.002)
            assert await client.drained(PATIENCE_S)
            assert seqs(made) == list(range(1, 201))
            assert made.ingress.counters.links >= 2

    play(scene)


def test_a_gateway_that_comes_back_goes_on_where_the_disk_stands(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        log = MemoryTelemetryLog()
        async with site(any_broker, log) as made:
            client = made.vehicle()
            client.record(sample_at(1))
            assert await client.drained(PATIENCE_S)
            made.serving.cancel()
            await until(lambda: not client.is_connected)  # told by the gateway's retained status
            client.record(sample_at(2))
            await asyncio.sleep(0.1)
            assert seqs(made) == [1]
            made.begin_again()
            assert await client.drained(PATIENCE_S)
            assert seqs(made) == [1, 2]
            assert made.gateway.counters.duplicates == 0

    play(scene)


def test_what_the_broker_delivers_twice_is_kept_once(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with site(any_broker) as made, stranger(any_broker, DOWN) as (vehicle, heard):
            vehicle.publish(UP, hello())
            for _ in range(3):
                vehicle.publish(UP, batch(1, 5))
            await until(lambda: made.gateway.counters.duplicates == 10)
            assert seqs(made) == [1, 2, 3, 4, 5]
            await until(lambda: Ack(BOOT, 5) in said([each.payload for each in heard]))
            vehicle.publish(UP, hello())  # a Hello delivered twice begins a session anew, and harms nobody
            await until(lambda: sum(isinstance(f, Welcome) for f in said([e.payload for e in heard])) == 2)
            assert not any(isinstance(frame, Goodbye) for frame in said([each.payload for each in heard]))
            vehicle.publish(UP, batch(6))
            await until(lambda: seqs(made) == [1, 2, 3, 4, 5, 6])

    play(scene)


def test_a_frame_without_a_session_is_answered_by_asking_for_one(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with site(any_broker) as made, stranger(any_broker, DOWN) as (vehicle, heard):
            for seq in range(1, 6):
                vehicle.publish(UP, batch(seq))
            await until(lambda: made.ingress.counters.without_hello == 5)
            await until(lambda: bool(heard))
            await asyncio.sleep(0.1)
            assert said([each.payload for each in heard]) == [Goodbye(GoodbyeReason.NO_HELLO)]
            await until(lambda: made.ingress.counters.acknowledged == made.ingress.counters.messages)
            assert made.log.records == []

    play(scene)


def test_a_vehicle_is_seen_to_come_and_to_be_gone(any_broker: RunningBroker) -> None:
    status = TOPICS.up(Kind.STATUS, SHUTTLE)

    async def scene() -> None:
        async with site(any_broker) as made:
            stream = await made.connect()
            await stream.send(hello())
            await until(lambda: SHUTTLE in made.gateway.connected())
            async with stranger(any_broker, status) as (_, heard):
                await until(lambda: [each.payload for each in heard] == [ONLINE])  # retained: for who comes later
                stream._link._client.socket().shutdown(socket.SHUT_RDWR)  # torn off, without a word
                await until(lambda: [each.payload for each in heard] == [ONLINE, OFFLINE])
            await until(lambda: SHUTTLE not in made.gateway.connected())
            again = await made.connect()
            await again.send(hello())
            await until(lambda: SHUTTLE in made.gateway.connected())
            await again.close()
            await until(lambda: SHUTTLE not in made.gateway.connected())
            assert made.gateway.counters.sessions == 2

    play(scene)


def test_a_second_connection_of_a_vehicle_takes_the_place_of_the_first(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        async with site(mosquitto_5) as made:
            first = await made.connect()
            await first.send(hello())
            await until(lambda: made.gateway.counters.sessions == 1)
            second = await made.connect()
            await second.send(hello())
            await second.send(batch(1))
            await until(lambda: seqs(made) == [1])
            await until(lambda: first.is_ended)
            assert list(made.gateway.connected()) == [SHUTTLE]

    play(scene)


def test_commands_reach_the_vehicle(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with site(any_broker) as made, stranger(any_broker, DOWN) as (_, heard):
            assert not made.gateway.send_command(SHUTTLE, b"signed")
            client = made.vehicle()
            await until(lambda: client.link.is_live)
            assert made.gateway.send_command(SHUTTLE, b"signed")
            await until(lambda: b"signed" in [each.payload for each in heard])
            assert client.is_connected

    play(scene)


def test_a_log_that_takes_nothing_more_leaves_the_frames_with_broker_and_vehicle(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        log = MemoryTelemetryLog()
        async with site(mosquitto_5, log) as made:
            client = made.vehicle()
            await until(lambda: client.link.is_live)
            await until(lambda: made.ingress.counters.messages == made.ingress.counters.acknowledged)
            log.is_read_only = True
            client.record(sample_at(1))
            await until(lambda: made.gateway.is_read_only)
            await asyncio.sleep(0.2)
            assert (client.waiting, client.acknowledged) == (1, 0)
            assert made.ingress.counters.acknowledged < made.ingress.counters.messages

    play(scene)


def test_an_unreachable_broker_is_an_ordinary_failure(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        async with site(mosquitto_5) as made:
            client = made.vehicle()
            await until(lambda: client.link.is_live)
            mosquitto_5.stop()
            await until(lambda: made.ingress.counters.failures >= 1)
            client.record(sample_at(1))
            try:
                await connect_mqtt(mosquitto_5.broker, vehicle_id=VAN, context=CONTEXT)
            except OSError as error:
                assert "refused" in str(error)
            mosquitto_5.start()
            assert await client.drained(PATIENCE_S)
            assert seqs(made) == [1]

    play(scene)
