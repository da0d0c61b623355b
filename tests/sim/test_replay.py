"""Recorded positions of real vehicles."""

import asyncio
from datetime import date

import httpx
import pytest
from google.transit import gtfs_realtime_pb2 as gtfs_rt
from hypothesis import given
from hypothesis import strategies as st

from gtfs.from_region import timetable_of
from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import TripRef
from sim.edge.loop import run_virtual
from sim.edge.pipe import pipe
from sim.edge.replay import Replayed, first_moment, replay
from sim.edge.world import World
from sim.recorded import parse_recording
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.sim.stage import KeptFrames, VirtualClock, shipped
from v2x.edge.gateway import Gateway

TIMETABLE = timetable_of(shipped()[0])
TRIP = "D-out-mofr-0807"
DAY = ServiceDay(date(2025, 10, 14), "Europe/Berlin")


def _feed(*vehicles, sent: int = 0) -> bytes:
    message = gtfs_rt.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.timestamp = sent
    for number, fields in enumerate(vehicles):
        entity = message.entity.add()
        entity.id = f"e{number}"
        _fill(entity.vehicle, **fields)
    return message.SerializeToString()


def _fill(vehicle, *, place=(50.6846, 10.9226), at=0, name="", trip="", start_date="", speed=None):
    if place is not None:
        vehicle.position.latitude, vehicle.position.longitude = place
        if speed is not None:
            vehicle.position.speed = speed
    vehicle.timestamp = at
    vehicle.vehicle.id = name
    if trip:
        vehicle.trip.trip_id = trip
        vehicle.trip.start_date = start_date


def _seconds(service_s: int) -> int:
    return DAY.at(service_s) // 1000


def test_positions_come_in_order_of_time_without_repetitions():
    early, late = _seconds(8 * 3600), _seconds(8 * 3600 + 30)
    recording = parse_recording(
        [_feed({"at": late, "name": "a"}, {"at": early, "name": "b"}), _feed({"at": late, "name": "a"})], TIMETABLE
    )
    assert [(p.vehicle_id, p.at) for p in recording.positions] == [("b", early * 1000), ("a", late * 1000)]
    assert (recording.entities, recording.repeated, recording.without_place) == (3, 1, 0)


def test_a_trip_without_a_start_date_gets_the_service_day_it_runs_on():
    at = _seconds(8 * 3600 + 500)
    (position,) = parse_recording([_feed({"at": at, "trip": TRIP})], TIMETABLE).positions
    assert position.trip == TripRef(TRIP, date(2025, 10, 14))
    assert position.vehicle_id == "e0"


def test_a_night_trip_belongs_to_the_day_before():
    night = next(trip for trip in TIMETABLE.trips.values() if trip.departure[0] >= 24 * 3600)
    friday = ServiceDay(date(2025, 10, 17), "Europe/Berlin")
    at = friday.at(night.departure[0] + 60) // 1000
    (position,) = parse_recording([_feed({"at": at, "trip": night.trip_id})], TIMETABLE).positions
    assert position.trip == TripRef(night.trip_id, friday.date)


def test_the_feeds_own_start_date_and_an_unknown_trip_are_kept():
    at = _seconds(8 * 3600)
    feed = _feed({"at": at, "trip": TRIP, "start_date": "20251001"}, {"at": at, "trip": "foreign"})
    first, second = parse_recording([feed], TIMETABLE).positions
    assert first.trip == TripRef(TRIP, date(2025, 10, 1))
    assert second.trip == TripRef("foreign", date(2025, 10, 14))


def test_what_has_no_place_or_time_is_counted():
    at = _seconds(8 * 3600)
    feed = _feed({"at": at, "place": None}, {"at": 0}, {"at": at, "place": (99.0, 10.0)}, {"at": at, "speed": 1e9})
    recording = parse_recording([feed], TIMETABLE)
    assert recording.without_place == 3
    assert [p.speed_mps for p in recording.positions] == [None]


@given(st.binary(max_size=200))
def test_foreign_bytes_give_one_clear_error_or_nothing(data):
    try:
        recording = parse_recording([data], TIMETABLE, sources=["x.pb"])
    except BadInputError as error:
        assert "x.pb" in str(error)
    else:
        assert recording.entities >= len(recording.positions)


def _replayed(feeds) -> tuple[Replayed, MemoryTelemetryLog]:
    async def main():
        begins = first_moment(feeds, TIMETABLE)
        clock = VirtualClock(begins if begins is not None else 0)
        log = MemoryTelemetryLog()
        gateway = Gateway(log=log, clock=clock, identify=VehicleId, quarantine=KeptFrames())
        async with asyncio.TaskGroup() as group, httpx.AsyncClient() as http:
            sessions = []

            async def connect(_):
                near, far = pipe()
                sessions.append(group.create_task(gateway.serve(far)))
                return near

            world = World(http=http, connect_vehicle=connect, clock=clock)
            counts = await replay(feeds, world=world, timetable=TIMETABLE)
            for session in sessions:
                session.cancel()
        return counts, log

    return run_virtual(main())


def test_recorded_positions_reach_the_gateway_with_their_own_times():
    times = [_seconds(8 * 3600 + 30 * n) for n in range(4)]
    feeds = [
        _feed({"at": t, "name": "a", "trip": TRIP, "place": (50.6846, 10.9226 + n / 1000)}, {"at": t, "name": "b"})
        for n, t in enumerate(times)
    ]
    counts, log = _replayed(feeds)
    assert (counts.positions, counts.vehicles, counts.on_trip, counts.without_trip) == (8, 2, 4, 4)
    assert counts.acknowledged == 8
    kept = [r for r in log.records if r.sample.vehicle_id == "a"]
    assert [r.sample.device_time for r in kept] == [t * 1000 for t in times]
    assert [round(r.sample.place.lon_deg, 4) for r in kept] == [10.9226, 10.9236, 10.9246, 10.9256]
    assert all(abs(r.received_at - r.event_time) < 1000 for r in kept)


def test_an_empty_recording_replays_nothing():
    counts, log = _replayed([_feed()])
    assert (counts.messages, counts.positions, counts.vehicles, counts.first) == (1, 0, 0, None)
    assert not log.records


@pytest.mark.parametrize(("name", "vehicles"), [("ct", 14), ("raba", 22)])
def test_real_feeds_are_read_whole(shared_data, name, vehicles):
    data = (shared_data / "gtfs" / f"{name}-vehicle-positions.pb").read_bytes()
    recording = parse_recording([data], TIMETABLE)
    assert len({position.vehicle_id for position in recording.positions}) == vehicles
    assert recording.without_place == 0
    assert sum(position.trip is not None for position in recording.positions) == {"ct": 14, "raba": 1}[name]
    counts, log = _replayed([data])
    assert counts.acknowledged == len(log.records) == len(recording.positions)
