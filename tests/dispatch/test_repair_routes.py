"""Repairs over HTTP: shapes, sentences in the reader's language, idempotence, and clear answers to bad input."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from dispatch.edge.repair_routes import repair_router
from dispatch.edge.repairs import Repairs
from dispatch.proposal import Answer, ReasonCode
from dispatch.repair_texts import REASONS, TITLES
from mobility.app.problems import install_problem_handlers
from mobility.app.web.language import LanguageMiddleware
from tests.dispatch.room import Room, room, web
from tests.dispatch.small_region import at, bus, region, wish

BROKEN: dict[str, Any] = {"kind": "breakdown", "vehicle_id": "bus-1"}
Story = Callable[[Room, httpx.AsyncClient], Awaitable[Any]]
API = "/api/v1/repairs"


def served(here: Room) -> FastAPI:
    app = web(here)
    app.include_router(repair_router(here.dispatch, Repairs(dispatch=here.dispatch, ledger=here.ledger)))
    return app


def told(story: Story, *, clock: str = "08:00", buses: int = 2) -> Any:
    async def run() -> Any:
        here = room(region([bus(f"bus-{k + 1}") for k in range(buses)]))
        await here.book(wish("B", "E", "09:00"), key="k")
        here.clock.moment = at(clock)
        transport = httpx.ASGITransport(app=served(here))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            return await story(here, http)

    return asyncio.run(run())


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


def test_a_question_is_answered_with_proposals_side_by_side_in_the_language_of_the_request() -> None:
    async def story(_here: Room, http: httpx.AsyncClient) -> Any:
        german = await http.post(f"{API}/what-if", json=BROKEN)
        english = await http.post(f"{API}/what-if", json=BROKEN, headers={"accept-language": "en"})
        return german.json(), english.json()

    german, english = told(story)
    assert german["is_reported"] is False
    first = german["proposals"][0]
    assert first["choice"] == "least_harm"
    assert first["title"] == "Am schonendsten für die Fahrgäste"
    assert first["harm"] == {"stranded": 0, "withdrawn": 0, "broken": 0, "calls": 1, "beyond_s": 0.0}
    assert first["to_tell"][0]["reference"] == "R-001"
    assert first["to_tell"][0]["tell_by"] == "2025-10-07T08:45:00+02:00"
    assert first["affected"][0]["to_vehicle"] == "bus-2"
    sentences = [reason["sentence"] for reason in english["proposals"][0]["reasons"]]
    assert "One ride changes vehicle." in sentences
    assert "All promised times are kept." in sentences


def test_a_disruption_from_report_to_repair_to_its_end() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        report = await http.post(f"{API}/disruptions", json=BROKEN, headers=key("r"))
        draft = report.json()
        open_now = (await http.get(f"{API}/disruptions")).json()
        path = f"{API}/drafts/{draft['draft_id']}/publish"
        done = await http.post(path, json={"choice": "least_harm"}, headers=key("p"))
        again = await http.post(path, json={"choice": "least_harm"}, headers=key("p"))
        gone = await http.get(f"{API}/drafts/{draft['draft_id']}")
        name = draft["disruption"]["disruption_id"]
        end = await http.post(f"{API}/disruptions/{name}/end", headers=key("e"))
        left = (await http.get(f"{API}/disruptions")).json()
        return report, open_now, done, again, gone, end, left, len(here.ledger.state.revisions)

    report, open_now, done, again, gone, end, left, revisions = told(story)
    assert report.status_code == 201
    assert [each["kind"] for each in open_now["disruptions"]] == ["breakdown"]
    assert (done.status_code, again.status_code) == (200, 200)
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_draft")
    assert end.status_code == 200
    assert left == {"disruptions": []}
    assert revisions == 1


def test_undo_and_discard() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        nothing = await http.post(f"{API}/undo", headers=key("u0"))
        draft = (await http.post(f"{API}/what-if", json=BROKEN)).json()["draft_id"]
        await http.post(f"{API}/drafts/{draft}/publish", json={"choice": "least_harm"}, headers=key("p"))
        undone = await http.post(f"{API}/undo", headers=key("u"))
        other = (await http.post(f"{API}/what-if", json=BROKEN)).json()["draft_id"]
        discarded = await http.post(f"{API}/drafts/{other}/discard")
        return nothing, undone, discarded, (await http.get(f"{API}/drafts")).json(), len(here.ledger.state.revisions)

    nothing, undone, discarded, drafts, revisions = told(story)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_undo")
    assert undone.status_code == 200
    assert discarded.status_code == 200
    assert drafts == {"drafts": []}
    assert revisions == 0


def test_a_changed_plan_is_a_conflict_and_the_draft_is_fresh() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        draft = (await http.post(f"{API}/what-if", json=BROKEN)).json()
        await here.book(wish("C", "F", "12:00"), key="since")
        path = f"{API}/drafts/{draft['draft_id']}"
        late = await http.post(f"{path}/publish", json={"choice": "least_harm"}, headers=key("p"))
        return draft, late, (await http.get(path)).json()

    draft, late, fresh = told(story)
    assert (late.status_code, late.json()["code"]) == (409, "plan_changed")
    assert fresh["plan_version"] == draft["plan_version"] + 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "breakdown", "vehicle_id": "ufo"}, 404, "unknown_vehicle"),
        ({"kind": "breakdown", "vehicle_id": "bus-1", "stop_id": "Z"}, 404, "unknown_stop"),
        ({"kind": "no_show", "booking_id": "X"}, 404, "unknown_booking"),
        ({"kind": "no_show", "booking_id": "R-001"}, 409, "wrong_state"),
        ({"kind": "vehicle_late", "vehicle_id": "bus-1"}, 422, "invalid_input"),
        ({"kind": "road_closed"}, 422, "invalid_input"),
        ({"kind": "flood"}, 422, "invalid_input"),
        ({"kind": "breakdown", "vehicle_id": "bus-1", "area_id": "moon"}, 404, "outside_area"),
        ({"kind": "breakdown", "vehicle_id": "bus-1", "begins": "2025-10-07T10:00:00"}, 422, "invalid_input"),
        ({"kind": "breakdown", "vehicle_id": "bus-1", "ends": "2025-10-07T06:00:00+02:00"}, 422, "invalid_input"),
        ({"kind": "unannounced_load", "booking_id": "R-001", "load": {"seats": -1}}, 422, "invalid_input"),
        ({"kind": "road_closed", "centre": {"lat": 1e9, "lon": 0}, "radius_m": 5}, 422, "invalid_input"),
        ({"kind": "vehicle_late", "vehicle_id": "bus-1", "delay_s": 1e308}, 422, "invalid_input"),
        ({"kind": "breakdown", "vehicle_id": "bus-1", "more": 1}, 422, "invalid_input"),
    ],
)
def test_bad_input_gets_a_clear_answer_and_leaves_nothing(body: dict[str, Any], status: int, code: str) -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        seq = here.ledger.state.seq
        asked = await http.post(f"{API}/what-if", json=body)
        reported = await http.post(f"{API}/disruptions", json=body, headers=key("r"))
        return asked, reported, here.ledger.state.seq - seq

    asked, reported, facts = told(story)
    for answer in (asked, reported):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["detail"]
    assert facts == 0


def test_a_command_needs_a_key_and_the_same_key_can_not_mean_two_things() -> None:
    async def story(_here: Room, http: httpx.AsyncClient) -> Any:
        keyless = await http.post(f"{API}/disruptions", json=BROKEN)
        await http.post(f"{API}/disruptions", json=BROKEN, headers=key("r"))
        other = await http.post(f"{API}/disruptions", json={**BROKEN, "vehicle_id": "bus-2"}, headers=key("r"))
        return keyless, other

    keyless, other = told(story)
    assert keyless.status_code == 400
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_answer_and_every_reason_has_words_in_both_languages(language: str) -> None:
    assert all(TITLES[answer][language] for answer in Answer)
    for code in ReasonCode:
        one, many = REASONS[code][language]
        assert one.endswith(".")
        assert many.endswith(".")


def test_the_routes_need_nothing_but_the_handlers_of_the_application() -> None:
    app = FastAPI()
    here = room()
    install_problem_handlers(app, None)  # type: ignore[arg-type]  # no page is asked for
    app.include_router(repair_router(here.dispatch, Repairs(dispatch=here.dispatch, ledger=here.ledger)))
    app.add_middleware(LanguageMiddleware)
    assert {"/api/v1/repairs/what-if", "/api/v1/repairs/undo"} <= set(app.openapi()["paths"])
