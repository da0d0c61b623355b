"""The one place where the rooms meet: adapters are built, ports are plugged, one server comes out."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from dispatch.edge.kept_periods import FilePeriods
from dispatch.edge.line_service import LineDesk
from dispatch.edge.roster_service import inline, threaded
from dispatch.edge.service import Dispatch
from dispatch.edge.side import DispatchParts, DispatchSide
from dispatch.edge.solver import ProcessSolver, Solver
from dispatch.travel import matrix
from gtfs.edge.write import schedule_zip
from gtfs.flex_duration import with_safe_durations
from gtfs.flex_site import with_booking_site
from gtfs.from_region import timetable_of
from gtfs.timetable import Timetable
from mobility.app.archive import Archive
from mobility.app.http import HttpParts, build_http
from mobility.app.mode_log import ModeLog
from mobility.app.passenger_side import PassengerParts, PassengerSide, Publishing, build_passenger_side
from mobility.app.settings import Role
from mobility.app.supervision import Supervision
from mobility.app.vehicle_side import Ingress, VehicleSide, VehicleSideParts, build_vehicle_side
from mobility.app.visit_log import VisitLog
from mobility.core.clock import Clock
from mobility.core.evidence import Factor, SourceRow
from mobility.core.ids import VehicleId
from mobility.core.ports import References
from mobility.core.region import Region
from mobility.storage.bundles import load_factors, load_region, load_sources, shipped_region
from mobility.storage.day_lines import DayLines
from mobility.storage.ledger import SqlLedger
from mobility.storage.quarantine import FileQuarantine
from mobility.storage.retention import RetentionPolicy
from mobility.storage.segments import SegmentLog
from mobility.storage.vault import SqlVault
from passenger_info.edge.push import PushHub
from passenger_info.edge.service import PassengerInfo
from passenger_info.told import PublishedTime
from v2x.edge.admission import Admission
from v2x.edge.gateway import Gateway
from v2x.supervision.policy import Policy


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What a server is made of; the defaults are those of real use."""

    clock: Clock
    references: References
    data_dir: Path
    region: Region | None = None
    """Without a region there is no dispatch: the server informs on ``timetable`` alone."""
    sources: Sequence[SourceRow] = ()
    """Where the region's facts come from."""
    factors: Sequence[Factor] = ()
    """Dated energy and climate factors of the region."""
    timetable: Timetable | None = None
    schedule: bytes = b""
    """The static feed of ``timetable`` as a zip."""
    role_tokens: Mapping[str, Role] = field(default_factory=dict)
    vehicle_tokens: Mapping[str, str] = field(default_factory=dict)
    identify: Callable[[str], VehicleId | None] | None = None
    """Replaces ``vehicle_tokens``."""
    signing_secret: str = ""
    is_demo: bool = False
    is_open: bool = False
    """Staff pages need no role: in-process use, and the demo on loopback."""
    inline: bool = False
    """Storage writes in the caller, without thread and sync: virtual time only."""
    speed: float = 1.0
    """Of the clock against real time; pages that refresh want to know."""
    policy: Policy = field(default_factory=Policy)
    """Of technical supervision."""
    retention: RetentionPolicy = field(default_factory=RetentionPolicy)
    ingress: Ingress = field(default_factory=Ingress)
    publishing: Publishing = field(default_factory=Publishing)
    site: str = ""
    """Address of this server for the public, for links in feeds."""
    admission: Admission | None = None
    """Of the vehicle listener, for its figures."""
    solver: Solver | None = None
    improve_delay_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Stores:
    """What keeps facts, people and telemetry."""

    ledger: SqlLedger
    vault: SqlVault
    telemetry: SegmentLog
    published: DayLines
    """Times told to all."""
    visits: VisitLog
    quarantine: DayLines


@dataclass(frozen=True, kw_only=True)
class Server:
    """A wired server without sockets."""

    timetable: Timetable
    schedule: bytes
    stores: Stores
    vehicles: VehicleSide
    passengers: PassengerSide
    dispatch: DispatchSide | None
    modes: ModeLog
    archive: Archive
    supervision: Supervision
    http: FastAPI

    @property
    def info(self) -> PassengerInfo:
        """Trips and departures as they are."""
        return self.passengers.info

    @property
    def hub(self) -> PushHub:
        """Where readers of the push stream connect."""
        return self.passengers.hub

    @property
    def gateway(self) -> Gateway:
        """Where vehicles connect."""
        return self.vehicles.gateway

    async def run(self) -> None:
        """Do the periodic work until cancelled; what needs the disk is begun anew where that fails."""
        keep = self.supervision.keep
        async with asyncio.TaskGroup() as tasks:
            for name, work in self.passengers.work().items():
                tasks.create_task(keep(name, work))
            tasks.create_task(keep("mode log", self.modes.run))
            tasks.create_task(keep("archive", self.archive.run))
            if self.dispatch is not None:
                for name, work in self.dispatch.work().items():
                    tasks.create_task(keep(name, work))
            for name, work in self.vehicles.work().items():
                tasks.create_task(keep(name, work))


@asynccontextmanager
async def open_server(wiring: Wiring) -> AsyncIterator[Server]:
    """Open storage, plug everything together, close it in the end; raises ``StorageError``, ``BadInputError``."""
    zone = _zone(wiring)
    async with AsyncExitStack() as stack:
        stores = Stores(
            ledger=SqlLedger.open(wiring.data_dir / "ledger.sqlite", clock=wiring.clock, inline=wiring.inline),
            vault=SqlVault.open(wiring.data_dir / "vault.sqlite", references=wiring.references, inline=wiring.inline),
            telemetry=SegmentLog.open(wiring.data_dir / "telemetry", zone=zone, inline=wiring.inline),
            published=DayLines(wiring.data_dir / "published", wiring.clock),
            visits=VisitLog(wiring.data_dir / "visits", wiring.clock),
            quarantine=DayLines(wiring.data_dir / "quarantine", wiring.clock),
        )
        for store in (stores.ledger, stores.vault, stores.telemetry):
            await stack.enter_async_context(store)
        for lines in (stores.published, stores.quarantine, stores.visits):
            stack.callback(lines.close)
        wiring = replace(wiring, region=_as_published(wiring, stores))
        server = _plug(wiring, *_timetable(wiring), stores)
        stack.callback(server.vehicles.save)
        yield server


def find_region(name: str) -> Region:
    """Load a region by the name of a shipped bundle or the path of a directory; raises ``BadInputError``."""
    return load_region(_bundle(name))


def find_sources(name: str) -> Sequence[SourceRow]:
    """Load where the facts of a region come from; raises ``BadInputError``."""
    return load_sources(_bundle(name))


def find_factors(name: str) -> Sequence[Factor]:
    """Load a region's energy and climate factors; raises ``BadInputError``."""
    return load_factors(_bundle(name))


def _bundle(name: str) -> Path:
    folder = Path(name)
    return folder if folder.is_dir() else shipped_region(name)


def _zone(wiring: Wiring) -> str:
    if wiring.region is not None:
        return wiring.region.zone
    if wiring.timetable is None:
        raise ValueError("a server needs a region or a timetable")
    return wiring.timetable.zone


def _as_published(wiring: Wiring, stores: Stores) -> Region | None:
    """Return the region with what only a running server knows: its own address, and how long rides really take."""
    if wiring.region is None:
        return None
    measured = with_safe_durations(wiring.region, stores.ledger.state.bookings.values())
    return with_booking_site(measured, wiring.site) if wiring.site else measured


def _timetable(wiring: Wiring) -> tuple[Timetable, bytes]:
    if wiring.region is not None:
        return timetable_of(wiring.region), schedule_zip(wiring.region)
    if wiring.timetable is None:
        raise ValueError("a server needs a region or a timetable")
    return wiring.timetable, wiring.schedule


def _plug(wiring: Wiring, timetable: Timetable, schedule: bytes, stores: Stores) -> Server:
    region = wiring.region
    vehicles = _vehicles(wiring, timetable.zone, stores)
    passengers = build_passenger_side(
        PassengerParts(
            timetable=timetable,
            region=region,
            clock=wiring.clock,
            ledger=stores.ledger,
            references=wiring.references,
            published=partial(_keep_published, stores.published),
            visits=stores.visits,
            publishing=wiring.publishing,
            inline=wiring.inline,
        )
    )
    info = passengers.info
    modes = ModeLog(stores.ledger)
    supervision = Supervision(wiring.clock)
    dispatch = None if region is None else _dispatch(wiring, region, stores, info, vehicles.gateway)
    vehicles.gateway.subscribe(info.observe)
    vehicles.gateway.subscribe(modes.observe)
    stores.ledger.subscribe(info.facts)
    info.facts(list(stores.ledger.read()))
    parts = HttpParts(
        clock=wiring.clock,
        references=wiring.references,
        speed=wiring.speed,
        region=region,
        sources=wiring.sources,
        timetable=timetable,
        schedule=schedule,
        ledger=stores.ledger,
        vault=stores.vault,
        supervision=supervision,
        vehicles=vehicles,
        passengers=passengers,
        line=None if region is None else _line_desk(wiring, region, timetable, stores, info),
        dispatch=dispatch,
        signing_secret=_secret(wiring),
        role_tokens=wiring.role_tokens,
        is_demo=wiring.is_demo,
        is_open=wiring.is_open,
        site=wiring.site,
    )
    return Server(
        timetable=timetable,
        schedule=schedule,
        stores=stores,
        vehicles=vehicles,
        passengers=passengers,
        dispatch=dispatch,
        modes=modes,
        archive=Archive(stores.telemetry, wiring.clock, timetable.zone),
        supervision=supervision,
        http=build_http(parts),
    )


def _vehicles(wiring: Wiring, zone: str, stores: Stores) -> VehicleSide:
    return build_vehicle_side(
        VehicleSideParts(
            clock=wiring.clock,
            references=wiring.references,
            ledger=stores.ledger,
            telemetry=stores.telemetry,
            quarantine=FileQuarantine(stores.quarantine),
            identify=wiring.identify or _by_token(wiring.vehicle_tokens),
            zone=zone,
            region=wiring.region,
            data_dir=wiring.data_dir,
            inline=wiring.inline,
            policy=wiring.policy,
            retention=wiring.retention,
            ingress=wiring.ingress,
            admission=wiring.admission,
        )
    )


def _line_desk(wiring: Wiring, region: Region, timetable: Timetable, stores: Stores, info: PassengerInfo) -> LineDesk:
    return LineDesk(
        region=region,
        timetable=timetable,
        ledger=stores.ledger,
        clock=wiring.clock,
        references=wiring.references,
        statuses=info,
    )


def _dispatch(wiring: Wiring, region: Region, stores: Stores, info: PassengerInfo, gateway: Gateway) -> DispatchSide:
    dispatch = Dispatch(
        region=region,
        ledger=stores.ledger,
        vault=stores.vault,
        clock=wiring.clock,
        references=wiring.references,
        travel=matrix(region),
        direct=info,
        solver=wiring.solver or ProcessSolver(),
        improve_delay_s=wiring.improve_delay_s,
    )
    return DispatchSide(
        DispatchParts(
            dispatch=dispatch,
            ledger=stores.ledger,
            vehicles=gateway,
            statuses=info,
            factors=wiring.factors,
            run=inline if wiring.inline else threaded,
            periods=FilePeriods(wiring.data_dir / "wishes"),
        )
    )


def _keep_published(lines: DayLines, told: PublishedTime) -> None:
    lines.append(
        {
            "trip_id": told.trip.trip_id,
            "start_date": told.trip.start_date.isoformat(),
            "stop_id": told.stop_id,
            "stop_sequence": told.stop_sequence,
            "event": told.event,
            "p10": told.time.p10,
            "p50": told.time.p50,
            "p90": told.time.p90,
            "scheduled": told.scheduled,
        }
    )


def _by_token(tokens: Mapping[str, str]) -> Callable[[str], VehicleId | None]:
    return lambda token: VehicleId(tokens[token]) if token in tokens else None


def _secret(wiring: Wiring) -> str:
    if wiring.signing_secret:
        return wiring.signing_secret
    path = wiring.data_dir / "secret"
    if not path.exists():
        # Only its owner may read it: whoever has it can sign a link to any ride.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text()
