"""What OpenStreetMap tags say of a road: may a vehicle drive there, how fast, in which direction.

Source of the tags' meaning: wiki.openstreetmap.org, Key:highway, Key:maxspeed, Key:oneway, Key:access.
"""

import re
from collections.abc import Mapping
from enum import Enum, auto

DEFAULT_KMH: Mapping[str, float] = {
    "motorway": 120,
    "motorway_link": 60,
    "trunk": 100,
    "trunk_link": 60,
    "primary": 80,
    "primary_link": 50,
    "secondary": 70,
    "secondary_link": 50,
    "tertiary": 60,
    "tertiary_link": 40,
    "unclassified": 50,
    "residential": 30,
    "living_street": 7,
    "service": 15,
    "road": 40,
}
"""Speeds by class where no limit is tagged (assumed: a little below the German limits for such roads)."""

SLOWEST_KMH, FASTEST_KMH = 5.0, 130.0
_WORDS: Mapping[str, float] = {
    "walk": 7,
    "none": 120,
    "DE:walk": 7,
    "DE:living_street": 7,
    "DE:bicycle_road": 30,
    "DE:urban": 50,
    "DE:rural": 100,
    "DE:motorway": 120,
    "DE:zone:30": 30,
    "DE:zone30": 30,
}
_NUMBER = re.compile(r"(\d{1,3})(?:\.\d+)?\s*(mph|km/h|kmh)?", re.ASCII)
_MILE_KM = 1.609344
_CLOSED = frozenset({"no", "private", "agricultural", "forestry", "delivery", "emergency", "customers"})
_OPEN = frozenset({"yes", "designated", "permissive", "official", "destination"})
_NOT_THROUGH = frozenset({"driveway", "parking_aisle", "emergency_access", "drive-through"})


class Direction(Enum):
    """In which direction of a way vehicles may drive."""

    BOTH = auto()
    FORWARD = auto()
    BACKWARD = auto()


def is_drivable(tags: Mapping[str, str]) -> bool:
    """Return whether a bus or van in public service may drive there."""
    if tags.get("highway") not in DEFAULT_KMH or tags.get("area") == "yes":
        return False
    if tags.get("service") in _NOT_THROUGH:
        return False
    # The most specific tag decides (Key:access, "transport mode hierarchy").
    for key in ("bus", "psv", "motor_vehicle", "vehicle", "access"):
        value = tags.get(key)
        if value in _OPEN:
            return True
        if value in _CLOSED:
            return False
    return True


def speed_kmh(tags: Mapping[str, str]) -> float:
    """Return the free speed in km/h, between 5 and 130: the tagged limit, else the default of the class."""
    limit = _limit_kmh(tags.get("maxspeed", "")) or _limit_kmh(tags.get("maxspeed:type", ""))
    speed = limit or DEFAULT_KMH.get(tags.get("highway", ""), SLOWEST_KMH)
    return min(max(speed, SLOWEST_KMH), FASTEST_KMH)


def direction_of(tags: Mapping[str, str]) -> Direction:
    """Return the permitted direction; roundabouts and motorways are one-way without a tag."""
    oneway = tags.get("oneway", "")
    if oneway in ("-1", "reverse"):
        return Direction.BACKWARD
    if oneway in ("yes", "true", "1"):
        return Direction.FORWARD
    is_implied = tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
    return Direction.FORWARD if is_implied and oneway != "no" else Direction.BOTH


def _limit_kmh(text: str) -> float | None:
    if text in _WORDS:
        return _WORDS[text]
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    return float(match[1]) * (_MILE_KM if match[2] == "mph" else 1)
