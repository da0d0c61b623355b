"""On-demand service as a timetable knows it: where and when it may be booked, and how. No trips, no times at stops."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gtfs.colour import CITIZEN_BUS_COLOUR
from gtfs.flex_ids import flex_route_id, flex_service_id
from gtfs.flex_texts import LANGUAGES, BookingTexts, booking_texts
from gtfs.public import public_areas, public_calendars
from mobility.core.ids import RouteId, StopId
from mobility.core.region import Calendar, Region, SafeDuration, ServiceArea, ServiceZone
from mobility.core.service_day import ServiceTime


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemandService:
    """The bookable service of one area, as GTFS-Flex and boards tell it."""

    area: ServiceArea
    route_id: RouteId
    long_name: str
    """Places served, or the area's name where nothing shorter is written on the bus."""
    stops: tuple[StopId, ...]
    """In the area's order."""
    zones: tuple[ServiceZone, ...]
    calendar: Calendar
    windows: tuple[tuple[ServiceTime, ServiceTime], ...]
    """Spans of a service day in which rides begin and end, in order, not touching each other."""
    texts: Mapping[str, BookingTexts]
    """By language."""
    safe_duration: SafeDuration
    colour: str
    """Six hex digits."""
    is_wheelchair_accessible: bool
    """Whether a vehicle of the area takes a wheelchair."""


def on_demand_services(region: Region) -> tuple[OnDemandService, ...]:
    """Return the public on-demand services of a region, in the bundle's order."""
    return tuple(_service(region, area) for area in public_areas(region))


def feed_calendars(region: Region) -> Mapping[str, Calendar]:
    """Return all calendars of the region's feed: those of the lines first, then one for each on-demand service."""
    own = (service.calendar for service in on_demand_services(region))
    return {**public_calendars(region), **{calendar.calendar_id: calendar for calendar in own}}


def service_windows(area: ServiceArea) -> tuple[tuple[ServiceTime, ServiceTime], ...]:
    """Return when a driver is on duty within the opening hours; shifts that meet make one window."""
    merged: list[tuple[ServiceTime, ServiceTime]] = []
    for starts, ends in _duties(area):
        if merged and starts <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends))
        else:
            merged.append((starts, ends))
    return tuple(merged)


def _duties(area: ServiceArea) -> Iterator[tuple[ServiceTime, ServiceTime]]:
    for shift in sorted(area.shifts, key=lambda shift: (shift.starts, shift.ends)):
        starts, ends = max(shift.starts, area.opens), min(shift.ends, area.closes)
        if starts < ends:
            yield starts, ends


def _service(region: Region, area: ServiceArea) -> OnDemandService:
    return OnDemandService(
        area=area,
        route_id=flex_route_id(area.area_id),
        long_name=_long_name(region, area),
        stops=area.stops,
        zones=area.zones,
        calendar=_calendar(region, area),
        windows=service_windows(area),
        texts={language: booking_texts(area, language) for language in LANGUAGES},
        # Until rides were measured the rule of the planner stands for them: no plan makes a ride longer.
        safe_duration=area.safe_duration or SafeDuration(factor=area.max_ride_factor, offset_s=area.max_ride_offset_s),
        colour=CITIZEN_BUS_COLOUR,
        is_wheelchair_accessible=any(
            region.fleet[shift.vehicle_id].takes_wheelchairs
            for shift in area.shifts
            if shift.vehicle_id in region.fleet
        ),
    )


def _long_name(region: Region, area: ServiceArea) -> str:
    if not area.short_name:
        return area.name
    return ", ".join(dict.fromkeys(region.stops[stop_id].locality for stop_id in area.stops))


def _calendar(region: Region, area: ServiceArea) -> Calendar:
    first, last = _span(region, public_calendars(region).values())
    return Calendar(
        calendar_id=flex_service_id(area.area_id),
        weekdays=area.weekdays,
        first=first,
        last=last,
        removed=frozenset(day for day in area.days_off if first <= day <= last and day.weekday() in area.weekdays),
    )


def _span(region: Region, calendars: Iterable[Calendar]) -> tuple[date, date]:
    """Return the days the feed speaks of: those of the lines, or the year of the region's own day."""
    spans: Sequence[Calendar] = tuple(calendars)
    if spans:
        return min(calendar.first for calendar in spans), max(calendar.last for calendar in spans)
    return date(region.scenario_day.year, 1, 1), date(region.scenario_day.year, 12, 31)
