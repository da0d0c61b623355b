"""The feed of days that differ from the timetable, judged by the independent validator."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.edge.load import load_feed
from mobility.core.alert import AlertEffect, AlertPeriod
from mobility.core.arrivals import TripStanding
from mobility.core.geo import LatLon
from mobility.core.ids import AlertId, LineChangeId, RouteId, StopId, VehicleId
from mobility.core.line_change import LineChangeKind
from mobility.core.line_events import AlertWithdrawn, LineChangeEnded, TripReinstated
from mobility.core.vehicle import TripRef
from passenger_info.dataset import DatasetKind
from passenger_info.splice import header_record, spliced
from tests.passenger_info.day import DAY, ONE_HOUR, OUT, SHUTTLE, Drive, at, feed_files, run_on, zipped
from tests.passenger_info.decided import alert, assign, change, detour, extra, tell
from tests.passenger_info.judge import verdict
from tests.passenger_info.validator import findings, prepared
from tests.passenger_info.world import World

SECOND = VehicleId("shuttle-2")
SCHOOL = LatLon(50.6868, 10.9375)
AROUND = (
    LatLon(50.6850, 10.9311),
    LatLon(50.6875, 10.9330),
    SCHOOL,
    LatLon(50.6860, 10.9440),
    LatLon(50.6825, 10.9440),
)
TRIPS = {
    **ONE_HOUR,
    "NIGHT": (23 * 3600 + 55 * 60, OUT, "b3"),
    "DAWN": (25 * 3600 + 50 * 60, OUT, "b3"),
}
_Trip = gtfs_realtime.TripDescriptor
_Call = gtfs_realtime.TripUpdate.StopTimeUpdate


@pytest.fixture(scope="module")
def schedule(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = feed_files(TRIPS)
    files["stops.txt"] += f"school,School,{SCHOOL.lat_deg},{SCHOOL.lon_deg}\n"
    return zipped(files, tmp_path_factory.mktemp("feed") / "feed.zip")


@pytest.fixture(scope="module")
def timetable(schedule: Path):
    return load_feed(schedule)


@pytest.fixture(scope="module")
def static(schedule: Path):
    return prepared(schedule)


def judged(world: World, static, folder: Path) -> Counter[str]:
    return verdict(static, world.recorded, folder / "recorded")


def entities(world: World, kind: DatasetKind = DatasetKind.ALL):
    """What is published now."""
    now = world.clock.moment
    records = [entity.record for entity in world.info.feed.entities(kind, now)]
    return list(gtfs_realtime.FeedMessage.FromString(spliced(header_record(now, ""), records)).entity)


def updates(world: World) -> dict[str, gtfs_realtime.TripUpdate]:
    """Updates by the trip id of their descriptor."""
    return {e.trip_update.trip.trip_id: e.trip_update for e in entities(world) if e.HasField("trip_update")}


def changed_run(world: World, trip_id: str, day: date = DAY):
    run = world.info.runs.get(TripRef(trip_id, day))
    assert run is not None
    return run


def drive(world: World, trip_id: str, *, day: date = DAY, **how) -> Drive:
    """A vehicle on a run as it was changed."""
    return Drive(changed_run(world, trip_id, day), world.info.timetable, **how)


@pytest.mark.parametrize("via", [(), (("school", 120.0),)])
def test_a_detour_replaces_the_trip_with_its_line_its_calls_and_an_alert(
    timetable, static, tmp_path: Path, via: tuple
) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    detour(world, "D1", via=via, path=AROUND)
    world.run(drive(world, "D1", start_late_s=70).states(), until=at("08:04"))
    told = updates(world)["D1"]
    assert told.trip.schedule_relationship == _Trip.REPLACEMENT
    assert [call.stop_id for call in told.stop_time_update] == ["station", "market", *(s for s, _ in via), "campus"]
    assert all(call.arrival.scheduled_time and call.departure.scheduled_time for call in told.stop_time_update)
    assert not any(call.arrival.HasField("delay") for call in told.stop_time_update)
    shape = next(e.shape for e in entities(world) if e.HasField("shape"))
    assert told.trip_properties.shape_id == shape.shape_id
    assert shape.shape_id.startswith("detour-")
    alerts = [e.alert for e in entities(world) if e.HasField("alert")]
    assert [(a.effect, a.informed_entity[0].trip.trip_id) for a in alerts] == [(gtfs_realtime.Alert.DETOUR, "D1")]
    assert "North" in alerts[0].description_text.translation[0].text
    rest = (s for s in drive(world, "D1", start_late_s=70).states() if s.as_of > at("08:04"))
    world.run(rest, until=at("08:25"))
    assert world.info.trip_figures(DAY)["operated"] == 1
    assert judged(world, static, tmp_path) == {}


@pytest.mark.parametrize("via", [(("north", 100.0), ("school", 90.0)), (("north", 100.0), ("market", 90.0))])
def test_a_detour_may_serve_stops_of_the_usual_way(timetable, static, tmp_path: Path, via: tuple) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    detour(world, "D1", via=via, ends=("station", "campus"))
    told = updates(world)["D1"]
    left_out = {c.stop_id for c in told.stop_time_update if c.schedule_relationship == _Call.SKIPPED}
    assert not left_out & {stop for stop, _ in via}
    world.run(drive(world, "D1").states(), until=at("08:25"))
    assert world.info.trip_figures(DAY)["operated"] == 1
    assert judged(world, static, tmp_path) == {}


def test_positions_of_a_detour_pass_alone_because_their_alert_goes_with_them(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:50"))
    detour(world, "D1", via=(("school", 120.0),), path=AROUND)
    recorded = [
        (seen.as_of, world.info.full_dataset(DatasetKind.VEHICLE_POSITIONS, seen.as_of))
        for seen in world.play(drive(world, "D1").states())
        if seen.as_of % 10_000 == 0
    ]
    far = [data for _, data in recorded if b"school" in data]
    assert far
    assert findings(static, recorded, tmp_path / "positions") == {}


def test_a_stop_that_is_closed_is_skipped_and_the_vehicle_passes_it(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    closed = change(world, LineChangeKind.STOPS_CLOSED, "D1", "D2", "D3", stops=(StopId("north"),), reason="Fest")
    run = changed_run(world, "D1")
    assert run.trip.pattern.stops == ("station", "market", "campus")
    world.run(drive(world, "D1", start_late_s=200).states(), until=at("08:05"))
    told = updates(world)
    for trip_id in ("D1", "D2", "D3"):
        skipped = {c.stop_id: c.stop_sequence for c in told[trip_id].stop_time_update if c.schedule_relationship}
        assert skipped == {"north": 2 if trip_id == "D2" else 3}
    call = next(c for c in told["D1"].stop_time_update if c.stop_id == "campus")
    assert call.arrival.delay == call.arrival.time - run_on(timetable, "D1").arrival[3] // 1000
    rows = world.info.departures(StopId("north"), horizon_s=7200)
    assert [(row.status.trip.trip_id, row.status.calls[row.call_index].is_skipped) for row in rows] == [
        ("D1", True),
        ("D2", True),
        ("D3", True),
    ]
    assert rows[0].status.note == "Fest"
    tell(world, LineChangeEnded(change_id=closed.change_id, reason="vorbei"))
    assert changed_run(world, "D3").trip.pattern.stops == OUT
    rest = (s for s in drive(world, "D1", start_late_s=200).states() if s.as_of > at("08:05"))
    world.run(rest, until=at("08:20"))
    assert judged(world, static, tmp_path) == {}


def test_a_removed_trip_vanishes_for_riders_and_is_deleted_in_the_feed(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:50"))
    change(world, LineChangeKind.REMOVED, "D2")
    assert world.info.status(TripRef("D2", DAY)) is None
    assert "D2" not in [row.status.trip.trip_id for row in world.info.departures(StopId("campus"), horizon_s=7200)]
    assert updates(world)["D2"].trip.schedule_relationship == _Trip.DELETED
    world.pass_to(at("08:40"))
    assert "D2" not in updates(world)
    assert judged(world, static, tmp_path) == {}


def test_an_extra_trip_copies_one_of_another_time_and_is_predicted(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    ref = extra(world, "D1+0820", "D1", "08:20")
    told = {e.id: e.trip_update for e in entities(world) if e.HasField("trip_update")}["trip:20251014:D1+0820"]
    assert told.trip.schedule_relationship == _Trip.DUPLICATED
    assert told.trip.trip_id not in ("D1", "D3"), "they have updates of their own at that time"
    properties = told.trip_properties
    assert (properties.trip_id, properties.start_date, properties.start_time) == ("D1+0820", "20251014", "08:20:00")
    rows = world.info.departures(StopId("station"), horizon_s=3600)
    assert [(row.status.trip.trip_id, row.status.is_extra) for row in rows] == [("D1", False), ("D1+0820", True)]
    world.run(drive(world, "D1+0820", start_late_s=300, vehicle_id=SECOND).states(), until=at("08:29"))
    status = world.info.status(ref)
    assert status.standing is TripStanding.RUNNING
    assert status.delay_s > 60
    late = {e.id: e.trip_update for e in entities(world) if e.HasField("trip_update")}["trip:20251014:D1+0820"]
    assert late.stop_time_update[-1].arrival.time - late.stop_time_update[-1].arrival.scheduled_time > 30
    rest = (s for s in drive(world, "D1+0820", start_late_s=300, vehicle_id=SECOND).states() if s.as_of > at("08:29"))
    world.run(rest, until=at("08:45"))
    assert world.info.trip_figures(DAY)["operated"] == 1
    assert judged(world, static, tmp_path) == {}


def test_a_vehicle_put_on_a_trip_takes_it_over_and_says_whether_it_has_a_ramp(
    timetable, static, tmp_path: Path
) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    assign(world, "shuttle-2", "D1", "D2")
    change(world, LineChangeKind.RAMP_BROKEN, vehicle_id=SECOND)
    assert world.info.status(TripRef("D1", DAY)).wheelchair is False
    assert world.info.status(TripRef("D1", DAY)).is_ramp_broken
    first = Drive(run_on(timetable, "D1"), timetable)
    second = Drive(run_on(timetable, "D1"), timetable, vehicle_id=SECOND, wait_before_s=100)
    world.run(first.states(), second.states(), until=at("08:06"))
    told = updates(world)
    assert told["D1"].vehicle.id == SECOND
    assert told["D1"].vehicle.wheelchair_accessible == gtfs_realtime.VehicleDescriptor.WHEELCHAIR_INACCESSIBLE
    assert told["D2"].vehicle.wheelchair_accessible == gtfs_realtime.VehicleDescriptor.WHEELCHAIR_INACCESSIBLE
    assert told["D2"].vehicle.id == ""
    assert "D3" not in told, "the block's third trip is not driven by the vehicle put on the first two"
    positions = [e.vehicle for e in entities(world) if e.HasField("vehicle")]
    assert [p.vehicle.id for p in positions] == [SECOND]
    assert judged(world, static, tmp_path) == {}


def test_a_broken_down_vehicle_takes_its_predictions_with_it_until_another_one_comes(
    timetable, static, tmp_path: Path
) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    broken = Drive(run_on(timetable, "D1"), timetable)
    world.run(broken.states(), until=at("08:04"))
    assert {"D1", "D2"} <= set(updates(world))
    out = change(world, LineChangeKind.VEHICLE_OUT, vehicle_id=SHUTTLE, reason="Motor")
    assert not updates(world)
    assert [world.info.status(TripRef(t, DAY)).standing for t in ("D1", "D2")] == [TripStanding.UNKNOWN] * 2
    assert all(call.departure is None for call in world.info.status(TripRef("D2", DAY)).calls)
    assign(world, "shuttle-2", "D2", "D3")
    world.cancel(TripRef("D1", DAY), "Das Fahrzeug ist defekt.")
    still = (s for s in broken.states() if at("08:04") < s.as_of < at("08:05"))
    relief = Drive(run_on(timetable, "D2"), timetable, vehicle_id=SECOND, wait_before_s=200)
    world.run(still, relief.states(), until=at("08:20"))
    told = updates(world)
    assert told["D2"].vehicle.id == SECOND
    assert told["D3"].stop_time_update[0].departure.time > 0
    assert world.info.status(TripRef("D2", DAY)).standing is TripStanding.RUNNING
    tell(world, LineChangeEnded(change_id=out.change_id, reason="repariert"))
    assert judged(world, static, tmp_path) == {}


def test_an_untracked_trip_is_unknown_and_nobody_pretends_to_see_it(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:55"))
    change(world, LineChangeKind.UNTRACKED, "D1", reason="Ersatzbus ohne Ortung")
    world.run(Drive(run_on(timetable, "D1"), timetable).states(), until=at("08:01:30"))
    status = world.info.status(TripRef("D1", DAY))
    assert (status.standing, status.note) == (TripStanding.UNKNOWN, "Ersatzbus ohne Ortung")
    assert "D1" not in updates(world)
    assert not any(e.HasField("vehicle") for e in entities(world))
    world.pass_to(at("08:05"))
    assert world.info.status(TripRef("D1", DAY)).standing is TripStanding.UNKNOWN
    assert judged(world, static, tmp_path) == {}


def test_a_cancelled_trip_brings_its_alert_unless_somebody_wrote_one_of_it(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:50"))
    world.cancel(TripRef("D2", DAY), "Zu wenig Personal")
    ours = [e for e in entities(world) if e.HasField("alert")]
    assert [e.alert.effect for e in ours] == [gtfs_realtime.Alert.NO_SERVICE]
    assert {t.language for t in ours[0].alert.header_text.translation} == {"de", "en", "de-simple"}
    assert "08:15" in ours[0].alert.description_text.translation[0].text
    tell(world, alert("a1", AlertEffect.NO_SERVICE, routes=(RouteId("D"),)))
    theirs = [e for e in entities(world) if e.HasField("alert")]
    assert [e.id for e in theirs] == ["alert:a1"]
    assert [s.trip.trip_id for s in theirs[0].alert.informed_entity] == ["", "D2"]
    tell(world, AlertWithdrawn(alert_id=AlertId("a1"), reason="Tippfehler"))
    assert [e.id for e in entities(world) if e.HasField("alert")] == [ours[0].id]
    tell(world, TripReinstated(trip=TripRef("D2", DAY), reason="Personal gefunden"))
    assert not [e for e in entities(world) if e.HasField("alert")]
    world.pass_to(at("08:10"))
    assert world.info.status(TripRef("D2", DAY)).standing is TripStanding.EXPECTED
    assert judged(world, static, tmp_path) == {}


def test_an_alert_says_when_it_is_shown_and_when_things_differ_in_the_new_style(
    timetable, static, tmp_path: Path
) -> None:
    world = World(timetable, at("07:50"))
    shown = AlertPeriod(at("07:55"), at("09:00"))
    told = alert(
        "a1",
        AlertEffect.DETOUR,
        stops=(StopId("market"), StopId("north"), StopId("nowhere")),
        communication=shown,
        impact=(AlertPeriod(at("07:00"), at("08:30")), AlertPeriod(at("10:00"), None)),
        url="https://www.example.org/baustelle",
    )
    tell(world, told)
    assert not [e for e in entities(world) if e.HasField("alert")]
    world.pass_to(at("07:56"))
    sent = next(e.alert for e in entities(world) if e.HasField("alert"))
    assert [(p.start, p.end) for p in sent.communication_period] == [(at("07:55") // 1000, at("09:00") // 1000)]
    assert [(p.start, p.end) for p in sent.impact_period] == [(at("07:55") // 1000, at("08:30") // 1000)]
    assert not sent.active_period
    assert [s.stop_id for s in sent.informed_entity] == ["market", "north"]
    assert [t.text for t in sent.tts_header_text.translation] == ["Baustelle."]
    assert len(sent.description_text.translation) == 2, "what only repeats the header is left out"
    assert [r.alert.alert_id for r in world.info.alerts_at(StopId("market"), world.clock.moment)] == ["a1"]
    assert not world.info.alerts_at(StopId("station"), world.clock.moment)
    world.pass_to(at("09:01"))
    assert not [e for e in entities(world) if e.HasField("alert")]
    assert judged(world, static, tmp_path) == {}


def test_an_alert_of_all_stops_of_a_line_names_the_line(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:50"))
    tell(world, alert("a1", AlertEffect.OTHER_EFFECT, stops=tuple(StopId(stop) for stop in OUT)))
    sent = next(e.alert for e in entities(world) if e.HasField("alert"))
    assert sent.informed_entity[0].route_id == "D"
    world.pass_to(at("07:58"))
    assert judged(world, static, tmp_path) == {}


@pytest.mark.parametrize("day", [date(2025, 10, 25), date(2025, 3, 29)])
def test_a_night_of_clock_change_with_every_kind_of_change_has_no_finding(
    timetable, static, tmp_path: Path, day: date
) -> None:
    world = World(timetable, at("23:40", day), record_s=20)
    detour(world, "NIGHT", via=(("school", 120.0),), path=AROUND, day=day)
    ref = extra(world, "NIGHT+0130", "NIGHT", "25:30", day=day)
    world.cancel(TripRef("DAWN", day), "Sturm")
    change(world, LineChangeKind.REMOVED, "D1", day=date.fromordinal(day.toordinal() + 1))
    night = drive(world, "NIGHT", day=day, start_late_s=60)
    late = drive(world, "NIGHT+0130", day=day, vehicle_id=SECOND, start_late_s=30)
    world.run(night.states(), late.states(), until=at("26:30", day))
    assert world.info.status(ref).calls[-1].has_departed
    kinds = {
        e.trip_update.trip.schedule_relationship
        for _, data in world.recorded
        for e in gtfs_realtime.FeedMessage.FromString(data).entity
        if e.HasField("trip_update")
    }
    assert {_Trip.REPLACEMENT, _Trip.DUPLICATED, _Trip.CANCELED, _Trip.DELETED} <= kinds
    assert judged(world, static, tmp_path) == {}


def test_a_change_that_fits_no_trip_changes_nothing(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:50"))
    detour(world, "D1", ends=("campus", "station"))
    change(world, LineChangeKind.STOPS_CLOSED, "D2", stops=(StopId("campus"), StopId("north"), StopId("market")))
    change(world, LineChangeKind.EXTRA, "X", pattern_of=None, change_id="odd")
    assert changed_run(world, "D1").trip.pattern.stops == OUT
    assert len(changed_run(world, "D2").trip.pattern.stops) == 4
    assert world.info.status(TripRef("X", DAY)) is None
    world.run(Drive(run_on(timetable, "D1"), timetable).states(), until=at("08:08"))
    assert judged(world, static, tmp_path) == {}
    assert LineChangeId("odd") in world.info._facts.changes
