"""On-demand service as files of GTFS-Flex: one route and, for each window of a day, one trip through all its places.

Source: GTFS Schedule reference of June 2026, booking_rules.txt, location_groups.txt, location_group_stops.txt,
locations.geojson and the window fields of stop_times.txt. A ride may begin at any place of the area and end at any
other: every place is a row to board at, and after all of those every place is a row to leave at.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from gtfs.colour import text_colour
from gtfs.flex_ids import flex_booking_rule_id, flex_group_id, flex_trip_id
from gtfs.flex_texts import LANGUAGES
from gtfs.on_demand import OnDemandService
from gtfs.table import Row
from mobility.core.geo import LatLon
from mobility.core.region import Region, ServiceZone
from mobility.core.service_day import ServiceTime, format_service_time

_BUS = "3"
_NOT, _BY_AGENCY = "1", "2"
"""``pickup_type`` and ``drop_off_type``: not offered; to be arranged with the operator."""
_MINUTES_PER_DAY = 24 * 60
_REAL_TIME, _SAME_DAY = "0", "1"
"""``booking_type``: without notice; with a notice of minutes."""
_FIRST_ORDER = 1000
"""Sorted behind all lines."""


def flex_tables(region: Region, services: Sequence[OnDemandService]) -> Mapping[str, Iterable[Row]]:
    """Return the rows that the on-demand services of a region add to its feed; nothing for none."""
    if not services:
        return {}
    return {
        "routes.txt": [_route(region, service, order) for order, service in enumerate(services)],
        "trips.txt": [row for service in services for row in _trips(service)],
        "stop_times.txt": [row for service in services for row in _calls(service)],
        "booking_rules.txt": [_booking_rule(region, service) for service in services],
        "location_groups.txt": [
            {"location_group_id": flex_group_id(service.area.area_id), "location_group_name": service.area.name}
            for service in services
        ],
        "location_group_stops.txt": [
            {"location_group_id": flex_group_id(service.area.area_id), "stop_id": stop_id}
            for service in services
            for stop_id in service.stops
        ],
        "translations.txt": [row for service in services for row in _translations(region, service)],
    }


def flex_documents(services: Sequence[OnDemandService]) -> Mapping[str, str]:
    """Return ``locations.geojson`` with the zones of the services; nothing where there are none."""
    features = [_feature(zone) for service in services for zone in service.zones]
    if not features:
        return {}
    collection = {"type": "FeatureCollection", "features": features}
    return {"locations.geojson": json.dumps(collection, ensure_ascii=False, separators=(",", ":"))}


def ring(outline: Sequence[LatLon]) -> list[list[float]]:
    """Return a closed ring of longitude and latitude, counterclockwise (RFC 7946, 3.1.6)."""
    points = [(place.lon_deg, place.lat_deg) for place in outline]
    doubled = sum(x * other_y - other_x * y for (x, y), (other_x, other_y) in pairwise([*points, points[0]]))
    turned = points if doubled > 0 else points[::-1]
    return [[round(x, 7), round(y, 7)] for x, y in (*turned, turned[0])]


def feed_language(region: Region) -> str:
    """Return the language of the feed's texts, the first of all where the region names none that texts exist in."""
    return next((language for language in region.languages if language in LANGUAGES), LANGUAGES[0])


def _route(region: Region, service: OnDemandService, order: int) -> Row:
    return {
        "route_id": service.route_id,
        "agency_id": region.region_id,
        "route_short_name": service.area.short_name,
        "route_long_name": service.long_name,
        "route_desc": service.texts[feed_language(region)].message,
        "route_type": _BUS,
        "route_color": service.colour,
        "route_text_color": text_colour(service.colour),
        "route_sort_order": str(_FIRST_ORDER + order),
    }


def _translations(region: Region, service: OnDemandService) -> Iterator[Row]:
    """Yield how the route speaks in the region's other languages.

    Only its description: a translation of booking_rules.txt draws a warning from one of the two validators.
    """
    own = feed_language(region)
    for language in region.languages:
        if language in service.texts and language != own:
            yield {
                "table_name": "routes",
                "field_name": "route_desc",
                "language": language,
                "translation": service.texts[language].message,
                "record_id": service.route_id,
            }


def _feature(zone: ServiceZone) -> Mapping[str, Any]:
    return {
        "type": "Feature",
        "id": zone.zone_id,
        "properties": {"stop_name": zone.name},
        "geometry": {"type": "Polygon", "coordinates": [ring(zone.outline)]},
    }


def _trips(service: OnDemandService) -> Iterator[Row]:
    for opens, _ in service.windows:
        yield {
            "route_id": service.route_id,
            "service_id": service.calendar.calendar_id,
            "trip_id": flex_trip_id(service.area.area_id, opens),
            "wheelchair_accessible": "1" if service.is_wheelchair_accessible else "2",
            "bikes_allowed": "0",
            "safe_duration_factor": f"{service.safe_duration.factor:.2f}",
            # Minutes, rounded up: a promise of 95 of 100 rides may not become one of 94.
            "safe_duration_offset": str(math.ceil(service.safe_duration.offset_s / 60) * 60),
        }


def _calls(service: OnDemandService) -> Iterator[Row]:
    places = [("location_group_id", flex_group_id(service.area.area_id))]
    places += [("location_id", zone.zone_id) for zone in service.zones]
    for opens, closes in service.windows:
        sequence = 0
        for types in ((_BY_AGENCY, _NOT), (_NOT, _BY_AGENCY)):
            for column, place in places:
                sequence += 1
                yield _call(service, (opens, closes), sequence, {column: place}, types)


def _call(
    service: OnDemandService,
    window: tuple[ServiceTime, ServiceTime],
    sequence: int,
    place: Mapping[str, str],
    types: tuple[str, str],
) -> Row:
    rule = flex_booking_rule_id(service.area.area_id)
    pickup_type, drop_off_type = types
    return {
        "trip_id": flex_trip_id(service.area.area_id, window[0]),
        "location_group_id": place.get("location_group_id", ""),
        **({"location_id": place.get("location_id", "")} if service.zones else {}),
        "stop_sequence": str(sequence),
        "start_pickup_drop_off_window": format_service_time(window[0]),
        "end_pickup_drop_off_window": format_service_time(window[1]),
        "pickup_type": pickup_type,
        "drop_off_type": drop_off_type,
        "pickup_booking_rule_id": rule if pickup_type == _BY_AGENCY else "",
        "drop_off_booking_rule_id": rule if drop_off_type == _BY_AGENCY else "",
    }


def _booking_rule(region: Region, service: OnDemandService) -> Row:
    area, texts = service.area, service.texts[feed_language(region)]
    lead_min = round(area.lead_time_s / 60)
    # How far ahead is said in minutes: beside a day to start from, OpenTripPlanner forgets the least notice.
    return {
        "booking_rule_id": flex_booking_rule_id(area.area_id),
        "booking_type": _SAME_DAY if lead_min else _REAL_TIME,
        "prior_notice_duration_min": str(lead_min) if lead_min else "",
        "prior_notice_duration_max": str(area.horizon_days * _MINUTES_PER_DAY) if lead_min else "",
        "message": texts.message,
        "pickup_message": texts.pickup_message,
        "drop_off_message": texts.drop_off_message,
        "phone_number": area.phone,
        "info_url": area.booking.info_url,
        "booking_url": area.booking.url,
    }
