"""Technical supervision over HTTP: what machines and pages see, and who may do what."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mobility.app.clock import LoopClock
from mobility.core.errors import RefusedError
from mobility.core.events import AlarmRaised, HazardReported, ManoeuvreAsked
from mobility.core.refusal import RefusalCode
from mobility.core.supervision import AlarmKind
from mobility.core.vehicle import DrivingMode
from sim.edge.loop import run_virtual
from tests.contracts.sample_supervision import ALARM, HAZARD
from tests.fakes.ledger import MemoryLedger
from tests.fakes.references import CountingReferences
from tests.v2x.supervision.making import KEYS, NOON, SHUTTLE, SPECS, VAN, Fleet, asked, record_of
from v2x.edge.supervision_routes import router
from v2x.edge.technical_supervision import TechnicalSupervision
from v2x.wording import REFUSALS

RELEASE = {
    "action": "release_manoeuvre",
    "vehicle_id": "pmover-1",
    "manoeuvre_id": "pmover-1/m1",
    "reason": "Gegenverkehr frei",
}
ROUTE = {
    "action": "propose_route",
    "vehicle_id": "pmover-1",
    "reason": "Baustelle",
    "route": [{"lat": 50.68, "lon": 10.92}, {"lat": 50.69, "lon": 10.93}],
}


class Desk:
    """The interface of a supervision whose van asks, and two people at it."""

    def __init__(self) -> None:
        self.clock = LoopClock(NOON)
        self.ledger = MemoryLedger(self.clock)
        self.fleet = Fleet(VAN, SHUTTLE)
        self.fleet.drives(record_of(1))
        self.service = TechnicalSupervision(
            ledger=self.ledger,
            gateway=self.fleet,
            clock=self.clock,
            references=CountingReferences(),
            keys=KEYS,
            specs=SPECS,
        )
        self.role: str | None = None
        self.actor = "supervisor:a11ce000"
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app()), base_url="http://server.invalid")

    def _app(self) -> FastAPI:
        app = FastAPI()
        app.include_router(router(self.service, zone="Europe/Berlin"))

        @app.middleware("http")
        async def somebody(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
            request.state.role, request.state.actor = self.role, self.actor
            return await call_next(request)

        @app.exception_handler(RefusedError)
        async def refused(_: Request, error: RefusedError) -> Response:
            return JSONResponse({"code": error.refusal.code}, error.status)

        @app.exception_handler(RequestValidationError)
        async def invalid(_: Request, __: RequestValidationError) -> Response:
            return JSONResponse({"code": "invalid_input"}, 422)

        return app

    async def asks(self, **fields: object) -> None:
        await self.ledger.submit(lambda _s, _n: [ManoeuvreAsked(manoeuvre=asked(**fields))], actor="vehicle:pmover-1")

    async def post(self, path: str, body: object = None, *, key: str | None = "k1") -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.http.post(f"/api/v1/supervision{path}", json=body, headers=headers)

    async def get(self, path: str = "") -> httpx.Response:
        return await self.http.get(f"/api/v1/supervision{path}")

    def becomes(self, role: str, fingerprint: str) -> None:
        self.role, self.actor = role, f"{role}:{fingerprint}"


def visit(scene: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        desk = Desk()
        async with desk.http:
            await scene(desk)

    run_virtual(main())


def test_a_supervisor_sees_what_waits_with_the_seconds_left() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks(mode=DrivingMode.MINIMAL_RISK)
        await desk.ledger.submit(
            lambda _s, now: [
                AlarmRaised(alarm=ALARM),
                HazardReported(hazard=HAZARD),
                HazardReported(hazard=replace(HAZARD, hazard_id="1001:6", valid_until=now + 60_000)),
            ],
            actor="vehicle:pmover-1",
        )
        await desk.clock.sleep(5)
        seen = (await desk.get()).json()
        (waiting,) = seen["manoeuvres"]
        assert (waiting["manoeuvre_id"], waiting["seconds_left"], waiting["needs_cause"]) == ("pmover-1/m1", 25.0, True)
        assert waiting["deadline"] == "2025-11-18T12:00:30.000+01:00"
        assert [each["kind"] for each in seen["alarms"]] == [AlarmKind.LINK_LOST]
        (hazard,) = seen["hazards"]
        assert (hazard["hazard_id"], hazard["cause_code"]) == ("1001:6", 94), "the other one's time is over"
        assert seen["policy"]["approved_actions"] == ["propose_route"]
        lifetimes = {each["action"]: each["lifetime_s"] for each in seen["policy"]["actions"]}
        assert (lifetimes["deactivate"], lifetimes["announce"]) == (2.0, 30.0)

    visit(scene)


def test_a_release_goes_out_and_can_be_looked_up() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        answer = await desk.post("/commands", RELEASE)
        assert answer.status_code == 201
        command = answer.json()
        assert (command["state"], command["counter"], command["issuer"]) == ("issued", 1, "supervisor:a11ce000")
        assert len(desk.fleet.sent) == 1
        await desk.clock.sleep(1.5)
        found = (await desk.get(f"/commands/{command['command_id']}")).json()
        assert found == {**command, "seconds_left": 0.5}
        assert [each["command_id"] for each in (await desk.get()).json()["commands"]] == [command["command_id"]]

    visit(scene)


def test_the_same_key_commands_once() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        first, again = await desk.post("/commands", RELEASE), await desk.post("/commands", RELEASE)
        assert (again.status_code, again.json()) == (201, first.json())
        assert len(desk.fleet.sent) == 1
        other = await desk.post("/commands", {**RELEASE, "reason": "anders"})
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
        desk.becomes("supervisor", "ca401000")
        somebody_else = await desk.post("/commands", RELEASE)
        assert somebody_else.json()["code"] == "idempotency_mismatch"

    visit(scene)


def test_two_people_propose_and_approve_a_route() -> None:
    async def scene(desk: Desk) -> None:
        desk.becomes("supervisor", "a11ce000")
        proposed = (await desk.post("/commands", ROUTE)).json()
        assert (proposed["state"], proposed["seconds_left"], desk.fleet.sent) == ("proposed", 120.0, [])
        path = f"/approvals/{proposed['command_id']}"
        own = await desk.post(path, key="k2")
        assert (own.status_code, own.json()["code"]) == (403, "not_your_role")
        desk.becomes("approver", "a11ce000")
        same = await desk.post(path, key="k2")
        assert (same.status_code, same.json()["code"]) == (409, "same_person")
        desk.becomes("approver", "b0b00000")
        approved = await desk.post(path, key="k2")
        assert (approved.status_code, approved.json()["state"]) == (200, "issued")
        assert (await desk.post(path, key="k2")).json() == approved.json()
        assert len(desk.fleet.sent) == 1

    visit(scene)


@pytest.mark.parametrize("role", ["dispatcher", "approver", "researcher"])
def test_only_a_supervisor_commands(role: str) -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        desk.becomes(role, "d1500000")
        answer = await desk.post("/commands", RELEASE)
        assert (answer.status_code, answer.json()["code"], desk.fleet.sent) == (403, "not_your_role", [])
        assert (await desk.get()).status_code == 200

    visit(scene)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**RELEASE, "manoeuvre_id": "pmover-1/m9"}, 404, "unknown_manoeuvre"),
        ({**RELEASE, "vehicle_id": "ghost"}, 404, "unknown_vehicle"),
        ({"action": "deactivate", "vehicle_id": "shuttle-1"}, 409, "not_for_this_vehicle"),
        ({"action": "announce", "vehicle_id": "pmover-1", "reason": "x"}, 422, "invalid_input"),
        ({**RELEASE, "reason": "   "}, 422, "invalid_input"),
        ({**RELEASE, "action": "steer"}, 422, "invalid_input"),
        ({**RELEASE, "speed_mps": 5}, 422, "invalid_input"),
        ({**RELEASE, "reason": "x" * 513}, 422, "invalid_input"),
        ({**RELEASE, "reason": "\u0000"}, 422, "invalid_input"),
        ({**ROUTE, "route": [{"lat": 91, "lon": 0}, {"lat": 0, "lon": 0}]}, 422, "invalid_input"),
        ({}, 422, "invalid_input"),
    ],
)
def test_what_does_not_work_says_why(body: object, status: int, code: str) -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        answer = await desk.post("/commands", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert desk.fleet.sent == []

    visit(scene)


def test_leaving_minimal_risk_without_a_cause_is_refused_over_http() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks(mode=DrivingMode.MINIMAL_RISK)
        answer = await desk.post("/commands", {**RELEASE, "cause": "Ast auf der Straße"})
        assert (answer.status_code, answer.json()["code"]) == (409, "cause_needed")
        documented = {**RELEASE, "cause": "Ast auf der Straße", "necessity": "Der Ast ist geräumt"}
        assert (await desk.post("/commands", documented)).status_code == 201

    visit(scene)


def test_a_command_without_a_key_is_refused() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        for key in (None, "", "k" * 201):
            assert (await desk.post("/commands", RELEASE, key=key)).status_code == 400
        assert desk.fleet.sent == []

    visit(scene)


def test_an_unknown_command_is_not_found() -> None:
    async def scene(desk: Desk) -> None:
        assert (await desk.get("/commands/c9")).status_code == 404
        assert (await desk.post("/approvals/c9")).status_code == 404

    visit(scene)


def test_commands_older_than_an_hour_leave_the_page() -> None:
    async def scene(desk: Desk) -> None:
        await desk.asks()
        await desk.post("/commands", RELEASE)
        await desk.clock.sleep(3601)
        assert (await desk.get()).json()["commands"] == []

    visit(scene)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(ROUTE)), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys({**ROUTE, **RELEASE}, json_values)))
def test_no_body_is_a_fault_of_the_server(body: dict[str, object]) -> None:
    async def scene(desk: Desk) -> None:
        assert (await desk.post("/commands", body)).status_code in {201, 404, 409, 422}

    visit(scene)


def test_every_refusal_of_this_room_has_its_sentences() -> None:
    assert set(REFUSALS) <= set(RefusalCode)
    for texts in REFUSALS.values():
        assert set(texts) == {"de", "en"}
