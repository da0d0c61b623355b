"""Raw ITS messages over UDP: one frame a datagram, from a roadside unit or a vehicle's router."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from mobility.core.clock import Clock, Instant
from mobility.core.errors import BadInputError
from v2x.edge.its_input import ItsInput
from v2x.edge.wake import Wake

MOST_WAITING: Final = 4096
"""Datagrams that may wait; UDP promises nothing, so beyond them the newest is dropped and counted."""
GROUP: Final = 512
"""Most datagrams that are taken together, with one append."""


class UdpInput:
    """An open port; ``run`` hands what arrives to an ``ItsInput``."""

    def __init__(self, its_input: ItsInput, clock: Clock, port: int) -> None:
        """Made by ``open_udp``."""
        self._its_input = its_input
        self._clock = clock
        self._waiting: deque[tuple[bytes, str, Instant]] = deque()
        self._arrived = Wake()
        self.port = port
        """The port that is listened on."""

    def put(self, datagram: bytes, host: str) -> None:
        """Queue a datagram of ``host``; called by the transport."""
        if len(self._waiting) >= MOST_WAITING:
            self._its_input.counters.dropped += 1
            return
        self._waiting.append((datagram, f"udp:{host}", self._clock.now()))
        self._arrived.set()

    async def run(self) -> None:
        """Take datagrams until cancelled. Raises ``StorageError`` when some can not be kept; they stay first."""
        while True:
            while self._waiting:
                group = [self._waiting[i] for i in range(min(GROUP, len(self._waiting)))]
                await self._its_input.take_many(group)
                for _ in group:
                    self._waiting.popleft()
            await self._arrived.wait()


@asynccontextmanager
async def open_udp(its_input: ItsInput, host: str, port: int, *, clock: Clock) -> AsyncIterator[UdpInput]:
    """Listen for datagrams while the context is open; port 0 takes a free one.

    Anybody who reaches the port can send: bind to a network you trust, or ask for signatures. Raises
    ``BadInputError`` when the port is taken.
    """
    loop = asyncio.get_running_loop()
    taken = UdpInput(its_input, clock, port)
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(taken), local_addr=(host, port))
    except OSError as error:
        raise BadInputError(f"UDP port {port} of {host} can not be listened on ({error.strerror})") from error
    taken.port = transport.get_extra_info("sockname")[1]
    try:
        yield taken
    finally:
        transport.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, taken: UdpInput) -> None:
        self._taken = taken

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._taken.put(data, addr[0])
