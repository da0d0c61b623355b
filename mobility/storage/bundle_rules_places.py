"""Rules of ``region check`` about the road network and the places on it."""

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import permutations
from zoneinfo import ZoneInfo

import numpy as np
from pyproj import CRS

from mobility.core.ids import StopId
from mobility.core.network_build import is_strongly_connected
from mobility.core.region import Region
from mobility.storage.bundle_check import Bundle, Rule
from mobility.storage.bundle_network import network_bytes

FARTHEST_M = 150.0
"""Farther from the road than this, nobody would call it the stop of that road."""

STEEP_M = 25.0
"""A stop's height may differ from its road's by this much."""

_ZONE_HOURS = 3.5
"""No zone's clock differs more from the sun's than about three and a half hours (western China)."""


def _stop_far_from_road(bundle: Bundle) -> Iterator[str]:
    if not bundle.region.network.edge_count:
        return
    for stop in bundle.region.stops.values():
        offset_m = bundle.region.network.nearest_edge(stop.place).offset_m
        if offset_m > FARTHEST_M:
            yield f"Stop {stop.stop_id} lies {offset_m:.0f} m from the nearest road."


def _stop_unreachable(bundle: Bundle) -> Iterator[str]:
    network = bundle.region.network
    for area in bundle.region.areas:
        times = network.matrix_s([bundle.region.stops[stop].place for stop in area.stops])
        for i, j in permutations(range(len(area.stops)), 2):
            if math.isinf(times[i, j]):
                yield f"No road leads from stop {area.stops[i]} to stop {area.stops[j]} of area {area.area_id}."


def _network_in_pieces(bundle: Bundle) -> Iterator[str]:
    if not is_strongly_connected(bundle.region.network):
        yield "The road network falls into parts that do not reach each other."


def _network_stale(bundle: Bundle) -> Iterator[str]:
    if bundle.drawn is not None and network_bytes(bundle.drawn) != network_bytes(bundle.region.network):
        yield "network.npz is not what drawn/ gives; run `mobility region draw` on the directory."


def _stop_unused(bundle: Bundle) -> Iterator[str]:
    used = {stop for line in bundle.region.lines for pattern in line.patterns for stop in pattern.stops}
    used |= {stop for area in bundle.region.areas for stop in area.stops}
    for stop_id in bundle.region.stops:
        if stop_id not in used and (bundle.region.lines or bundle.region.areas):
            yield f"Stop {stop_id} is served by no line and no area."


def _stop_kind(bundle: Bundle) -> Iterator[str]:
    for stop_id in _line_stops(bundle.region):
        if not bundle.region.stops[stop_id].is_line_stop:
            yield f"Stop {stop_id} is called at by a line but is no line stop in stops.csv."


def _stop_names(bundle: Bundle) -> Iterator[str]:
    by_name: dict[tuple[str, str], list[StopId]] = defaultdict(list)
    for stop in bundle.region.stops.values():
        by_name[stop.locality, stop.name].append(stop.stop_id)
    for (locality, name), stops in by_name.items():
        if len(stops) > 1 and bundle.region.areas:
            yield f"The stops {', '.join(stops)} in {locality} are all called {name}: riders mix them up."


def _stop_height(bundle: Bundle) -> Iterator[str]:
    network = bundle.region.network
    for stop in bundle.region.stops.values():
        height_m = float(network.elevation_m[network.nearest_node(stop.place)])
        if abs(stop.elevation_m - height_m) > STEEP_M:
            yield f"Stop {stop.stop_id} is {stop.elevation_m:.0f} m high, its road {height_m:.0f} m."


def _crs_elsewhere(bundle: Bundle) -> Iterator[str]:
    area = CRS.from_user_input(bundle.region.crs).area_of_use
    network = bundle.region.network
    lat_deg, lon_deg = float(np.mean(network.lat_deg)), float(np.mean(network.lon_deg))
    if area is not None and not (area.west <= lon_deg <= area.east and area.south <= lat_deg <= area.north):
        yield f"{bundle.region.crs} is made for {area.name}, the network lies at {lat_deg:.2f}, {lon_deg:.2f}."


def _zone_elsewhere(bundle: Bundle) -> Iterator[str]:
    noon = datetime.combine(bundle.region.scenario_day, datetime.min.time(), ZoneInfo(bundle.region.zone))
    offset = noon.utcoffset()
    hours = offset.total_seconds() / 3600 if offset is not None else 0.0
    lon_deg = float(np.mean(bundle.region.network.lon_deg))
    if abs(hours - lon_deg / 15) > _ZONE_HOURS:
        yield f"In zone {bundle.region.zone} clocks are {hours:+g} h from UTC; the network lies at {lon_deg:.1f}° east."


def _stranger(bundle: Bundle) -> Iterator[str]:
    for name in bundle.strangers:
        yield f"{name} is no file of a bundle; nobody reads it."


def _line_stops(region: Region) -> list[StopId]:
    return list(dict.fromkeys(stop for line in region.lines for pattern in line.patterns for stop in pattern.stops))


RULES = (
    Rule(rule_id="stop-far-from-road", demands="A stop lies on a road.", breaches=_stop_far_from_road),
    Rule(rule_id="stop-unreachable", demands="Stops of an area reach each other.", breaches=_stop_unreachable),
    Rule(rule_id="network-in-pieces", demands="Every road reaches every other.", breaches=_network_in_pieces),
    Rule(rule_id="network-stale", demands="network.npz is made from drawn/.", breaches=_network_stale),
    Rule(rule_id="stop-kind", demands="Lines call at line stops.", breaches=_stop_kind),
    Rule(rule_id="crs-elsewhere", demands="The metric system fits the place.", breaches=_crs_elsewhere),
    Rule(rule_id="zone-elsewhere", demands="The time zone fits the place.", breaches=_zone_elsewhere),
    Rule(rule_id="stop-unused", demands="Somebody serves a stop.", breaches=_stop_unused, is_error=False),
    Rule(rule_id="stop-names", demands="Names tell stops apart.", breaches=_stop_names, is_error=False),
    Rule(rule_id="stop-height", demands="A stop is as high as its road.", breaches=_stop_height, is_error=False),
    Rule(rule_id="stranger", demands="The directory holds files of a bundle.", breaches=_stranger, is_error=False),
)
"""Rules about places, in the order they are reported."""
