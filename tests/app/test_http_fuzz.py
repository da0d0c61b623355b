"""Hostile requests against the whole server: never a fault of ours, always a clear answer, and the facts stay sound."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobility.app.limits import MAX_BODY_BYTES
from mobility.app.wiring import Server
from sim.edge.loop import VirtualLoop
from tests.app.server import ilmenau

SECRET_NAME = "Zaphod Beeblebrox-Quetschgans"
EXAMPLES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

NASTY = (
    *("", " ", "\x00", "a\x00b", "\n", "a\r\nSet-Cookie: x=1", "../../etc/passwd", "..%2f..", "%", "%ff%fe", "%00"),
    *("'", "' OR 1=1 --", "<script>alert(1)</script>", "{{7*7}}", "{0.__class__}", "${jndi:x}", "\u202egnp.exe"),
    *("\u0000", "\ufeff", "\ufffd", "😀" * 50, "e\u0301" * 200, "ﷺ" * 100, "9" * 400, "-1", "1e999", "NaN", "null"),
    *("٣٠٠", "2025-02-30", "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    *("x" * 5000, "a/b/c", "a?b#c", "a;b", "CON", "-", "_", "true", "[]", "busbahnhof", "ilmenau"),
)
TEXTS = st.sampled_from(NASTY) | st.text(max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
MOMENTS = st.sampled_from(
    ("2025-10-14T10:00:00+02:00", "2025-10-13T10:00:00Z", "2025-10-14T25:00:00Z", "2026-03-29T02:30:00+01:00", 0, 1e18)
)
QUOTE = {"origin": "x", "destination": "y", "at": "2025-10-14T10:00:00+02:00", "seats": 1, "wheelchairs": 0}
BOOKING = {"offer_id": "x", "name": SECRET_NAME, "phone": "1", "note": "", "channel": "web"}
OUTCOME = {"outcome": "boarded", "at": "2025-10-14T10:00:00+02:00"}
DELAY = {"delay_s": 60, "aboard": 1, "waiting": 1}
POSTS = (
    ("/api/v1/quotes", QUOTE),
    ("/api/v1/bookings", BOOKING),
    ("/api/v1/bookings/{}/cancel", {}),
    ("/api/v1/manifests/{}/tasks/{}", OUTCOME),
    ("/api/v1/connections/{}/feeder-delay", DELAY),
)
FORMS = ("/book/check", "/book/confirm", "/ride/{}/cancel", "/drive/{}/tasks/{}", "/sign-in")
GETS = (
    *("/", "/board", "/board/{}", "/board/{}.txt", "/book", "/book/when", "/book/who", "/book/offers", "/book/contact"),
    *("/ride/{}", "/drive", "/drive/{}", "/console", "/research", "/sign-in", "/healthz", "/readyz", "/metrics"),
    *("/api/v1/stops", "/api/v1/departures/{}", "/api/v1/bookings/{}", "/api/v1/manifests/{}", "/api/v1/connections"),
    *("/api/v1/vehicles", "/api/v1/console/map", "/api/v1/reports/{}", "/api/v1/predictions/accuracy"),
    *("/gtfs-rt/{}.pb", "/gtfs-rt/all.{}", "/gtfs-rt/all.pb", "/gtfs/schedule.zip", "/api/openapi.json", "/{}"),
)
QUERIES = st.dictionaries(
    st.sampled_from(
        (
            *("lang", "key", "date", "name", "horizon_s", "screen", "next", "new", "token", "offer_id"),
            *("origin", "destination", "kind", "day", "time", "seats", "wheelchairs", "prams", "luggage", "dog"),
        )
    )
    | TEXTS,
    TEXTS,
    max_size=4,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        (
            *("accept", "accept-language", "accept-encoding", "cookie", "if-none-match", "if-modified-since"),
            *("authorization", "range", "host", "x-forwarded-for", "referer", "content-type", "idempotency-key"),
        )
    ),
    st.sampled_from(("text/html", "*/*", "gzip;q=,;;", "language=de", "en;q=nan", "Mon, 99 Jan 0000", "Bearer \xff"))
    | st.text(st.characters(codec="latin-1"), max_size=60)
    | st.sampled_from([text for text in NASTY if text.isascii()]),
    max_size=3,
)


class Town:
    """A server that lives as long as the module, asked one request after the other."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        self._stack = AsyncExitStack()
        self.server: Server
        self.http: httpx.AsyncClient
        self.server, self.http, _ = self.run(self._stack.enter_async_context(ilmenau(folder)))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Send a request and hold every answer to the same rules."""
        answer: httpx.Response = self.run(self.http.request(method, path, **how))
        kind = answer.headers.get("content-type", "")
        assert answer.status_code < 500, (method, path, how, answer.text[:300])
        if answer.status_code >= 400:
            assert kind.startswith(("application/problem+json", "text/html", "text/plain")), (path, kind)
        if kind == "application/problem+json":
            problem = answer.json()
            assert problem["status"] == answer.status_code
            assert problem["detail"]
        if kind.startswith("text/html"):
            assert "<script>alert" not in answer.text
            assert "Traceback" not in answer.text
        return answer

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._runner.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    made = Town(folder)
    yield made
    found = made.server.stores.ledger.verify()
    made.close()
    assert found.is_sound
    # The name that every booking of this module carried lies in the vault and nowhere else.
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("vault"):
            assert SECRET_NAME.encode() not in path.read_bytes(), path.name


def filled(path: str, names: list[str]) -> str:
    """The path with each gap filled; ids are percent-encoded as every client has to."""
    for name in names:
        path = path.replace("{}", quote(name, safe=""), 1)
    return path


@given(st.data())
@EXAMPLES
def test_no_address_query_or_header_breaks_a_page_or_a_feed(town: Town, data: st.DataObject):
    path = filled(data.draw(st.sampled_from(GETS)), [data.draw(TEXTS)])
    headers = {name: value.encode("latin-1", "replace") for name, value in data.draw(HEADERS).items()}
    answer = town.ask("GET", path, params=data.draw(QUERIES), headers=headers)
    assert answer.status_code in {200, 303, 304, 307, 400, 401, 404, 405, 406, 409, 422}


@given(st.data())
@EXAMPLES
def test_no_body_breaks_the_interface_for_machines(town: Town, data: st.DataObject):
    path, honest = data.draw(st.sampled_from(POSTS))
    field = st.sampled_from(sorted(honest)) if honest else TEXTS
    body = {**honest, **data.draw(st.dictionaries(field | TEXTS, JSON | MOMENTS, max_size=3))}
    text = json.dumps(body if data.draw(st.integers(0, 4)) else data.draw(JSON))
    headers = {"content-type": "application/json", "idempotency-key": data.draw(st.sampled_from("abcdef"))}
    answer = town.ask("POST", filled(path, [data.draw(TEXTS), data.draw(TEXTS)]), content=text, headers=headers)
    assert answer.status_code in {200, 201, 400, 404, 405, 409, 422}


@given(st.data())
@EXAMPLES
def test_no_form_breaks_a_page(town: Town, data: st.DataObject):
    fields = ("name", "phone", "note", "offer_id", "token", "key", "outcome", "date", "target", "origin", "seats")
    form = data.draw(st.dictionaries(st.sampled_from(fields) | TEXTS, TEXTS, max_size=6))
    path = filled(data.draw(st.sampled_from(FORMS)), [data.draw(TEXTS), data.draw(TEXTS)])
    kind = data.draw(st.sampled_from(("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "a/b")))
    body = "&".join(f"{quote(name)}={quote(value)}" for name, value in form.items())
    answer = town.ask("POST", path, content=body, headers={"content-type": kind, "accept": "text/html"})
    assert answer.status_code in {200, 303, 400, 403, 404, 405, 409, 422}


@given(st.binary(max_size=300), st.sampled_from(POSTS), st.sampled_from(("application/json", "text/xml", "", "a")))
@EXAMPLES
def test_bytes_that_are_nothing_are_a_clear_error(town: Town, body: bytes, post: tuple[str, Any], kind: str):
    path = filled(post[0], ["x", "y"])
    answer = town.ask("POST", path, content=body, headers={"content-type": kind, "idempotency-key": "bytes"})
    assert answer.status_code in {400, 404, 409, 422}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"seats":' + b"9" * 5000 + b"}",
        b'{"origin":"a","origin":"b","at":"2025-10-14T10:00:00+02:00"}',
        b'{"\\ud800":1}',
        b'{"origin":"\\ud800"}',
        b"\xff\xfe{}",
        b'{"seats":NaN}',
        json.dumps({**QUOTE, "at": "0001-01-01T00:00:00+23:59"}).encode(),
        json.dumps({**QUOTE, "at": "9999-12-31T23:59:59-23:59"}).encode(),
        json.dumps({**QUOTE, "at": 1e11}).encode(),
    ],
)
def test_a_quote_that_can_not_be_meant_is_refused_and_leaves_no_fact(town: Town, body: bytes):
    before = town.server.stores.ledger.state.seq
    assert town.ask("POST", "/api/v1/quotes", content=body).status_code in {400, 422}
    assert town.server.stores.ledger.state.seq == before


def test_a_name_of_a_megabyte_is_a_clear_error_and_a_longer_body_is_not_read(town: Town):
    headers = {"idempotency-key": "long"}
    long = town.ask("POST", "/api/v1/bookings", json={**BOOKING, "name": "n" * 1_000_000}, headers=headers)
    assert (long.status_code, long.json()["code"]) == (422, "invalid_input")
    assert len(long.content) < 1000
    longer = town.ask("POST", "/api/v1/bookings", json={**BOOKING, "name": "n" * MAX_BODY_BYTES}, headers=headers)
    assert longer.status_code == 413
    form = town.ask("POST", "/book/check", data={"name": "n" * MAX_BODY_BYTES})
    assert form.status_code == 413


@pytest.mark.parametrize("host", ["h" * 4000, "<script>", "a b", "evil.example/x", "ä"])
def test_a_host_that_is_none_never_gets_into_a_page(town: Town, host: str):
    headers = {"host": host.encode("latin-1"), "accept": "text/html"}
    assert town.ask("GET", "/board/busbahnhof", headers=headers).status_code == 400


def stops(town: Town) -> tuple[str, str]:
    """Two stops between which a ride is offered."""
    area = town.server.dispatch.dispatch.region.areas[0]
    return area.stops[0], area.stops[-1]


def wish(town: Town, **changes: Any) -> dict[str, Any]:
    origin, destination = stops(town)
    return {"origin": origin, "destination": destination, "at": "2025-10-14T11:00:00+02:00", **changes}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"at": "2025-10-13T10:00:00+02:00"}, "in_the_past"),
        ({"destination": "elsewhere"}, "outside_area"),
        ({"at": "2025-10-13T10:00:00+02:00", "origin": "elsewhere"}, "in_the_past"),
        ({"seats": 40}, "party_too_large"),
        ({"seats": 0}, "invalid_input"),
        ({"wheelchairs": 9}, "no_wheelchair_place"),
        ({"at": "2027-10-14T10:00:00+02:00"}, "too_far_ahead"),
    ],
)
def test_what_can_not_be_booked_is_refused_with_its_reason(town: Town, changes: dict[str, Any], code: str):
    answer = town.ask("POST", "/api/v1/quotes", json=wish(town, **changes)).json()
    assert answer["offers"] == []
    assert answer["refusal"]["code"] == code
    assert answer["refusal"]["sentence"].endswith((".", "?"))


def test_the_same_key_is_one_booking_and_another_body_is_a_conflict(town: Town):
    offer = town.ask("POST", "/api/v1/quotes", json=wish(town)).json()["offers"][0]["offer_id"]
    before = len(town.server.stores.ledger.state.bookings)
    body, headers = {**BOOKING, "offer_id": offer}, {"idempotency-key": "twice"}
    first, second = (town.ask("POST", "/api/v1/bookings", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (201, first.json())
    other = town.ask("POST", "/api/v1/bookings", json={**body, "name": "Otto"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    assert len(town.server.stores.ledger.state.bookings) == before + 1


def test_the_last_seats_are_given_once(town: Town):
    async def race() -> list[httpx.Response]:
        asked = wish(town, at="2025-10-14T13:00:00+02:00", seats=5)
        quotes = await asyncio.gather(*(town.http.post("/api/v1/quotes", json=asked) for _ in range(12)))
        offers = [quote.json()["offers"][0]["offer_id"] for quote in quotes]
        bodies = [{**BOOKING, "offer_id": offer} for offer in offers]
        send: Callable[[int], Coroutine[Any, Any, httpx.Response]] = lambda n: town.http.post(  # noqa: E731 - used once
            "/api/v1/bookings", json=bodies[n], headers={"idempotency-key": f"race {n}"}
        )
        return await asyncio.gather(*(send(n) for n in range(12)))

    answers = town.run(race())
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 201
    assert set(statuses) == {201, 409}
    for plan in town.server.stores.ledger.state.plans.values():
        for tour in plan.tours:
            aboard = 0
            for task in tour.tasks:
                load = town.server.stores.ledger.state.bookings[task.booking_id].wish.load
                aboard += load.seats if task.kind == "pickup" else -load.seats
                assert 0 <= aboard <= town.server.dispatch.dispatch.region.fleet[tour.shift.vehicle_id].seats
