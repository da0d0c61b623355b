"""Which driving mode may follow which: one table, for every level."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.core.vehicle import DrivingMode
from v2x.supervision.modes import LEAST_LEVEL, TABLE, Initiative, Judgement, judged

MANUAL, ASSISTED = DrivingMode.MANUAL, DrivingMode.ASSISTED
AUTOMATED, MINIMAL_RISK, UNKNOWN = DrivingMode.AUTOMATED, DrivingMode.MINIMAL_RISK, DrivingMode.UNKNOWN
LEVELS = st.integers(0, 5)
MODES = st.sampled_from(DrivingMode)


@pytest.mark.parametrize(
    ("level", "before", "after", "judgement"),
    [
        (2, MANUAL, ASSISTED, Judgement.POSSIBLE),
        (2, ASSISTED, MANUAL, Judgement.POSSIBLE),
        (2, MANUAL, AUTOMATED, Judgement.IMPOSSIBLE),
        (2, ASSISTED, MINIMAL_RISK, Judgement.IMPOSSIBLE),
        (0, UNKNOWN, MANUAL, Judgement.POSSIBLE),
        (0, MANUAL, ASSISTED, Judgement.IMPOSSIBLE),
        (1, MANUAL, ASSISTED, Judgement.POSSIBLE),
        (3, UNKNOWN, MINIMAL_RISK, Judgement.IMPOSSIBLE),
        (4, MANUAL, AUTOMATED, Judgement.POSSIBLE),
        (4, AUTOMATED, MINIMAL_RISK, Judgement.POSSIBLE),
        (4, MINIMAL_RISK, MANUAL, Judgement.POSSIBLE),
        (4, MINIMAL_RISK, AUTOMATED, Judgement.NEEDS_RELEASE),
        (4, MINIMAL_RISK, ASSISTED, Judgement.IMPOSSIBLE),
        (4, MANUAL, MINIMAL_RISK, Judgement.IMPOSSIBLE),
        (4, ASSISTED, MINIMAL_RISK, Judgement.IMPOSSIBLE),
        (3, AUTOMATED, MINIMAL_RISK, Judgement.IMPOSSIBLE),
        (3, AUTOMATED, MANUAL, Judgement.POSSIBLE),
    ],
)
def test_a_change_of_mode_is_judged_by_the_table(
    level: int, before: DrivingMode, after: DrivingMode, judgement: Judgement
) -> None:
    assert judged(level, before, after) is judgement


@given(LEVELS, MODES)
def test_a_mode_that_stays_is_possible_where_the_vehicle_has_it(level: int, mode: DrivingMode) -> None:
    expected = Judgement.POSSIBLE if LEAST_LEVEL[mode] <= level else Judgement.IMPOSSIBLE
    assert judged(level, mode, mode) is expected


@given(LEVELS, MODES)
def test_silence_about_the_mode_is_never_a_change(level: int, mode: DrivingMode) -> None:
    assert judged(level, mode, UNKNOWN) is Judgement.POSSIBLE


@given(LEVELS, MODES, MODES)
def test_a_higher_level_can_whatever_a_lower_one_can(level: int, before: DrivingMode, after: DrivingMode) -> None:
    if level < 5 and judged(level, before, after) is not Judgement.IMPOSSIBLE:
        assert judged(level + 1, before, after) is judged(level, before, after)


def test_only_a_release_or_a_person_on_site_ends_the_minimal_risk_condition() -> None:
    leaving = {after: row.initiatives for (before, after), row in TABLE.items() if before is MINIMAL_RISK}
    assert leaving == {AUTOMATED: {Initiative.SUPERVISION}, MANUAL: {Initiative.PERSON}}


def test_every_row_asks_for_a_level_that_has_both_modes_and_names_its_source() -> None:
    for (before, after), row in TABLE.items():
        assert row.least_level >= max(LEAST_LEVEL[before], LEAST_LEVEL[after])
        assert row.source
        assert row.initiatives
        assert UNKNOWN not in (before, after)
