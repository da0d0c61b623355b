"""Connections in memory."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.errors import StreamClosedError
from sim.edge.loop import run_virtual
from sim.edge.pipe import pipe
from tests.sim.stage import VirtualClock


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=20) | st.text(max_size=5), max_size=30))
def test_frames_arrive_whole_and_in_order_in_both_directions(frames):
    async def main():
        left, right = pipe()
        for frame in frames:
            await left.send(frame)
            await right.send(frame)
        return [await right.receive() for _ in frames], [await left.receive() for _ in frames]

    assert run_virtual(main()) == (frames, frames)


def test_what_was_sent_before_closing_is_still_read():
    async def main():
        left, right = pipe()
        await left.send(b"last words")
        await left.close()
        await left.close("again")
        assert await right.receive() == b"last words"
        for act in (right.receive(), right.send(b"x"), left.send(b"x"), left.receive()):
            with pytest.raises(StreamClosedError):
                await act
        return left.is_closed and right.is_closed

    assert run_virtual(main())


def test_a_cut_loses_what_is_under_way_and_wakes_who_waits():
    async def main():
        left, right = pipe()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(_ended(left))
            await asyncio.sleep(1)
            await left.send(b"under way")
            left.cut()
        with pytest.raises(StreamClosedError):
            await right.receive()
        return waiting.result()

    assert run_virtual(main())


async def _ended(end):
    try:
        await end.receive()
    except StreamClosedError:
        return True
    return False


def test_latency_delays_every_frame_once_however_many_are_under_way():
    async def main():
        clock = VirtualClock(0)
        left, right = pipe(clock=clock, latency_s=0.08)
        for _ in range(3):
            await left.send(b"x")
            await clock.sleep(0.01)
        arrived = []
        for _ in range(3):
            await right.receive()
            arrived.append(clock.now())
        return arrived

    assert run_virtual(main()) == [80, 90, 100]


def test_a_reader_that_gives_up_loses_no_frame():
    async def main():
        clock = VirtualClock(0)
        left, right = pipe(clock=clock, latency_s=1.0)
        await left.send(b"kept")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await right.receive()
        return await right.receive()

    assert run_virtual(main()) == b"kept"


def test_a_sender_waits_for_a_reader_who_is_far_behind():
    async def main():
        left, right = pipe()
        sent = 0

        async def send():
            nonlocal sent
            for _ in range(5000):
                await left.send(b"x")
                sent += 1

        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            await asyncio.sleep(1)
            before = sent
            for _ in range(5000):
                await right.receive()
        return before, sent

    before, sent = run_virtual(main())
    assert before < 5000
    assert sent == 5000
