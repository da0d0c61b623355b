"""The push hub on real sockets: the ``websockets`` server, uncompressed, one pre-built frame for all readers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from os import write

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
_LONGEST_REASON = 120
"""A close frame has room for 123 bytes."""


class _Framer:
    """The newest payload as a WebSocket frame; a server's frames carry no mask, so all readers get the same bytes."""

    __slots__ = ("payload", "wire")

    def __init__(self) -> None:
        self.payload: bytes | str = b""
        self.wire = b""

    def take(self, payload: bytes | str) -> None:
        is_text = isinstance(payload, str)
        data = payload.encode() if isinstance(payload, str) else payload
        self.payload = payload
        self.wire = Frame(Opcode.TEXT if is_text else Opcode.BINARY, data).serialize(mask=False)


class PushConnection(ServerConnection):
    """A connection that tells its stream when it can be written to and when not."""

    stream: "WebSocketStream | None" = None

    def pause_writing(self) -> None:
        """The socket is full."""
        super().pause_writing()
        self._tell()

    def resume_writing(self) -> None:
        """The socket has room again, and nothing waits in front of it."""
        super().resume_writing()
        self._tell()

    def data_received(self, data: bytes) -> None:
        """The reader said something, perhaps goodbye."""
        super().data_received(data)
        if self.protocol.state is not State.OPEN:
            self._tell()

    def eof_received(self) -> None:
        """The reader will say nothing more; the closing handshake is under way or will never be."""
        super().eof_received()
        self._tell(is_over=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; its descriptor will belong to another."""
        super().connection_lost(exc)
        self._tell(is_over=True)

    def _tell(self, *, is_over: bool = False) -> None:
        if self.stream is not None:
            self.stream.look(is_over=is_over)


class WebSocketStream:
    """A connection as a ``FrameStream`` that also takes frames at once."""

    # Ten thousand readers a second pass through ``offer``: what it needs is one step away.
    __slots__ = ("_connection", "_descriptor", "_framer", "_is_over")

    def __init__(self, connection: PushConnection, framer: _Framer) -> None:
        """Wrap an open connection."""
        self._connection = connection
        self._framer = framer
        self._descriptor = -1
        self._is_over = False
        connection.stream = self
        self.look()

    def look(self, *, is_over: bool = False) -> None:
        """Note whether frames may go straight into the socket: it is open, and nothing waits in front of them."""
        connection = self._connection
        self._is_over = self._is_over or is_over
        is_clear = not self._is_over and connection.protocol.state is State.OPEN and not connection.paused
        self._descriptor = connection.transport.get_extra_info("socket").fileno() if is_clear else -1

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
        """Write a frame into the socket where that has room; a closed connection swallows it.

        Straight into the socket, past the transport, whose own way costs a tenth more. There is no TLS here.
        """
        descriptor = self._descriptor
        if descriptor < 0:
            return self._is_over or self._connection.protocol.state is not State.OPEN
        framer = self._framer
        if frame is not framer.payload:
            framer.take(frame)
        try:
            sent = write(descriptor, framer.wire)
        except BlockingIOError:
            sent = 0
        except OSError:
            # Broken. The others must get their frames all the same.
            self._descriptor = -1
            self._connection.transport.abort()
            return True
        if sent < len(framer.wire):
            self._connection.transport.write(framer.wire[sent:])
        return True

    async def close(self, reason: str = "") -> None:
        """Close the connection and say why."""
        self._is_over, self._descriptor = True, -1
        await self._connection.close(1000, reason[:_LONGEST_REASON])


@asynccontextmanager
async def listen(hub: PushHub, host: str, port: int) -> AsyncIterator[Server]:
    """Serve the push hub on ``ws://host:port/gtfs-rt/stream`` while the context is open; port 0 takes a free one."""
    framer = _Framer()

    async def accept(connection: ServerConnection) -> None:
        assert isinstance(connection, PushConnection)  # noqa: S101 - as ordered below; tells the type checker
        await hub.serve(WebSocketStream(connection, framer))

    def check(connection: ServerConnection, request: Request) -> Response | None:
        if hub.counters.readers >= MOST_READERS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many readers; try again later.\n")
        return _only_our_path(connection, request)

    server = await serve(
        accept,
        host,
        port,
        create_connection=PushConnection,
        process_request=check,
        compression=None,
        max_size=LONGEST_TEXT,
        max_queue=4,
        # Nothing may wait in a transport's buffer unseen: what a slow reader does not take waits in its outbox, where
        # all readers share one copy of a frame.
        write_limit=0,
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
