import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from tests.v2x.making import NOON
from v2x.device_clock import CLOCK_TOLERANCE_MS, FLOOR_MS, MOST_CORRECTIONS, DeviceClock


def reported(clock: DeviceClock, offset_ms: int, *, error_ms: int = 30, next_seq: int = 1, now: int = NOON) -> bool:
    return clock.report(
        sent_ms=now - offset_ms - 20, offset_ms=offset_ms, error_ms=error_ms, next_seq=next_seq, now=Instant(now)
    )


def event_ms(clock: DeviceClock, device_ms: int, *, seq: int = 1, is_live: bool = False) -> int:
    """Device time and event time in ms after noon, received at noon."""
    return clock.event_time(seq, Instant(NOON + device_ms), NOON, is_live=is_live) - NOON


@pytest.mark.parametrize("offset_ms", [0, FLOOR_MS, -FLOOR_MS])
def test_a_good_clock_stays_untouched(offset_ms: int) -> None:
    clock = DeviceClock()
    assert reported(clock, offset_ms)
    assert event_ms(clock, -5000) == -5000


def test_a_clock_of_known_offset_is_corrected_in_both_directions() -> None:
    behind, ahead = DeviceClock(), DeviceClock()
    assert reported(behind, 90_000)
    assert reported(ahead, -90_000)
    assert event_ms(behind, -90_500) == -500
    assert event_ms(ahead, 89_500) == -500


def test_an_offset_within_its_own_error_corrects_nothing() -> None:
    clock = DeviceClock()
    assert reported(clock, 900, error_ms=1000)
    assert event_ms(clock, -5000) == -5000


def test_a_clock_ahead_of_unknown_offset_gives_way_to_the_time_of_receipt() -> None:
    assert event_ms(DeviceClock(), CLOCK_TOLERANCE_MS) == CLOCK_TOLERANCE_MS
    assert event_ms(DeviceClock(), CLOCK_TOLERANCE_MS + 1) == 0


def test_an_offset_that_puts_its_own_message_into_the_future_is_not_believed() -> None:
    clock = DeviceClock()
    assert not clock.report(sent_ms=NOON, offset_ms=60_000, error_ms=10, next_seq=1, now=NOON)
    assert event_ms(clock, -60_000) == -60_000


def test_a_clock_that_was_set_keeps_the_old_correction_for_what_came_before() -> None:
    clock = DeviceClock()
    reported(clock, 90_000)
    reported(clock, 0, next_seq=100)
    assert event_ms(clock, -90_500, seq=99) == -500
    assert event_ms(clock, -500, seq=100) == -500
    assert clock.jumps == 1


def test_a_step_back_in_live_samples_is_flagged_once_and_placed_by_the_next_report() -> None:
    clock = DeviceClock()
    reported(clock, 0)
    event_ms(clock, 0, seq=10, is_live=True)
    assert event_ms(clock, -60_000, seq=11, is_live=True) == -60_000
    event_ms(clock, -59_900, seq=12, is_live=True)
    reported(clock, 60_000, next_seq=13)
    assert event_ms(clock, -59_800, seq=11) == 200
    assert event_ms(clock, -1000, seq=10) == -1000
    assert clock.jumps == 1


def test_backlog_out_of_order_is_no_step() -> None:
    clock = DeviceClock()
    event_ms(clock, 0, seq=10, is_live=True)
    event_ms(clock, -3_600_000, seq=1)
    assert clock.jumps == 0


def test_a_clock_that_never_rests_costs_no_memory() -> None:
    clock = DeviceClock()
    for n in range(MOST_CORRECTIONS * 3):
        reported(clock, n % 2 * 60_000, next_seq=n + 1)
    assert len(clock._corrections) == MOST_CORRECTIONS


@settings(max_examples=150, deadline=None)
@given(
    reports=st.lists(st.tuples(st.integers(-(10**13), 10**13), st.integers(0, 10**6), st.integers(1, 50)), max_size=6),
    samples=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 2 * 10**14), st.booleans()), max_size=20),
)
def test_whatever_a_vehicle_says_its_samples_are_never_placed_ahead_or_before_all_time(
    reports: list[tuple[int, int, int]], samples: list[tuple[int, int, bool]]
) -> None:
    clock = DeviceClock()
    for offset_ms, error_ms, next_seq in reports:
        clock.report(sent_ms=NOON, offset_ms=offset_ms, error_ms=error_ms, next_seq=next_seq, now=NOON)
    for seq, device_ms, is_live in samples:
        assert 0 < clock.event_time(seq, Instant(device_ms), NOON, is_live=is_live) <= NOON + CLOCK_TOLERANCE_MS


def test_an_offset_that_puts_its_own_ping_long_into_the_past_is_none() -> None:
    """A ping has no checksum: one changed bit must not turn quarter of a minute back by ten."""
    clock = DeviceClock()
    assert clock.report(sent_ms=NOON + 120_000, offset_ms=-120_000, error_ms=50, next_seq=1, now=Instant(NOON + 50))
    assert not clock.report(
        sent_ms=NOON + 135_000, offset_ms=-750_784, error_ms=50, next_seq=16, now=Instant(NOON + 15_050)
    )
    live = clock.event_time(16, Instant(NOON + 136_000), Instant(NOON + 16_050), is_live=True)
    assert live == NOON + 16_000
