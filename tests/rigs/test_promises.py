"""A day that goes wrong, and proof that the rig finds a dispatcher who never calls and a planner without windows."""

import pytest

from tests.rigs.promises import Fault, run

CALLERS = 30


def test_a_day_that_goes_wrong_breaks_no_promise_without_word():
    result = run(days=1, seed=1, callers=CALLERS)
    assert result["ok"], result
    assert result["revised"] > 0


@pytest.mark.parametrize("fault", [Fault.NEVER_CALLS, Fault.IGNORES_WINDOWS])
def test_a_planted_fault_is_found(fault: Fault):
    result = run(days=1, seed=1, fault=fault, callers=CALLERS)
    assert result["broken_untold"] > 0, result
    assert not result["ok"]
