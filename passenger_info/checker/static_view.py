"""What the rules ask of the static feed: a small frozen value, whatever the feed came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gtfs.timetable import Timetable, Trip
from mobility.core.geo import XY, LocalFrame
from mobility.core.ids import TripId

LonLat = tuple[float, float]
"""Longitude and latitude in degrees, WGS84."""

STATION = 1
"""``location_type`` of a station."""


@dataclass(frozen=True, slots=True)
class StaticCall:
    """A row of stop_times.txt."""

    stop_sequence: int
    stop_id: str
    arrival_s: int | None
    """Service time; ``None`` where the feed has no time."""
    departure_s: int | None


@dataclass(frozen=True, slots=True)
class Headway:
    """A row of frequencies.txt with ``exact_times`` 1."""

    start_s: int
    end_s: int
    headway_s: int


@dataclass(frozen=True, kw_only=True)
class StaticTrip:
    """A trip with its calls by rising stop_sequence, at least one."""

    route_id: str
    direction: int | None
    block_id: str
    """Empty for none."""
    calls: tuple[StaticCall, ...]
    shape: tuple[LonLat, ...] = ()
    """Empty where the feed draws none; then no position is off it."""

    @cached_property
    def repeated_stops(self) -> frozenset[str]:
        """Stops called at more than once."""
        seen: set[str] = set()
        again: set[str] = set()
        for call in self.calls:
            (again if call.stop_id in seen else seen).add(call.stop_id)
        return frozenset(again)

    @cached_property
    def row_of_sequence(self) -> Mapping[int, int]:
        """Position in ``calls`` by stop_sequence."""
        return {call.stop_sequence: row for row, call in enumerate(self.calls)}

    @cached_property
    def row_of_stop(self) -> Mapping[str, int]:
        """Position in ``calls`` by stop, of stops called at once."""
        return {call.stop_id: row for row, call in enumerate(self.calls) if call.stop_id not in self.repeated_stops}


@dataclass(frozen=True, kw_only=True)
class StaticView:
    """The static feed as the rules see it."""

    agencies: frozenset[str]
    """Agency ids; the name of an agency without an id."""
    routes: frozenset[str]
    stops: Mapping[str, int]
    """Stop id to ``location_type``."""
    trips: Mapping[str, StaticTrip]
    shape_ids: frozenset[str] = frozenset()
    covered: tuple[LonLat, ...] = ()
    """Points whose box is the covered area: of all shapes, else of all stops."""
    headway_trips: frozenset[str] = frozenset()
    """Trips by headway with ``exact_times`` 0."""
    exact_headways: Mapping[str, tuple[Headway, ...]] = field(default_factory=dict)
    """Trips by headway with ``exact_times`` 1."""


class _LazyTrips(Mapping[str, StaticTrip]):
    """The trips of a timetable; made into values when they are first asked for."""

    def __init__(self, timetable: Timetable) -> None:
        self._trips = timetable.trips
        self._frame = timetable.frame
        self._known: dict[str, StaticTrip] = {}
        self._shapes: dict[int, tuple[LonLat, ...]] = {}

    def __getitem__(self, trip_id: str) -> StaticTrip:
        known = self._known.get(trip_id)
        if known is None:
            known = self._known[trip_id] = self._made(self._trips[TripId(trip_id)])
        return known

    def __contains__(self, trip_id: object) -> bool:
        return trip_id in self._trips

    def __iter__(self) -> Iterator[str]:
        return iter(self._trips)

    def __len__(self) -> int:
        return len(self._trips)

    def _made(self, trip: Trip) -> StaticTrip:
        pattern = trip.pattern
        if id(pattern) not in self._shapes:
            self._shapes[id(pattern)] = _lon_lats(pattern.line.points, self._frame)
        rows = zip(trip.stop_sequence, pattern.stops, trip.arrival, trip.departure, strict=True)
        return StaticTrip(
            route_id=trip.route_id,
            direction=trip.direction,
            block_id=trip.block_id or "",
            calls=tuple(StaticCall(*row) for row in rows),
            shape=self._shapes[id(pattern)],
        )


def static_view(timetable: Timetable, *, agency_id: str = "", shape_ids: frozenset[str] = frozenset()) -> StaticView:
    """Return the view of a timetable: every call has times, no trip runs by headway.

    ``agency_id`` is the feed's only agency (a region's id in our own feed), its name where empty. ``shape_ids`` are
    the names of the static shapes, which a timetable does not keep; realtime shapes may not reuse them.
    """
    stations = {stop.parent for stop in timetable.stops.values() if stop.parent is not None}
    patterns = {id(trip.pattern): trip.pattern for trip in timetable.trips.values()}
    drawn = [point for pattern in patterns.values() for point in _lon_lats(pattern.line.points, timetable.frame)]
    places = [(stop.place.lon_deg, stop.place.lat_deg) for stop in timetable.stops.values()]
    return StaticView(
        agencies=frozenset({agency_id or timetable.agency_name}),
        routes=frozenset(timetable.routes),
        stops={stop_id: STATION if stop_id in stations else 0 for stop_id in timetable.stops},
        trips=_LazyTrips(timetable),
        shape_ids=shape_ids,
        covered=tuple(drawn) or tuple(places),
    )


def _lon_lats(points: tuple[XY, ...], frame: LocalFrame) -> tuple[LonLat, ...]:
    places = (frame.latlon(point) for point in points)
    return tuple((place.lon_deg, place.lat_deg) for place in places)
