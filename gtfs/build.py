"""The static feed of a region as tables of text, file by file. Pure; ``gtfs.edge.write`` makes the zip.

Source: GTFS Schedule reference. The tables are composed of parts; parts that add to the same file are put together,
and a column that only one of them has is empty in the rows of the others. On-demand service (GTFS-Flex) is such a part.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from gtfs.colour import text_colour
from gtfs.days import calendar_rows, date_rows, first_and_last_day
from gtfs.digest import feed_version
from gtfs.flex import feed_language, flex_documents, flex_tables
from gtfs.from_region import shape_id, timetable_of
from gtfs.on_demand import feed_calendars, on_demand_services
from gtfs.public import public_lines
from gtfs.table import Row, Tables
from gtfs.timetable import Timetable, Trip
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import StopId
from mobility.core.place import Evidence
from mobility.core.region import Line, LinePattern, Region
from mobility.core.service_day import format_service_time

_BUS = "3"
_SAME_PLACE_M = 0.02
"""Points nearer than this would have equal distances when written in centimetres."""
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_ASSUMED = "Fahrplan angenommen, nicht amtlich."


def tables(region: Region) -> Tables:
    """Return the files of the region's static feed."""
    timetable = timetable_of(region)
    composed: dict[str, list[Row]] = {}
    for part in _PARTS:
        for name, rows in part(region, timetable).items():
            composed.setdefault(name, []).extend(rows)
    return {name: _aligned(rows) for name, rows in composed.items() if rows}


def documents(region: Region) -> Mapping[str, str]:
    """Return the files of the feed that are no tables, as text: the zones of the on-demand service, if any."""
    return flex_documents(on_demand_services(region))


def _aligned(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows with all columns that any of them has; what a row does not have is empty in it."""
    columns = dict.fromkeys(column for kind in dict.fromkeys(map(tuple, rows)) for column in kind)
    if all(len(row) == len(columns) for row in rows):
        return tuple(rows)
    return tuple({column: row.get(column, "") for column in columns} for row in rows)


def _publisher(region: Region, _: Timetable) -> Mapping[str, Iterable[Row]]:
    language = feed_language(region)
    agency = {
        "agency_id": region.region_id,
        "agency_name": region.agency_name,
        "agency_url": region.agency_url,
        "agency_timezone": region.zone,
        "agency_lang": language,
    }
    calendars = feed_calendars(region)
    first, last = first_and_last_day(calendars.values()) if calendars else ("", "")
    info = {
        "feed_publisher_name": region.agency_name,
        "feed_publisher_url": region.agency_url,
        "feed_lang": language,
        "feed_start_date": first,
        "feed_end_date": last,
        "feed_version": feed_version(region),
        "feed_contact_url": region.agency_url,
    }
    return {"agency.txt": [agency], "feed_info.txt": [info]}


def _stops(region: Region, timetable: Timetable) -> Mapping[str, Iterable[Row]]:
    return {"stops.txt": [_stop(region, stop_id) for stop_id in timetable.stops]}


def _stop(region: Region, stop_id: StopId) -> Row:
    stop = region.stops[stop_id]
    return {
        "stop_id": stop_id,
        "stop_name": stop.name,
        # The place tells apart stops of the same name; riders' apps show it below the name.
        "stop_desc": stop.locality if stop.locality != stop.name else "",
        "stop_lat": f"{stop.place.lat_deg:.7f}",
        "stop_lon": f"{stop.place.lon_deg:.7f}",
        "zone_id": _zone(stop.locality),
        "location_type": "0",
        "wheelchair_boarding": "1" if stop.is_wheelchair_accessible else "2",
    }


def _zone(locality: str) -> str:
    """Return the place as an id: ids are for machines, and validators ask for plain ASCII."""
    plain = unicodedata.normalize("NFKD", locality.lower().translate(_GERMAN)).encode("ascii", "ignore").decode()
    return "-".join(re.findall("[a-z0-9]+", plain))


def _lines(region: Region, timetable: Timetable) -> Mapping[str, Iterable[Row]]:
    lines = public_lines(region)
    return {
        "routes.txt": [_route(region, line, order) for order, line in enumerate(lines, start=1)],
        "trips.txt": [_trip(trip, shape) for trip, shape in _trips(lines, timetable)],
        "stop_times.txt": [row for trip, shape in _trips(lines, timetable) for row in _calls(trip, shape)],
        "shapes.txt": [row for line in lines for row in _shapes(line, timetable)],
    }


def _route(region: Region, line: Line, order: int) -> Row:
    return {
        "route_id": line.route_id,
        "agency_id": region.region_id,
        "route_short_name": line.short_name,
        "route_long_name": line.long_name,
        "route_desc": _ASSUMED if line.evidence is Evidence.ASSUMED else "",
        "route_type": _BUS,
        "route_color": line.colour.upper(),
        "route_text_color": text_colour(line.colour),
        "route_sort_order": str(order),
    }


def _trips(lines: Sequence[Line], timetable: Timetable) -> Iterable[tuple[Trip, str]]:
    """Yield all trips, line by line in order of departure, with their shape's id; empty for none."""
    for line in lines:
        drawn = {pattern.pattern_id: shape_id(line, pattern) for pattern in line.patterns if len(pattern.path) > 1}
        shape = {trip.trip_id: drawn.get(trip.pattern_id, "") for trip in line.trips}
        for trip in timetable.trips.values():
            if trip.route_id == line.route_id:
                yield trip, shape[trip.trip_id]


def _trip(trip: Trip, shape: str) -> Row:
    return {
        "route_id": trip.route_id,
        "service_id": trip.service_id,
        "trip_id": trip.trip_id,
        "trip_headsign": trip.headsign,
        "direction_id": "" if trip.direction is None else str(trip.direction),
        "block_id": trip.block_id or "",
        "shape_id": shape,
        "wheelchair_accessible": {True: "1", False: "2", None: "0"}[trip.is_wheelchair_accessible],
        "bikes_allowed": "0",
    }


def _calls(trip: Trip, shape: str) -> Iterable[Row]:
    for k, stop_id in enumerate(trip.pattern.stops):
        yield {
            "trip_id": trip.trip_id,
            "arrival_time": format_service_time(trip.arrival[k]),
            "departure_time": format_service_time(trip.departure[k]),
            "stop_id": stop_id,
            "stop_sequence": str(trip.stop_sequence[k]),
            "pickup_type": "0",
            "drop_off_type": "0",
            "shape_dist_traveled": f"{trip.pattern.stop_chainage_m[k]:.2f}" if shape else "",
            "timepoint": "1",
        }


def _shapes(line: Line, timetable: Timetable) -> Iterable[Row]:
    trips = {trip.pattern_id: trip.trip_id for trip in line.trips}
    for pattern in line.patterns:
        if pattern.pattern_id in trips and len(pattern.path) > 1:
            chainages_m = timetable.trips[trips[pattern.pattern_id]].pattern.line.chainages_m
            yield from _shape(shape_id(line, pattern), pattern, chainages_m)


def _shape(name: str, pattern: LinePattern, chainages_m: Sequence[float]) -> Iterable[Row]:
    for sequence, k in enumerate(_distinct(pattern.path), start=1):
        yield {
            "shape_id": name,
            "shape_pt_lat": f"{pattern.path[k].lat_deg:.7f}",
            "shape_pt_lon": f"{pattern.path[k].lon_deg:.7f}",
            "shape_pt_sequence": str(sequence),
            "shape_dist_traveled": f"{chainages_m[k]:.2f}",
        }


def _distinct(path: Sequence[LatLon]) -> list[int]:
    """Return the indices of points that lie apart from the one before; the last point always."""
    kept = [0]
    for k in range(1, len(path)):
        if distance_m(path[kept[-1]], path[k]) >= _SAME_PLACE_M:
            kept.append(k)
    if len(kept) > 1:
        kept[-1] = len(path) - 1
    return kept


def _days(region: Region, _: Timetable) -> Mapping[str, Iterable[Row]]:
    calendars = feed_calendars(region)
    return {"calendar.txt": calendar_rows(calendars), "calendar_dates.txt": date_rows(calendars)}


def _on_demand(region: Region, timetable: Timetable) -> Mapping[str, Iterable[Row]]:
    return flex_tables(region, timetable.on_demand)


_PARTS: tuple[Callable[[Region, Timetable], Mapping[str, Iterable[Row]]], ...] = (
    _publisher,
    _stops,
    _lines,
    _on_demand,
    _days,
)
