"""The listener for vehicles: a WebSocket server of its own, apart from HTTP, so that it can ask for certificates."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from v2x.edge.gateway import Gateway
from v2x.edge.websocket import WebSocketStream
from v2x.goodbye import GoodbyeReason
from v2x.session import MAX_FRAME_BYTES

PATH = "/vehicle"
"""The only path that is served."""
KEEPALIVE_S = 20.0
"""A silent connection is asked so often, and given so long to answer, before it counts as lost."""
PARTING_S = 5.0
"""Longest wait for goodbyes when the listener ends; who reads nothing by then is cut off."""
MOST_CONNECTIONS = 2048
"""Connections at once, named or not; more are answered 503, so that sockets never use up the files of the process."""
_LONGEST_FRAME_BYTES = 4 * MAX_FRAME_BYTES
# The session counts and keeps frames that are too long; only beyond this the connection is ended, to bound memory.


@asynccontextmanager
async def listen(gateway: Gateway, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Listen on ``host``:``port`` (0: any free one) while the context lasts; yields the `websockets` server.

    Without ``tls`` only for loopback. Leaving says goodbye and waits until what was received is durable. Raises
    ``OSError`` when the port is taken.
    """

    async def handle(connection: ServerConnection) -> None:
        await gateway.serve(WebSocketStream(connection))

    def check(connection: ServerConnection, request: Request) -> Response | None:
        if gateway.counters.connections >= MOST_CONNECTIONS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many vehicles; try again later.\n")
        return _check_path(connection, request)

    async with serve(
        handle,
        host,
        port,
        ssl=tls,
        compression=None,  # samples are dense already, and a compressor costs memory and time for each vehicle
        max_size=_LONGEST_FRAME_BYTES,
        ping_interval=KEEPALIVE_S,
        ping_timeout=KEEPALIVE_S,
        process_request=check,
        server_header=None,
    ) as server:
        try:
            yield server
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(PARTING_S):
                    await gateway.part(GoodbyeReason.SHUTTING_DOWN)


def _check_path(connection: ServerConnection, request: Request) -> Response | None:
    if request.path.partition("?")[0] == PATH:
        return None
    return connection.respond(HTTPStatus.NOT_FOUND, "Vehicles connect to /vehicle.\n")
