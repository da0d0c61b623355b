"""Closed roads: which edges of the network a reported circle closes, and which stops that cuts off.

A closure counts from its begin to its end, at the latest to the end of its service day; travel times do not depend on
the time of day, so while it counts it counts for every tour that is planned.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from dispatch.route import UNREACHABLE_MS, Drive
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.geo import EARTH_RADIUS_M, LatLon
from mobility.core.ids import StopId
from mobility.core.network import RoadNetwork
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay


def is_active(disruption: Disruption, now: Instant, zone: str) -> bool:
    """Return whether a disruption counts at ``now``: begun, neither ended nor its service day over."""
    until = ServiceDay(disruption.day, zone).plus(1).start
    if disruption.ends is not None:
        until = min(until, disruption.ends)
    return disruption.begins <= now < until


def closed_edges(region: Region, disruptions: Iterable[Disruption], now: Instant) -> frozenset[int]:
    """Return the indices of all network edges that pass through a circle closed at ``now``."""
    circles = [
        (disruption.centre, disruption.radius_m)
        for disruption in disruptions
        if disruption.kind is DisruptionKind.ROAD_CLOSED and is_active(disruption, now, region.zone)
    ]
    return frozenset(
        edge for centre, radius_m in circles if centre for edge in edges_within(region.network, centre, radius_m)
    )


def edges_within(network: RoadNetwork, centre: LatLon, radius_m: float) -> frozenset[int]:
    """Return the edges whose drawn line comes as near as ``radius_m`` to ``centre``, metres around ``centre``."""
    if not network.edge_count:
        return frozenset()
    metre_m = np.radians(1.0) * EARTH_RADIUS_M
    x_m = (network.geometry_lon_deg - centre.lon_deg) * metre_m * np.cos(np.radians(centre.lat_deg))
    y_m = (network.geometry_lat_deg - centre.lat_deg) * metre_m
    edges, starts = _pieces(network)
    dx_m, dy_m = x_m[starts + 1] - x_m[starts], y_m[starts + 1] - y_m[starts]
    span_m2 = np.maximum(dx_m * dx_m + dy_m * dy_m, 1e-12)
    share = np.clip(-(x_m[starts] * dx_m + y_m[starts] * dy_m) / span_m2, 0.0, 1.0)
    near = np.hypot(x_m[starts] + share * dx_m, y_m[starts] + share * dy_m) <= radius_m
    return frozenset(int(edge) for edge in np.unique(edges[near]))


def cut_off(stops: Sequence[StopId], depots: Sequence[StopId], drive: Drive) -> tuple[StopId, ...]:
    """Return the stops that no vehicle can reach from its depot and leave again, in the order given."""

    def is_served(stop: StopId) -> bool:
        return any(drive(depot, stop) < UNREACHABLE_MS and drive(stop, depot) < UNREACHABLE_MS for depot in depots)

    return tuple(stop for stop in dict.fromkeys(stops) if not is_served(stop))


def _pieces(network: RoadNetwork) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each straight piece's edge and the index of its first point."""
    counts = np.diff(network.geometry_start).astype(np.int64) - 1
    edges = np.repeat(np.arange(network.edge_count, dtype=np.int64), counts)
    within = np.arange(len(edges), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    return edges, network.geometry_start[:-1].astype(np.int64)[edges] + within
