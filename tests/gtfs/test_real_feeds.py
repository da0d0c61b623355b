"""Three real feeds: a railway with unpadded hours, a rural bus with open times, and pure on-demand service."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from google.transit import gtfs_realtime_pb2

from gtfs.edge.load import load_feed
from mobility.core.clock import instant
from mobility.core.ids import TripId


@pytest.fixture(scope="module")
def railway(shared_data):
    return load_feed(shared_data / "gtfs" / "ct.zip")


@pytest.fixture(scope="module")
def rural_bus(shared_data):
    return load_feed(shared_data / "gtfs" / "raba.zip")


def message(path):
    feed = gtfs_realtime_pb2.FeedMessage()
    feed.ParseFromString(path.read_bytes())
    return feed


def test_the_railway_loads_whole(railway):
    assert (len(railway.trips), len(railway.stop_times.stop), len(railway.stops)) == (176, 3498, 109)
    assert railway.notes == ()
    assert railway.trips[TripId("501")].departure[0] == 5 * 3600


def test_the_rural_bus_loads_whole_and_its_open_times_are_filled(rural_bus):
    assert (len(rural_bus.trips), len(rural_bus.stop_times.stop), len(rural_bus.stops)) == (282, 7346, 375)
    assert int(rural_bus.stop_times.arrival_s.min()) > 0
    for trip in rural_bus.trips.values():
        assert all(later >= earlier for earlier, later in pairwise(trip.departure))


@pytest.mark.parametrize("name", ["railway", "rural_bus"])
def test_stops_lie_on_their_lines_in_order(request, name):
    timetable = request.getfixturevalue(name)
    patterns = {id(trip.pattern): trip.pattern for trip in timetable.trips.values()}.values()
    offsets_m = []
    for pattern in patterns:
        assert all(later >= earlier for earlier, later in pairwise(pattern.stop_chainage_m))
        for stop_id, chainage_m in zip(pattern.stops, pattern.stop_chainage_m, strict=True):
            here, there = pattern.line.at(chainage_m), timetable.frame.xy(timetable.stops[stop_id].place)
            offsets_m.append(((here.x_m - there.x_m) ** 2 + (here.y_m - there.y_m) ** 2) ** 0.5)
    offsets_m.sort()
    assert offsets_m[len(offsets_m) // 2] < 15
    assert offsets_m[int(len(offsets_m) * 0.95)] < 60


def test_every_trip_and_stop_of_the_realtime_messages_is_in_the_timetable(shared_data, railway, rural_bus):
    for timetable, names in (
        (railway, ("ct-trip-updates", "ct-vehicle-positions")),
        (rural_bus, ("raba-trip-updates",)),
    ):
        for name in names:
            for entity in message(shared_data / "gtfs" / f"{name}.pb").entity:
                update = entity.trip_update if entity.HasField("trip_update") else entity.vehicle
                assert update.trip.trip_id in timetable.trips


def test_trains_heard_of_are_running_by_the_timetable(shared_data, railway):
    heard = {entity.vehicle.trip.trip_id for entity in message(shared_data / "gtfs" / "ct-vehicle-positions.pb").entity}
    # Two hours around, because trains run late and wait at termini.
    moment = instant(datetime(2023, 11, 8, 1, 6, tzinfo=UTC))
    running = {trip.trip_id for trip, _ in railway.running_between(moment - 7_200_000, moment + 7_200_000)}
    assert heard <= running


def test_the_holiday_calendar_of_the_railway_is_obeyed(railway):
    # Thanksgiving 2023 had a weekend timetable, the Wednesday before a full one.
    assert len(railway.trips_on(date(2023, 11, 22))) > len(railway.trips_on(date(2023, 11, 23))) > 0


def test_on_demand_service_without_times_loads_without_trips_and_says_so(shared_data):
    timetable = load_feed(shared_data / "gtfs" / "ctran-flex.zip")
    assert len(timetable.trips) == 0
    assert len(timetable.stops) == 293
    assert timetable.notes == (
        "trips.txt: trips left out because their calls are zones or time windows, not times at stops (GTFS-Flex): 1389",
    )
