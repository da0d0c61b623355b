"""The JSON interface: shapes that the simulator and the desk rely on, and clear answers to bad input."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.dispatch.journeys import TRAIN, with_a_line
from tests.dispatch.room import Room, client, ledger_text, room
from tests.dispatch.small_region import at

WISH: dict[str, Any] = {
    "origin": "A",
    "destination": "D",
    "kind": "depart",
    "at": "2025-10-07T10:00:00+02:00",
    "seats": 1,
}
Story = Callable[[Room, httpx.AsyncClient], Awaitable[Any]]


def told(story: Story, *, clock: str = "08:00") -> Any:
    async def run() -> Any:
        here = room(clock=clock)
        async with client(here) as http:
            return await story(here, http)

    return asyncio.run(run())


async def book(http: httpx.AsyncClient, key: str = "k1", **wish: Any) -> httpx.Response:
    quote = (await http.post("/api/v1/quotes", json={**WISH, **wish})).json()
    body = {"offer_id": quote["offers"][0]["offer_id"], "name": "Erika", "phone": "1"}
    return await http.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": key})


def test_a_quote_has_offers_with_windows_fare_and_validity() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        return (await http.post("/api/v1/quotes", json=WISH)).json()

    body = told(story)
    assert body["refusal"] is None
    first = body["offers"][0]
    ends = {"origin", "destination"}
    assert set(first) == {"offer_id", "vehicle_id", "pickup", "arrival", "fare_cent", "valid_until"} | ends
    assert first["origin"] == {"stop_id": "A", "stop_name": "Haltestelle A", "walk_m": 0, "walk_min": 0}
    assert first["pickup"] == {"earliest": "2025-10-07T10:00:00+02:00", "latest": "2025-10-07T10:15:00+02:00"}


def test_a_refused_quote_names_code_and_sentence_in_the_language_of_the_request() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        english = {"accept-language": "en"}
        return (await http.post("/api/v1/quotes", json={**WISH, "seats": 40}, headers=english)).json()

    body = told(story)
    assert body["offers"] == []
    assert body["refusal"]["code"] == "party_too_large"
    assert body["refusal"]["sentence"].startswith("The citizen bus has 6 seats at most.")


def test_a_booking_from_quote_to_arrival() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        booked = await book(http)
        link = booked.json()["link"]
        seen = await http.get(link.replace("/ride/", "/api/v1/bookings/"))
        manifest = (await http.get("/api/v1/manifests/bus", params={"date": "2025-10-07"})).json()
        here.clock.moment = at("10:30")
        answers = []
        for task, outcome, time in zip(manifest["tasks"], ("boarded", "alighted"), ("10:01", "10:09"), strict=True):
            path = f"/api/v1/manifests/bus/tasks/{task['task_id']}"
            body = {"outcome": outcome, "at": f"2025-10-07T{time}:00+02:00"}
            answers.append(await http.post(path, json=body, headers={"Idempotency-Key": task["task_id"]}))
        after = await http.get(link.replace("/ride/", "/api/v1/bookings/"))
        return booked, seen, manifest, answers, after

    booked, seen, manifest, answers, after = told(story)
    assert booked.status_code == 201
    assert seen.json()["state"] == "promised"
    assert [task["kind"] for task in manifest["tasks"]] == ["pickup", "dropoff"]
    first = manifest["tasks"][0]
    assert first["name"] == "Erika"
    assert (first["seats"], first["wheelchairs"], first["stop_name"], first["is_done"]) == (
        1,
        0,
        "Haltestelle A",
        False,
    )
    assert datetime.fromisoformat(first["leave"]) <= datetime.fromisoformat(first["begin"])
    assert manifest["shifts"][0]["driver"] == "driver-bus"
    assert [answer.status_code for answer in answers] == [200, 200]
    assert after.json()["state"] == "completed"


def test_the_same_key_gives_the_same_booking_and_another_body_is_a_conflict() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        quote = (await http.post("/api/v1/quotes", json=WISH)).json()
        headers = {"Idempotency-Key": "same"}
        body = {"offer_id": quote["offers"][0]["offer_id"], "name": "Erika"}
        first = await http.post("/api/v1/bookings", json=body, headers=headers)
        second = await http.post("/api/v1/bookings", json=body, headers=headers)
        third = await http.post("/api/v1/bookings", json={**body, "name": "Otto"}, headers=headers)
        return here, first, second, third

    here, first, second, third = told(story)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert len(here.ledger.state.bookings) == 1
    assert third.status_code == 409
    assert third.json()["code"] == "idempotency_mismatch"


def test_a_mutating_call_without_a_key_is_a_problem_400() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        body = {"offer_id": "x", "name": "Erika"}
        return [
            await http.post("/api/v1/bookings", json=body),
            await http.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": "x" * 300}),
            await http.post("/api/v1/bookings/R-1/cancel"),
            await http.post("/api/v1/manifests/bus/tasks/R-1:pickup", json={"outcome": "boarded"}),
            await http.post("/api/v1/connections/c/feeder-delay", json={"delay_s": 60}),
        ]

    for answer in told(story):
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "invalid_input"


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2025-10-07T10:00:00"},
        {"at": "2025-10-07T10:00:00+99:00"},
        {"at": "morgen"},
        {"at": None},
        {"seats": -1},
        {"seats": 10**12},
        {"seats": "drei"},
        {"prams": -1},
        {"luggage": "viel"},
        {"after_trip": {"trip_id": "", "start_date": "2025-10-07"}},
        {"after_trip": {"trip_id": "d-10", "start_date": "0001-01-01"}},
        {"before_trip": "d-10"},
        {"kind": "fly"},
        {"origin": "x" * 5000},
        {"origin": "\u0000"},
        {"origin": ["A"]},
        {"surprise": 1},
    ],
)
def test_a_quote_that_can_not_be_read_is_a_problem_422(change: dict[str, Any]) -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        return here, await http.post("/api/v1/quotes", json={**WISH, **change})

    here, answer = told(story)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"
    assert not list(here.ledger.read())


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"", b'{"origin": "\\ud800"}', b"[]", b"null", b"1" * 100_000])
def test_a_body_that_is_no_json_object_is_a_clear_error(body: bytes) -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        return await http.post("/api/v1/quotes", content=body, headers={"content-type": "application/json"})

    answer = told(story)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_times_in_any_zone_mean_the_same_instant() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        times = ("2025-10-07T10:00:00+02:00", "2025-10-07T08:00:00Z", "2025-10-07T17:00:00+09:00")
        return [(await http.post("/api/v1/quotes", json={**WISH, "at": time})).json() for time in times]

    first, *others = told(story)
    assert all(other["offers"][0]["pickup"] == first["offers"][0]["pickup"] for other in others)


def test_a_booking_is_hidden_from_who_has_no_key() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        reference = (await book(http)).json()["reference"]
        return [
            await http.get(f"/api/v1/bookings/{reference}"),
            await http.get(f"/api/v1/bookings/{reference}", params={"key": "\x00ä"}),
            await http.get("/api/v1/bookings/nothing", params={"key": "x"}),
            await http.post(f"/api/v1/bookings/{reference}/cancel", headers={"Idempotency-Key": "c"}),
        ]

    answers = told(story)
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["code"] for answer in answers} == {"unknown_booking"}


def test_cancelling_by_link_works_once_and_repeats_by_key() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        booked = (await book(http)).json()
        path, _, query = booked["link"].partition("?")
        cancel = f"{path.replace('/ride/', '/api/v1/bookings/')}/cancel?{query}"
        first = await http.post(cancel, headers={"Idempotency-Key": "c1"})
        again = await http.post(cancel, headers={"Idempotency-Key": "c1"})
        other = await http.post(cancel, headers={"Idempotency-Key": "c2"})
        return first, again, other

    first, again, other = told(story)
    assert first.json()["state"] == again.json()["state"] == "cancelled"
    assert other.status_code == 409
    assert other.json()["code"] == "wrong_state"


def test_unknown_vehicles_tasks_areas_and_connections_are_404() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        key = {"Idempotency-Key": "x"}
        return [
            await http.get("/api/v1/manifests/ghost"),
            await http.post("/api/v1/manifests/bus/tasks/R-9:pickup", json={"outcome": "boarded"}, headers=key),
            await http.post("/api/v1/connections/none/feeder-delay", json={"delay_s": 1}, headers=key),
            await http.post("/api/v1/quotes", json={**WISH, "area_id": "elsewhere"}),
        ]

    assert [answer.status_code for answer in told(story)] == [404] * 4


def test_no_personal_word_reaches_the_ledger() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        quote = (await http.post("/api/v1/quotes", json=WISH)).json()
        body = {"offer_id": quote["offers"][0]["offer_id"], "name": "Wilma Geheim", "phone": "4711", "note": "Rollator"}
        await http.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": "k"})
        return here

    text = ledger_text(told(story))
    assert "BookingMade" in text
    assert not any(word in text for word in ("Geheim", "4711", "Rollator"))


def test_prams_and_luggage_go_from_quote_to_manifest() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        await book(http, prams=1, luggage=2)
        return (await http.get("/api/v1/manifests/bus", params={"date": "2025-10-07"})).json()

    tasks = told(story)["tasks"]
    assert [(task["prams"], task["luggage"]) for task in tasks] == [(1, 2), (1, 2)]


def test_more_prams_than_any_bus_holds_are_refused_with_the_reason() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        return [(await http.post("/api/v1/quotes", json={**WISH, name: 9})).json() for name in ("prams", "luggage")]

    answers = told(story)
    assert [answer["refusal"]["code"] for answer in answers] == ["no_pram_place", "no_luggage_room"]
    assert all(answer["line_bus"] is None for answer in answers)


def journeys(story: Story) -> Any:
    async def run() -> Any:
        here = room(with_a_line(), clock="08:00")
        async with client(here) as http:
            return await story(here, http)

    return asyncio.run(run())


def test_who_comes_with_a_train_is_fetched_when_ready_and_who_goes_on_is_there_in_time() -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        train = {"trip_id": str(TRAIN.trip_id), "start_date": "2025-10-07"}
        shuttle = {"trip_id": "d-10", "start_date": "2025-10-07"}
        after = {**WISH, "origin": "B", "destination": "H", "after_trip": train, "at": "2025-10-07T15:00:00+02:00"}
        near = await http.post("/api/v1/quotes", json={**after, "origin": "A"})
        before = {**WISH, "origin": "H", "destination": "C", "before_trip": shuttle}
        return near.json(), (await http.post("/api/v1/quotes", json=before)).json()

    after, before = journeys(story)
    first = after["offers"][0]["pickup"]
    assert "2025-10-07T08:50" < first["earliest"] < "2025-10-07T09:10"
    assert all(offer["arrival"]["latest"] <= "2025-10-07T10:02:00+02:00" for offer in before["offers"])
    assert before["offers"]


@pytest.mark.parametrize(
    "trip", [{"trip_id": "ghost", "start_date": "2025-10-07"}, {"trip_id": "d-10", "start_date": "2035-10-07"}]
)
def test_a_journey_with_a_trip_that_does_not_run_is_refused_by_name(trip: dict[str, str]) -> None:
    async def story(here: Room, http: httpx.AsyncClient) -> Any:
        body = {**WISH, "origin": "H", "destination": "C", "before_trip": trip}
        return (await http.post("/api/v1/quotes", json=body)).json(), len(list(here.ledger.read()))

    answer, facts = journeys(story)
    assert answer["offers"] == []
    assert answer["refusal"]["code"] == "no_transfer"
    assert facts == 1
