"""A road network from an OpenStreetMap file (.osm, .osm.gz, .osm.pbf), contracted to junctions, without contributors.

Of a way only its place, its class, its speed and its direction are taken over: no editors, no dates, no notes.
Turn restrictions are not read. Elevations are unknown (NaN). The data are under the ODbL: show ``ATTRIBUTION``.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from dispatch.edge.osm_tags import Direction, direction_of, is_drivable, speed_kmh
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.network import RoadNetwork
from mobility.core.network_build import RoadEdge, largest_component, line_length_m, road_network

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0 (openstreetmap.org/copyright)"

SUFFIXES = (".osm", ".osm.gz", ".osm.pbf")


@dataclass(frozen=True, slots=True)
class _Way:
    nodes: tuple[int, ...]
    """OSM node ids."""
    speed_mps: float
    direction: Direction


def build_network(path: Path) -> RoadNetwork:
    """Return the drivable network of an OSM file: its largest part in which every place reaches every other.

    The order of nodes follows their OSM ids, so that every format of the same data gives the same network.
    Raises ``BadInputError`` for a file that is absent, foreign, truncated or without roads.
    """
    if not path.name.endswith(SUFFIXES):
        raise BadInputError(f"its name must end in {', '.join(SUFFIXES)}", source=path.name)
    import osmium  # noqa: PLC0415 - only who imports a map pays for it

    try:
        ways = list(_ways(path))
        places = _places(path, {node for way in ways for node in way.nodes})
    except (osmium.InvalidLocationError, RuntimeError, OSError, ValueError) as error:
        raise BadInputError(f"is no readable OpenStreetMap file: {error}", source=path.name) from error
    network = largest_component(_network([part for way in ways for part in _known_parts(way, places)], places))
    if not network.edge_count:
        raise BadInputError("has no road that a vehicle may drive", source=path.name)
    return network


def _ways(path: Path) -> Iterator[_Way]:
    import osmium  # noqa: PLC0415 - see build_network

    for way in osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway")):
        tags = dict(way.tags)
        if isinstance(way, osmium.osm.Way) and is_drivable(tags) and len(way.nodes) > 1:
            nodes = tuple(node.ref for node in way.nodes)
            yield _Way(nodes, speed_kmh(tags) / 3.6, direction_of(tags))


def _places(path: Path, wanted: set[int]) -> dict[int, LatLon]:
    import osmium  # noqa: PLC0415 - see build_network

    found = osmium.FileProcessor(str(path), osmium.osm.NODE).with_filter(osmium.filter.IdFilter(wanted))
    return {
        node.id: LatLon(node.lat, node.lon)
        for node in found
        if isinstance(node, osmium.osm.Node) and node.location.valid()
    }


def _known_parts(way: _Way, places: dict[int, LatLon]) -> Iterator[_Way]:
    """Cut a way where an extract left nodes out."""
    part: list[int] = []
    for node in (*way.nodes, -1):
        if node in places and (not part or part[-1] != node):
            part.append(node)
        elif node not in places:
            if len(part) > 1:
                yield _Way(tuple(part), way.speed_mps, way.direction)
            part = []


def _network(ways: list[_Way], places: dict[int, LatLon]) -> RoadNetwork:
    uses = Counter(node for way in ways for node in way.nodes)
    ends = {end for way in ways for end in (way.nodes[0], way.nodes[-1])}
    junctions = sorted(node for node in uses if uses[node] > 1 or node in ends)
    number = {node: index for index, node in enumerate(junctions)}
    edges = [edge for way in ways for edge in _edges(way, number, places)]
    nowhere = [float("nan")] * len(junctions)
    return road_network([places[node] for node in junctions], nowhere, edges)


def _edges(way: _Way, number: dict[int, int], places: dict[int, LatLon]) -> Iterator[RoadEdge]:
    cuts = [k for k, node in enumerate(way.nodes) if node in number]
    for first, last in pairwise(cuts):
        line = tuple(places[node] for node in way.nodes[first : last + 1])
        length_m = line_length_m(line)
        if length_m == 0:
            continue
        tail, head = number[way.nodes[first]], number[way.nodes[last]]
        time_s = length_m / way.speed_mps
        if way.direction is not Direction.BACKWARD:
            yield RoadEdge(tail=tail, head=head, length_m=length_m, time_s=time_s, line=line)
        if way.direction is not Direction.FORWARD:
            yield RoadEdge(tail=head, head=tail, length_m=length_m, time_s=time_s, line=line[::-1])
