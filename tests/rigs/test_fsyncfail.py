"""Some failing syncs, and proof that the rig finds what it is there to find."""

import os

import pytest

from tests.rigs import fsyncfail
from tests.rigs.fsyncfail import run


def proven(result: dict[str, object]) -> dict[str, object]:
    if result["ok"] is None:
        assert not os.environ.get("CI"), result
        pytest.skip(str(result["skip"]))
    return result


def test_after_a_failed_sync_nothing_is_acknowledged_and_everybody_is_told_at_once():
    result = proven(run(syncs=5, seed=1, only=[1, 2, 5, 9], limit_s=10.0))
    assert result["ok"], result


@pytest.mark.parametrize("plant", ["sync-fault-ignored", "sync-tried-again"])
def test_a_planted_fault_is_found(plant: str):
    result = proven(run(syncs=1, seed=1, plant=plant, only=[4]))
    assert result["acknowledged_lost"] > 0, result
    assert not result["ok"]


def test_without_a_compiler_it_is_not_proven(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fsyncfail, "compiled", lambda _: None)
    result = run(syncs=1, seed=1)
    assert result["ok"] is None
    assert "not proven" in str(result["skip"])
