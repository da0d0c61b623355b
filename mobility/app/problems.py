"""Errors as people and programs can read them: a page for a browser, problem+json (RFC 9457) for everybody else."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.templating import Jinja2Templates

from mobility.app.web.errors import error_page, wants_page
from mobility.app.web.language import plain_language
from mobility.app.wording import sentence
from mobility.core.errors import RefusedError, StorageError
from mobility.core.refusal import Refusal, RefusalCode


def install_problem_handlers(app: FastAPI, templates: Jinja2Templates) -> None:
    """Answer every refusal, fault of input and unknown path in one shape."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, RefusedError)  # noqa: S101 - registered for this class alone
        return _answer(request, templates, error.refusal, error.status)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
        first = error.errors()[0] if error.errors() else {"loc": (), "msg": ""}
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        detail = f"{where}: {first['msg']}" if where else str(first["msg"])
        return _answer(request, templates, Refusal(RefusalCode.INVALID_INPUT, {"detail": detail}), 422)

    async def not_kept(request: Request, error: Exception) -> Response:
        del error
        return _answer(request, templates, Refusal(RefusalCode.READ_ONLY), 503)

    async def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
        text = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
        return _page_or_problem(request, templates, error.status_code, text)

    async def fault(request: Request, error: Exception) -> Response:
        del error  # the server logs it; what is inside is nobody's business
        return _page_or_problem(request, templates, 500, "")

    app.add_exception_handler(RefusedError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(StorageError, not_kept)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, fault)


def _answer(request: Request, templates: Jinja2Templates, refusal: Refusal, status: int) -> Response:
    text = sentence(refusal, plain_language(request.state.language))
    return _page_or_problem(request, templates, status, text, refusal)


def _page_or_problem(
    request: Request, templates: Jinja2Templates, status: int, text: str, refusal: Refusal | None = None
) -> Response:
    title = HTTPStatus(status).phrase
    if wants_page(request):
        return error_page(request, templates, status, text)
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": text or title}
    if refusal is not None:
        body |= {"code": refusal.code.value, "parameters": dict(refusal.parameters)}
    return JSONResponse(body, status, media_type="application/problem+json")
