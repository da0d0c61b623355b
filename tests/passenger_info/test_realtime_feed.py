"""Full datasets of whole drives, judged by the independent validator: no finding of its 121 rules."""

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.edge.load import load_feed
from mobility.core.clock import shifted
from mobility.core.geo import LatLon
from mobility.core.ids import VehicleId
from passenger_info.dataset import REFRESH_S, DatasetKind
from passenger_info.splice import header_record, spliced
from tests.passenger_info.day import BACK, ONE_HOUR, OUT, SHUTTLE, Drive, at, feed_files, run_on, state, zipped
from tests.passenger_info.judge import verdict
from tests.passenger_info.validator import prepared
from tests.passenger_info.world import World, changed

SECOND = VehicleId("shuttle-2")
_Call = gtfs_realtime.TripUpdate.StopTimeUpdate
TRIPS = {
    **ONE_HOUR,
    "LOOP": (8 * 3600 + 300, (*OUT, *BACK[1:]), "b2"),
    "NIGHT": (23 * 3600 + 55 * 60, OUT, "b3"),
    "DAWN": (25 * 3600 + 50 * 60, OUT, "b3"),
}


@pytest.fixture(scope="module")
def schedule(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zipped(feed_files(TRIPS), tmp_path_factory.mktemp("feed") / "feed.zip")


@pytest.fixture(scope="module")
def timetable(schedule: Path):
    return load_feed(schedule)


@pytest.fixture(scope="module")
def static(schedule: Path):
    return prepared(schedule)


def judged(world: World, static, folder: Path) -> Counter[str]:
    return verdict(static, world.recorded, folder / "recorded")


def message(data: bytes) -> gtfs_realtime.FeedMessage:
    return gtfs_realtime.FeedMessage.FromString(data)


def test_an_hour_with_two_late_vehicles_has_no_finding(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    out = Drive(run_on(timetable, "D1"), timetable, start_late_s=140, noise_m=4, wait_before_s=400)
    back = Drive(run_on(timetable, "D2"), timetable, noise_m=4, wait_before_s=100)
    loop = Drive(run_on(timetable, "LOOP"), timetable, vehicle_id=SECOND, start_late_s=300, noise_m=4)
    world.run(out.states(), (s for s in back.states(900)), loop.states(), until=at("08:50"))
    assert judged(world, static, tmp_path) == {}
    shown = [message(data) for _, data in world.recorded]
    assert any(sum(e.HasField("vehicle") for e in m.entity) == 2 for m in shown)
    assert len(shown[-1].entity) == 0


def test_a_vehicle_that_waits_for_its_blocks_next_trip_is_shown_on_it(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:58"), record_s=10)
    drive = Drive(run_on(timetable, "D1"), timetable)
    campus = timetable.stops["campus"].place
    end = shifted(drive.calls()[-1][0], 41)
    waiting = (state(campus, shifted(end, s), trip=drive.run.ref, speed_mps=0.0, seq=5000 + s) for s in range(120))
    world.run(drive.states(), waiting)
    assert judged(world, static, tmp_path) == {}
    last = message(world.info.full_dataset(DatasetKind.ALL, world.clock.moment))
    updates = {e.trip_update.trip.trip_id: e.trip_update for e in last.entity if e.HasField("trip_update")}
    assert list(updates) == ["D2", "D3"]
    assert [update.vehicle.id for update in updates.values()] == [SHUTTLE, ""], "the block's next trip names nobody"
    position = next(e.vehicle for e in last.entity if e.HasField("vehicle"))
    assert (position.trip.trip_id, position.current_stop_sequence) == ("D2", 1)
    assert position.current_status == gtfs_realtime.VehiclePosition.STOPPED_AT


@pytest.mark.parametrize("day", [date(2025, 10, 14), date(2025, 10, 25), date(2025, 3, 29)])
def test_trips_past_midnight_and_in_both_clock_changes_have_no_finding(
    timetable, static, tmp_path: Path, day: date
) -> None:
    world = World(timetable, at("23:50", day), record_s=15)
    night = Drive(run_on(timetable, "NIGHT", day), timetable, start_late_s=120)
    dawn = Drive(run_on(timetable, "DAWN", day), timetable, start_late_s=60)
    world.run(night.states(), dawn.states(2000), until=at("26:10", day))
    assert judged(world, static, tmp_path) == {}
    dates = {e.trip_update.trip.start_date for _, m in world.recorded for e in message(m).entity}
    assert f"{day:%Y%m%d}" in dates


def test_a_silent_vehicle_leaves_the_feed_in_steps_and_comes_back(timetable, static, tmp_path: Path) -> None:
    world, heard = World(timetable, at("07:59"), record_s=5), World(timetable, at("07:59"), record_s=5)
    # from north to campus takes five minutes, so that there is something to predict while nobody hears the vehicle
    drive = Drive(run_on(timetable, "D1"), timetable, drive_s=(120, 120, 300))
    gap = (at("08:07"), at("08:10:30"))
    world.run(changed(drive.states(), lambda s: None if gap[0] <= s.as_of < gap[1] else s))
    heard.run(drive.states())
    assert judged(world, static, tmp_path) == {}
    seen = {moment: shown_of(data, "D1") for moment, data in world.recorded}

    def during(begin_s: float, end_s: float):
        return [seen[t] for t in seen if shifted(gap[0], begin_s) < t <= shifted(gap[0], end_s)]

    assert all(position and update.vehicle.id == SHUTTLE for position, update in during(-100, 14))
    assert all(position is None and update.vehicle.id == "" for position, update in during(15, 89))
    moment, last = shifted(gap[0], 60), -1
    usual = next(shown_of(data, "D1")[1] for t, data in heard.recorded if t == moment)
    assert seen[moment][1].stop_time_update[last].arrival.uncertainty > usual.stop_time_update[last].arrival.uncertainty
    assert len(during(181, 209)) > 4
    assert all(position is None and update is None for position, update in during(181, 209))
    assert all(seen[at("08:10:40")])


def test_stops_beyond_the_next_one_have_no_data_once_a_vehicle_is_silent_for_long(
    timetable, static, tmp_path: Path
) -> None:
    world = World(timetable, at("07:59"), record_s=5)
    drive = Drive(run_on(timetable, "D1"), timetable, drive_s=(150, 150, 150))
    world.run((s for s in drive.states() if s.as_of < at("08:00:45")), until=at("08:06"))
    assert judged(world, static, tmp_path) == {}
    updates = [shown_of(data, "D1")[1] for t, data in world.recorded if at("08:02:16") < t < at("08:02:26")]
    assert len(updates) >= 2
    for update in updates:
        kinds = [call.schedule_relationship for call in update.stop_time_update]
        assert kinds == [_Call.SCHEDULED, _Call.NO_DATA, _Call.NO_DATA]
        assert not any(call.HasField("arrival") for call in update.stop_time_update[1:])
    assert all(shown_of(data, "D1")[1] is None for t, data in world.recorded if t > at("08:03:50"))


def shown_of(data: bytes, trip_id: str):
    """The position and the update of a trip, each ``None`` where it is not published."""
    entities = message(data).entity
    positions = [e.vehicle for e in entities if e.vehicle.trip.trip_id == trip_id]
    updates = [e.trip_update for e in entities if e.trip_update.trip.trip_id == trip_id]
    return (positions or [None])[0], (updates or [None])[0]


def test_a_vehicle_far_from_its_line_is_not_published_on_its_trip(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:59"), record_s=5)
    drive = Drive(run_on(timetable, "D1"), timetable)

    def pushed_north(s):
        minute = (s.as_of - at("08:04")) / 60_000
        north = 0.004 * max(0.0, 1 - abs(minute - 1)) if 0 <= minute <= 2 else 0.0
        place = LatLon(s.sample.place.lat_deg + north, s.sample.place.lon_deg)
        return replace(s, sample=replace(s.sample, place=place))

    world.run(changed(drive.states(), pushed_north))
    assert judged(world, static, tmp_path) == {}
    assert any(len(message(d).entity) == 0 for t, d in world.recorded if at("08:04") < t < at("08:06"))


def test_a_cancelled_trip_is_said_so_with_the_two_warnings_that_have_to_be(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:59"), record_s=15)
    drive = Drive(run_on(timetable, "D1"), timetable)
    world.cancel(run_on(timetable, "D2").ref, "Das Fahrzeug ist defekt.")
    world.run(drive.states(), until=at("08:40"))
    assert judged(world, static, tmp_path) == {}
    first = message(world.recorded[0][1])
    cancelled = next(e.trip_update for e in first.entity if e.trip_update.trip.trip_id == "D2")
    assert cancelled.trip.schedule_relationship == gtfs_realtime.TripDescriptor.CANCELED
    assert len(cancelled.stop_time_update) == 0
    assert len(message(world.recorded[-1][1]).entity) == 0


def test_a_cancelled_trip_is_never_shown_with_the_vehicle_that_still_drives_it(
    timetable, static, tmp_path: Path
) -> None:
    world = World(timetable, at("07:59"), record_s=10)
    run = run_on(timetable, "D1")
    states = list(Drive(run, timetable).states())
    for seen in world.play(states):
        if seen.as_of == at("08:03"):
            world.cancel(run.ref)
    assert judged(world, static, tmp_path) == {}
    for _, data in world.recorded:
        updates = [e.trip_update for e in message(data).entity if e.HasField("trip_update")]
        positions = [e.vehicle for e in message(data).entity if e.HasField("vehicle")]
        cancelled = {u.trip.trip_id for u in updates if u.trip.schedule_relationship == u.trip.CANCELED}
        assert cancelled.isdisjoint(p.trip.trip_id for p in positions)


def test_two_vehicles_on_one_trip_publish_the_one_that_logged_on_last(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:59"), record_s=10)
    run = run_on(timetable, "D1")
    broken = changed(Drive(run, timetable).states(), lambda s: s)
    other = Drive(run, timetable, vehicle_id=SECOND, start_late_s=240, wait_before_s=-230)
    world.run(broken, other.states())
    assert judged(world, static, tmp_path) == {}
    named = [update.vehicle.id for _, data in world.recorded if (update := shown_of(data, "D1")[1]) is not None]
    changes = [name for i, name in enumerate(named) if i == 0 or name != named[i - 1]]
    assert changes == [SHUTTLE, "", SECOND], "between two vehicles none is named for a while"


def test_research_vans_and_citizen_buses_never_appear(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:59"), record_s=10)
    hidden = [Drive(run_on(timetable, "D1"), timetable, vehicle_id=VehicleId(v)).states() for v in ("van-9", "bus-9")]
    world.run(*hidden)
    assert all(len(message(data).entity) == 0 for _, data in world.recorded)
    assert world.info.running() == []
    assert judged(world, static, tmp_path) == {}


def test_a_vehicle_of_no_known_fleet_is_passed_on_without_a_trip(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:59"), specs={}, record_s=10)
    place = timetable.stops["market"].place
    still = (state(place, shifted(at("07:59"), s), vehicle_id=VehicleId("x"), speed_mps=0.0) for s in range(200))
    world.run(still)
    last = message(world.recorded[-1][1])
    assert [e.id for e in last.entity] == ["vehicle:x"]
    assert not last.entity[0].vehicle.HasField("trip")
    assert judged(world, static, tmp_path) == {}


def test_spliced_bytes_equal_a_message_built_anew(timetable) -> None:
    world = World(timetable, at("07:59"))
    world.run(Drive(run_on(timetable, "D1"), timetable).states(), until=at("08:04"))
    world.cancel(run_on(timetable, "D2").ref)
    now = shifted(world.clock.moment, 1)
    entities = world.info.feed.entities(DatasetKind.ALL, now)
    naive = gtfs_realtime.FeedMessage()
    naive.header.CopyFrom(message(spliced(header_record(now, "v1"), [])).header)
    for entity in entities:
        naive.entity.add().CopyFrom(message(spliced(header_record(now, "v1"), [entity.record])).entity[0])
    assert world.info.full_dataset(DatasetKind.ALL, now) == naive.SerializeToString(deterministic=True)
    assert len(naive.entity) >= 1


def test_the_header_moves_with_content_or_every_few_seconds_and_never_back(timetable) -> None:
    world = World(timetable, at("07:59"))
    start = world.clock.moment
    first = world.info.full_dataset(DatasetKind.ALERTS, start)
    assert world.info.full_dataset(DatasetKind.ALERTS, shifted(start, REFRESH_S - 1)) == first
    later = world.info.full_dataset(DatasetKind.ALERTS, shifted(start, REFRESH_S))
    assert message(later).header.timestamp == start // 1000 + REFRESH_S
    assert world.info.full_dataset(DatasetKind.ALERTS, start) == later
    assert message(first).header.feed_version == "v1"
    assert message(first).header.gtfs_realtime_version == "2.0"


def test_within_one_second_the_dataset_stays_the_same_whatever_happens(timetable) -> None:
    world = World(timetable, at("07:59"))
    states = list(Drive(run_on(timetable, "D1"), timetable).states())
    world.info.observe(states[0])
    first = world.info.full_dataset(DatasetKind.ALL, states[0].as_of)
    fuller = replace(states[0].sample, passengers=5)
    world.info.observe(replace(states[0], sample=fuller, as_of=shifted(states[0].as_of, 0.4)))
    assert world.info.full_dataset(DatasetKind.ALL, shifted(states[0].as_of, 0.5)) == first
    assert world.info.full_dataset(DatasetKind.ALL, shifted(states[0].as_of, 1.0)) != first
