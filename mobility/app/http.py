"""The HTTP application: the routers of all rooms under one roof, one language, one table of roles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI
from itsdangerous import URLSafeSerializer
from starlette.templating import Jinja2Templates

from dispatch.edge.line_pages import line_pages_router
from dispatch.edge.line_routes import line_router
from dispatch.edge.line_service import LineDesk
from dispatch.edge.side import DispatchSide
from gtfs.edge.gofs import gofs_router
from gtfs.timetable import Timetable
from mobility.app import console_api, open_data, operation, sign_in, sources_page, supervision_page
from mobility.app.access import StaffOnly, is_dispatcher
from mobility.app.fleet_view import FleetView
from mobility.app.limits import Limits
from mobility.app.map_view import region_map, timetable_map
from mobility.app.passenger_side import PassengerSide
from mobility.app.problems import install_problem_handlers
from mobility.app.ride_estimates import QuotedEstimates
from mobility.app.settings import Role
from mobility.app.supervision import Supervision
from mobility.app.vehicle_side import VehicleSide
from mobility.app.web import pages
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.clock import Clock
from mobility.core.evidence import SourceRow
from mobility.core.place import Evidence
from mobility.core.ports import References
from mobility.core.region import Region
from mobility.storage.ledger import SqlLedger
from mobility.storage.vault import SqlVault
from passenger_info.edge.service import PassengerInfo
from v2x.edge import link_routes, occasion_routes, road_routes, supervision_routes

VERSION = "0.1.0"
_START_PAGE_STOPS = 6


@dataclass(frozen=True, kw_only=True)
class HttpParts:
    """What the application shows and asks."""

    clock: Clock
    references: References
    speed: float
    region: Region | None
    sources: Sequence[SourceRow]
    timetable: Timetable
    schedule: bytes
    ledger: SqlLedger
    vault: SqlVault
    supervision: Supervision
    vehicles: VehicleSide
    passengers: PassengerSide
    line: LineDesk | None
    dispatch: DispatchSide | None
    site: str
    """Address of this server for the public, empty: the one it is asked by."""
    signing_secret: str
    role_tokens: Mapping[str, Role]
    is_demo: bool
    is_open: bool

    @property
    def info(self) -> PassengerInfo:
        """Trips and departures as they are."""
        return self.passengers.info


def build_http(parts: HttpParts) -> FastAPI:
    """Return the application. It starts no task and opens nothing; handlers are ``async`` only."""
    app = FastAPI(
        title="Ilmenau Mobility",
        version=VERSION,
        openapi_url="/api/openapi.json",
        # The interactive pages load scripts from a third-party host.
        docs_url=None,
        redoc_url=None,
    )
    templates = _templates(parts)
    fleet = _fleet(parts)
    install_problem_handlers(app, templates)
    app.include_router(_pages(parts, templates, fleet))
    for routes in parts.passengers.routers(templates, is_dispatcher(parts.role_tokens, is_open=parts.is_open)):
        app.include_router(routes)
    if parts.line is not None:
        app.include_router(line_router(parts.line))
        app.include_router(line_pages_router(parts.line, templates))
    app.include_router(open_data.schedule_router(parts.schedule, parts.timetable.feed_version))
    app.include_router(open_data.report_router(parts.ledger, parts.info, parts.vehicles.gateway, parts.timetable.zone))
    drawn = region_map(parts.region) if parts.region is not None else timetable_map(parts.timetable)
    app.include_router(console_api.router(fleet=fleet, clock=parts.clock, speed=parts.speed, region_map=drawn))
    _include_vehicle_routes(app, parts, templates)
    if parts.sources:
        app.include_router(sources_page.router(templates, parts.sources))
    app.include_router(sign_in.router(templates, parts.role_tokens))
    if parts.dispatch is not None:
        signer = URLSafeSerializer(parts.signing_secret, salt="ride")
        app.include_router(parts.dispatch.router(templates, signer))
    if parts.dispatch is not None and parts.region is not None:
        estimates = QuotedEstimates(parts.dispatch.dispatch, parts.info)
        app.include_router(gofs_router(parts.region, estimates, parts.clock, site=parts.site))
    app.include_router(operation.router(lambda: _readings(parts), lambda: _faults(parts)))
    pages.mount_files(app)
    app.add_middleware(StaffOnly, tokens=parts.role_tokens, is_open=parts.is_open)
    app.add_middleware(Limits)
    app.add_middleware(LanguageMiddleware)
    return app


def _include_vehicle_routes(app: FastAPI, parts: HttpParts, templates: Jinja2Templates) -> None:
    vehicles, zone = parts.vehicles, parts.timetable.zone
    supervision = vehicles.supervision
    app.include_router(supervision_routes.router(supervision, zone=zone))
    app.include_router(
        supervision_page.router(templates=templates, supervision=supervision, references=parts.references, zone=zone)
    )
    app.include_router(link_routes.router(vehicles.links, parts.clock))
    recorder = vehicles.recorder
    app.include_router(occasion_routes.router(recorder=recorder, ledger=parts.ledger, key=vehicles.archive_key))
    if vehicles.road is not None:
        signals = vehicles.its.signals
        app.include_router(road_routes.router(vehicles.road, signals=lambda: signals.rows(parts.clock.now())))


def _templates(parts: HttpParts) -> Jinja2Templates:
    return page_templates(
        clock=parts.clock,
        zone=ZoneInfo(parts.timetable.zone),
        is_demo=parts.is_demo,
        room_packages=("passenger_info", "dispatch"),
        region_name=parts.region.name if parts.region else parts.timetable.agency_name,
        has_desk=parts.dispatch is not None,
        has_assumptions=any(row.evidence is Evidence.ASSUMED for row in parts.sources),
        help_phone=next((area.phone for area in parts.region.areas), "") if parts.region else "",
    )


def _fleet(parts: HttpParts) -> FleetView:
    return FleetView(
        vehicles=parts.vehicles.gateway,
        trips=parts.info,
        specs=parts.region.fleet if parts.region else {},
        route_names={route.route_id: route.short_name for route in parts.timetable.routes.values()},
        stop_names={stop.stop_id: stop.name for stop in parts.timetable.stops.values()},
        zone=parts.timetable.zone,
    )


def _pages(parts: HttpParts, templates: Jinja2Templates, fleet: FleetView) -> APIRouter:
    timetable = parts.timetable
    busiest = sorted(timetable.stops.values(), key=lambda stop: (-len(timetable.calls_at(stop.stop_id)), stop.name))
    return pages.router(
        templates=templates,
        fleet=fleet,
        clock=parts.clock,
        stops=[pages.StopLink(stop_id=stop.stop_id, name=stop.name) for stop in busiest[:_START_PAGE_STOPS]],
        region_name=parts.region.name if parts.region else timetable.agency_name,
        clock_speed=parts.speed,
    )


def _readings(parts: HttpParts) -> Mapping[str, float]:
    counters = parts.vehicles.gateway.counters
    return {
        "gateway_frames_total": counters.frames,
        "gateway_samples_total": counters.samples,
        "gateway_duplicates_total": counters.duplicates,
        "gateway_quarantined_total": counters.quarantined,
        "ledger_facts_total": parts.ledger.state.seq,
        "vehicles_heard": len(parts.vehicles.gateway.latest()),
        "trips_running": len(parts.info.running()),
        "background_faults_total": parts.supervision.faults,
        **parts.vehicles.readings(),
        **parts.passengers.readings(),
    }


def _faults(parts: HttpParts) -> list[str]:
    found = []
    if parts.ledger.is_read_only:
        found.append("the ledger is read-only: a write failed earlier")
    if parts.vault.is_read_only:
        found.append("the vault is read-only: a write failed earlier")
    if parts.vehicles.gateway.is_read_only:
        found.append("telemetry is read-only: a write failed earlier")
    return [*found, *parts.passengers.faults()]
