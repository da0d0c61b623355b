"""The resume rig in small: nothing lost, nothing repeated, and planted faults are found."""

import pytest

from passenger_info.entities import deleted_record
from passenger_info.hub import Topic
from tests.rigs.resume import run


def test_readers_that_are_cut_again_and_again_lose_and_repeat_nothing_even_over_restarts() -> None:
    found = run(600, seed=3)
    assert (found.lost, found.repeated, found.healed) == ([], [], 0)
    assert found.cuts >= 600
    assert found.restarts >= 1
    assert found.deltas > 300
    assert found.checks > 100_000


def test_the_same_holds_on_real_sockets() -> None:
    found = run(40, seed=4, on="sockets")
    assert (found.lost, found.repeated) == ([], [])
    assert found.deltas > 20


def test_a_change_that_was_lost_is_found() -> None:
    assert run(400, seed=1, plant="lose").lost


def test_a_change_that_was_sent_twice_is_found() -> None:
    assert run(400, seed=1, plant="repeat").repeated


def test_a_frame_that_is_swallowed_on_the_way_is_noticed_and_healed() -> None:
    found = run(400, seed=1, plant="drop")
    assert found.healed
    assert (found.lost, found.repeated) == ([], [])


def test_a_hub_that_forgets_a_removal_when_it_resumes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Topic.since

    def forgetful(self: Topic, seq: int):
        records = whole(self, seq)
        gone = {deleted_record(entity_id) for entity_id in self._removed}
        # Never nothing at all: a heartbeat that does not fit would only make the reader ask again.
        return records and ([record for record in records if record not in gone] or records)

    monkeypatch.setattr(Topic, "since", forgetful)
    assert run(400, seed=1).lost


def test_a_hub_that_resumes_one_number_too_early_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Topic.since
    monkeypatch.setattr(Topic, "since", lambda self, seq: whole(self, max(seq - 1, self.floor_seq)))
    assert run(400, seed=1).repeated
