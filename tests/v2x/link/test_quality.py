"""What a session's frames say about the link."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.ids import BootId
from v2x.link.flow import Flow
from v2x.link.histogram import STEPS_MS, Histogram
from v2x.link.quality import LinkQuality
from v2x.road.quantile import quantile

T0 = Instant(1_763_463_600_000)
BOOT = BootId("boot-a")


def test_routine_says_nothing_about_bandwidth_a_draining_backlog_does() -> None:
    flow = Flow()
    for second in range(60):
        flow.take(125, Instant(T0 + second * 1000))
    assert flow.burst_kbps is None
    assert flow.throughput_kbps(Instant(T0 + 59_000)) == pytest.approx(1.0)
    for step in range(101):
        flow.take(1250, Instant(T0 + 70_000 + step * 10))
    assert flow.burst_kbps == 1000
    assert flow.throughput_kbps(Instant(T0 + 3_600_000)) == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 250_000)), max_size=60))
def test_throughput_is_what_came_in_the_last_minute(frames: list[tuple[int, int]]) -> None:
    flow, now, came = Flow(), T0, []
    for gap_ms, size_bytes in frames:
        now = Instant(now + gap_ms)
        flow.take(size_bytes, now)
        came.append((now, size_bytes))
    # Counted in whole seconds: the oldest second goes as a whole.
    recent = sum(size for at, size in came if at // 1000 > (now - 60_000) // 1000)
    assert flow.throughput_kbps(now) == pytest.approx(recent * 8 / 60_000)


def test_loss_is_the_share_of_samples_late_or_missing() -> None:
    quality = LinkQuality()
    for seq in range(1, 9):
        quality.keep(BOOT, seq, 100, T0)
    assert quality.loss_frac(T0) == 0
    assert quality.keep(BOOT, 10, 5000, T0)
    assert quality.missing() == 1
    assert quality.loss_frac(T0) == pytest.approx(2 / 10)
    quality.keep(BOOT, 9, 6000, T0)
    assert quality.missing() == 0
    assert quality.loss_frac(T0) == pytest.approx(2 / 10)
    assert quality.loss_frac(Instant(T0 + 3_600_000)) is None


@settings(max_examples=100, deadline=None)
@given(st.permutations(range(1, 40)), st.integers(1, 39))
def test_numbers_are_missing_until_they_came_in_whatever_order(order: list[int], count: int) -> None:
    quality = LinkQuality()
    came = order[:count]
    for seq in came:
        quality.keep(BOOT, seq, 0, T0)
    assert quality.missing() == max(came) - min(came) + 1 - len(came)


def test_many_boots_do_not_fill_the_memory() -> None:
    quality = LinkQuality()
    for number in range(1000):
        quality.keep(BootId(f"boot-{number}"), 1, 0, T0)
        quality.keep(BootId(f"boot-{number}"), 3, 0, T0)
    assert quality.missing() <= 4


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=80), st.floats(0.01, 1))
def test_a_histogram_names_the_step_that_holds_the_quantile(durations_ms: list[int], share: float) -> None:
    halves = Histogram(), Histogram()
    for number, duration_ms in enumerate(durations_ms):
        halves[number % 2].take(duration_ms)
    total = Histogram(halves[0].counts)
    total.add(halves[1])
    assert total.total == len(durations_ms)
    told = total.at_most_ms(share)
    assert told in STEPS_MS
    below = sum(duration_ms <= told for duration_ms in durations_ms)
    assert below >= share * len(durations_ms) - 1e-9 or told == STEPS_MS[-1]


def test_an_empty_histogram_has_no_quantile_and_foreign_counts_are_refused() -> None:
    assert Histogram().at_most_ms(0.5) is None
    for counts in ([1, 2], [-1] * (len(STEPS_MS) + 1)):
        with pytest.raises(ValueError, match="counts"):
            Histogram(counts)
    with pytest.raises(ValueError, match="no quantile"):
        quantile([], 0.5)
