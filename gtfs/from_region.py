"""The timetable of a region bundle, straight from its lines: no feed file, no pandas, quick enough for every start."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gtfs.assemble import FeedRows, assemble
from gtfs.digest import feed_version
from gtfs.on_demand import OnDemandService, feed_calendars, on_demand_services
from gtfs.pattern import Shape
from gtfs.public import accessible_blocks, public_lines, public_stops
from gtfs.rows import CallColumns, TripRow
from gtfs.timetable import Route, Timetable, TimetableStop
from mobility.core.geo import polyline
from mobility.core.ids import StopId
from mobility.core.region import Line, LinePattern, LineTrip, Region
from mobility.core.vehicle import ServiceKind


def timetable_of(region: Region) -> Timetable:
    """Return the region's public timetable: its lines and, without trips, its on-demand service. No research routes.

    Raises ``BadInputError`` where the lines contradict themselves, e.g. times that run backwards.
    """
    stops = public_stops(region)
    runs = tuple(_runs(region))
    services = on_demand_services(region)
    return assemble(
        FeedRows(
            zone=region.zone,
            frame=region.frame,
            feed_version=feed_version(region),
            agency_name=region.agency_name,
            agency_url=region.agency_url,
            stops=[_stop(region, stop_id) for stop_id in stops],
            routes=[*(_route(line) for line in public_lines(region)), *map(_bookable, services)],
            trips=[run.row for run in runs],
            calls=_calls(runs, {stop_id: index for index, stop_id in enumerate(stops)}),
            calendars=feed_calendars(region),
            shapes=_shapes(region),
            on_demand=services,
        )
    )


def shape_id(line: Line, pattern: LinePattern) -> str:
    """Return the id of a pattern's shape, unique in the feed."""
    return f"{line.route_id}-{pattern.pattern_id}"


@dataclass(frozen=True, slots=True)
class _Run:
    row: TripRow
    pattern: LinePattern
    trip: LineTrip


def _runs(region: Region) -> Iterator[_Run]:
    accessible = accessible_blocks(region)
    for line in public_lines(region):
        patterns = {pattern.pattern_id: pattern for pattern in line.patterns}
        for trip in line.trips:
            pattern = patterns[trip.pattern_id]
            row = TripRow(
                trip_id=trip.trip_id,
                route_id=line.route_id,
                service_id=trip.calendar_id,
                headsign=pattern.headsign,
                direction=pattern.direction,
                block_id=trip.block_id,
                shape_id=shape_id(line, pattern),
                is_wheelchair_accessible=accessible.get(trip.block_id),
            )
            yield _Run(row, pattern, trip)


def _calls(runs: Sequence[_Run], stop_index: dict[StopId, int]) -> CallColumns:
    counts = [len(run.pattern.stops) for run in runs]

    def column(values: Iterator[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.fromiter(values, dtype=np.int32, count=sum(counts))

    return CallColumns(
        trip=np.repeat(np.arange(len(runs), dtype=np.int32), counts),
        stop=column(stop_index[stop] for run in runs for stop in run.pattern.stops),
        sequence=column(k for count in counts for k in range(1, count + 1)),
        arrival_s=column(run.trip.start + after_s for run in runs for after_s in run.pattern.arrival_s),
        departure_s=column(run.trip.start + after_s for run in runs for after_s in run.pattern.departure_s),
        can_board=np.ones(sum(counts), dtype=bool),
        fastest_s=column(time_s for run in runs for time_s in run.pattern.fastest_s),
    )


def _stop(region: Region, stop_id: StopId) -> TimetableStop:
    stop = region.stops[stop_id]
    return TimetableStop(
        stop_id=stop_id,
        name=stop.name,
        place=stop.place,
        is_wheelchair_accessible=stop.is_wheelchair_accessible,
    )


def _route(line: Line) -> Route:
    return Route(
        route_id=line.route_id,
        short_name=line.short_name,
        long_name=line.long_name,
        colour=line.colour,
        kind=line.kind,
    )


def _bookable(service: OnDemandService) -> Route:
    return Route(
        route_id=service.route_id,
        short_name=service.area.short_name,
        long_name=service.long_name,
        colour=service.colour,
        kind=ServiceKind.CITIZEN_BUS,
    )


def _shapes(region: Region) -> dict[str, Shape]:
    return {
        shape_id(line, pattern): Shape(line=polyline(region.frame, pattern.path), distance=None)
        for line in public_lines(region)
        for pattern in line.patterns
        if len(pattern.path) > 1
    }
