"""By the book (StVG §1f, §1g no. 13, AFGBV §14): a van stands still, asks, is released by a person, and goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from fastapi import FastAPI

from mobility.app.clock import LoopClock
from mobility.core.events import CommandIssued, CommandProgressed, ManoeuvreAsked, ManoeuvreClosed, OccasionNoted
from mobility.core.supervision import ManoeuvreKind
from mobility.core.vehicle import DrivingMode
from mobility.storage.ledger import SqlLedger
from mobility.storage.segments import SegmentLog
from sim.edge.loop import run_virtual
from tests.fakes.references import CountingReferences
from tests.fakes.stream import stream_pair
from tests.v2x.making import KeptFrames, identify
from tests.v2x.supervision.making import KEYS, NOON, SPECS, VAN
from tests.v2x.supervision.van import Van
from v2x import wire_pb2 as wire
from v2x.edge.gateway import Gateway
from v2x.edge.supervision_routes import router
from v2x.edge.technical_supervision import TechnicalSupervision
from v2x.server_frames import CommandMessage, command_frame


class District:
    """A real gateway, real segments and a real ledger, a van on a connection, a supervisor at the interface."""

    def __init__(self, folder: Path) -> None:
        self.clock = LoopClock(NOON)
        self.ledger = SqlLedger.open(folder / "ledger.sqlite", clock=self.clock, inline=True)
        self.segments = SegmentLog.open(folder / "telemetry", zone="Europe/Berlin", inline=True)
        self.gateway = Gateway(log=self.segments, clock=self.clock, identify=identify, quarantine=KeptFrames())
        self.service = TechnicalSupervision(
            ledger=self.ledger,
            gateway=self.gateway,
            clock=self.clock,
            references=CountingReferences(),
            keys=KEYS,
            specs=SPECS,
        )
        self.gateway.subscribe_records(self.service.observe)
        app = FastAPI()
        app.include_router(router(self.service, zone="Europe/Berlin"))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://server.invalid")
        ours, self.theirs = stream_pair()
        self.van = Van(VAN, ours, self.clock, KEYS.public)

    async def post(self, path: str, **body: object) -> httpx.Response:
        key = {"Idempotency-Key": f"{path} {body}"[:190].encode("ascii", "replace").decode()}
        return await self.http.post(f"/api/v1/supervision{path}", json=body, headers=key)

    async def tell(self) -> None:
        self.van.tell()
        await self.clock.sleep(1)

    def facts(self, *kinds: type) -> list:
        return [each.body for each in self.ledger.read() if isinstance(each.body, kinds)]

    def actors(self) -> list[tuple[str, str]]:
        return [(each.actor, type(each.body).__name__) for each in self.ledger.read()]


def at_work(folder: Path, scene: Callable[[District], Awaitable[None]]) -> None:
    async def main() -> None:
        made = District(folder)
        async with made.ledger, made.segments, made.http, asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(work)
                for work in (made.gateway.serve(made.theirs), made.service.run(), made.van.client.run())
            ]
            await scene(made)
            for each in running:
                each.cancel()

    run_virtual(main())


async def stands_and_asks(district: District) -> dict:
    """A branch on the road: the van stops by itself, then asks whether it may go on."""
    await district.tell()
    district.van.changes_to(DrivingMode.MINIMAL_RISK)
    district.van.asks("r1", ManoeuvreKind.RESUME_FROM_MINIMAL_RISK, "Ast auf der Fahrbahn, Gegenspur frei")
    await district.tell()
    overview = (await district.http.get("/api/v1/supervision")).json()
    assert {alarm["kind"] for alarm in overview["alarms"]} == {"minimal_risk", "manoeuvre_waits"}
    (waiting,) = overview["manoeuvres"]
    assert (waiting["needs_cause"], waiting["seconds_left"] > 50) == (True, True)
    return waiting


def test_a_van_asks_a_supervisor_releases_and_every_step_and_byte_is_kept(tmp_path: Path) -> None:
    async def scene(district: District) -> None:
        van = district.van
        waiting = await stands_and_asks(district)
        release = {
            "action": "release_manoeuvre",
            "vehicle_id": VAN,
            "manoeuvre_id": waiting["manoeuvre_id"],
            "reason": "Gegenverkehr frei",
        }
        undocumented = district.service.state.seq
        assert (await refusal(district, release)) == "cause_needed"
        assert district.service.state.seq == undocumented, "nothing was written and nothing sent"
        assert van.heard == []

        answer = await district.post(
            "/commands", **release, cause="Ast auf der Fahrbahn", necessity="Linie blockiert, Spur frei geprüft"
        )
        assert answer.status_code == 201
        command_id = answer.json()["command_id"]
        await district.clock.sleep(0.5)
        assert (len(van.heard), van.refused, van.executing) == (1, [], command_id)

        # Every byte that went out is the fact's (§1g(1) no. 13).
        (issued,) = district.facts(CommandIssued)
        assert bytes.fromhex(issued.frame_hex) == command_frame(van.heard[0])
        body = wire.CommandBody.FromString(van.heard[0].body)
        assert (body.cause, body.necessity) == ("Ast auf der Fahrbahn", "Linie blockiert, Spur frei geprüft")

        await district.tell()
        van.executes()
        await district.tell()
        await district.tell()
        await district.clock.sleep(20)

        progress = [fact.state for fact in district.facts(CommandProgressed)]
        assert progress == ["received", "accepted", "executed"]
        (closed,) = district.facts(ManoeuvreClosed)
        assert closed.outcome == "released"
        (occasion,) = district.facts(OccasionNoted)
        assert (occasion.occasion.kind, occasion.occasion.source) == ("intervention", "supervision")
        seen = (await district.http.get(f"/api/v1/supervision/commands/{command_id}")).json()
        assert (seen["state"], seen["cause"]) == ("executed", "Ast auf der Fahrbahn")
        overview = (await district.http.get("/api/v1/supervision")).json()
        assert (overview["alarms"], overview["manoeuvres"]) == ([], []), "a documented leaving alarms nobody"

        assert len(district.facts(ManoeuvreAsked)) == 1
        assert ("supervisor:loopback", "CommandIssued") in district.actors()
        assert all(actor == f"vehicle:{VAN}" for actor, kind in district.actors() if kind == "CommandProgressed")
        assert district.ledger.verify().is_sound

    at_work(tmp_path, scene)


async def refusal(district: District, release: dict) -> str:
    """A route handler raises the refusal; the application turns it into an answer, here it comes as it is."""
    try:
        await district.post("/commands", **release)
    except Exception as error:  # noqa: BLE001 - the refusal on its way out of a bare application
        return str(error)
    return ""


def test_a_van_that_changed_its_mind_refuses_and_may_be_asked_again(tmp_path: Path) -> None:
    async def scene(district: District) -> None:
        van = district.van
        waiting = await stands_and_asks(district)
        documented = {
            "action": "release_manoeuvre",
            "vehicle_id": VAN,
            "manoeuvre_id": waiting["manoeuvre_id"],
            "reason": "frei",
            "cause": "Ast",
            "necessity": "Linie blockiert",
        }
        van.state_version += 1  # the scene has changed since the sample the supervisor saw
        await district.post("/commands", **documented)
        await district.clock.sleep(0.1)
        assert van.refused == ["stale_precondition"]
        await district.tell()
        assert [(f.state, f.reason) for f in district.facts(CommandProgressed)] == [
            ("received", ""),
            ("rejected", "stale_precondition"),
        ]
        assert district.facts(ManoeuvreClosed) == [], "it still asks"

    at_work(tmp_path, scene)


def test_bytes_that_go_over_the_line_twice_are_carried_out_once(tmp_path: Path) -> None:
    async def scene(district: District) -> None:
        van = district.van
        await district.tell()
        await district.post("/commands", action="stop_at_next_safe_place", vehicle_id=VAN)
        await district.clock.sleep(0.1)
        first = van.heard[0]
        assert district.gateway.send_command(VAN, command_frame(CommandMessage(first.body, first.signatures)))
        await district.clock.sleep(0.1)
        assert (len(van.heard), van.refused) == (2, ["replayed"])
        await district.tell()
        (issued,) = district.facts(CommandIssued)
        assert district.service.state.supervised.commands[issued.command.command_id].state == "accepted"

    at_work(tmp_path, scene)
