"""Occasions over HTTP: the list with its filters, the record as it was frozen, an archive that verifies."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from mobility.core.errors import RefusedError
from mobility.core.supervision import OccasionKind
from tests.v2x.recorder.van import VAN, House, drive, record, usual
from v2x.edge.occasion_routes import router
from v2x.extension import Incident
from v2x.recorder.archive import fingerprint, verify_archive

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
Story = Callable[[House, httpx.AsyncClient], Awaitable[Any]]


async def refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return JSONResponse({"code": error.refusal.code.value}, error.status)


def told(story: Story, *, seconds: int = 250) -> Any:
    """A van with an accident after 100 s and hard braking after 200 s, heard for ``seconds``."""

    async def main() -> Any:
        house = House()
        trip = drive(1, seconds)
        trip[99] = record(100, replace(usual(100), incidents=(Incident(kind=OccasionKind.CONFLICT, is_accident=True),)))
        if seconds > 200:
            trip[199] = record(200, replace(usual(200), acceleration_long_mps2=-5.0))
        await house.hear(trip)
        app = FastAPI()
        app.include_router(router(recorder=house.recorder, ledger=house.ledger, key=KEY))
        app.add_exception_handler(RefusedError, refused)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://server.invalid") as http:
            return await story(house, http)

    return asyncio.run(main())


def get(path: str, **query: str) -> Any:
    async def story(_: House, http: httpx.AsyncClient) -> Any:
        return await http.get(f"/api/v1/occasions{path}", params=query)

    return told(story)


def test_occasions_are_listed_newest_first() -> None:
    body = get("").json()
    assert body["total"] == 2
    assert [row["source"] for row in body["occasions"]] == ["hard_braking", "vehicle"]
    assert body["occasions"][1]["at"] == "2025-11-18T11:01:40.000Z"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"vehicle_id": VAN}, 2),
        ({"vehicle_id": "shuttle-1"}, 0),
        ({"kind": "conflict"}, 2),
        ({"kind": "evasion"}, 0),
        ({"since": "2025-11-18T12:02:00+01:00"}, 1),
        ({"until": "2025-11-18T11:02:00Z"}, 1),
        ({"limit": "1"}, 1),
    ],
)
def test_the_list_is_narrowed_by_its_filters(query: dict[str, str], count: int) -> None:
    assert len(get("", **query).json()["occasions"]) == count


@pytest.mark.parametrize(
    "query", [{"kind": "party"}, {"since": "2025-11-18T12:00:00"}, {"limit": "0"}, {"since": "yesterday"}]
)
def test_a_filter_that_says_nothing_is_refused(query: dict[str, str]) -> None:
    assert get("", **query).status_code == 422


def test_one_occasion_names_its_newest_revision_and_the_signing_key() -> None:
    name = get("").json()["occasions"][1]["occasion_id"]
    body = get(f"/{name}").json()
    assert body["is_accident"] is True
    assert body["frozen"]["revision"] == 1
    assert body["signing_key_sha256"] == fingerprint(KEY.public_key())
    kept = get(f"/{name}/record")
    assert kept.headers["etag"] == f'"{body["frozen"]["sha256"]}"'
    assert len(kept.json()["items"]) == 13


def test_the_archive_verifies_with_the_named_key() -> None:
    name = get("").json()["occasions"][0]["occasion_id"]
    answer = get(f"/{name}/archive")
    assert answer.headers["content-type"] == "application/zip"
    found = verify_archive(answer.content, expected_fingerprint=fingerprint(KEY.public_key()))
    assert found.occasion_id == name


@pytest.mark.parametrize("path", ["/nothing", "/nothing/record", "/nothing/archive", "/..%2Ftables/record"])
def test_an_unknown_occasion_is_404(path: str) -> None:
    assert get(path).status_code == 404


def test_an_open_window_has_no_record_yet() -> None:
    async def story(house: House, http: httpx.AsyncClient) -> Any:
        name = next(iter(house.ledger.state.supervised.occasions))
        return (await http.get(f"/api/v1/occasions/{name}")).json(), await http.get(f"/api/v1/occasions/{name}/record")

    body, kept = told(story, seconds=106)
    assert body["frozen"] is None
    assert (kept.status_code, kept.json()) == (404, {"code": "unknown_occasion"})


def test_completeness_lists_the_thirteen_items_of_each_vehicle() -> None:
    body = get("/completeness", day="2025-11-18").json()
    assert [row["vehicle_id"] for row in body["vehicles"]] == [VAN]
    assert [row["number"] for row in body["vehicles"][0]["items"]] == list(range(1, 14))
    assert get("/completeness", day="2025-11-19").json()["vehicles"] == []
    assert get("/completeness", day="someday").status_code == 422
