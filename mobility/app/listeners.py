"""The three listeners of a server on real sockets: HTTP on P, push on P + 1, vehicles on P + 2."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import uvicorn

from mobility.app.vehicle_door import VehicleDoor
from mobility.app.wiring import Server
from mobility.core.errors import BadInputError
from passenger_info.edge import push_listener
from passenger_info.edge.push import PushHub
from v2x.edge import listener as vehicle_listener


def require_free_ports(host: str, port: int) -> None:
    """Raise ``BadInputError`` naming the first of the three ports that is taken."""
    for number in (port, port + 1, port + 2):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, number))
            except OSError as error:
                raise BadInputError(f"port {number} on {host} is taken; choose another --port") from error


class HttpListener(uvicorn.Server):
    """The HTTP server, which also tells when it answers."""

    def __init__(self, config: uvicorn.Config, hub: PushHub) -> None:
        """Run it with ``await serve()``; ``hub`` has readers whose answers never end by themselves."""
        super().__init__(config)
        self._hub = hub
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind, then tell."""
        await super().startup(sockets)
        self.answers.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams of events first: the server waits for every answer under way."""
        await self._hub.end()
        await super().shutdown(sockets)


_MOST_HTTP_CONNECTIONS = 2000
"""Connections and requests at once; more are answered 503."""


def allow_many_sockets() -> None:
    """Raise the limit of open files to what the system allows: a socket is one, and a failed open stops storage."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # some systems name a limit that they do not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@asynccontextmanager
async def open_listeners(server: Server, host: str, port: int, door: VehicleDoor) -> AsyncIterator[HttpListener]:
    """Listen for vehicles and subscribers; yield the HTTP server, to be run with ``await http.serve()``."""
    allow_many_sockets()
    config = uvicorn.Config(
        server.http,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        ws="none",
        limit_concurrency=_MOST_HTTP_CONNECTIONS,
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            vehicle_listener.listen(server.gateway, host, port + 2, tls=door.tls, admission=door.admission)
        )
        await stack.enter_async_context(push_listener.listen(server.hub, host, port + 1))
        yield HttpListener(config, server.hub)
