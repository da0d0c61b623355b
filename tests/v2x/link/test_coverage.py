"""Where the radio fails is where samples were taken that came late."""

import json

import pytest

from mobility.core.clock import Instant
from mobility.core.ids import VehicleId
from tests.v2x.road.world import T0, crossroads, place, record
from v2x.extension import LinkReading
from v2x.link.coverage import Coverage, of_json
from v2x.link.day import DayOf
from v2x.link.history import DriveHistory
from v2x.link.picture import coverage_layer
from v2x.link.where import KEPT_DAYS, Where
from v2x.road.locator import Locator
from v2x.road.sections import SectionId, Sections

NETWORK = crossroads()
LOCATOR = Locator(NETWORK)
SECTIONS = Sections(NETWORK, LOCATOR.lengths_m)
BUS = VehicleId("bus-1")
DAY_MS = 86_400_000


def where() -> Where:
    return Where(LOCATOR, SECTIONS, DayOf("Europe/Berlin"), frozenset({BUS}))


def only(found: Where) -> Coverage:
    (coverage,) = found.days.values()
    return coverage


def test_a_late_sample_counts_where_it_was_taken_not_where_the_vehicle_is_now() -> None:
    seen = where()
    seen.take(record(1, T0, place(-250, 0)), None)
    seen.take(record(9, T0 + 30_000, place(250, 0)), None)
    seen.take(record(5, T0 + 15_000, place(-50, 0), late_ms=16_000), None)
    rows = [feature.properties for feature in coverage_layer(only(seen), SECTIONS)]
    assert [(row["samples"], row["late_frac"]) for row in rows] == [(1, 1.0), (1, 0.0), (1, 0.0)]


def test_both_directions_are_one_piece_of_street() -> None:
    seen = where()
    seen.take(record(1, T0, place(150, 2)), None)
    seen.take(record(2, T0 + 3_600_000, place(150, -2)), None)
    (cell,) = only(seen).publishable().values()
    assert (cell.samples, cell.passes) == (2, 2)


def test_ten_samples_of_a_second_are_one_and_standing_is_one_pass() -> None:
    seen = where()
    for tenth in range(100):
        seen.take(record(tenth + 1, T0 + tenth * 100, place(150, 0)), None)
    (cell,) = only(seen).publishable().values()
    assert (cell.samples, cell.passes) == (10, 1)


def test_a_vehicle_to_and_fro_over_a_border_of_sections_is_on_one_pass_of_each() -> None:
    seen = where()
    for second in range(1000):
        seen.take(record(second + 1, T0 + second * 1000, place(149 if second % 2 else 151, 0)), None)
    assert [cell.passes for cell in only(seen).publishable().values()] == [1, 1]


def test_round_trips_and_reconnects_count_where_the_vehicle_was_last() -> None:
    seen = where()
    seen.take(record(1, T0, place(150, 0)), LinkReading(rsrp_dbm=-101))
    seen.timed(record(1, T0, place(0, 0)).sample.vehicle_id, 80, Instant(T0 + 1000))
    seen.timed(VehicleId("shuttle-1"), 3000, Instant(T0 + 60_000))
    seen.reconnected(VehicleId("shuttle-1"), Instant(T0 + 60_000))
    seen.reconnected(VehicleId("shuttle-1"), Instant(T0 + DAY_MS))
    (cell,) = only(seen).publishable().values()
    assert (cell.round_trips.total, cell.round_trips.at_most_ms(0.5)) == (1, 100)
    assert (cell.reconnects, cell.rsrp_dbm) == (1, -101)


def test_a_vehicle_on_demand_is_not_shown_before_its_tenth_pass() -> None:
    seen = where()
    for hour in range(9):
        seen.take(record(hour + 1, T0 + hour * 3_600_000, place(150, 0), vehicle_id=BUS), None)
    assert DayOf("Europe/Berlin")(T0) in seen.days
    assert sum(len(coverage.publishable()) for coverage in seen.days.values()) == 0
    total = Coverage()
    for coverage in seen.days.values():
        total.add(coverage)
    total.cell(next(iter(total.on_demand)), is_on_demand=True).passes += 1
    assert [cell.samples for cell in total.publishable().values()] == [9]


def test_passes_on_demand_below_ten_are_not_added_to_those_of_the_line() -> None:
    coverage = Coverage()
    for is_on_demand in (False, True):
        cell = coverage.cell(SectionId(0, 0), is_on_demand=is_on_demand)
        cell.samples, cell.passes = 5, 9
    assert coverage.publishable()[SectionId(0, 0)].samples == 5


def test_a_day_survives_as_json_and_other_values_are_refused() -> None:
    seen = where()
    seen.take(record(1, T0, place(150, 0)), LinkReading(rsrp_dbm=-90))
    seen.timed(VehicleId("shuttle-1"), 80, Instant(T0 + 1000))
    saved = only(seen).as_json()
    assert of_json(json.loads(json.dumps(saved))).as_json() == saved
    for broken in (
        {},
        {"line": [[1]], "on_demand": []},
        {"line": 5, "on_demand": []},
        {"line": ["x"], "on_demand": []},
    ):
        with pytest.raises((KeyError, TypeError, ValueError)):
            of_json(broken)


def test_days_that_are_no_longer_drawn_are_dropped() -> None:
    seen = where()
    seen.take(record(1, T0, place(150, 0)), None)
    today = DayOf("Europe/Berlin")(Instant(T0 + KEPT_DAYS * DAY_MS))
    assert seen.forget_before(DayOf("Europe/Berlin")(T0)) == []
    assert len(seen.forget_before(today)) == 1
    assert seen.days == {}


def test_stored_records_give_the_same_picture_as_live_ones() -> None:
    records = [
        record(seq, T0 + seq * 1000, place(seq * 5 - 250, 0), late_ms=9000 if 20 < seq < 40 else 100)
        for seq in range(1, 100)
    ]
    live = where()
    for each in [*records[:20], *records[39:], *records[20:39]]:
        live.take(each, None)
    history = DriveHistory(NETWORK, frozenset({BUS}), "Europe/Berlin")
    for each in records:
        history.take(each)
    history.end()
    shown = coverage_layer(history.coverage(), SECTIONS, (("Mitte", place(0, 0)),))
    assert [dict(each.properties) for each in shown] == [
        dict(each.properties) for each in coverage_layer(only(live), SECTIONS, (("Mitte", place(0, 0)),))
    ]
    assert sum(cell.late for cell in history.coverage().publishable().values()) == 19


def test_a_day_begins_at_local_midnight_in_both_nights_of_the_clocks() -> None:
    day_of = DayOf("Europe/Berlin")
    for moment, expected in (
        (1_761_429_599_999, "2025-10-25"),
        (1_761_429_600_000, "2025-10-26"),
        (1_761_519_599_999, "2025-10-26"),
        (1_761_519_600_000, "2025-10-27"),
    ):
        assert day_of(Instant(moment)).isoformat() == expected
