"""Rules of ``region check`` about lines: run times, blocks, vehicles, trains, the scenario day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from mobility.core.clock import Instant, seconds_between
from mobility.core.ids import StopId, VehicleId
from mobility.core.region import LinePattern, LineTrip, Region
from mobility.core.service_day import ServiceDay, format_service_time
from mobility.storage.bundle_check import Bundle, Rule
from mobility.storage.bundle_paths import fastest_s

LEAST_SLACK = 0.03
"""A timetable with less than 3 % to spare is late every day."""

LONGEST_WAIT_S = 1800
"""Nobody calls it a connection when they wait longer."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A trip on a day."""

    trip: LineTrip
    pattern: LinePattern
    starts: Instant
    ends: Instant


def _run_too_fast(bundle: Bundle) -> Iterator[str]:
    for pattern in _patterns(bundle.region):
        for k in range(1, len(pattern.stops)):
            run_s = pattern.arrival_s[k] - pattern.departure_s[k - 1]
            if run_s < pattern.fastest_s[k]:
                yield (
                    f"Pattern {pattern.pattern_id} allows {run_s} s from {pattern.stops[k - 1]} to {pattern.stops[k]}; "
                    f"the road takes {pattern.fastest_s[k]} s at the vehicle's top speed."
                )


def _no_slack(bundle: Bundle) -> Iterator[str]:
    for pattern in _patterns(bundle.region):
        dwell_s = sum(leave - arrive for leave, arrive in zip(pattern.departure_s, pattern.arrival_s, strict=True))
        driving_s = pattern.arrival_s[-1] - dwell_s
        if driving_s < sum(pattern.fastest_s) * (1 + LEAST_SLACK):
            yield f"Pattern {pattern.pattern_id} has less than {LEAST_SLACK:.0%} of its driving time to spare."


def _turns_round(bundle: Bundle) -> Iterator[str]:
    for pattern in _patterns(bundle.region):
        for before, here, after in zip(pattern.path, pattern.path[1:], pattern.path[2:], strict=False):
            if before == after:
                yield f"Pattern {pattern.pattern_id} turns round at {here.lat_deg:.5f}, {here.lon_deg:.5f}."


def _block_without_vehicle(bundle: Bundle) -> Iterator[str]:
    used = dict.fromkeys(trip.block_id for line in bundle.region.lines for trip in line.trips)
    for block in used:
        if block not in bundle.region.blocks:
            yield f"Block {block} has trips but no vehicle in fleet.toml."
    for block in bundle.region.blocks:
        if block not in used:
            yield f"Block {block} of fleet.toml has no trips."


def _vehicle_in_two_places(bundle: Bundle) -> Iterator[str]:
    region = bundle.region
    seen: set[tuple[str, str]] = set()
    for vehicle_id, runs in _runs_by_vehicle(region).items():
        for before, after in pairwise(runs):
            pair = (before.trip.trip_id, after.trip.trip_id)
            gap_s = seconds_between(before.ends, after.starts)
            needed_s = _deadhead_s(region, vehicle_id, before.pattern.stops[-1], after.pattern.stops[0])
            if gap_s >= needed_s or pair in seen:
                continue
            seen.add(pair)
            yield (
                f"Vehicle {vehicle_id} ends trip {pair[0]} at {before.pattern.stops[-1]} and must start {pair[1]} at "
                f"{after.pattern.stops[0]} {gap_s:.0f} s later; the way there takes {needed_s:.0f} s."
            )


def _line_and_shift(bundle: Bundle) -> Iterator[str]:
    on_lines = set(bundle.region.blocks.values())
    for area in bundle.region.areas:
        for shift in area.shifts:
            if shift.vehicle_id in on_lines:
                yield f"Vehicle {shift.vehicle_id} drives a block and a shift of area {area.area_id}."


def _scenario_day(bundle: Bundle) -> Iterator[str]:
    region, day = bundle.region, bundle.region.scenario_day
    for line in region.lines:
        if not any(region.calendars[trip.calendar_id].runs_on(day) for trip in line.trips):
            yield f"Line {line.route_id} has no trip on the scenario day {day}."
    for area in region.areas:
        if day.weekday() not in area.weekdays:
            yield f"Area {area.area_id} has no service on the scenario day {day}, a {day:%A}."


def _calendar_unused(bundle: Bundle) -> Iterator[str]:
    used = {trip.calendar_id for line in bundle.region.lines for trip in line.trips}
    for calendar_id in bundle.region.calendars:
        if calendar_id not in used:
            yield f"Calendar {calendar_id} is used by no trip."


def _connection_time(bundle: Bundle) -> Iterator[str]:
    trips = {trip.trip_id: (trip, pattern) for trip, pattern in _trips(bundle.region)}
    for connection in bundle.region.connections:
        trip, pattern = trips[connection.trip_id]
        departure = trip.start + pattern.departure_s[pattern.stops.index(connection.stop_id)]
        wait_s = departure - connection.feeder_arrival
        if not connection.transfer_s <= wait_s <= LONGEST_WAIT_S:
            yield (
                f"Connection {connection.connection_id}: the train arrives at "
                f"{format_service_time(connection.feeder_arrival)}, walking takes {connection.transfer_s:.0f} s, "
                f"the bus leaves at {format_service_time(departure)}."
            )


def _research_overlap(bundle: Bundle) -> Iterator[str]:
    network = bundle.region.network
    for route in bundle.region.research_routes:
        nodes = [network.nearest_node(place) for place in (route.path[0], route.path[-1])]
        if nodes[0] != nodes[1]:
            yield f"Research route {route.route_id} does not end where it starts."


RULES = (
    Rule(rule_id="run-too-fast", demands="No run beats the road.", breaches=_run_too_fast),
    Rule(rule_id="block-without-vehicle", demands="Blocks and vehicles match.", breaches=_block_without_vehicle),
    Rule(rule_id="vehicle-in-two-places", demands="A block can be driven.", breaches=_vehicle_in_two_places),
    Rule(rule_id="line-and-shift", demands="A vehicle has one master.", breaches=_line_and_shift),
    Rule(rule_id="scenario-day", demands="Everything runs on the scenario day.", breaches=_scenario_day),
    Rule(rule_id="connection-time", demands="A connection can be walked.", breaches=_connection_time),
    Rule(rule_id="no-slack", demands="A timetable has slack.", breaches=_no_slack, is_error=False),
    Rule(rule_id="turns-round", demands="Buses do not turn in the street.", breaches=_turns_round, is_error=False),
    Rule(rule_id="calendar-unused", demands="A calendar has trips.", breaches=_calendar_unused, is_error=False),
    Rule(rule_id="research-open", demands="A research route is a loop.", breaches=_research_overlap, is_error=False),
)
"""Rules about lines, in the order they are reported."""


def _patterns(region: Region) -> list[LinePattern]:
    return [pattern for line in region.lines for pattern in line.patterns]


def _trips(region: Region) -> list[tuple[LineTrip, LinePattern]]:
    found = []
    for line in region.lines:
        patterns = {pattern.pattern_id: pattern for pattern in line.patterns}
        found += [(trip, patterns[trip.pattern_id]) for trip in line.trips]
    return found


def _runs_by_vehicle(region: Region) -> dict[VehicleId, list[_Run]]:
    """Return every vehicle's runs over the days that matter, ordered by their start.

    Days that look alike (same calendars today and tomorrow) are looked at once: a night trip meets the next morning.
    """
    trips = _trips(region)
    runs: dict[VehicleId, list[_Run]] = {vehicle_id: [] for vehicle_id in dict.fromkeys(region.blocks.values())}
    for day in _days(region):
        service_day = ServiceDay(day, region.zone)
        for trip, pattern in trips:
            vehicle_id = region.blocks.get(trip.block_id)
            if vehicle_id is None or not region.calendars[trip.calendar_id].runs_on(day):
                continue
            starts = service_day.at(trip.start)
            runs[vehicle_id].append(_Run(trip, pattern, starts, service_day.at(trip.start + pattern.arrival_s[-1])))
    return {vehicle_id: sorted(found, key=lambda run: (run.starts, run.ends)) for vehicle_id, found in runs.items()}


def _days(region: Region) -> Sequence[date]:
    used = {trip.calendar_id for line in region.lines for trip in line.trips}
    calendars = [region.calendars[name] for name in sorted(used)]
    if not calendars:
        return []
    first, last = min(calendar.first for calendar in calendars), max(calendar.last for calendar in calendars)
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    active = {day: frozenset(c.calendar_id for c in calendars if c.runs_on(day)) for day in days}
    wanted: set[date] = set()
    seen: set[tuple[frozenset[str], ...]] = set()
    for today, tomorrow in pairwise(days):
        if (active[today], active[tomorrow]) not in seen:
            seen.add((active[today], active[tomorrow]))
            wanted |= {today, tomorrow}
    return sorted(wanted) or days


def _deadhead_s(region: Region, vehicle_id: VehicleId, origin: StopId, destination: StopId) -> float:
    if origin == destination:
        return 0.0
    network = region.network
    places = (region.stops[origin].place, region.stops[destination].place)
    path = network.shortest_path(*(network.nearest_node(place) for place in places))
    return float("inf") if path is None else fastest_s(network, path, region.fleet[vehicle_id].max_speed_mps)
