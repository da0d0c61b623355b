"""Running a wired server on sockets, alone or beside a simulation, until the first of them ends."""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable

import structlog
import typer

from mobility.app.listeners import open_listeners, require_free_ports
from mobility.app.vehicle_door import VehicleDoor
from mobility.app.wiring import Server


def announce(host: str, port: int, door: VehicleDoor) -> None:
    """Tell where to look, on stdout."""
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - a comparison, nothing is bound
    typer.echo(f"Pages    http://{shown}:{port}/")
    typer.echo(f"Console  http://{shown}:{port}/console")
    typer.echo(f"Push     ws://{shown}:{port + 1}/gtfs-rt/stream")
    how = "TLS 1.3, by client certificate" if door.tls is not None else "by token"
    typer.echo(f"Vehicles {door.scheme}://{shown}:{port + 2}/vehicle ({how})")
    sys.stdout.flush()


async def run_on_sockets(
    server: Server,
    host: str,
    port: int,
    *,
    door: VehicleDoor | None = None,
    opening: Callable[[], Awaitable[None]] | None = None,
    beside: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until interrupted. Vehicles come in by ``door``, without one by token.

    ``opening`` is awaited once HTTP answers and before the addresses are told; ``beside`` runs on beside the server
    and is cancelled with it. Raises ``BadInputError`` when a port is taken.
    """
    require_free_ports(host, port)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    door = door or VehicleDoor()
    if server.dispatch is not None:
        await asyncio.to_thread(server.dispatch.warm)
    async with open_listeners(server, host, port, door) as http, asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(server.run())]

        async def serve_http() -> None:
            await http.serve()
            for task in running:
                task.cancel()

        async def go_on() -> None:
            await http.answers.wait()
            if opening is not None:
                await opening()
            # Modules and region stay for good: left to the collector, each full pass holds all replies up for 0.1 s.
            gc.collect()
            gc.freeze()
            announce(host, port, door)
            if beside is not None:
                await beside()

        tasks.create_task(serve_http())
        running.append(tasks.create_task(go_on()))
