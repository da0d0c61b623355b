"""The push hub on real sockets: the ``websockets`` server, uncompressed, one pre-built frame for all readers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
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


def _nobody() -> None:
    """Stand for a listener that is not there yet."""


class WebSocketStream:
    """A connection as a ``FrameStream`` that also tells its socket, for frames that need not wait."""

    __slots__ = ("_connection", "_is_over", "descriptor", "on_look")

    def __init__(self, connection: PushConnection) -> None:
        """Wrap an open connection."""
        self._connection = connection
        self._is_over = False
        self.descriptor = -1
        self.on_look: Callable[[], None] = _nobody
        connection.stream = self
        self.look()

    @property
    def is_over(self) -> bool:
        """Whether the connection is closed; it swallows frames."""
        return self._is_over or self._connection.protocol.state is not State.OPEN

    def look(self, *, is_over: bool = False) -> None:
        """Note whether frames may go straight into the socket: it is open, and nothing waits in front of them."""
        connection = self._connection
        self._is_over = self._is_over or is_over
        is_clear = not self.is_over and not connection.paused
        self.descriptor = connection.transport.get_extra_info("socket").fileno() if is_clear else -1
        self.on_look()

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

    def finish(self, rest: bytes) -> None:
        """Send what the socket had no room for."""
        self._connection.transport.write(rest)

    def abort(self) -> None:
        """Give the connection up; its socket is broken."""
        self.look(is_over=True)
        # CPython 3.11 raises AttributeError where a transport has closed itself with its last byte.
        if not self._connection.transport.is_closing():
            self._connection.transport.abort()

    async def close(self, reason: str = "") -> None:
        """Close the connection and say why."""
        self.look(is_over=True)
        await self._connection.close(1000, reason[:_LONGEST_REASON])


@asynccontextmanager
async def listen(hub: PushHub, host: str, port: int) -> AsyncIterator[Server]:
    """Serve the push hub on ``ws://host:port/gtfs-rt/stream`` while the context is open; port 0 takes a free one."""

    async def accept(connection: ServerConnection) -> None:
        assert isinstance(connection, PushConnection)  # noqa: S101 - as ordered below; tells the type checker
        await hub.serve(WebSocketStream(connection))

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
