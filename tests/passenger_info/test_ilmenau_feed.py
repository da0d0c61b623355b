"""A morning of the Ilmenau bundle, every block driven with disturbances: the recorded feed has no finding."""

import random
from pathlib import Path

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from gtfs.edge.load import load_feed
from gtfs.edge.write import schedule_zip
from gtfs.from_region import timetable_of
from mobility.core.clock import Instant, shifted
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import VehicleId
from mobility.core.service_day import ServiceDay, service_day_of
from mobility.core.vehicle import TripRef
from mobility.storage.bundles import load_region, shipped_region
from passenger_info.dataset import DatasetKind
from passenger_info.runs import Runs
from tests.passenger_info.day import Drive, state
from tests.passenger_info.judge import verdict
from tests.passenger_info.validator import findings, prepared
from tests.passenger_info.world import World


def driven(region, timetable, block_id, hours, rng):
    """The states of a block's vehicle between two hours."""
    vehicle_id, runs = VehicleId(region.blocks[block_id]), Runs(timetable)
    day = ServiceDay(region.scenario_day, region.zone)
    free_at, seq = Instant(0), 0
    for trip in timetable.block(block_id, region.scenario_day):
        run = runs.get(TripRef(trip.trip_id, region.scenario_day))
        if not day.at(hours[0] * 3600) <= run.departure[0] <= day.at(hours[1] * 3600):
            continue
        late_s = max(rng.expovariate(1 / 40), (free_at - run.departure[0]) / 1000 + 60)
        drive = Drive(
            run,
            timetable,
            vehicle_id=vehicle_id,
            start_late_s=late_s,
            drive_s=tuple(1.1 * s + rng.expovariate(1 / 8) for s in run.fastest_s[1:]),
            dwell_s=tuple(rng.uniform(5, 40) for _ in range(run.last)),
            noise_m=3.0,
            seed=len(trip.trip_id) + seq,
            wait_before_s=min(600.0, max(30.0, (run.departure[0] - free_at) / 1000 - 60)),
        )
        for seen in drive.states(seq):
            if seen.as_of > free_at:
                yield seen
                seq += 1
        free_at = shifted(drive.calls()[-1][0], 41)


@pytest.mark.slow
def test_three_morning_hours_of_every_block_have_no_finding(tmp_path: Path) -> None:
    region = load_region(shipped_region("ilmenau"))
    schedule = tmp_path / "schedule.zip"
    schedule.write_bytes(schedule_zip(region))
    timetable = timetable_of(region)
    day = ServiceDay(region.scenario_day, region.zone)
    world = World(timetable, day.at(6 * 3600), specs=region.fleet)
    rng = random.Random(11)
    vehicles = [driven(region, timetable, block_id, (6, 9), rng) for block_id in sorted(region.blocks)]
    world.run(*vehicles, until=day.at(9 * 3600 + 1800))
    assert verdict(prepared(schedule), world.recorded, tmp_path / "feeds") == {}
    assert world.info.live_share.share > 0.995
    assert world.info.trip_figures(region.scenario_day)["operated"] > 10
    assert world.info.accuracy()["scored"] > 500
    assert load_feed(schedule).feed_version == timetable.feed_version


@pytest.mark.parametrize(("name", "on_trip", "vehicles"), [("raba", 1, 22), ("ct", 14, 14)])
def test_recorded_positions_of_real_operators_keep_their_trips_and_places(
    shared_data: Path, tmp_path: Path, name: str, on_trip: int, vehicles: int
) -> None:
    recorded = gtfs_realtime.FeedMessage.FromString(
        (shared_data / "gtfs" / f"{name}-vehicle-positions.pb").read_bytes()
    )
    timetable = load_feed(shared_data / "gtfs" / f"{name}.zip")
    start = Instant(recorded.header.timestamp * 1000)
    world = World(timetable, start, specs={})
    for entity in recorded.entity:
        sent = entity.vehicle
        ref = None
        if sent.HasField("trip"):
            ref = TripRef(sent.trip.trip_id, service_day_of(start, timetable.zone).date)
        world.info.observe(
            state(
                LatLon(sent.position.latitude, sent.position.longitude),
                Instant(sent.timestamp * 1000),
                vehicle_id=VehicleId(sent.vehicle.id),
                trip=ref,
                speed_mps=sent.position.speed if sent.position.HasField("speed") else None,
            )
        )
    published = gtfs_realtime.FeedMessage.FromString(world.info.full_dataset(DatasetKind.ALL, start))
    ours = {e.vehicle.vehicle.id: e.vehicle for e in published.entity if e.HasField("vehicle")}
    updates = {e.trip_update.trip.trip_id for e in published.entity if e.trip_update.vehicle.id}
    assert len(ours) == vehicles
    for entity in recorded.entity:
        mine = ours[entity.vehicle.vehicle.id]
        assert mine.trip.trip_id == entity.vehicle.trip.trip_id
        place, there = entity.vehicle.position, mine.position
        assert distance_m(LatLon(place.latitude, place.longitude), LatLon(there.latitude, there.longitude)) < 1
    assert len(updates) == on_trip
    message = world.info.full_dataset(DatasetKind.ALL, start)
    found = findings(prepared(shared_data / "gtfs" / f"{name}.zip"), [(start, message)], tmp_path / name)
    assert set(found) <= {"W002", "W003", "W004"}
