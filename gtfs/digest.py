"""The version of a region's feed: a short digest of its public content. Same content, same version, on any machine."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import astuple

from gtfs.on_demand import OnDemandService, feed_calendars, on_demand_services
from gtfs.public import accessible_blocks, public_lines, public_stops
from mobility.core.region import Line, Region

_FORMAT = "2"
"""Raised when the builder writes another feed from the same content."""
_HEX_DIGITS = 12


def feed_version(region: Region) -> str:
    """Return twelve hex digits (48 bits of SHA-256) that change with whatever the static feed says."""
    digest = hashlib.sha256()
    for part in _content(region):
        digest.update(json.dumps(part, ensure_ascii=True, separators=(",", ":")).encode())
        digest.update(b"\n")
    return digest.hexdigest()[:_HEX_DIGITS]


def _content(region: Region) -> Iterator[object]:
    """Yield JSON values in a fixed order; floats are written by ``repr``, which is exact."""
    yield [_FORMAT, region.region_id, region.zone, region.crs, region.agency_name, region.agency_url]
    yield list(region.languages)
    for stop_id in public_stops(region):
        stop = region.stops[stop_id]
        place = [stop.place.lat_deg, stop.place.lon_deg]
        yield [stop_id, stop.name, stop.locality, *place, stop.is_wheelchair_accessible]
    for name, calendar in feed_calendars(region).items():
        added, removed = ([day.isoformat() for day in sorted(days)] for days in (calendar.added, calendar.removed))
        span = [calendar.first.isoformat(), calendar.last.isoformat()]
        yield [name, sorted(calendar.weekdays), *span, added, removed]
    for line in public_lines(region):
        yield from _line(line)
    for service in on_demand_services(region):
        yield from _on_demand(service)
    yield [[block_id, is_accessible] for block_id, is_accessible in sorted(accessible_blocks(region).items())]


def _line(line: Line) -> Iterator[object]:
    yield [line.route_id, line.short_name, line.long_name, line.kind, line.colour, line.evidence]
    for pattern in line.patterns:
        yield [pattern.pattern_id, pattern.headsign, pattern.direction, list(pattern.stops)]
        yield [list(pattern.arrival_s), list(pattern.departure_s)]
        yield [[place.lat_deg, place.lon_deg] for place in pattern.path]
    for trip in line.trips:
        yield [trip.trip_id, trip.pattern_id, trip.calendar_id, trip.start, trip.block_id]


def _on_demand(service: OnDemandService) -> Iterator[object]:
    area = service.area
    yield [service.route_id, area.short_name, service.long_name, list(service.stops), service.windows]
    yield [area.lead_time_s, area.horizon_days, area.phone, area.booking.url, area.booking.info_url]
    yield [[language, *astuple(texts)] for language, texts in sorted(service.texts.items())]
    yield [service.safe_duration.factor, service.safe_duration.offset_s, service.is_wheelchair_accessible]
    for zone in service.zones:
        yield [zone.zone_id, zone.name, [[place.lat_deg, place.lon_deg] for place in zone.outline]]
