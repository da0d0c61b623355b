"""The order of harm: each field outweighs all that come after it, however large they are."""

from dataclasses import fields, replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dispatch.harm import Harm

NAMES = [field.name for field in fields(Harm)]
COUNTS = st.integers(min_value=0, max_value=10**9)
HARMS = st.builds(Harm, **dict.fromkeys(NAMES, COUNTS))


def test_the_fields_stand_in_the_order_in_which_they_weigh() -> None:
    assert NAMES == ["stranded", "withdrawn", "broken", "beyond_ms", "calls", "cost_ms"]


@given(HARMS, HARMS)
def test_the_first_field_that_differs_decides(a: Harm, b: Harm) -> None:
    first = next((name for name in NAMES if getattr(a, name) != getattr(b, name)), None)
    assert (a < b) == (first is not None and getattr(a, first) < getattr(b, first))


@given(HARMS)
def test_one_more_of_a_field_is_worse_than_any_amount_of_the_next(harm: Harm) -> None:
    for outer, inner in pairwise(NAMES):
        worse = replace(harm, **{outer: getattr(harm, outer) + 1, inner: 0})
        better = replace(harm, **{inner: 10**12})
        assert better < worse


@given(HARMS, HARMS)
def test_harm_adds_up(a: Harm, b: Harm) -> None:
    assert a + b == b + a
    assert a + Harm() == a
    assert not a + b < a
