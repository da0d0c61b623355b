"""Line changes over HTTP: the JSON interface, and the page with its forms that need no script."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.edge.line_form import LineForm
from dispatch.edge.line_pages import PATH
from dispatch.line_texts import KINDS, LINE, WEATHERS
from mobility.core.line_change import LineChangeKind
from mobility.core.road_weather import RoadWeather
from tests.dispatch.line_room import STYLES, LineRoom, asked, line_room, named, page_of, trip
from tests.dispatch.small_region import at
from tests.fakes.chromium import axe_faults, chromium

NINE, TEN = "d-09|2025-10-07", "d-10|2025-10-07"
ANSWERS = (
    *("reason", "vehicle", "from", "until", "at", "pattern_of", "leaves_at", "via_1", "via_min_1", "drive_min"),
    *("path", "stop_1", "weather"),
)
FUZZED = line_room()
Scene = Callable[[LineRoom, httpx.AsyncClient], Awaitable[None]]


def visit(scene: Scene, clock: str = "08:00") -> None:
    async def main() -> None:
        room = line_room(clock)
        async with room.http() as http:
            await scene(room, http)

    asyncio.run(main())


async def sent(
    http: httpx.AsyncClient, form: Mapping[str, str | list[str]], path: str = "/changes", **headers: str
) -> httpx.Response:
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    return await http.post(f"{PATH}{path}", data={"token": "t1", **form}, headers={"accept-language": "de", **given})


def test_a_cancellation_has_no_change_id_and_is_listed_with_its_reason() -> None:
    async def scene(room: LineRoom, http: httpx.AsyncClient) -> None:
        body = {"kind": "cancel", "trips": [named("d-10"), named("d-09")], "reason": "Personalmangel"}
        answer = await asked(http, "k1", body)
        assert answer.status_code == 201
        assert answer.json() == {"change_id": "", "trips": [named("d-09"), named("d-10")]}
        listed = (await http.get("/api/v1/line/changes")).json()
        assert listed["cancelled"] == [{**named(each), "reason": "Personalmangel"} for each in ("d-09", "d-10")]
        again = await asked(http, "k1", body)
        assert (again.status_code, again.json()) == (201, answer.json())
        other = await asked(http, "k1", {**body, "reason": "anders"})
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
        back = await asked(http, "k2", {"kind": "reinstate", "trips": [named("d-09")], "reason": "doch"})
        assert back.json()["trips"] == [named("d-09")]
        assert list(room.ledger.state.cancelled_trips) == [trip("d-10")]

    visit(scene)


def test_every_field_of_a_change_comes_back_as_it_was_sent() -> None:
    async def scene(room: LineRoom, http: httpx.AsyncClient) -> None:
        path = [[50.6, 10.9], [50.61, 10.9005], [50.6432, 10.9]]
        body = {
            "kind": "detour",
            "trips": [named("d-09")],
            "reason": "Baustelle",
            "leaves_at": "A",
            "rejoins_at": "E",
            "via": [{"stop_id": "B", "drive_s": 120.0}],
            "drive_s": 400.0,
            "path": path,
            "begins": "2025-10-07T08:30:00+02:00",
            "ends": "2025-10-07T12:00:00+02:00",
        }
        answer = await asked(http, "k", body)
        assert answer.status_code == 201, answer.text
        (listed,) = (await http.get("/api/v1/line/changes")).json()["changes"]
        assert {name: listed[name] for name in body} == body
        assert listed["change_id"] == answer.json()["change_id"]
        assert room.ledger.state.line_changes[listed["change_id"]].ends == at("12:00")

    visit(scene)


def test_an_extra_trip_answers_with_its_own_name() -> None:
    async def scene(_room: LineRoom, http: httpx.AsyncClient) -> None:
        body = {"kind": "extra", "pattern_of": "d-09", "departs": "2025-10-07T09:40:00+02:00", "reason": "Andrang"}
        answer = (await asked(http, "k", body)).json()
        assert answer["trips"] == [{"trip_id": "d-09+0940", "start_date": "2025-10-07"}]
        assert answer["change_id"].startswith("extra-")
        assert (await asked(http, "k", body)).json() == answer

    visit(scene)


def test_a_change_is_ended_with_a_reason_and_weather_is_reported() -> None:
    async def scene(room: LineRoom, http: httpx.AsyncClient) -> None:
        out = (await asked(http, "k1", {"kind": "vehicle_out", "vehicle_id": "one", "reason": "Panne"})).json()
        url, key = f"/api/v1/line/changes/{out['change_id']}/end", {"idempotency-key": "k2"}
        assert (await http.post(url, json={"reason": " "}, headers=key)).status_code == 422
        ended = await http.post(url, json={"reason": "repariert"}, headers=key)
        assert ended.json() == {"change_id": out["change_id"], "ended": True}
        assert not room.ledger.state.line_changes
        gone = await http.post(url, json={"reason": "x"}, headers={"idempotency-key": "k3"})
        assert (gone.status_code, gone.json()["code"]) == (404, "unknown_change")
        wet = await http.post("/api/v1/line/weather", json={"weather": "wet"}, headers={"idempotency-key": "k4"})
        assert (wet.status_code, wet.json()["weather"]) == (201, "wet")
        assert (await http.get("/api/v1/line/changes")).json()["weather"] == wet.json()

    visit(scene)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "teleport"}, 422),
        ({"kind": "cancel", "trips": []}, 422),
        ({"kind": "cancel", "trips": [{"trip_id": "d-99", "start_date": "2025-10-07"}]}, 404),
        ({"kind": "cancel", "trips": [{"trip_id": "d-09", "start_date": "2025-10-11"}]}, 404),
        ({"kind": "cancel", "trips": [{"trip_id": "d-09", "start_date": "7.10."}]}, 422),
        ({"kind": "cancel", "trips": [{"trip_id": "d-09"}]}, 422),
        ({"kind": "cancel", "trips": [{"trip_id": "d-09", "start_date": "2025-10-07"}], "reason": "x" * 201}, 422),
        ({"kind": "cancel", "unheard_of": 1}, 422),
        ({"kind": "extra", "pattern_of": "d-09", "departs": "2025-10-07T09:40:00"}, 422),
        ({"kind": "detour", "trips": [{"trip_id": "d-09", "start_date": "2025-10-07"}], "path": [[91, 0]]}, 422),
        ({"kind": "detour", "trips": [{"trip_id": "d-09", "start_date": "2025-10-07"}], "drive_s": "NaN"}, 422),
        ({"kind": "vehicle_out", "vehicle_id": "ghost"}, 404),
        ({"kind": "ramp_broken", "vehicle_id": "two"}, 409),
    ],
)
def test_bad_requests_are_answered_with_a_code(body: dict[str, object], status: int) -> None:
    async def scene(room: LineRoom, http: httpx.AsyncClient) -> None:
        answer = await asked(http, "k", body)
        assert answer.status_code == status, answer.text
        assert not room.ledger.state.seq

    visit(scene)


def test_a_request_without_an_idempotency_key_is_refused() -> None:
    async def scene(_room: LineRoom, http: httpx.AsyncClient) -> None:
        answer = await http.post("/api/v1/line/changes", json={"kind": "cancel", "trips": [named("d-09")]})
        assert answer.status_code == 400

    visit(scene)


def test_the_page_of_an_ordinary_day_says_so_and_shows_the_trips() -> None:
    async def scene(_room: LineRoom, http: httpx.AsyncClient) -> None:
        page = await page_of(http)
        for words in (
            "Stand 08:00 Uhr, Dienstag, 7. Oktober 2025.",
            "Alle Linien fahren nach Fahrplan.",
            "Noch keine Meldung.",
            "One (geplant)",
            "09:00 Uhr, Linie D nach Campus",
            "Was hat sich geändert?",
        ):
            assert words in page, words
        assert "All lines run by the timetable." in await page_of(http, language="en")
        assert "<script" not in page

    visit(scene)


def test_ticked_trips_are_cancelled_and_an_alert_is_offered_with_them() -> None:
    async def scene(room: LineRoom, http: httpx.AsyncClient) -> None:
        form = {"kind": "cancel", "cancel-reason": "Personalmangel", "trip": [NINE, TEN]}
        answer = await sent(http, form)
        assert answer.status_code == 303
        assert set(room.ledger.state.cancelled_trips.values()) == {"Personalmangel"}
        page = await page_of(http, answer.headers["location"].removeprefix(PATH).partition("#")[0])
        assert "Übernommen." in page
        (offer,) = re.findall(r'<strong>Übernommen\.</strong> <a href="([^"]+)"', page)
        query = parse_qs(urlsplit(offer).query)
        assert query == {"template": ["cancelled_trips"], "own_reason": ["Personalmangel"], "trip": [NINE, TEN]}
        assert "Fällt aus: 09:00 Uhr, Linie D nach Campus" in page
        # Reloading the form changes nothing.
        assert (await sent(http, form)).status_code == 303
        assert room.ledger.state.seq == 2

    visit(scene)


def test_what_was_typed_and_ticked_stays_where_a_form_is_not_taken() -> None:
    async def scene(room: LineRoom, http: httpx.AsyncClient) -> None:
        answer = await sent(http, {"kind": "cancel", "cancel-reason": "", "trip": [TEN]})
        assert answer.status_code == 422
        assert 'href="#cancel-reason-cancel"' in answer.text
        assert 'id="cancel-reason-cancel"' in answer.text
        assert re.search(r'value="d-10\|2025-10-07"[^>]* checked', answer.text)
        none = await sent(http, {"kind": "cancel", "cancel-reason": "Sturm"})
        assert "Bitte wählen Sie mindestens eine Fahrt." in none.text
        assert 'value="Sturm"' in none.text
        assert not room.ledger.state.seq

    visit(scene)


def test_each_form_of_the_page_makes_its_change() -> None:
    async def scene(room: LineRoom, http: httpx.AsyncClient) -> None:
        forms: list[dict[str, str | list[str]]] = [
            {"kind": "extra", "extra-pattern_of": "d-09", "extra-at": "9:40", "extra-vehicle": "spare"},
            {
                "kind": "detour",
                "trip": NINE,
                "detour-leaves_at": "A",
                "detour-rejoins_at": "E",
                "detour-via_1": "B",
                "detour-via_min_1": "2,5",
                "detour-drive_min": "7",
            },
            {"kind": "stops_closed", "trip": [TEN], "stops_closed-stop_1": "C"},
            {"kind": "removed", "trip": "d-11|2025-10-07"},
            {"kind": "vehicle_assigned", "trip": [TEN], "vehicle_assigned-vehicle": "spare"},
            {"kind": "vehicle_out", "vehicle_out-vehicle": "two", "vehicle_out-until": "12 Uhr"},
            {"kind": "ramp_broken", "ramp_broken-vehicle": "one", "ramp_broken-from": "7:30"},
            {"kind": "untracked", "trip": [NINE]},
        ]
        for n, form in enumerate(forms):
            kind = str(form["kind"])
            answer = await sent(http, {**form, f"{kind}-reason": "Grund", "token": f"t{n}"})
            assert answer.status_code == 303, (kind, answer.text)
        changes = list(room.ledger.state.line_changes.values())
        assert [change.kind for change in changes] == [LineChangeKind(str(form["kind"])) for form in forms]
        assert changes[1].via[0].drive_s == 150.0
        assert (changes[5].begins, changes[5].ends) == (at("08:00"), at("12:00"))
        assert changes[6].begins == at("07:30")
        page = await page_of(http)
        for words in (
            "Zusätzliche Fahrt, Spare",
            "Umleitung, Haltestelle A → Haltestelle E",
            "hält nicht: Haltestelle C",
            "ausgeblendet",
            "Fahrzeug ausgefallen, Two",
            "seit 08:00, bis 12:00",
            "Rampe defekt, One",
            "Umleitung ab Haltestelle A · Rampe defekt · ohne Ortung",
        ):
            assert words in page, words
        wet = await sent(http, {"kind": "weather", "weather-weather": "snow", "token": "w"})
        assert wet.status_code == 303
        assert "verschneit oder glatt, seit 08:00 Uhr" in await page_of(http)

    visit(scene)


def test_a_change_is_ended_on_the_page_with_a_reason() -> None:
    async def scene(room: LineRoom, http: httpx.AsyncClient) -> None:
        await sent(http, {"kind": "vehicle_out", "vehicle_out-vehicle": "one", "vehicle_out-reason": "Panne"})
        (change_id,) = room.ledger.state.line_changes
        without = await sent(http, {"reason": "", "token": "t2"}, f"/changes/{change_id}/end")
        assert without.status_code == 422
        assert f'href="#reason-end-{change_id}"' in without.text
        assert (
            await sent(http, {"reason": "repariert", "token": "t3"}, f"/changes/{change_id}/end")
        ).status_code == 303
        assert not room.ledger.state.line_changes
        gone = await sent(http, {"reason": "repariert", "token": "t4"}, f"/changes/{change_id}/end")
        assert (gone.status_code, "schon beendet" in gone.text) == (404, True)

    visit(scene)


def test_a_form_of_a_foreign_page_changes_nothing() -> None:
    async def scene(room: LineRoom, http: httpx.AsyncClient) -> None:
        form = {"kind": "cancel", "cancel-reason": "Streich", "trip": [NINE]}
        answer = await sent(http, form, sec_fetch_site="cross-site")
        assert (answer.status_code, room.ledger.state.seq) == (403, 0)
        assert (await sent(http, {"kind": "nonsense"})).status_code == 422

    visit(scene)


def test_trips_that_are_over_are_shown_only_when_asked_for() -> None:
    async def scene(_room: LineRoom, http: httpx.AsyncClient) -> None:
        assert NINE not in await page_of(http)
        assert NINE in await page_of(http, "?past=1")
        assert "Heute fährt hier nichts mehr." in await page_of(http, "?line=other")

    visit(scene, "09:50")


@pytest.mark.parametrize("texts", [LINE, KINDS, WEATHERS])
def test_both_languages_have_all_words(texts: Mapping[str, Mapping[object, str]]) -> None:
    assert set(texts["de"]) == set(texts["en"])
    gaps = {key: [set(re.findall(r"{(\w+)", texts[each][key])) for each in ("de", "en")] for key in texts["de"]}
    assert {key: found for key, found in gaps.items() if found[0] != found[1]} == {}


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["cancel", "reinstate", "weather", *LineChangeKind]),
    answers=st.dictionaries(
        st.sampled_from(ANSWERS),
        st.one_of(st.text(max_size=30), st.sampled_from(["A", "one", "9:30", "25:00", "d-09", "5", "wet", "50,10"])),
    ),
)
def test_the_form_never_fails_whatever_is_typed(kind: str, answers: dict[str, str]) -> None:
    room = FUZZED
    given = {f"{kind}-{name}": text for name, text in answers.items()}
    form = LineForm(book=room.desk.book, now=at("08:00"), given=given, trips=(trip("d-09"),), kind=str(kind))
    if kind == "weather":
        form.weather()
    elif kind in ("cancel", "reinstate"):
        form.reason()
    else:
        change = form.change()
        assert form.faults or change.reason
    assert set(form.faults) <= {f"{kind}-{name}" for name in ("rejoins_at", "stop_2", "stop_3", *ANSWERS)}


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_the_page_is_accessible_and_fits_a_phone(width: int, scheme: Literal["light", "dark"]) -> None:
    pages: list[str] = []

    async def scene(_room: LineRoom, http: httpx.AsyncClient) -> None:
        forms = [
            {"kind": "cancel", "cancel-reason": "Personalmangel", "trip": [NINE]},
            {"kind": "detour", "trip": [TEN], "detour-leaves_at": "A", "detour-rejoins_at": "E"},
        ]
        await sent(http, forms[0])
        await sent(http, {**forms[1], "detour-drive_min": "8", "detour-reason": "Baustelle", "token": "t2"})
        pages.append((await http.get(PATH, headers={"accept-language": "de"})).text)
        pages.append((await sent(http, {**forms[1], "detour-drive_min": "x", "token": "t3"})).text)

    visit(scene)
    style = "".join(f"<style>{path.read_text(encoding='utf-8')}</style>" for path in STYLES)
    with chromium() as browser:
        for page in pages:
            tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            tab.set_content(re.sub(r'<link rel="stylesheet"[^>]*>', "", page).replace("</head>", f"{style}</head>"))
            assert axe_faults(tab) == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            tab.close()


def test_the_roads_states_are_all_offered() -> None:
    assert set(WEATHERS["de"]) == set(RoadWeather)
