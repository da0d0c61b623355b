"""Rosters over HTTP: planned, read, repaired, changed by hand, and every fact in the ledger."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI

from dispatch.edge.kept_periods import FilePeriods
from dispatch.edge.roster_routes import roster_router
from dispatch.edge.roster_service import MemoryPeriods, Periods, Rosters, threaded
from mobility.app.problems import install_problem_handlers
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.service_day import ServiceDay
from tests.dispatch.roster.world import MONDAY
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger

PLACE = "/api/v1/rosters/village/2026-03-02"
SETTINGS: dict[str, Any] = {
    "area": "village",
    "first": "2026-03-02",
    "last": "2026-03-15",
    "shifts": [
        {
            "group": "Di vormittags",
            "weekdays": ["tue"],
            "starts": "08:00",
            "ends": "12:30",
            "roles": ["driver", "substitute"],
            "vehicle": "van-1",
        }
    ],
}
PEOPLE = [
    {"ref": "a", "roles": "driver;substitute", "wished": 2, "most": 3},
    {"ref": "b", "roles": ["driver", "substitute"], "wished": 2, "most": 3},
    {"ref": "c", "roles": "substitute", "wished": 0, "most": 3, "vetoed_days": "2026-03-10"},
]
FIRST = "2026-03-03/Di vormittags"


@dataclass
class Office:
    http: httpx.AsyncClient
    ledger: MemoryLedger
    clock: SettableClock

    async def post(self, path: str, body: dict[str, Any], key: str = "k") -> httpx.Response:
        return await self.http.post(path, json=body, headers={"Idempotency-Key": key})

    async def planned(self, **changes: Any) -> httpx.Response:
        body = {"settings": SETTINGS, "volunteers": PEOPLE, "work_s": 10, **changes}
        return await self.post("/api/v1/rosters/plan", body, key=f"plan {sorted(changes)}")


def told(
    story: Callable[[Office], Awaitable[Any]], periods: Periods | None = None, former: MemoryLedger | None = None
) -> Any:
    async def run() -> Any:
        clock = SettableClock(ServiceDay(MONDAY, "Europe/Berlin").at(-86_400))
        ledger = former or MemoryLedger(clock)
        kept = periods or MemoryPeriods()
        rosters = Rosters(ledger=ledger, clock=clock, zone="Europe/Berlin", periods=kept, run=threaded)
        templates = page_templates(
            clock=clock, zone=ZoneInfo("Europe/Berlin"), is_demo=False, room_packages=("dispatch",), region_name="Dorf"
        )
        app = FastAPI()
        install_problem_handlers(app, templates)
        app.include_router(roster_router(rosters))
        app.add_middleware(LanguageMiddleware)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            return await story(Office(http, ledger, clock))

    return asyncio.run(run())


def holders(body: dict[str, Any]) -> dict[str, str]:
    return {row["duty"]: row["driver"] for row in body["assignments"]}


def test_a_planned_roster_is_published_and_can_be_read() -> None:
    async def story(office: Office) -> Any:
        made = await office.planned()
        return made, await office.http.get("/api/v1/rosters"), await office.http.get(PLACE), office.ledger.state

    made, everything, one, state = told(story)
    assert made.status_code == 201, made.text
    assert made.json()["is_optimal"] is True
    assert made.json()["open"] == 0
    assert everything.json()["rosters"][0]["version"] == 1
    assert one.json()["assignments"] == made.json()["assignments"]
    (roster,) = state.rosters.values()
    assert roster.driver_of(roster.first.replace(day=3), "van-1", 8 * 3600) in {"a", "b"}


def test_a_cancellation_is_answered_with_proposals_and_the_chosen_one_is_published() -> None:
    async def story(office: Office) -> Any:
        first = (await office.planned()).json()
        answer = (await office.post(f"{PLACE}/cancellations", {"duty": f"{FIRST}/driver"})).json()
        chosen = {"changes": answer["proposals"][0]["changes"], "cancels": f"{FIRST}/driver"}
        done = await office.post(f"{PLACE}/assignments", chosen)
        again = await office.post(f"{PLACE}/assignments", chosen)
        back = {"duty": f"{FIRST}/driver", "before": holders(done.json())[f"{FIRST}/driver"]}
        refused = await office.post(
            f"{PLACE}/assignments", {"changes": [{**back, "after": holders(first)[f"{FIRST}/driver"]}]}, key="k2"
        )
        return first, answer, done, again, refused, list(office.ledger.read())

    first, answer, done, again, refused, facts = told(story)
    assert answer["is_covered"] is True
    assert answer["proposals"][0]["others"] == 1, "the substitute steps in, c stands by"
    after = holders(done.json())
    assert after[f"{FIRST}/driver"] == holders(first)[f"{FIRST}/substitute"]
    assert after[f"{FIRST}/substitute"] == "c"
    assert again.json() == done.json()
    assert [fact.body.cause for fact in facts] == ["period", "repair"]
    assert facts[0].actor == "dispatcher:loopback"
    assert refused.status_code == 409
    assert refused.json()["code"] == "said_no_to_day", "who cancelled is not asked again for that day"


def test_assigning_by_hand_is_checked_against_the_rules_and_the_newest_version() -> None:
    async def story(office: Office) -> Any:
        first = holders((await office.planned()).json())
        duty = "2026-03-10/Di vormittags/substitute"
        veto = {"changes": [{"duty": duty, "before": first[duty], "after": "c"}]}
        stale = {"changes": [{"duty": duty, "before": "z", "after": None}]}
        foreign = {"changes": [{"duty": duty, "before": first[duty], "after": "nobody"}]}
        free = {"changes": [{"duty": duty, "before": first[duty], "after": None}]}
        bodies = (veto, stale, foreign, free)
        return [await office.post(f"{PLACE}/assignments", body, key=str(n)) for n, body in enumerate(bodies)]

    veto, stale, foreign, free = told(story)
    assert (veto.status_code, veto.json()["code"]) == (409, "said_no_to_day")
    assert (stale.status_code, stale.json()["code"]) == (409, "roster_changed")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "unknown_volunteer")
    assert free.status_code == 200
    assert (free.json()["version"], free.json()["open"]) == (2, 1)


def test_planning_again_in_the_middle_leaves_the_past_alone() -> None:
    async def story(office: Office) -> Any:
        first = holders((await office.planned()).json())
        office.clock.moment = ServiceDay(MONDAY, "Europe/Berlin").at(5 * 86_400)
        gone = first[f"{FIRST}/driver"]
        left = [person for person in PEOPLE if person["ref"] != gone]
        return first, gone, (await office.planned(volunteers=left)).json()

    first, gone, second = told(story)
    assert second["version"] == 2
    after = holders(second)
    assert after[f"{FIRST}/driver"] == gone
    assert after[f"{FIRST}/substitute"] == first[f"{FIRST}/substitute"]
    assert gone not in {driver for duty, driver in after.items() if duty > "2026-03-08"}


def test_bad_input_is_answered_by_field_and_what_is_unknown_with_404() -> None:
    async def story(office: Office) -> Any:
        bad = await office.planned(settings={**SETTINGS, "shifts": [{**SETTINGS["shifts"][0], "ends": "07:00"}]})
        people = await office.planned(volunteers=[{**PEOPLE[0], "wished": True}])
        nothing = await office.http.get(PLACE)
        cancel = await office.post(f"{PLACE}/cancellations", {"duty": "x"})
        keyless = await office.http.post(f"{PLACE}/assignments", json={"changes": []})
        await office.planned()
        duty = await office.post(f"{PLACE}/cancellations", {"duty": "x"})
        return bad, people, nothing, cancel, keyless, duty

    bad, people, nothing, cancel, keyless, duty = told(story)
    assert bad.status_code == people.status_code == 422
    assert "shifts.ends" in bad.json()["detail"]
    assert "wished" in people.json()["detail"]
    assert [answer.status_code for answer in (nothing, cancel, duty)] == [404, 404, 404]
    assert keyless.status_code in {400, 422}
    assert (cancel.json()["code"], duty.json()["code"]) == ("unknown_roster", "unknown_duty")


def test_the_same_request_again_answers_with_the_roster_it_published() -> None:
    async def story(office: Office) -> Any:
        first = await office.planned()
        again = await office.planned()
        other = await office.post(
            "/api/v1/rosters/plan", {"settings": SETTINGS, "volunteers": PEOPLE, "work_s": 5}, key="plan []"
        )
        return first, again, other, list(office.ledger.read())

    first, again, other, facts = told(story)
    assert again.status_code == 201
    assert again.json() == first.json()
    assert again.json()["version"] == 1
    assert [fact.body.cause for fact in facts] == ["period"]
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")


def test_a_restarted_server_still_knows_roster_and_wishes(tmp_path: Path) -> None:
    async def before(office: Office) -> Any:
        return (await office.planned()).json(), office.ledger

    async def after(office: Office) -> Any:
        again = (await office.planned()).json()
        answer = await office.post(f"{PLACE}/cancellations", {"duty": f"{FIRST}/driver"})
        return again, answer

    made, ledger = told(before, FilePeriods(tmp_path))
    again, answer = told(after, FilePeriods(tmp_path), ledger)
    assert again["assignments"] == made["assignments"]
    assert (again["version"], again["is_optimal"]) == (1, None), "how good it was is not kept"
    assert answer.json()["is_covered"] is True


def test_wishes_that_were_lost_before_the_answer_come_back_with_the_request() -> None:
    async def story(office: Office) -> Any:
        await office.planned()
        return office.ledger

    ledger = told(story)
    kept = MemoryPeriods()

    async def again(office: Office) -> Any:
        await office.planned()
        return await office.post(f"{PLACE}/cancellations", {"duty": f"{FIRST}/driver"})

    assert told(again, kept, ledger).json()["is_covered"] is True


def test_wishes_are_erased_and_a_volunteer_is_forgotten() -> None:
    async def story(office: Office) -> Any:
        await office.planned()
        forgotten = await office.http.delete("/api/v1/rosters/volunteers/c")
        veto = {"changes": [{"duty": f"{FIRST}/driver", "before": None, "after": "c"}]}
        assign = await office.post(f"{PLACE}/assignments", veto, key="k3")
        gone = await office.http.delete(f"{PLACE}/wishes")
        twice = await office.http.delete(f"{PLACE}/wishes")
        cancel = await office.post(f"{PLACE}/cancellations", {"duty": f"{FIRST}/driver"})
        return forgotten, assign, gone, twice, cancel, await office.http.get(PLACE)

    forgotten, assign, gone, twice, cancel, one = told(story)
    assert forgotten.json() == {"periods": 1}
    assert assign.json()["code"] == "unknown_volunteer"
    assert (gone.status_code, twice.status_code, cancel.status_code) == (204, 404, 404)
    assert one.json()["version"] == 1, "who does what stays"


def test_the_sheet_to_print_comes_in_the_reader_s_language() -> None:
    async def story(office: Office) -> Any:
        await office.planned()
        german = await office.http.get(f"{PLACE}?format=html")
        english = await office.http.get(f"{PLACE}?format=html", headers={"accept-language": "en"})
        return german, english, await office.http.get(f"{PLACE}?format=pdf")

    german, english, unknown = told(story)
    assert german.headers["content-type"].startswith("text/html")
    assert german.headers["cache-control"] == "no-store"
    assert "<h1>Dienstplan village</h1>" in german.text
    assert "Woche 10" in german.text
    assert "<h1>Roster village</h1>" in english.text
    assert unknown.status_code == 422
