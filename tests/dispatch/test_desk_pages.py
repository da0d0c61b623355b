"""The dispatcher's page: everything at a glance, every action a form, nothing lost that was typed."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from dispatch.desk_texts import DESK, KIND
from dispatch.edge.connection_desk import Connections
from dispatch.edge.desk_form import FIELDS, Happened
from dispatch.edge.desk_pages import PATH, desk_router
from dispatch.edge.promise_watch import PromiseWatch
from dispatch.edge.repairs import Repairs
from dispatch.edge.service import Key
from dispatch.edge.tellings import Tellings
from dispatch.harm import Harm
from dispatch.proposal import Answer, Proposal, Reason, ReasonCode
from mobility.app.problems import install_problem_handlers
from mobility.app.web.assets import HAND_WRITTEN
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.booking import BookingState, Load
from mobility.core.connection import ConnectionDecision
from mobility.core.disruption import Disruption, DisruptionKind
from mobility.core.ids import BookingId, ConnectionId, DisruptionId, VehicleId
from mobility.core.plan import DayPlan
from mobility.core.promise import PromiseKind, Revision, RevisionReason
from mobility.core.refusal import Refusal, RefusalCode
from tests.dispatch.journeys import with_a_line
from tests.dispatch.putting_off import later, put_off
from tests.dispatch.room import room
from tests.dispatch.small_region import DAY, ZONE, at, wish
from tests.fakes.chromium import axe_faults, chromium

TRAIN = "rb46-0810-2025-10-07"


@dataclass(frozen=True)
class PaperDraft:
    draft_id: str
    disruption: Disruption
    proposals: Sequence[Proposal]


@dataclass
class PaperRepairs:
    """The ``RepairDesk`` of the page: remembers what was asked of it."""

    proposals: Sequence[Proposal] = ()
    refusal: Refusal | None = None
    open: list[Disruption] = field(default_factory=list)
    kept: list[PaperDraft] = field(default_factory=list)
    asked: list[Disruption] = field(default_factory=list)
    done: list[tuple[str, ...]] = field(default_factory=list)

    def disruptions(self) -> Sequence[Disruption]:
        return self.open

    def drafts(self) -> Sequence[PaperDraft]:
        return self.kept

    async def what_if(self, disruption: Disruption) -> PaperDraft | Refusal:
        self.asked.append(disruption)
        if self.refusal is not None:
            return self.refusal
        self.kept.append(PaperDraft(f"d{len(self.kept) + 1}", disruption, self.proposals))
        return self.kept[-1]

    async def report(self, disruption: Disruption, key: Key, actor: str) -> PaperDraft | Refusal:
        self.done.append(("report", disruption.kind.value, key.value, actor))
        return await self.what_if(disruption)

    async def publish(self, draft_id: str, choice: str, key: Key, actor: str) -> Refusal | None:
        self.done.append(("publish", draft_id, choice, key.value, actor))
        return self.refusal

    def discard(self, draft_id: str) -> None:
        self.kept = [draft for draft in self.kept if draft.draft_id != draft_id]

    async def undo(self, key: Key, actor: str) -> Refusal | None:
        self.done.append(("undo", key.value, actor))
        return self.refusal

    async def end(self, disruption_id: DisruptionId, key: Key, actor: str) -> Refusal | None:
        self.done.append(("end", disruption_id, key.value, actor))
        return self.refusal


class Desk:
    """The page on a small region, and whoever sits at it."""

    def __init__(self) -> None:
        self.room = room(with_a_line())
        self.tellings = Tellings(self.room.dispatch, self.room.ledger)
        self.connections = Connections(self.room.dispatch, self.room.ledger)
        self.repairs = PaperRepairs()
        self.watch = PromiseWatch(self.room.dispatch, self.room.ledger, None)
        self.language = "de"
        self._open()

    def uses_real_repairs(self) -> None:
        self.repairs = Repairs(dispatch=self.room.dispatch, ledger=self.room.ledger)  # type: ignore[assignment]  # for one story
        self._open()

    def _open(self) -> None:
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app()), base_url="http://server.invalid")

    def _app(self) -> FastAPI:
        templates = page_templates(
            clock=self.room.clock, zone=ZoneInfo(ZONE), is_demo=False, room_packages=("dispatch",), region_name="Dorf"
        )
        app = FastAPI()
        install_problem_handlers(app, templates)
        app.include_router(
            desk_router(
                self.room.dispatch,
                templates,
                tellings=self.tellings,
                connections=self.connections,
                repairs=self.repairs,
                watch=self.watch,
            )
        )

        @app.middleware("http")
        async def somebody(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
            request.state.actor = "dispatcher:a11ce000"
            return await call_next(request)

        app.add_middleware(LanguageMiddleware)
        return app

    async def page(self) -> str:
        answer = await self.http.get(PATH, headers={"accept-language": self.language})
        assert answer.status_code == 200
        return unescape(answer.text)

    async def send(self, path: str, form: Mapping[str, str], *, ticket: str = "t1", **headers: str) -> tuple[int, str]:
        given = {name.replace("_", "-"): text for name, text in headers.items()}
        answer = await self.http.post(f"{PATH}{path}", data={"token": ticket, **form}, headers=given)
        return answer.status_code, unescape(answer.text)

    async def book(self, origin: str = "B", clock: str = "10:00", name: str = "Erika Muster") -> BookingId:
        return (await self.room.book(wish(origin, "F", clock), name=name)).booking.booking_id

    def plan(self) -> DayPlan:
        (plan,) = self.room.ledger.state.plans.values()
        return plan


def visit(scene: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        desk = Desk()
        async with desk.http:
            await scene(desk)

    asyncio.run(main())


def proposal(desk: Desk, booking_id: BookingId, answer: Answer = Answer.LEAST_HARM) -> Proposal:
    revision = Revision(
        booking_id=booking_id,
        reason=RevisionReason.VEHICLE_LATE,
        tell_by=at("09:45"),
        vehicle_id=VehicleId("bus"),
        pickup=later(desk.room.ledger.state.promises[booking_id, PromiseKind.PICKUP].window, 20),
    )
    return Proposal(
        answer=answer,
        vehicle_id=None,
        plan=desk.plan(),
        cost_before_ms=1_800_000,
        cost_after_ms=2_100_000,
        harm=Harm(),
        affected=(),
        revisions=(revision,),
        lapsed=(),
        withdrawn=(),
        stranded=(),
        reasons=(Reason(ReasonCode.LATER, {"count": 1, "minutes": 20}),),
    )


def test_an_empty_day_says_so_in_whole_sentences() -> None:
    async def scene(desk: Desk) -> None:
        page = await desk.page()
        for words in (
            "Stand 08:00 Uhr, Dienstag, 7. Oktober 2025.",
            "Alle Fahrgäste wissen Bescheid.",
            "Keine Störung gemeldet.",
            "Keine Entwürfe.",
            "RB 46 aus Erfurt → Linienfahrt D",
            "Bus, 08:00 bis 17:00 Uhr",
            "Keine Fahrten.",
        ):
            assert words in page, words
        desk.language = "en"
        assert "All riders know what is true." in await desk.page()

    visit(scene)


def test_the_tours_show_what_is_promised_and_who_does_not_know_yet() -> None:
    async def scene(desk: Desk) -> None:
        booking_id = await desk.book()
        page = await desk.page()
        assert f"Einsteigen {booking_id}" in page
        assert "10:00\u201310:15" in page
        await put_off(desk.room, booking_id, 20)
        page = await desk.page()
        assert "10:20\u201310:35" in page
        assert "Bescheid fehlt" in page
        assert "außerhalb der Zusage" not in page, "the plan keeps what is to be told"

    visit(scene)


def test_whom_a_bus_will_be_late_for_stands_on_top_and_one_button_fills_the_report() -> None:
    async def scene(desk: Desk) -> None:
        booking_id = await desk.book("B", "09:00")
        assert "Kein Fahrzeug kommt nach jetzigem Stand zu spät." in await desk.page()
        desk.room.clock.moment = at("09:20")
        (risk,) = await desk.watch.look()
        page = await desk.page()
        assert "Bus kommt nach jetzigem Stand zu spät" in page
        worst = risk.late[0]
        minutes = -(-(worst.expected - worst.latest) // 60_000)
        assert f"Einsteigen {booking_id}, Haltestelle B: zugesagt bis 09:15 Uhr, voraussichtlich um 09:" in page
        assert f"also {minutes} Minuten zu spät" in page
        assert page.index("kommt nach jetzigem Stand") < page.index("Alle Fahrgäste wissen Bescheid")
        query = re.findall(rf'href="{PATH}\?(kind=vehicle_late[^"#]+)#happened"', page)[0]
        filled = (await desk.http.get(f"{PATH}?{query}")).text
        assert '<details class="screen-only" id="happened" open>' in filled
        assert '<option value="vehicle_late" selected>' in filled
        assert '<option value="bus" selected>' in filled
        assert "error-summary" not in filled
        assert len(desk.room.ledger.state.disruptions) == 0, "nothing is reported by looking"
        form = dict(parse_qsl(query))
        status, _ = await desk.send("/drafts", form)
        assert status == 303
        assert desk.repairs.asked[0].delay_s == 60.0 * int(form["delay_min"])

    visit(scene)


def test_the_report_a_risk_fills_leads_to_a_repair_after_which_nobody_is_at_risk() -> None:
    async def scene(desk: Desk) -> None:
        desk.uses_real_repairs()
        await desk.book("B", "09:00")
        desk.room.clock.moment = at("09:20")
        await desk.watch.look()
        page = await desk.page()
        query = re.findall(rf'href="{PATH}\?(kind=vehicle_late[^"#]+)#happened"', page)[0]
        status, _ = await desk.send("/drafts", dict(parse_qsl(query)))
        assert status == 303
        action, choice = re.findall(
            r'action="[^"]*(/drafts/\w+/publish)".*?name="choice" value="([^"]+)"', await desk.page(), re.DOTALL
        )[0]
        status, _ = await desk.send(action, {"choice": choice}, ticket="t2")
        assert status == 303
        assert "Kein Fahrzeug kommt" in await desk.page(), "at once, not with the next look"
        assert await desk.watch.look() == ()

    visit(scene)


def test_every_part_of_the_page_is_a_key_away() -> None:
    async def scene(desk: Desk) -> None:
        page = await desk.page()
        keys = re.findall(r'accesskey="(\w)">[^<]+<kbd>(\w)</kbd>', page)
        assert [shown for _, shown in keys] == [key for key, _ in keys] == [*"0kslm1234567"]
        for part in re.findall(r'href="#(\w+)" accesskey', page):
            assert f'id="{part}"' in page
        assert "Mit der Tastatur: Alt und das Zeichen im Kasten" in page

    visit(scene)


def test_connections_that_work_are_folded_and_those_that_are_over_are_gone() -> None:
    async def scene(desk: Desk) -> None:
        page = await desk.page()
        assert "Ein Anschluss, der nach jetzigem Stand klappt" in page
        await desk.send(f"/connections/{TRAIN}/delay", {"delay_min": "8"})
        page = await desk.page()
        assert "nach jetzigem Stand klappt" not in page
        assert "RB 46 aus Erfurt → Linienfahrt D" in page
        desk.room.clock.moment = at("09:30")
        assert "Heute sind keine Anschlüsse mehr geplant." in await desk.page()

    visit(scene)


def test_a_call_is_read_aloud_and_answered_with_one_button() -> None:
    async def scene(desk: Desk) -> None:
        booking_id = await desk.book(name="Anna Alt")
        await put_off(desk.room, booking_id, 20, tell_by="08:12")
        page = await desk.page()
        assert f"Anna Alt, Fahrt {booking_id}" in page
        assert "Bescheid geben bis 08:12 Uhr: noch 12 Minuten." in page
        assert "Guten Tag, hier ist der Bürgerbus." in page
        assert 'href="tel:036771"' in page
        status, _ = await desk.send(f"/tellings/{booking_id}", {"outcome": "not_reached"})
        assert status == 303
        assert "Bisher ein Versuch ohne Erfolg." in await desk.page()
        desk.room.clock.moment = at("08:20")
        assert "Die Zeit ist um. Bitte sofort anrufen." in await desk.page()
        news = re.findall(r'name="news" value="(\w+)"', page)[0]
        status, _ = await desk.send(f"/tellings/{booking_id}", {"outcome": "reached", "news": news}, ticket="t2")
        assert status == 303
        assert "Alle Fahrgäste wissen Bescheid." in await desk.page()
        status, page = await desk.send(f"/tellings/{booking_id}", {"outcome": "reached", "news": news}, ticket="t3")
        assert status == 409
        assert "Das weiß der Fahrgast schon" in page

    visit(scene)


def test_a_rider_who_cancels_on_the_phone_is_cancelled_at_once() -> None:
    async def scene(desk: Desk) -> None:
        booking_id = await desk.book()
        await put_off(desk.room, booking_id, 20)
        status, _ = await desk.send(f"/tellings/{booking_id}", {"outcome": "reached_cancel"})
        assert status == 303
        assert desk.room.ledger.state.bookings[booking_id].state is BookingState.CANCELLED
        status, _ = await desk.send(f"/tellings/{booking_id}", {"outcome": "shouted"}, ticket="t9")
        assert status == 422

    visit(scene)


def test_what_happened_becomes_drafts_side_by_side_and_nothing_else() -> None:
    async def scene(desk: Desk) -> None:
        booking_id = await desk.book()
        desk.repairs.proposals = (proposal(desk, booking_id), proposal(desk, booking_id, Answer.WITHDRAW))
        facts = len(list(desk.room.ledger.read()))
        form = {"kind": "vehicle_late", "vehicle_id": "bus", "delay_min": "25", "at": "8:05", "note": "Schranke"}
        form["is"] = "supposed"
        status, _ = await desk.send("/drafts", form)
        assert status == 303
        (asked,) = desk.repairs.asked
        assert (asked.kind, asked.delay_s, asked.begins) == (DisruptionKind.VEHICLE_LATE, 1500.0, at("08:05"))
        assert desk.repairs.done == []
        assert len(list(desk.room.ledger.read())) == facts
        page = await desk.page()
        for words in (
            "Entwurf zu: Fahrzeug hat Verspätung, Bus",
            "Am schonendsten für die Fahrgäste",
            "Betroffene Fahrten absagen, alles andere bleibt",
            "30 → 35 Minuten",
            f"{booking_id} bis 09:45 Uhr",
            "Eine Fahrt liegt außerhalb der zugesagten Zeit, um bis zu 20 min.",
        ):
            assert words in page, words

    visit(scene)


def test_a_draft_is_published_discarded_and_undone() -> None:
    async def scene(desk: Desk) -> None:
        booking_id = await desk.book()
        desk.repairs.proposals = (proposal(desk, booking_id),)
        await desk.send("/drafts", {"kind": "driver_missing", "vehicle_id": "bus"})
        status, _ = await desk.send("/drafts/d1/publish", {"choice": "least_harm"})
        assert status == 303
        assert desk.repairs.done[0][:2] == ("report", "driver_missing")
        name, draft, choice, key, actor = desk.repairs.done[1]
        assert (name, draft, choice, actor) == ("publish", "d1", "least_harm", "dispatcher:a11ce000")
        assert key.endswith("-t1")
        await desk.send("/drafts/d1/discard", {})
        assert "Keine Entwürfe." in await desk.page()
        desk.repairs.refusal = Refusal(RefusalCode.PLAN_CHANGED)
        status, page = await desk.send("/undo", {})
        assert status == 409
        assert "Gerade hat jemand anderes" in page
        _, page = await desk.send("/drafts/d1/publish", {"choice": "least_harm"}, ticket="t7")
        assert "Die Vorschläge wurden neu gerechnet" in page

    visit(scene)


def test_a_late_bus_is_repaired_told_and_undone_on_one_page() -> None:
    async def scene(desk: Desk) -> None:
        booking_id = await desk.book("B", "09:00", "Anna Alt")
        form = {"kind": "vehicle_late", "vehicle_id": "bus", "delay_min": "40", "at": "8:50"}
        desk.room.clock.moment = at("08:50")
        status, _ = await desk.send("/drafts", form)
        assert status == 303
        page = await desk.page()
        assert "Fahrzeug hat Verspätung, Bus, seit 08:50 Uhr" in page
        action, choice = re.findall(
            r'action="[^"]*(/drafts/\w+/publish)".*?name="choice" value="([^"]+)"', page, re.DOTALL
        )[0]
        status, _ = await desk.send(action, {"choice": choice}, ticket="t2")
        assert status == 303
        page = await desk.page()
        assert f"Anna Alt, Fahrt {booking_id}" in page
        assert "Ihr Bus kommt heute nicht zwischen 09:00 und 09:15 Uhr, sondern zwischen" in page
        status, _ = await desk.send(f"/tellings/{booking_id}", {"outcome": "reached"}, ticket="t3")
        assert status == 303
        assert "Alle Fahrgäste wissen Bescheid." in await desk.page()

    async def real(desk: Desk) -> None:
        desk.uses_real_repairs()
        await scene(desk)

    visit(real)


def test_a_disruption_that_is_over_is_ended() -> None:
    async def scene(desk: Desk) -> None:
        desk.repairs.open.append(
            Disruption(
                disruption_id=DisruptionId("panne-1"),
                kind=DisruptionKind.BREAKDOWN,
                area_id=desk.room.dispatch.region.areas[0].area_id,
                day=DAY.date,
                begins=at("07:50"),
                vehicle_id=VehicleId("bus"),
                note="Reifen",
            )
        )
        page = await desk.page()
        assert "Fahrzeug ist ausgefallen, Bus, seit 07:50 Uhr" in page
        status, _ = await desk.send("/disruptions/panne-1/end", {})
        assert (status, desk.repairs.done[0][:2]) == (303, ("end", "panne-1"))

    visit(scene)


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"kind": "flood"}, "fault_kind"),
        ({"kind": "breakdown"}, "fault_vehicle_id"),
        ({"kind": "vehicle_late", "vehicle_id": "bus", "delay_min": "0"}, "fault_delay_min"),
        ({"kind": "no_show", "booking_id": "XXX-XXX"}, "fault_booking_id"),
        ({"kind": "road_closed", "radius_m": "100"}, "fault_stop_id"),
        ({"kind": "road_closed", "stop_id": "A", "radius_m": "nah"}, "fault_radius_m"),
        ({"kind": "driver_missing", "vehicle_id": "bus", "at": "25:00"}, "fault_at"),
        ({"kind": "driver_missing", "vehicle_id": "bus", "note": "x" * 201}, "fault_note"),
    ],
)
def test_a_wrong_answer_is_told_at_its_field_and_keeps_what_was_typed(form: dict[str, str], fault: str) -> None:
    async def scene(desk: Desk) -> None:
        status, page = await desk.send("/drafts", {"at": "9:15", **form})
        assert status == 422
        assert page.count(DESK["de"][fault]) == 2, "in the summary and at the field"
        assert f'value="{form.get("at", "9:15")}"' in page
        assert desk.repairs.asked == []

    visit(scene)


def test_a_feeder_s_delay_and_a_dispatcher_s_decision_are_taken() -> None:
    async def scene(desk: Desk) -> None:
        await desk.page()
        status, _ = await desk.send(f"/connections/{TRAIN}/delay", {"delay_min": "8"})
        assert status == 303
        page = await desk.page()
        assert "wartet bis 09:01 Uhr" in page
        assert "Warten kostet andere zusammen 0 Minuten, Fahren kostet die Umsteigenden 60 Minuten." in page
        status, page = await desk.send(f"/connections/{TRAIN}/decision", {"decision": "go", "reason": ""}, ticket="t2")
        assert status == 422
        assert page.count("Bitte schreiben Sie einen Grund, höchstens 200 Zeichen.") == 2
        form = {"decision": "go", "reason": "Schulbus ist voll"}
        status, _ = await desk.send(f"/connections/{TRAIN}/decision", form, ticket="t3")
        assert status == 303
        assert desk.room.ledger.state.connections[ConnectionId(TRAIN)].decision is ConnectionDecision.GO
        status, page = await desk.send(f"/connections/{TRAIN}/delay", {"delay_min": "viel"}, ticket="t4")
        assert status == 422
        assert 'value="viel"' in page
        status, _ = await desk.send("/connections/nothing/delay", {"delay_min": "3"}, ticket="t5")
        assert status == 404

    visit(scene)


def test_the_same_form_sent_twice_counts_once() -> None:
    async def scene(desk: Desk) -> None:
        booking_id = await desk.book()
        await put_off(desk.room, booking_id, 20)
        for _ in range(2):
            status, _ = await desk.send(f"/tellings/{booking_id}", {"outcome": "not_reached"})
            assert status == 303
        assert desk.room.ledger.state.revisions[booking_id].tries == 1

    visit(scene)


@pytest.mark.parametrize(
    "path", ["/drafts", "/undo", "/drafts/d1/publish", "/drafts/d1/discard", f"/connections/{TRAIN}/delay"]
)
def test_a_form_on_somebody_else_s_website_does_nothing(path: str) -> None:
    async def scene(desk: Desk) -> None:
        before = len(list(desk.room.ledger.read()))
        form = {"kind": "driver_missing", "vehicle_id": "bus", "delay_min": "3", "choice": "x"}
        status, page = await desk.send(path, form, sec_fetch_site="cross-site")
        assert status == 403
        assert "fremden Seite" in page
        assert (desk.repairs.asked, desk.repairs.done) == ([], [])
        assert len(list(desk.room.ledger.read())) <= before + 1

    visit(scene)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=30), max_size=8),
    st.sampled_from([kind.value for kind in DisruptionKind]),
)
def test_whatever_is_typed_becomes_faults_or_a_disruption(given_: dict[str, str], kind: str) -> None:
    region = with_a_line()
    form = Happened(
        areas=region.areas,
        stops=region.stops,
        bookings={BookingId("B"): region.areas[0].area_id},
        day=DAY,
        now=at("08:00"),
    )
    typed = {"vehicle_id": "bus", "booking_id": "B", "stop_id": "A", **given_, "kind": kind}
    faults = form.faults(typed)
    if faults:
        assert set(faults) <= set(FIELDS)
        return
    found = form.disruption(typed, DisruptionId("x"))
    assert found.kind.value == kind
    assert (found.load is not None) is (found.kind is DisruptionKind.UNANNOUNCED_LOAD)
    assert (found.centre is not None) is (found.kind is DisruptionKind.ROAD_CLOSED)
    assert (found.delay_s > 0) is (found.kind is DisruptionKind.VEHICLE_LATE)


def test_what_really_stands_at_the_stop_is_a_load() -> None:
    region = with_a_line()
    form = Happened(
        areas=region.areas,
        stops=region.stops,
        bookings={BookingId("B"): region.areas[0].area_id},
        day=DAY,
        now=at("08:00"),
    )
    typed = {
        "kind": "unannounced_load",
        "booking_id": "B",
        "seats": "1",
        "wheelchairs": "1",
        "prams": "",
        "luggage": "2",
    }
    assert form.faults(typed) == ()
    assert form.disruption(typed, DisruptionId("x")).load == Load(1, 1, 0, 2)
    assert form.faults({**typed, "seats": "0", "wheelchairs": ""}) == ("seats",)


def test_every_word_stands_in_both_languages() -> None:
    assert DESK["de"].keys() == DESK["en"].keys()
    assert all(set(KIND[language]) == set(DisruptionKind) for language in ("de", "en"))
    for name, text in DESK["de"].items():
        gaps = [sorted(re.findall(r"{\w+}", each)) for each in (text, DESK["en"][name])]
        assert gaps[0] == gaps[1], name


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1440])
def test_the_page_has_no_accessibility_fault_and_no_sideways_scroll(width: int) -> None:
    pages: list[str] = []

    async def scene(desk: Desk) -> None:
        booking_id = await desk.book()
        await desk.book("C", "11:00", "Bert Neu")
        desk.repairs.proposals = (proposal(desk, booking_id), proposal(desk, booking_id, Answer.WITHDRAW))
        await desk.send("/drafts", {"kind": "vehicle_late", "vehicle_id": "bus", "delay_min": "25"})
        await put_off(desk.room, booking_id, 20)
        desk.repairs.open.append(desk.repairs.asked[0])
        pages.append((await desk.http.get(PATH)).text)
        pages.append((await desk.http.post(f"{PATH}/drafts", data={"kind": "breakdown", "at": "?"})).text)

    visit(scene)
    with chromium() as browser:
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=True)
        for html in pages:
            page = context.new_page()
            page.set_content(html)
            page.add_style_tag(path=HAND_WRITTEN / "style.css")
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            assert axe_faults(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()
