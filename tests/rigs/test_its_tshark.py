"""Ten thousand messages against Wireshark's dissector, and proof that a wrong number would be seen."""

import pytest

from tests.rigs.its_tshark import PLANTS, run
from tests.v2x.its.oracle import tshark_or_skip


def test_every_number_of_ten_thousand_messages_is_the_one_tshark_reads():
    tshark_or_skip()
    result = run(messages=10_000, seed=20_261)
    assert result["ok"], result
    assert result["wrong"] == 0
    assert result["refused"] > 1_000


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_a_planted_fault_is_found(plant: str):
    tshark_or_skip()
    result = run(messages=1_500, seed=3, plant=plant)
    assert result["wrong"] > 0, result
    assert not result["ok"]
