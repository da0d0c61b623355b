"""The whole server answers: pages, open data, operation, and a clear word where it does not."""

from pathlib import Path

import httpx
import pytest

from mobility.app.wiring import Server
from tests.app.server import in_ilmenau

PAGES = ("/", "/board", "/board/busbahnhof", "/book", "/drive", "/console", "/research", "/sources")
BROWSER = {"accept": "text/html"}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_answers_in_both_languages_and_says_it_is_a_demo(tmp_path: Path, path: str, language: str) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> httpx.Response:
        return await http.get(path, params={"lang": language}, headers=BROWSER)

    page = in_ilmenau(tmp_path, visit)
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text
    assert "DEMO" in page.text
    assert ("Dienstag, 14. Oktober 2025" if language == "de" else "Tuesday 14 October 2025") in page.text


def test_the_static_feed_is_sent_once_and_then_known_by_its_tag(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        first = await http.get("/gtfs/schedule.zip")
        return first, await http.get("/gtfs/schedule.zip", headers={"if-none-match": first.headers["etag"]})

    first, again = in_ilmenau(tmp_path, visit)
    assert first.content.startswith(b"PK")
    assert (again.status_code, again.content) == (304, b"")


def test_an_unknown_path_is_a_problem_to_a_program_and_a_page_to_a_person(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        return await http.get("/api/v1/nothing"), await http.get("/nothing", headers=BROWSER)

    problem, page = in_ilmenau(tmp_path, visit)
    assert (problem.status_code, problem.headers["content-type"]) == (404, "application/problem+json")
    assert problem.json()["status"] == 404
    assert page.status_code == 404
    assert "<h1>" in page.text


def test_a_date_that_is_none_is_named_as_the_fault(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> httpx.Response:
        return await http.get("/api/v1/reports/tomorrow")

    problem = in_ilmenau(tmp_path, visit)
    assert (problem.status_code, problem.json()["code"]) == (422, "invalid_input")
    assert "day" in problem.json()["detail"]


def test_operation_says_ready_and_counts(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> tuple[httpx.Response, ...]:
        return await http.get("/healthz"), await http.get("/readyz"), await http.get("/metrics")

    health, ready, metrics = in_ilmenau(tmp_path, visit)
    assert health.json() == {"status": "ok"}
    assert ready.json() == {"status": "ready", "faults": []}
    assert "mobility_gateway_samples_total 0.0" in metrics.text


def test_the_map_is_drawn_from_the_bundle_alone(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> httpx.Response:
        return await http.get("/api/v1/console/map")

    drawn = in_ilmenau(tmp_path, visit).json()
    west, south, east, north = drawn["bounds"]
    assert 10.7 < west < east < 11.1
    assert 50.5 < south < north < 50.8
    for layer in ("roads", "lines", "stops", "names", "research"):
        assert drawn[layer]["features"], layer
    assert "http" not in str(drawn)


def test_what_is_assumed_is_shown_as_assumed(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> httpx.Response:
        return await http.get("/sources", headers=BROWSER)

    page = in_ilmenau(tmp_path, visit).text
    assert 'href="/sources"' in page
    assert page.count(">angenommen<") > 100
    assert page.count(">belegt<") > 20


def test_the_interface_describes_itself(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> httpx.Response:
        return await http.get("/api/openapi.json")

    paths = in_ilmenau(tmp_path, visit).json()["paths"]
    assert {"/api/v1/quotes", "/api/v1/bookings", "/api/v1/vehicles", "/gtfs/schedule.zip"} <= set(paths)


def test_a_server_without_a_single_fact_reports_an_empty_day(tmp_path: Path) -> None:
    async def visit(_: Server, http: httpx.AsyncClient) -> httpx.Response:
        return await http.get("/api/v1/reports/2025-10-14")

    report = in_ilmenau(tmp_path, visit).json()
    assert report["trips"]["scheduled"] > 50
    assert report["trips"]["operated"] == 0
    assert report["rides"]["requested"] == 0
