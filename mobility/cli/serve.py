"""``mobility serve``: the server for real use."""

import asyncio
import random
from pathlib import Path
from typing import Annotated

import typer


def serve(
    config: Annotated[Path | None, typer.Option(help="Settings file instead of mobility.toml.", exists=True)] = None,
) -> None:
    """Run the server on real sockets until it is interrupted."""
    asyncio.run(_serve(config))


async def _serve(config: Path | None) -> None:
    from mobility.app.clock import LoopClock, system_instant  # noqa: PLC0415 - other commands start without a server
    from mobility.app.ingress import ingress_of, policy_of, publishing_of, retention_of  # noqa: PLC0415
    from mobility.app.references import RandomReferences  # noqa: PLC0415
    from mobility.app.settings import load_settings  # noqa: PLC0415
    from mobility.app.vehicle_door import door_of  # noqa: PLC0415
    from mobility.app.wiring import Wiring, find_factors, find_region, find_sources, open_server  # noqa: PLC0415
    from mobility.cli.run import run_on_sockets  # noqa: PLC0415

    settings = load_settings(config)
    region = find_region(settings.region)
    door = door_of(settings, region.fleet)
    wiring = Wiring(
        region=region,
        sources=find_sources(settings.region),
        factors=find_factors(settings.region),
        clock=LoopClock(system_instant()),
        references=RandomReferences(random.SystemRandom()),
        data_dir=settings.data_dir,
        role_tokens=settings.role_tokens,
        vehicle_tokens=settings.vehicle_tokens,
        ingress=ingress_of(settings),
        admission=door.admission,
        policy=policy_of(settings),
        retention=retention_of(settings),
        publishing=publishing_of(settings),
        site=settings.site,
        signing_secret=settings.signing_secret,
    )
    async with open_server(wiring) as server:
        await run_on_sockets(server, settings.host, settings.port, door=door)
