from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from tests.v2x.making import NOON
from v2x.clock_filter import DRIFT_PPM, LONGEST_ROUND_TRIP_MS, ClockFilter, Offset


def ping(
    clock: ClockFilter, *, at: float, offset_ms: float, up_ms: float, down_ms: float, drift_ppm: float = 0.0
) -> Offset | None:
    """One ping at true time ``at`` (ms after noon); the vehicle's clock is ``offset_ms`` behind, and drifts."""

    def vehicle(moment: float) -> Instant:
        return Instant(int(NOON + moment - offset_ms - moment * drift_ppm / 1e6))

    def gateway(moment: float) -> Instant:
        return Instant(int(NOON + moment))

    return clock.take(
        sent=vehicle(at), received=gateway(at + up_ms), answered=gateway(at + up_ms), back=vehicle(at + up_ms + down_ms)
    )


def test_even_delays_give_the_offset_at_once() -> None:
    found = ping(ClockFilter(), at=0, offset_ms=5000, up_ms=30, down_ms=30)
    assert found == Offset(5000, 31)


def test_nothing_is_known_before_the_first_answer() -> None:
    assert ClockFilter().offset_at(NOON) is None


def test_the_best_of_each_direction_counts_even_from_different_pings() -> None:
    clock = ClockFilter()
    ping(clock, at=0, offset_ms=700, up_ms=20, down_ms=400)
    found = ping(clock, at=500, offset_ms=700, up_ms=400, down_ms=20)
    assert found is not None
    assert abs(found.offset_ms - 700) < 2
    assert found.error_ms < 22


@settings(max_examples=150, deadline=None)
@given(
    offset_ms=st.integers(-(10**9), 10**9),
    drift_ppm=st.floats(-DRIFT_PPM, DRIFT_PPM),
    delays=st.lists(st.tuples(st.floats(0, 5000), st.floats(0, 5000)), min_size=1, max_size=80),
    every_ms=st.integers(200, 60_000),
)
def test_the_truth_is_always_within_the_error_that_is_told(
    offset_ms: int, drift_ppm: float, delays: list[tuple[float, float]], every_ms: int
) -> None:
    clock = ClockFilter()
    for n, (up_ms, down_ms) in enumerate(delays):
        at = float(n * max(every_ms, 10_001))
        found = ping(clock, at=at, offset_ms=offset_ms, up_ms=up_ms, down_ms=down_ms, drift_ppm=drift_ppm)
        assert found is not None
        truth_ms = offset_ms + (at + up_ms + down_ms) * drift_ppm / 1e6
        assert abs(found.offset_ms - truth_ms) <= found.error_ms + 1
    assert clock.steps == 0


@pytest.mark.parametrize("seed", range(20))
def test_within_50_ms_under_100_plus_or_minus_50_ms_of_jitter_in_each_direction(seed: int) -> None:
    chance, clock = Random(seed), ClockFilter()
    for n in range(5):
        up_ms, down_ms = chance.uniform(50, 150), chance.uniform(50, 150)
        found = ping(clock, at=n * 500, offset_ms=-1234, up_ms=up_ms, down_ms=down_ms, drift_ppm=50)
        assert found is not None
        assert abs(found.offset_ms + 1234) <= 50
    assert abs(found.offset_ms + 1234) <= 40


def test_a_clock_that_is_set_is_noticed_and_measured_anew() -> None:
    clock = ClockFilter()
    ping(clock, at=0, offset_ms=0, up_ms=20, down_ms=20)
    found = ping(clock, at=15_000, offset_ms=-60_000, up_ms=20, down_ms=20)
    assert found == Offset(-60_000, 21)
    assert clock.steps == 1


def test_bounds_widen_as_the_clock_drifts() -> None:
    clock = ClockFilter()
    ping(clock, at=0, offset_ms=0, up_ms=20, down_ms=20)
    later = clock.offset_at(Instant(NOON + 1_000_000))
    assert later is not None
    assert later.error_ms == pytest.approx(21 + 1_000_000 * DRIFT_PPM / 1e6, abs=0.1)


@pytest.mark.parametrize(
    ("received", "answered", "back"),
    [(10, 5, 100), (10, 10, -1), (10, 500, 100), (10, 10, LONGEST_ROUND_TRIP_MS + 1)],
    ids=["answered before asked", "back before sent", "answered longer than it took", "much too late"],
)
def test_times_that_can_not_be_teach_nothing(received: int, answered: int, back: int) -> None:
    clock = ClockFilter()
    times = [Instant(NOON + ms) for ms in (0, received, answered, back)]
    assert clock.take(sent=times[0], received=times[1], answered=times[2], back=times[3]) is None
    assert clock.offset_at(NOON) is None
