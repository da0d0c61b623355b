"""A region's road network as an OpenStreetMap file, for planners that know no other kind of street."""

from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Way

from mobility.core.network import RoadNetwork


def write_streets(network: RoadNetwork, path: Path) -> None:
    """Write every edge as a one-way residential street that bears its number; ``path`` ends in ``.osm.pbf``."""
    nodes = [
        Node(id=i + 1, version=1, location=(float(network.lon_deg[i]), float(network.lat_deg[i])), tags={})
        for i in range(network.node_count)
    ]
    ways: list[Way] = []
    for edge in range(network.edge_count):
        refs = [int(network.source[edge]) + 1]
        for k in range(network.geometry_start[edge] + 1, network.geometry_start[edge + 1] - 1):
            place = (float(network.geometry_lon_deg[k]), float(network.geometry_lat_deg[k]))
            nodes.append(Node(id=len(nodes) + 1, version=1, location=place, tags={}))
            refs.append(len(nodes))
        refs.append(int(network.target[edge]) + 1)
        tags = {"highway": "residential", "oneway": "yes", "oneway:foot": "no", "name": f"Straße {edge}"}
        ways.append(Way(id=edge + 1, version=1, nodes=refs, tags=tags))
    writer = osmium.SimpleWriter(str(path))
    for node in nodes:
        writer.add_node(node)
    for way in ways:
        writer.add_way(way)
    writer.close()
