"""Days that differ from the timetable, beside the feed: public tours, boards, matching, log of what was driven."""

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.edge.load import load_feed
from gtfs.timetable import Timetable
from mobility.core.arrivals import TripStanding
from mobility.core.clock import shifted
from mobility.core.connection import Connection
from mobility.core.events import ConnectionPlanned, Envelope, PublicCall, PublicTourPublished
from mobility.core.ids import ConnectionId, LineChangeId, ServiceAreaId, StopId, TourId, VehicleId
from mobility.core.line_change import LineChange, LineChangeKind
from mobility.core.line_events import LineChanged, LineChangeEnded
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import TripRef
from passenger_info.board import BoardFacts, BoardRow, board_rows
from passenger_info.dataset import DatasetKind
from passenger_info.profiles import LEGACY, REFERENCE
from passenger_info.splice import header_record, spliced
from passenger_info.visits import visits
from tests.passenger_info.day import DAY, SHUTTLE, SPECS, Drive, at, run_on, zipped
from tests.passenger_info.decided import assign, change, detour, extra, tell
from tests.passenger_info.fuzzed_day import AREA, SCHOOL, files
from tests.passenger_info.world import World

_Trip = gtfs_realtime.TripDescriptor


@pytest.fixture(scope="module")
def timetable(tmp_path_factory: pytest.TempPathFactory) -> Timetable:
    return load_feed(zipped(files(), tmp_path_factory.mktemp("feed") / "feed.zip"))


def tour(*calls: tuple[str, str, int]) -> PublicTourPublished:
    return PublicTourPublished(
        area_id=ServiceAreaId(AREA),
        tour_id=TourId("bus-9-20251014-1"),
        day=DAY,
        vehicle_id=VehicleId("bus-9"),
        calls=tuple(PublicCall(StopId(stop), at(time), free) for stop, time, free in calls),
    )


def told(world: World, profile) -> dict[str, gtfs_realtime.TripUpdate]:
    now = world.clock.moment
    records = [entity.record for entity in world.info.feed_of(profile).entities(DatasetKind.TRIP_UPDATES, now)]
    message = gtfs_realtime.FeedMessage.FromString(spliced(header_record(now, ""), records))
    return {e.trip_update.trip.trip_id: e.trip_update for e in message.entity if e.HasField("trip_update")}


def test_a_pooled_tour_is_a_new_trip_between_public_stops_with_seats_and_no_vehicle(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    tell(world, tour(("school", "08:10", 5), ("market", "08:20", 2), ("station", "08:30", 6)))
    update = told(world, REFERENCE)["bus-9-20251014-1"]
    assert (update.trip.schedule_relationship, update.trip.start_time) == (_Trip.NEW, "08:10:00")
    assert [call.stop_id for call in update.stop_time_update] == ["school", "market", "station"]
    assert [call.departure_occupancy_status for call in update.stop_time_update][:2] == [
        gtfs_realtime.VehiclePosition.MANY_SEATS_AVAILABLE,
        gtfs_realtime.VehiclePosition.FEW_SEATS_AVAILABLE,
    ]
    assert update.vehicle.id == ""
    assert update.trip_properties.trip_headsign == "Station"
    assert told(world, LEGACY)["bus-9-20251014-1"].trip.schedule_relationship == _Trip.ADDED
    assert "bus-9-20251014-1" not in told(world, world.info.feed.profile), "rule E003 knows no NEW trips"
    rows = world.info.departures(StopId("school"), horizon_s=3600)
    assert [(row.status.is_extra, row.status.free_seats, row.status.standing) for row in rows] == [
        (True, 2, TripStanding.EXPECTED)
    ]
    assert not world.info.direct(StopId("school"), StopId("station"), at("08:00"), at("09:00")), "no line trip"
    tell(world, tour(("school", "08:12", 5), ("station", "08:30", 6)))
    assert told(world, REFERENCE)["bus-9-20251014-1"].trip.start_time == "08:12:00"
    tell(world, tour())
    assert "bus-9-20251014-1" not in told(world, REFERENCE)
    assert not world.info.departures(StopId("school"), horizon_s=3600)


def test_a_tour_of_an_unknown_area_or_of_one_stop_is_not_shown(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    tell(world, tour(("school", "08:10", 5), ("nowhere", "08:20", 2)))
    assert not world.info.departures(StopId("school"), horizon_s=3600)
    assert not told(world, REFERENCE)


def test_a_stop_that_a_detour_serves_instead_is_on_its_board_and_named_on_the_other(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    detour(world, "D0", via=(("school", 100.0),), path=(SCHOOL,))
    there = world.info.departures(StopId("school"), horizon_s=3600)
    assert [row.status.calls[row.call_index].is_on_detour for row in there] == [True]
    gone = next(
        row for row in world.info.departures(StopId("north"), horizon_s=3600) if row.status.trip.trip_id == "D0"
    )
    call = gone.status.calls[gone.call_index]
    assert (call.is_skipped, call.instead) == (True, "school")
    assert gone.status.note == "Bauarbeiten in der Marktstraße"
    assert [c.stop_id for c in gone.status.calls] == ["station", "market", "north", "school", "campus"]
    names = [s.trip.trip_id for s in world.info.direct(StopId("station"), StopId("north"), at("07:55"), at("08:10"))]
    assert names == []


def test_a_stop_of_the_usual_way_that_a_detour_serves_all_the_same_is_served(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    detour(world, "D0", via=(("north", 100.0), ("school", 90.0)), path=(SCHOOL,), ends=("station", "campus"))
    status = world.info.status(TripRef("D0", DAY))
    said = [(call.stop_id, call.is_skipped, call.is_on_detour) for call in status.calls]
    assert said == [
        ("station", False, False),
        ("market", True, False),
        ("north", False, False),
        ("school", False, True),
        ("campus", False, False),
    ]
    assert [call.stop_sequence for call in status.calls if call.stop_id == "market"] == [2]
    north = [row for row in world.info.departures(StopId("north"), horizon_s=3600) if row.status.trip.trip_id == "D0"]
    assert [row.status.calls[row.call_index].is_skipped for row in north] == [False]


def test_a_stop_that_a_detour_serves_out_of_turn_is_not_told_as_left_out_too(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    detour(world, "D0", via=(("north", 100.0), ("market", 90.0)), ends=("station", "campus"))
    status = world.info.status(TripRef("D0", DAY))
    assert [(call.stop_id, call.is_skipped) for call in status.calls] == [
        ("station", False),
        ("north", False),
        ("market", False),
        ("campus", False),
    ]


def test_a_board_says_that_nobody_sees_an_untracked_trip_and_why(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    change(world, LineChangeKind.UNTRACKED, "D0", reason="Ersatzbus ohne Ortung")
    row = board_of(world, "station", "de")[0]
    assert (row.state, row.state_word, row.is_stale) == ("unknown", "nicht bestätigt", True)
    assert "Das ist nicht bestätigt." in row.sentence
    assert [(note.symbol, note.short) for note in row.notes][:1] == [("info", "Ersatzbus ohne Ortung")]


@pytest.mark.parametrize(
    ("language", "said"),
    [("de", "hält nicht: North"), ("en", "does not stop at North"), ("de-simple", "hält nicht: North")],
)
def test_riders_learn_before_they_board_which_stops_their_trip_leaves_out(
    timetable: Timetable, language: str, said: str
) -> None:
    world = World(timetable, at("07:50"))
    change(world, LineChangeKind.STOPS_CLOSED, "D0", stops=(StopId("north"),), reason="Baustelle")
    before = board_of(world, "station", language)[0]
    assert (said, True) in [(note.short, note.is_warning) for note in before.notes]
    assert "North" in before.spoken
    there = next(row for row in board_of(world, "north", language) if row.state == "skipped")
    assert not [note for note in there.notes if note.symbol == "no_stop"]


def board_of(world: World, stop: str, language: str) -> list[BoardRow]:
    departures = BoardFacts(departures=world.info.departures(StopId(stop), horizon_s=3600))
    return board_rows(world.info.timetable, departures, world.clock.moment, language)


def test_a_detour_decided_under_way_keeps_what_was_seen(timetable: Timetable) -> None:
    world = World(timetable, at("07:55"))
    run = run_on(timetable, "D0")
    world.run(Drive(run, timetable).states(), until=at("08:04"))
    before = world.info._fleet.on_trip[run.ref].track
    detour(world, "D0", via=(("school", 100.0),), path=(SCHOOL,))
    after = world.info._fleet.on_trip[run.ref].track
    assert after.run.trip.pattern.stops == ("station", "market", "school", "campus")
    assert after.departed[:2] == before.departed[:2]
    assert (after.call_index, before.call_index) == (2, 2)
    status = world.info.status(run.ref)
    assert status.calls[-1].arrival.p50 > world.clock.moment


def test_an_assigned_vehicle_without_log_on_takes_its_trip_at_the_first_stop(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    assign(world, "shuttle-2", "D2")
    drive = Drive(run_on(timetable, "D2"), timetable, vehicle_id=VehicleId("shuttle-2"), has_log_on=False)
    world.run(drive.states(), until=at("08:35"))
    status = world.info.status(TripRef("D2", DAY))
    assert (status.vehicle_id, status.standing) == ("shuttle-2", TripStanding.RUNNING)


def test_a_broken_vehicle_leaves_the_trips_of_its_block_unknown(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"), blocks={"b1": SHUTTLE})
    assert world.info.status(TripRef("D4", DAY)).wheelchair is True
    out = change(world, LineChangeKind.VEHICLE_OUT, vehicle_id=SHUTTLE)
    assert world.info.status(TripRef("D4", DAY)).standing is TripStanding.UNKNOWN
    assert world.info.status(TripRef("D2", DAY)).standing is TripStanding.EXPECTED, "another block"
    tell(world, LineChangeEnded(change_id=out.change_id, reason=""))
    assert world.info.status(TripRef("D4", DAY)).standing is TripStanding.EXPECTED


def test_connections_of_a_stop_are_those_of_the_next_hours(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    for name, time in (("a", "08:20"), ("b", "08:00"), ("c", "07:00"), ("d", "18:00")):
        planned = Connection(
            connection_id=ConnectionId(name),
            feeder="RB 46",
            feeder_arrival=at(time),
            trip=TripRef("D0", DAY),
            stop_id=StopId("station"),
            departure=at(time),
            transfer_s=60,
            hold_limit_s=300,
        )
        tell(world, ConnectionPlanned(connection=planned))
    found = world.info.connections_at(StopId("station"), world.clock.moment)
    assert [connection.connection_id for connection in found] == ["b", "a"]
    assert world.info.connections_at(StopId("north"), world.clock.moment) == []


def records_of(drives: list[Drive]) -> list[TelemetryRecord]:
    states = [seen for number, drive in enumerate(drives) for seen in drive.states(10_000 * number)]
    return [
        TelemetryRecord(sample=seen.sample, received_at=seen.as_of, event_time=seen.as_of, payload=b"")
        for seen in states
    ]


def test_the_log_knows_extra_trips_detours_and_changes_that_have_ended(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"), specs=SPECS)
    way = detour(world, "D0", "D4", via=(("school", 100.0),), path=(SCHOOL,))
    ref = extra(world, "D0+0940", "D0", "09:40")
    runs = world.info.runs
    drives = [
        Drive(runs.get(TripRef("D0", DAY)), timetable),
        Drive(run_on(timetable, "D4"), timetable),
        Drive(runs.get(ref), timetable, vehicle_id=VehicleId("shuttle-2")),
    ]
    records = records_of(drives)
    added = next(
        known.change for known in world.info._facts.changes.values() if known.change.kind is LineChangeKind.EXTRA
    )
    bodies = (
        LineChanged(change=way),
        LineChanged(change=added),
        LineChangeEnded(change_id=way.change_id, reason="vorbei"),
    )
    times = (at("07:50"), at("07:50"), at("08:30"))
    facts = [Envelope(seq=i, recorded_at=times[i], actor="d", body=body) for i, body in enumerate(bodies)]
    performed = visits(timetable, records, envelopes=facts)
    stops = {
        trip: [visit.stop_id for visit in performed.visits if visit.trip.trip_id == trip]
        for trip in ("D0", "D4", "D0+0940")
    }
    assert stops["D0"] == ["station", "market", "school", "campus"]
    assert stops["D4"] == ["station", "market", "north", "campus"], "the detour was over before it left"
    assert stops["D0+0940"] == ["station", "market", "north", "campus"]
    assert all(trip.ended is not None for trip in performed.trips)
    assert [trip.trip.trip_id for trip in visits(timetable, records).trips] == ["D0", "D4"]


def test_old_changes_and_tours_are_forgotten_with_their_day(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    change(world, LineChangeKind.REMOVED, "D2")
    tell(world, tour(("school", "08:10", 5), ("station", "08:30", 6)))
    kept = LineChange(
        change_id=LineChangeId("out"), kind=LineChangeKind.VEHICLE_OUT, begins=world.clock.moment, vehicle_id=SHUTTLE
    )
    tell(world, LineChanged(change=kept))
    world.clock.moment = shifted(at("08:00"), 4 * 86_400)
    world.info.age(world.clock.moment)
    assert list(world.info._facts.changes) == ["out"]
    assert world.info._facts.tours == {}


def test_each_profile_of_a_pull_feed_tells_in_its_own_way(timetable: Timetable) -> None:
    world = World(timetable, at("07:50"))
    extra(world, "D0+0820", "D0", "08:20")
    now = world.clock.moment
    assert b"D0+0820" in world.info.full_dataset(DatasetKind.TRIP_UPDATES, now, LEGACY)
    assert world.info.rendered(DatasetKind.ALL, now).etag != world.info.rendered(DatasetKind.ALL, now, LEGACY).etag
