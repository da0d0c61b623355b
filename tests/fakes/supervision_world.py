"""Supervision, links and road layers behind the console, as a test sets them: real views over made-up facts."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse
from starlette.requests import Request
from starlette.responses import Response

from mobility.core.clock import Clock, Instant, shifted
from mobility.core.geo import LatLon
from mobility.core.ids import AlarmId, BootId, CommandId, HazardId, ManoeuvreId, VehicleId
from mobility.core.supervision import (
    Alarm,
    AlarmKind,
    Command,
    CommandAction,
    CommandState,
    Hazard,
    Manoeuvre,
    ManoeuvreKind,
    Supervised,
)
from mobility.core.vehicle import DrivingMode
from v2x.road.layers import Feature, collection, hazard_layer
from v2x.supervision.policy import Policy
from v2x.supervision.view import View

VAN = VehicleId("pmover")
_PLACE = LatLon(50.6839, 10.9305)


class SupervisionWorld:
    """What vehicles ask and supervisors commanded; a test adds, and says how the server answers."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.is_answering = True
        self.refusal: tuple[int, str, str] | None = None
        """Status, code and sentence of the next answers to posts."""
        self.is_losing = False
        """Posts are taken, but their answers are lost."""
        self.left_s: float | None = None
        """Where set, every request has just this long left, however much time passes."""
        self.overviews = 0
        """How often the page has asked."""
        self.posted: list[tuple[str, str, dict[str, Any]]] = []
        """Path, Idempotency-Key and body of every post."""
        self.manoeuvres: dict[ManoeuvreId, Manoeuvre] = {}
        self.commands: dict[CommandId, Command] = {}
        self.alarms: dict[AlarmId, Alarm] = {}
        self.hazards: dict[HazardId, Hazard] = {}
        self.has_layers = True
        self._by_key: dict[str, CommandId] = {}

    def ask(self, name: str = "1", *, left_s: float = 300.0, in_minimal_risk: bool = False) -> ManoeuvreId:
        """Let the van ask."""
        now = self.clock.now()
        manoeuvre = Manoeuvre(
            manoeuvre_id=ManoeuvreId(f"{VAN}/{name}"),
            vehicle_id=VAN,
            kind=ManoeuvreKind.RESUME_FROM_MINIMAL_RISK if in_minimal_risk else ManoeuvreKind.PASS_OBSTACLE,
            text="Kurzzeitig widersprüchliche Abstandswerte."
            if in_minimal_risk
            else "Lieferwagen hält in der Fahrspur, Gegenspur ist frei.",
            place=_PLACE,
            mode=DrivingMode.MINIMAL_RISK if in_minimal_risk else DrivingMode.AUTOMATED,
            state_version=3,
            boot_id=BootId("boot"),
            asked_at=shifted(now, -5),
            deadline=shifted(now, left_s),
        )
        self.manoeuvres[manoeuvre.manoeuvre_id] = manoeuvre
        return manoeuvre.manoeuvre_id

    def alarm(self, kind: AlarmKind, vehicle_id: str, *, age_s: float = 70.0, detail: str = "") -> None:
        """Raise an alarm."""
        name = AlarmId(f"{kind}:{vehicle_id}")
        at = shifted(self.clock.now(), -age_s)
        self.alarms[name] = Alarm(
            alarm_id=name, kind=kind, vehicle_id=VehicleId(vehicle_id), raised_at=at, detail=detail
        )

    def command(self, name: str, action: CommandAction, state: CommandState, **more: Any) -> CommandId:
        """Add a command as if somebody had given it."""
        now = self.clock.now()
        given = {"issuer": "supervisor:1f2e3d4c", "reason": "Kamerabild geprüft", "expires_at": shifted(now, 60)} | more
        issued_at = None if state is CommandState.PROPOSED else shifted(now, -20)
        made = Command(
            command_id=CommandId(name), vehicle_id=VAN, action=action, state=state, issued_at=issued_at, **given
        )
        self.commands[made.command_id] = made
        return made.command_id

    def progress(self, command_id: CommandId, state: CommandState, reason: str = "") -> None:
        """Let the vehicle say something; an accepted answer closes its request."""
        known = replace(self.commands[command_id], state=state, state_reason=reason)
        self.commands[command_id] = known
        if known.manoeuvre_id is not None and state in (CommandState.ACCEPTED, CommandState.EXECUTED):
            self.manoeuvres.pop(known.manoeuvre_id, None)

    def hazard(self) -> None:
        """Report an obstacle."""
        now = self.clock.now()
        self.hazards[HazardId("h1")] = Hazard(
            hazard_id=HazardId("h1"),
            cause_code=10,
            sub_cause_code=0,
            place=LatLon(50.6845, 10.9200),
            detected_at=shifted(now, -60),
            valid_until=shifted(now, 600),
            reported_by="4711",
        )

    def overview(self) -> dict[str, Any]:
        """Return what ``GET /api/v1/supervision`` tells; requests past their deadline are gone."""
        now = self.clock.now()
        self.overviews += 1
        self.manoeuvres = {name: each for name, each in self.manoeuvres.items() if each.deadline > now}
        asking = self.manoeuvres
        if self.left_s is not None:
            deadline = shifted(now, self.left_s)
            asking = {name: replace(each, deadline=deadline) for name, each in asking.items()}
        known = Supervised(manoeuvres=asking, commands=self.commands, alarms=self.alarms, hazards=self.hazards)
        return View(ZoneInfo("Europe/Berlin")).overview(known, Policy(), now)

    async def post(self, request: Request, command: Command) -> Response:
        """Take a command once per key."""
        key = request.headers.get("idempotency-key", "")
        body = await request.json() if await request.body() else {}
        self.posted.append((request.url.path, key, body))
        if self.refusal is not None:
            status, code, sentence = self.refusal
            return JSONResponse(
                {"detail": sentence, "code": code, "status": status}, status, media_type="application/problem+json"
            )
        name = self._by_key.setdefault(key, command.command_id)
        self.commands.setdefault(name, command)
        if self.is_losing:
            raise HTTPException(502)
        return JSONResponse(View(ZoneInfo("Europe/Berlin")).command(self.commands[name], self.clock.now()), 201)

    def issued(self, body: dict[str, Any], now: Instant) -> Command:
        """Return the command that a body makes."""
        action = CommandAction(body["action"])
        needs = Policy().needs_approval(action, DrivingMode.AUTOMATED)
        return Command(
            command_id=CommandId(f"c{len(self.posted)}"),
            vehicle_id=VehicleId(body["vehicle_id"]),
            action=action,
            issuer="supervisor:loopback",
            reason=body["reason"],
            manoeuvre_id=body.get("manoeuvre_id"),
            cause=body.get("cause", ""),
            necessity=body.get("necessity", ""),
            text=body.get("text", ""),
            route=tuple(LatLon(point["lat"], point["lon"]) for point in body.get("route", ())),
            state=CommandState.PROPOSED if needs else CommandState.ISSUED,
            issued_at=None if needs else now,
            expires_at=shifted(now, 120 if needs else 2),
        )

    def links(self) -> dict[str, Any]:
        """Return what ``GET /api/v1/links`` tells of three vehicles."""
        usual = {
            "state": "live",
            "is_connected": True,
            "silence_s": 0.4,
            "age_s": 0.6,
            "rtt_p50_ms": 48,
            "rtt_p95_ms": 210,
            "clock_offset_ms": 12,
            "clock_error_ms": 20,
            "loss_frac": 0.004,
            "reconnects_today": 2,
        }
        return {
            "now": "",
            "vehicles": [
                {"vehicle_id": "shuttle-2", **usual},
                {"vehicle_id": "shuttle-1", **usual, "state": "lost", "silence_s": 75.0, "rtt_p50_ms": None},
                {"vehicle_id": "citizen-1", **usual, "state": "resting"},
            ],
        }

    def layer(self, name: str) -> dict[str, Any]:
        """Return a layer as GeoJSON: two pieces of street, an approach, the hazards."""
        if not self.has_layers:
            return collection(())
        if name == "hazards":
            return collection(hazard_layer(self.hazards.values(), (("Homburger Platz", LatLon(50.6853, 10.9151)),)))
        common = {"edge": 7, "from_m": 0.0, "to_m": 80.0, "near": "Homburger Platz", "passes": 14}
        rows: dict[str, list[dict[str, Any]]] = {
            "coverage": [
                {"samples": 900, "late_frac": 0.31, "reconnects": 2, "rtt_p50_ms": 180, "rtt_p95_ms": 2000},
                {"samples": 700, "late_frac": 0.01, "reconnects": 0, "rtt_p50_ms": 50, "rtt_p95_ms": 100},
            ],
            "roughness": [
                {"roughness_mps2": 1.8, "p90_mps2": 2.0, "class": "D"},
                {"roughness_mps2": 0.5, "p90_mps2": 0.6, "class": "B"},
            ],
            "junctions": [{"junction": 3, "mean_delay_s": 31.4, "p90_delay_s": 55.0, "free_flow_mps": 9.6}],
        }
        lines = (
            (LatLon(50.6853, 10.9151), LatLon(50.6849, 10.9180)),
            (LatLon(50.6849, 10.9180), LatLon(50.6846, 10.9236)),
        )
        return collection(
            Feature(places=line, properties={**common, **row}) for line, row in zip(lines, rows[name], strict=False)
        )


def supervision_router(world: SupervisionWorld) -> APIRouter:
    """Return the interfaces the console's supervision and layers read and write."""
    routes = APIRouter()

    @routes.get("/api/v1/supervision")
    async def overview() -> Response:
        if not world.is_answering:
            raise HTTPException(503)
        return JSONResponse(world.overview())

    @routes.post("/api/v1/supervision/commands")
    async def command(request: Request) -> Response:
        return await world.post(request, world.issued(await request.json(), world.clock.now()))

    @routes.post("/api/v1/supervision/approvals/{command_id}")
    async def approve(request: Request, command_id: str) -> Response:
        known = world.commands[CommandId(command_id)]
        approved = replace(known, state=CommandState.ISSUED, approver="approver:99", issued_at=world.clock.now())
        answer = await world.post(request, approved)
        if world.refusal is None:
            world.commands[approved.command_id] = approved
        return answer

    @routes.get("/api/v1/links")
    async def links() -> Response:
        return JSONResponse(world.links())

    @routes.get("/api/v1/links/coverage")
    async def coverage() -> Response:
        return JSONResponse(world.layer("coverage"))

    @routes.get("/api/v1/road/{name}")
    async def road(name: str) -> Response:
        return JSONResponse(world.layer(name))

    return routes
