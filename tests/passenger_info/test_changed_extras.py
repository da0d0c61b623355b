"""Extra trips that are changed in turn, and vehicles that swap: on boards, in the feed, for every kind of reader."""

from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from mobility.core.ids import StopId, TripId
from mobility.core.line_change import LineChangeKind
from mobility.core.line_events import LineChangeEnded
from mobility.core.vehicle import TripRef
from passenger_info.dataset import DatasetKind
from passenger_info.profiles import PROFILES
from tests.passenger_info.day import DAY, Drive, at, run_on
from tests.passenger_info.decided import assign, change, detour, extra, tell
from tests.passenger_info.test_changed_feed import (
    AROUND,
    SECOND,
    SHUTTLE,
    drive,
    entities,
    judged,
    schedule,
    static,
    timetable,
    updates,
)
from tests.passenger_info.world import World

__all__ = ["schedule", "static", "timetable"]
_Trip = gtfs_realtime.TripDescriptor
_Call = gtfs_realtime.TripUpdate.StopTimeUpdate
NAME = "D1+0820"


def told_as(world: World, profile: str, trip_id: str = NAME) -> gtfs_realtime.TripUpdate | None:
    """What a profile tells of a trip now."""
    message = gtfs_realtime.FeedMessage.FromString(
        world.info.full_dataset(DatasetKind.ALL, world.clock.moment, PROFILES[profile])
    )
    own = [e.trip_update for e in message.entity if e.HasField("trip_update") and e.id.endswith(f":{trip_id}")]
    return own[0] if own else None


def test_a_detoured_extra_trip_is_new_where_readers_know_that_and_stands_on_boards(
    timetable, static, tmp_path: Path
) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    ref = extra(world, NAME, "D1", "08:20")
    detour(world, NAME, via=(("school", 120.0),), path=AROUND)
    for profile in ("reference", "otp", "motis"):
        told = told_as(world, profile)
        assert told is not None
        assert told.trip.schedule_relationship == _Trip.NEW
        assert [call.stop_id for call in told.stop_time_update] == ["station", "market", "school", "campus"]
    legacy = told_as(world, "legacy")
    assert legacy is not None
    assert legacy.trip.schedule_relationship == _Trip.ADDED
    assert told_as(world, "full") is None, "a copy of a trip has that trip's stops"
    status = world.info.status(ref)
    assert [(call.stop_id, call.is_skipped) for call in status.calls] == [
        (StopId("station"), False),
        (StopId("market"), False),
        (StopId("north"), True),
        (StopId("school"), False),
        (StopId("campus"), False),
    ]
    school = world.info.departures(StopId("school"), horizon_s=3600)
    assert [row.status.trip.trip_id for row in school] == [NAME]
    world.run(drive(world, NAME, start_late_s=90, vehicle_id=SECOND).states(), until=at("08:27"))
    assert world.info.status(ref).delay_s > 30
    late = told_as(world, "reference")
    assert late is not None
    assert late.stop_time_update[-1].arrival.time > late.stop_time_update[-1].arrival.scheduled_time
    world.pass_to(at("08:40"))
    assert judged(world, static, tmp_path) == {}


def test_an_extra_trip_passes_a_closed_stop(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    ref = extra(world, NAME, "D1", "08:20")
    change(world, LineChangeKind.STOPS_CLOSED, NAME, stops=(StopId("north"),), reason="Baustelle")
    copy = told_as(world, "full")
    assert copy is not None
    assert copy.trip.schedule_relationship == _Trip.DUPLICATED
    skipped = [c.stop_id for c in copy.stop_time_update if c.schedule_relationship == _Call.SKIPPED]
    assert skipped == ["north"]
    new = told_as(world, "reference")
    assert new is not None
    assert [call.stop_id for call in new.stop_time_update] == ["station", "market", "campus"]
    status = world.info.status(ref)
    assert [call.stop_id for call in status.calls if call.is_skipped] == ["north"]
    world.run(drive(world, NAME, vehicle_id=SECOND).states(), until=at("08:45"))
    assert judged(world, static, tmp_path) == {}


def test_a_cancelled_extra_trip_is_cancelled_on_boards_and_gone_from_the_feed(
    timetable, static, tmp_path: Path
) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    ref = extra(world, NAME, "D1", "08:20")
    world.pass_to(at("08:00"))
    world.cancel(ref, "Das Fahrzeug ist defekt.")
    (row,) = [r for r in world.info.departures(StopId("market"), horizon_s=3600) if r.status.trip == ref]
    assert row.status.standing == "cancelled"
    assert [e.alert.effect for e in entities(world) if e.HasField("alert")] == [gtfs_realtime.Alert.NO_SERVICE]
    world.pass_to(at("08:00:05"))
    assert {profile: told_as(world, profile) for profile in PROFILES} == dict.fromkeys(PROFILES)
    world.pass_to(at("08:40"))
    assert judged(world, static, tmp_path) == {}


def test_an_extra_trip_that_is_taken_back_takes_its_detour_along(timetable, static, tmp_path: Path) -> None:
    world = World(timetable, at("07:50"), record_s=10)
    fields = {"pattern_of": TripId("D1"), "departs": at("08:20")}
    taken = change(world, LineChangeKind.EXTRA, NAME, **fields)
    around = detour(world, NAME, path=AROUND)
    tell(world, *(LineChangeEnded(change_id=each.change_id, reason="doch nicht") for each in (taken, around)))
    assert world.info.status(TripRef(TripId(NAME), DAY)) is None
    world.pass_to(at("08:00"))
    assert judged(world, static, tmp_path) == {}


@pytest.mark.parametrize("minute", ["07:55", "08:04"])
def test_two_vehicles_that_swap_are_each_on_the_other_s_trip_and_nowhere_else(
    timetable, static, tmp_path: Path, minute: str
) -> None:
    """The shuttle's D1 and an extra trip three minutes behind it change hands, before or while both are driven."""
    world = World(timetable, at("07:50"), record_s=10)
    ref = extra(world, "D1+0803", "D1", "08:03")
    assign(world, SECOND, "D1+0803")
    first = Drive(run_on(timetable, "D1"), timetable, vehicle_id=SECOND)
    second = drive(world, "D1+0803", vehicle_id=SHUTTLE)
    world.run(*((s for s in each.states() if s.as_of <= at(minute)) for each in (first, second)), until=at(minute))
    assign(world, SHUTTLE, "D1+0803")
    assign(world, SECOND, "D1")
    world.run(*((s for s in each.states() if s.as_of > at(minute)) for each in (first, second)), until=at("08:06"))
    assert updates(world)["D1"].vehicle.id == SECOND
    assert world.info.status(TripRef(TripId("D1"), DAY)).vehicle_id == SECOND
    assert world.info.status(ref).vehicle_id == SHUTTLE
    positions = {p.vehicle.id: p.trip.trip_id for e in entities(world) if e.HasField("vehicle") for p in [e.vehicle]}
    assert positions == {SECOND: "D1"}, "no reader of this profile knows the extra trip's id"
    world.pass_to(at("08:20"))
    assert judged(world, static, tmp_path) == {}
