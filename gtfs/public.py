"""What of a region is public: its lines with their stops and calendars, and its on-demand service. Not research."""

from collections.abc import Mapping

from mobility.core.ids import BlockId, StopId
from mobility.core.region import Calendar, Line, Region, ServiceArea, ShiftRule
from mobility.core.vehicle import ServiceKind


def public_lines(region: Region) -> tuple[Line, ...]:
    """Return the lines that riders may use, in the bundle's order; lines without trips are left out."""
    return tuple(line for line in region.lines if line.trips and line.kind is not ServiceKind.RESEARCH)


def public_areas(region: Region) -> tuple[ServiceArea, ...]:
    """Return the on-demand services that can be booked, in the bundle's order; those without driver or day are not."""
    return tuple(area for area in region.areas if area.weekdays and any(_is_on_duty(area, s) for s in area.shifts))


def _is_on_duty(area: ServiceArea, shift: ShiftRule) -> bool:
    return max(shift.starts, area.opens) < min(shift.ends, area.closes)


def public_stops(region: Region) -> tuple[StopId, ...]:
    """Return the stops where public trips call or on-demand rides begin and end, in the bundle's order."""
    on_demand = {stop_id for area in public_areas(region) for stop_id in area.stops}
    served = on_demand | {
        stop_id
        for line in public_lines(region)
        for pattern in line.patterns
        if any(trip.pattern_id == pattern.pattern_id for trip in line.trips)
        for stop_id in pattern.stops
    }
    return tuple(stop_id for stop_id in region.stops if stop_id in served)


def public_calendars(region: Region) -> Mapping[str, Calendar]:
    """Return the calendars that public line trips use, in the bundle's order."""
    used = {trip.calendar_id for line in public_lines(region) for trip in line.trips}
    return {name: calendar for name, calendar in region.calendars.items() if name in used}


def accessible_blocks(region: Region) -> Mapping[BlockId, bool]:
    """Return for each block whose vehicle is known whether it takes a wheelchair."""
    fleet = region.fleet
    return {
        block_id: fleet[vehicle_id].takes_wheelchairs
        for block_id, vehicle_id in region.blocks.items()
        if vehicle_id in fleet
    }
