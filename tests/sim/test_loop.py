"""The virtual loop."""

import asyncio
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.edge.loop import StandstillError, VirtualLoop, run_virtual
from tests.sim.hash_seeds import outputs


def test_a_day_passes_at_once_and_time_is_exact():
    async def main():
        loop = asyncio.get_running_loop()
        for _ in range(86_400 // 60):
            await asyncio.sleep(60)
        for _ in range(1000):
            await asyncio.sleep(0.001)
        return loop.time()

    assert run_virtual(main()) == 86_401.0


@settings(max_examples=60)
@given(st.lists(st.integers(0, 5_000_000), min_size=1, max_size=40))
def test_timers_fire_at_their_microsecond_in_order_of_time_then_of_setting(delays_us):
    async def main():
        loop = asyncio.get_running_loop()
        fired = []
        for number, delay_us in enumerate(delays_us):
            loop.call_at(delay_us / 1e6, lambda n=number: fired.append((round(loop.time() * 1e6), n)))
        await asyncio.sleep(6)
        return fired

    expected = sorted((delay_us, number) for number, delay_us in enumerate(delays_us))
    assert run_virtual(main()) == expected


def _order(order_seed: int) -> list[int]:
    async def main():
        order = []
        async with asyncio.TaskGroup() as group:

            async def actor(number):
                await asyncio.sleep(1)
                order.append(number)

            for number in range(20):
                group.create_task(actor(number))
        return order

    return run_virtual(main(), order_seed=order_seed)


def test_a_seed_orders_what_happens_at_the_same_instant():
    assert _order(0) == list(range(20))
    assert _order(7) == _order(7)
    assert _order(7) != _order(0)
    assert sorted(_order(7)) == list(range(20))


def test_cancelled_timers_neither_fire_nor_pile_up():
    async def main():
        loop = asyncio.get_running_loop()
        for _ in range(10_000):
            loop.call_later(3600, pytest.fail).cancel()
        left = len(loop._timers)
        await asyncio.sleep(7200)
        return left

    assert run_virtual(main()) < 200


def test_a_timeout_ends_a_wait_in_virtual_time():
    async def main():
        loop = asyncio.get_running_loop()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await loop.create_future()
        return loop.time()

    assert run_virtual(main()) == 30


def test_threads_and_executors_are_refused():
    async def main():
        await asyncio.to_thread(print, "never")

    with pytest.raises(RuntimeError, match="no threads"):
        run_virtual(main())


def test_waiting_for_what_can_never_happen_is_an_error_not_a_hang():
    async def main():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(StandstillError):
        run_virtual(main())


def test_a_web_application_answers_inside_the_loop():
    app = FastAPI()

    async def slow() -> str:
        await asyncio.sleep(5)
        return "later"

    @app.get("/")
    async def root(word: Annotated[str, Depends(slow)]) -> dict[str, str]:
        return {"word": word}

    async def main():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as http:
            answers = await asyncio.gather(*(http.get("/") for _ in range(3)))
        return [answer.json() for answer in answers], asyncio.get_running_loop().time()

    assert run_virtual(main()) == ([{"word": "later"}] * 3, 5.0)


def test_the_loop_needs_no_socket():
    loop = VirtualLoop()
    try:
        assert not [name for name in vars(loop) if "sock" in name]
    finally:
        loop.close()


def test_order_does_not_depend_on_hash_seeds():
    program = "from tests.sim.test_loop import _order; print(_order(3))"
    assert len(outputs(program, "1", "2")) == 1
