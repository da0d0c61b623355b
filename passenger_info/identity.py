"""Stable names of feed entities; they outlive updates, so that a reader can replace what it has."""

from datetime import date
from functools import lru_cache

from mobility.core.ids import AlertId, TripId, VehicleId
from mobility.core.vehicle import TripRef

VEHICLE, TRIP, SHAPE, ALERT = "vehicle", "trip", "shape", "alert"
"""What stands before the colon: which kind of entity it is."""
_MOST_KEPT = 20_000
"""Trips of a day and of the next in a large area."""


@lru_cache(_MOST_KEPT)
def trip_entity_id(trip: TripRef) -> str:
    """Return the id of the entity that carries a trip's update."""
    return f"trip:{trip.start_date:%Y%m%d}:{trip.trip_id}"


def vehicle_entity_id(vehicle_id: VehicleId) -> str:
    """Return the id of the entity that carries a vehicle's position."""
    return f"vehicle:{vehicle_id}"


def shape_entity_id(shape_id: str) -> str:
    """Return the id of the entity that carries the line of a detour."""
    return f"shape:{shape_id}"


def alert_entity_id(alert_id: AlertId | str) -> str:
    """Return the id of the entity that carries an alert."""
    return f"alert:{alert_id}"


def trip_of_entity(entity_id: str) -> TripRef | None:
    """Return the trip whose update an entity id names, ``None`` for any other id."""
    kind, _, rest = entity_id.partition(":")
    day, _, trip_id = rest.partition(":")
    if kind != TRIP or not trip_id:
        return None
    try:
        return TripRef(TripId(trip_id), date.fromisoformat(day))
    except ValueError:
        return None
