"""The map of a region as GeoJSON, drawn from the bundle alone: no tile of a third party is ever asked for."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from gtfs.timetable import Timetable
from mobility.core.geo import LatLon
from mobility.core.ids import NodeIndex
from mobility.core.network import RoadNetwork
from mobility.core.region import Region


def region_map(region: Region) -> dict[str, Any]:
    """Return name, bounds ``[west, south, east, north]`` in degrees, and one FeatureCollection per layer."""
    places = [stop.place for stop in region.stops.values()]
    places += [region.network.place(NodeIndex(node)) for node in range(region.network.node_count)]
    return {
        "name": region.name,
        "attribution": region.attribution,
        "bounds": _bounds(places),
        "roads": _collection(_roads(region.network)),
        "lines": _collection(
            _line(pattern.path, route=line.short_name, colour=line.colour, kind=line.kind.value)
            for line in region.lines
            for pattern in line.patterns
        ),
        "research": _collection(_line(route.path, route=route.name) for route in region.research_routes),
        "stops": _collection(
            _point(
                stop.place,
                stop_id=stop.stop_id,
                name=stop.name,
                is_line_stop=stop.is_line_stop,
                is_meeting_point=stop.is_meeting_point,
            )
            for stop in region.stops.values()
        ),
        "names": _collection(_point(place, name=name) for name, place in region.map_names),
    }


def timetable_map(timetable: Timetable) -> dict[str, Any]:
    """Return the same for a foreign feed: no roads, each line by one drawn trip per pattern."""
    patterns = {id(trip.pattern): trip for trip in timetable.trips.values()}
    lines = (
        _line(
            [timetable.frame.latlon(point) for point in trip.pattern.line.points],
            route=timetable.routes[trip.route_id].short_name,
            colour=timetable.routes[trip.route_id].colour,
            kind=timetable.routes[trip.route_id].kind.value,
        )
        for trip in sorted(patterns.values(), key=lambda trip: trip.trip_id)
    )
    stops = [
        _point(stop.place, stop_id=stop.stop_id, name=stop.name, is_line_stop=True, is_meeting_point=False)
        for stop in timetable.stops.values()
    ]
    return {
        "name": timetable.agency_name,
        "attribution": timetable.agency_name,
        "bounds": _bounds([stop.place for stop in timetable.stops.values()]),
        "roads": _collection(()),
        "lines": _collection(lines),
        "research": _collection(()),
        "stops": _collection(stops),
        "names": _collection(()),
    }


def _roads(network: RoadNetwork) -> Iterable[dict[str, Any]]:
    starts = network.geometry_start.tolist()
    drawn: set[tuple[tuple[float, float], ...]] = set()
    for first, last in pairwise(starts):
        line = tuple(
            (round(float(network.geometry_lon_deg[k]), 6), round(float(network.geometry_lat_deg[k]), 6))
            for k in range(first, last)
        )
        # A two-way street is two edges with the same drawn line.
        if line[::-1] in drawn or line in drawn:
            continue
        drawn.add(line)
        yield _feature("LineString", [list(point) for point in line], {})


def _bounds(places: Sequence[LatLon]) -> list[float]:
    lons, lats = [place.lon_deg for place in places], [place.lat_deg for place in places]
    return [min(lons), min(lats), max(lons), max(lats)]


def _line(path: Iterable[LatLon], **properties: str) -> dict[str, Any]:
    return _feature("LineString", [_position(place) for place in path], properties)


def _point(place: LatLon, **properties: str | bool) -> dict[str, Any]:
    return _feature("Point", _position(place), properties)


def _position(place: LatLon) -> list[float]:
    return [round(place.lon_deg, 6), round(place.lat_deg, 6)]


def _feature(
    kind: str, coordinates: Sequence[Any], properties: dict[str, Any] | dict[str, str | bool]
) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def _collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}
