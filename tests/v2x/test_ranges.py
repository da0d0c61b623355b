from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from v2x.ranges import SeqRange, merged, runs, shortened, size, without

seq_sets = st.frozensets(st.integers(1, 60))


def members(ranges: list[SeqRange]) -> set[int]:
    return {seq for first, last in ranges for seq in range(first, last + 1)}


@settings(max_examples=200, deadline=None)
@given(seq_sets)
def test_runs_hold_exactly_what_was_given_and_do_not_touch(seqs: frozenset[int]) -> None:
    ranges = runs(seqs)
    assert members(ranges) == seqs
    assert all(former[1] + 1 < latter[0] for former, latter in pairwise(ranges))
    assert size(ranges) == len(seqs)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9))))
def test_merging_keeps_every_member(spans: list[tuple[int, int]]) -> None:
    ranges = [(first, first + length) for first, length in spans]
    assert members(merged(ranges)) == members(ranges)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 30), st.integers(0, 30), seq_sets)
def test_taking_out_leaves_the_rest(first: int, length: int, taken: frozenset[int]) -> None:
    whole = (first, first + length)
    assert members(without(whole, runs(taken))) == members([whole]) - taken


@settings(max_examples=200, deadline=None)
@given(seq_sets, st.integers(1, 5))
def test_shortened_ranges_still_cover_everything(seqs: frozenset[int], limit: int) -> None:
    short = shortened(runs(seqs), limit)
    assert len(short) <= limit
    assert members(short) >= seqs
