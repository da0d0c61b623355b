"""Opening a vehicle's WebSocket to the gateway."""

import ssl

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from mobility.core.errors import StreamClosedError
from mobility.core.ports import FrameStream
from v2x.edge.websocket import WebSocketStream

KEEPALIVE_S = 20.0
"""A silent gateway is asked so often, and given so long to answer, before the link counts as lost."""
OPEN_TIMEOUT_S = 10.0


async def connect_websocket(url: str, *, tls: ssl.SSLContext | None = None) -> FrameStream:
    """Connect to ``ws://host:port/vehicle`` (``wss://`` with ``tls``).

    ``tls`` holds the vehicle's certificate (see ``v2x.edge.tls.vehicle_context``). Raises ``OSError`` when nobody
    answers in time or one side does not accept the other's certificate in the TLS handshake, ``StreamClosedError``
    with the gateway's words when it does not let the vehicle in, or when it is no gateway.
    """
    try:
        connection = await connect(
            url,
            ssl=tls,
            compression=None,
            proxy=None,
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=KEEPALIVE_S,
            ping_timeout=KEEPALIVE_S,
        )
    except InvalidStatus as error:
        told = (error.response.body or b"").decode(errors="replace").strip()
        raise StreamClosedError(f"{url} answers {error.response.status_code}: {told}") from error
    except (InvalidHandshake, InvalidURI) as error:
        raise StreamClosedError(f"{url} is no vehicle gateway or refuses the certificate: {error}") from error
    return WebSocketStream(connection)
