"""A thousand readers that stop reading: the server's memory stays within a limit, and the others get each change."""

import asyncio
import json
import socket
import tracemalloc
from contextlib import ExitStack
from typing import cast

from google.transit import gtfs_realtime_pb2 as gtfs_realtime
from websockets.asyncio.client import connect

from mobility.core.clock import Instant
from passenger_info.edge.push import PACING_S, PushHub
from passenger_info.edge.push_listener import PATH, listen
from passenger_info.edge.service import PassengerInfo
from passenger_info.entities import Entity
from passenger_info.frame_pb2 import Frame
from passenger_info.splice import entity_record
from tests.passenger_info.live_clock import LiveClock
from tests.rigs.resume_world import World
from tests.wire.test_push import news

STALLED = 1000
FRAME_BYTES = 20_000
CHANGES = 45
LIMIT_BYTES = 80_000_000
"""80 kB a reader; a transport's buffer of frames for each would be up to 1.2 MB."""
GREETING = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
KEY = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"


class Loud(World):
    """One entity of twenty kilobytes that is new each time."""

    def change(self) -> None:
        self.changes += 1
        body = gtfs_realtime.FeedEntity(id="e0")
        body.vehicle.timestamp = self.changes
        body.vehicle.vehicle.label = f"{self.changes:06d}" + "x" * FRAME_BYTES
        self._entities["e0"] = Entity(entity_id="e0", record=entity_record(body), topics=("all",))
        self._listener("e0")


async def stall(stack: ExitStack, port: int) -> None:
    """Subscribe to everything and never read again."""
    deaf = stack.enter_context(socket.socket())
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(deaf, ("127.0.0.1", port))
    await loop.sock_sendall(deaf, (GREETING + KEY).encode())
    said = json.dumps({"type": "sub", "id": "x", "topics": ["all"]}).encode()
    await loop.sock_sendall(deaf, bytes([0x81, 0x80 | len(said)]) + bytes(4) + said)


def test_a_thousand_stalled_readers_cost_bounded_memory_and_delay_nobody() -> None:
    async def main() -> None:
        clock = LiveClock(Instant(1_760_000_000_000))
        world = Loud(clock, seed=1)
        world.change()
        hub = PushHub(cast("PassengerInfo", world), clock)
        with ExitStack() as stack:
            async with listen(hub, "127.0.0.1", 0) as server, asyncio.timeout(300):
                port = server.sockets[0].getsockname()[1]
                for _ in range(STALLED):
                    await stall(stack, port)
                while hub.counters.deliveries < STALLED:  # noqa: ASYNC110 - counters tell nobody
                    await asyncio.sleep(0.01)
                tracemalloc.start()
                async with connect(f"ws://127.0.0.1:{port}{PATH}", compression=None) as good:
                    await good.send(json.dumps({"type": "sub", "id": "x", "topics": ["all"]}))
                    await good.recv()
                    assert (await news(good)).kind == Frame.SNAPSHOT
                    for _ in range(CHANGES):
                        world.change()
                        async with asyncio.timeout(60):
                            assert (await news(good)).kind == Frame.DELTA
                        await asyncio.sleep(PACING_S / 50)
                    held_bytes, peak_bytes = tracemalloc.get_traced_memory()
                    tracemalloc.stop()
                # The changes of one go to all of them: were each given its own copies, this would be a gigabyte.
                assert STALLED * CHANGES * FRAME_BYTES > 10 * LIMIT_BYTES
                assert held_bytes < peak_bytes < LIMIT_BYTES
                for connection in server.connections:
                    connection.transport.abort()

    asyncio.run(main())
