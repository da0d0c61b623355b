"""Modes are judged pair by pair, in whatever order samples arrive."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.ids import BootId
from mobility.core.vehicle import DrivingMode
from tests.v2x.supervision.making import NOON, SHUTTLE, SPECS, VAN, record_of
from v2x.supervision.mode_watch import Change, ModeWatch
from v2x.supervision.modes import Judgement, judged

AUTOMATED, MINIMAL_RISK, MANUAL = DrivingMode.AUTOMATED, DrivingMode.MINIMAL_RISK, DrivingMode.MANUAL


def watched(*arriving: tuple[int, DrivingMode]) -> list[tuple[DrivingMode, DrivingMode, int]]:
    watch = ModeWatch(SPECS)
    found = [change for seq, mode in arriving for change in watch.observe(record_of(seq, mode=mode))]
    return [(change.before, change.after, (change.at - NOON) // 1000) for change in found]


def test_leaving_minimal_risk_needs_a_release() -> None:
    assert watched((1, AUTOMATED), (2, MINIMAL_RISK), (3, AUTOMATED)) == [(MINIMAL_RISK, AUTOMATED, 3)]


def test_the_standstill_begins_with_its_first_sample() -> None:
    watch = ModeWatch(SPECS)
    found: list[Change] = []
    for seq, mode in enumerate((AUTOMATED, MINIMAL_RISK, MINIMAL_RISK, AUTOMATED), 1):
        found += watch.observe(record_of(seq, mode=mode))
    assert [(change.since, change.judgement) for change in found] == [(NOON + 2000, Judgement.NEEDS_RELEASE)]


def test_the_two_ends_of_a_radio_gap_are_no_change() -> None:
    assert watched((1, MINIMAL_RISK), (9, AUTOMATED)) == []


def test_the_backlog_shows_that_a_person_drove_in_the_gap() -> None:
    assert watched((1, MINIMAL_RISK), (4, AUTOMATED), (2, MANUAL), (3, AUTOMATED)) == []


def test_the_backlog_shows_that_nobody_did() -> None:
    assert watched((1, MINIMAL_RISK), (4, AUTOMATED), (3, AUTOMATED), (2, MINIMAL_RISK)) == [
        (MINIMAL_RISK, AUTOMATED, 3)
    ]


def test_silence_about_the_mode_hides_no_change() -> None:
    assert watched((1, MINIMAL_RISK), (2, DrivingMode.UNKNOWN), (3, AUTOMATED)) == [(MINIMAL_RISK, AUTOMATED, 3)]


def test_a_mode_beyond_the_level_is_told_once() -> None:
    watch = ModeWatch(SPECS)
    found = [
        change.judgement
        for seq in range(1, 50)
        for change in watch.observe(record_of(seq, mode=AUTOMATED, vehicle_id=SHUTTLE))
    ]
    assert found == [Judgement.IMPOSSIBLE]


def test_a_restart_of_the_vehicles_computer_begins_anew() -> None:
    watch = ModeWatch(SPECS)
    assert watch.observe(record_of(1, mode=MINIMAL_RISK)) == []
    assert watch.observe(record_of(1, mode=AUTOMATED, boot_id=BootId("b2"), at=NOON + 5000)) == []
    assert watch.observe(record_of(2, mode=AUTOMATED)) == []


def test_a_stranger_is_not_judged() -> None:
    assert ModeWatch({}).observe(record_of(1)) == []


def test_what_is_kept_of_a_vehicle_is_bounded() -> None:
    watch = ModeWatch(SPECS)
    for seq in range(1, 4001, 2):
        watch.observe(record_of(seq))
    assert len(watch._boots[VAN][1]) <= 256


modes = st.lists(st.sampled_from([AUTOMATED, MINIMAL_RISK, MANUAL, DrivingMode.ASSISTED]), min_size=1, max_size=12)


@settings(max_examples=200)
@given(modes, st.randoms(use_true_random=False))
def test_any_order_of_arrival_finds_what_the_right_order_finds(drive: list[DrivingMode], chance) -> None:
    arriving = list(enumerate(drive, 1))
    chance.shuffle(arriving)
    truth = sorted(
        (before, after, seq)
        for seq, (before, after) in enumerate(pairwise(drive), 2)
        if judged(4, before, after) is not Judgement.POSSIBLE
    )
    assert sorted(watched(*arriving)) == truth
