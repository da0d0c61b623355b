"""What the planner makes of each kind of realtime message: the table that profile ``otp`` is written after.

Messages are built by hand here and published one a topic, as ``MqttOut`` does. A newer planner that understands more
makes a test fail: then the profile may say more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from mobility.core.clock import datetime_at
from mobility.core.ids import StopId, TripId
from passenger_info.mqtt_topics import FeedTopics
from tests.planner.backend import Scene, scene_of_next_week, write_inputs
from tests.planner.otp import FEED_ID, Planner, mqtt_updater, planner
from tests.v2x.mqtt.brokers import mosquitto, require_brokers

pytestmark = pytest.mark.slow

Trip = gtfs_realtime.TripDescriptor
Call = gtfs_realtime.TripUpdate.StopTimeUpdate
LATE_S = 60
CALLS = """
query($trip: String!, $day: String!) { trip(id: $trip) { tripHeadsign stoptimesForDate(serviceDate: $day) {
  stop { gtfsId } scheduledDeparture realtimeDeparture realtimeState pickupType headsign } } }
"""


@dataclass
class Table:
    """A planner that listens, and one who tells it something."""

    scene: Scene
    planner: Planner
    client: Client

    def tell(self, entity: gtfs_realtime.FeedEntity) -> None:
        entity.id = entity.id or "e"
        message = gtfs_realtime.FeedMessage(entity=[entity])
        message.header.gtfs_realtime_version = "2.0"
        message.header.incrementality = gtfs_realtime.FeedHeader.DIFFERENTIAL
        message.header.timestamp = self.scene.at("08:00") // 1000
        topics = FeedTopics.of("/gtfsrt", FEED_ID, self.scene.timetable)
        self.client.publish(topics.topic(entity), message.SerializeToString(), qos=1, retain=True).wait_for_publish(5)

    def update(
        self,
        trip_id: str,
        relationship: int,
        like: str = "",
        *,
        stops: Sequence[str] = (),
        shift_s: int = 0,
        is_new: bool = False,
        states: Sequence[int] = (),
    ) -> gtfs_realtime.FeedEntity:
        """An update in the words of one relationship, its calls those of the trip ``like``, a minute late."""
        entity = gtfs_realtime.FeedEntity(id=trip_id)
        told = entity.trip_update
        told.trip.trip_id, told.trip.route_id, told.trip.start_date = trip_id, "D", self.scene.date_text
        told.trip.schedule_relationship = relationship
        if not like:
            return entity
        trip = self.scene.timetable.trips[TripId(like)]
        for i, stop_id in enumerate(stops or trip.pattern.stops):
            state = states[i] if states else Call.SCHEDULED
            call = told.stop_time_update.add(stop_sequence=i + 1, stop_id=stop_id, schedule_relationship=state)
            if state == Call.SCHEDULED:
                planned_s = [self.scene.day.at(times[i] + shift_s) // 1000 for times in (trip.arrival, trip.departure)]
                call.arrival.time, call.departure.time = planned_s[0] + LATE_S, planned_s[1] + LATE_S
                if is_new:
                    call.arrival.scheduled_time, call.departure.scheduled_time = planned_s
        return entity

    def calls(self, trip_id: str, state: str) -> list[dict]:
        """The calls of a trip as soon as its last one is in ``state``."""
        said = self.planner.until(
            CALLS,
            lambda data: data["trip"] and data["trip"]["stoptimesForDate"][-1]["realtimeState"] == state,
            seconds=8,
            trip=f"{FEED_ID}:{trip_id}",
            day=self.scene.date_text,
        )
        return said["trip"]["stoptimesForDate"]


def late_s(calls: Sequence[dict]) -> list[int]:
    return [call["realtimeDeparture"] - call["scheduledDeparture"] for call in calls]


def stops_of(calls: Sequence[dict]) -> list[str]:
    return [call["stop"]["gtfsId"].partition(":")[2] for call in calls]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    require_brokers()
    scene, folder = scene_of_next_week(), tmp_path_factory.mktemp("acceptance")
    write_inputs(scene, folder)
    with mosquitto(folder / "broker") as broker:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        try:
            with planner(folder, [mqtt_updater(broker.port)]) as made:
                yield Table(scene, made, client)
        finally:
            client.disconnect()
            client.loop_stop()


def usual(table: Table, trip_id: str = "D-out-mofr-0807") -> list[str]:
    return list(table.scene.timetable.trips[TripId(trip_id)].pattern.stops)


def test_scheduled_with_times(table: Table) -> None:
    table.tell(table.update("D-out-mofr-0607", Trip.SCHEDULED, "D-out-mofr-0607"))
    assert set(late_s(table.calls("D-out-mofr-0607", "UPDATED"))) == {LATE_S}


def test_a_skipped_stop(table: Table) -> None:
    states = [Call.SCHEDULED, Call.SCHEDULED, Call.SKIPPED, Call.SCHEDULED, Call.SCHEDULED]
    table.tell(table.update("D-out-mofr-0637", Trip.SCHEDULED, "D-out-mofr-0637", states=states))
    calls = table.calls("D-out-mofr-0637", "UPDATED")
    assert [call["realtimeState"] for call in calls].count("CANCELED") == 1
    assert calls[2]["pickupType"] is None


def test_no_data_for_what_lies_ahead_is_the_schedule_again(table: Table) -> None:
    states = [Call.SCHEDULED, Call.SCHEDULED, Call.SCHEDULED, Call.NO_DATA, Call.NO_DATA]
    table.tell(table.update("D-out-mofr-0707", Trip.SCHEDULED, "D-out-mofr-0707"))
    table.calls("D-out-mofr-0707", "UPDATED")
    table.tell(table.update("D-out-mofr-0707", Trip.SCHEDULED, "D-out-mofr-0707", states=states))
    calls = table.calls("D-out-mofr-0707", "SCHEDULED")
    assert late_s(calls) == [LATE_S, LATE_S, LATE_S, 0, 0]


def test_cancelled_and_deleted(table: Table) -> None:
    table.tell(table.update("D-out-mofr-0737", Trip.CANCELED))
    table.tell(table.update("D-out-mofr-0907", Trip.DELETED))
    for name in ("D-out-mofr-0737", "D-out-mofr-0907"):
        assert {call["realtimeState"] for call in table.calls(name, "CANCELED")} == {"CANCELED"}


def test_our_parting_takes_a_cancellation_back(table: Table) -> None:
    cancelled = table.update("D-out-mofr-0937", Trip.CANCELED)
    table.tell(cancelled)
    table.calls("D-out-mofr-0937", "CANCELED")
    table.tell(FeedTopics.of("/gtfsrt", FEED_ID, table.scene.timetable).parting(cancelled))
    assert set(late_s(table.calls("D-out-mofr-0937", "SCHEDULED"))) == {0}


@pytest.mark.parametrize(("relationship", "is_new", "scheduled"), [(Trip.NEW, True, LATE_S), (Trip.ADDED, False, 0)])
def test_a_trip_beside_the_timetable(table: Table, relationship: int, is_new: bool, scheduled: int) -> None:
    name = f"D-out-mofr-0807+08{20 + relationship}"
    entity = table.update(name, relationship, "D-out-mofr-0807", shift_s=780, is_new=is_new)
    if is_new:
        entity.trip_update.trip_properties.trip_headsign = "Extrafahrt"
    table.tell(entity)
    calls = table.calls(name, "ADDED")
    assert set(late_s(calls)) == {scheduled}  # only NEW can tell when it was planned
    assert stops_of(calls) == usual(table)
    assert calls[0]["headsign"] == ("Extrafahrt" if is_new else None)


def test_a_tour_of_the_citizen_bus_as_new(table: Table) -> None:
    entity = table.update("tour-1", Trip.NEW, "D-out-mofr-1007", stops=["manebach-bahnhof", "krankenhaus"], is_new=True)
    entity.trip_update.trip.route_id = "buergerbus"
    table.tell(entity)
    assert stops_of(table.calls("tour-1", "ADDED")) == ["manebach-bahnhof", "krankenhaus"]


def test_our_parting_takes_a_new_trip_away(table: Table) -> None:
    entity = table.update("tour-2", Trip.NEW, "D-out-mofr-1307", stops=["manebach-bahnhof", "krankenhaus"], is_new=True)
    table.tell(entity)
    table.calls("tour-2", "ADDED")
    table.tell(FeedTopics.of("/gtfsrt", FEED_ID, table.scene.timetable).parting(entity))
    assert {call["realtimeState"] for call in table.calls("tour-2", "CANCELED")} == {"CANCELED"}


def test_a_detour_as_replacement_with_a_stop_of_another_line_and_every_call_numbered(table: Table) -> None:
    stops = usual(table)
    stops[2] = "homburger-platz"
    table.tell(table.update("D-out-mofr-1107", Trip.REPLACEMENT, "D-out-mofr-1107", stops=stops, is_new=True))
    calls = table.calls("D-out-mofr-1107", "MODIFIED")
    assert stops_of(calls) == stops
    assert set(late_s(calls)) == {LATE_S}


def test_a_replacement_whose_new_stop_has_no_number(table: Table) -> None:
    stops = usual(table)
    stops[2] = "homburger-platz"
    entity = table.update("D-out-mofr-1507", Trip.REPLACEMENT, "D-out-mofr-1507", stops=stops, is_new=True)
    entity.trip_update.stop_time_update[2].ClearField("stop_sequence")
    table.tell(entity)
    assert stops_of(table.calls("D-out-mofr-1507", "MODIFIED")) == stops


def test_duplicated_is_not_understood(table: Table) -> None:
    entity = table.update("D-out-mofr-1207", Trip.DUPLICATED, "D-out-mofr-1207", shift_s=780, is_new=True)
    properties = entity.trip_update.trip_properties
    properties.trip_id, properties.start_date = "D-out-mofr-1207+1220", table.scene.date_text
    properties.start_time = "12:20:00"
    table.tell(entity)
    table.tell(table.update("D-out-mofr-1607", Trip.CANCELED))
    table.calls("D-out-mofr-1607", "CANCELED")  # told after it, so that one was read
    said = table.planner.ask(CALLS, trip=f"{FEED_ID}:{properties.trip_id}", day=table.scene.date_text)
    assert said["trip"] is None


WHEELCHAIR = """
query($fromLat: CoordinateValue!, $fromLon: CoordinateValue!, $toLat: CoordinateValue!, $toLon: CoordinateValue!,
      $leave: OffsetDateTime!, $wheelchair: Boolean!) {
  planConnection(
    origin: { location: { coordinate: { latitude: $fromLat, longitude: $fromLon } } }
    destination: { location: { coordinate: { latitude: $toLat, longitude: $toLon } } }
    dateTime: { earliestDeparture: $leave }
    preferences: { accessibility: { wheelchair: { enabled: $wheelchair } } }
  ) { edges { node { legs { trip { gtfsId } } } } }
}
"""


def test_the_vehicle_that_really_comes_decides_whether_wheelchairs_find_the_trip(table: Table) -> None:
    name = "D-out-mofr-1407"
    entity = table.update(name, Trip.SCHEDULED, name)
    entity.trip_update.vehicle.wheelchair_accessible = gtfs_realtime.VehicleDescriptor.WHEELCHAIR_INACCESSIBLE
    assert f"{FEED_ID}:{name}" in journey(table, "14:05", is_in_wheelchair=True)
    table.tell(entity)
    table.calls(name, "UPDATED")
    assert f"{FEED_ID}:{name}" in journey(table, "14:05", is_in_wheelchair=False)
    assert f"{FEED_ID}:{name}" not in journey(table, "14:05", is_in_wheelchair=True)


def journey(table: Table, clock: str, *, is_in_wheelchair: bool) -> set[str]:
    stops = table.scene.region.stops
    a, b = stops[StopId("neuhaeuser-weg")].place, stops[StopId("gustav-kirchhoff-platz")].place
    found = table.planner.ask(
        WHEELCHAIR,
        fromLat=a.lat_deg,
        fromLon=a.lon_deg,
        toLat=b.lat_deg,
        toLon=b.lon_deg,
        leave=datetime_at(table.scene.at(clock), ZoneInfo(table.scene.day.zone)).isoformat(),
        wheelchair=is_in_wheelchair,
    )
    legs = (leg for edge in found["planConnection"]["edges"] for leg in edge["node"]["legs"])
    return {leg["trip"]["gtfsId"] for leg in legs if leg["trip"]}
