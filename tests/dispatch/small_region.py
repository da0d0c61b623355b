"""A street village for tests: stops A, B, C … in a row, two minutes' drive apart, one or more citizen buses."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from mobility.core.arrivals import TripStatus
from mobility.core.booking import Load, RideWish, WishKind
from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import DriverRef, ServiceAreaId, StopId, VehicleId
from mobility.core.network import RoadNetwork
from mobility.core.place import Evidence, Stop
from mobility.core.region import Region, ServiceArea, ShiftRule
from mobility.core.service_day import ServiceDay, ServiceTime
from mobility.core.vehicle import ServiceKind, VehicleSpec

ZONE = "Europe/Berlin"
DAY = ServiceDay(date(2025, 10, 7), ZONE)  # a Tuesday
AREA = ServiceAreaId("dorf")
GAP_M = 1200.0
GAP_S = 120.0
NAMES = "ABCDEFGHIJKL"


def at(clock: str, day: ServiceDay = DAY) -> Instant:
    hours, minutes = clock.split(":")
    return day.at(int(hours) * 3600 + int(minutes) * 60)


def wish(
    origin: str = "A",
    destination: str = "D",
    clock: str = "10:00",
    *,
    seats: int = 1,
    wheelchairs: int = 0,
    kind: WishKind = WishKind.DEPART,
    day: ServiceDay = DAY,
    load: Load | None = None,
) -> RideWish:
    return RideWish(
        area_id=AREA,
        origin=StopId(origin),
        destination=StopId(destination),
        kind=kind,
        at=at(clock, day),
        load=load or Load(seats, wheelchairs),
    )


def street(count: int) -> RoadNetwork:
    """Nodes in a row on a meridian, driven both ways."""
    degrees = GAP_M / 111_195
    edges = [(u, v) for u in range(count) for v in (u - 1, u + 1) if 0 <= v < count]
    lat = np.array([50.6 + k * degrees for k in range(count)])
    starts = np.cumsum([0] + [sum(1 for u, _ in edges if u == k) for k in range(count)])
    return RoadNetwork(
        lat_deg=lat,
        lon_deg=np.full(count, 10.9),
        elevation_m=np.full(count, 500, dtype=np.float32),
        first_edge=starts.astype(np.int32),
        target=np.array([v for _, v in edges], dtype=np.int32),
        length_m=np.full(len(edges), GAP_M, dtype=np.float32),
        time_s=np.full(len(edges), GAP_S, dtype=np.float32),
        geometry_start=np.arange(0, 2 * len(edges) + 1, 2, dtype=np.int32),
        geometry_lat_deg=np.array([lat[n] for edge in edges for n in edge]),
        geometry_lon_deg=np.full(2 * len(edges), 10.9),
    )


def bus(
    name: str = "bus", *, seats: int = 6, places: int = 1, lost: int = 2, prams: int = 1, luggage: int = 2
) -> VehicleSpec:
    return VehicleSpec(
        vehicle_id=VehicleId(name),
        label=name.title(),
        kind=ServiceKind.CITIZEN_BUS,
        seats=seats,
        wheelchair_places=places,
        seats_lost_per_wheelchair=lost,
        sae_level=0,
        max_speed_mps=25.0,
        has_ramp=True,
        battery_wh=60_000.0,
        is_bookable=True,
        pram_places=prams,
        luggage_places=luggage,
    )


def area(
    buses: Sequence[VehicleSpec], *, stops: int = 8, starts: str = "08:00", ends: str = "17:00", lead_min: int = 30
) -> ServiceArea:
    def time(clock: str) -> ServiceTime:
        return ServiceTime((at(clock) - DAY.start) // 1000)

    return ServiceArea(
        area_id=AREA,
        name="Bürgerbus Dorf",
        stops=tuple(StopId(name) for name in NAMES[:stops]),
        weekdays=frozenset({1, 3}),
        holidays_of="TH",
        opens=time("08:00"),
        closes=time("17:00"),
        shifts=tuple(
            ShiftRule(
                vehicle_id=spec.vehicle_id,
                driver=DriverRef(f"driver-{spec.vehicle_id}"),
                starts=time(starts),
                ends=time(ends),
                depot=StopId("A"),
            )
            for spec in buses
        ),
        lead_time_s=lead_min * 60.0,
        horizon_days=14,
        pickup_window_s=900.0,
        arrival_window_s=1200.0,
        max_ride_factor=1.5,
        max_ride_offset_s=600.0,
        boarding_s=60.0,
        wheelchair_boarding_s=180.0,
        min_distance_m=1000.0,
        line_bus_before_s=900.0,
        line_bus_after_s=2700.0,
        fare_cent=200,
        phone="03677 123456",
    )


def region(buses: Sequence[VehicleSpec] = (), *, stops: int = 8, **rules: str) -> Region:
    fleet = tuple(buses) or (bus(),)
    network = street(stops)
    return Region(
        region_id="dorf",
        name="Dorf",
        zone=ZONE,
        crs="EPSG:25832",
        languages=("de", "en"),
        version="1",
        agency_name="Verein",
        agency_url="https://example.org",
        scenario_day=DAY.date,
        demo_starts=ServiceTime(8 * 3600),
        stops={
            StopId(name): Stop(
                stop_id=StopId(name),
                name=f"Haltestelle {name}",
                locality="Dorf",
                place=LatLon(float(network.lat_deg[k]), 10.9),
                elevation_m=500.0,
                is_line_stop=False,
                is_meeting_point=True,
                is_wheelchair_accessible=True,
                evidence=Evidence.ASSUMED,
            )
            for k, name in enumerate(NAMES[:stops])
        },
        lines=(),
        calendars={},
        research_routes=(),
        connections=(),
        areas=(area(fleet, stops=stops, **rules),),
        fleet={spec.vehicle_id: spec for spec in fleet},
        blocks={},
        network=network,
        map_names=(),
    )


class NoLineBuses:
    """The ``DirectTrips`` port where no bus runs."""

    def direct(self, origin: StopId, destination: StopId, earliest: Instant, latest: Instant) -> Sequence[TripStatus]:
        return ()
