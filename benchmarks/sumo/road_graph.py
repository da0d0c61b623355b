"""Driving times on a SUMO network as a taxi drives it: shortest paths over edges and their connections."""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

TAXI = "taxi"
"""The vehicle class (vClass) whose permissions count."""


class Spot(NamedTuple):
    """A position on an edge."""

    edge: str
    along_m: float
    """From the edge's begin."""


class Way(NamedTuple):
    """How long and how far it is; infinite where there is no way."""

    time_s: float
    length_m: float


@dataclass(frozen=True, slots=True)
class RoadGraph:
    """Edges a taxi may use. Times are free flow at the vehicle's top speed."""

    edges: Mapping[str, Way]
    """Time and length of each edge from begin to end."""
    following: Mapping[str, Sequence[tuple[str, Way]]]
    """For each edge the next ones, with the way across the junction."""

    def ways(self, origin: Spot) -> Mapping[str, Way]:
        """Return the fastest way from ``origin`` to the begin of every edge; those without a way are missing."""
        found: dict[str, Way] = {}
        whole = self.edges[origin.edge]
        rest_frac = 1 - min(max(origin.along_m / max(whole.length_m, 1e-9), 0.0), 1.0)
        rest = Way(whole.time_s * rest_frac, whole.length_m * rest_frac)
        queue = [(*_sum(rest, across), edge) for edge, across in self.following.get(origin.edge, ())]
        heapq.heapify(queue)
        while queue:
            time_s, length_m, edge = heapq.heappop(queue)
            if edge in found:
                continue
            found[edge] = Way(time_s, length_m)
            passed = _sum(found[edge], self.edges[edge])
            for after, across in self.following.get(edge, ()):
                if after not in found:
                    heapq.heappush(queue, (*_sum(passed, across), after))
        return found

    def way(self, origin: Spot, ways: Mapping[str, Way], target: Spot) -> Way:
        """Return the way from ``origin`` to ``target``, given ``ways(origin)``."""
        whole = self.edges[target.edge]
        per_m = whole.time_s / max(whole.length_m, 1e-9)
        ahead_m = target.along_m - origin.along_m
        if target.edge == origin.edge and ahead_m >= 0:
            return Way(ahead_m * per_m, ahead_m)
        begin = ways.get(target.edge, Way(math.inf, math.inf))
        return _sum(begin, Way(target.along_m * per_m, target.along_m))


def _sum(a: Way, b: Way) -> Way:
    return Way(a.time_s + b.time_s, a.length_m + b.length_m)


def read_graph(net: Path, top_speed_mps: float) -> RoadGraph:
    """Read a SUMO network; lanes faster than ``top_speed_mps`` are driven at that speed."""
    lanes: dict[str, Way] = {}
    edges: dict[str, Way] = {}
    connections: dict[str, dict[str, Way]] = {}
    # netconvert's own output, made a moment ago.
    for _, element in ET.iterparse(net):  # noqa: S314
        if element.tag == "edge":
            _add_edge(element, top_speed_mps, lanes, edges)
            element.clear()
        elif element.tag == "connection":
            _add_connection(element, lanes, connections)
            element.clear()
    following = {edge: tuple(sorted(after.items())) for edge, after in connections.items()}
    return RoadGraph(edges, following)


def _add_edge(element: ET.Element, top_speed_mps: float, lanes: dict[str, Way], edges: dict[str, Way]) -> None:
    usable = [lane for lane in element.iter("lane") if _is_for_taxis(lane)]
    for lane in usable:
        length_m = float(lane.get("length", "0"))
        lanes[lane.get("id", "")] = Way(length_m / min(float(lane.get("speed", "1")), top_speed_mps), length_m)
    if usable and element.get("function") != "internal":
        edges[element.get("id", "")] = min(lanes[lane.get("id", "")] for lane in usable)


def _add_connection(element: ET.Element, lanes: Mapping[str, Way], connections: dict[str, dict[str, Way]]) -> None:
    origin, target = element.get("from", ""), element.get("to", "")
    ends = (f"{origin}_{element.get('fromLane')}", f"{target}_{element.get('toLane')}")
    if origin.startswith(":") or any(lane not in lanes for lane in ends):
        return
    across = lanes.get(element.get("via", ""), Way(0.0, 0.0))
    known = connections.setdefault(origin, {})
    known[target] = min(known.get(target, across), across)


def _is_for_taxis(lane: ET.Element) -> bool:
    allowed, refused = lane.get("allow"), lane.get("disallow")
    if allowed is not None:
        return allowed == "all" or TAXI in allowed.split()
    return refused is None or not {"all", TAXI} & set(refused.split())
