"""What of a region is public timetable: its lines with their stops and calendars. Research routes are not."""

from collections.abc import Mapping

from mobility.core.ids import BlockId, StopId
from mobility.core.region import Calendar, Line, Region
from mobility.core.vehicle import ServiceKind


def public_lines(region: Region) -> tuple[Line, ...]:
    """Return the lines that riders may use, in the bundle's order; lines without trips are left out."""
    return tuple(line for line in region.lines if line.trips and line.kind is not ServiceKind.RESEARCH)


def public_stops(region: Region) -> tuple[StopId, ...]:
    """Return the stops that public trips call at, in the bundle's order."""
    served = {
        stop_id
        for line in public_lines(region)
        for pattern in line.patterns
        if any(trip.pattern_id == pattern.pattern_id for trip in line.trips)
        for stop_id in pattern.stops
    }
    return tuple(stop_id for stop_id in region.stops if stop_id in served)


def public_calendars(region: Region) -> Mapping[str, Calendar]:
    """Return the calendars that public trips use, in the bundle's order."""
    used = {trip.calendar_id for line in public_lines(region) for trip in line.trips}
    return {name: calendar for name, calendar in region.calendars.items() if name in used}


def accessible_blocks(region: Region) -> Mapping[BlockId, bool]:
    """Return for each block whose vehicle is known whether it takes a wheelchair (a place for it, and a ramp)."""
    fleet = region.fleet
    return {
        block_id: fleet[vehicle_id].wheelchair_places > 0 and fleet[vehicle_id].has_ramp
        for block_id, vehicle_id in region.blocks.items()
        if vehicle_id in fleet
    }
