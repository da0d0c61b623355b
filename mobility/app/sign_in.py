"""Signing in with a role's token, kept in a cookie that no script can read."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from mobility.app.access import COOKIE, role_of
from mobility.app.settings import Role
from mobility.app.web.templating import language_of

_SHIFT_S = 12 * 3600

_TEXTS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "title": "Anmelden",
        "lead": "Diese Seite ist für Menschen im Dienst. Ihr Kennwort bekommen Sie von der Leitstelle.",
        "token": "Dienst-Kennwort",
        "submit": "Anmelden",
        "failed_heading": "Das hat nicht geklappt",
        "failed": "Dieses Kennwort kennen wir nicht. Bitte prüfen Sie es und versuchen Sie es noch einmal.",
    },
    "en": {
        "title": "Sign in",
        "lead": "This page is for people on duty. The control room gives you your password.",
        "token": "Duty password",
        "submit": "Sign in",
        "failed_heading": "That did not work",
        "failed": "We do not know this password. Please check it and try again.",
    },
}


def router(templates: Jinja2Templates, tokens: Mapping[str, Role]) -> APIRouter:
    """Return ``/sign-in``; after it the reader goes on to ``next``, which must be a path of this server."""
    routes = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    def page(request: Request, target: str, status: int) -> Response:
        context = {"t": _TEXTS[language_of(request)], "target": target, "failed": status != 200}  # noqa: PLR2004 - HTTP
        return templates.TemplateResponse(request, "app/sign_in.html", context, status_code=status)

    @routes.get("/sign-in")
    async def ask(request: Request, next: str = "/") -> Response:  # noqa: A002 - the parameter readers know
        return page(request, _own_path(next), 200)

    @routes.post("/sign-in")
    async def sign_in(
        request: Request, token: Annotated[str, Form()] = "", target: Annotated[str, Form()] = "/"
    ) -> Response:
        if role_of(token, tokens) is None:
            return page(request, _own_path(target), 403)
        response = RedirectResponse(_own_path(target), 303)
        is_secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, max_age=_SHIFT_S, httponly=True, samesite="strict", secure=is_secure)
        return response

    return routes


def _own_path(target: str) -> str:
    # "//host" and "/\host" are addresses of others to a browser.
    is_own = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_own else "/"
