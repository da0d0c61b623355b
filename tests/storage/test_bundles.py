"""The bundle that ships: what the world of the demo is made of."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon, distance_m, polyline
from mobility.core.ids import RouteId, ServiceAreaId, StopId, VehicleId
from mobility.core.place import Evidence
from mobility.core.region import Line, Region
from mobility.core.vehicle import ServiceKind
from mobility.storage.bundle_drawing import drawn_network
from mobility.storage.bundle_network import network_bytes
from mobility.storage.bundle_rules import check_bundle
from mobility.storage.bundles import load_demand, load_factors, load_region, load_sources, shipped_region


@pytest.fixture(scope="module")
def ilmenau() -> Region:
    return load_region(shipped_region("ilmenau"))


def _line(region: Region, route: str) -> Line:
    return next(line for line in region.lines if line.route_id == RouteId(route))


def test_the_shipped_bundle_has_nothing_wrong() -> None:
    assert check_bundle(shipped_region("ilmenau")) == []


def test_the_scenario_day_is_a_tuesday_on_which_everything_runs(ilmenau: Region) -> None:
    assert ilmenau.scenario_day == date(2025, 10, 14)
    assert ilmenau.scenario_day.weekday() == 1
    for route in ("D", "A", "B", "300"):
        trips = [t for t in _line(ilmenau, route).trips if ilmenau.calendars[t.calendar_id].runs_on(date(2025, 10, 14))]
        assert len(trips) >= 13, route
    assert 1 in ilmenau.area(ServiceAreaId("buergerbus")).weekdays


def test_line_d_has_two_kilometres_five_stops_and_takes_nine_to_ten_minutes(ilmenau: Region) -> None:
    line = _line(ilmenau, "D")
    assert line.kind is ServiceKind.SHUTTLE
    for pattern in line.patterns:
        assert len(pattern.stops) == 5
        assert {pattern.stops[0], pattern.stops[-1]} == {"neuhaeuser-weg", "gustav-kirchhoff-platz"}
        assert 1800 < polyline(ilmenau.frame, pattern.path).length_m < 2300
        assert 540 <= pattern.arrival_s[-1] <= 600
    assert {ilmenau.blocks[trip.block_id] for trip in line.trips} == {"shuttle-1", "shuttle-2"}


def test_the_network_is_a_town_and_its_valley_and_not_a_star(ilmenau: Region) -> None:
    network = ilmenau.network
    assert 150 <= network.node_count <= 400
    corners = sum(1 for u in range(network.node_count) if network.first_edge[u + 1] - network.first_edge[u] >= 3)
    assert corners > 60
    pairs = set(zip(network.source.tolist(), network.target.tolist(), strict=True))
    assert any((v, u) not in pairs for u, v in pairs), "there are one-way streets"
    straight_m = distance_m(LatLon(50.6842, 10.9222), LatLon(50.5811, 10.8597))
    places = [ilmenau.stops[StopId(s)].place for s in ("ilmenau-bahnhof", "frauenwald-tourist-information")]
    path = network.shortest_path(*(network.nearest_node(place) for place in places))
    assert path is not None
    assert 1.3 < path.length_m / straight_m < 1.6


def test_the_way_up_to_the_rennsteig_takes_longer_than_the_way_down(ilmenau: Region) -> None:
    network = ilmenau.network
    low, high = (
        network.nearest_node(ilmenau.stops[StopId(s)].place)
        for s in ("stuetzerbach-haus-des-gastes", "kreuzung-rennsteig")
    )
    up, down = network.shortest_path(low, high), network.shortest_path(high, low)
    assert up is not None
    assert down is not None
    assert up.time_s > down.time_s * 1.05


def test_paths_start_and_end_at_their_stops_and_never_jump(ilmenau: Region) -> None:
    for line in ilmenau.lines:
        for pattern in line.patterns:
            assert distance_m(pattern.path[0], ilmenau.stops[pattern.stops[0]].place) < 15
            assert distance_m(pattern.path[-1], ilmenau.stops[pattern.stops[-1]].place) < 15
            assert max(distance_m(a, b) for a, b in pairwise(pattern.path)) < 200


def test_every_run_has_slack(ilmenau: Region) -> None:
    for line in ilmenau.lines:
        for pattern in line.patterns:
            for k in range(1, len(pattern.stops)):
                assert pattern.fastest_s[k] < pattern.arrival_s[k] - pattern.departure_s[k - 1]


def test_a_friday_night_is_longer_than_a_day(ilmenau: Region) -> None:
    late = [trip for trip in _line(ilmenau, "300").trips if trip.start >= 24 * 3600]
    assert late
    assert all(ilmenau.calendars[trip.calendar_id].runs_on(date(2025, 10, 17)) for trip in late)
    assert not any(ilmenau.calendars[trip.calendar_id].runs_on(date(2025, 10, 14)) for trip in late)


def test_from_manebach_a_direct_bus_runs_at_some_hours_and_not_at_others(ilmenau: Region) -> None:
    hours = set()
    line = _line(ilmenau, "300")
    for trip in line.trips:
        pattern = next(p for p in line.patterns if p.pattern_id == trip.pattern_id)
        if trip.calendar_id == "mofr" and pattern.direction == 1:
            hours.add((trip.start + pattern.departure_s[pattern.stops.index(StopId("manebach-bahnhof"))]) // 3600)
    assert {8, 10, 13} <= hours
    assert not {11, 12} & hours


def test_the_citizen_bus_shares_stops_with_lines(ilmenau: Region) -> None:
    of_lines = {stop for line in ilmenau.lines for pattern in line.patterns for stop in pattern.stops}
    shared = of_lines & set(ilmenau.area(ServiceAreaId("buergerbus")).stops)
    assert {"busbahnhof", "homburger-platz", "manebach-bahnhof", "stuetzerbach-haus-des-gastes"} <= shared


def test_the_research_van_is_not_bookable(ilmenau: Region) -> None:
    van = ilmenau.fleet[VehicleId("pmover-1")]
    assert van.kind is ServiceKind.RESEARCH
    assert van.sae_level == 4
    assert not van.is_bookable
    assert {route.route_id for route in ilmenau.research_routes} == {"city", "manebach"}


def test_trains_are_met_hourly_and_half_hourly_at_peaks(ilmenau: Region) -> None:
    arrivals = sorted(c.feeder_arrival for c in ilmenau.connections if c.stop_id == "neuhaeuser-weg")
    assert {later - earlier for earlier, later in pairwise(arrivals)} == {1800, 3600}


def test_public_holidays_run_like_sundays(ilmenau: Region) -> None:
    reformation = date(2025, 10, 31)
    assert not ilmenau.calendars["mofr"].runs_on(reformation)
    assert ilmenau.calendars["so"].runs_on(reformation)
    assert ilmenau.calendars["so"].runs_on(reformation + timedelta(days=2))


def test_every_fact_is_sourced_or_assumed_and_says_why() -> None:
    rows = load_sources(shipped_region("ilmenau"))
    assert {row.evidence for row in rows} == {Evidence.SOURCED, Evidence.ASSUMED}
    assert all(row.source for row in rows)


def test_stops_with_a_sourced_name_are_told_from_assumed_ones(ilmenau: Region) -> None:
    assert ilmenau.stops[StopId("manebach-bahnhof")].evidence is Evidence.SOURCED
    assert ilmenau.stops[StopId("manebach-moosbach")].evidence is Evidence.ASSUMED


def test_factors_are_dated_and_cited() -> None:
    factors = {factor.factor_id: factor for factor in load_factors(shipped_region("ilmenau"))}
    assert factors["grid-electricity"].value == 363
    assert factors["grid-electricity"].year == 2024
    assert all(factor.source for factor in factors.values())


def test_demand_is_that_of_twenty_to_forty_riders_a_week() -> None:
    demand = load_demand(shipped_region("ilmenau"))
    rides = sum(flow.rides_per_day * (1 + flow.return_frac) for flow in demand.flows)
    assert 10 <= rides <= 25, "two service days a week"
    assert demand.habits is not None
    assert len(demand.radio_gaps) == 3


def test_the_shipped_network_is_made_from_its_drawing() -> None:
    directory = shipped_region("ilmenau")
    assert network_bytes(drawn_network(directory)) == (directory / "network.npz").read_bytes()


def test_a_bundle_without_lines_is_a_bundle(tmp_path: Path) -> None:
    source = shipped_region("ilmenau")
    for name in ("region.toml", "network.npz", "sources.csv"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    (tmp_path / "stops.csv").write_text((source / "stops.csv").read_text().splitlines()[0] + "\n")
    region = load_region(tmp_path)
    assert region.lines == ()
    assert region.areas == ()
    assert load_demand(tmp_path).flows == ()


def test_an_unknown_shipped_region_names_those_there_are() -> None:
    with pytest.raises(BadInputError, match="ilmenau"):
        shipped_region("atlantis")
    with pytest.raises(BadInputError, match="ilmenau"):
        shipped_region("../../../etc")
