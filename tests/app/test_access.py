"""Staff pages open to those with the right role, riders' pages to everybody."""

from pathlib import Path

import httpx
import pytest

from mobility.app.access import STAFF, role_of
from mobility.app.wiring import Server
from tests.app.server import in_ilmenau

TOKENS = {"d-secret": "driver", "c-secret": "dispatcher", "r-secret": "researcher"}


def get(folder: Path, path: str, *, token: str = "", tokens: dict[str, str] | None = None) -> httpx.Response:
    async def visit(_: Server, http: httpx.AsyncClient) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return await http.get(path, headers=headers)

    return in_ilmenau(folder, visit, tokens=TOKENS if tokens is None else tokens, is_open=False)


@pytest.mark.parametrize("path", ["/", "/board/busbahnhof", "/book", "/gtfs/schedule.zip", "/healthz", "/sign-in"])
def test_what_riders_need_is_open_to_all(tmp_path: Path, path: str) -> None:
    assert get(tmp_path, path).status_code == 200


@pytest.mark.parametrize("path", [prefix for prefix, _ in STAFF if prefix.startswith("/api/") or prefix == "/metrics"])
def test_a_program_without_a_role_is_told_that_it_needs_one(tmp_path: Path, path: str) -> None:
    answer = get(tmp_path, path)
    assert (answer.status_code, answer.json()["code"]) == (401, "role_needed")


def test_a_person_without_a_role_is_asked_to_sign_in(tmp_path: Path) -> None:
    answer = get(tmp_path, "/console")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/console")


def test_the_right_role_comes_in_and_another_one_does_not(tmp_path: Path) -> None:
    assert get(tmp_path / "a", "/api/v1/vehicles", token="c-secret").status_code == 200
    answer = get(tmp_path / "b", "/api/v1/vehicles", token="d-secret")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_role")
    assert "www-authenticate" not in answer.headers


def test_a_path_that_only_begins_like_a_staff_path_is_not_one(tmp_path: Path) -> None:
    assert get(tmp_path, "/driver-of-the-year").status_code == 404


def test_without_any_token_in_the_settings_only_loopback_comes_in(tmp_path: Path) -> None:
    """The test's client has an address outside."""
    assert get(tmp_path, "/console", tokens={}).status_code == 303


@pytest.mark.parametrize(
    ("host", "base", "status"),
    [
        ("127.0.0.1", "http://localhost:8000", 200),
        ("127.0.0.1", "http://mobil.example", 303),
        ("192.0.2.7", "http://localhost:8000", 303),
    ],
)
def test_a_proxy_on_this_machine_does_not_make_the_world_local(
    tmp_path: Path, host: str, base: str, status: int
) -> None:
    async def visit(server: Server, _: httpx.AsyncClient) -> httpx.Response:
        transport = httpx.ASGITransport(app=server.http, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url=base) as http:
            return await http.get("/console")

    assert in_ilmenau(tmp_path, visit, tokens={}, is_open=False).status_code == status


def test_the_refusal_speaks_the_readers_language(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> httpx.Response:
        return await http.get("/api/v1/vehicles?lang=en")

    assert in_ilmenau(tmp_path, visit, tokens=TOKENS, is_open=False).json()["detail"] == "This needs a duty password."


def test_signing_in_keeps_the_role_in_a_cookie_no_script_can_read(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        signed = await http.post("/sign-in", data={"token": "d-secret", "target": "/drive"})
        return signed, await http.get("/drive")

    signed, page = in_ilmenau(tmp_path, visit, tokens=TOKENS, is_open=False)
    assert (signed.status_code, signed.headers["location"]) == (303, "/drive")
    assert "HttpOnly" in signed.headers["set-cookie"]
    assert "SameSite=strict" in signed.headers["set-cookie"]
    assert page.status_code == 200


def test_a_wrong_password_is_said_at_the_field(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> httpx.Response:
        return await http.post("/sign-in", data={"token": "guess", "target": "/drive"})

    answer = in_ilmenau(tmp_path, visit, tokens=TOKENS, is_open=False)
    assert answer.status_code == 403
    assert 'aria-describedby="token-error"' in answer.text


@pytest.mark.parametrize("target", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"])
def test_signing_in_never_leads_to_another_host(tmp_path: Path, target: str) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> httpx.Response:
        return await http.post("/sign-in", data={"token": "d-secret", "target": target})

    assert in_ilmenau(tmp_path, visit, tokens=TOKENS, is_open=False).headers["location"] == "/"


def test_a_token_is_compared_whole() -> None:
    assert role_of("d-secret", {"d-secret": "driver"}) == "driver"
    assert role_of("d-secre", {"d-secret": "driver"}) is None
    assert role_of("", {"d-secret": "driver"}) is None
