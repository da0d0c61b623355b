"""Rules about the header, and about entities beside each other: E001, E017, E018, E038, E039, E047 to E050, E052,
S003, S020.

Source: rules of the GTFS Realtime Validator; GTFS-realtime reference, "FeedHeader", "FeedEntity", "TripUpdate".
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from passenger_info.checker.case import DUPLICATED, Known, Now
from passenger_info.checker.note import EntityNote
from passenger_info.checker.reading import TripRead
from passenger_info.checker.static_view import StaticView
from passenger_info.checker.time_rules import is_ahead, is_posix

_VERSIONS = ("1.0", "2.0")
_NEEDS_ALL = 2.0
"""From this version on the header must say when it was made and what it contains."""


@dataclass(slots=True)
class MessageCase:
    """A message as a whole."""

    header: gtfs_realtime.FeedHeader
    notes: Sequence[EntityNote]
    previous_s: int
    """Header timestamp of the message before, 0 for none."""
    is_repeated: bool
    """Whether the message before was the same, byte for byte."""
    known: Known
    now: Now


Found = tuple[str, str]
"""Id of an entity, empty for the header, and what is wrong."""
MessageRule = Callable[[MessageCase], Sequence[Found]]


def _version(case: MessageCase) -> float | None:
    try:
        return float(case.header.gtfs_realtime_version)
    except ValueError:
        return None


def header_not_posix(case: MessageCase) -> Sequence[Found]:
    """E001: the header's timestamp is no POSIX second."""
    if case.now.header_s == 0 or is_posix(case.now.header_s):
        return ()
    return (("", f"header timestamp {case.now.header_s} is no POSIX second"),)


def same_stamp_for_other_content(case: MessageCase) -> Sequence[Found]:
    """E017: content changed, and the timestamp did not."""
    if not case.previous_s or case.now.header_s != case.previous_s or case.is_repeated:
        return ()
    return (("", f"header timestamp {case.previous_s} was that of other content"),)


def stamp_went_back(case: MessageCase) -> Sequence[Found]:
    """E018: the header's timestamp went back."""
    if not case.previous_s or case.now.header_s == 0 or case.now.header_s >= case.previous_s:
        return ()
    return (("", f"header timestamp {case.now.header_s} comes after {case.previous_s}"),)


def unknown_version(case: MessageCase) -> Sequence[Found]:
    """E038: the version is 1.0 or 2.0."""
    header = case.header
    if not header.HasField("gtfs_realtime_version") or header.gtfs_realtime_version in _VERSIONS:
        return ()
    return (("", f"version {header.gtfs_realtime_version!r} does not exist"),)


def deleted_in_full_dataset(case: MessageCase) -> Sequence[Found]:
    """E039: a full dataset deletes nothing."""
    if case.header.incrementality != gtfs_realtime.FeedHeader.FULL_DATASET:
        return ()
    return [(note.entity_id, "is_deleted in a full dataset") for note in case.notes if note.says_deleted]


def stamp_missing(case: MessageCase) -> Sequence[Found]:
    """E048: from version 2.0 on the header has a timestamp; a version that is no number counts as such."""
    if case.now.header_s != 0:
        return ()
    version = _version(case)
    return (("", "header without timestamp"),) if version is None or version >= _NEEDS_ALL else ()


def incrementality_missing(case: MessageCase) -> Sequence[Found]:
    """E049: from version 2.0 on the header says what the message contains."""
    version = _version(case)
    if version is None or version < _NEEDS_ALL or case.header.HasField("incrementality"):
        return ()
    return (("", "header without incrementality"),)


def header_ahead(case: MessageCase) -> Sequence[Found]:
    """E050: the header was made in the future."""
    if not is_posix(case.now.header_s) or not is_ahead(case.now.header_s, case.now):
        return ()
    return (("", f"header timestamp {case.now.header_s} lies in the future"),)


def vehicle_repeated(case: MessageCase) -> Sequence[Found]:
    """E052: every vehicle has one position."""
    seen: set[str] = set()
    found: list[Found] = []
    for note in case.notes:
        if note.vehicle is None or not note.vehicle.vehicle_id:
            continue
        if note.vehicle.vehicle_id in seen:
            found.append((note.entity_id, f"vehicle {note.vehicle.vehicle_id!r} has a position already"))
        seen.add(note.vehicle.vehicle_id)
    return found


def vehicle_and_trip_disagree(case: MessageCase) -> Sequence[Found]:
    """E047: update and position pair the same vehicle with the same trip, or trips of one block."""
    return tuple(_disagreeing(case))


def _disagreeing(case: MessageCase) -> Iterator[Found]:
    vehicle_of, trip_of = _told_by_updates(case.notes)
    seen_on, seen_at = _told_by_positions(case.notes)
    for trip_id, vehicle_id in vehicle_of.items():
        seen = seen_on.get(trip_id)
        if seen and seen != vehicle_id:
            yield "", f"trip {trip_id} has vehicle {vehicle_id}, but {seen} drives it"
    for vehicle_id, trip_id in seen_at.items():
        told = trip_of.get(vehicle_id)
        if told and told != trip_id and not _share_block(case.known.view, told, trip_id):
            yield "", f"vehicle {vehicle_id} is on trip {trip_id}, but updates say {told}"


def _told_by_updates(notes: Sequence[EntityNote]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    vehicle_of: dict[str, str] = {}
    trip_of: dict[str, str] = {}
    for note in notes:
        if note.update is not None and note.update.trip.trip_id is not None and note.update.vehicle_id:
            vehicle_of[note.update.trip.trip_id] = note.update.vehicle_id
            trip_of[note.update.vehicle_id] = note.update.trip.trip_id
    return vehicle_of, trip_of


def _told_by_positions(notes: Sequence[EntityNote]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    seen_on: dict[str, str] = {}
    seen_at: dict[str, str] = {}
    for note in notes:
        vehicle = note.vehicle
        if vehicle is not None and vehicle.vehicle_id is not None and vehicle.trip is not None and vehicle.trip.trip_id:
            seen_on[vehicle.trip.trip_id] = vehicle.vehicle_id
            seen_at[vehicle.vehicle_id] = vehicle.trip.trip_id
    return seen_on, seen_at


def _share_block(view: StaticView, one: str, other: str) -> bool:
    first, second = view.trips.get(one), view.trips.get(other)
    return first is not None and second is not None and bool(first.block_id) and first.block_id == second.block_id


def trip_told_twice(case: MessageCase) -> Sequence[Found]:
    """S003: a trip of a day has one update."""
    runs = [
        _run(note.update.trip, case.known.view)
        for note in case.notes
        if note.update is not None and note.update.trip.trip_id is not None
    ]
    return [("", f"trip {run[0]} has {count} updates") for run, count in Counter(runs).items() if count > 1]


def _run(trip: TripRead, view: StaticView) -> tuple[str | None, ...]:
    """Return what tells one run of a trip from another: by timetable its date, else also its time."""
    is_by_headway = trip.trip_id in view.headway_trips or trip.trip_id in view.exact_headways
    if trip.trip_id in view.trips and not is_by_headway:
        return trip.trip_id, trip.start_date
    return trip.trip_id, trip.start_date, trip.start_time


def duplicate_of_nothing(case: MessageCase) -> Sequence[Found]:
    """S020: a vehicle on a DUPLICATED trip is on one that an update has made."""
    driven = [
        (note.entity_id, note.vehicle.trip.trip_id or "")
        for note in case.notes
        if note.vehicle is not None and note.vehicle.trip is not None and note.vehicle.trip.relationship == DUPLICATED
    ]
    if not driven:
        return ()
    made = {note.update.new_trip_id for note in case.notes if note.update is not None}
    return [(entity_id, f"no update makes trip {trip_id!r}") for entity_id, trip_id in driven if trip_id not in made]
