"""Budgets: processor time of the process and its children, or a count; and the names a researcher imports."""

import subprocess
import sys

import pytest

import dispatch
from dispatch import CpuSeconds, Iterations
from dispatch.edge.cpu_budget import cpu_s


def test_a_budget_of_processor_time_is_spent_by_working() -> None:
    budget = CpuSeconds(0.05)
    assert not budget.is_counted
    assert budget.spent(0) < 1.0
    while budget.spent(0) < 1.0:
        sum(range(1000))
    assert 0.05 <= budget.used_s < 1.0


def test_processor_time_of_children_counts() -> None:
    before_s = cpu_s()
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    assert cpu_s() - before_s > 0.02


@pytest.mark.parametrize("limit_s", [0.0, -1.0, float("nan")])
def test_a_budget_needs_time(limit_s: float) -> None:
    with pytest.raises(ValueError, match="more than 0 s"):
        CpuSeconds(limit_s)


def test_a_count_is_spent_the_same_everywhere() -> None:
    budget = Iterations(200)
    assert budget.is_counted
    assert [budget.spent(done) for done in (0, 50, 200, 300)] == [0.0, 0.25, 1.0, 1.0]


def test_the_public_names_are_all_there_and_no_others() -> None:
    for name in dispatch.__all__:
        assert getattr(dispatch, name).__name__ == name
    assert set(dispatch.__all__) <= set(dir(dispatch))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = dispatch.nothing


def test_importing_the_room_brings_neither_compiler_nor_solver() -> None:
    script = "import sys, dispatch, dispatch.route; print(sorted({'numba', 'ortools'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
