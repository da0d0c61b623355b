"""GTFS-realtime over a real broker: what a planner that comes late, stays, or comes back finds there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.from_region import timetable_of as timetable_of_region
from gtfs.timetable import Timetable
from mobility.core.clock import Instant, shifted
from mobility.core.events import Envelope, TripCancelled
from mobility.core.ids import TripId
from mobility.core.vehicle import TripRef
from mobility.storage.bundles import load_region, shipped_region
from passenger_info.dataset import DatasetKind
from passenger_info.edge import mqtt_out
from passenger_info.edge.mqtt_out import MqttOut
from passenger_info.edge.mqtt_publisher import PublishingBroker
from passenger_info.edge.service import PassengerInfo
from passenger_info.entities import Entity
from passenger_info.mqtt_topics import LONGEST_TOPIC_BYTES
from passenger_info.splice import entity_record
from tests.fakes.clock import SettableClock
from tests.passenger_info.day import DAY, ONE_HOUR, SPECS, Drive, run_on, timetable_of
from tests.passenger_info.live_clock import LiveClock
from tests.passenger_info.mqtt_listener import Listener, only_entity, retained
from tests.patience import LONG_PATIENCE_S, PATIENCE_S
from tests.v2x.mqtt.brokers import RunningBroker, mosquitto, require_brokers

D1 = TripRef(TripId("D1"), DAY)
TRIP_TOPIC = "/gtfsrt/tu/ilmenau/D/0/D1/20251014"


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


async def until(holds: Callable[[], bool | Awaitable[bool]], seconds: float = PATIENCE_S) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)


def publisher(info: PassengerInfo, clock, broker: RunningBroker, **more) -> MqttOut:
    where = PublishingBroker(host="127.0.0.1", port=broker.port, version="5" if broker.version == "5" else "3.1.1")
    return MqttOut(info, clock=clock, broker=where, feed_id="ilmenau", **more)


@asynccontextmanager
async def running(out: MqttOut) -> AsyncIterator[None]:
    task = asyncio.ensure_future(out.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def scene(timetable: Timetable, tmp_path: Path, play, version: str = "5") -> None:
    """Run ``play(info, states, broker)`` with the first minute of trip D1 driven and a broker running."""
    require_brokers()
    states = list(Drive(run_on(timetable, "D1"), timetable).states())

    async def main() -> None:
        info = PassengerInfo(timetable=timetable, clock=LiveClock(states[30].as_of), specs=SPECS)
        info.observe(states[30])
        with mosquitto(tmp_path / "broker", version=version) as broker:
            async with asyncio.timeout(LONG_PATIENCE_S):
                await play(info, states, broker)

    asyncio.run(main())


def facts(info: PassengerInfo, body) -> None:
    info.facts([Envelope(seq=1, recorded_at=info.clock.now(), actor="dispatcher", body=body)])


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_late_comer_gets_every_entity_under_a_topic_of_its_own(
    timetable: Timetable, tmp_path: Path, version: str
) -> None:
    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        out = publisher(info, info.clock, broker)
        entities = info.feed.entities(DatasetKind.ALL, info.clock.now())
        async with running(out):
            await until(lambda: out.is_connected and out.counters.published == len(entities))
            found = await retained(broker.port)
        assert set(found) >= {
            TRIP_TOPIC,
            "/gtfsrt/vp/ilmenau//IOV/BUS/D/0/Campus/D1/station/08:00/shuttle-1/50;10/69/82/44/D/"
            + colour(timetable)
            + "/",
            "/gtfsrt/status/ilmenau",
        }
        update = only_entity(found[TRIP_TOPIC])
        assert update.trip_update.trip.trip_id == "D1"
        assert len(update.trip_update.stop_time_update) == 4
        assert found["/gtfsrt/status/ilmenau"] == b"online"
        assert len(found) == len(entities) + 1

    scene(timetable, tmp_path, play, version)


def colour(timetable: Timetable) -> str:
    return next(iter(timetable.routes.values())).colour


def test_a_subscriber_hears_a_change_and_the_newest_value_stays(timetable: Timetable, tmp_path: Path) -> None:
    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        out = publisher(info, info.clock, broker)
        async with running(out):
            await until(lambda: out.counters.published >= 2)
            with Listener(broker.port, TRIP_TOPIC) as planner:
                await until(lambda: len(planner.heard) == 1)
                facts(info, TripCancelled(trip=D1, reason="Fahrzeugschaden"))
                await until(lambda: len(planner.heard) == 2)
            cancelled = only_entity(planner.heard[-1][1]).trip_update.trip
            assert cancelled.schedule_relationship == gtfs_realtime.TripDescriptor.CANCELED
            assert planner.heard[-1] == (TRIP_TOPIC, (await retained(broker.port))[TRIP_TOPIC])

    scene(timetable, tmp_path, play)


class Script:
    """A feed that says what the test says."""

    def __init__(self, *entities: gtfs_realtime.FeedEntity) -> None:
        self.now = {entity.id: entity for entity in entities}

    def entities(self, kind, at) -> list[Entity]:
        return [self._made(entity) for entity in self.now.values()]

    def entity(self, entity_id: str, at) -> Entity | None:
        return self._made(self.now[entity_id]) if entity_id in self.now else None

    def _made(self, entity: gtfs_realtime.FeedEntity) -> Entity:
        return Entity(entity_id=entity.id, record=entity_record(entity), topics=())


def position(taken_s: int, lat_deg: float = 50.5, vehicle_id: str = "v1") -> gtfs_realtime.FeedEntity:
    entity = gtfs_realtime.FeedEntity(id=f"vehicle:{vehicle_id}")
    entity.vehicle.vehicle.id = vehicle_id
    entity.vehicle.timestamp = taken_s
    entity.vehicle.position.latitude, entity.vehicle.position.longitude = lat_deg, 10.5
    return entity


def update_of(trip_id: str) -> gtfs_realtime.FeedEntity:
    entity = gtfs_realtime.FeedEntity(id=f"trip:20251014:{trip_id}")
    entity.trip_update.trip.trip_id, entity.trip_update.trip.start_date = trip_id, "20251014"
    entity.trip_update.trip.route_id = "D"
    return entity


def test_what_is_gone_is_said_to_be_gone_and_leaves_nothing_behind(timetable: Timetable, tmp_path: Path) -> None:
    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        feed = Script(position(1), update_of("D1"), update_of("tour-7"))
        out = publisher(info, info.clock, broker, feed=feed)
        async with running(out):
            await until(lambda: out.counters.retained == 3)
            with Listener(broker.port, "/gtfsrt/+/ilmenau/#") as planner:
                await until(lambda: len(planner.heard) == 4)  # and the status
                planner.heard.clear()
                gone, feed.now = list(feed.now), {}
                for entity_id in gone:
                    info._changed(entity_id)
                await until(lambda: len(planner.heard) == 6)
            assert set(await retained(broker.port)) == {"/gtfsrt/status/ilmenau"}
            parting = {only.id: only for only in (only_entity(p) for _, p in planner.heard if p)}
            assert all(only.is_deleted for only in parting.values())
            assert not parting["vehicle:v1"].HasField("vehicle")
            scheduled, tour = (parting[f"trip:20251014:{name}"].trip_update for name in ("D1", "tour-7"))
            # A planner that knows no is_deleted forgets the prediction of the one and drops the other.
            assert [s.schedule_relationship for s in scheduled.stop_time_update] == 4 * [2]
            assert tour.trip.schedule_relationship == gtfs_realtime.TripDescriptor.DELETED
            assert out.counters.cleared == 3
            assert out.counters.retained == 0

    scene(timetable, tmp_path, play)


def test_an_older_position_never_follows_a_newer_one(timetable: Timetable, tmp_path: Path) -> None:
    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        feed = Script(position(100))
        out = publisher(info, info.clock, broker, feed=feed)
        async with running(out):
            await until(lambda: out.counters.published == 1)
            with Listener(broker.port, "/gtfsrt/vp/#") as map_page:
                for decided, taken_s in enumerate((99, 101, 100, 102), start=2):
                    feed.now["vehicle:v1"] = position(taken_s)
                    info._changed("vehicle:v1")
                    await until(lambda decided=decided: out.counters.published + out.counters.withheld == decided)
                await until(lambda: len(map_page.heard) == 3)
            times = [only_entity(payload).vehicle.timestamp for _, payload in map_page.heard]
            assert times == [100, 101, 102]
            assert out.counters.withheld == 2

    scene(timetable, tmp_path, play)


def test_a_vehicle_that_moves_to_another_tile_is_not_left_in_the_old_one(timetable: Timetable, tmp_path: Path) -> None:
    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        feed = Script(position(1, 50.1))
        out = publisher(info, info.clock, broker, feed=feed)
        async with running(out):
            await until(lambda: out.counters.published == 1)
            feed.now["vehicle:v1"] = position(2, 50.2)
            info._changed("vehicle:v1")
            await until(lambda: out.counters.cleared == 1)
            (topic,) = await retained(broker.port, "/gtfsrt/vp/#")
            assert "/50;10/25/00/00/" in topic

    scene(timetable, tmp_path, play)


def test_what_a_crashed_run_left_is_cleared_by_the_next(timetable: Timetable, tmp_path: Path) -> None:
    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        out = publisher(info, info.clock, broker, feed=Script(update_of("D1"), update_of("D2")))
        task = asyncio.ensure_future(out.run())
        await until(lambda: out.counters.retained == 2 and not out._link._under_way)
        out._link._client._sock.close()  # no farewell
        await until(lambda: not out.is_connected)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert len(await retained(broker.port, "/gtfsrt/tu/#")) == 2
        again = publisher(info, info.clock, broker, feed=Script(update_of("D2")))
        async with running(again):
            await until(lambda: again.counters.cleared == 1 and not again._link._under_way)
            assert list(await retained(broker.port, "/gtfsrt/tu/#")) == ["/gtfsrt/tu/ilmenau/D//D2/20251014"]

    scene(timetable, tmp_path, play)


def test_the_broker_may_go_and_come_back_without_anything(timetable: Timetable, tmp_path: Path) -> None:
    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        out = publisher(info, info.clock, broker)
        async with running(out):
            await until(lambda: out.counters.published >= 2)
            before = out.counters.retained
            broker.stop(kill=True)
            await until(lambda: not out.is_connected)
            (tmp_path / "broker" / "mosquitto.db").unlink(missing_ok=True)
            broker.start()
            info.observe(states[32])
            await until(lambda: out.counters.links == 2 and out.counters.retained >= before)
            await until(lambda: not out._link._under_way)
            assert TRIP_TOPIC in await retained(broker.port, "/gtfsrt/+/ilmenau/#")
            assert out.counters.links == 2

    scene(timetable, tmp_path, play)


def test_last_will_says_offline_and_positions_go_with_us_but_a_cancelled_trip_stays(
    timetable: Timetable, tmp_path: Path
) -> None:
    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        out = publisher(info, info.clock, broker)
        facts(info, TripCancelled(trip=TripRef(TripId("D3"), DAY), reason=""))
        async with running(out):
            await until(lambda: out.counters.published >= 3)
            assert [topic for topic in await retained(broker.port) if "/vp/" in topic]
        found = await retained(broker.port)
        assert not [topic for topic in found if "/vp/" in topic]
        assert "/gtfsrt/tu/ilmenau/D/0/D3/20251014" in found
        assert [topic for topic in found if topic.startswith("/gtfsrt/sa/ilmenau/")]  # and why
        assert found["/gtfsrt/status/ilmenau"] == b"offline"

    scene(timetable, tmp_path, play)


def test_a_silent_publisher_leaves_no_ghost_at_the_broker(
    timetable: Timetable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_out, "POSITION_EXPIRY_S", 1)

    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        out = publisher(info, info.clock, broker, feed=Script(position(1)))
        async with running(out):
            await until(lambda: out.counters.published == 1)

            async def is_gone() -> bool:
                return await retained(broker.port, "/gtfsrt/vp/#") == {}

            await until(is_gone)
            assert out.counters.published == 1

    scene(timetable, tmp_path, play)


def test_what_stays_true_is_renewed_before_it_expires(
    timetable: Timetable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_out, "EXPIRY_S", 2)
    monkeypatch.setattr(mqtt_out, "RENEW_S", 0.2)

    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        out = publisher(info, info.clock, broker, feed=Script(update_of("D1")))
        began_s = asyncio.get_running_loop().time()
        async with running(out):
            await until(lambda: out.counters.published >= 3)
            # Half of its time may pass before it is said again, no less.
            assert out.counters.published <= 1 + (asyncio.get_running_loop().time() - began_s) / 0.9

            async def is_there() -> bool:
                return len(await retained(broker.port, "/gtfsrt/tu/#")) == 1

            await until(is_there)

    scene(timetable, tmp_path, play)


def test_changes_while_one_waits_are_joined_and_two_thousand_entities_fit_a_small_window(
    timetable: Timetable, tmp_path: Path
) -> None:
    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        feed = Script(*(position(1, vehicle_id=f"v{i}") for i in range(2000)))
        out = publisher(info, info.clock, broker, feed=feed)
        async with running(out):
            await until(lambda: out.counters.retained == 2000)
            before = out.counters.published
            for taken_s in range(2, 502):
                feed.now["vehicle:v7"] = position(taken_s, vehicle_id="v7")
                info._changed("vehicle:v7")
            await until(lambda: out.counters.published > before)
            await asyncio.sleep(0.2)
            assert out.counters.published - before <= 2

            async def is_newest() -> bool:
                found = await retained(broker.port, "/gtfsrt/vp/+/+/+/+/+/+/+/+/+/+/v7/#")
                return [only_entity(payload).vehicle.timestamp for payload in found.values()] == [501]

            await until(is_newest)

    scene(timetable, tmp_path, play)


def test_a_broker_that_does_not_let_us_read_still_gets_everything(timetable: Timetable, tmp_path: Path) -> None:
    require_brokers()
    (tmp_path / "acl").write_text("topic write #\n")

    async def main() -> None:
        info = PassengerInfo(timetable=timetable, clock=SettableClock(shifted(Instant(0), 1)), specs=SPECS)
        with mosquitto(tmp_path / "broker", f"acl_file {tmp_path}/acl") as broker:
            out = publisher(info, LiveClock(Instant(0)), broker, feed=Script(update_of("D1")))
            async with running(out):
                await until(lambda: out.counters.published == 1)
                assert out.counters.links == 1

    asyncio.run(main())


def test_without_a_broker_it_tries_again_and_counts() -> None:
    async def main() -> None:
        clock = SettableClock(Instant(0))
        info = PassengerInfo(timetable=_ilmenau(), clock=clock, specs={})
        out = MqttOut(
            info, clock=LiveClock(Instant(0)), broker=PublishingBroker(host="127.0.0.1", port=1), feed_id="ilmenau"
        )
        async with running(out):
            await until(lambda: out.counters.failures == 2)
            assert not out.is_connected
            info._changed("trip:20251014:D1")
            assert out._noted == {}

    asyncio.run(main())


def _ilmenau() -> Timetable:
    return timetable_of_region(load_region(shipped_region("ilmenau")))


def test_an_id_too_long_for_a_topic_is_counted_and_harms_nothing(timetable: Timetable, tmp_path: Path) -> None:
    async def play(info: PassengerInfo, states, broker: RunningBroker) -> None:
        long = update_of("x" * LONGEST_TOPIC_BYTES)
        out = publisher(info, info.clock, broker, feed=Script(long, update_of("D1")))
        async with running(out):
            await until(lambda: out.counters.published == 1)
            assert out.counters.unusable == 1

    scene(timetable, tmp_path, play)
