"""On-demand service as a GOFS feed: who runs it, where, when, by which rules, and how to book.

Source: General On-Demand Feed Specification v1.0 (MobilityData/GOFS, reference.md). GOFS speaks of zones, our service
of stops: each stop is a zone of its own, as large as a stop is, and nobody is told that the bus comes to the door.
"""

from collections.abc import Mapping, Sequence
from math import cos, pi, radians, sin
from typing import Any

from gtfs.colour import text_colour
from gtfs.days import WEEKDAYS, gtfs_date
from gtfs.flex import ring
from gtfs.on_demand import OnDemandService, on_demand_services
from mobility.core.geo import LatLon
from mobility.core.region import Region
from mobility.core.service_day import format_service_time
from mobility.core.vehicle import VehicleSpec

VERSION = "1.0"
CURRENCY = "EUR"
STOP_RADIUS_M = 30.0
"""A stop is a zone of this radius: the kerb on both sides of the road."""
_CORNERS = 12
_METRES_PER_DEG = 111_320.0
"""Of latitude."""
_COUNTRY = "49"
"""GOFS asks for phone numbers with their country; a bundle names German ones."""

Data = Mapping[str, Any]


def static_feeds(region: Region, language: str, *, booking_url: str) -> Mapping[str, Data]:
    """Return the ``data`` of each static file by its name without ``.json``.

    ``booking_url`` is the web page that takes bookings, in place of those of the areas; empty: theirs. Raises
    ``KeyError`` for a language that is none of ``gtfs.flex_texts.LANGUAGES``.
    """
    services = on_demand_services(region)
    return {
        "system_information": _system(region, services, language),
        "service_brands": {"service_brands": [_brand(service) for service in services]},
        "vehicle_types": {"vehicle_types": _vehicle_types(region, services)},
        "zones": {"zones": {"type": "FeatureCollection", "features": _zones(region, services)}},
        "operating_rules": {"operating_rules": [rule for each in services for rule in _operating_rules(region, each)]},
        "calendars": {"calendars": [_calendar(service) for service in services]},
        "fares": {"fares": [_fare(service) for service in services]},
        "booking_rules": {"booking_rules": [_booking_rule(each, language, booking_url) for each in services]},
    }


def international(phone: str) -> str:
    """Return a German phone number with its country and nothing but digits after ``+``; empty where it has none."""
    digits = "".join(sign for sign in phone if sign.isdigit() and sign.isascii())
    if phone.strip().startswith("+"):
        return f"+{digits}" if digits else ""
    if digits.startswith("00"):
        return f"+{digits[2:]}" if digits[2:] else ""
    national = digits.removeprefix("0")
    return f"+{_COUNTRY}{national}" if national else ""


def fare_amount(cents: int) -> float:
    """Return an amount in euros."""
    return round(cents / 100, 2)


def _system(region: Region, services: Sequence[OnDemandService], language: str) -> Data:
    found: dict[str, Any] = {
        "language": language,
        "timezone": region.zone,
        "name": services[0].area.name if len(services) == 1 else region.name,
        "operator": region.agency_name,
        "url": region.agency_url,
    }
    phones = {international(service.area.phone) for service in services}
    # More than one number would be a guess which of them answers for the whole.
    return {**found, "phone_number": phones.pop()} if len(phones) == 1 and "" not in phones else found


def _brand(service: OnDemandService) -> Data:
    return {
        "brand_id": service.route_id,
        "brand_name": service.area.name,
        "brand_color": service.colour,
        "brand_text_color": text_colour(service.colour),
    }


def _vehicle_types(region: Region, services: Sequence[OnDemandService]) -> list[Data]:
    specs = {_type_id(spec): spec for service in services for spec in _fleet(region, service)}
    return [
        {
            "vehicle_type_id": name,
            "max_capacity": spec.seats,
            "wheelchair_boarding": "boarding_accessible" if spec.takes_wheelchairs else "boarding_inaccessible",
        }
        for name, spec in sorted(specs.items())
    ]


def _fleet(region: Region, service: OnDemandService) -> list[VehicleSpec]:
    names = dict.fromkeys(shift.vehicle_id for shift in service.area.shifts)
    return [region.fleet[name] for name in names if name in region.fleet]


def _type_id(spec: VehicleSpec) -> str:
    return f"seats-{spec.seats}{'-wheelchair' if spec.takes_wheelchairs else ''}"


def _zones(region: Region, services: Sequence[OnDemandService]) -> list[Data]:
    stops = dict.fromkeys(stop_id for service in services for stop_id in service.stops)
    features = [_zone(stop_id, region.stops[stop_id].name, _circle(region.stops[stop_id].place)) for stop_id in stops]
    return features + [_zone(zone.zone_id, zone.name, zone.outline) for each in services for zone in each.zones]


def _zone(zone_id: str, name: str, outline: Sequence[LatLon]) -> Data:
    return {
        "type": "Feature",
        "zone_id": zone_id,
        "properties": {"name": name},
        "geometry": {"type": "Polygon", "coordinates": [ring(outline)]},
    }


def _circle(centre: LatLon) -> list[LatLon]:
    deg = STOP_RADIUS_M / _METRES_PER_DEG
    wide_deg = deg / cos(radians(centre.lat_deg))
    angles = [2 * pi * k / _CORNERS for k in range(_CORNERS)]
    return [LatLon(centre.lat_deg + deg * sin(a), centre.lon_deg + wide_deg * cos(a)) for a in angles]


def _places(service: OnDemandService) -> list[str]:
    return [*service.stops, *(zone.zone_id for zone in service.zones)]


def _operating_rules(region: Region, service: OnDemandService) -> list[Data]:
    """Return a rule for each window and each ordered pair of places; from a stop to itself nobody rides."""
    stops = set(service.stops)
    types = sorted({_type_id(spec) for spec in _fleet(region, service)})
    return [
        {
            "from_zone_id": origin,
            "to_zone_id": destination,
            "start_pickup_window": format_service_time(opens),
            "end_pickup_window": format_service_time(closes),
            "end_dropoff_window": format_service_time(closes),
            "calendars": [service.calendar.calendar_id],
            "brand_id": service.route_id,
            "vehicle_type_id": types,
            "fare_id": service.route_id,
        }
        for opens, closes in service.windows
        for origin in _places(service)
        for destination in _places(service)
        if origin != destination or origin not in stops
    ]


def _calendar(service: OnDemandService) -> Data:
    calendar = service.calendar
    found: dict[str, Any] = {
        "calendar_id": calendar.calendar_id,
        "days": [WEEKDAYS[weekday][:3] for weekday in sorted(calendar.weekdays)],
        "start_date": gtfs_date(calendar.first),
        "end_date": gtfs_date(calendar.last),
    }
    return {**found, "excepted_dates": [gtfs_date(day) for day in sorted(calendar.removed)]}


def _fare(service: OnDemandService) -> Data:
    return {
        "fare_id": service.route_id,
        "currency": CURRENCY,
        "rider": [{"amount": fare_amount(service.area.fare_cent)}],
    }


def _booking_rule(service: OnDemandService, language: str, booking_url: str) -> Data:
    area, texts = service.area, service.texts[language]
    lead_min = round(area.lead_time_s / 60)
    rule: dict[str, Any] = {"from_zone_ids": _places(service), "to_zone_ids": _places(service)}
    if lead_min:
        rule |= {"booking_type": 1, "prior_notice_duration_min": lead_min}
        rule |= {"prior_notice_start_day": area.horizon_days, "prior_notice_start_time": "00:00:00"}
    else:
        rule |= {"booking_type": 0}
    told = {
        "message": texts.message,
        "pickup_message": texts.pickup_message,
        "drop_off_message": texts.drop_off_message,
        "phone_number": international(area.phone),
        "info_url": area.booking.info_url,
        "booking_url": booking_url or area.booking.url,
    }
    return rule | {name: value for name, value in told.items() if value}
