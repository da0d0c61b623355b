"""Where on the road network a place lies: every edge within reach, found through a grid in a few microseconds.

``RoadNetwork.nearest_edge`` looks at every piece of every road, about 0.1 ms; that is too long for each sample of a
fleet. The two directions of a street are two edges with the same line, so all edges within reach are returned and the
vehicle's bearing decides between them.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Self
from weakref import WeakValueDictionary

from mobility.core.geo import EARTH_RADIUS_M, LatLon
from mobility.core.network import RoadNetwork

REACH_M = 30.0
"""Further from a road's drawn line a vehicle is not on it: a depot, a car park, a wrong position."""
_CELL_M = 50.0
_OUT_OF_REACH_M2 = (REACH_M + 0.001) ** 2
_KEPT_PLACES = 1024
"""Places whose edges are remembered: a vehicle that stands is at the same one sample after sample."""


class OnRoad(NamedTuple):
    """A place on an edge: ``chainage_m`` along its drawn line, ``offset_m`` >= 0 beside it."""

    edge: int
    chainage_m: float
    offset_m: float
    bearing_deg: float
    """In which direction the edge runs there, degrees clockwise from north, 0 <= value < 360."""


class _Piece(NamedTuple):
    # A straight piece of an edge in local metres.
    edge: int
    x_m: float
    y_m: float
    dx_m: float
    dy_m: float
    length_m: float
    chainage_m: float
    bearing_deg: float


class Locator:
    """Finds edges near a place. Local metres around the middle of the network, exact enough within a district."""

    def __init__(self, network: RoadNetwork) -> None:
        """Index every piece of every edge once; about 0.1 s for a district."""
        # Held, so that nothing else takes its identity while this locator is shared under it.
        self._network = network
        self._metre_per_deg = math.radians(1) * EARTH_RADIUS_M
        self._lat_deg = float(network.lat_deg.mean()) if network.node_count else 0.0
        self._lon_deg = float(network.lon_deg.mean()) if network.node_count else 0.0
        self._east = self._metre_per_deg * math.cos(math.radians(self._lat_deg))
        self._cells: dict[tuple[int, int], list[_Piece]] = {}
        self._known: dict[tuple[float, float], list[OnRoad]] = {}
        self.lengths_m = tuple(self._index(edge, network.edge_line(edge)) for edge in range(network.edge_count))
        """Length of each edge's drawn line; chainage on it ends here."""

    @classmethod
    def of(cls, network: RoadNetwork) -> Self:
        """Return the locator of a network, the same for all who ask: they share its index and its memory."""
        found = _SHARED.get(id(network))
        if not isinstance(found, cls):
            found = _SHARED[id(network)] = cls(network)
        return found

    def near(self, place: LatLon) -> Sequence[OnRoad]:
        """Return the nearest point of every edge within ``REACH_M``, by edge; empty off the roads."""
        key = (place.lat_deg, place.lon_deg)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KEPT_PLACES:
                self._known.clear()
            found = self._known[key] = self._found(place)
        return found

    def _found(self, place: LatLon) -> list[OnRoad]:
        here_x_m, here_y_m = self._xy(place)
        best: dict[int, tuple[float, float, _Piece]] = {}
        # Every place of a moving vehicle comes through here, so the loop makes no objects and calls little.
        for piece in self._cells.get((math.floor(here_x_m / _CELL_M), math.floor(here_y_m / _CELL_M)), ()):
            edge, x_m, y_m, dx_m, dy_m, length_m, _, _ = piece
            rx_m, ry_m = here_x_m - x_m, here_y_m - y_m
            along_m = (rx_m * dx_m + ry_m * dy_m) / length_m
            if along_m < 0:
                along_m = 0.0
            elif along_m > length_m:
                along_m = length_m
            share = along_m / length_m
            rx_m -= share * dx_m
            ry_m -= share * dy_m
            if rx_m * rx_m + ry_m * ry_m > _OUT_OF_REACH_M2:
                continue
            offset_m = math.hypot(rx_m, ry_m)
            known = best.get(edge)
            if offset_m <= REACH_M and (known is None or offset_m < known[0]):
                best[edge] = (offset_m, along_m, piece)
        return [
            OnRoad(edge, piece.chainage_m + along_m, offset_m, piece.bearing_deg)
            for edge, (offset_m, along_m, piece) in sorted(best.items(), key=lambda item: item[0])
        ]

    def _index(self, edge: int, line: tuple[LatLon, ...]) -> float:
        chainage_m = 0.0
        for start, end in pairwise(line):
            x_m, y_m = self._xy(start)
            ex_m, ey_m = self._xy(end)
            length_m = math.hypot(ex_m - x_m, ey_m - y_m)
            if length_m == 0:
                continue
            dx_m, dy_m = ex_m - x_m, ey_m - y_m
            bearing_deg = math.degrees(math.atan2(dx_m, dy_m)) % 360
            piece = _Piece(edge, x_m, y_m, dx_m, dy_m, length_m, chainage_m, bearing_deg)
            for cell in _cells_around(x_m, y_m, ex_m, ey_m):
                self._cells.setdefault(cell, []).append(piece)
            chainage_m += length_m
        return chainage_m

    def _xy(self, place: LatLon) -> tuple[float, float]:
        return (place.lon_deg - self._lon_deg) * self._east, (place.lat_deg - self._lat_deg) * self._metre_per_deg


_SHARED: "WeakValueDictionary[int, Locator]" = WeakValueDictionary()


def _cells_around(x_m: float, y_m: float, ex_m: float, ey_m: float) -> list[tuple[int, int]]:
    west, east = sorted((x_m, ex_m))
    south, north = sorted((y_m, ey_m))
    columns = range(math.floor((west - REACH_M) / _CELL_M), math.floor((east + REACH_M) / _CELL_M) + 1)
    rows = range(math.floor((south - REACH_M) / _CELL_M), math.floor((north + REACH_M) / _CELL_M) + 1)
    return [(column, row) for column in columns for row in rows]
