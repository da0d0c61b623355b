"""Road sections: every edge cut into equal parts of 50 to 100 m by chainage, in each direction of travel."""

import math
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from mobility.core.geo import LatLon, distance_m
from mobility.core.network import RoadNetwork

LONGEST_M = 100.0
"""No section is longer; edges of at least this length have none shorter than half of it."""


@dataclass(frozen=True, slots=True, order=True)
class SectionId:
    """The ``index``-th part, from 0, of the directed edge ``edge``."""

    edge: int
    index: int


class Sections:
    """All sections of a network, with the physical place that the two directions of a street share."""

    def __init__(self, network: RoadNetwork, lengths_m: tuple[float, ...]) -> None:
        """``lengths_m`` are those of the drawn lines, as ``Locator`` measures them."""
        self._network = network
        self._lengths_m = lengths_m
        self._counts = tuple(max(1, math.ceil(length_m / LONGEST_M)) for length_m in lengths_m)
        self._twin = _twins(network)
        self.fingerprint = _fingerprint(network)
        """Names the network: sections are numbered, and another network numbers others."""

    def count(self, edge: int) -> int:
        """Return the number of sections of an edge, at least 1."""
        return self._counts[edge]

    def at(self, edge: int, chainage_m: float) -> SectionId:
        """Return the section at a chainage, which is clamped to the edge."""
        count, length_m = self._counts[edge], self._lengths_m[edge]
        share = chainage_m / length_m if length_m else 0.0
        return SectionId(edge, min(max(int(share * count), 0), count - 1))

    def span_m(self, section: SectionId) -> tuple[float, float]:
        """Return from and to chainage along the edge, metres."""
        part_m = self._lengths_m[section.edge] / self.count(section.edge)
        return section.index * part_m, (section.index + 1) * part_m

    def place_of(self, section: SectionId) -> SectionId:
        """Return the section that stands for the piece of street, whichever way it is driven."""
        twin = self._twin[section.edge]
        if twin < 0 or twin > section.edge:
            return section
        return SectionId(twin, self.count(twin) - 1 - section.index)

    def is_known(self, section: SectionId) -> bool:
        """Return whether the network has such a section."""
        return 0 <= section.edge < len(self._lengths_m) and 0 <= section.index < self.count(section.edge)

    def line(self, section: SectionId) -> tuple[LatLon, ...]:
        """Return the drawn line of a section in its direction of travel."""
        return self.cut(section.edge, *self.span_m(section))

    def cut(self, edge: int, from_m: float, to_m: float) -> tuple[LatLon, ...]:
        """Return the drawn line of an edge between two chainages, ``from_m`` < ``to_m``."""
        points = self._network.edge_line(edge)
        lengths_m = [distance_m(a, b) for a, b in pairwise(points)]
        # Chainages are those of the plane the locator measures in; the sphere differs by a few in ten thousand.
        scale = sum(lengths_m) / self._lengths_m[edge] if self._lengths_m[edge] else 1.0
        from_m, to_m, before_m = from_m * scale, to_m * scale, 0.0
        line: list[LatLon] = []
        for (a, b), length_m in zip(pairwise(points), lengths_m, strict=True):
            if length_m > 0 and before_m + length_m >= from_m and before_m <= to_m:
                start = max(0.0, (from_m - before_m) / length_m)
                end = min(1.0, (to_m - before_m) / length_m)
                line += [_between(a, b, start), _between(a, b, end)]
            before_m += length_m
        return tuple(dict.fromkeys(line)) if len(set(line)) > 1 else (points[0], points[-1])

    def middle(self, section: SectionId) -> LatLon:
        """Return the point half-way along a section."""
        start_m, end_m = self.span_m(section)
        middle_m = (start_m + end_m) / 2
        return self.cut(section.edge, middle_m, end_m)[0]


def _between(a: LatLon, b: LatLon, share: float) -> LatLon:
    return LatLon(a.lat_deg + share * (b.lat_deg - a.lat_deg), a.lon_deg + share * (b.lon_deg - a.lon_deg))


def _twins(network: RoadNetwork) -> list[int]:
    # The other direction of a street: the edge with the same line drawn backwards; -1 for a one-way street.
    lines = {network.edge_line(edge): edge for edge in reversed(range(network.edge_count))}
    return [lines.get(network.edge_line(edge)[::-1], -1) for edge in range(network.edge_count)]


def _fingerprint(network: RoadNetwork) -> str:
    arrays = (network.first_edge, network.target, network.geometry_start)
    value = 0
    for array in arrays:
        value = crc32(array.tobytes(), value)
    for coordinates in (network.geometry_lat_deg, network.geometry_lon_deg):
        value = crc32((coordinates * 1e7).round().astype("<i8").tobytes(), value)
    return f"{value:08x}"
