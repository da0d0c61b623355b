"""Stops and shapes of a foreign feed, and the metric frame they lie in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gtfs.edge.columns import Table
from gtfs.pattern import Shape
from gtfs.timetable import TimetableStop
from mobility.core.errors import BadInputError
from mobility.core.geo import XY, LatLon, LocalFrame, Polyline, utm_crs
from mobility.core.ids import StopId

_LAT_LIMIT_DEG = 90.0
_LON_LIMIT_DEG = 180.0
_BOARDING = (0, 1)
"""``location_type`` of stops and platforms, and of stations; entrances and path nodes are no places to wait at."""
_PLATFORM = 0


@dataclass(frozen=True, eq=False)
class Places:
    """The stops of a feed that have a place, in file order, and the frame around them."""

    stops: tuple[TimetableStop, ...]
    frame: LocalFrame
    index: Mapping[str, int]
    """Stop id to its position in ``stops``, only where vehicles may call."""
    known: Collection[str]
    """Every stop id of the feed, entrances and nodes included."""


def places_of(table: Table) -> Places:
    """Return the stops; raises ``BadInputError`` where a stop or station has no usable position."""
    ids, names, parents = table.ids("stop_id"), table.texts("stop_name"), table.texts("parent_station")
    lat_deg = table.places("stop_lat", _LAT_LIMIT_DEG, is_required=False)
    lon_deg = table.places("stop_lon", _LON_LIMIT_DEG, is_required=False)
    kinds = table.integers("location_type", otherwise=0) if table.has("location_type") else np.zeros(len(table), int)
    access = _access(table, "wheelchair_boarding")
    known = set(ids)
    stops: list[TimetableStop] = []
    index: dict[str, int] = {}
    for row, stop_id in enumerate(ids):
        if kinds[row] not in _BOARDING:
            continue
        if np.isnan(lat_deg[row]) or np.isnan(lon_deg[row]):
            table.wrong(row, "stop_lon" if np.isnan(lon_deg[row]) else "stop_lat", f"stop {stop_id} has no position")
        if kinds[row] == _PLATFORM:
            index[stop_id] = len(stops)
        stops.append(
            TimetableStop(
                stop_id=StopId(stop_id),
                name=names[row],
                place=LatLon(float(lat_deg[row]), float(lon_deg[row])),
                parent=StopId(parents[row]) if parents[row] in known else None,
                is_wheelchair_accessible=access[row],
            )
        )
    return Places(tuple(stops), _frame(table, stops), index, known)


def shapes_of(table: Table | None, used: Collection[str], frame: LocalFrame) -> dict[str, Shape]:
    """Return the shapes that trips use, by id; none with fewer than two points."""
    if table is None:
        return {}
    codes, names = table.coded("shape_id", is_required=True)
    lat_deg, lon_deg = table.places("shape_pt_lat", _LAT_LIMIT_DEG), table.places("shape_pt_lon", _LON_LIMIT_DEG)
    sequence = table.integers("shape_pt_sequence")
    distance = table.numbers("shape_dist_traveled")
    x_m, y_m = frame.project(lat_deg, lon_deg)
    is_lost = ~(np.isfinite(x_m) & np.isfinite(y_m))
    if is_lost.any():
        table.wrong(int(is_lost.argmax()), "shape_pt_lat", "the point lies too far from the stops")
    order = np.lexsort((sequence, codes))
    starts = np.searchsorted(codes[order], np.arange(len(names) + 1))
    wanted = set(used)
    shapes: dict[str, Shape] = {}
    for code, name in enumerate(names):
        rows = order[starts[code] : starts[code + 1]]
        if name in wanted and len(rows) > 1:
            shapes[name] = _shape(x_m[rows], y_m[rows], distance[rows])
    return shapes


def _shape(x_m: NDArray[np.float64], y_m: NDArray[np.float64], distance: NDArray[np.float64]) -> Shape:
    line = Polyline(tuple(map(XY, x_m.tolist(), y_m.tolist())))
    is_rising = bool(np.isfinite(distance).all() and (np.diff(distance) >= 0).all())
    return Shape(line=line, distance=distance if is_rising else None)


def _frame(table: Table, stops: list[TimetableStop]) -> LocalFrame:
    if not stops:
        raise BadInputError("no stop has a place", source=table.source)
    # The median: a stop at (0, 0) by mistake shall not move the frame away from all others.
    lat_deg = float(np.median([stop.place.lat_deg for stop in stops]))
    lon_deg = float(np.median([stop.place.lon_deg for stop in stops]))
    return LocalFrame(utm_crs(LatLon(lat_deg, lon_deg)))


def _access(table: Table, column: str) -> list[bool | None]:
    if not table.has(column):
        return [None] * len(table)
    return [{1: True, 2: False}.get(value) for value in table.integers(column, otherwise=0).tolist()]
