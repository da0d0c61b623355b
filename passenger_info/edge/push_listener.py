"""The push hub on real sockets: the ``websockets`` server, uncompressed, one pre-built frame for all readers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State

from mobility.core.errors import StreamClosedError
from passenger_info.edge.push import PushHub
from passenger_info.protocol import LONGEST_TEXT

PATH = "/gtfs-rt/stream"
MOST_READERS = 10_000
"""Connections at once; more are answered 503."""
_MOST_BUFFERED_BYTES = 256 * 1024
"""Beyond this a reader is behind, and frames wait in its outbox instead of the socket's buffer."""
_LONGEST_REASON = 120
"""A close frame has room for 123 bytes."""


class _Framer:
    """The newest payload as a WebSocket frame; a server's frames carry no mask, so all readers get the same bytes."""

    def __init__(self) -> None:
        self._payload: bytes | str = b""
        self._wire = b""

    def wire(self, payload: bytes | str) -> bytes:
        if payload is not self._payload:
            is_text = isinstance(payload, str)
            data = payload.encode() if isinstance(payload, str) else payload
            frame = Frame(Opcode.TEXT if is_text else Opcode.BINARY, data)
            self._payload, self._wire = payload, frame.serialize(mask=False)
        return self._wire


class WebSocketStream:
    """A connection as a ``FrameStream`` that also takes frames at once."""

    def __init__(self, connection: ServerConnection, framer: _Framer) -> None:
        """Wrap an open connection."""
        self._connection = connection
        self._framer = framer

    async def receive(self) -> bytes | str:
        """Return the next frame; raises ``StreamClosedError`` at the end."""
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise StreamClosedError(str(closed)) from None

    async def send(self, frame: bytes | str) -> None:
        """Send a frame, waiting while the reader is behind."""
        try:
            await self._connection.send(frame)
        except ConnectionClosed as closed:
            raise StreamClosedError(str(closed)) from None

    def offer(self, frame: bytes | str) -> bool:
        """Write a frame into the socket's buffer where that has room; a closed connection swallows it."""
        connection = self._connection
        if connection.protocol.state is not State.OPEN:
            return True
        if connection.transport.get_write_buffer_size() > _MOST_BUFFERED_BYTES:
            return False
        connection.transport.write(self._framer.wire(frame))
        return True

    async def close(self, reason: str = "") -> None:
        """Close the connection and say why."""
        await self._connection.close(1000, reason[:_LONGEST_REASON])


@asynccontextmanager
async def listen(hub: PushHub, host: str, port: int) -> AsyncIterator[Server]:
    """Serve the push hub on ``ws://host:port/gtfs-rt/stream`` while the context is open; port 0 takes a free one."""
    framer = _Framer()

    async def accept(connection: ServerConnection) -> None:
        await hub.serve(WebSocketStream(connection, framer))

    def check(connection: ServerConnection, request: Request) -> Response | None:
        if hub.counters.readers >= MOST_READERS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many readers; try again later.\n")
        return _only_our_path(connection, request)

    server = await serve(
        accept,
        host,
        port,
        process_request=check,
        compression=None,
        max_size=LONGEST_TEXT,
        max_queue=4,
        ping_interval=20,
        ping_timeout=20,
        close_timeout=2,
    )
    async with server:
        yield server


def _only_our_path(connection: ServerConnection, request: Request) -> Response | None:
    if request.path.partition("?")[0] == PATH:
        return None
    return connection.respond(HTTPStatus.NOT_FOUND, f"The stream is at {PATH}.\n")
