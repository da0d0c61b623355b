"""Rules of ``region check`` about the on-demand service, its demand, and where every fact comes from."""

from collections.abc import Iterator
from itertools import combinations

from mobility.core.geo import distance_m
from mobility.core.region import ServiceArea
from mobility.core.service_day import format_service_time
from mobility.core.vehicle import ServiceKind
from mobility.storage.bundle_check import Bundle, Rule

_GENERAL = ("region", "network", "connections", "blocks", "demand")


def _shift_outside_hours(bundle: Bundle) -> Iterator[str]:
    for area in bundle.region.areas:
        for shift in area.shifts:
            if shift.starts < area.opens or shift.ends > area.closes:
                yield (
                    f"The shift {format_service_time(shift.starts)} to {format_service_time(shift.ends)} of "
                    f"{shift.vehicle_id} leaves the hours of area {area.area_id}."
                )


def _hours_without_shift(bundle: Bundle) -> Iterator[str]:
    for area in bundle.region.areas:
        covered = area.opens
        for shift in sorted(area.shifts, key=lambda shift: shift.starts):
            if shift.starts > covered:
                break
            covered = max(covered, shift.ends)
        if covered < area.closes:
            yield f"Area {area.area_id} is open at {format_service_time(covered)}, but no shift is on duty."


def _shifts_overlap(bundle: Bundle) -> Iterator[str]:
    shifts = [(area, shift) for area in bundle.region.areas for shift in area.shifts]
    for (one_area, one), (other_area, other) in combinations(shifts, 2):
        is_same_day = bool(one_area.weekdays & other_area.weekdays)
        is_same_time = one.starts < other.ends and other.starts < one.ends
        if one.vehicle_id == other.vehicle_id and is_same_day and is_same_time:
            yield f"Two shifts of {one.vehicle_id} overlap at {format_service_time(max(one.starts, other.starts))}."


def _shift_vehicle(bundle: Bundle) -> Iterator[str]:
    for area in bundle.region.areas:
        for vehicle_id in dict.fromkeys(shift.vehicle_id for shift in area.shifts):
            vehicle = bundle.region.fleet[vehicle_id]
            if not vehicle.is_bookable or vehicle.kind is ServiceKind.RESEARCH:
                yield f"Vehicle {vehicle_id} has shifts in area {area.area_id} but may not take riders."


def _shift_handover(bundle: Bundle) -> Iterator[str]:
    for area in bundle.region.areas:
        for one, other in combinations(area.shifts, 2):
            if one.vehicle_id == other.vehicle_id and one.depot != other.depot:
                yield f"The shifts of {one.vehicle_id} start at different depots, {one.depot} and {other.depot}."


def _rides_too_short(bundle: Bundle) -> Iterator[str]:
    for flow in bundle.demand.flows:
        area = bundle.region.area(flow.area_id)
        places = [bundle.region.stops[stop].place for stop in (flow.origin, flow.destination)]
        if distance_m(*places) < area.min_distance_m:
            yield f"People from {flow.origin} to {flow.destination} would be refused: nearer than the shortest ride."
        if flow.starts < area.opens or flow.ends > area.closes:
            yield f"People from {flow.origin} to {flow.destination} ask outside the hours of area {area.area_id}."


def _wheelchair_stop(bundle: Bundle) -> Iterator[str]:
    for area in bundle.region.areas:
        if not any(bundle.region.stops[stop].is_wheelchair_accessible for stop in area.stops):
            yield f"Area {area.area_id} has no stop that a wheelchair can use."
        if not any(_wheelchair_places(bundle, area)):
            yield f"Area {area.area_id} has no vehicle with a wheelchair place."


def _source_missing(bundle: Bundle) -> Iterator[str]:
    known = {row.subject for row in bundle.sources}
    for subject in _subjects(bundle):
        if subject not in known:
            yield f"sources.csv has no row for {subject}."


def _source_stranger(bundle: Bundle) -> Iterator[str]:
    wanted = {*_subjects(bundle), *_GENERAL}
    for subject in dict.fromkeys(row.subject for row in bundle.sources):
        if subject not in wanted:
            yield f"sources.csv speaks of {subject}, which the bundle does not have."


def _demo_outside_day(bundle: Bundle) -> Iterator[str]:
    if not 0 <= bundle.region.demo_starts < 24 * 3600:
        yield "demo_starts lies outside its day."


RULES = (
    Rule(rule_id="shift-outside-hours", demands="Shifts lie in the hours.", breaches=_shift_outside_hours),
    Rule(rule_id="shifts-overlap", demands="A vehicle has one driver.", breaches=_shifts_overlap),
    Rule(rule_id="shift-vehicle", demands="Shifts are of bookable vehicles.", breaches=_shift_vehicle),
    Rule(rule_id="source-missing", demands="Every fact is sourced or assumed.", breaches=_source_missing),
    Rule(rule_id="source-stranger", demands="Sources speak of the bundle.", breaches=_source_stranger),
    Rule(rule_id="demo-outside-day", demands="The demo starts on its day.", breaches=_demo_outside_day),
    Rule(
        rule_id="hours-without-shift",
        demands="Open hours have a driver.",
        breaches=_hours_without_shift,
        is_error=False,
    ),
    Rule(rule_id="shift-handover", demands="Drivers meet at one depot.", breaches=_shift_handover, is_error=False),
    Rule(rule_id="ride-impossible", demands="Demand can be served.", breaches=_rides_too_short, is_error=False),
    Rule(rule_id="wheelchair", demands="Wheelchairs can ride.", breaches=_wheelchair_stop, is_error=False),
)
"""Rules about the service, in the order they are reported."""


def _wheelchair_places(bundle: Bundle, area: ServiceArea) -> list[int]:
    return [bundle.region.fleet[shift.vehicle_id].wheelchair_places for shift in area.shifts]


def _subjects(bundle: Bundle) -> list[str]:
    region = bundle.region
    return [
        "region",
        "network",
        *(f"stop:{stop}" for stop in region.stops),
        *(f"line:{line.route_id}" for line in region.lines),
        *(f"vehicle:{vehicle}" for vehicle in region.fleet),
        *(f"area:{area.area_id}" for area in region.areas),
        *(f"research:{route.route_id}" for route in region.research_routes),
        *(f"factor:{factor.factor_id}" for factor in bundle.factors),
        *(["connections"] if region.connections else []),
        *(["blocks"] if region.blocks else []),
        *(["demand"] if bundle.demand.flows or bundle.demand.train_riders else []),
    ]
