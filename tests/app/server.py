"""A whole server in memory for tests of the application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from dispatch.edge.solver import InlineSolver
from mobility.app.clock import LoopClock
from mobility.app.settings import Role
from mobility.app.wiring import Server, Wiring, find_region, find_sources, open_server
from mobility.core.ids import VehicleId
from mobility.core.service_day import ServiceDay
from sim.edge.loop import run_virtual
from tests.fakes.references import CountingReferences

Result = TypeVar("Result")


@asynccontextmanager
async def ilmenau(
    folder: Path, *, starts_s: int = 7 * 3600, tokens: Mapping[str, Role] | None = None, is_open: bool = True
) -> AsyncIterator[tuple[Server, httpx.AsyncClient, LoopClock]]:
    """Open the Ilmenau server on its scenario day, storage inline, clock by the running loop."""
    region = find_region("ilmenau")
    clock = LoopClock(ServiceDay(region.scenario_day, region.zone).at(starts_s))
    wiring = Wiring(
        region=region,
        sources=find_sources("ilmenau"),
        clock=clock,
        references=CountingReferences(),
        data_dir=folder,
        role_tokens=tokens or {},
        identify=lambda token: VehicleId(token) if token in region.fleet else None,
        signing_secret="test",
        is_demo=True,
        is_open=is_open,
        inline=True,
        solver=InlineSolver(),
    )
    async with (
        open_server(wiring) as server,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=server.http, client=("192.0.2.7", 1234)), base_url="http://server.invalid"
        ) as http,
    ):
        yield server, http, clock


def in_ilmenau(folder: Path, visit: Callable[[Server, httpx.AsyncClient], Awaitable[Result]], **how: Any) -> Result:
    """Run ``visit`` against the server in virtual time and return what it returns."""

    async def main() -> Result:
        async with ilmenau(folder, **how) as (server, http, _), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(server.run())
            result = await visit(server, http)
            running.cancel()
            return result

    return run_virtual(main())
