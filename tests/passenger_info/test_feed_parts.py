"""Parts of the feed by themselves: how full, which times, which line, which copy, what the store remembers."""

import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.timetable import Timetable
from mobility.core.arrivals import OccupancyStep, Prediction
from mobility.core.clock import Instant, shifted
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import TripId, VehicleId
from mobility.core.vehicle import DrivingMode, ServiceKind, TripRef
from passenger_info.call_times import CallTimes, scheduled_times, whole_run
from passenger_info.checker.static_view import static_view
from passenger_info.dataset import Dataset
from passenger_info.entities import Entity, Manner
from passenger_info.gates import Gates
from passenger_info.identity import trip_entity_id, trip_of_entity
from passenger_info.occupancy import occupancy_status, occupancy_step
from passenger_info.polyline import encoded
from passenger_info.store import EntityStore
from passenger_info.tellings import Answer, Tellings
from passenger_info.trip_entities import Telling, update_entity, update_message
from tests.passenger_info.day import DAY, ONE_HOUR, SHUTTLE, SPECS, Drive, at, run_on, state, timetable_of
from tests.passenger_info.world import World

_Vehicle = gtfs_realtime.VehiclePosition


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


@pytest.mark.parametrize(
    ("passengers", "seats", "step"),
    [
        (0, 8, OccupancyStep.LOW),
        (3, 8, OccupancyStep.LOW),
        (4, 8, OccupancyStep.MEDIUM),
        (6, 8, OccupancyStep.MEDIUM),
        (7, 8, OccupancyStep.HIGH),
        (12, 8, OccupancyStep.HIGH),
        (None, 8, None),
        (3, 0, None),
        (-1, 8, None),
    ],
)
def test_the_three_legal_steps_begin_at_half_and_above_three_quarters(passengers, seats, step) -> None:
    assert occupancy_step(passengers, seats) is step


@pytest.mark.parametrize(
    ("passengers", "wheelchairs", "kind", "word", "percent"),
    [
        (0, 0, ServiceKind.SHUTTLE, _Vehicle.EMPTY, 0),
        (2, 0, ServiceKind.SHUTTLE, _Vehicle.MANY_SEATS_AVAILABLE, 33),
        (2, 1, ServiceKind.SHUTTLE, _Vehicle.FEW_SEATS_AVAILABLE, 50),
        (6, 0, ServiceKind.SHUTTLE, _Vehicle.FULL, 100),
        (7, 0, ServiceKind.LINE_BUS, _Vehicle.STANDING_ROOM_ONLY, 117),
        (10, 0, ServiceKind.LINE_BUS, _Vehicle.CRUSHED_STANDING_ROOM_ONLY, 167),
        (13, 0, ServiceKind.LINE_BUS, _Vehicle.FULL, 217),
        (None, None, ServiceKind.SHUTTLE, _Vehicle.NO_DATA_AVAILABLE, None),
    ],
)
def test_occupancy_uses_the_words_of_the_reference(passengers, wheelchairs, kind, word, percent) -> None:
    spec = replace(SPECS[SHUTTLE], kind=kind)
    sample = state(LatLon(50, 10), at("08:00")).sample
    sample = replace(sample, passengers=passengers, wheelchairs=wheelchairs)
    assert occupancy_status(sample, spec) == (word, percent)
    stopped = replace(sample, mode=DrivingMode.MINIMAL_RISK)
    assert occupancy_status(stopped, spec)[0] == _Vehicle.NOT_ACCEPTING_PASSENGERS


def decoded(text: str) -> list[LatLon]:
    numbers, value, shift = [], 0, 0
    for letter in text:
        bits = ord(letter) - 63
        value |= (bits & 31) << shift
        shift += 5
        if bits < 32:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value, shift = 0, 0
    places, lat, lon = [], 0, 0
    for d_lat, d_lon in zip(numbers[::2], numbers[1::2], strict=True):
        lat, lon = lat + d_lat, lon + d_lon
        places.append(LatLon(lat / 1e5, lon / 1e5))
    return places


def test_the_published_example_of_an_encoded_polyline_comes_out_as_published() -> None:
    places = [LatLon(38.5, -120.2), LatLon(40.7, -120.95), LatLon(43.252, -126.453)]
    assert encoded(places) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"


@settings(max_examples=100)
@given(st.lists(st.builds(LatLon, st.floats(-80, 80), st.floats(-179, 179)), max_size=20))
def test_a_line_survives_its_encoding_to_a_metre(places: list[LatLon]) -> None:
    back = decoded(encoded(places))
    assert len(back) == len(places)
    assert all(distance_m(a, b) < 1 for a, b in zip(places, back, strict=True))


@settings(max_examples=100, deadline=None)
@given(
    holds=st.dictionaries(st.integers(0, 3), st.integers(-600, 1200), max_size=3),
    late_s=st.integers(-300, 3000),
    first=st.integers(0, 3),
)
def test_times_of_a_whole_run_always_rise(holds: dict[int, int], late_s: int, first: int) -> None:
    run = run_on(_shared(), "D1")
    waits = {i: shifted(run.departure[i], wait_s) for i, wait_s in holds.items()}
    times = scheduled_times(run, waits)
    for i, until in waits.items():
        assert times[i].departure.p50 >= until
    ahead = tuple(_later(call, late_s) for call in times[first:])
    whole = [moment for call in whole_run(None, ahead, run) for moment in (call.arrival.p50, call.departure.p50)]
    assert len(whole) == 8
    assert all(a <= b for a, b in pairwise(whole))
    assert all(b - a >= 1000 for a, b in zip(whole[1::2], whole[2::2], strict=False))


def _later(call: CallTimes, late_s: int) -> CallTimes:
    def moved(when: Prediction) -> Prediction:
        moment = shifted(when.p50, late_s)
        return Prediction(p10=moment, p50=moment, p90=moment)

    return CallTimes(moved(call.arrival), moved(call.departure))


_TABLES: list[Timetable] = []


def _shared() -> Timetable:
    if not _TABLES:
        with tempfile.TemporaryDirectory() as folder:
            _TABLES.append(timetable_of(ONE_HOUR, Path(folder)))
    return _TABLES[0]


def test_the_store_keeps_order_and_tells_only_real_changes() -> None:
    store = EntityStore()
    entities = {name: Entity(entity_id=name, record=name.encode(), topics=("all",)) for name in ("trip:b", "trip:a")}
    for name, entity in entities.items():
        store.put(name, entity)
    assert [entity.entity_id for entity in store.of_kind("trip")] == ["trip:a", "trip:b"]
    assert store.drifted() == ["trip:b", "trip:a"]
    kept = store.get("trip:a")
    store.put("trip:a", Entity(entity_id="trip:a", record=b"trip:a", topics=("all",)))
    assert store.get("trip:a") is kept
    store.put("trip:x", None)
    assert store.drifted() == []
    store.put("trip:b", None)
    assert store.drifted() == ["trip:b"]
    assert store.get("trip:b") is None
    assert store.get("nonsense") is None


@given(st.text(max_size=30))
def test_any_text_is_an_entity_id_or_none(text: str) -> None:
    ref = trip_of_entity(text)
    assert ref is None or trip_entity_id(ref) == text or trip_of_entity(trip_entity_id(ref)) == ref


def test_an_entity_id_names_its_trip() -> None:
    ref = TripRef(TripId("line:7"), DAY)
    assert trip_of_entity(trip_entity_id(ref)) == ref


def test_two_processes_and_two_profiles_never_share_an_etag() -> None:
    made = [
        Dataset("v1", maker).render(Instant(1_760_000_000_000), [b"\x12\x00"]) for maker in ("a full", "b full", "a x")
    ]
    assert len({rendered.etag for rendered in made}) == 3
    assert all(rendered.message == made[0].message for rendered in made)
    assert made[0].etag.isascii()


def test_a_list_that_was_changed_in_place_is_seen_as_changed() -> None:
    dataset, records = Dataset("v1"), [b"\x12\x00", b"\x12\x00"]
    first = dataset.render(Instant(1_760_000_000_000), records)
    records.pop()
    assert dataset.render(Instant(1_760_000_001_000), records).message != first.message
    assert len(dataset.render(Instant(1_760_000_002_000), records).message) == len(first.message) - 2


class NoPositions:
    """A guard."""

    def may_publish(self, entity: gtfs_realtime.FeedEntity, at: Instant) -> bool:
        return not entity.HasField("vehicle")

    def gone(self, entity_id: str) -> None:
        pass

    def apart(self, at: Instant) -> tuple[str, ...]:
        return ()


def test_what_the_guard_refuses_is_not_published_but_counted(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"), guards=lambda _profile: NoPositions())
    world.run(Drive(run_on(timetable, "D1"), timetable).states(), until=at("08:04"))
    kinds = {entity.entity_id.partition(":")[0] for entity in world.info.feed.entities("all", world.clock.moment)}
    assert kinds == {"trip"}
    assert world.info.feed.refused > 3


def test_what_does_not_fit_to_the_others_is_kept_back_from_all_readers_until_it_does(timetable: Timetable) -> None:
    gates = Gates(static_view(timetable, agency_id="IOV"))
    world = World(timetable, at("07:59"), guards=gates.of_entities, gates=gates.of_feed)
    info, lie, changed = world.info, [SHUTTLE], dict[str, None]()
    info.feed._tellings = Lying(info.feed._tellings, lie)
    info.on_change(lambda entity_id: changed.update({entity_id: None}))
    followed, shown = dict[str, Entity | None](), {SHUTTLE: list[bool](), "bus-9": list[bool]()}
    drive = Drive(run_on(timetable, "D1"), timetable)
    for seen in world.play(drive.states(), until=at("08:06")):
        entities = {e.entity_id: e for e in info.feed.entities("all", seen.received_at)}
        for entity_id in list(changed):
            followed[entity_id] = info.feed.entity(entity_id, seen.received_at)
        changed.clear()
        assert {name: entity for name, entity in followed.items() if entity is not None} == entities
        if f"vehicle:{SHUTTLE}" in entities:
            shown[lie[0]].append(trip_entity_id(drive.run.ref) in entities)
        lie[0] = "bus-9" if at("08:02") <= seen.received_at < at("08:04") else SHUTTLE
    assert info.feed.refused == 1
    assert gates.refused["full"] == {"E047": 1}, "not one dataset was lost for it"
    assert shown["bus-9"].count(True) <= 5, "until it is predicted again"
    assert shown["bus-9"].count(False) > 100
    assert all(shown[SHUTTLE][-60:])


class Lying:
    """Tells of a trip that ``lie`` drives it."""

    def __init__(self, honest: Tellings, lie: list[str]) -> None:
        self.vehicle, self.forget, self._trip, self._lie = honest.vehicle, honest.forget, honest.trip, lie

    def trip(self, ref: TripRef, at: Instant) -> Answer:
        answer = self._trip(ref, at)
        told, lie = answer.told, self._lie[0]
        if told is None or told.named is None:
            return answer

        def make() -> gtfs_realtime.FeedEntity:
            message = told.make()
            message.trip_update.vehicle.id = lie
            return message

        return answer._replace(told=told._replace(key=(*told.key, lie), make=make))


def test_the_share_of_live_time_counts_what_nobody_predicted(timetable: Timetable) -> None:
    world = World(timetable, at("07:59"))
    assert world.info.live_share.share is None
    drive = Drive(run_on(timetable, "D1"), timetable)
    world.run(drive.states(), until=at("08:03"))
    assert world.info.live_share.share == 1.0
    far = LatLon(50.70, 10.93)
    lost = (state(far, shifted(at("08:03"), k), trip=drive.run.ref, seq=9000 + k, speed_mps=5.0) for k in range(1, 120))
    world.run(lost)
    assert 0.4 < world.info.live_share.share < 0.8
    assert VehicleId(SHUTTLE) in world.info._fleet.vehicles


def test_what_nobody_asks_for_is_not_kept_for_ever() -> None:
    store = EntityStore(tells_drift=False)
    for i in range(100):
        store.put(f"trip:{i}", Entity(entity_id=f"trip:{i}", record=b"x", topics=("all",)))
        store.put(f"trip:{i}", None)
    assert store.drifted() == []


def test_a_dataset_that_may_not_be_sent_is_never_seen_and_its_header_ages() -> None:
    verdicts = [True, False, True]
    dataset = Dataset("v1", may_send=lambda _message, _at: verdicts.pop(0))
    first = dataset.render(Instant(1_760_000_000_000), [b"\x12\x00"])
    assert dataset.render(Instant(1_760_000_005_000), [b"\x12\x00", b"\x12\x00"]) is first
    mended = dataset.render(Instant(1_760_000_010_000), [b"\x12\x00", b"\x12\x00"])
    assert mended.timestamp_s == 1_760_000_010
    assert len(mended.message) == len(first.message) + 2


def test_where_nothing_right_was_said_before_the_dataset_is_empty() -> None:
    dataset = Dataset("v1", may_send=lambda _message, _at: False)
    message = gtfs_realtime.FeedMessage.FromString(dataset.render(Instant(1_760_000_000_000), [b"\x12\x00"]).message)
    assert (message.header.timestamp, list(message.entity)) == (1_760_000_000, [])


@pytest.mark.parametrize("first", [0, 2])
@pytest.mark.parametrize("is_predicted", [True, False])
def test_a_planned_trip_told_the_short_way_is_told_the_same(
    timetable: Timetable, first: int, is_predicted: bool
) -> None:
    run = run_on(timetable, "D1")

    def late(moment: Instant, by_s: int) -> Prediction:
        p50 = shifted(moment, by_s)
        return Prediction(p10=shifted(p50, -7.5), p50=p50, p90=shifted(p50, 12))

    calls = tuple(
        CallTimes(late(run.arrival[i], 40 * i - 30), late(run.departure[i], 40 * i - 20), is_predicted)
        for i in range(first, run.last + 1)
    )
    told = Telling(run=run, manner=Manner(), at=at("08:01"), first=first, calls=calls, delay_s=12.6)
    # Beyond the last call nothing is unknown: the same is said, each call named by itself.
    spelt_out = told._replace(unknown_from=run.last + 1)
    assert update_message(told) == update_message(spelt_out)
    assert len(update_message(told).trip_update.stop_time_update) == run.last + 1 - first
    assert update_entity(update_message(told), run, first) == update_entity(update_message(spelt_out), run, first)
