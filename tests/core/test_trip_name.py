"""A run's name in forms and addresses: read back as it was written, and nothing else is read."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.ids import TripId
from mobility.core.trip_name import trip_name, trip_named
from mobility.core.vehicle import TripRef


@settings(max_examples=100)
@given(st.text(min_size=1, max_size=40), st.dates())
def test_a_run_is_read_back_from_its_name(trip_id: str, day: date) -> None:
    ref = TripRef(TripId(trip_id), day)
    assert trip_named(trip_name(ref)) == ref


@settings(max_examples=100)
@given(st.text(max_size=40))
def test_what_is_read_is_written_the_same(text: str) -> None:
    found = trip_named(text)
    assert found is None or trip_name(found) == text


@pytest.mark.parametrize("text", ["", "D1", "|2025-10-14", "D1|", "D1|20251014", "D1|2025-W42-2", "D1|2025-02-30"])
def test_any_other_text_names_no_run(text: str) -> None:
    assert trip_named(text) is None
