"""Who may open what: one table of path prefixes and roles, checked before any handler runs.

Until accounts exist, a role is a token from the settings, sent as ``Authorization: Bearer`` or kept in a cookie by the
sign-in page. Without any token in the settings staff pages answer to loopback only; the demo is open on loopback.
"""

import hmac
from collections.abc import Callable, Mapping
from hashlib import blake2b

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mobility.app.settings import Role
from mobility.app.wording import sentence
from mobility.core.refusal import Refusal, RefusalCode

_FINGERPRINT_BYTES = 4
STAFF: tuple[tuple[str, frozenset[Role]], ...] = (
    ("/drive", frozenset({"driver", "dispatcher"})),
    ("/api/v1/manifests", frozenset({"driver", "dispatcher"})),
    ("/api/v1/supervision/approvals", frozenset({"approver"})),
    ("/api/v1/supervision", frozenset({"dispatcher", "supervisor", "approver"})),
    ("/api/v1/occasions", frozenset({"supervisor", "researcher"})),
    ("/api/v1/links", frozenset({"dispatcher", "supervisor", "approver", "researcher"})),
    ("/api/v1/road", frozenset({"dispatcher", "supervisor", "approver", "researcher"})),
    ("/console/disposition", frozenset({"dispatcher"})),
    ("/console/line", frozenset({"dispatcher"})),
    ("/console/alerts", frozenset({"dispatcher"})),
    ("/console", frozenset({"dispatcher", "supervisor", "approver"})),
    ("/api/v1/console", frozenset({"dispatcher", "supervisor", "approver"})),
    ("/api/v1/vehicles", frozenset({"dispatcher", "supervisor", "approver"})),
    ("/api/v1/connections", frozenset({"dispatcher", "driver"})),
    ("/api/v1/tellings", frozenset({"dispatcher"})),
    ("/api/v1/repairs", frozenset({"dispatcher"})),
    ("/api/v1/promises", frozenset({"dispatcher"})),
    ("/api/v1/line", frozenset({"dispatcher"})),
    ("/api/v1/rosters", frozenset({"dispatcher"})),
    ("/api/v1/service-levels", frozenset({"dispatcher", "researcher"})),
    ("/api/v1/reports", frozenset({"dispatcher", "researcher"})),
    ("/research", frozenset({"researcher", "dispatcher"})),
    ("/metrics", frozenset({"dispatcher", "supervisor"})),
)
"""Path prefix and the roles that may open it; everything else is public."""

COOKIE = "mobility_role"
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_NEEDED = {
    "de": "Dafür braucht es ein Dienst-Kennwort.",
    "en": "This needs a duty password.",
}


class StaffOnly:
    """ASGI middleware that asks for a role where the table says so."""

    def __init__(self, app: ASGIApp, *, tokens: Mapping[str, Role], is_open: bool) -> None:
        """``is_open`` lets everybody in: in-process use and the demo on loopback."""
        self._app = app
        self._tokens = tokens
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 401 to one without a role and 403 to one whose role is another."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        given = _given(request)
        role = role_of(given, self._tokens)
        request.state.role, request.state.actor = role, actor_of(given, role)
        if self._is_open or self._is_allowed(request, role):
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path.startswith("/api/") or path == "/metrics":
            await _refusal(role, scope.get("state", {}).get("language", "de"))(scope, receive, send)
            return
        await RedirectResponse(f"/sign-in?next={path}", 303)(scope, receive, send)

    def _is_allowed(self, request: HTTPConnection, role: Role | None) -> bool:
        path = request.url.path
        roles = next((roles for prefix, roles in STAFF if path == prefix or path.startswith(prefix + "/")), None)
        if roles is None:
            return True
        return role in roles if self._tokens else _is_local(request)


def is_dispatcher(tokens: Mapping[str, Role], *, is_open: bool) -> Callable[[HTTPConnection], bool]:
    """Return who may do a dispatcher's work on an address that others may read."""

    def ask(request: HTTPConnection) -> bool:
        if is_open:
            return True
        return request.state.role == "dispatcher" if tokens else _is_local(request)

    return ask


def _refusal(role: Role | None, language: str) -> JSONResponse:
    body: dict[str, object] = {"type": "about:blank", "parameters": {}}
    if role is None:
        body |= {"title": "Unauthorized", "status": 401, "code": "role_needed", "detail": _NEEDED[language]}
        return JSONResponse(body, 401, {"WWW-Authenticate": "Bearer"}, "application/problem+json")
    detail = sentence(Refusal(RefusalCode.NOT_YOUR_ROLE), language)
    body |= {"title": "Forbidden", "status": 403, "code": RefusalCode.NOT_YOUR_ROLE.value, "detail": detail}
    return JSONResponse(body, 403, media_type="application/problem+json")


def _given(request: HTTPConnection) -> str:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer if scheme.lower() == "bearer" else request.cookies.get(COOKIE, "")


def _is_local(request: HTTPConnection) -> bool:
    # A reverse proxy on this machine comes from loopback too, but asks by the name that the world knows.
    is_near = request.client is not None and request.client.host in _LOOPBACK
    return is_near and (request.url.hostname or "") in _LOCAL_NAMES


def role_of(given: str, tokens: Mapping[str, Role]) -> Role | None:
    """Return the role of a token, compared in constant time, or ``None``."""
    found: Role | None = None
    for token, role in tokens.items():
        if hmac.compare_digest(token.encode(), given.encode()):
            found = role
    return found


def actor_of(given: str, role: Role | None) -> str:
    """Return who acts, for the ledger: the role with a fingerprint of the token, so that two people are told apart.

    Without tokens in the settings (loopback, demo) whoever names itself with some token is a supervisor of that name.
    """
    if not given:
        return f"{role or 'supervisor'}:loopback"
    fingerprint = blake2b(given.encode(), digest_size=_FINGERPRINT_BYTES).hexdigest()
    return f"{role or 'supervisor'}:{fingerprint}"
