"""All of dispatch that a server needs: its services, their background work, and their routes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter
from itsdangerous import URLSafeSerializer
from starlette.templating import Jinja2Templates

from dispatch.edge.api import api_router
from dispatch.edge.book_pages import book_router
from dispatch.edge.connection_desk import Connections
from dispatch.edge.connection_routes import connection_router
from dispatch.edge.desk_pages import desk_router
from dispatch.edge.drive_pages import drive_router
from dispatch.edge.kernel_cache import drop_stale_kernels
from dispatch.edge.links import RideLinks
from dispatch.edge.promise_watch import PromiseWatch, watch_router
from dispatch.edge.repair_routes import repair_router
from dispatch.edge.repairs import Repairs
from dispatch.edge.ride_pages import ride_router
from dispatch.edge.roster_routes import roster_router
from dispatch.edge.roster_service import MemoryPeriods, Periods, Rosters, Runner, inline
from dispatch.edge.service import Dispatch
from dispatch.edge.service_level_routes import service_level_router
from dispatch.edge.telling_routes import telling_router
from dispatch.edge.tellings import Tellings
from dispatch.repair_search import cheaper
from mobility.core.evidence import Factor
from mobility.core.ports import Ledger, TripStatuses, VehicleStates

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class DispatchParts:
    """What the services share."""

    dispatch: Dispatch
    ledger: Ledger
    vehicles: VehicleStates | None = None
    """Positions of citizen buses; without them only reports tell who is late."""
    statuses: TripStatuses | None = None
    """Delays of line trips that feed the citizen bus; without them only people tell of them."""
    factors: Sequence[Factor] = ()
    """Of energy and climate, for the service levels."""
    periods: Periods = field(default_factory=MemoryPeriods)
    """Volunteers' wishes: ``kept_periods.FilePeriods`` on a server, so that a restart forgets nothing."""
    run: Runner = field(default=inline)
    """Runs what takes seconds: in a thread on a server, at once in virtual time."""


class DispatchSide:
    """The services of one server."""

    def __init__(self, parts: DispatchParts) -> None:
        """Build them; nothing runs before ``work`` does."""
        dispatch, ledger = parts.dispatch, parts.ledger
        self._parts = parts
        self.dispatch = dispatch
        self.tellings = Tellings(dispatch, ledger)
        self.connections = Connections(dispatch, ledger, parts.statuses)
        self.repairs = Repairs(dispatch=dispatch, ledger=ledger, improve=cheaper)
        self.watch = PromiseWatch(dispatch, ledger, parts.vehicles)
        self.rosters = Rosters(
            ledger=ledger, clock=dispatch.clock, zone=dispatch.region.zone, periods=parts.periods, run=parts.run
        )

    def warm(self) -> None:
        """Load the compiled search, so that no rider waits for it. Blocks; meant for a thread, before a request."""
        drop_stale_kernels()
        self.dispatch.warm()

    def work(self) -> Mapping[str, Work]:
        """Return the periodic work by name."""
        return {
            "dispatch": self.dispatch.run,
            "connections": self.connections.run,
            "tellings": self.tellings.run,
            "promise watch": self.watch.run,
        }

    def router(self, templates: Jinja2Templates, signer: URLSafeSerializer) -> APIRouter:
        """Return the JSON interface and all pages; links to rides are signed with ``signer``."""
        dispatch, links, parts = self.dispatch, RideLinks(signer), self._parts
        routes = APIRouter()
        routes.include_router(api_router(dispatch, links))
        routes.include_router(connection_router(dispatch, self.connections, links))
        routes.include_router(telling_router(dispatch, self.tellings, links))
        routes.include_router(repair_router(dispatch, self.repairs))
        routes.include_router(watch_router(self.watch, dispatch.region.zone))
        routes.include_router(roster_router(self.rosters))
        routes.include_router(service_level_router(dispatch, parts.ledger, parts.factors))
        routes.include_router(book_router(dispatch, templates, links))
        routes.include_router(ride_router(dispatch, templates, links, self.tellings))
        routes.include_router(drive_router(dispatch, templates))
        desk = desk_router(
            dispatch,
            templates,
            tellings=self.tellings,
            connections=self.connections,
            repairs=self.repairs,
            watch=self.watch,
        )
        routes.include_router(desk)
        return routes
