"""A region small enough to read: one line out and back, and whatever a test adds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from mobility.core.geo import LatLon
from mobility.core.ids import BlockId, RouteId, StopId, TripId, VehicleId
from mobility.core.network import RoadNetwork
from mobility.core.place import Evidence, Stop
from mobility.core.region import Calendar, Line, LinePattern, LineTrip, Region
from mobility.core.service_day import ServiceTime
from mobility.core.vehicle import ServiceKind, VehicleSpec

STATION, MARKET, CAMPUS = StopId("station"), StopId("market"), StopId("campus")
PLACES = {
    STATION: LatLon(50.6845, 10.9241),
    MARKET: LatLon(50.6866, 10.9135),
    CAMPUS: LatLon(50.6825, 10.9380),
}
WEEKDAYS = Calendar(
    calendar_id="weekdays",
    weekdays=frozenset({0, 1, 2, 3, 4}),
    first=date(2025, 9, 1),
    last=date(2025, 12, 13),
    added=frozenset({date(2025, 9, 6)}),
    removed=frozenset({date(2025, 10, 3)}),
)


def stop(stop_id: StopId, place: LatLon, *, accessible: bool = True) -> Stop:
    return Stop(
        stop_id=stop_id,
        name=stop_id.title(),
        locality="Ilmenau",
        place=place,
        elevation_m=480.0,
        is_line_stop=True,
        is_meeting_point=False,
        is_wheelchair_accessible=accessible,
        evidence=Evidence.ASSUMED,
    )


def pattern(
    pattern_id: str = "out",
    stops: Sequence[StopId] = (MARKET, STATION, CAMPUS),
    *,
    run_s: Sequence[int] = (0, 150, 300),
    dwell_s: int = 30,
    direction: int = 0,
) -> LinePattern:
    last = len(stops) - 1
    return LinePattern(
        pattern_id=pattern_id,
        headsign=stops[-1].title(),
        direction=direction,
        stops=tuple(stops),
        arrival_s=tuple(run_s),
        departure_s=tuple(time_s + (dwell_s if 0 < k < last else 0) for k, time_s in enumerate(run_s)),
        fastest_s=(0, *(100 for _ in stops[1:])),
        path=tuple(PLACES[stop_id] for stop_id in stops),
    )


def trip(
    trip_id: str, start: str, *, pattern_id: str = "out", calendar_id: str = "weekdays", block: str = "1"
) -> LineTrip:
    hours, minutes = start.split(":")
    return LineTrip(
        trip_id=TripId(trip_id),
        pattern_id=pattern_id,
        calendar_id=calendar_id,
        start=ServiceTime(int(hours) * 3600 + int(minutes) * 60),
        block_id=BlockId(block),
    )


def line(
    trips: Sequence[LineTrip],
    patterns: Sequence[LinePattern] = (),
    *,
    route_id: str = "D",
    kind: ServiceKind = ServiceKind.SHUTTLE,
) -> Line:
    return Line(
        route_id=RouteId(route_id),
        short_name=route_id,
        long_name="Markt und Campus",
        kind=kind,
        colour="0b6e4f",
        patterns=tuple(patterns) or (pattern(), pattern("in", (CAMPUS, STATION, MARKET), direction=1)),
        trips=tuple(trips),
        evidence=Evidence.ASSUMED,
    )


def shuttle() -> VehicleSpec:
    return VehicleSpec(
        vehicle_id=VehicleId("shuttle-1"),
        label="Shuttle 1",
        kind=ServiceKind.SHUTTLE,
        seats=6,
        wheelchair_places=1,
        seats_lost_per_wheelchair=2,
        sae_level=2,
        max_speed_mps=5.0,
        has_ramp=True,
        battery_wh=30_000.0,
        is_bookable=False,
    )


def region(
    lines: Sequence[Line] | None = None,
    *,
    calendars: Mapping[str, Calendar] | None = None,
    stops: Mapping[StopId, Stop] | None = None,
) -> Region:
    if lines is None:
        lines = (line((trip("out-0700", "7:00"), trip("in-0730", "7:30", pattern_id="in"), trip("out-2355", "23:55"))),)
    return Region(
        region_id="small",
        name="Small",
        zone="Europe/Berlin",
        crs="EPSG:25832",
        languages=("de", "en"),
        version="1",
        agency_name="Small Buses",
        agency_url="https://buses.example.org/",
        scenario_day=date(2025, 10, 14),
        demo_starts=ServiceTime(7 * 3600),
        stops=stops or {stop_id: stop(stop_id, place) for stop_id, place in PLACES.items()},
        lines=tuple(lines),
        calendars=calendars or {"weekdays": WEEKDAYS},
        research_routes=(),
        connections=(),
        areas=(),
        fleet={VehicleId("shuttle-1"): shuttle()},
        blocks={BlockId("1"): VehicleId("shuttle-1")},
        network=_no_roads(),
        map_names=(),
    )


def renamed(area: Region, stop_id: StopId, name: str) -> Region:
    return replace(area, stops={**area.stops, stop_id: replace(area.stops[stop_id], name=name)})


def _no_roads() -> RoadNetwork:
    floats, ints = np.zeros(0), np.zeros(0, dtype=np.int32)
    return RoadNetwork(
        lat_deg=floats,
        lon_deg=floats,
        elevation_m=floats.astype(np.float32),
        first_edge=np.zeros(1, dtype=np.int32),
        target=ints,
        length_m=floats.astype(np.float32),
        time_s=floats.astype(np.float32),
        geometry_start=np.zeros(1, dtype=np.int32),
        geometry_lat_deg=floats,
        geometry_lon_deg=floats,
    )
