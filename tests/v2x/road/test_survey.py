"""Roughness does not depend on speed, delay is what the junction costs, and few riders leave no trace."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.v2x.road.world import T0, crossroads, drive, edge_of
from v2x.extension_codec import extension_of
from v2x.road.drive import Drive
from v2x.road.junctions import Approach, approaches, delay_of
from v2x.road.layers import collection, junction_layer, roughness_layer, table
from v2x.road.quantile import quantile
from v2x.road.roughness import BODY_GAIN_HZ, CLASS_LIMITS_MPS2, class_of, index_mps2, joined_mps2
from v2x.road.sections import SectionId
from v2x.road.survey import FEWEST_ON_DEMAND, KEPT_PASSES, RoadSurvey

NETWORK = crossroads()
IN, OUT = edge_of(NETWORK, "west", "middle"), edge_of(NETWORK, "middle", "east")


def surveyed(*drives, is_on_demand: bool = False) -> RoadSurvey:
    """One vehicle does the drives one after the other."""
    survey = RoadSurvey(NETWORK)
    follow = Drive(survey, is_on_demand=is_on_demand)
    for each in drives:
        for record in each:
            extension = extension_of(record.payload)
            follow.take(record.sample, record.event_time, extension.roughness_mps2 if extension else None)
    follow.end()
    return survey


def hourly(count: int, **fields):
    return [drive(T0 + hour * 3_600_000, first_seq=1 + hour * 1000, **fields) for hour in range(count)]


def test_the_gain_of_the_golden_car_is_what_its_equations_give() -> None:
    tyre, spring, damper, wheel = 653.0, 63.3, 6.0, 0.15
    frequency_hz = np.geomspace(1e-3, 1e4, 400_000)
    s = 2j * math.pi * frequency_hz
    strut = damper * s + spring
    body = strut / (s**2 + strut)
    wheel_per_road = tyre / (wheel * s**2 + tyre + strut - strut * body)
    gain = np.abs(s * body * wheel_per_road) ** 2
    assert float(np.trapezoid(gain, frequency_hz)) == pytest.approx(BODY_GAIN_HZ, rel=1e-3)


@settings(max_examples=100, deadline=None)
@given(spectrum_m3=st.floats(1e-6, 4e-3), speed_mps=st.floats(2, 25))
def test_a_road_has_one_index_at_every_speed(spectrum_m3: float, speed_mps: float) -> None:
    rms_mps2 = 2 * math.pi * 0.1 * math.sqrt(spectrum_m3 * speed_mps * BODY_GAIN_HZ)
    slow = index_mps2(rms_mps2, speed_mps)
    assert slow is not None
    expected = "ABCDE"[sum(spectrum_m3 >= limit_m3 * (1 + 1e-9) for limit_m3 in (32e-6, 128e-6, 512e-6, 2048e-6))]
    near_limit = min(abs(slow - limit_mps2) for limit_mps2 in CLASS_LIMITS_MPS2) < 1e-6
    assert near_limit or class_of(slow) == expected


def test_a_crawling_vehicle_says_nothing_about_the_road() -> None:
    assert index_mps2(1.0, 1.9) is None
    assert joined_mps2([3.0, 4.0]) == pytest.approx(math.sqrt(12.5))


def test_roughness_is_told_by_section_and_direction() -> None:
    survey = surveyed(
        *hourly(3, rms_mps2=0.9), *(drive(T0 + 10**7 * 2, rms_mps2=0.3, via=("east", "west"), first_seq=90_000),)
    )
    told = survey.roughness()
    rough = {section.edge: figures.roughness_mps2 for section, figures in told.items()}
    assert rough[IN] == pytest.approx(0.9)
    assert rough[OUT] == pytest.approx(0.9)
    assert rough[edge_of(NETWORK, "east", "middle")] == pytest.approx(0.3)
    assert told[SectionId(IN, 1)].passes == 3


def test_the_median_pass_counts_not_the_worst_one() -> None:
    quiet = hourly(4, rms_mps2=0.4)
    survey = surveyed(*quiet, drive(T0 + 5 * 3_600_000, rms_mps2=4.0, first_seq=9000))
    assert survey.roughness()[SectionId(IN, 1)].roughness_mps2 == pytest.approx(0.4)
    assert survey.roughness()[SectionId(IN, 1)].p90_mps2 > 2


def test_the_delay_of_an_approach_is_the_wait_at_the_junction() -> None:
    free = hourly(8)
    waiting = [drive(T0 + (10 + n) * 3_600_000, stop_s=20, first_seq=50_000 + n * 1000) for n in range(2)]
    delays = {approach.edge: told for approach, told in surveyed(*free, *waiting).delays().items()}
    told = delays[IN]
    assert told.passes == 10
    assert told.free_flow_mps == pytest.approx(10, rel=0.05)
    assert told.mean_delay_s == pytest.approx(4.0, abs=0.5)
    assert told.p90_delay_s == pytest.approx(20, abs=1)
    assert OUT not in delays, "the way out leads to no junction"


def test_a_stop_for_passengers_or_a_layover_is_no_delay_by_the_junction() -> None:
    free = hourly(8)
    serving = [drive(T0 + (10 + n) * 3_600_000, doors_s=30, first_seq=50_000 + n * 1000) for n in range(3)]
    waiting = [drive(T0 + (20 + n) * 3_600_000, stop_s=400, first_seq=70_000 + n * 1000) for n in range(3)]
    (told,) = surveyed(*free, *serving, *waiting).delays().values()
    assert told.passes == 8
    assert told.mean_delay_s < 0.5


def test_an_approach_is_the_last_150_m_before_a_node_with_three_neighbours() -> None:
    lengths_m = RoadSurvey(NETWORK).locator.lengths_m
    found = approaches(NETWORK, lengths_m)
    assert {NETWORK.source[edge] for edge in found} == {1, 2, 3, 4}
    assert all(each.length_m == pytest.approx(150) for each in found.values())
    assert approaches(NETWORK, [40.0] * NETWORK.edge_count) == {}


def test_few_passes_tell_no_free_flow_and_no_delay() -> None:
    approach = Approach(edge=0, node=0, from_m=0.0, to_m=100.0)
    assert delay_of(approach, [10.0] * 4) is None
    assert delay_of(approach, [10.0] * 5) is not None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.5, 600), min_size=5, max_size=60))
def test_a_delay_is_never_negative_and_most_of_the_fast_have_none(times_s: list[float]) -> None:
    told = delay_of(Approach(edge=0, node=0, from_m=0.0, to_m=100.0), times_s)
    assert told is not None
    assert 0 <= told.mean_delay_s <= max(times_s) - min(times_s) + 1e-9
    assert told.p90_delay_s <= max(times_s) - quantile(times_s, 0.15) + 1e-9


def test_a_late_backlog_gives_the_passes_it_holds_and_harms_no_live_one() -> None:
    live = list(drive(T0 + 7_200_000, rms_mps2=0.5, first_seq=5000))
    late = list(drive(T0, rms_mps2=0.5, first_seq=1))
    mixed = [record for pair in zip(live, late, strict=True) for record in pair]
    assert surveyed(mixed).roughness() == surveyed(late, live).roughness()


def test_an_approach_with_a_gap_in_it_is_no_pass() -> None:
    # Nothing from 100 m to 10 m before the junction: how long it took there nobody knows.
    cut = [[each for each in one if not 20 <= (each.event_time - T0) // 1000 % 3600 < 29] for one in hourly(8)]
    assert surveyed(*hourly(8)).delays()
    assert surveyed(*cut).delays() == {}


def test_turning_round_between_junctions_is_no_pass() -> None:
    turned = []
    for hour in range(8):
        there = list(drive(T0 + hour * 3_600_000, first_seq=1 + hour * 1000))[:22]
        start = there[-1].event_time + 1000
        turned += [*there, *list(drive(start - 38_000, via=("east", "west"), first_seq=500 + hour * 1000))[38:]]
    assert surveyed(turned).delays() == {}


def test_vehicles_on_demand_show_nothing_before_their_tenth_pass() -> None:
    fewer = surveyed(*hourly(FEWEST_ON_DEMAND - 1, rms_mps2=0.7), is_on_demand=True)
    assert fewer.roughness() == {}
    assert fewer.delays() == {}
    enough = surveyed(*hourly(FEWEST_ON_DEMAND, rms_mps2=0.7), is_on_demand=True)
    assert enough.roughness()[SectionId(IN, 1)].passes == FEWEST_ON_DEMAND


def test_a_survey_survives_as_json_and_refuses_what_is_none_or_of_another_network() -> None:
    survey = surveyed(*hourly(6, rms_mps2=0.7))
    saved = json.loads(json.dumps(survey.as_json()))
    again = RoadSurvey(NETWORK)
    assert again.restore(saved)
    assert again.roughness() == survey.roughness()
    assert len(again.delays()) == len(survey.delays())
    assert not again.restore({**saved, "network": "00000000"})
    assert not again.restore({"network": saved["network"], "sections": [[9999, 0, [1], []]], "approaches": []})
    assert not again.restore({"network": saved["network"], "sections": "?", "approaches": []})
    assert again.roughness() == survey.roughness()


def test_only_the_newest_passes_are_kept() -> None:
    survey = surveyed(*hourly(3, rms_mps2=0.5))
    follow = Drive(survey, is_on_demand=False)
    for hour in range(KEPT_PASSES):
        for record in drive(T0 + (100 + hour) * 3_600_000, rms_mps2=1.5, speed_mps=20.0):
            extension = extension_of(record.payload)
            follow.take(record.sample, record.event_time, extension.roughness_mps2 if extension else None)
    told = survey.roughness()[SectionId(IN, 1)]
    assert told.passes == KEPT_PASSES
    assert told.roughness_mps2 == pytest.approx(1.5 * math.sqrt(0.5), abs=0.01)


def test_layers_are_lines_with_their_figures_and_the_table_says_the_same() -> None:
    survey = surveyed(*hourly(6, rms_mps2=0.9))
    for features in (roughness_layer(survey), junction_layer(survey)):
        drawn = collection(features)["features"]
        rows = table(features)
        assert [each["geometry"]["type"] for each in drawn] == ["LineString"] * len(rows)
        for shown, row in zip(drawn, rows, strict=True):
            assert shown["properties"].items() <= row.items()
            assert {"lat", "lon", "near", "passes"} <= row.keys()
    assert {each["class"] for each in table(roughness_layer(survey))} == {"C"}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 1))
def test_a_quantile_is_what_numpy_says(values: list[float], share: float) -> None:
    assert quantile(values, share) == pytest.approx(float(np.quantile(values, share)), rel=1e-9, abs=1e-6)
