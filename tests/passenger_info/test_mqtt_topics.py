"""Topics on a broker: one a trip or vehicle, never a wildcard, and what is said there when an entity goes."""

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.from_region import timetable_of
from mobility.core.errors import BadInputError
from mobility.storage.bundles import load_region, shipped_region
from passenger_info.mqtt_topics import FeedTopics, level

TIMETABLE = timetable_of(load_region(shipped_region("ilmenau")))
TOPICS = FeedTopics.of("/gtfsrt", "ilmenau", TIMETABLE)
Trip = gtfs_realtime.TripDescriptor
Call = gtfs_realtime.TripUpdate.StopTimeUpdate


def update_of(trip_id: str, route_id: str = "D") -> gtfs_realtime.FeedEntity:
    entity = gtfs_realtime.FeedEntity(id=f"trip:20251014:{trip_id}")
    trip = entity.trip_update.trip
    trip.trip_id, trip.route_id, trip.start_date = trip_id, route_id, "20251014"
    return entity


@settings(max_examples=150, deadline=None)
@given(a=st.text(max_size=12), b=st.text(max_size=12))
def test_two_names_never_share_a_level_and_none_is_a_wildcard(a: str, b: str) -> None:
    for made in (level(a), level(b)):
        assert not set(made) & set("/+#\0")
    assert (level(a) == level(b)) == (a == b)


@settings(max_examples=60, deadline=None)
@given(trip_id=st.text(max_size=60), route_id=st.text(max_size=8))
def test_every_trip_has_a_topic_below_its_feeds_filter(trip_id: str, route_id: str) -> None:
    topic = TOPICS.topic(update_of(trip_id, route_id))
    assert topic.startswith("/gtfsrt/tu/ilmenau/")
    assert topic.count("/") == 7


@pytest.mark.parametrize(
    ("prefix", "feed_id"), [("", "a"), ("a/", "a"), ("a/#", "a"), ("$x", "a"), ("a", "b/c"), ("a", "")]
)
def test_a_prefix_or_feed_id_that_fits_no_topic_is_refused(prefix: str, feed_id: str) -> None:
    with pytest.raises(BadInputError):
        FeedTopics.of(prefix, feed_id, TIMETABLE)


def test_a_position_lies_on_digitransits_nineteen_levels() -> None:
    entity = gtfs_realtime.FeedEntity(id="vehicle:v1")
    entity.vehicle.vehicle.id, entity.vehicle.stop_id = "v1", "campus-nord"
    entity.vehicle.trip.trip_id, entity.vehicle.trip.route_id, entity.vehicle.trip.direction_id = (
        "D-out-mofr-0807",
        "D",
        0,
    )
    entity.vehicle.position.latitude, entity.vehicle.position.longitude = 50.6843, 10.9312
    topic = TOPICS.topic(entity)
    assert topic == (
        "/gtfsrt/vp/ilmenau//IOV Omnibusverkehr GmbH Ilmenau/BUS/D/0/Gustav-Kirchhoff-Platz/D-out-mofr-0807"
        "/campus-nord/08:07/v1/50;10/69/83/41/D/0B6E4F/"
    )
    assert len(topic.strip("/").split("/")) == 19


def test_an_extra_trip_told_as_a_copy_has_a_topic_of_its_own() -> None:
    entity = update_of("D-out-mofr-0807")
    entity.trip_update.trip.schedule_relationship = Trip.DUPLICATED
    entity.trip_update.trip_properties.trip_id = "D-out-mofr-0807+0820"
    assert TOPICS.topic(entity) == "/gtfsrt/tu/ilmenau/D//D-out-mofr-0807%2B0820/20251014"


def test_an_alert_and_the_line_of_a_detour_lie_by_their_ids() -> None:
    alert, shape = gtfs_realtime.FeedEntity(id="alert:7"), gtfs_realtime.FeedEntity(id="shape:7")
    alert.alert.header_text.translation.add(text="Umleitung", language="de")
    shape.shape.shape_id = "7"
    assert [TOPICS.topic(alert), TOPICS.topic(shape)] == ["/gtfsrt/sa/ilmenau/alert:7", "/gtfsrt/other/ilmenau/shape:7"]


def test_parting_of_a_trip_of_the_timetable_says_that_nothing_is_known_of_it() -> None:
    gone = TOPICS.parting(update_of("D-out-mofr-0807"))
    assert gone.is_deleted
    assert gone.trip_update.trip.schedule_relationship == Trip.SCHEDULED
    assert {call.schedule_relationship for call in gone.trip_update.stop_time_update} == {Call.NO_DATA}
    assert [call.stop_sequence for call in gone.trip_update.stop_time_update] == [1, 2, 3, 4, 5]


def test_parting_of_any_other_trip_says_that_there_is_none() -> None:
    gone = TOPICS.parting(update_of("tour-7", "buergerbus"))
    assert gone.trip_update.trip.schedule_relationship == Trip.DELETED
    assert len(gone.trip_update.stop_time_update) == 0
