"""Where vehicles stand: usual stands, and what stops every drive of a day."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passenger_info.prediction.scenarios import COUNT, Values
from passenger_info.prediction.stands import LONG_S, Stands

MONDAY = date(2025, 10, 6)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)
WORKS_S = (50.0, 35.0, 70.0, 60.0)


def of_usual_days(every: int = 5) -> Stands:
    """Return a segment on which one drive of ``every`` met a stand of 20 s in its middle."""
    stands = Stands()
    for k in range(40):
        stands.seen(((0.5, 20.0),) if k % every == 0 else (), MONDAY)
    return stands


def median_s(stands: Stands, day: date = TUESDAY, *, share: float = 0.0, has_stood: bool = False) -> float:
    return float(np.median(stands.ahead(share, (), day, has_stood=has_stood)))


def test_stands_of_past_drives_are_expected_where_they_were_and_not_beyond() -> None:
    stands = Stands()
    for k in range(30):
        stands.seen(((0.5, 20.0),), MONDAY + timedelta(days=k))
    day = MONDAY + timedelta(days=30)
    assert median_s(stands, day) == 20
    assert median_s(stands, day, share=0.6) == 0


def test_a_segment_that_nobody_drove_borrows_stands_short_and_long_from_others() -> None:
    assert np.mean(Stands().ahead(0.0, [0.0] * 50 + [40.0] * 50, MONDAY)) == pytest.approx(20, abs=3)
    assert Stands().ahead(0.0, (), MONDAY).max() == 0


def test_a_few_drives_that_all_stood_make_the_next_one_of_the_day_expect_it() -> None:
    stands = of_usual_days()
    assert median_s(stands) == 0
    stands.seen(((0.3, WORKS_S[0]),), TUESDAY)
    assert median_s(stands) < LONG_S
    for stood_s in WORKS_S[1:]:
        stands.seen(((0.3, stood_s),), TUESDAY)
    assert stands.blocked_frac > 0.9
    assert 35 <= median_s(stands) <= 60


def test_who_has_the_whole_segment_behind_it_meets_nothing_however_sure_the_works_are() -> None:
    stands = of_usual_days()
    for _ in range(60):
        stands.seen(((0.3, 40.0),), TUESDAY)
    assert median_s(stands, share=1.0) == 0
    assert median_s(stands, share=0.9) == 40


def test_works_that_end_or_begin_at_noon_are_noticed_after_a_long_morning() -> None:
    stands = of_usual_days()
    for _ in range(30):
        stands.seen(((0.3, 40.0),), TUESDAY)
    for _ in range(2):
        stands.seen((), TUESDAY)
    assert stands.blocked_frac < 0.5
    for _ in range(30):
        stands.seen((), TUESDAY)
    for _ in range(5):
        stands.seen(((0.3, 40.0),), TUESDAY)
    assert stands.blocked_frac > 0.5


def test_one_drive_that_comes_through_is_doubt_and_two_are_proof() -> None:
    stands = of_usual_days()
    for stood_s in WORKS_S:
        stands.seen(((0.3, stood_s),), TUESDAY)
    sure = stands.blocked_frac
    stands.seen((), TUESDAY)
    assert stands.blocked_frac < sure
    stands.seen((), TUESDAY)
    assert stands.blocked_frac < 0.5
    assert median_s(stands) < LONG_S


def test_where_vehicles_often_stand_it_takes_more_drives_to_tell() -> None:
    seldom, often = of_usual_days(5), of_usual_days(2)
    for stands in (seldom, often):
        for stood_s in WORKS_S[:2]:
            stands.seen(((0.3, stood_s),), TUESDAY)
    assert seldom.blocked_frac > often.blocked_frac


def test_what_stopped_a_day_is_over_on_the_next_and_is_not_taken_for_usual() -> None:
    stands = of_usual_days()
    for stood_s in 5 * WORKS_S:
        stands.seen(((0.3, stood_s),), TUESDAY)
    assert median_s(stands, TUESDAY) > 35
    before = stands.ahead(0.0, (), WEDNESDAY)
    assert np.median(before) == 0
    stands.seen((), WEDNESDAY)
    assert stands.ahead(0.0, (), WEDNESDAY).max() <= 20


def test_a_drive_that_has_stood_has_it_behind_itself_and_one_far_on_probably_too() -> None:
    stands = of_usual_days()
    for stood_s in WORKS_S:
        stands.seen(((0.3, stood_s),), TUESDAY)
    assert median_s(stands, has_stood=True) == 0
    expected_s = [np.mean(stands.ahead(share, (), TUESDAY)) for share in (0.0, 0.5, 0.9, 1.0)]
    assert expected_s == sorted(expected_s, reverse=True)
    assert expected_s[-1] == 0


def test_a_drive_of_the_day_before_that_ends_after_midnight_does_not_begin_another_day() -> None:
    stands = of_usual_days()
    for stood_s in WORKS_S:
        stands.seen(((0.3, stood_s),), TUESDAY)
    stands.seen(((0.3, 45.0),), MONDAY)
    assert stands.blocked_frac > 0.9
    assert median_s(stands, TUESDAY) > 35


@settings(max_examples=100, deadline=None)
@given(
    drives=st.lists(st.tuples(st.integers(0, 4), st.lists(st.tuples(st.floats(0, 1), st.floats(0, 600)), max_size=3))),
    share=st.floats(0, 1),
    ahead=st.integers(0, 5),
    has_stood=st.booleans(),
)
def test_tables_rise_within_what_was_seen_and_the_same_question_has_the_same_answer(
    drives: list[tuple[int, list[tuple[float, float]]]], share: float, ahead: int, *, has_stood: bool
) -> None:
    def asked() -> Values:
        stands = Stands()
        for day, stood in drives:
            stands.seen(stood, MONDAY + timedelta(days=day))
        assert 0 < stands.blocked_frac < 1
        return stands.ahead(share, (), MONDAY + timedelta(days=ahead), has_stood=has_stood)

    found = asked()
    longest_s = max((sum(s for _, s in stood) for _, stood in drives), default=0.0)
    assert found.shape == (COUNT,)
    assert (np.diff(found) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= longest_s + 1e-9
    assert (found == asked()).all()
