"""A few rounds of killing the gateway, and proof that the rig finds what it is there to find."""

import pytest

from tests.rigs.gateway_kill import run


def test_nothing_acknowledged_to_a_vehicle_is_lost_or_doubled_by_kill_9():
    result = run(rounds=4, seed=3)
    assert result["ok"], result


@pytest.mark.parametrize(
    ("plant", "wanting"), [("ack-before-sync", "acknowledged_lost"), ("no-sequence-check", "visible_duplicates")]
)
def test_a_planted_fault_is_found(plant: str, wanting: str):
    result = run(rounds=3, seed=3, plant=plant)
    assert result[wanting] > 0, result
    assert not result["ok"]
