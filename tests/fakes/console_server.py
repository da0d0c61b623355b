"""A small world behind the console: real pages and real vehicle objects over faked fleet state, on a loopback port."""

import asyncio
import json
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from starlette.requests import Request
from starlette.responses import Response

from mobility.app.fleet_view import FleetView
from mobility.app.web.errors import error_page
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.pages import StopLink, mount_files, router
from mobility.app.web.templating import page_templates
from mobility.core.arrivals import Call, TripStanding, TripStatus
from mobility.core.clock import Instant, instant, shifted
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, RouteId, StopId, TripId, VehicleId
from mobility.core.vehicle import (
    Doors,
    DrivingMode,
    Sample,
    ServiceKind,
    TripRef,
    VehicleSpec,
    VehicleState,
)
from tests.fakes.supervision_world import SupervisionWorld, supervision_router
from tests.patience import PATIENCE_S

ZONE = "Europe/Berlin"
SAMPLE = Path(__file__).parent / "sample_page.html"
"""Every component of the style sheet on one page."""
STOPS = {
    "neuhaeuser-weg": ("Neuhäuser Weg", 50.6846, 10.9236),
    "homburger-platz": ("Homburger Platz", 50.6853, 10.9151),
    "gustav-kirchhoff-platz": ("Gustav-Kirchhoff-Platz", 50.6825, 10.9380),
    "manebach-bahnhof": ("Manebach Bahnhof", 50.6797, 10.8592),
    "stuetzerbach": ("Stützerbach Haus des Gastes", 50.6350, 10.8622),
    "frauenwald": ("Frauenwald Tourist-Information", 50.5811, 10.8597),
}
NAMES = {
    "Ilmenau": (50.6875, 10.9150),
    "Manebach": (50.6790, 10.8600),
    "Stützerbach": (50.6365, 10.8630),
    "Frauenwald": (50.5820, 10.8600),
}
LINE_D = ("neuhaeuser-weg", "gustav-kirchhoff-platz")
LINE_300 = ("homburger-platz", "manebach-bahnhof", "stuetzerbach", "frauenwald")


class RunningClock:
    """Starts at an instant and runs with the machine's monotonic clock."""

    def __init__(self, start: Instant) -> None:
        self._start, self._begun_s = start, time.monotonic()

    def now(self) -> Instant:
        return shifted(self._start, time.monotonic() - self._begun_s)

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


def spec(vehicle_id: str, label: str, kind: ServiceKind, *, seats: int = 6, sae_level: int = 0) -> VehicleSpec:
    return VehicleSpec(
        vehicle_id=VehicleId(vehicle_id),
        label=label,
        kind=kind,
        seats=seats,
        wheelchair_places=1,
        seats_lost_per_wheelchair=2,
        sae_level=sae_level,
        max_speed_mps=13.0,
        has_ramp=True,
        battery_wh=30_000,
        is_bookable=kind is ServiceKind.CITIZEN_BUS,
    )


class ConsoleWorld:
    """Vehicles on lines, moved by the clock; tests silence the stream, the answers or a vehicle."""

    def __init__(self, *, extra_buses: int = 0) -> None:
        self.clock = RunningClock(instant(datetime(2025, 10, 14, 5, 40, tzinfo=UTC)))
        self.supervision = SupervisionWorld(self.clock)
        self.is_streaming = True
        self.is_answering = True
        self.silent: set[str] = set()
        self.age_s: dict[str, float] = {}
        """Vehicles whose newest sample is always that old."""
        self.specs = {
            entry.vehicle_id: entry
            for entry in (
                spec("shuttle-1", "CAMIL 1", ServiceKind.SHUTTLE, sae_level=2),
                spec("shuttle-2", "CAMIL 2", ServiceKind.SHUTTLE, sae_level=2),
                spec("citizen-1", "Bürgerbus", ServiceKind.CITIZEN_BUS, seats=8),
                spec("bus-300", "Bus 300", ServiceKind.LINE_BUS, seats=40),
                spec("pmover", "P:Mover", ServiceKind.RESEARCH, sae_level=4),
                *(
                    spec(f"bus-{number}", f"Bus {number}", ServiceKind.LINE_BUS, seats=40)
                    for number in range(301, 301 + extra_buses)
                ),
            )
        }
        self._kept: dict[VehicleId, VehicleState] = {}
        self._is_empty = False

    def empty(self) -> None:
        self._is_empty = True

    def latest(self) -> Mapping[VehicleId, VehicleState]:
        if self._is_empty:
            return {}
        for order, vehicle in enumerate(self.specs):
            if vehicle not in self.silent or vehicle not in self._kept:
                self._kept[vehicle] = self._state(vehicle, order)
        return self._kept

    def subscribe(self, listener: Callable[[VehicleState], None]) -> None:
        del listener

    def status(self, trip: TripRef) -> TripStatus | None:
        return next((status for status in self.running() if status.trip == trip), None)

    def running(self) -> Sequence[TripStatus]:
        now = self.clock.now()
        trips = [
            ("shuttle-1", "D", "Gustav-Kirchhoff-Platz", 25.0, "gustav-kirchhoff-platz"),
            ("shuttle-2", "D", "Neuhäuser Weg", 200.0, "neuhaeuser-weg"),
            ("bus-300", "300", "Suhl, Döllberg/Klinikum über Frauenwald", -80.0, "stuetzerbach"),
        ]
        trips += [
            (vehicle, "300", "Frauenwald", 60.0 * order, "manebach-bahnhof")
            for order, vehicle in enumerate(self.specs)
            if vehicle.startswith("bus-3") and vehicle != "bus-300"
        ]
        return [
            TripStatus(
                trip=TripRef(TripId(f"{route}-{vehicle}"), date(2025, 10, 14)),
                route_id=RouteId(route),
                headsign=headsign,
                standing=TripStanding.RUNNING,
                as_of=now,
                vehicle_id=VehicleId(vehicle),
                delay_s=delay_s,
                calls=(
                    Call(
                        stop_id=StopId(stop),
                        stop_sequence=1,
                        scheduled_arrival=now,
                        scheduled_departure=now,
                    ),
                ),
            )
            for vehicle, route, headsign, delay_s, stop in trips
        ]

    def fleet(self) -> FleetView:
        return FleetView(
            vehicles=self,
            trips=self,
            specs=self.specs,
            route_names={RouteId("D"): "D", RouteId("300"): "300"},
            stop_names={StopId(stop): name for stop, (name, _, _) in STOPS.items()},
            zone=ZONE,
        )

    def _state(self, vehicle: VehicleId, order: int) -> VehicleState:
        now = shifted(self.clock.now(), -self.age_s.get(vehicle, 0.0))
        kind = self.specs[vehicle].kind
        line = LINE_D if kind is ServiceKind.SHUTTLE else LINE_300
        share = (now / 1000 / (120 if kind is ServiceKind.SHUTTLE else 900) + order * 0.37) % 1.0
        place = _along([STOPS[stop][1:] for stop in line], share)
        sample = Sample(
            vehicle_id=vehicle,
            boot_id=BootId("boot"),
            seq=now // 1000,
            device_time=now,
            place=place,
            speed_mps=0.0 if vehicle == "citizen-1" else 4.6,
            bearing_deg=(order * 67.0) % 360,
            mode={
                ServiceKind.SHUTTLE: DrivingMode.ASSISTED,
                ServiceKind.RESEARCH: DrivingMode.AUTOMATED,
            }.get(kind, DrivingMode.MANUAL),
            doors=Doors.RAMP_OUT if vehicle == "citizen-1" else Doors.CLOSED,
            passengers=None if kind is ServiceKind.RESEARCH else order % 5,
            battery_frac=None if kind is ServiceKind.LINE_BUS else 0.83 - order / 10,
        )
        return VehicleState(sample=sample, as_of=now, received_at=now)


def console_app(world: ConsoleWorld) -> FastAPI:
    """The pages and the interfaces the console reads."""
    app = FastAPI()
    app.add_middleware(LanguageMiddleware)
    fleet = world.fleet()
    templates = page_templates(
        clock=world.clock,
        zone=ZoneInfo(ZONE),
        is_demo=True,
        room_packages=(),
        region_name="Ilmenau",
        help_phone="03677 1234567",
    )
    stops = [StopLink(stop_id=StopId(stop), name=name) for stop, (name, _, _) in STOPS.items()]
    app.include_router(router(templates=templates, fleet=fleet, clock=world.clock, stops=stops, region_name="Ilmenau"))
    app.include_router(supervision_router(world.supervision))
    mount_files(app)

    @app.get("/sample", response_class=HTMLResponse)
    async def sample(request: Request) -> Response:
        template = templates.env.from_string(SAMPLE.read_text(encoding="utf-8"))
        context = {"request": request, "t": {}}
        for processor in templates.context_processors:
            context.update(processor(request))
        return HTMLResponse(template.render(context))

    @app.exception_handler(404)
    async def missing(request: Request, error: Exception) -> Response:
        del error
        return error_page(request, templates, 404)

    @app.get("/api/v1/vehicles")
    async def vehicles() -> Response:
        if not world.is_answering:
            raise HTTPException(503)
        return JSONResponse(_report(fleet, world))

    @app.get("/api/v1/console/map")
    async def region() -> Response:
        return JSONResponse(REGION)

    @app.get("/api/v1/console/stream")
    async def stream() -> Response:
        return StreamingResponse(_events(fleet, world), media_type="text/event-stream")

    return app


@contextmanager
def served(world: ConsoleWorld) -> Iterator[str]:
    """Serve the world on a free loopback port; yields its address."""
    config = uvicorn.Config(
        console_app(world), host="127.0.0.1", port=0, ws="none", log_level="critical", lifespan="off"
    )
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=PATIENCE_S)


async def _events(fleet: FleetView, world: ConsoleWorld) -> AsyncIterator[str]:
    kind = "snapshot"
    while True:
        if world.is_streaming:
            yield f"event: {kind}\ndata: {json.dumps(_report(fleet, world))}\n\n"
            kind = "vehicles"
        await asyncio.sleep(0.5)


def _report(fleet: FleetView, world: ConsoleWorld) -> dict[str, object]:
    now = world.clock.now()
    return {"now": fleet.time(now), "vehicles": fleet.views(now)}


def _along(places: Sequence[tuple[float, float]], share: float) -> LatLon:
    position = share * (len(places) - 1)
    index = min(int(position), len(places) - 2)
    part = position - index
    (lat_a, lon_a), (lat_b, lon_b) = places[index], places[index + 1]
    return LatLon(lat_a + part * (lat_b - lat_a), lon_a + part * (lon_b - lon_a))


def _feature(shape: str, coordinates: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "geometry": {"type": shape, "coordinates": coordinates}, "properties": properties}


def _collection(features: Sequence[dict[str, object]]) -> dict[str, object]:
    return {"type": "FeatureCollection", "features": list(features)}


def _line(stops: Sequence[str]) -> list[list[float]]:
    return [[STOPS[stop][2], STOPS[stop][1]] for stop in stops]


def _side_road(number: int) -> dict[str, object]:
    """A made-up street off the main road, so that the ground is not empty."""
    turn = number * 2.4
    lon, lat = 10.905 + 0.03 * math.cos(turn * 1.7), 50.684 + 0.012 * math.sin(turn)
    return _feature(
        "LineString", [[lon, lat], [lon + 0.006 * math.cos(turn), lat + 0.003 * math.sin(turn * 2)], [10.915, 50.6853]]
    )


REGION = {
    "name": "Ilmenau",
    "bounds": [10.84, 50.575, 10.95, 50.70],
    "roads": _collection(
        [_feature("LineString", _line(LINE_D)), _feature("LineString", _line(LINE_300)), *map(_side_road, range(24))]
    ),
    "lines": _collection(
        [
            _feature("LineString", _line(LINE_D), route="D", colour="0a6b7c", kind="shuttle"),
            _feature("LineString", _line(LINE_300), route="300", colour="a02060", kind="line_bus"),
        ]
    ),
    "research": _collection(
        [_feature("LineString", _line(("homburger-platz", "gustav-kirchhoff-platz")), route="Stadt")]
    ),
    "stops": _collection(
        [
            _feature(
                "Point",
                [lon, lat],
                stop_id=stop,
                name=name,
                is_line_stop=stop != "frauenwald",
                is_meeting_point=stop in LINE_300,
            )
            for stop, (name, lat, lon) in STOPS.items()
        ]
    ),
    "names": _collection([_feature("Point", [lon, lat], name=name) for name, (lat, lon) in NAMES.items()]),
}
