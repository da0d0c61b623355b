"""Rules: the same occasions for any order of the same records, exactly at their limits, and none without cause."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.ports import TelemetryRecord
from mobility.core.supervision import Occasion, OccasionKind
from mobility.core.vehicle import DrivingMode
from tests.v2x.recorder.van import NOON, VAN, code, record, usual
from v2x.extension import Extension, Incident, SafetySystem, SystemState
from v2x.recorder.merging import Merging, is_same
from v2x.recorder.rules import OccasionRules, RuleLimits, occasion

Heard = tuple[TelemetryRecord, Extension | None]


def found(heard: list[Heard], limits: RuleLimits | None = None) -> list[Occasion]:
    rules = OccasionRules(limits or RuleLimits())
    return [each for one in heard for each in rules.observe(*one)]


def one(extension: Extension | None = None, seq: int = 1, **fields: object) -> Heard:
    return record(seq, extension, **fields), extension  # type: ignore[arg-type]


MODES = st.sampled_from([DrivingMode.AUTOMATED, DrivingMode.MINIMAL_RISK, DrivingMode.MANUAL])
EXTENSIONS = st.none() | st.builds(
    Extension,
    acceleration_long_mps2=st.none() | st.floats(-8, 4),
    acceleration_lat_mps2=st.none() | st.floats(-6, 6),
    incidents=st.just(()) | st.just((Incident(kind=OccasionKind.EVASION),)),
    system=st.none()
    | st.builds(
        SystemState,
        software_version=st.just("7"),
        codes=st.lists(st.builds(code, st.sampled_from(["E1", "E2"]), st.integers(-2, 0)), max_size=2).map(tuple),
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    samples=st.lists(st.tuples(EXTENSIONS, MODES, st.none() | st.floats(0, 12)), min_size=1, max_size=12),
    order=st.randoms(use_true_random=False),
)
def test_any_order_finds_the_same_occasions(samples, order):
    heard = [one(e, seq, mode=mode, speed_mps=v) for seq, (e, mode, v) in enumerate(samples, 1)]
    mixed = list(heard)
    order.shuffle(mixed)
    names = [sorted(each.occasion_id for each in found(way)) for way in (heard, mixed)]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("long_mps2", "lat_mps2", "sources"),
    [
        (-4.0, 0.0, []),
        (-4.001, 0.0, ["hard_braking"]),
        (5.0, 0.0, []),
        (0.0, 3.999, []),
        (0.0, -4.0, ["hard_swerve"]),
        (14.8, 0.0, ["impact"]),
        (None, None, []),
        (None, 4.0, ["hard_swerve"]),
    ],
)
def test_limits_are_where_the_table_says(long_mps2, lat_mps2, sources):
    extension = Extension(acceleration_long_mps2=long_mps2, acceleration_lat_mps2=lat_mps2)
    assert [each.source for each in found([one(extension)])] == sources


@pytest.mark.parametrize(
    ("before", "after", "apart_ms", "is_found"),
    [
        (8.0, 3.9, 1000, True),
        (8.0, 4.0, 1000, False),
        (8.0, 7.5, 100, True),
        (8.0, 0.0, 1600, False),
        (8.0, 0.0, 0, False),
        (8.0, None, 1000, False),
    ],
)
def test_a_vehicle_without_a_sensor_brakes_hard_by_its_speed(before, after, apart_ms, is_found):
    heard = [one(None, 1, speed_mps=before), one(None, 2, speed_mps=after, at=NOON + 1000 + apart_ms)]
    assert bool(found(heard)) is is_found


def test_where_there_is_a_sensor_the_speed_is_not_asked():
    calm = usual(2)
    assert found([one(usual(1), 1, speed_mps=9.0), one(calm, 2, speed_mps=1.0)]) == []


def test_samples_with_one_between_them_are_no_neighbours():
    assert found([one(None, 1, speed_mps=9.0), one(None, 3, speed_mps=1.0, at=NOON + 2000)]) == []


def test_another_boot_is_no_neighbour():
    first = one(None, 1)
    second = one(None, 2, boot="b2", mode=DrivingMode.MINIMAL_RISK)
    assert found([first, second]) == []


def test_a_code_that_stands_is_one_occasion_and_a_new_beginning_another():
    said = [
        one(Extension(system=SystemState(software_version="7", codes=(code("E1", b),))), s)
        for s, b in ((1, 0), (61, 0), (121, 100))
    ]
    assert [each.at for each in found(said)] == [NOON, NOON + 100_000]
    assert found(said, RuleLimits(are_codes_occasions=False)) == []


@pytest.mark.parametrize("began_s", [-86_401, -(10**6)])
def test_a_code_that_has_stood_for_more_than_a_day_is_no_news(began_s):
    said = Extension(system=SystemState(software_version="7", codes=(code("E1", began_s),)))
    assert found([one(said)]) == []


@pytest.mark.parametrize(("name", "is_active", "count"), [("AEB", True, 1), ("AEB", False, 0), ("ESP", True, 0)])
def test_an_emergency_stop_is_named_by_its_system(name, is_active, count):
    system = SafetySystem(name=name, is_active=is_active, triggered_by="vehicle")
    assert len(found([one(Extension(safety_systems=(system,)))])) == count


def test_findings_of_one_thing_are_one_occasion_and_an_accident_is_never_swallowed():
    merging = Merging()
    here = record(1)
    braking = occasion(here, OccasionKind.CONFLICT, "hard_braking", "")
    assert merging.is_new(braking)
    assert not merging.is_new(replace(braking, at=Instant(braking.at + 9_999)))
    assert merging.is_new(replace(braking, at=Instant(braking.at + 10_000)))
    assert merging.is_new(replace(braking, is_accident=True))
    assert not is_same(braking, replace(braking, is_accident=True))
    assert braking.occasion_id == f"{VAN}-{NOON + 1000}-conflict-hard_braking"
