"""region check: each rule finds its breach and says it in a sentence; a sound bundle has none."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from mobility.core.geo import LatLon
from mobility.core.ids import BlockId, StopId, VehicleId
from mobility.core.network import RoadNetwork
from mobility.core.network_build import induced
from mobility.core.region import LinePattern, Region
from mobility.core.service_day import ServiceTime
from mobility.storage.bundle_check import Bundle, findings, open_bundle
from mobility.storage.bundle_rules import RULES, check_bundle
from mobility.storage.bundles import shipped_region


@pytest.fixture(scope="module")
def sound() -> Bundle:
    return open_bundle(shipped_region("ilmenau"))


def _found(bundle: Bundle) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in findings(bundle, RULES):
        found.setdefault(finding.rule, []).append(finding.sentence)
    return found


def _with(bundle: Bundle, **changes: object) -> Bundle:
    return replace(bundle, region=replace(bundle.region, **changes))


def _moved(region: Region, stop_id: str, **changes: object) -> dict[StopId, object]:
    return {**region.stops, StopId(stop_id): replace(region.stops[StopId(stop_id)], **changes)}


def _pattern(region: Region, pattern_id: str, **changes: object) -> tuple[object, ...]:
    def changed(pattern: LinePattern) -> LinePattern:
        return replace(pattern, **changes) if pattern.pattern_id == pattern_id else pattern

    return tuple(replace(line, patterns=tuple(map(changed, line.patterns))) for line in region.lines)


def _area(region: Region, **changes: object) -> tuple[object, ...]:
    return (replace(region.areas[0], **changes),)


def test_every_rule_has_its_own_id_and_says_what_it_demands() -> None:
    assert len({rule.rule_id for rule in RULES}) == len(RULES)
    assert all(rule.demands.endswith(".") for rule in RULES)


def test_a_sound_bundle_breaks_no_rule(sound: Bundle) -> None:
    assert _found(sound) == {}


def test_a_stop_in_the_forest_is_found(sound: Bundle) -> None:
    stops = _moved(sound.region, "allzunah", place=LatLon(50.6300, 10.9000))
    sentences = _found(_with(sound, stops=stops))["stop-far-from-road"]
    assert len(sentences) == 1
    assert "allzunah" in sentences[0]


def test_a_stop_that_no_road_leads_to_is_found(sound: Bundle) -> None:
    network = sound.region.network
    cut = network.nearest_node(LatLon(50.6050, 10.8578))
    keep = np.ones(network.node_count, dtype=bool)
    keep[cut] = False
    found = _found(_with(sound, network=induced(network, keep)))
    assert any("frauenwald" in sentence for sentence in found["stop-unreachable"])
    assert found["network-in-pieces"]
    assert found["network-stale"]


def test_a_network_that_is_not_its_drawing_is_found(sound: Bundle) -> None:
    slower = replace(sound.region.network, time_s=sound.region.network.time_s * 2)
    assert "region draw" in _found(_with(sound, network=slower))["network-stale"][0]


def test_a_run_faster_than_the_road_is_found(sound: Bundle) -> None:
    lines = _pattern(sound.region, "D-out", fastest_s=(0, 130, 86, 119, 137))
    sentences = _found(_with(sound, lines=lines))["run-too-fast"]
    assert sentences == [
        "Pattern D-out allows 120 s from neuhaeuser-weg to ehrenberg; the road takes 130 s at the vehicle's top speed."
    ]


def test_a_timetable_without_slack_is_found(sound: Bundle) -> None:
    lines = _pattern(sound.region, "D-out", fastest_s=(0, 120, 100, 130, 160))
    assert "no-slack" in _found(_with(sound, lines=lines))


def test_a_vehicle_can_not_be_in_two_places(sound: Bundle) -> None:
    blocks = {**sound.region.blocks, BlockId("D-2"): VehicleId("shuttle-1")}
    sentences = _found(_with(sound, blocks=blocks))["vehicle-in-two-places"]
    assert any("shuttle-1" in sentence and "D-in-mofr-0740" in sentence for sentence in sentences)


def test_a_night_trip_and_the_next_morning_of_one_vehicle_are_compared(sound: Bundle) -> None:
    def late(line: object) -> object:
        trips = tuple(
            replace(trip, start=ServiceTime(31 * 3600 + 2700)) if trip.start == 24 * 3600 + 45 * 60 else trip
            for trip in line.trips
        )
        return replace(line, trips=trips)

    lines = tuple(late(line) for line in sound.region.lines)
    blocks = {**sound.region.blocks, BlockId("300-sa"): VehicleId("bus-4")}
    sentences = _found(_with(sound, lines=lines, blocks=blocks))["vehicle-in-two-places"]
    assert len(sentences) == 1
    assert "300-out-F-sa-0805" in sentences[0]


def test_a_block_without_vehicle_and_a_vehicle_without_block_are_found(sound: Bundle) -> None:
    blocks = {block: vehicle for block, vehicle in sound.region.blocks.items() if block != "B-1"}
    sentences = _found(_with(sound, blocks={**blocks, BlockId("Z-1"): VehicleId("bus-2")}))["block-without-vehicle"]
    assert sentences == [
        "Block B-1 has trips but no vehicle in fleet.toml.",
        "Block Z-1 of fleet.toml has no trips.",
    ]


def test_a_scenario_day_without_service_is_found(sound: Bundle) -> None:
    sentences = _found(_with(sound, scenario_day=date(2025, 12, 25)))["scenario-day"]
    assert "Line D has no trip on the scenario day 2025-12-25." in sentences
    wednesday = _found(_with(sound, scenario_day=date(2025, 10, 15)))["scenario-day"]
    assert wednesday == ["Area buergerbus has no service on the scenario day 2025-10-15, a Wednesday."]


def test_a_train_that_comes_too_late_is_found(sound: Bundle) -> None:
    first, *others = sound.region.connections
    late = replace(first, feeder_arrival=ServiceTime(first.feeder_arrival + 300))
    sentences = _found(_with(sound, connections=(late, *others)))["connection-time"]
    assert len(sentences) == 1
    assert "06:05:00" in sentences[0]


def test_a_shift_outside_the_hours_and_hours_without_shift_are_found(sound: Bundle) -> None:
    found = _found(_with(sound, areas=_area(sound.region, opens=ServiceTime(9 * 3600), closes=ServiceTime(18 * 3600))))
    assert len(found["shift-outside-hours"]) == 1
    assert found["hours-without-shift"] == ["Area buergerbus is open at 17:00:00, but no shift is on duty."]


def test_two_drivers_in_one_van_are_found(sound: Bundle) -> None:
    one, other = sound.region.areas[0].shifts
    shifts = (one, replace(other, starts=ServiceTime(12 * 3600)))
    assert _found(_with(sound, areas=_area(sound.region, shifts=shifts)))["shifts-overlap"] == [
        "Two shifts of van-1 overlap at 12:00:00."
    ]


def test_a_shift_of_a_vehicle_that_takes_no_riders_is_found(sound: Bundle) -> None:
    shifts = tuple(replace(shift, vehicle_id=VehicleId("pmover-1")) for shift in sound.region.areas[0].shifts)
    found = _found(_with(sound, areas=_area(sound.region, shifts=shifts)))
    assert found["shift-vehicle"]
    assert found["wheelchair"]


def test_a_vehicle_on_a_line_and_on_a_shift_is_found(sound: Bundle) -> None:
    blocks = {**sound.region.blocks, BlockId("A-1"): VehicleId("van-1")}
    assert _found(_with(sound, blocks=blocks))["line-and-shift"]


def test_a_fact_without_a_source_and_a_source_without_a_fact_are_found(sound: Bundle) -> None:
    rows = tuple(
        replace(row, subject="stop:atlantis") if row.subject == "stop:allzunah" else row for row in sound.sources
    )
    found = _found(replace(sound, sources=rows))
    assert found["source-missing"] == ["sources.csv has no row for stop:allzunah."]
    assert found["source-stranger"] == ["sources.csv speaks of stop:atlantis, which the bundle does not have."]


def test_a_coordinate_system_or_zone_of_elsewhere_is_found(sound: Bundle) -> None:
    assert _found(_with(sound, crs="EPSG:25829"))["crs-elsewhere"]
    assert _found(_with(sound, zone="Asia/Tokyo"))["zone-elsewhere"]


def test_a_line_at_a_stop_that_is_no_line_stop_is_found(sound: Bundle) -> None:
    stops = _moved(sound.region, "ehrenberg", is_line_stop=False)
    assert _found(_with(sound, stops=stops))["stop-kind"]


def test_two_stops_of_one_name_and_an_odd_height_are_warned_of(sound: Bundle) -> None:
    stops = _moved(sound.region, "ehrenberg", name="Campus Nord", elevation_m=900.0)
    found = _found(_with(sound, stops=stops))
    assert "Campus Nord" in found["stop-names"][0]
    assert "ehrenberg" in found["stop-height"][0]


def test_demand_that_would_be_refused_is_warned_of(sound: Bundle) -> None:
    flow = replace(sound.demand.flows[0], destination=StopId("manebach-bahnhof"), ends=ServiceTime(20 * 3600))
    found = _found(replace(sound, demand=replace(sound.demand, flows=(flow,))))
    assert len(found["ride-impossible"]) == 2


def test_a_misspelt_file_and_an_unused_stop_are_warned_of(tmp_path: Path) -> None:
    directory = tmp_path / "region"
    shutil.copytree(shipped_region("ilmenau"), directory)
    (directory / "line.toml").write_text("")
    with (directory / "stops.csv").open("a") as file:
        file.write("nowhere,Nirgends,Ilmenau,50.6866,10.9135,483,yes,no,no\n")
    found = check_bundle(directory)
    assert [finding.rule for finding in found] == ["source-missing", "stop-unused", "stranger"]
    assert [finding.is_error for finding in found] == [True, False, False]


def test_a_bus_that_turns_in_the_street_is_warned_of(sound: Bundle) -> None:
    path = sound.region.lines[0].patterns[0].path
    lines = _pattern(sound.region, "D-out", path=(*path, path[-2]))
    assert "D-out" in _found(_with(sound, lines=lines))["turns-round"][0]


def test_an_empty_region_is_checked_without_a_fault(sound: Bundle) -> None:
    network: RoadNetwork = sound.region.network
    empty = _with(
        sound, stops={}, lines=(), calendars={}, areas=(), connections=(), research_routes=(), fleet={}, blocks={}
    )
    rows = tuple(row for row in sound.sources if row.subject in ("region", "network"))
    demand = replace(sound.demand, flows=(), train_riders=(), line_riders=())
    assert network.edge_count
    assert _found(replace(empty, sources=rows, factors=(), demand=demand)) == {}
