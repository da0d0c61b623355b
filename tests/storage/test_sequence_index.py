"""The index of sequence numbers is a mapping like any other, only smaller."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.storage.sequence_index import SequenceIndex

_seqs = st.integers(-5, 40)


@given(st.lists(st.tuples(_seqs, st.integers(0, 2**32 - 1))))
def test_it_keeps_the_first_checksum_of_each_number_in_rising_order(pairs):
    index, plain = SequenceIndex(), {}
    for seq, checksum in pairs:
        index.add(seq, checksum)
        plain.setdefault(seq, checksum)
    assert dict(index) == plain
    assert list(index) == sorted(plain)
    assert len(index) == len(plain)
    assert [seq in index for seq in range(-6, 42)] == [seq in plain for seq in range(-6, 42)]


@given(st.lists(st.tuples(_seqs, st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=5))))
def test_runs_are_kept_like_their_numbers(runs):
    index, plain = SequenceIndex(), {}
    for start, checksums in runs:
        index.add_run(start, array("I", checksums))
        for seq, checksum in enumerate(checksums, start):
            plain.setdefault(seq, checksum)
    assert dict(index) == plain


def test_an_unknown_number_is_a_key_error():
    with pytest.raises(KeyError):
        SequenceIndex()[0]


def test_a_day_of_samples_is_one_array():
    index = SequenceIndex()
    for seq in range(86_400):
        index.add(seq, seq)
    assert len(index._runs) == 1
