"""Topics, sequence numbers, resume: a reader always ends with what the topic holds."""

from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from passenger_info.entities import Entity
from passenger_info.frame_pb2 import Frame
from passenger_info.frames import Reader
from passenger_info.hub import KEEP_S, Hub
from passenger_info.splice import entity_record
from passenger_info.topics import Box

NOW = Instant(1_760_000_000_000)


def entity(name: str, label: str, *topics: str, place: LatLon | None = None) -> Entity:
    body = gtfs_realtime.FeedEntity(id=name)
    body.vehicle.vehicle.id = name
    body.vehicle.vehicle.label = label
    return Entity(entity_id=name, record=entity_record(body), topics=("all", *topics), place=place)


def labels(reader: Reader) -> dict[str, str]:
    return {name: e.vehicle.vehicle.label for name, e in reader.entities.items()}


def test_a_delta_holds_only_the_newest_value_of_each_entity() -> None:
    hub = Hub(epoch="e", feed_version="v1")
    hub.load([entity("a", "1")])
    hub.open("all", None, NOW)
    for label in ("2", "3", "4"):
        hub.update("a", entity("a", label))
    [(topic, frame)] = hub.flush(NOW)
    feed = gtfs_realtime.FeedMessage.FromString(frame.feed)
    assert (frame.kind, frame.prev_seq, frame.seq, topic.seq) == (Frame.DELTA, 1, 2, 2)
    assert feed.header.incrementality == gtfs_realtime.FeedHeader.DIFFERENTIAL
    assert [e.vehicle.vehicle.label for e in feed.entity] == ["4"]


def test_what_changes_back_before_a_flush_is_not_sent() -> None:
    hub = Hub(epoch="e", feed_version="v1")
    first = entity("a", "1")
    hub.load([first])
    hub.open("all", None, NOW)
    hub.update("a", entity("a", "2"))
    hub.update("a", entity("a", "1"))
    hub.update("b", entity("b", "1"))
    hub.update("b", None)
    assert hub.flush(NOW) == []


def test_an_entity_that_changes_topic_is_deleted_in_the_old_one() -> None:
    hub = Hub(epoch="e", feed_version="v1")
    hub.load([entity("a", "1", "route:A")])
    hub.open("route:A", None, NOW)
    hub.open("route:B", None, NOW)
    hub.update("a", entity("a", "1", "route:B"))
    frames = {topic.name: gtfs_realtime.FeedMessage.FromString(frame.feed) for topic, frame in hub.flush(NOW)}
    assert frames["route:A"].entity[0].is_deleted
    assert not frames["route:B"].entity[0].is_deleted


def test_a_box_follows_what_drives_in_and_out() -> None:
    hub = Hub(epoch="e", feed_version="v1")
    box = Box(10.9, 50.6, 11.0, 50.7)
    topic = hub.open("bbox:x", box, NOW)
    hub.update("a", entity("a", "1", place=LatLon(50.65, 10.95)))
    hub.update("t", entity("t", "1"))
    hub.flush(NOW)
    assert list(topic.members) == ["a"]
    hub.update("a", entity("a", "1", place=LatLon(50.65, 11.95)))
    [(_, frame)] = hub.flush(NOW)
    assert gtfs_realtime.FeedMessage.FromString(frame.feed).entity[0].is_deleted
    assert hub.resumed(topic, "e", topic.seq, NOW).kind == Frame.SNAPSHOT


def test_a_resume_from_another_epoch_or_an_unknown_number_gets_a_snapshot() -> None:
    hub = Hub(epoch="e", feed_version="v1")
    topic = hub.open("all", None, NOW)
    hub.update("a", entity("a", "1"))
    hub.flush(NOW)
    assert hub.resumed(topic, "other", 1, NOW).kind == Frame.SNAPSHOT
    assert hub.resumed(topic, "e", 99, NOW).kind == Frame.SNAPSHOT
    assert hub.resumed(topic, "e", None, NOW).kind == Frame.SNAPSHOT
    assert hub.resumed(topic, "e", 1, NOW).kind == Frame.DELTA
    assert hub.resumed(topic, "e", 2, NOW).kind == Frame.HEARTBEAT


def test_removed_entities_are_remembered_for_longer_than_five_minutes_and_then_forgotten() -> None:
    hub = Hub(epoch="e", feed_version="v1")
    topic = hub.open("all", None, NOW)
    hub.update("a", entity("a", "1"))
    hub.flush(NOW)
    hub.update("a", None)
    hub.flush(NOW)
    hub.update("b", entity("b", "1"))
    hub.flush(Instant(NOW + 301_000))
    assert hub.resumed(topic, "e", 2, NOW).kind == Frame.DELTA
    hub.update("b", entity("b", "2"))
    hub.flush(Instant(NOW + round(KEEP_S * 1000) + 1000))
    assert hub.resumed(topic, "e", 2, NOW).kind == Frame.SNAPSHOT
    assert hub.resumed(topic, "e", 3, NOW).kind == Frame.DELTA


def test_topics_without_readers_vanish_and_take_the_work_with_them() -> None:
    hub = Hub(epoch="e", feed_version="v1")
    hub.load([entity("a", "1")])
    hub.open("all", None, NOW)
    hub.sweep(Instant(NOW + 60_000), [])
    assert list(hub.topics) == ["all"]
    hub.sweep(Instant(NOW + round(KEEP_S * 1000) + 1), ["all"])
    assert list(hub.topics) == ["all"]
    hub.sweep(Instant(NOW + 3 * round(KEEP_S * 1000)), [])
    assert list(hub.topics) == []


def test_each_topic_is_sent_when_it_is_due_and_the_others_wait_with_their_newest_value() -> None:
    hub = Hub(epoch="e", feed_version="v1")
    hub.open("route:A", None, NOW).sent_s = 1.0
    hub.open("route:B", None, NOW).sent_s = 2.0
    hub.update("a", entity("a", "1", "route:A"))
    hub.update("b", entity("b", "1", "route:B"))
    assert [topic.name for topic, _ in hub.flush(NOW, lambda topic: topic.sent_s <= 1.0)] == ["route:A"]
    assert hub.waiting_since_s() == 2.0
    hub.update("b", entity("b", "2", "route:B"))
    [(topic, frame)] = hub.flush(NOW)
    assert (topic.name, frame.seq, hub.waiting_since_s()) == ("route:B", 2, None)
    assert gtfs_realtime.FeedMessage.FromString(frame.feed).entity[0].vehicle.vehicle.label == "2"


def test_a_topic_lives_while_some_entity_belongs_to_it() -> None:
    hub = Hub(epoch="e", feed_version="v1")
    hub.load([entity("a", "1", "trip:tour")])
    hub.open("all", None, NOW)
    assert hub.is_live("trip:tour")
    hub.update("b", entity("b", "1", "trip:tour"))
    hub.update("a", entity("a", "2", "trip:other"))
    assert hub.is_live("trip:tour")
    hub.update("b", None)
    assert not hub.is_live("trip:tour")
    assert hub.is_live("trip:other")


Step = tuple[str, str, int]


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["put", "drop", "flush", "cut", "resume"]), st.sampled_from("abcd"), st.integers(0, 5)
        ),
        max_size=80,
    ),
    topic_name=st.sampled_from(["all", "route:A"]),
)
def test_after_any_cuts_and_resumes_the_reader_holds_what_the_topic_holds(steps: list[Step], topic_name: str) -> None:
    hub = Hub(epoch="e", feed_version="v1")
    topic, reader, now = hub.open(topic_name, None, NOW), Reader(), NOW
    reader.take(hub.snapshot(topic, now))
    truth: dict[str, str] = {}
    is_cut = False
    for what, name, value in steps:
        now = Instant(now + 7_000 * value)
        if what == "put":
            member = topic_name == "all" or value % 2 == 0
            hub.update(name, entity(name, str(value), "route:A" if member else "route:B"))
            truth[name] = str(value)
            if not member:
                truth.pop(name)
        elif what == "drop" and name in hub._entities:
            hub.update(name, None)
            truth.pop(name, None)
        elif what == "flush":
            for _, frame in hub.flush(now):
                assert is_cut or reader.take(frame)
        elif what == "cut":
            is_cut = True
        elif what == "resume" and is_cut:
            assert reader.take(hub.resumed(topic, reader.epoch, reader.seq, now))
            is_cut = False
    for _, frame in hub.flush(now):
        assert is_cut or reader.take(frame)
    assert reader.take(hub.resumed(topic, reader.epoch, reader.seq, now))
    assert labels(reader) == truth
