"""Technical supervision without scripts: forms release, refuse and command, once each, with faults at the field."""

import re
from collections.abc import Awaitable, Callable, Mapping
from html import unescape
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from mobility.app.clock import LoopClock
from mobility.app.supervision_page import PATH, router
from mobility.app.supervision_words import NAMES, PAGE, REASONS, alarm_detail
from mobility.app.web.assets import HAND_WRITTEN
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.clock import shifted
from mobility.core.events import AlarmRaised, CommandIssued, CommandProposed, ManoeuvreAsked
from mobility.core.geo import LatLon
from mobility.core.ids import CommandId
from mobility.core.supervision import AlarmKind, Command, CommandAction, CommandState, ManoeuvreKind
from mobility.core.vehicle import DrivingMode
from sim.edge.loop import run_virtual
from tests.contracts.sample_supervision import ALARM
from tests.fakes.chromium import axe_faults, chromium
from tests.fakes.ledger import MemoryLedger
from tests.fakes.references import CountingReferences
from tests.v2x.supervision.making import HERE, KEYS, NOON, SHUTTLE, SPECS, VAN, Fleet, asked, record_of
from v2x.edge.technical_supervision import TechnicalSupervision
from v2x.supervision.progress import NOT_APPROVED, NOT_CONNECTED, NOT_HEARD
from v2x.supervision.verifier import Rejection
from v2x.wording import REFUSALS

ASKED = "pmover-1/m1"


class Desk:
    """The page over a supervision whose van asks, and whoever sits at it."""

    def __init__(self) -> None:
        self.clock = LoopClock(NOON)
        self.ledger = MemoryLedger(self.clock)
        self.fleet = Fleet(VAN, SHUTTLE)
        self.fleet.drives(record_of(1))
        self.role: str | None = None
        self.actor = "supervisor:a11ce000"
        self.language = "de"
        self.service = TechnicalSupervision(
            ledger=self.ledger,
            gateway=self.fleet,
            clock=self.clock,
            references=CountingReferences(),
            keys=KEYS,
            specs=SPECS,
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app()), base_url="http://server.invalid")

    def _app(self) -> FastAPI:
        app = FastAPI()
        zone = ZoneInfo("Europe/Berlin")
        templates = page_templates(clock=self.clock, zone=zone, is_demo=True, room_packages=(), region_name="Ilmenau")
        app.include_router(
            router(templates=templates, supervision=self.service, references=CountingReferences(), zone=zone.key)
        )

        @app.middleware("http")
        async def somebody(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
            request.state.role, request.state.actor = self.role, self.actor
            return await call_next(request)

        app.add_middleware(LanguageMiddleware)
        return app

    async def asks(self, **fields: object) -> None:
        await self.ledger.submit(lambda _s, _n: [ManoeuvreAsked(manoeuvre=asked(**fields))], actor="vehicle:pmover-1")

    async def page(self) -> str:
        answer = await self.http.get(PATH, headers={"accept-language": self.language})
        assert answer.status_code == 200
        return unescape(answer.text)

    async def send(
        self, path: str, form: Mapping[str, str], *, ticket: str = "t1", **headers: str
    ) -> tuple[int, str, httpx.Headers]:
        data = {"token": ticket, **form}
        given = {"accept-language": self.language, **{name.replace("_", "-"): text for name, text in headers.items()}}
        answer = await self.http.post(f"{PATH}{path}", data=data, headers=given)
        return answer.status_code, unescape(answer.text), answer.headers

    def issued(self) -> list[CommandIssued]:
        return [each.body for each in self.ledger.read() if isinstance(each.body, CommandIssued)]

    def becomes(self, role: str, fingerprint: str) -> None:
        self.role, self.actor = role, f"{role}:{fingerprint}"


def visit(scene: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        desk = Desk()
        async with desk.http:
            await scene(desk)

    run_virtual(main())


def answer(action: str = "release_manoeuvre", **more: str) -> dict[str, str]:
    return {"action": action, "vehicle_id": VAN, "manoeuvre_id": ASKED, "reason": "Gegenverkehr frei", **more}


def test_the_page_says_who_asks_what_and_how_long_is_left() -> None:
    async def scene(desk: Desk) -> None:
        assert "Kein Fahrzeug fragt." in await desk.page()
        await desk.asks()
        await desk.ledger.submit(lambda _s, _n: [AlarmRaised(alarm=ALARM)], actor="gateway")
        page = await desk.page()
        for words in (
            "pmover-1: an einem Hindernis vorbeifahren",
            "noch 30 Sekunden",
            "Lieferwagen in der Fahrspur",
            "Funkverbindung verloren",
            "Freigeben",
            "Ablehnen",
        ):
            assert words in page, words
        assert "Ursache des sicheren" not in page
        desk.language = "en"
        assert "pmover-1: pass an obstacle" in await desk.page()

    visit(scene)


def test_a_release_is_sent_once_however_often_its_form_is_sent() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        for _ in range(2):
            status, _, headers = await desk.send("/commands", answer())
            assert (status, headers["location"]) == (303, f"{PATH}#commands")
        (issued,) = desk.issued()
        assert (issued.command.action, issued.command.issuer) == (CommandAction.RELEASE_MANOEUVRE, desk.actor)
        assert len(desk.fleet.sent) == 1
        assert "<strong>Manöver freigeben: gesendet</strong>" in await desk.page(), "said at the request, too"

    visit(scene)


def test_every_form_has_a_token_of_its_own() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        await desk.asks(request_id="m2")
        tokens = re.findall(r'name="token" value="(\w+)"', await desk.page())
        assert len(set(tokens)) == 2

    visit(scene)


def test_a_missing_reason_is_said_at_its_field_and_what_was_typed_stays() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks(mode=DrivingMode.MINIMAL_RISK)
        status, page, _ = await desk.send("/commands", answer(reason=" ", cause="Ast <auf> der Fahrbahn"))
        assert status == 422
        assert f'<a href="#reason-{ASKED}">Bitte begründen Sie die Entscheidung.</a>' in page
        assert f'id="reason-{ASKED}-error"' in page
        assert 'value="Ast <auf> der Fahrbahn"' in page
        assert desk.issued() == []

    visit(scene)


def test_leaving_the_minimal_risk_condition_is_refused_at_the_empty_field() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks(mode=DrivingMode.MINIMAL_RISK, kind=ManoeuvreKind.RESUME_FROM_MINIMAL_RISK)
        status, page, _ = await desk.send("/commands", answer(cause="Ast auf der Fahrbahn"))
        assert status == 409
        assert f'<a href="#necessity-{ASKED}">' in page
        assert f'<a href="#cause-{ASKED}">' not in page
        assert "Ursache und Notwendigkeit" in page
        assert desk.issued() == []
        both = answer(cause="Ast auf der Fahrbahn", necessity="Linie blockiert")
        assert (await desk.send("/commands", both))[0] == 303
        (issued,) = desk.issued()
        assert (issued.command.cause, issued.command.necessity) == ("Ast auf der Fahrbahn", "Linie blockiert")

    visit(scene)


def test_a_refusal_is_told_in_its_sentence_also_when_the_request_is_gone() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        await desk.clock.sleep(60)
        status, page, _ = await desk.send("/commands", answer("refuse_manoeuvre"))
        assert status == 409
        assert "ihre Frist ist vorbei" in page
        assert (await desk.send("/commands", answer(manoeuvre_id="pmover-1/zz")))[0] == 404
        assert (await desk.send("/commands", answer("fly")))[0] == 422

    visit(scene)


def test_other_commands_are_shown_once_more_before_they_are_sent() -> None:
    async def scene(desk: Desk) -> None:
        form = {"vehicle_id": VAN, "action": "announce", "text": "Wir halten kurz.", "reason": "Beruhigen"}
        status, page, _ = await desk.send("/check", {**form, "text": ""})
        assert (status, desk.issued()) == (422, [])
        assert '<a href="#text-order">' in page
        status, page, _ = await desk.send("/check", form)
        assert (status, desk.issued()) == (200, [])
        for words in ("Wir halten kurz.", "Durchsage machen", "Jetzt senden"):
            assert words in page
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        token = hidden.pop("token")
        assert (await desk.send("/commands", hidden, ticket=token))[0] == 303
        assert desk.issued()[0].command.text == "Wir halten kurz."

    visit(scene)


def test_stopping_needs_no_reason_and_a_shuttle_s_crew_decides_itself() -> None:
    async def scene(desk: Desk) -> None:
        stop = {"vehicle_id": VAN, "action": "stop_at_next_safe_place", "reason": ""}
        assert (await desk.send("/check", stop))[0] == 200
        assert (await desk.send("/commands", stop))[0] == 303
        status, page, _ = await desk.send("/commands", {**stop, "vehicle_id": SHUTTLE}, ticket="t2")
        assert status == 409
        assert "Dort entscheidet, wer an Bord ist" in page
        assert (await desk.send("/check", {**stop, "vehicle_id": "nobody"}))[0] == 404

    visit(scene)


async def propose(desk: Desk) -> str:
    """A supervisor proposes a route at the map; it waits."""
    route = Command(
        command_id=CommandId("r1"),
        vehicle_id=VAN,
        action=CommandAction.PROPOSE_ROUTE,
        issuer=desk.actor,
        reason="Baustelle",
        route=(HERE, LatLon(50.69, 10.93)),
        expires_at=shifted(desk.clock.now(), 60),
    )
    await desk.ledger.submit(lambda _s, _n: [CommandProposed(command=route)], actor=desk.actor)
    return route.command_id


def test_a_second_person_approves_and_nobody_approves_his_own() -> None:
    async def scene(desk: Desk) -> None:
        name = await propose(desk)
        assert "Freigeben muss eine andere Person" in await desk.page()
        status, page, _ = await desk.send(f"/approvals/{name}", {})
        assert status == 409
        assert "von einer zweiten Person" in page
        desk.becomes("supervisor", "c0ffee00")
        assert (await desk.send(f"/approvals/{name}", {}))[0] == 403
        desk.becomes("approver", "b0b00000")
        assert "Als zweite Person freigeben" in await desk.page()
        assert (await desk.send(f"/approvals/{name}", {}))[0] == 303
        assert desk.issued()[0].command.approver == "approver:b0b00000"
        assert (await desk.send("/approvals/nothing", {}, ticket="t3"))[0] == 404

    visit(scene)


def test_whoever_only_watches_sees_no_forms_and_is_refused() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        desk.becomes("dispatcher", "d15ba7c4")
        page = await desk.page()
        assert "Sie sehen zu" in page
        assert "<form" not in page
        status, page, _ = await desk.send("/commands", answer())
        assert (status, desk.issued()) == (403, [])
        assert "Mit dieser Rolle" in page

    visit(scene)


@pytest.mark.parametrize("path", ["/commands", "/check", "/approvals/r1"])
def test_a_form_on_somebody_else_s_website_commands_nothing(path: str) -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        status, page, _ = await desk.send(path, answer(), sec_fetch_site="cross-site")
        assert (status, desk.issued(), desk.fleet.sent) == (403, [], [])
        assert "anderen Website" in page

    visit(scene)


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1440])
def test_the_page_has_no_accessibility_fault_and_no_sideways_scroll(width: int) -> None:
    pages: list[str] = []

    async def scene(desk: Desk) -> None:
        await desk.asks(mode=DrivingMode.MINIMAL_RISK, kind=ManoeuvreKind.RESUME_FROM_MINIMAL_RISK)
        await propose(desk)
        await desk.ledger.submit(lambda _s, _n: [AlarmRaised(alarm=ALARM)], actor="gateway")
        pages.append((await desk.http.post(f"{PATH}/commands", data=answer(reason=""))).text)
        announce = {"vehicle_id": VAN, "action": "announce", "text": "Halt", "reason": "Warten"}
        pages.append((await desk.http.post(f"{PATH}/check", data=announce)).text)

    visit(scene)
    with chromium() as browser:
        context = browser.new_context(viewport={"width": width, "height": 900})
        for html in pages:
            page = context.new_page()
            page.set_content(html)
            page.add_style_tag(path=HAND_WRITTEN / "style.css")
            assert page.locator("form").first.evaluate("form => form.querySelector('button').disabled") is (
                html is pages[0]
            ), "Enter in a field decides nothing"
            assert axe_faults(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_code_has_words(language: str) -> None:
    codes = [*ManoeuvreKind, *CommandAction, *CommandState, *AlarmKind]
    assert set(NAMES[language]) == {code.value for code in codes}
    assert set(REASONS[language]) == {*Rejection, NOT_APPROVED, NOT_HEARD, NOT_CONNECTED}
    assert PAGE["de"].keys() == PAGE["en"].keys()
    assert all(REFUSALS.values())


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("items 1, 5, 6", "es fehlen die Angaben 1, 5, 6"),
        ("items 6, 9; 12 s of records", "es fehlen die Angaben 6, 9, es fehlen 12 s Aufzeichnung"),
        ("minimal_risk -> automated", "von „sicher angehalten“ nach „automatisch“"),
        ("pass_obstacle", "an einem Hindernis vorbeifahren"),
        ("Frauenwald", "Frauenwald"),
        ("", ""),
    ],
)
def test_the_detail_of_an_alarm_is_told_in_the_reader_s_language(detail: str, words: str) -> None:
    assert alarm_detail(detail, "de") == words
