"""What is kept of an entity for the rules that compare entities, or messages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.checker.reading import TripRead, UpdateRead, VehicleRead, trip_read

PAYLOADS = ("trip_update", "vehicle", "alert", "shape", "stop", "trip_modifications")
"""The fields of a ``FeedEntity`` that are its content; an entity has exactly one."""


class UpdateNote(NamedTuple):
    """A trip update in short."""

    trip: TripRead
    vehicle_id: str
    new_trip_id: str | None
    """Of its properties."""


class VehicleNote(NamedTuple):
    """A vehicle position in short."""

    trip: TripRead | None
    vehicle_id: str | None


class EntityNote(NamedTuple):
    """An entity in short."""

    entity_id: str
    says_deleted: bool
    """Whether it has ``is_deleted`` at all, true or not."""
    update: UpdateNote | None
    vehicle: VehicleNote | None
    newest_s: int
    """The latest of its timestamps, 0 for none; a later header or clock finds it no younger."""
    detours: "Detours"
    """Of an alert: which trips and routes it says run on another way."""


def note_of(entity: gtfs_realtime.FeedEntity, update: UpdateRead | None, vehicle: VehicleRead | None) -> EntityNote:
    """Return the note of an entity."""
    return EntityNote(
        entity.id,
        entity.HasField("is_deleted"),
        None if update is None else _update_note(update),
        None if vehicle is None else VehicleNote(vehicle.trip, vehicle.vehicle_id),
        max(0 if update is None else update.timestamp_s, 0 if vehicle is None else vehicle.timestamp_s),
        detours_of(entity.alert) if entity.HasField("alert") else NO_DETOURS,
    )


def _update_note(update: UpdateRead) -> UpdateNote:
    new_trip_id = None if update.properties is None else update.properties.trip_id
    return UpdateNote(update.trip, update.vehicle_id, new_trip_id)


@dataclass(frozen=True, slots=True)
class Detours:
    """Which trips and routes run on another way, as alerts say."""

    trips: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()

    def concern(self, trip: TripRead | None) -> bool:
        """Return whether a trip is detoured."""
        return trip is not None and (trip.trip_id in self.trips or trip.route_id in self.routes)

    @classmethod
    def joined(cls, several: Iterable[Self]) -> Self:
        """Return all in one."""
        known = [each for each in several if each != NO_DETOURS]
        if not known:
            return cls()
        trips, routes = (each.trips for each in known), (each.routes for each in known)
        return cls(frozenset().union(*trips), frozenset().union(*routes))


NO_DETOURS = Detours()


def detours_of(alert: gtfs_realtime.Alert) -> Detours:
    """Return the detours that an alert tells of: those of selectors with a trip, by its id or its route.

    A selector that names a route and no trip descriptor does not count, as in the GTFS Realtime Validator.
    """
    if alert.effect != gtfs_realtime.Alert.DETOUR:
        return NO_DETOURS
    told = [trip_read(selector.trip) for selector in alert.informed_entity if selector.HasField("trip")]
    trips = frozenset(trip.trip_id for trip in told if trip.trip_id is not None)
    return Detours(trips, frozenset(trip.route_id for trip in told if trip.route_id is not None))
