"""A short drive behind a bad link, and proof that the rig finds what it is there to find."""

import pytest

from tests.rigs import badnet
from tests.rigs.badnet import Conditions, run

SHORT = Conditions(seconds=3.0)


def proven(result: dict[str, object]) -> dict[str, object]:
    if result["ok"] is None:
        pytest.skip(str(result["skip"]))
    return result


@pytest.mark.slow
def test_everything_arrives_exactly_once_over_a_bad_link():
    result = proven(run(SHORT, seed=1))
    assert result["ok"], result


@pytest.mark.slow
def test_a_gateway_that_forgets_between_connections_is_found():
    result = proven(run(SHORT, seed=1, plant="forgets-between-connections"))
    assert result["visible_duplicates"] > 0, result
    assert not result["ok"]


def test_where_it_can_not_be_tried_it_is_not_proven(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(badnet, "obstacle", lambda: "only root makes network namespaces")
    result = run(SHORT, seed=1)
    assert result["ok"] is None
    assert result["skip"] == "not proven: only root makes network namespaces"
