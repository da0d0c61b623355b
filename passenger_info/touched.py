"""Which entities may look different after some facts: of the trips named, and of those their vehicles drive next."""

from collections.abc import Iterable, Iterator
from datetime import date

from mobility.core.ids import VehicleId
from mobility.core.vehicle import TripRef
from passenger_info.held import News
from passenger_info.identity import trip_entity_id, vehicle_entity_id
from passenger_info.runs import Runs
from passenger_info.statuses import Statuses


def touched_by(news: News, statuses: Statuses, days: Iterable[date]) -> Iterator[str]:
    """Return the ids of entities to look at again, each once; ``days`` are the service days of the moment."""
    trips: dict[TripRef, None] = {}
    vehicles: dict[VehicleId, None] = dict.fromkeys(news.vehicles)
    for ref in news.trips:
        trips[ref] = None
        trips.update(dict.fromkeys(_same_block(statuses.runs, ref)))
    days = list(days)
    for vehicle_id in news.vehicles:
        trips.update(dict.fromkeys(_driven_by(statuses, vehicle_id, days)))
    for ref in trips:
        vehicle = statuses.fleet.on_trip.get(ref)
        if vehicle is not None:
            vehicles[vehicle.vehicle_id] = None
    yield from (vehicle_entity_id(vehicle_id) for vehicle_id in vehicles)
    yield from (trip_entity_id(ref) for ref in trips)


def _same_block(runs: Runs, ref: TripRef) -> Iterator[TripRef]:
    trip = runs.timetable.trips.get(ref.trip_id)
    if trip is not None and trip.block_id is not None:
        for each in runs.timetable.block(trip.block_id, ref.start_date):
            yield TripRef(each.trip_id, ref.start_date)


def _driven_by(statuses: Statuses, vehicle_id: VehicleId, days: Iterable[date]) -> Iterator[TripRef]:
    runs = statuses.runs
    vehicle = statuses.fleet.vehicles.get(vehicle_id)
    if vehicle is not None and vehicle.track is not None:
        yield vehicle.track.run.ref
        yield from _same_block(runs, vehicle.track.run.ref)
    for day in days:
        yield from runs.given_to(vehicle_id, day)
        for block_id in (block_id for block_id, driver in statuses.blocks.items() if driver == vehicle_id):
            yield from (TripRef(trip.trip_id, day) for trip in runs.timetable.block(block_id, day))
