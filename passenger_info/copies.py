"""Which trip of the timetable stands model for an extra one: one that nothing else is told of at the same time.

A ``DUPLICATED`` trip is told under the id of the trip it copies. Where that trip has an update of its own, two entities
carry one trip id (rules S003, P002); so the model is rather one of another day, or of another time of the day.
"""

from collections.abc import Collection
from datetime import timedelta

from gtfs.timetable import Timetable
from gtfs.trip import Trip
from mobility.core.ids import TripId
from passenger_info.run import TripRun

_APART_S = 2 * 3600
"""A model of the same day is at least this far away in time."""


def model_of(timetable: Timetable, run: TripRun, taken: Collection[TripId]) -> TripId | None:
    """Return the trip that an extra run copies, ``None`` where there is none that is free."""
    change = run.change
    copied = None if change is None or change.copied is None else timetable.trips.get(change.copied)
    if copied is None:
        return None
    found: list[tuple[bool, int, TripId]] = []
    for trip in timetable.trips.values():
        if trip.trip_id in taken or not _is_alike(trip, copied):
            continue
        is_near = any(timetable.runs_on(trip.trip_id, run.ref.start_date + timedelta(days=k)) for k in (-1, 0, 1))
        apart_s = abs(trip.departure[0] - run.trip.departure[0])
        if not is_near or apart_s >= _APART_S:
            found.append((is_near, -apart_s, trip.trip_id))
    return min(found)[2] if found else None


def _is_alike(trip: Trip, other: Trip) -> bool:
    if trip is other:
        return True
    if trip.pattern is not other.pattern or trip.route_id != other.route_id or trip.direction != other.direction:
        return False
    by_s = trip.departure[0] - other.departure[0]
    return all(a - b == by_s for a, b in zip(trip.departure, other.departure, strict=True)) and all(
        a - b == by_s for a, b in zip(trip.arrival, other.arrival, strict=True)
    )
