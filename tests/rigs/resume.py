"""Cuts readers of the push hub off at random, and proves that after coming back they know all, and nothing twice.

    python -m tests.rigs.resume --cuts 10000 --socket-cuts 200 --seed 1

Twenty readers with one to three topics each (boxes too) follow a hundred entities that change, move between topics,
vanish and come back about five times a second. Every reader is cut off again and again, for up to 60 s, also while it
subscribes; every 500 cuts the hub dies and another one takes its place, with another epoch. The large part runs in
virtual time on pipes in memory through the whole ``PushHub``; the smaller one on real sockets, cut by abort, in real
time and with shorter cuts.

*Lost* is an entity of a topic that, in a reader connected for longer than the pacing, has a version that was not true
at any moment of the last two pacings, or is missing or still there when it should not be. What is true is known from
the world, not from the hub. *Repeated* is a change applied twice as two changes: a delta that brings an entity in a
version the reader has already (or an older one), or a delta whose number is not higher than the one it follows. That a
snapshot says again what is known is no repetition: it replaces.

Planted faults show that the rig can find: ``lose`` takes one change out of a delta, ``repeat`` sends one change again
under the next number; both must be found. ``drop`` swallows a whole frame on the way; the reader must notice by the
numbers and heal. Exit 0 when nothing was lost or repeated (with ``--plant`` lose or repeat: when it was found).
"""

import argparse
import asyncio
import json
import random
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from mobility.core.clock import Instant, shifted
from mobility.core.errors import StreamClosedError
from mobility.core.ports import FrameStream
from passenger_info.edge.push import PACING_S, PushHub
from passenger_info.edge.push_listener import PATH, listen
from passenger_info.edge.service import PassengerInfo
from passenger_info.frame_pb2 import Frame
from sim.edge.loop import VirtualLoop
from tests.fakes.stream import MemoryStream, stream_pair
from tests.passenger_info.live_clock import LiveClock
from tests.rigs.resume_world import TOPICS, Findings, Follower, World

START = Instant(1_760_000_000_000)
READERS = 20
RESTART_EVERY = 500
_SETTLED_S = 2 * PACING_S
"""After this a change must have arrived, on a connection without delay."""
_SETTLED_ON_SOCKETS_S = 1.0
"""The same on a machine that has other things to do."""
_PATIENCE_S = 30.0
"""For so long a reader on sockets reads on for what should be there: the machine may have stood still."""
FAULTS = ("lose", "repeat", "drop")


@dataclass
class Fault:
    """Spoils frames of the hub on their way, the first that can be spoilt after ``after`` frames."""

    kind: str = ""
    after: int = 200
    seen: int = 0
    is_done: bool = False
    _last: dict[str, gtfs_realtime.FeedEntity] = field(default_factory=dict)

    def spoil(self, heard: bytes | str) -> bytes | str | None:
        """Return what arrives, ``None`` for nothing."""
        if not self.kind or self.is_done or isinstance(heard, str):
            return heard
        frame = Frame.FromString(heard)
        if frame.kind != Frame.DELTA:
            return heard
        self.seen += 1
        feed = gtfs_realtime.FeedMessage.FromString(frame.feed)
        alive = [entity for entity in feed.entity if not entity.is_deleted]
        again = self._last.get(frame.topic)
        if alive:
            self._last[frame.topic] = alive[0]
        if self.seen <= self.after or (self.kind == "lose" and not alive):
            return heard
        if self.kind == "drop":
            self.is_done = True
            return None
        if self.kind == "lose":
            feed.entity.remove(alive[0])
        elif again is None or again.id in [entity.id for entity in feed.entity]:
            return heard
        else:
            feed.entity.append(again)
        self.is_done = True
        frame.feed = feed.SerializeToString()
        return frame.SerializeToString()


class Cut:
    """Twenty readers, one world, one hub at a time; the transport is whatever ``connect`` gives."""

    def __init__(self, clock: LiveClock, seed: int, fault: Fault, settled_s: float, patience_s: float = 0.0) -> None:
        self.settled_s, self.patience_s = settled_s, patience_s
        self.world = World(clock, seed)
        self.findings = Findings()
        self.clock, self.fault = clock, fault
        self.hub = PushHub(cast("PassengerInfo", self.world), clock)
        self._rng = random.Random(seed + 1)

    async def change(self, rate_hz: float) -> None:
        while True:
            await asyncio.sleep(self._rng.expovariate(rate_hz))
            for _ in range(self._rng.choice((1, 1, 1, 5))):
                self.world.change()

    def follower(self, number: int) -> Follower:
        topics = tuple(self._rng.sample(TOPICS, self._rng.randrange(1, 4)))
        return Follower(self.world, self.findings, topics, f"reader {number}", self.settled_s)

    async def follow(self, follower: Follower, stream: FrameStream, lasts_s: float) -> None:
        """Read until the cut, then judge."""
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + lasts_s
        with suppress(StreamClosedError, TimeoutError):
            await follower.subscribe(stream)
            async with asyncio.timeout_at(ends_s):
                while True:
                    heard = self.fault.spoil(await stream.receive())
                    if heard is not None:
                        await follower.take(stream, heard)
        if loop.time() >= ends_s and lasts_s > self.settled_s:
            since = shifted(self.clock.now(), -self.settled_s)
            if self.patience_s:
                await self._catch_up(follower, stream, since)
            follower.check(since, follower.known)

    async def _catch_up(self, follower: Follower, stream: FrameStream, since: Instant) -> None:
        with suppress(StreamClosedError, TimeoutError):
            async with asyncio.timeout(self.patience_s):
                while any(follower.wrong(since, topic) for topic in follower.known):
                    await follower.take(stream, await stream.receive())


async def in_memory(cuts: int, seed: int, fault: Fault) -> Findings:
    """Run on pipes in memory; the loop decides whether time is real."""
    rig = Cut(LiveClock(START), seed, fault, _SETTLED_S)
    rng, open_streams = random.Random(seed + 2), dict[MemoryStream, None]()

    async def live(number: int) -> None:
        follower = rig.follower(number)
        while rig.findings.cuts < cuts:
            theirs, ours = stream_pair()
            serving = tasks.create_task(rig.hub.serve(ours))
            open_streams[theirs] = None
            await rig.follow(follower, theirs, rng.choice((0.0, 0.03, rng.uniform(0, 3), rng.uniform(0, 20))))
            del open_streams[theirs]
            await theirs.close()
            await serving
            rig.findings.cuts += 1
            if rig.findings.cuts % RESTART_EVERY == 0:
                rig.findings.restarts += 1
                rig.hub = PushHub(cast("PassengerInfo", rig.world), rig.clock)
                for stream in list(open_streams):
                    await stream.close()
            await asyncio.sleep(rng.uniform(0, 60))

    async with asyncio.TaskGroup() as tasks:
        changing = tasks.create_task(rig.change(rate_hz=2.5))
        async with asyncio.TaskGroup() as lives:
            for number in range(READERS):
                lives.create_task(live(number))
        changing.cancel()
    return rig.findings


class ClientStream:
    """A client's WebSocket as a ``FrameStream``."""

    def __init__(self, link: ClientConnection) -> None:
        self.link = link

    async def receive(self) -> bytes | str:
        try:
            return await self.link.recv()
        except ConnectionClosed as closed:
            raise StreamClosedError(str(closed)) from None

    async def send(self, frame: bytes | str) -> None:
        try:
            await self.link.send(frame)
        except ConnectionClosed as closed:
            raise StreamClosedError(str(closed)) from None

    async def close(self, reason: str = "") -> None:
        self.link.transport.abort()


async def on_sockets(cuts: int, seed: int, fault: Fault) -> Findings:
    """Run on real sockets, in real time: shorter cuts, more changes."""
    rig = Cut(LiveClock(START), seed, fault, _SETTLED_ON_SOCKETS_S, _PATIENCE_S)
    rng = random.Random(seed + 2)
    async with listen(rig.hub, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]

        async def live(number: int) -> None:
            follower = rig.follower(number)
            while rig.findings.cuts < cuts:
                link = await connect(f"ws://127.0.0.1:{port}{PATH}", compression=None, proxy=None)
                await rig.follow(follower, ClientStream(link), rng.uniform(0, 1.6))
                link.transport.abort()
                rig.findings.cuts += 1
                await asyncio.sleep(rng.uniform(0, 0.4))

        async with asyncio.TaskGroup() as tasks:
            changing = tasks.create_task(rig.change(rate_hz=20))
            async with asyncio.TaskGroup() as lives:
                for number in range(8):
                    lives.create_task(live(number))
            changing.cancel()
    return rig.findings


def run(cuts: int, seed: int, plant: str = "", after: int = 200, *, on: str = "memory") -> Findings:
    """Run one part to its end."""
    fault = Fault(plant, after)
    if on == "memory":
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(in_memory(cuts, seed, fault))
    return asyncio.run(on_sockets(cuts, seed, fault))


def report(part: str, findings: Findings) -> dict[str, object]:
    """Return what a run found, with the first few faults."""
    said = {name: value for name, value in vars(findings).items() if name not in ("lost", "repeated")}
    counted = {"lost": len(findings.lost), "repeated": len(findings.repeated)}
    return {"rig": "resume", "part": part, **said, **counted, "first": [*findings.lost[:3], *findings.repeated[:3]]}


def main() -> None:
    """Print one JSON line a part; exit 1 where something was lost or repeated, or a planted fault was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--socket-cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", choices=FAULTS, default="")
    wanted = parser.parse_args()
    parts = {"virtual time": run(wanted.cuts, wanted.seed, wanted.plant)}
    if wanted.socket_cuts and not wanted.plant:
        parts["sockets"] = run(wanted.socket_cuts, wanted.seed, on="sockets")
    for part, findings in parts.items():
        print(json.dumps(report(part, findings)))  # noqa: T201 - the result
    found = [wrong for findings in parts.values() for wrong in (*findings.lost, *findings.repeated)]
    sys.exit(int(bool(found) != (wanted.plant in ("lose", "repeat"))))


if __name__ == "__main__":
    main()
