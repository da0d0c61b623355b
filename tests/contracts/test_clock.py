"""The contract of ``Clock``, tried on the loop's clock in real and virtual time and on the fake."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from mobility.app.clock import LoopClock, system_instant
from mobility.core.clock import Clock, Instant
from sim.edge.loop import run_virtual
from tests.fakes.clock import SettableClock

START = Instant(1_760_425_200_000)
Run = Callable[[Coroutine[Any, Any, None]], None]

ADAPTERS = {
    "real": (asyncio.run, lambda: LoopClock(START, speed=50)),
    "virtual": (run_virtual, lambda: LoopClock(START)),
    "virtual, fast": (run_virtual, lambda: LoopClock(START, speed=7)),
    "fake": (asyncio.run, lambda: SettableClock(START)),
}


@pytest.fixture(params=ADAPTERS.values(), ids=ADAPTERS.keys())
def adapter(request: pytest.FixtureRequest) -> tuple[Run, Callable[[], Clock]]:
    return request.param


def test_it_begins_at_its_start_and_never_goes_back(adapter: tuple[Run, Callable[[], Clock]]) -> None:
    run, make = adapter

    async def scene() -> None:
        clock = make()
        seen = [clock.now() for _ in range(100)]
        assert seen == sorted(seen)
        assert 0 <= seen[0] - START < 5_000

    run(scene())


def test_sleeping_takes_at_least_its_time(adapter: tuple[Run, Callable[[], Clock]]) -> None:
    run, make = adapter

    async def scene() -> None:
        clock = make()
        before = clock.now()
        await clock.sleep(1.5)
        # The loop's clock has a resolution of its own; a sleeper may wake that much early.
        assert clock.now() - before >= 1_450

    run(scene())


def test_a_sleep_of_nothing_or_less_is_over_at_once(adapter: tuple[Run, Callable[[], Clock]]) -> None:
    run, make = adapter

    async def scene() -> None:
        clock = make()
        before = clock.now()
        async with asyncio.timeout(30):
            await clock.sleep(0)
        assert clock.now() - before < 60_000

    run(scene())


def test_virtual_time_is_exact_over_a_day() -> None:
    async def scene() -> None:
        clock = LoopClock(START)
        for _ in range(86_400):
            await clock.sleep(1)
        assert clock.now() == START + 86_400_000

    run_virtual(scene())


def test_a_clock_that_stands_or_runs_back_is_refused() -> None:
    async def scene() -> None:
        with pytest.raises(ValueError, match="speed"):
            LoopClock(START, speed=0)

    asyncio.run(scene())


def test_the_computers_time_lies_in_this_century() -> None:
    assert 1_700_000_000_000 < system_instant() < 4_102_444_800_000


def test_the_night_can_be_skipped_forward_and_never_back() -> None:
    async def scene() -> None:
        clock = LoopClock(START, speed=3)
        clock.skip_to(Instant(START + 3_600_000))
        assert clock.now() == START + 3_600_000
        await clock.sleep(10)
        assert clock.now() == START + 3_610_000
        with pytest.raises(ValueError, match="go back"):
            clock.skip_to(START)

    run_virtual(scene())
