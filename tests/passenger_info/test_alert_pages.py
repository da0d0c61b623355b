"""Alerts over HTTP: the JSON interface, and the editor that shows an alert as riders see it before it is published."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from html import unescape

import httpx
import pytest

from mobility.core.ids import AlertId
from passenger_info.alert_draft import MOST_PERIODS
from passenger_info.alert_templates import Template
from passenger_info.alert_texts import ALERTS, CAUSES, EFFECTS, SEVERITIES, TEMPLATES
from passenger_info.edge.alert_pages import PATH
from tests.fakes.chromium import axe_faults, chromium
from tests.passenger_info.alert_room import EXTRA, STYLES, AlertRoom, alert_room, body
from tests.passenger_info.day import at

Scene = Callable[[AlertRoom, httpx.AsyncClient], Awaitable[None]]


@pytest.fixture
def visit(tmp_path):
    def play(scene: Scene, clock: str = "07:40") -> None:
        async def main() -> None:
            room = alert_room(tmp_path, clock)
            async with room.http() as http:
                await scene(room, http)

        asyncio.run(main())

    return play


async def posted(http: httpx.AsyncClient, key: str, content: Mapping[str, object], path: str = "") -> httpx.Response:
    return await http.post(f"/api/v1/alerts{path}", json=dict(content), headers={"idempotency-key": key})


async def page_of(http: httpx.AsyncClient, path: str = "", language: str = "de") -> str:
    answer = await http.get(f"{PATH}{path}", headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def fields_of(page: str) -> dict[str, str | list[str]]:
    """What a browser would send of the editor as it stands."""
    fields: dict[str, str | list[str]] = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        given = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if given.get("type") == "checkbox":
            if " checked" in tag:
                ticked = fields.setdefault(given["name"], [])
                assert isinstance(ticked, list)
                ticked.append(given["value"])
        else:
            fields[given["name"]] = given.get("value", "")
    fields.update(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.DOTALL))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else re.findall(r'value="([^"]*)"', options)[0]
    return fields


async def sent(
    http: httpx.AsyncClient, path: str, form: Mapping[str, str | list[str]], do: str = "", **headers: str
) -> tuple[int, str, str]:
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    answer = await http.post(f"{PATH}{path}", data={**form, "do": do}, headers={"accept-language": "de", **given})
    return answer.status_code, unescape(answer.text), answer.headers.get("location", "")


def test_what_is_shown_is_public_and_says_nothing_about_withdrawals(visit) -> None:
    async def scene(room: AlertRoom, http: httpx.AsyncClient) -> None:
        published = await posted(http, "k1", body())
        assert published.status_code == 201
        alert_id = published.json()["alert_id"]
        assert published.json()["missing_languages"] == ["en", "de-simple"]
        assert (await posted(http, "k1", body())).json() == published.json()
        room.is_staff = False
        (shown,) = (await http.get("/api/v1/alerts")).json()["alerts"]
        assert (shown["alert_id"], shown["effect"], shown["routes"]) == (alert_id, "no_service", ["D"])
        assert "withdrawn_because" not in shown
        assert (await http.get("/api/v1/alerts?all=1")).status_code == 403
        room.is_staff = True
        gone = await posted(http, "k2", {"reason": "Streik beendet"}, f"/{alert_id}/withdraw")
        assert gone.json() == {"alert_id": alert_id, "withdrawn": True}
        assert (await http.get("/api/v1/alerts")).json() == {"alerts": []}
        (record,) = (await http.get("/api/v1/alerts?all=1")).json()["alerts"]
        assert (record["is_shown"], record["withdrawn_because"]) == (False, "Streik beendet")

    visit(scene)


def test_only_staff_publish_revise_and_withdraw(visit) -> None:
    async def scene(room: AlertRoom, http: httpx.AsyncClient) -> None:
        alert_id = (await posted(http, "k1", body())).json()["alert_id"]
        room.is_staff = False
        key = {"idempotency-key": "k2"}
        answers = [
            await posted(http, "k2", body()),
            await http.put(f"/api/v1/alerts/{alert_id}", json=dict(body()), headers=key),
            await posted(http, "k2", {"reason": "x"}, f"/{alert_id}/withdraw"),
        ]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "not_your_role")] * 3
        assert room.ledger.state.seq == 1

    visit(scene)


def test_an_alert_gets_its_next_wording_under_the_same_id(visit) -> None:
    async def scene(room: AlertRoom, http: httpx.AsyncClient) -> None:
        alert_id = (await posted(http, "k1", body())).json()["alert_id"]
        room.clock.advance(60)
        newer = body(severity="info", impact=[{"begins": "2025-10-14T08:00:00+02:00"}])
        answer = await http.put(f"/api/v1/alerts/{alert_id}", json=dict(newer), headers={"idempotency-key": "k2"})
        assert answer.json()["alert_id"] == alert_id
        (shown,) = (await http.get("/api/v1/alerts")).json()["alerts"]
        assert (shown["severity"], shown["impact"][0]["begins"]) == ("info", "2025-10-14T08:00:00+02:00")
        missing = await http.put("/api/v1/alerts/nope", json=dict(newer), headers={"idempotency-key": "k3"})
        assert (missing.status_code, missing.json()["code"]) == (404, "unknown_alert")

    visit(scene)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (body(texts=[]), 422),
        (body(texts=[{"language": "en", "header": "D", "description": "x"}]), 422),
        (body(texts=[{"language": "fr", "header": "D", "description": "x"}]), 422),
        (body(routes=[]), 422),
        (body(routes=["X"]), 404),
        (body(stops=["../../etc"]), 404),
        (body(trips=[{"trip_id": "D1", "start_date": "2026-01-01"}]), 404),
        (body(cause="aliens"), 422),
        (body(communication={"ends": "2025-10-14T07:00:00+02:00"}), 409),
        (body(communication={"ends": "2025-10-14T07:00:00"}), 422),
        (body(url="ftp://example.org"), 422),
        (body(impact=[{}] * 51), 422),
        (body(unheard_of=1), 422),
    ],
)
def test_bad_alerts_are_answered_with_a_code(visit, content, status) -> None:
    async def scene(room: AlertRoom, http: httpx.AsyncClient) -> None:
        answer = await posted(http, "k", content)
        assert answer.status_code == status, answer.text
        assert not room.ledger.state.seq

    visit(scene)


def test_an_alert_is_written_from_a_template_looked_at_and_published(visit) -> None:
    async def scene(room: AlertRoom, http: httpx.AsyncClient) -> None:
        await room.add_extra()
        path = "/new?template=cancelled_trips&trip=D1%7C2025-10-14&own_reason=Personalmangel"
        page = await page_of(http, path)
        form = fields_of(page)
        assert form["header_de"] == "Linie D: Fahrt um 08:00 Uhr fällt aus"
        assert "Grund: Personalmangel." in form["description_de"]
        assert form["header_en"] == "Line D: trip at 08:00 cancelled"
        assert (form["trips"], form["to_1_time"], form["effect"]) == (["D1|2025-10-14"], "08:08", "no_service")
        status, looked, _ = await sent(http, "/new", form, "preview")
        assert status == 200
        for words in (
            "So sehen und hören es Fahrgäste",
            "Linie D: Fahrt um 08:00 Uhr fällt aus. Die Fahrt um 08:00 Uhr nach Campus fällt aus.",
            "Gilt heute von 08:00 Uhr bis 08:08 Uhr.",
            "Today from 08:00 to 08:08.",
            "Der Bus um 08:00 Uhr fährt nicht",
        ):
            assert words in looked, words
        assert room.ledger.state.alerts == {}
        status, _, location = await sent(http, "/new", fields_of(looked), "publish")
        (alert_id,) = room.ledger.state.alerts
        assert (status, location) == (303, f"{PATH}#alert-{alert_id}")
        alert = room.ledger.state.alerts[alert_id].alert
        assert (alert.template, len(alert.texts), alert.routes) == ("cancelled_trips", 3, ())
        assert alert.communication.ends == at("08:08")
        shown = await page_of(http)
        assert f'id="alert-{alert_id}"' in shown
        assert "08:00 Uhr, Linie D nach Campus" in shown
        # Reloading the form publishes nothing anew.
        assert (await sent(http, "/new", fields_of(looked), "publish"))[0] == 303
        assert len(room.ledger.state.alerts) == 1

    visit(scene)


def test_nothing_is_published_that_nobody_looked_at(visit) -> None:
    async def scene(room: AlertRoom, http: httpx.AsyncClient) -> None:
        form = fields_of(await page_of(http, "/new?template=strike&route=D"))
        status, page, _ = await sent(http, "/new", form, "publish")
        assert (status, "Bitte sehen Sie die Meldung erst an" in page) == (200, True)
        changed = {**fields_of(page), "header_de": "Etwas anderes"}
        status, page, _ = await sent(http, "/new", changed, "publish")
        assert (status, "seit der Vorschau etwas geändert" in page) == (200, True)
        assert room.ledger.state.alerts == {}
        assert (await sent(http, "/new", fields_of(page), "publish"))[0] == 303

    visit(scene)


def test_the_template_fills_the_texts_anew_when_asked(visit) -> None:
    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        form = fields_of(await page_of(http, "/new?template=stop_moved&stop=market"))
        assert form["description_de"] == "Die Haltestelle Market ist verlegt. Grund: Bauarbeiten."
        _, page, _ = await sent(http, "/new", {**form, "instead": "north", "cause": "accident"}, "fill")
        filled = fields_of(page)
        assert filled["description_de"] == (
            "Die Haltestelle Market ist verlegt. Bitte nutzen Sie stattdessen die Haltestelle North. Grund: Unfall."
        )
        assert filled["instead"] == "north"

    visit(scene)


def test_a_free_text_marks_the_languages_that_are_missing(visit) -> None:
    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        form = fields_of(await page_of(http, "/new?template=free&route=D"))
        assert form["header_de"] == ""
        status, page, _ = await sent(http, "/new", form, "preview")
        assert (status, "Der deutsche Text fehlt" in page) == (422, True)
        given = {**form, "header_de": "Dorffest", "description_de": "Bitte früher kommen."}
        _, page, _ = await sent(http, "/new", given, "preview")
        assert page.count("Kein eigener Text: Fahrgäste lesen Deutsch.") == 2
        await sent(http, "/new", fields_of(page), "publish")
        assert "Fehlt: Englisch, Einfache Sprache. Dort lesen Fahrgäste Deutsch." in await page_of(http)

    visit(scene)


def test_times_of_the_nights_when_the_clocks_change_get_a_clear_answer(visit) -> None:
    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        form = fields_of(await page_of(http, "/new?template=strike&route=D"))
        status, page, _ = await sent(
            http, "/new", {**form, "from_1_day": "2025-10-26", "from_1_time": "2:30"}, "preview"
        )
        assert (status, "„2:30 Sommerzeit“ (die erste) oder „2:30 Winterzeit“" in page) == (422, True)
        assert 'href="#from_1_time"' in page
        assert fields_of(page)["from_1_time"] == "2:30"
        given = {**form, "from_1_day": "2025-10-26", "from_1_time": "2:30 Winterzeit"}
        assert "ab Sonntag, 26. Oktober 2025, 02:30 Uhr Winterzeit" in (await sent(http, "/new", given, "preview"))[1]
        gone = {**form, "from_1_day": "2026-03-29", "from_1_time": "2:30"}
        assert "Die Uhr springt von 2 auf 3 Uhr." in (await sent(http, "/new", gone, "preview"))[1]

    visit(scene)


def test_each_fault_names_its_field_and_nothing_that_was_typed_is_lost(visit) -> None:
    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        form = fields_of(await page_of(http, "/new?template=strike&route=D"))
        written = {"header_de": "Streik am Montag", "description_de": "Zeile eins\nZeile zwei", "url": "kein Link"}
        given = {**form, **written, "from_1_day": "2025-10-26", "from_1_time": "2:30", "to_1_day": "gestern"}
        given |= {"from_2_day": "2025-10-27", "from_2_time": "25 Uhr", "show_to_day": "x", "header_en": ""}
        status, page, _ = await sent(http, "/new", given, "preview")
        assert status == 422
        for said in (
            "Wann gilt es? Von (Uhrzeit): Diese Uhrzeit gibt es in der Nacht zweimal.",
            "Wann gilt es? Bis (Datum): Schreiben Sie ein Datum",
            "Wann gilt es? (2) Von (Uhrzeit): Schreiben Sie eine Uhrzeit",
            "Wann wird es gezeigt? Bis (Datum): Schreiben Sie ein Datum",
            "Englisch, Überschrift: Überschrift und Beschreibung gehören zusammen",
        ):
            assert said in page, said
        kept = fields_of(page)
        assert {name: kept[name] for name in given if name != "do"} == {n: given[n] for n in given if n != "do"}
        assert 'id="own_reason" name="own_reason"' in page

    visit(scene)


def test_a_refusal_stands_at_its_field(visit) -> None:
    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        form = fields_of(await page_of(http, "/new?template=strike&route=D"))
        for change, name in (
            ({"url": "ftp://example.org"}, "url"),
            ({"show_to_day": "2020-01-01"}, "show_to_day"),
            ({"header_de": "", "description_de": ""}, "header_de"),
        ):
            status, page, _ = await sent(http, "/new", {**form, **change}, "preview")
            assert status in (409, 422), (change, status)
            assert f'href="#{name}"' in page
            assert re.search(rf'id="{name}"[^>]*aria-invalid="true" aria-describedby="{name}-error', page), name

    visit(scene)


def test_a_hint_is_heard_with_the_error(visit) -> None:
    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        form = fields_of(await page_of(http, "/new?template=strike&route=D"))
        _, page, _ = await sent(http, "/new", {**form, "spoken_de": "x" * 1501}, "preview")
        assert 'aria-describedby="spoken_de-error spoken_de-hint"' in page

    visit(scene)


def test_a_browser_may_keep_the_editor_for_back_and_nobody_between_may(visit) -> None:
    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        answer = await http.get(f"{PATH}/new?template=strike&route=D")
        assert answer.headers["cache-control"] == "private, no-cache"

    visit(scene)


def test_an_alert_is_revised_and_withdrawn_on_the_page(visit) -> None:
    async def scene(room: AlertRoom, http: httpx.AsyncClient) -> None:
        alert_id = (await posted(http, "k1", body())).json()["alert_id"]
        form = fields_of(await page_of(http, f"/{alert_id}"))
        assert (form["header_de"], form["routes"]) == ("Linie D fällt aus", ["D"])
        form["header_de"] = "Linie D fährt stündlich"
        _, page, _ = await sent(http, f"/{alert_id}", form, "preview")
        assert "Änderung veröffentlichen" in page
        assert (await sent(http, f"/{alert_id}", fields_of(page), "publish"))[0] == 303
        assert room.ledger.state.alerts[AlertId(alert_id)].alert.texts[0].header == "Linie D fährt stündlich"
        status, page, _ = await sent(http, f"/{alert_id}/withdraw", {"token": "w1", "reason": " "})
        assert (status, f'href="#reason-withdraw-{alert_id}"' in page) == (422, True)
        status, _, location = await sent(http, f"/{alert_id}/withdraw", {"token": "w2", "reason": "Streik beendet"})
        assert (status, location) == (303, f"{PATH}#record")
        page = await page_of(http)
        assert "Fahrgäste sehen im Augenblick keine Meldung." in page
        assert "Linie D fährt stündlich" in page
        assert "Streik beendet" in page
        assert (await http.get(f"{PATH}/{alert_id}")).status_code == 409
        assert (await http.get(f"{PATH}/nope")).status_code == 404
        status, page, _ = await sent(http, f"/{alert_id}/withdraw", {"token": "w3", "reason": "noch einmal"})
        assert (status, "wurde zurückgezogen" in page) == (409, True)

    visit(scene)


def test_alerts_of_later_and_those_that_are_over_stand_apart(visit) -> None:
    async def scene(room: AlertRoom, http: httpx.AsyncClient) -> None:
        await posted(http, "k1", body(communication={"begins": "2025-10-14T09:00:00+02:00"}))
        await posted(http, "k2", body(communication={"ends": "2025-10-14T08:00:00+02:00"}))
        page = await page_of(http)
        assert page.index('id="shown"') < page.index('id="ahead"') < page.index('id="record"')
        room.clock.moment = at("10:00")
        page = await page_of(http)
        assert 'id="ahead"' not in page
        assert "Zeit abgelaufen" in page
        assert "Shown now" in await page_of(http, language="en")

    visit(scene)


def test_the_editor_offers_what_runs_today_and_extra_trips_too(visit) -> None:
    async def scene(room: AlertRoom, http: httpx.AsyncClient) -> None:
        await room.add_extra()
        page = await page_of(http, f"/new?template=extra_trips&trip={EXTRA.trip_id.replace('+', '%2B')}%7C2025-10-14")
        assert fields_of(page)["header_de"] == "Linie D: zusätzliche Fahrt um 08:40 Uhr"
        assert 'value="D3|2025-10-14"' in page
        room.clock.moment = at("08:30")
        assert 'value="D1|2025-10-14"' not in await page_of(http, "/new?template=free")

    visit(scene)


def test_a_form_of_a_foreign_page_changes_nothing(visit) -> None:
    async def scene(room: AlertRoom, http: httpx.AsyncClient) -> None:
        form = fields_of(await page_of(http, "/new?template=strike&route=D"))
        _, page, _ = await sent(http, "/new", form, "preview")
        status, _, _ = await sent(http, "/new", fields_of(page), "publish", sec_fetch_site="cross-site")
        assert (status, room.ledger.state.seq) == (403, 0)

    visit(scene)


def test_hostile_words_in_the_address_and_in_texts_stay_words(visit) -> None:
    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        evil = "%3Cscript%3Ealert(1)%3C/script%3E"
        answer = await http.get(f"{PATH}/new?template={evil}&own_reason={evil}&route={evil}&stop=../x&trip=x%7Cy")
        assert answer.status_code == 200
        assert "<script>" not in answer.text
        many = {f"from_{n}_day": "2025-10-15" for n in range(1, MOST_PERIODS + 1)}
        status, _, _ = await sent(http, "/new", {**many, "routes": ["D"], "header_de": "<b>", "token": "t"}, "preview")
        assert status == 422

    visit(scene)


@pytest.mark.parametrize("texts", [ALERTS, TEMPLATES, CAUSES, EFFECTS, SEVERITIES])
def test_both_languages_have_all_words(texts) -> None:
    assert set(texts["de"]) == set(texts["en"])
    gaps = {key: [set(re.findall(r"{(\w+)", texts[each][key])) for each in ("de", "en")] for key in texts["de"]}
    assert {key: found for key, found in gaps.items() if found[0] != found[1]} == {}


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_the_pages_are_accessible_and_fit_a_phone(visit, width, scheme) -> None:
    pages: list[str] = []

    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        await posted(http, "k1", body())
        gone = (await posted(http, "k2", body(stops=["market"]))).json()["alert_id"]
        await posted(http, "k3", {"reason": "vorbei"}, f"/{gone}/withdraw")
        pages.append((await http.get(PATH, headers={"accept-language": "de"})).text)
        form = fields_of(await page_of(http, "/new?template=detour&route=D&stop=north"))
        answer = await http.post(f"{PATH}/new", data={**form, "do": "preview"}, headers={"accept-language": "de"})
        pages.append(answer.text)
        wrong = {**form, "from_1_day": "2025-10-26", "from_1_time": "2:30", "do": "preview"}
        pages.append((await http.post(f"{PATH}/new", data=wrong, headers={"accept-language": "de"})).text)

    visit(scene)
    style = "".join(f"<style>{path.read_text(encoding='utf-8')}</style>" for path in STYLES)
    with chromium() as browser:
        for page in pages:
            tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            tab.set_content(re.sub(r'<link rel="stylesheet"[^>]*>', "", page).replace("</head>", f"{style}</head>"))
            assert axe_faults(tab) == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            tab.close()


@pytest.mark.parametrize(
    ("template", "opened"), [("strike", "Linien"), ("stop_closed", "Haltestellen"), ("cancelled_trips", "Fahrten")]
)
def test_the_editor_opens_the_list_that_a_template_is_about(visit, template, opened) -> None:
    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        page = await page_of(http, f"/new?template={template}")
        assert re.findall(r"<details open>\s*<summary[^>]*>([^<]+)<", page) == [opened]

    visit(scene)


def test_each_template_opens_filled(visit) -> None:
    async def scene(_room: AlertRoom, http: httpx.AsyncClient) -> None:
        for template in Template:
            form = fields_of(await page_of(http, f"/new?template={template}&route=D&stop=north&trip=D1%7C2025-10-14"))
            assert bool(form["description_de"]) == (template is not Template.FREE), template

    visit(scene)
