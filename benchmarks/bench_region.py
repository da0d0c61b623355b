"""Opening a region bundle, building a network from a map, travel-time matrices: each against its peer or limit.

One JSON object a line, CPU milliseconds; ``ratio`` is ours over the peer's or the limit (less is better).
The peer of building is osmnx (read, simplify, speeds); of matrices networkx on the same graph.
Run: ``python -m benchmarks.bench_region [--rounds 7] [--data ../shared/data]``.
"""

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median

import numpy as np

from dispatch.edge.osm import build_network
from dispatch.edge.osm_place import network_from_graph
from mobility.core.ids import NodeIndex
from mobility.core.network import RoadNetwork
from mobility.storage.bundle_drawing import drawn_network
from mobility.storage.bundles import load_region, shipped_region

DATA = Path(os.environ.get("MOBILITY_TEST_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))
LOAD_LIMIT_MS = 150
BUILD_LIMIT_MS = 2000
MATRIX_STOPS = 200


def cpu_ms(work: Callable[[], object]) -> float:
    """Return CPU milliseconds of this process and its threads for one call."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def report(benchmark: str, ours_ms: float, **figures: object) -> None:
    """Print one line."""
    print(json.dumps({"benchmark": benchmark, "cpu_ms": round(ours_ms, 2), **figures}), flush=True)


def loading(rounds: int) -> None:
    """Open the shipped bundle, with npz and from its drawing."""
    directory = shipped_region("ilmenau")
    load_ms = median(cpu_ms(lambda: load_region(directory)) for _ in range(rounds))
    drawn_ms = median(cpu_ms(lambda: drawn_network(directory)) for _ in range(rounds))
    report("region.load", load_ms, limit_ms=LOAD_LIMIT_MS, ratio=round(load_ms / LOAD_LIMIT_MS, 3))
    report("region.draw", drawn_ms, nodes=drawn_network(directory).node_count)


def building(data: Path, rounds: int) -> RoadNetwork:
    """Build the real extract; osmnx reads the unpacked file, the only form it can read."""
    for name in ("north-bayreuth.osm.pbf", "north-bayreuth.osm.gz"):
        ours_ms = median(cpu_ms(lambda name=name: build_network(data / name)) for _ in range(rounds))
        report("region.build", ours_ms, file=name, limit_ms=BUILD_LIMIT_MS, ratio=round(ours_ms / BUILD_LIMIT_MS, 3))
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "north-bayreuth.osm"
        plain.write_bytes(gzip.decompress((data / "north-bayreuth.osm.gz").read_bytes()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import_ms = cpu_ms(lambda: import_module("osmnx"))
            osmnx = import_module("osmnx")
            peer_ms = cpu_ms(lambda: network_from_graph(osmnx.graph_from_xml(plain, simplify=True)))
        ours_ms = median(cpu_ms(lambda: build_network(plain)) for _ in range(rounds))
    network = build_network(data / "north-bayreuth.osm.pbf")
    figures = {"nodes": network.node_count, "edges": network.edge_count, "peer": "osmnx", "peer_cpu_ms": round(peer_ms)}
    figures |= {"peer_import_ms": round(import_ms), "ratio": round(ours_ms / peer_ms, 4)}
    report("region.build", ours_ms, file="north-bayreuth.osm", **figures)
    return network


def matrices(network: RoadNetwork, rounds: int) -> None:
    """Fill the matrix of 200 places against networkx on the same edges."""
    import networkx as nx  # noqa: PLC0415 - the peer

    graph = nx.DiGraph()
    for tail, head, time_s in zip(network.source, network.target, network.time_s, strict=True):
        known = graph.get_edge_data(int(tail), int(head), {"time_s": np.inf})["time_s"]
        graph.add_edge(int(tail), int(head), time_s=min(known, float(time_s)))
    nodes = np.linspace(0, network.node_count - 1, MATRIX_STOPS).astype(int).tolist()
    places = [network.place(NodeIndex(node)) for node in nodes]
    network.matrix_s(places[:1])
    ours_ms = median(cpu_ms(lambda: network.matrix_s(places)) for _ in range(rounds))
    peer_ms = cpu_ms(lambda: [nx.single_source_dijkstra_path_length(graph, node, weight="time_s") for node in nodes])
    truth = nx.single_source_dijkstra_path_length(graph, nodes[0], weight="time_s")
    difference_s = max(abs(network.times_from(NodeIndex(nodes[0]))[node] - truth[node]) for node in nodes)
    figures = {"stops": MATRIX_STOPS, "nodes": network.node_count, "peer": "networkx", "peer_cpu_ms": round(peer_ms)}
    report("region.matrix", ours_ms, **figures, ratio=round(ours_ms / peer_ms, 3), difference_s=difference_s)


def main() -> None:
    """Run all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--data", type=Path, default=DATA)
    chosen = arguments.parse_args()
    loading(chosen.rounds)
    region = load_region(shipped_region("ilmenau"))
    stops = [stop.place for stop in region.stops.values()]
    matrix_ms = median(cpu_ms(lambda: region.network.matrix_s(stops)) for _ in range(chosen.rounds))
    report("region.matrix", matrix_ms, stops=len(stops), nodes=region.network.node_count)
    if not (chosen.data / "osm").is_dir():
        print(json.dumps({"benchmark": "region.build", "skipped": "third-party test data is absent"}))
        return
    matrices(building(chosen.data / "osm", chosen.rounds), chosen.rounds)


if __name__ == "__main__":
    sys.exit(main())
