"""A WebSocket connection as a frame stream, for either end."""

from collections.abc import Iterable

from websockets.asyncio.connection import Connection as WebSocketConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import OPEN

from mobility.core.errors import StreamClosedError

_REASON_LIMIT_BYTES = 123
"""Longest reason of a close frame (RFC 6455 §5.5: a control frame has 125 bytes, two are the code)."""


class WebSocketStream:
    """Passes the contract of ``mobility.core.ports.FrameStream``."""

    def __init__(self, connection: WebSocketConnection) -> None:
        """Take over an open connection."""
        self._connection = connection

    async def receive(self) -> bytes | str:
        """Return the next frame; raises ``StreamClosedError`` at the end."""
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise StreamClosedError(str(error)) from error

    async def send(self, frame: bytes | str) -> None:
        """Send a frame; raises ``StreamClosedError`` when the connection is closed."""
        try:
            await self._connection.send(frame)
        except ConnectionClosed as error:
            raise StreamClosedError(str(error)) from error

    def send_now(self, frames: Iterable[bytes]) -> bool:
        """Send frames in one write unless something waits to be sent or the connection is closing; return whether."""
        protocol, transport = self._connection.protocol, self._connection.transport
        if protocol.state is not OPEN or transport.is_closing() or transport.get_write_buffer_size():
            return False
        for frame in frames:
            protocol.send_binary(frame)
        transport.write(b"".join(protocol.data_to_send()))
        return True

    async def close(self, reason: str = "") -> None:
        """Close with a normal close frame; idempotent."""
        await self._connection.close(reason=reason.encode()[:_REASON_LIMIT_BYTES].decode(errors="ignore"))
