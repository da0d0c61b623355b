"""From a feed's tables to the plain rows a timetable is assembled from."""

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gtfs.assemble import FeedRows
from gtfs.edge.columns import Table
from gtfs.edge.feed_calls import trips_of
from gtfs.edge.feed_days import calendars_of
from gtfs.edge.feed_places import places_of, shapes_of
from gtfs.timetable import Route
from mobility.core.errors import BadInputError
from mobility.core.ids import RouteId
from mobility.core.vehicle import ServiceKind

_WHITE = "FFFFFF"
"""Colour of a route that names none (GTFS reference, routes.txt)."""
_HEX_DIGITS = frozenset("0123456789ABCDEF")


def feed_rows(tables: Mapping[str, Table], *, version: Callable[[], str]) -> FeedRows:
    """Return the rows of a feed given as tables by name (without ``.txt``).

    ``version`` is asked for a version where the feed names none. Raises ``BadInputError`` (file, row, field).
    """
    agency = _needed(tables, "agency")
    places = places_of(_needed(tables, "stops"))
    routes = _routes(_needed(tables, "routes"))
    calendars = calendars_of(tables.get("calendar"), tables.get("calendar_dates"))
    found = trips_of(
        _needed(tables, "trips"),
        _needed(tables, "stop_times"),
        tables.get("frequencies"),
        places=places,
        routes={route.route_id for route in routes},
        services=calendars,
    )
    used = {trip.shape_id for trip in found.trips if trip.shape_id}
    return FeedRows(
        zone=_zone(agency),
        frame=places.frame,
        feed_version=_version(tables.get("feed_info")) or version(),
        agency_name=agency.texts("agency_name")[0],
        agency_url=agency.texts("agency_url")[0],
        stops=places.stops,
        routes=routes,
        trips=found.trips,
        calls=found.calls,
        calendars=calendars,
        shapes=shapes_of(tables.get("shapes"), used, places.frame),
        notes=found.notes,
    )


def _needed(tables: Mapping[str, Table], name: str) -> Table:
    if name not in tables:
        raise BadInputError("the file is missing or has no rows", source=f"{name}.txt")
    return tables[name]


def _zone(agency: Table) -> str:
    zones = agency.texts("agency_timezone", is_required=True)
    for row, zone in enumerate(zones):
        if zone != zones[0]:
            agency.wrong(row, "agency_timezone", f"{zone!r} differs from {zones[0]!r}: a feed has one time zone")
    try:
        ZoneInfo(zones[0])
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInputError(
            f"{zones[0]!r} is no time zone", source=agency.source, row=1, field="agency_timezone"
        ) from error
    return zones[0]


def _version(info: Table | None) -> str:
    return "" if info is None else info.texts("feed_version")[0]


def _routes(table: Table) -> list[Route]:
    ids, short, long = table.ids("route_id"), table.texts("route_short_name"), table.texts("route_long_name")
    colours = table.texts("route_color")
    return [
        Route(
            route_id=RouteId(route_id),
            short_name=short[row],
            long_name=long[row],
            colour=_colour(colours[row]),
            # GTFS knows vehicles, not operating concepts: a foreign line is shown as a line bus.
            kind=ServiceKind.LINE_BUS,
        )
        for row, route_id in enumerate(ids)
    ]


def _colour(text: str) -> str:
    digits = text.upper().removeprefix("#")
    return digits if len(digits) == len(_WHITE) and set(digits) <= _HEX_DIGITS else _WHITE
