"""A region small enough to read: one line out and back, and whatever a test adds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from mobility.core.geo import LatLon
from mobility.core.ids import BlockId, DriverRef, RouteId, ServiceAreaId, StopId, TripId, VehicleId
from mobility.core.network import RoadNetwork
from mobility.core.place import Evidence, Stop
from mobility.core.region import (
    BookingInfo,
    Calendar,
    Line,
    LinePattern,
    LineTrip,
    Region,
    ServiceArea,
    ServiceZone,
    ShiftRule,
)
from mobility.core.service_day import ServiceTime
from mobility.core.vehicle import ServiceKind, VehicleSpec

STATION, MARKET, CAMPUS, VILLAGE = (StopId(name) for name in ("station", "market", "campus", "village-hall"))
PLACES = {
    STATION: LatLon(50.6845, 10.9241),
    MARKET: LatLon(50.6866, 10.9135),
    CAMPUS: LatLon(50.6825, 10.9380),
}
FAR = {**PLACES, VILLAGE: LatLon(50.6350, 10.8622)}
"""The same and a village that no line serves."""
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


def van() -> VehicleSpec:
    return replace(
        shuttle(), vehicle_id=VehicleId("van-1"), kind=ServiceKind.CITIZEN_BUS, seats=8, sae_level=0, is_bookable=True
    )


def shift(starts: str, ends: str) -> ShiftRule:
    return ShiftRule(
        vehicle_id=VehicleId("van-1"),
        driver=DriverRef("driver-01"),
        starts=clock(starts),
        ends=clock(ends),
        depot=STATION,
    )


def area(
    *, shifts: Sequence[ShiftRule] = (), zones: Sequence[ServiceZone] = (), lead_min: int = 60, short_name: str = "Bus"
) -> ServiceArea:
    return ServiceArea(
        area_id=ServiceAreaId("village"),
        name="Bürgerbus Dorf",
        stops=(MARKET, CAMPUS, VILLAGE),
        weekdays=frozenset({1, 3}),
        holidays_of="TH",
        opens=clock("8:00"),
        closes=clock("17:00"),
        shifts=tuple(shifts) or (shift("8:00", "12:30"), shift("12:30", "17:00")),
        lead_time_s=lead_min * 60.0,
        horizon_days=14,
        pickup_window_s=900.0,
        arrival_window_s=1200.0,
        max_ride_factor=1.5,
        max_ride_offset_s=900.0,
        boarding_s=60.0,
        wheelchair_boarding_s=240.0,
        min_distance_m=500.0,
        line_bus_before_s=900.0,
        line_bus_after_s=2700.0,
        fare_cent=250,
        phone="03677 123456",
        short_name=short_name,
        days_off=frozenset({date(2025, 10, 3), date(2025, 9, 23), date(2025, 12, 25)}),
        booking=BookingInfo(url="https://bus.example.org/book", notes={"de": "Mit Spende.", "en": "Donate."}),
        zones=tuple(zones),
    )


def clock(text: str) -> ServiceTime:
    hours, minutes = text.split(":")
    return ServiceTime(int(hours) * 3600 + int(minutes) * 60)


def region(
    lines: Sequence[Line] | None = None,
    *,
    calendars: Mapping[str, Calendar] | None = None,
    stops: Mapping[StopId, Stop] | None = None,
    areas: Sequence[ServiceArea] = (),
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
        areas=tuple(areas),
        fleet={VehicleId("shuttle-1"): shuttle(), VehicleId("van-1"): van()},
        blocks={BlockId("1"): VehicleId("shuttle-1")},
        network=_no_roads(),
        map_names=(),
    )


def with_bus(*areas: ServiceArea) -> Region:
    """A region whose citizen bus also serves a village."""
    stops = {stop_id: stop(stop_id, place) for stop_id, place in FAR.items()}
    return region(stops=stops, areas=areas or (area(),))


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
