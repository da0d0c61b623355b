"""The contract of ``FrameStream`` (``tests/contracts``) over a pair of topics; text frames with MQTT 5 only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mobility.core.errors import StreamClosedError
from tests.v2x.making import SHUTTLE
from tests.v2x.mqtt.brokers import RunningBroker
from tests.v2x.mqtt.site import CONTEXT, play
from v2x.edge.mqtt_connect import connect_mqtt
from v2x.edge.mqtt_link import Arrival, MqttLink
from v2x.edge.mqtt_stream import MOST_WAITING, TopicStream
from v2x.mqtt.topics import OFFLINE, Kind, Topics

TOPICS = Topics.of(CONTEXT)


@asynccontextmanager
async def ends(running: RunningBroker) -> AsyncIterator[tuple[TopicStream, TopicStream]]:
    """The vehicle's end and the gateway's."""

    def take(arrival: Arrival) -> None:
        if arrival.topic == TOPICS.up(Kind.BATCH, SHUTTLE):
            far.put(arrival.payload.decode() if arrival.is_text else arrival.payload, arrival.mid)
            return
        if arrival.payload == OFFLINE:
            far.end()
        link.acknowledge(arrival.mid)

    link = MqttLink(running.broker, client_id="gateway", on_message=take)
    far = TopicStream(link, TOPICS.down(Kind.BATCH, SHUTTLE), done=link.acknowledge)
    await link.open()
    await link.subscribe([TOPICS.everything_up()])
    near = await connect_mqtt(running.broker, vehicle_id=SHUTTLE, context=CONTEXT)
    try:
        yield near, far
    finally:
        await near.close()
        await link.close()


def test_frames_arrive_whole_in_order_and_of_their_kind(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        async with ends(mosquitto_5) as (near, far):
            sent: list[bytes | str] = [b"\x00\xff", "grün", b"", b"x" * 70_000]
            for frame in sent:
                await near.send(frame)
            assert [await far.receive() for _ in sent] == sent

    play(scene)


def test_both_ends_may_speak(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with ends(any_broker) as (near, far):
            await near.send(b"ping")
            await far.send(b"pong")
            assert await far.receive() == b"ping"
            assert await near.receive() == b"pong"

    play(scene)


def test_many_frames_stay_in_order(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with ends(any_broker) as (near, far):
            sent = [bytes([number % 256]) * 40 for number in range(500)]

            async def speak() -> None:
                for frame in sent:
                    await near.send(frame)

            speaking = asyncio.ensure_future(speak())
            received = []
            for _ in sent:
                received.append(await far.receive())
                far.settled(1)
            await speaking
            assert received == sent

    play(scene)


def test_what_was_sent_before_the_end_is_still_read(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with ends(any_broker) as (near, far):
            await near.send(b"last words")
            await near.close("done")
            assert await far.receive() == b"last words"
            with pytest.raises(StreamClosedError):
                await far.receive()

    play(scene)


def test_nothing_can_be_sent_into_a_closed_stream(any_broker: RunningBroker) -> None:
    async def scene() -> None:
        async with ends(any_broker) as (near, far):
            await near.close()
            with pytest.raises(StreamClosedError):
                await far.receive()
            for end in (near, far):
                with pytest.raises(StreamClosedError):
                    await end.send(b"too late")

    play(scene)


def test_closing_twice_is_closing_once(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        async with ends(mosquitto_5) as (near, far):
            await asyncio.gather(near.close("ä" * 200), far.close())
            await near.close()
            with pytest.raises(StreamClosedError):
                await near.receive()

    play(scene)


def test_a_stream_holds_so_many_frames_and_no_more(mosquitto_5: RunningBroker) -> None:
    async def scene() -> None:
        done: list[int] = []
        link = MqttLink(mosquitto_5.broker, client_id="x", on_message=lambda _: None)
        stream = TopicStream(link, "t", done=done.append)
        assert [stream.put(b"x", mid) for mid in range(1, MOST_WAITING + 2)] == [True] * MOST_WAITING + [False]
        for _ in range(3):
            await stream.receive()
        stream.settled(2)
        assert done == [1, 2]
        stream.settled(99)
        assert done == [1, 2, 3]
        stream.end()
        assert not stream.put(b"late", 7)
        stream.settle_all()
        assert done == list(range(1, MOST_WAITING + 1))
        await link.close()

    play(scene)
