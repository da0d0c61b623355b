"""Some minutes of chaos, and proof that the rig finds what it is there to find."""

import pytest

from tests.rigs.chaos import run

SHORT_HOURS = 0.1


def test_what_is_stored_is_what_a_clean_run_stores_and_live_state_never_goes_back():
    result = run(seed=1, hours=SHORT_HOURS)
    assert result["ok"], result
    assert result["gateway_duplicates"] > 100


@pytest.mark.parametrize(
    ("plant", "wanting"),
    [
        ("no-sequence-check", "stored_twice"),
        ("highest-only", "missing"),
        ("last-received-is-live", "live_went_back"),
    ],
)
def test_a_planted_fault_is_found(plant: str, wanting: str):
    result = run(seed=1, hours=SHORT_HOURS, plant=plant)
    assert result[wanting] > 0, result
    assert not result["ok"]


def test_a_skipped_checksum_is_found():
    result = run(seed=1, hours=SHORT_HOURS, plant="no-checksum")
    assert not result["identical"], result
    assert not result["ok"]


def test_an_offset_that_was_garbled_on_the_way_is_found_where_it_is_believed():
    assert not run(seed=25, hours=0.3, plant="any-offset")["ok"]
    assert run(seed=25, hours=0.3)["astray"] == 0
