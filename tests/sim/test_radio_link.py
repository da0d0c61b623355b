"""Radio gaps: connections break, samples do not."""

import asyncio

import pytest

from mobility.core.booking import Window
from mobility.core.clock import Instant
from mobility.core.demand import RadioGap
from mobility.core.errors import StreamClosedError
from mobility.core.geo import LatLon
from sim.edge.loop import run_virtual
from sim.edge.pipe import pipe
from sim.edge.radio_link import RadioLink
from sim.radio import Coverage
from tests.sim.stage import VirtualClock


def test_coverage_ends_at_the_circle_and_in_an_outage():
    wood = RadioGap(name="wood", centre=LatLon(50.6, 10.9), radius_m=500)
    coverage = Coverage((wood,), (Window(Instant(1000), Instant(2000)),))
    assert not coverage.covers(LatLon(50.6, 10.9), Instant(0))
    assert not coverage.covers(LatLon(50.6 + 0.0044, 10.9), Instant(0))
    assert coverage.covers(LatLon(50.6 + 0.0046, 10.9), Instant(0))
    assert coverage.covers(LatLon(50.6, 10.9 + 0.0072), Instant(0))
    assert not coverage.covers(LatLon(50.7, 10.9), Instant(1500))
    assert coverage.covers(LatLon(50.7, 10.9), Instant(2001))


async def _link(latency_s: float = 0.0):
    ends = []

    async def connect():
        ours, theirs = pipe()
        ends.append(theirs)
        return ours

    link = RadioLink(connect, clock=VirtualClock(Instant(0)), latency_s=latency_s)
    link.is_on = True
    return link, ends


def test_nobody_connects_who_was_never_switched_on():
    async def main():
        link, ends = await _link()
        link.is_on = False
        with pytest.raises(StreamClosedError):
            await link.connect()
        return ends

    assert run_virtual(main()) == []


def test_entering_a_gap_breaks_the_connection_on_both_sides():
    async def main():
        link, ends = await _link()
        stream = await link.connect()
        await stream.send(b"before")
        await link.cover(is_covered=False)
        for act in (stream.send(b"in the gap"), stream.receive(), link.connect()):
            with pytest.raises(StreamClosedError):
                await act
        assert await ends[0].receive() == b"before"
        with pytest.raises(StreamClosedError):
            await ends[0].receive()
        return link.losses

    assert run_virtual(main()) == 1


def test_behind_a_gap_a_new_connection_works():
    async def main():
        link, ends = await _link()
        await link.connect()
        await link.cover(is_covered=False)
        await link.cover(is_covered=True)
        stream = await link.connect()
        await stream.send(b"hello again")
        await ends[1].send(b"welcome")
        return await ends[1].receive(), await stream.receive()

    assert run_virtual(main()) == (b"hello again", b"welcome")


def test_frames_take_their_time_through_the_air_and_are_lost_in_a_gap_that_opens_meanwhile():
    async def main():
        link, ends = await _link(latency_s=0.5)
        stream = await link.connect()
        await stream.send(b"x")
        arrived_s = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            lost = group.create_task(_is_lost(stream))
            await asyncio.sleep(0.1)
            await link.cover(is_covered=False)
        return arrived_s, lost.result(), await ends[0].receive()

    assert run_virtual(main()) == (0.5, True, b"x")


async def _is_lost(stream):
    try:
        await stream.send(b"lost")
    except StreamClosedError:
        return True
    return False
