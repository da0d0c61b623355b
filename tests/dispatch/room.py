"""A dispatch service on the street village, in memory, and its pages behind an HTTP client."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from itsdangerous import URLSafeSerializer

from dispatch.edge.service import Dispatch, Key, Ride
from dispatch.edge.side import DispatchParts, DispatchSide
from dispatch.edge.solver import InlineSolver, Solver
from dispatch.offer import Offer
from dispatch.travel import matrix
from mobility.app.problems import install_problem_handlers
from mobility.app.web.language import LanguageMiddleware
from mobility.app.web.templating import page_templates
from mobility.core.booking import Channel, RideWish
from mobility.core.ports import DirectTrips, Person
from mobility.core.refusal import Refusal
from mobility.core.region import Region
from tests.dispatch.small_region import ZONE, NoLineBuses, at, region
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.references import CountingReferences
from tests.fakes.vault import MemoryVault


@dataclass
class Room:
    dispatch: Dispatch
    ledger: MemoryLedger
    vault: MemoryVault
    clock: SettableClock

    async def offers(self, wish: RideWish) -> Sequence[Offer]:
        return (await self.dispatch.quote(wish, Channel.WEB)).offers

    async def book(self, wish: RideWish, *, name: str = "Erika Muster", key: str = "") -> Ride:
        offers = await self.offers(wish)
        assert offers, f"no offer for {wish}"
        ride = await self.accept(offers[0].offer_id, name=name, key=key)
        assert isinstance(ride, Ride), ride
        return ride

    async def accept(self, offer_id: str, *, name: str = "Erika Muster", key: str = "") -> Ride | Refusal:
        command = Key(value=key or f"accept-{offer_id}", fingerprint=f"accept {offer_id} {name}")
        return await self.dispatch.accept(offer_id, Person(name=name, phone="03677 1"), Channel.WEB, command)


def room(
    place: Region | None = None,
    *,
    clock: str = "08:00",
    direct: DirectTrips | None = None,
    solver: Solver | None = None,
    improve_delay_s: float = 0.0,
) -> Room:
    where = place or region()
    time = SettableClock(at(clock))
    ledger, vault = MemoryLedger(time), MemoryVault()
    service = Dispatch(
        region=where,
        ledger=ledger,
        vault=vault,
        clock=time,
        references=CountingReferences(),
        travel=matrix(where, planning_factor=1.0),
        direct=direct or NoLineBuses(),
        solver=solver or InlineSolver(),
        improve_delay_s=improve_delay_s,
    )
    return Room(service, ledger, vault, time)


def web(rooms: Room) -> FastAPI:
    templates = page_templates(
        clock=rooms.clock, zone=ZoneInfo(ZONE), is_demo=False, room_packages=("dispatch",), region_name="Dorf"
    )
    app = FastAPI()
    install_problem_handlers(app, templates)
    side = DispatchSide(DispatchParts(dispatch=rooms.dispatch, ledger=rooms.ledger))
    app.include_router(side.router(templates, URLSafeSerializer("secret", salt="ride")))
    app.add_middleware(LanguageMiddleware)
    return app


def client(rooms: Room) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=web(rooms)), base_url="http://test")


def ledger_text(rooms: Room) -> str:
    """Everything that is kept in the ledger, as text."""
    return json.dumps([repr(envelope) for envelope in rooms.ledger.read()])
