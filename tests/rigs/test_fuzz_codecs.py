"""A small part of the codec fuzzing, and proof that it finds what it is there to find."""

import pytest

from tests.rigs.fuzz_codecs import PLANTS, run
from tests.rigs.fuzz_targets import TARGETS


@pytest.mark.parametrize("codec", sorted(TARGETS))
def test_damaged_bytes_give_a_value_or_the_documented_error(codec: str):
    result = run(inputs=1200, seed=5, codecs=[codec])
    assert result["ok"], result


@pytest.mark.parametrize(("plant", "inputs"), [("no-length-check", 300), ("never-ending", 70), ("forgiving", 3000)])
def test_a_planted_fault_is_found(plant: str, inputs: int):
    assert plant in PLANTS
    result = run(inputs=inputs, seed=3, plant=plant)
    assert result["codecs"][plant]["wanting"] > 0, result
    assert not result["ok"]
