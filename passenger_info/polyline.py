"""The encoded polyline of a shape, as GTFS-realtime asks for it.

Format: Google Maps Platform, "Encoded Polyline Algorithm Format": differences in 1e-5 degrees, five bits a letter.
"""

from collections.abc import Iterable

from mobility.core.geo import LatLon

_SCALE = 1e5
_BITS, _MORE, _FIRST = 5, 0x20, 63


def encoded(places: Iterable[LatLon]) -> str:
    """Return the places as a polyline; each is kept to 1e-5 degrees, about a metre."""
    letters: list[str] = []
    lat, lon = 0, 0
    for place in places:
        next_lat, next_lon = round(place.lat_deg * _SCALE), round(place.lon_deg * _SCALE)
        letters.extend(_letters(next_lat - lat))
        letters.extend(_letters(next_lon - lon))
        lat, lon = next_lat, next_lon
    return "".join(letters)


def _letters(step: int) -> Iterable[str]:
    number = ~(step << 1) if step < 0 else step << 1
    while number >= _MORE:
        yield chr((_MORE | (number & (_MORE - 1))) + _FIRST)
        number >>= _BITS
    yield chr(number + _FIRST)
