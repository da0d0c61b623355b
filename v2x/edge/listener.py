"""The listener for vehicles: a WebSocket server of its own, apart from HTTP, so that it can ask for certificates."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from weakref import WeakKeyDictionary

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from mobility.core.ids import VehicleId
from v2x.edge.admission import Admission, IsRevoked, Peer
from v2x.edge.gateway import Gateway
from v2x.edge.websocket import WebSocketStream
from v2x.goodbye import GoodbyeReason
from v2x.identity import CertificateFault
from v2x.session import MAX_FRAME_BYTES, Identify

PATH = "/vehicle"
"""The only path that is served."""
KEEPALIVE_S = 20.0
"""A silent connection is asked so often, and given so long to answer, before it counts as lost."""
HANDSHAKE_S = 10.0
"""Longest wait for a TLS handshake, and again for the WebSocket's opening."""
PARTING_S = 5.0
"""Longest wait for goodbyes when the listener ends; who reads nothing by then is cut off."""
RECHECK_S = 10.0
"""How often open connections are held against the newest revocation lists; a minute is what was promised."""
MOST_CONNECTIONS = 2048
"""Connections at once, named or not; more are answered 503, so that sockets never use up the files of the process."""
FRAMES_WAITING = 2
"""Frames that may wait in a connection's queue before its socket is read no further."""
_LONGEST_FRAME_BYTES = 4 * MAX_FRAME_BYTES
# The session counts and keeps frames that are too long; only beyond this the connection is ended, to bound memory.


@asynccontextmanager
async def listen(
    gateway: Gateway,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    is_revoked: IsRevoked | None = None,
    admission: Admission | None = None,
) -> AsyncIterator[Server]:
    """Listen on ``host``:``port`` (0: any free one) while the context lasts; yields the `websockets` server.

    With ``tls`` (see ``v2x.edge.tls.gateway_context``) a vehicle is who its certificate names, and its token means
    nothing; ``admission`` judges certificates, without one an admission that only asks ``is_revoked``. Without
    ``tls`` only for loopback. Leaving says goodbye and waits until what was received is durable. Raises ``OSError``
    when the port is taken.
    """
    door = _Door(gateway, (admission or Admission(is_revoked=is_revoked)) if tls is not None else None)
    if tls is not None:
        door.open(tls)
    try:
        async with serve(
            door.let_through,
            host,
            port,
            ssl=tls,
            compression=None,  # samples are dense already, and a compressor costs memory and time for each vehicle
            max_size=_LONGEST_FRAME_BYTES,
            max_queue=FRAMES_WAITING,
            open_timeout=HANDSHAKE_S,
            ping_interval=KEEPALIVE_S,
            ping_timeout=KEEPALIVE_S,
            process_request=door.ask,
            server_header=None,
            ssl_handshake_timeout=None if tls is None else HANDSHAKE_S,
        ) as server:
            try:
                yield server
            finally:
                with suppress(TimeoutError):
                    async with asyncio.timeout(PARTING_S):
                        await gateway.part(GoodbyeReason.SHUTTING_DOWN)
    finally:
        door.close()


class _Door:
    """Lets vehicles through to the gateway, and shows out whose certificate is worth nothing any more."""

    def __init__(self, gateway: Gateway, admission: Admission | None) -> None:
        self._gateway = gateway
        self._admission = admission
        self._peers: WeakKeyDictionary[ServerConnection, Peer] = WeakKeyDictionary()
        self._inside: dict[ServerConnection, Peer] = {}
        self._next_check: asyncio.TimerHandle | None = None

    def open(self, tls: ssl.SSLContext) -> None:
        """Begin to watch."""
        if self._admission is not None:
            self._admission.prepare(tls)
            self._check_later()

    def close(self) -> None:
        """Watch no more."""
        if self._next_check is not None:
            self._next_check.cancel()

    def ask(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer the opening request of a connection: ``None`` lets it through."""
        if self._gateway.counters.connections >= MOST_CONNECTIONS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many vehicles; try again later.\n")
        if request.path.partition("?")[0] != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, "Vehicles connect to /vehicle.\n")
        if self._admission is None:
            return None
        peer = self._admission.admit(connection.transport.get_extra_info("ssl_object"), _remote(connection))
        if isinstance(peer, CertificateFault):
            return connection.respond(HTTPStatus.FORBIDDEN, f"Your certificate is refused: {peer.value}.\n")
        self._peers[connection] = peer
        return None

    async def let_through(self, connection: ServerConnection) -> None:
        """Serve a connection that was let in."""
        peer = self._peers.get(connection)
        stream = WebSocketStream(connection)
        if peer is None:
            await self._gateway.serve(stream)
            return
        self._inside[connection] = peer
        try:
            await self._gateway.serve(stream, identify=_always(peer.vehicle_id))
        finally:
            del self._inside[connection]

    def _check(self) -> None:
        admission = self._admission
        assert admission is not None  # noqa: S101 - only called with one
        self._check_later()
        admission.refresh()
        for connection, peer in list(self._inside.items()):
            fault = admission.fault(peer)
            if fault is not None:
                admission.end(peer, fault, _remote(connection))
                # At once and without a closing handshake: nothing more is taken from it. It is told why when it
                # comes again. What closes already takes nothing more, and CPython 3.11 may fail to abort it.
                if not connection.transport.is_closing():
                    connection.transport.abort()

    def _check_later(self) -> None:
        self._next_check = asyncio.get_running_loop().call_later(RECHECK_S, self._check)


def _always(vehicle_id: VehicleId) -> Identify:
    def identify(_token: str) -> VehicleId:
        return vehicle_id

    return identify


def _remote(connection: ServerConnection) -> str:
    address = connection.remote_address
    return f"{address[0]}:{address[1]}" if address else "unknown"
