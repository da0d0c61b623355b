"""The two live answers of GOFS: how long a rider waits now, and where the ride is booked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from gtfs.gofs import CURRENCY, fare_amount, international
from gtfs.on_demand import OnDemandService
from mobility.core.clock import Instant, datetime_at
from mobility.core.geo import LatLon, distance_m
from mobility.core.ids import RouteId, StopId

_FARTHEST_M = 800.0
"""Straight to the stop; the booking page names the stop, so a rider who finds it too far sees it."""
_MOST_WAIT_S = 86_400
"""A ride further ahead is no answer to "how long do I wait"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RideEstimate:
    """The soonest ride that there is room for. Nothing is reserved by it."""

    route_id: RouteId
    origin: StopId
    """Where the rider gets on; a few minutes on foot from the place asked for."""
    destination: StopId | None
    """``None`` where nobody said where to."""
    pickup: Instant
    """Beginning of the pickup window that would be promised."""
    wait_s: float
    """From now to the end of the pickup window: so long at most."""
    travel_s: float | None
    """From the end of the pickup window to the end of the arrival window; ``None`` without a destination."""
    fare_cent: int | None
    """Of one person; ``None`` without a destination."""


class RideEstimates(Protocol):
    """Who knows the free room of the vehicles. One answer for each service that could ride; none where none can."""

    async def estimates(self, pickup: LatLon, drop_off: LatLon | None) -> Sequence[RideEstimate]:
        """Return the soonest ride of each service between two places, in the order of the services."""
        ...


def wait_times(estimates: Sequence[RideEstimate], brands: Sequence[str]) -> dict[str, Any]:
    """Return the ``data`` of ``wait_time`` for the brands asked for; empty where nobody rides within a day."""
    return {
        "wait_times": [
            {"brand_id": ride.route_id, "wait_time": round(ride.wait_s)} for ride in _asked(estimates, brands)
        ]
    }


def realtime_bookings(
    estimates: Sequence[RideEstimate],
    brands: Sequence[str],
    services: Sequence[OnDemandService],
    *,
    site: str,
    zone: str,
) -> dict[str, Any]:
    """Return the ``data`` of ``realtime_booking``; the ride itself is booked on the page that ``web_uri`` opens."""
    known = {service.route_id: service for service in services}
    found: list[dict[str, Any]] = []
    for ride in _asked(estimates, brands):
        service = known[ride.route_id]
        answer: dict[str, Any] = {"brand_id": ride.route_id, "wait_time": round(ride.wait_s)}
        if ride.travel_s is not None and ride.fare_cent is not None:
            answer |= {"travel_time": round(ride.travel_s), "travel_cost": fare_amount(ride.fare_cent)}
            answer |= {"travel_cost_currency": CURRENCY}
        detail = {
            "service_name": service.area.name,
            "web_uri": booking_link(site, ride.origin, ride.destination, ride.pickup, zone),
            "phone_number": international(service.area.phone),
        }
        found.append(answer | {"booking_detail": {name: value for name, value in detail.items() if value}})
    return {"realtime_booking": found}


def booking_link(
    site: str, origin: StopId | None, destination: StopId | None, at: Instant | None, zone: str, *, kind: str = "depart"
) -> str:
    """Return the booking page with the answers filled in that are known; ``at`` is the time to leave or to be there.

    A rider still looks at every answer: the page is a question, not a booking.
    """
    given: dict[str, str] = {}
    if origin is not None:
        given["origin"] = origin
    if destination is not None:
        given["destination"] = destination
    if at is not None:
        local = datetime_at(at, ZoneInfo(zone))
        given |= {"kind": kind, "day": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"}
    query = urlencode(given)
    return f"{site.rstrip('/')}/book{'?' if query else ''}{query}"


def stop_near(stops: Mapping[StopId, LatLon], place: LatLon) -> StopId | None:
    """Return the stop nearest to a place, ``None`` where all are further than people walk; of equal ones the first."""
    found = min(stops, key=lambda stop_id: distance_m(stops[stop_id], place), default=None)
    return found if found is not None and distance_m(stops[found], place) <= _FARTHEST_M else None


def _asked(estimates: Sequence[RideEstimate], brands: Sequence[str]) -> list[RideEstimate]:
    return [ride for ride in estimates if (not brands or ride.route_id in brands) and 0 <= ride.wait_s <= _MOST_WAIT_S]
