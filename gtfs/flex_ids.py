"""How on-demand service is named in feeds: one route for each service area, under the area's own id.

The static feed, the realtime feed and the boards name the same things, so the names are made in one place.
"""

from mobility.core.ids import RouteId, ServiceAreaId, TripId
from mobility.core.service_day import ServiceTime, format_service_time


def flex_route_id(area_id: ServiceAreaId) -> RouteId:
    """Return the route under which the rides of a service area appear in feeds."""
    return RouteId(area_id)


def flex_trip_id(area_id: ServiceAreaId, opens: ServiceTime) -> TripId:
    """Return the trip that stands for all rides of a window opening at ``opens``, e.g. ``buergerbus+0800``."""
    hours, minutes, _ = format_service_time(opens).split(":")
    return TripId(f"{area_id}+{hours}{minutes}")


def flex_service_id(area_id: ServiceAreaId) -> str:
    """Return the calendar of a service area."""
    return f"{area_id}-days"


def flex_group_id(area_id: ServiceAreaId) -> str:
    """Return the location group of a service area's stops; shares one space of names with stops and zones."""
    return f"{area_id}-stops"


def flex_booking_rule_id(area_id: ServiceAreaId) -> str:
    """Return the booking rule of a service area."""
    return f"{area_id}-booking"
