"""Trips and calls of a foreign feed; what a timetable can not show is left out, and said."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gtfs.edge.columns import Table
from gtfs.edge.feed_places import Places
from gtfs.rows import CallColumns, TripRow, left_out, picked

_NO_PICKUP = 1
_WINDOWS = ("start_pickup_drop_off_window", "start_pickup_dropoff_window")
"""The column as adopted, and as drafts of GTFS-Flex spelt it."""
_ZONES = ("location_group_id", "location_id")
_Value = TypeVar("_Value")


@dataclass(frozen=True, eq=False)
class FeedTrips:
    """The trips that a timetable can show, their calls, and what was left out."""

    trips: tuple[TripRow, ...]
    calls: CallColumns
    notes: tuple[str, ...]


def trips_of(
    trips: Table,
    stop_times: Table,
    frequencies: Table | None,
    *,
    places: Places,
    routes: Collection[str],
    services: Collection[str],
) -> FeedTrips:
    """Return trips and calls; raises ``BadInputError`` for unknown references and cells without sense."""
    rows = _trip_rows(trips, routes, services)
    ids: dict[str, int] = {row.trip_id: position for position, row in enumerate(rows)}
    trip = _references(stop_times, "trip_id", ids)
    is_flexible = np.zeros(len(rows), dtype=bool)
    is_flexible[trip[_flexible(stop_times)]] = True
    is_by_headway = np.zeros(len(rows), dtype=bool)
    if frequencies is not None:
        is_by_headway[_references(frequencies, "trip_id", ids)] = True
    kept = np.flatnonzero(~(is_flexible | is_by_headway))
    if len(kept) == len(rows):
        calls = _calls(stop_times, None, trip, places)
    else:
        position = np.full(len(rows), -1, dtype=np.int32)
        position[kept] = np.arange(len(kept))
        is_kept = position[trip] >= 0
        calls = _calls(stop_times, np.flatnonzero(is_kept), position[trip[is_kept]], places)
    notes = (
        *left_out(int(is_flexible.sum()), "their calls are zones or time windows, not times at stops (GTFS-Flex)"),
        *left_out(int((is_by_headway & ~is_flexible).sum()), "they run by headway, not by times (frequencies.txt)"),
    )
    return FeedTrips(tuple(rows[index] for index in kept.tolist()), calls, notes)


def _trip_rows(table: Table, routes: Collection[str], services: Collection[str]) -> list[TripRow]:
    ids, headsigns, blocks = table.ids("trip_id"), table.texts("trip_headsign"), table.texts("block_id")
    route_ids = _known(table, "route_id", routes, "routes.txt")
    service_ids = _known(table, "service_id", services, "calendar.txt or calendar_dates.txt")
    shape_ids = table.texts("shape_id")
    direction = _optional(table, "direction_id", {0: 0, 1: 1})
    access = _optional(table, "wheelchair_accessible", {1: True, 2: False})
    named = [block or None for block in blocks]
    return list(map(TripRow, ids, route_ids, service_ids, headsigns, direction, named, shape_ids, access))


def _optional(table: Table, column: str, values: Mapping[int, _Value]) -> list[_Value | None]:
    """Return a column of small codes; ``None`` where open or unknown, as consumers are asked to treat new codes."""
    if not table.has(column):
        return [None] * len(table)
    return [values.get(code) for code in table.integers(column, otherwise=-1).tolist()]


def _known(table: Table, column: str, known: Collection[str], where: str) -> list[str]:
    values = table.texts(column, is_required=True)
    for row, value in enumerate(values):
        if value not in known:
            table.wrong(row, column, f"{value!r} is not in {where}")
    return values


def _references(table: Table, column: str, ids: Mapping[str, int]) -> NDArray[np.int32]:
    """Return the position that ``ids`` gives each row's value; a row that refers to nothing is an error."""
    codes, values = table.coded(column, is_required=True)
    index = picked(np.array([ids.get(value, -1) for value in values], dtype=np.int32), codes)
    is_unknown = index < 0
    if is_unknown.any():
        row = int(is_unknown.argmax())
        table.wrong(row, column, f"{values[codes[row]]!r} is not in trips.txt")
    return index


def _flexible(table: Table) -> NDArray[np.bool_]:
    """Return which rows name a zone or a window: on-demand service, shape (rows,)."""
    is_flexible = np.zeros(len(table), dtype=bool)
    for column in (*_WINDOWS, *_ZONES):
        is_flexible |= table.is_given(column)
    return is_flexible


def _calls(table: Table, kept: NDArray[np.int64] | None, trip: NDArray[np.int32], places: Places) -> CallColumns:
    """Return the calls of the ``kept`` rows, of all for ``None``: nothing is copied then."""
    rows = slice(None) if kept is None else kept
    pickup = table.integers("pickup_type", otherwise=0) if table.has("pickup_type") else np.zeros(len(table), int)
    distance = table.numbers("shape_dist_traveled") if table.has("shape_dist_traveled") else None
    return CallColumns(
        trip=trip,
        stop=_stops(table, kept, places),
        sequence=table.integers("stop_sequence")[rows],
        arrival_s=table.times("arrival_time")[rows],
        departure_s=table.times("departure_time")[rows],
        can_board=pickup[rows] != _NO_PICKUP,
        distance=None if distance is None else distance[rows],
        row=None if kept is None else (kept + 1).astype(np.int32),
    )


def _stops(table: Table, kept: NDArray[np.int64] | None, places: Places) -> NDArray[np.int32]:
    codes, names = table.coded("stop_id")
    stop = picked(np.array([*(places.index.get(name, -1) for name in names), -1], dtype=np.int32), codes)
    if kept is not None:
        stop = stop[kept]
    is_unknown = stop < 0
    if is_unknown.any():
        found = int(is_unknown.argmax())
        row = found if kept is None else int(kept[found])
        if codes[row] < 0:
            table.wrong(row, "stop_id", "a value is missing")
        name = names[codes[row]]
        what = "is no stop where vehicles call" if name in places.known else "is not in stops.txt"
        table.wrong(row, "stop_id", f"{name!r} {what}")
    return stop
