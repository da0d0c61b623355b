"""A reduced run of the command rig, and proof that it finds a verifier that skips a check."""

import pytest

from tests.rigs.commands import PLANTS, run
from tests.rigs.commands_attacks import ATTACKS


def test_no_bad_command_is_accepted_and_every_untouched_one_is() -> None:
    result = run(forge=2200, seed=7)
    assert result["ok"], result
    assert result["genuine"] == 275
    assert all(sum(counts.values()) == 100 for counts in result["refusals"].values())


def test_the_same_seed_gives_the_same_attacks() -> None:
    one, other = run(forge=220, seed=3), run(forge=220, seed=3)
    assert {**one, "wall_s": 0} == {**other, "wall_s": 0}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_verifier_that_skips_a_check_is_found(plant: str) -> None:
    result = run(forge=20 * len(ATTACKS), seed=5, plant=plant)
    assert result["accepted"] > 0, result
    assert not result["ok"]
