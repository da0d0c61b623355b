"""A region as one value: everything a bundle says about places, lines, on-demand service and fleet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from mobility.core.geo import LatLon, LocalFrame
from mobility.core.ids import BlockId, ConnectionId, DriverRef, RouteId, ServiceAreaId, StopId, TripId, VehicleId
from mobility.core.network import RoadNetwork
from mobility.core.place import Evidence, Stop
from mobility.core.service_day import ServiceTime
from mobility.core.vehicle import ServiceKind, VehicleSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Days on which trips run: ``weekdays`` (0 = Monday) between two dates, plus and minus single dates."""

    calendar_id: str
    weekdays: frozenset[int]
    first: date
    last: date
    added: frozenset[date] = frozenset()
    removed: frozenset[date] = frozenset()

    def runs_on(self, day: date) -> bool:
        """Return whether trips of this calendar run on ``day``."""
        if day in self.added:
            return True
        return day not in self.removed and self.first <= day <= self.last and day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePattern:
    """A stop sequence of a line with its run times. Arrays are as long as ``stops``."""

    pattern_id: str
    headsign: str
    direction: int
    """0 outbound, 1 inbound (GTFS direction_id)."""
    stops: tuple[StopId, ...]
    arrival_s: tuple[int, ...]
    """Scheduled arrival, seconds after the trip's start; not decreasing."""
    departure_s: tuple[int, ...]
    """Scheduled departure; at least the arrival."""
    fastest_s: tuple[int, ...]
    """Fastest driving time to each stop from the one before (first is 0): schedule slack is the rest."""
    path: tuple[LatLon, ...]
    """Drawn line from the first to the last stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTrip:
    """One scheduled trip of a line."""

    trip_id: TripId
    pattern_id: str
    calendar_id: str
    start: ServiceTime
    block_id: BlockId


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A public line. ``evidence`` tells whether its timetable has a source or is assumed."""

    route_id: RouteId
    short_name: str
    long_name: str
    kind: ServiceKind
    colour: str
    """Six hex digits."""
    patterns: tuple[LinePattern, ...]
    trips: tuple[LineTrip, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ResearchRoute:
    """A route of the research van: no public trips, driven at fixed times on weekdays."""

    route_id: str
    name: str
    path: tuple[LatLon, ...]
    starts: tuple[ServiceTime, ...]
    weekdays: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConnection:
    """A planned transfer from a train to a line trip, repeated on every day both run."""

    connection_id: ConnectionId
    feeder: str
    feeder_arrival: ServiceTime
    trip_id: TripId
    stop_id: StopId
    transfer_s: float
    hold_limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRule:
    """A driver's shift of a vehicle, on the area's service days."""

    vehicle_id: VehicleId
    driver: DriverRef
    starts: ServiceTime
    ends: ServiceTime
    depot: StopId


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceZone:
    """A zone in which riders are picked up and set down at any address."""

    zone_id: str
    name: str
    outline: tuple[LatLon, ...]
    """Corners in order, the last one not repeating the first; at least three, no line crosses another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingInfo:
    """What the public is told about booking rides of an area, beside its phone number."""

    url: str = ""
    """Web page that takes bookings; empty where there is none."""
    info_url: str = ""
    """Web page about the service; empty where there is none."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """A sentence or two by language (``de``, ``en``) for riders: who drives, what it costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeDuration:
    """How long rides take at most: 95 of 100 no longer than ``factor`` times the drive by car plus ``offset_s``."""

    factor: float
    offset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceArea:
    """An on-demand service: where, when and by which rules it takes bookings."""

    area_id: ServiceAreaId
    name: str
    stops: tuple[StopId, ...]
    """Meeting points and destinations."""
    weekdays: frozenset[int]
    holidays_of: str
    """Subdivision of Germany whose public holidays are days without service, e.g. ``TH``; empty for none."""
    opens: ServiceTime
    closes: ServiceTime
    shifts: tuple[ShiftRule, ...]
    lead_time_s: float
    """Latest booking before the wished pickup."""
    horizon_days: int
    """How many days ahead a ride may be booked."""
    pickup_window_s: float
    """Width of the promised pickup window."""
    arrival_window_s: float
    """Width of the promised arrival window."""
    max_ride_factor: float
    max_ride_offset_s: float
    """A ride may take at most factor x direct time + offset."""
    boarding_s: float
    wheelchair_boarding_s: float
    min_distance_m: float
    line_bus_before_s: float
    line_bus_after_s: float
    """A scheduled direct trip in [wish - before, wish + after] is offered instead of a ride."""
    fare_cent: int
    phone: str
    short_name: str = ""
    """What is written on the bus, at most twelve characters; empty where the name stands for itself."""
    days_off: frozenset[date] = frozenset()
    """The public holidays of ``holidays_of`` in the years of the region's calendars, for feeds."""
    booking: BookingInfo = BookingInfo()
    zones: tuple[ServiceZone, ...] = ()
    """Where rides also begin and end beside stops; none for a service from stop to stop."""
    safe_duration: SafeDuration | None = None
    """Measured on driven rides; ``None``: the ride-time rule stands for it."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """A region bundle in memory."""

    region_id: str
    name: str
    zone: str
    crs: str
    languages: tuple[str, ...]
    version: str
    agency_name: str
    agency_url: str
    scenario_day: date
    demo_starts: ServiceTime
    stops: Mapping[StopId, Stop]
    lines: tuple[Line, ...]
    calendars: Mapping[str, Calendar]
    research_routes: tuple[ResearchRoute, ...]
    connections: tuple[TrainConnection, ...]
    areas: tuple[ServiceArea, ...]
    fleet: Mapping[VehicleId, VehicleSpec]
    blocks: Mapping[BlockId, VehicleId]
    """Which vehicle drives a block on an ordinary day."""
    network: RoadNetwork
    map_names: tuple[tuple[str, LatLon], ...]
    """Names of villages and quarters for maps."""
    attribution: str = ""
    """Who drew the network, under which licence; shown beside every map."""

    @cached_property
    def frame(self) -> LocalFrame:
        """The region's local metric frame."""
        return LocalFrame(self.crs)

    def area(self, area_id: ServiceAreaId) -> ServiceArea:
        """Return the service area; raises ``KeyError`` for an unknown one."""
        return next(area for area in self.areas if area.area_id == area_id)
