from hypothesis import given, settings
from hypothesis import strategies as st

from tests.v2x.making import BOOT, SHUTTLE
from v2x.ranges import runs
from v2x.received import BootReceived, Received


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 80), unique=True), st.lists(st.integers(1, 80), unique=True))
def test_it_knows_what_a_plain_dictionary_would_know(kept: list[int], added: list[int]) -> None:
    model = {seq: seq * 7919 % 2**32 for seq in kept}
    boot = BootReceived(model)
    for seq in added:
        if seq not in model:
            model[seq] = seq * 104_729 % 2**32
            boot.add(seq, model[seq])
    assert [boot.crc(seq) for seq in range(1, 82)] == [model.get(seq) for seq in range(1, 82)]
    assert boot.ranges() == runs(model)
    assert boot.next_seq == max(model, default=0) + 1
    assert boot.highest == max(model, default=0)
    assert boot.through == next(n for n in range(81) if n + 1 not in model)
    assert boot.missing(10, 50) == runs(set(range(10, 51)) - set(model))


def test_a_pending_sample_is_known_but_neither_durable_nor_passed_over() -> None:
    boot = BootReceived({1: 11})
    boot.pending[2] = 22
    assert boot.crc(2) == 22
    assert not boot.is_durable(2)
    assert (boot.through, boot.missing(1, 2)) == (1, [(2, 2)])
    boot.settle(2)
    assert boot.is_durable(2)
    assert (boot.through, boot.pending) == (2, {})


def test_settling_twice_changes_nothing() -> None:
    boot = BootReceived()
    boot.pending[1] = 11
    boot.settle(1)
    boot.settle(1)
    assert boot.ranges() == [(1, 1)]


def test_a_day_of_samples_costs_four_bytes_each() -> None:
    boot = BootReceived()
    for seq in range(1, 86_401):
        boot.add(seq, seq)
    assert sum(crcs.itemsize * len(crcs) for crcs in boot._crcs) == 4 * 86_400
    assert boot.ranges() == [(1, 86_400)]


def test_samples_without_neighbours_cost_twelve_bytes_each() -> None:
    boot = BootReceived()
    for seq in range(1_000, 1_000_000, 100):
        boot.add(seq, seq)
    arrays = [boot._lone, boot._lone_crcs]
    assert sum(each.itemsize * len(each) for each in arrays) == 12 * 9_990
    assert boot._starts == []
    assert (boot.crc(5_000), boot.crc(5_001), boot.next_seq) == (5_000, None, 999_901)


def test_boots_are_kept_apart() -> None:
    received = Received({(SHUTTLE, BOOT): {1: 5}})
    assert received.boot(SHUTTLE, BOOT).through == 1
    assert received.boot(SHUTTLE, type(BOOT)("boot-b")).through == 0
