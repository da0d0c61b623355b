"""Quadkeys: a place on Earth as a path through ever smaller tiles, one digit 0 to 3 a level.

Tiles of the spherical Mercator projection (EPSG:3857), north-west is 0, north-east 1, south-west 2, south-east 3
(Bing Maps Tile System). Neighbouring places share a beginning, so that a subscriber can ask for an area.
"""

import math

from mobility.core.geo import LatLon

LONGEST_ZOOM = 22
"""Levels of a full quadkey: tiles of about 6 m in Ilmenau, as public 5G pilots use them."""
MERCATOR_LIMIT_DEG = 85.051_128_78
"""Latitudes beyond are moved to it: the projection's square ends there."""


def quadkey(place: LatLon, zoom: int = LONGEST_ZOOM) -> str:
    """Return the quadkey of ``zoom`` digits (1 to 22) of the tile that holds ``place``; ``ValueError`` for others."""
    if not 1 <= zoom <= LONGEST_ZOOM:
        msg = f"{zoom} is no zoom from 1 to {LONGEST_ZOOM}"
        raise ValueError(msg)
    x, y = _tile(place, 1 << zoom)
    return "".join(str((x >> level & 1) + 2 * (y >> level & 1)) for level in reversed(range(zoom)))


def levels(key: str) -> str:
    """Return a quadkey as levels of a topic: ``0/3/1``."""
    return "/".join(key)


def bounds(key: str) -> tuple[LatLon, LatLon]:
    """Return the south-west and the north-east corner of a tile; ``ValueError`` for what is no quadkey."""
    if not (1 <= len(key) <= LONGEST_ZOOM and set(key) <= set("0123")):
        msg = f"{key!r} is no quadkey"
        raise ValueError(msg)
    x = y = 0
    for digit in key:
        x, y = 2 * x + (digit in "13"), 2 * y + (digit in "23")
    tiles = 1 << len(key)
    return _corner(x, y + 1, tiles), _corner(x + 1, y, tiles)


def _tile(place: LatLon, tiles: int) -> tuple[int, int]:
    latitude = math.radians(max(-MERCATOR_LIMIT_DEG, min(MERCATOR_LIMIT_DEG, place.lat_deg)))
    x = (place.lon_deg + 180) / 360 * tiles
    y = (1 - math.asinh(math.tan(latitude)) / math.pi) / 2 * tiles
    return min(tiles - 1, max(0, int(x))), min(tiles - 1, max(0, int(y)))


def _corner(x: int, y: int, tiles: int) -> LatLon:
    latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / tiles))))
    return LatLon(latitude, x / tiles * 360 - 180)
