"""Stable names of feed entities; they outlive updates, so that a reader can replace what it has."""

from functools import lru_cache

from mobility.core.ids import VehicleId
from mobility.core.vehicle import TripRef


@lru_cache(1024)
def trip_entity_id(trip: TripRef) -> str:
    """Return the id of the entity that carries a trip's update."""
    return f"trip:{trip.start_date:%Y%m%d}:{trip.trip_id}"


def vehicle_entity_id(vehicle_id: VehicleId) -> str:
    """Return the id of the entity that carries a vehicle's position."""
    return f"vehicle:{vehicle_id}"
