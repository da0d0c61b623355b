"""Whatever happens and whatever is decided: the feed has no finding, and who follows its changes has all of it."""

from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.edge.load import load_feed
from mobility.core.alert import AlertEffect, AlertPeriod
from mobility.core.clock import Instant
from mobility.core.events import PublicCall, PublicTourPublished
from mobility.core.ids import RouteId, ServiceAreaId, StopId, TourId, TripId, VehicleId
from mobility.core.line_change import LineChangeKind
from mobility.core.vehicle import TripRef
from passenger_info.checker.static_view import static_view
from passenger_info.checker.table import RULE_IDS
from passenger_info.dataset import DatasetKind
from passenger_info.gates import Gates
from passenger_info.profiles import LEGACY, MOTIS, OTP, PROFILES, REFERENCE
from tests.passenger_info.day import DAY, Drive, at, zipped
from tests.passenger_info.decided import alert, change, detour, extra, tell
from tests.passenger_info.fuzzed_day import AREA, SCHOOL, VEHICLES, files, play
from tests.passenger_info.judge import verdict
from tests.passenger_info.validator import prepared
from tests.passenger_info.world import World

_Trip = gtfs_realtime.TripDescriptor


@pytest.fixture(scope="module")
def schedule(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zipped(files(), tmp_path_factory.mktemp("feed") / "feed.zip")


@pytest.fixture(scope="module")
def timetable(schedule: Path):
    return load_feed(schedule)


@pytest.fixture(scope="module")
def static(schedule: Path):
    return prepared(schedule)


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_day_of_faults_and_decisions_has_no_finding(timetable, static, tmp_path: Path, seed: int) -> None:
    for world in play(timetable, seed):
        last = world
    assert last.info.trip_figures(DAY)["operated"] >= 1
    assert verdict(static, last.recorded, tmp_path / "day") == {}


@pytest.mark.slow
def test_thirty_more_such_days_have_no_finding(timetable, static, tmp_path: Path) -> None:
    for seed in range(100, 130):
        for world in play(timetable, seed):
            last = world
        assert verdict(static, last.recorded, tmp_path / f"day-{seed}") == {}, seed


@pytest.mark.parametrize("seed", range(20, 26))
def test_who_follows_the_changes_has_the_full_dataset(timetable, seed: int) -> None:
    followed: dict[str, bytes] = {}
    changed: dict[str, None] = {}
    watched = 0
    for world in play(timetable, seed):
        info, now = world.info, world.clock.moment
        if not watched:
            info.on_change(lambda entity_id: changed.update({entity_id: None}))
            followed = {e.entity_id: e.record for e in info.feed.entities(DatasetKind.ALL, now)}
        full = {e.entity_id: e.record for e in info.feed.entities(DatasetKind.ALL, now)}
        info.full_dataset(DatasetKind.ALL, now)
        for entity_id in list(changed):
            entity = info.feed.entity(entity_id, now)
            followed.pop(entity_id, None)
            followed.update({} if entity is None else {entity_id: entity.record})
        changed.clear()
        assert followed == full
        watched += bool(full)
    assert watched > 5


@pytest.mark.parametrize("seed", [31, 32])
def test_no_vehicle_is_shown_that_was_not_heard_for_15_seconds(timetable, seed: int) -> None:
    shown = 0
    for world in play(timetable, seed, record_s=5.0):
        last = world
    for moment, data in last.recorded:
        for entity in gtfs_realtime.FeedMessage.FromString(data).entity:
            if entity.HasField("vehicle"):
                shown += 1
                assert entity.vehicle.vehicle.id in VEHICLES
                assert moment // 1000 - entity.vehicle.timestamp <= 15
    assert shown > 50


def test_each_profile_says_what_its_readers_understand(timetable, static, tmp_path: Path) -> None:
    profiles = (REFERENCE, OTP, MOTIS, LEGACY)
    recorded = {profile.name: [] for profile in profiles}
    gates = Gates(static_view(timetable, agency_id="IOV"))
    world = World(timetable, at("07:50"), guards=gates.of_entities, gates=gates.of_feed)
    detour(world, "D0", via=(("school", 100.0),), path=(SCHOOL,))
    change(world, LineChangeKind.REMOVED, "B1")
    change(world, LineChangeKind.UNTRACKED, "D2")
    world.cancel(TripRef(TripId("B3"), DAY), "Personal fehlt")
    extra(world, "D0+0820", "D0", "08:20")
    shown = AlertPeriod(at("07:00"), at("10:00"))
    tell(world, alert("a1", AlertEffect.OTHER_EFFECT, routes=(RouteId("D"),), communication=shown, impact=(shown,)))
    calls = tuple(PublicCall(StopId(stop), at(time), 4) for stop, time in (("school", "08:10"), ("station", "08:30")))
    bus = PublicTourPublished(
        area_id=ServiceAreaId(AREA), tour_id=TourId("t1"), day=DAY, vehicle_id=VehicleId("bus-9"), calls=calls
    )
    tell(world, bus)
    for seen in world.play(Drive(world.info.runs.get(TripRef(TripId("D0"), DAY)), timetable).states()):
        if seen.as_of % 30_000 == 0:
            for profile in profiles:
                recorded[profile.name].append(
                    (seen.as_of, world.info.full_dataset(DatasetKind.ALL, seen.as_of, profile))
                )
    told = {name: [gtfs_realtime.FeedMessage.FromString(m) for _, m in messages] for name, messages in recorded.items()}
    kinds = {
        name: {
            e.trip_update.trip.schedule_relationship for m in messages for e in m.entity if e.HasField("trip_update")
        }
        for name, messages in told.items()
    }
    assert {_Trip.NEW, _Trip.REPLACEMENT, _Trip.DELETED} <= kinds["reference"]
    assert kinds["otp"] == kinds["reference"]
    assert _Trip.REPLACEMENT not in kinds["motis"]
    assert kinds["legacy"] == {_Trip.SCHEDULED, _Trip.CANCELED, _Trip.ADDED}
    assert _Trip.DUPLICATED not in kinds["reference"] | kinds["legacy"]
    alerts = {
        name: [e.alert for m in messages for e in m.entity if e.HasField("alert")] for name, messages in told.items()
    }
    assert all(not a.active_period for a in alerts["reference"])
    assert any(a.active_period and a.communication_period for a in alerts["otp"])
    assert not any(a.communication_period or a.impact_period or a.tts_header_text.translation for a in alerts["legacy"])
    assert any(a.active_period for a in alerts["legacy"])
    for message in told["reference"]:
        for update in (e.trip_update for e in message.entity if e.HasField("trip_update")):
            if update.trip.schedule_relationship in (_Trip.NEW, _Trip.REPLACEMENT):
                assert all(call.HasField("stop_sequence") for call in update.stop_time_update)
                assert update.trip_properties.trip_headsign
    # The known disagreements of reference and validator, and the switches that are on in these profiles; nothing else.
    for profile in profiles:
        excused = {excuse.rule_id for excuse in profile.excused}
        found = set(verdict(static, recorded[profile.name], tmp_path / profile.name))
        # this detour has as many calls as the usual trip, so that no number is unknown
        assert found == excused - {"E051"}, profile.name
    assert gates.refused == {name: {} for name in PROFILES}


@pytest.mark.parametrize("seed", range(40, 44))
def test_on_a_day_of_faults_no_profile_says_what_it_does_not_excuse(
    timetable, static, tmp_path: Path, seed: int
) -> None:
    profiles = (REFERENCE, OTP, MOTIS, LEGACY)
    gates = Gates(static_view(timetable, agency_id="IOV"))
    recorded: dict[str, list[tuple[Instant, bytes]]] = {profile.name: [] for profile in profiles}
    for world in play(timetable, seed, guards=gates.of_entities, gates=gates.of_feed):
        now = world.clock.moment
        for profile in profiles:
            recorded[profile.name].append((now, world.info.full_dataset(DatasetKind.ALL, now, profile)))
    assert gates.refused == {name: {} for name in PROFILES}
    for profile in profiles:
        found = set(verdict(static, recorded[profile.name], tmp_path / profile.name)) & set(RULE_IDS)
        assert found <= {excuse.rule_id for excuse in profile.excused}, profile.name
