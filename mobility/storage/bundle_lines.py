"""``lines.toml``: calendars, lines with patterns and trips, train connections, research routes.

Paths are the fastest ways through the road network from stop to stop, so that a drawn line always lies on a road.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from mobility.core.geo import LatLon
from mobility.core.ids import BlockId, ConnectionId, RouteId, StopId, TripId, VehicleId
from mobility.core.network import RoadNetwork
from mobility.core.place import Evidence, Stop
from mobility.core.region import Calendar, Line, LinePattern, LineTrip, ResearchRoute, TrainConnection
from mobility.core.service_day import ServiceTime, format_service_time
from mobility.core.vehicle import ServiceKind, VehicleSpec
from mobility.storage.bundle_fields import Fields, is_colour, unique
from mobility.storage.bundle_paths import fastest_s, stop_paths

_LONGEST_DAYS = 3660

_TOP_SPEED_MPS = 100 / 3.6
"""For a pattern that no known vehicle drives; 100 km/h is the limit for buses outside towns (StVO §18 (5), §3 (3))."""


@dataclass(frozen=True, kw_only=True)
class LinesContext:
    """What the lines file refers to."""

    stops: Mapping[StopId, Stop]
    fleet: Mapping[VehicleId, VehicleSpec]
    blocks: Mapping[BlockId, VehicleId]
    network: RoadNetwork
    evidence: Mapping[str, Evidence]


@dataclass(frozen=True, kw_only=True)
class Lines:
    """All of ``lines.toml``."""

    calendars: Mapping[str, Calendar]
    lines: tuple[Line, ...]
    connections: tuple[TrainConnection, ...]
    research_routes: tuple[ResearchRoute, ...]


def read_lines(top: Fields, context: LinesContext) -> Lines:
    """Return calendars, lines, connections and research routes; raises ``BadInputError``."""
    calendars = {calendar.calendar_id: calendar for calendar in _calendars(top)}
    rows = top.tables("lines")
    unique(rows, "id", lambda row: row.identifier("id"))
    lines = tuple(_line(row, calendars, context) for row in rows)
    _refuse_double_trips(top, lines)
    trips = {trip.trip_id: pattern for line in lines for trip, pattern in _trips_with_pattern(line)}
    connections = tuple(found for row in top.tables("connections") for found in _connections(row, trips))
    routes = top.tables("research_routes")
    unique(routes, "id", lambda row: row.identifier("id"))
    research = tuple(_research_route(row, context) for row in routes)
    top.close()
    return Lines(calendars=calendars, lines=lines, connections=connections, research_routes=research)


def _calendars(top: Fields) -> list[Calendar]:
    rows = top.tables("calendars")
    unique(rows, "id", lambda row: row.identifier("id"))
    found = []
    for row in rows:
        calendar = Calendar(
            calendar_id=row.identifier("id"),
            weekdays=row.weekdays("weekdays"),
            first=row.day("first"),
            last=row.day("last"),
            added=row.days("added"),
            removed=row.days("removed"),
        )
        if calendar.last < calendar.first:
            row.fail("last", f"{calendar.last} lies before {calendar.first}")
        if (calendar.last - calendar.first).days > _LONGEST_DAYS:
            row.fail("last", "makes the calendar longer than ten years")
        row.close()
        found.append(calendar)
    return found


def _line(row: Fields, calendars: Mapping[str, Calendar], context: LinesContext) -> Line:
    colour = row.text("colour")
    if not is_colour(colour):
        row.fail("colour", f"{colour!r:.20} are not six hex digits")
    patterns = row.tables("patterns")
    unique(patterns, "id", lambda pattern: pattern.identifier("id"))
    pattern_ids = [pattern.identifier("id") for pattern in patterns]
    trips = tuple(trip for entry in row.tables("trips") for trip in _trips(entry, pattern_ids, calendars))
    route_id = RouteId(row.identifier("id"))
    line = Line(
        route_id=route_id,
        short_name=row.text("short_name"),
        long_name=row.text("long_name"),
        kind=row.choice("kind", ServiceKind),
        colour=colour,
        patterns=tuple(_pattern(pattern, trips, context) for pattern in patterns),
        trips=trips,
        evidence=context.evidence.get(f"line:{route_id}", Evidence.ASSUMED),
    )
    row.close()
    return line


def _trips(entry: Fields, pattern_ids: list[str], calendars: Mapping[str, Calendar]) -> list[LineTrip]:
    pattern_id = entry.one_of("pattern", pattern_ids)
    calendar_id = entry.one_of("calendar", calendars)
    block_id = BlockId(entry.identifier("block"))
    trips = [
        LineTrip(
            trip_id=TripId(f"{pattern_id}-{calendar_id}-{format_service_time(start)[:5].replace(':', '')}"),
            pattern_id=pattern_id,
            calendar_id=calendar_id,
            start=start,
            block_id=block_id,
        )
        for start in entry.clocks("starts")
    ]
    entry.close()
    return trips


def _pattern(row: Fields, trips: tuple[LineTrip, ...], context: LinesContext) -> LinePattern:
    pattern_id = row.identifier("id")
    stops = tuple(StopId(stop) for stop in row.texts("stops"))
    if len(stops) < 2:  # noqa: PLR2004 - a trip goes from one stop to another
        row.fail("stops", "a pattern needs at least two stops")
    for stop in stops:
        if stop not in context.stops:
            row.fail("stops", f"{stop!r:.60} is an unknown stop")
    arrival_s, departure_s = row.offsets_s("arrive"), row.offsets_s("leave")
    _check_times(row, len(stops), arrival_s, departure_s)
    paths = stop_paths(row, [context.stops[stop].place for stop in stops], context.network)
    speed_mps = _speed_mps(pattern_id, trips, context)
    pattern = LinePattern(
        pattern_id=pattern_id,
        headsign=row.text("headsign"),
        direction=row.whole("direction", low=0, high=1),
        stops=stops,
        arrival_s=arrival_s,
        departure_s=departure_s,
        fastest_s=(0, *(fastest_s(context.network, path, speed_mps) for path in paths)),
        path=context.network.geometry([paths[0].nodes[0], *(node for path in paths for node in path.nodes[1:])]),
    )
    row.close()
    return pattern


def _check_times(row: Fields, count: int, arrival_s: tuple[int, ...], departure_s: tuple[int, ...]) -> None:
    for name, times in (("arrive", arrival_s), ("leave", departure_s)):
        if len(times) != count:
            row.fail(name, f"has {len(times)} times for {count} stops")
    if arrival_s[0] != 0:
        row.fail("arrive", "must start at 0:00")
    for arrival, departure in zip(arrival_s, departure_s, strict=True):
        if departure < arrival:
            row.fail("leave", f"leaves after {departure} s, before it arrives after {arrival} s")
    for departure, arrival in zip(departure_s, arrival_s[1:], strict=False):
        if arrival <= departure:
            row.fail("arrive", f"arrives after {arrival} s, not later than it left the stop before, {departure} s")


def _speed_mps(pattern_id: str, trips: tuple[LineTrip, ...], context: LinesContext) -> float:
    vehicles = [context.blocks.get(trip.block_id) for trip in trips if trip.pattern_id == pattern_id]
    return min((context.fleet[vehicle].max_speed_mps for vehicle in vehicles if vehicle), default=_TOP_SPEED_MPS)


def _refuse_double_trips(top: Fields, lines: tuple[Line, ...]) -> None:
    seen: set[str] = set()
    for line in lines:
        for trip in line.trips:
            if trip.trip_id in seen:
                top.fail(f"lines.{line.route_id}.trips", f"{trip.trip_id} stands there twice")
            seen.add(trip.trip_id)


def _trips_with_pattern(line: Line) -> list[tuple[LineTrip, LinePattern]]:
    patterns = {pattern.pattern_id: pattern for pattern in line.patterns}
    return [(trip, patterns[trip.pattern_id]) for trip in line.trips]


def _connections(row: Fields, trips: Mapping[TripId, LinePattern]) -> list[TrainConnection]:
    """One ``[[connections]]`` table: parallel lists of train arrivals and the trips that wait for them."""
    stop_id = StopId(row.identifier("stop"))
    arrivals, names = row.clocks("feeder_arrivals"), row.texts("trips")
    if len(arrivals) != len(names):
        row.fail("trips", f"has {len(names)} trips for {len(arrivals)} trains")
    found = []
    for arrival, name in zip(arrivals, names, strict=True):
        if name not in trips:
            row.fail("trips", f"{name!r:.60} is an unknown trip")
        if stop_id not in trips[TripId(name)].stops[:-1]:
            row.fail("stop", f"{name} does not leave from {stop_id}")
        found.append(_connection(row, TripId(name), stop_id, arrival))
    row.close()
    return found


def _connection(row: Fields, trip_id: TripId, stop_id: StopId, arrival: ServiceTime) -> TrainConnection:
    return TrainConnection(
        connection_id=ConnectionId(f"train-{format_service_time(arrival)[:5].replace(':', '')}-{trip_id}"),
        feeder=row.text("feeder"),
        feeder_arrival=arrival,
        trip_id=trip_id,
        stop_id=stop_id,
        transfer_s=row.number("transfer_s", low=0, high=3600),
        hold_limit_s=row.number("hold_limit_s", low=0, high=3600),
    )


def _research_route(row: Fields, context: LinesContext) -> ResearchRoute:
    places: tuple[LatLon, ...] = row.places("via")
    if len(places) < 2:  # noqa: PLR2004 - a route goes from one place to another
        row.fail("via", "a route needs at least two places")
    paths = stop_paths(row, places, context.network)
    route = ResearchRoute(
        route_id=row.identifier("id"),
        name=row.text("name"),
        path=context.network.geometry([paths[0].nodes[0], *(node for path in paths for node in path.nodes[1:])]),
        starts=row.clocks("starts"),
        weekdays=row.weekdays("weekdays"),
    )
    if any(later <= earlier for earlier, later in pairwise(route.starts)):
        row.fail("starts", "must rise")
    row.close()
    return route
