"""A few rounds of the kill loop, and proof that it finds what it is there to find."""

import pytest

from tests.rigs.killloop import run


def test_nothing_acknowledged_is_lost_by_kill_9():
    result = run(rounds=6, seed=7)
    assert result["ok"], result


@pytest.mark.parametrize(
    ("plant", "wanting"),
    [("ack-before-commit", "facts_lost"), ("ack-before-write", "samples_lost"), ("no-projection", "half_written")],
)
def test_a_planted_fault_is_found(plant: str, wanting: str):
    result = run(rounds=4, seed=3, plant=plant)
    assert result[wanting] > 0, result
    assert not result["ok"]
