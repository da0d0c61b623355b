"""What no honest request exceeds: a body of a megabyte, and a Host that is the name of one."""

import re
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1 << 20
_HOST = re.compile(r"[A-Za-z0-9._\-]{0,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")


class Limits:
    """ASGI middleware: 413 as soon as a body grows too long, 400 for a Host header that can be no host.

    Pages print their own address; a Host that is none must never get that far.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _HOST.fullmatch(Headers(scope=scope).get("host", "")) is None:
            status = HTTPStatus.BAD_REQUEST
            body = {"type": "about:blank", "title": status.phrase, "status": status.value, "code": "invalid_input"}
            body["detail"] = "Host"
            await JSONResponse(body, status, media_type="application/problem+json")(scope, receive, send)
            return
        await self._app(scope, _limited(receive), send)


def _limited(receive: Receive) -> Receive:
    taken = 0

    async def receive_some() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY_BYTES:
            # Raised where the body is read, so that it is answered like every other fault of input.
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return receive_some
