"""A road network of a named place, downloaded through osmnx. Needs the internet; the conversion alone does not."""

import math
from collections.abc import Mapping
from typing import Any

from dispatch.edge.osm_tags import is_drivable, speed_kmh
from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from mobility.core.network import RoadNetwork
from mobility.core.network_build import RoadEdge, largest_component, line_length_m, road_network


def build_place(name: str) -> RoadNetwork:
    """Return the drivable network of a place found by name, e.g. ``Ilmenau, Germany``.

    Raises ``BadInputError`` when the place is not found or the map server can not be reached.
    """
    # Six seconds and 190 MB: imported only here.
    import osmnx  # noqa: PLC0415 - see above

    # osmnx keeps downloads below the working directory; the bundle is what we keep.
    osmnx.settings.use_cache = False
    try:
        graph = osmnx.graph_from_place(name, network_type="drive")
    except OSError as error:  # also the root of all errors of requests
        raise BadInputError(f"the map server can not be reached: {type(error).__name__}", source=name) from error
    except (ValueError, TypeError) as error:  # the roots of what osmnx raises for no result
        raise BadInputError(f"no roads were found: {error}", source=name) from error
    return network_from_graph(graph, source=name)


def network_from_graph(graph: Any, *, source: str = "graph") -> RoadNetwork:
    """Return the drivable network of an osmnx graph (``networkx.MultiDiGraph``, nodes ``x``/``y`` in degrees).

    Edges use ``highway``, ``maxspeed``, ``access`` and ``geometry`` where given. Raises ``BadInputError`` for a graph
    without roads.
    """
    try:
        names = sorted(graph.nodes)
        number = {name: index for index, name in enumerate(names)}
        places = [LatLon(float(graph.nodes[name]["y"]), float(graph.nodes[name]["x"])) for name in names]
        heights = [float(graph.nodes[name].get("elevation", math.nan)) for name in names]
        found = [(number[u], number[v], data) for u, v, data in graph.edges(data=True)]
        edges = [_edge(u, v, data, places) for u, v, data in found if is_drivable(_tags(data))]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadInputError(f"is no road graph: {type(error).__name__} {error}", source=source) from error
    network = largest_component(road_network(places, heights, [edge for edge in edges if edge.length_m > 0]))
    if not network.edge_count:
        raise BadInputError("has no road that a vehicle may drive", source=source)
    return network


def _edge(tail: int, head: int, data: Mapping[str, Any], places: list[LatLon]) -> RoadEdge:
    geometry = data.get("geometry")
    bends = [] if geometry is None else [LatLon(lat, lon) for lon, lat in list(geometry.coords)[1:-1]]
    line = (places[tail], *bends, places[head])
    length_m = line_length_m(line)
    return RoadEdge(
        tail=tail, head=head, length_m=length_m, time_s=length_m / (speed_kmh(_tags(data)) / 3.6), line=line
    )


def _tags(data: Mapping[str, Any]) -> dict[str, str]:
    """Return an edge's tags; where osmnx merged ways of several values, the first one stands for all."""
    firsts = {key: value[0] if isinstance(value, list) and value else value for key, value in data.items()}
    return {key: value for key, value in firsts.items() if isinstance(value, str)}
