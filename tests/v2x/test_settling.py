from hypothesis import given, settings
from hypothesis import strategies as st

from v2x.settling import Settling


def test_a_frame_with_nothing_to_keep_is_done_with_at_once() -> None:
    told: list[int] = []
    settling = Settling(told.append)
    settling.frame(0)
    assert told == [1]


def test_a_frame_waits_for_all_of_its_records() -> None:
    told: list[int] = []
    settling = Settling(told.append)
    settling.frame(3)
    settling.durable(2)
    assert told == []
    settling.durable(1)
    assert told == [1]


def test_a_frame_never_overtakes_an_older_one() -> None:
    told: list[int] = []
    settling = Settling(told.append)
    for records in (2, 0, 1, 0):
        settling.frame(records)
    settling.durable(2)
    assert told == [2]
    settling.durable(1)
    assert told == [2, 2]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 4), max_size=30), st.data())
def test_every_frame_is_told_once_and_only_when_its_records_are_durable(frames: list[int], data: st.DataObject) -> None:
    done = 0
    durable = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        assert sum(frames[:done]) <= durable

    settling = Settling(tell)
    for records in frames:
        settling.frame(records)
    while durable < sum(frames):
        step = data.draw(st.integers(1, sum(frames) - durable))
        durable += step
        settling.durable(step)
    assert done == len(frames)
