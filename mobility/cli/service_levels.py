"""``mobility dispatch levels``: the service levels of a day, from the ledger or from its newest plan."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mobility.cli.leaving import FOUND_WANTING, fail
from mobility.cli.working import working
from mobility.core.errors import BadInputError, StorageError
from mobility.core.ids import ServiceAreaId
from mobility.core.service_day import ServiceDay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.service_levels import ServiceLevels
    from mobility.core.events import Envelope
    from mobility.core.evidence import Factor
    from mobility.core.region import Region, ServiceArea


def levels(
    *,
    day: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Service day.")],
    is_plan: Annotated[bool, typer.Option("--plan", help="What the newest plan foresees, not what happened.")] = False,
    area: Annotated[
        str | None, typer.Option("--area", help="Service area; the first of the region without it.")
    ] = None,
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Where the server keeps its data.")] = Path("var"),
    region: Annotated[Path | None, typer.Option("--region", help="Bundle directory instead of Ilmenau.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell how a service day went: served, wait, detour, pooling, empty km, promises kept.

    Exit 0: told; 1: a promise was broken and nobody had told the rider; 2: wrong use, or the data can not be read.
    """
    if not (data_dir / "ledger.sqlite").is_file():
        fail(f"there is no ledger.sqlite in {data_dir}")
    try:
        with working("Reading the ledger"):
            area_id, found = _levels(day, is_plan, area, data_dir, region)
    except (BadInputError, StorageError) as error:
        fail(str(error))
    told = {"area_id": area_id, **found.as_json()}
    typer.echo(json.dumps(told) if as_json else "\n".join(_lines(told)))
    if found.promises.get("untold"):
        raise typer.Exit(FOUND_WANTING)


def _levels(
    day: datetime, is_plan: bool, area: str | None, data_dir: Path, folder: Path | None
) -> "tuple[ServiceAreaId, ServiceLevels]":
    from dispatch.service_levels import levels_of_day, levels_of_plan  # noqa: PLC0415 - other commands start without it
    from dispatch.tours import plan_of  # noqa: PLC0415
    from dispatch.travel import matrix  # noqa: PLC0415
    from mobility.core.fold import State, fold  # noqa: PLC0415

    region, factors = _bundle(folder)
    known = _area(region, area)
    facts, service_day = _facts(data_dir), ServiceDay(day.date(), region.zone)
    travel = matrix(region)
    if not is_plan:
        return known.area_id, levels_of_day(facts, known.area_id, service_day, travel, factors)
    state = fold(State(), facts)
    plan = plan_of(state.plans, known, service_day, region.fleet, state.rosters)
    return known.area_id, levels_of_plan(state, plan, region.zone, travel, factors)


def _bundle(folder: Path | None) -> "tuple[Region, Sequence[Factor]]":
    from mobility.storage.bundles import load_factors, load_region, shipped_region  # noqa: PLC0415 - as above

    directory = folder or shipped_region("ilmenau")
    return load_region(directory), load_factors(directory)


def _area(region: "Region", name: str | None) -> "ServiceArea":
    if not region.areas:
        fail("the region has no service area")
    names = [str(area.area_id) for area in region.areas]
    if name is not None and name not in names:
        fail(f"{name} is no service area, known: {', '.join(names)}")
    return region.area(ServiceAreaId(name or names[0]))


def _facts(data_dir: Path) -> "Sequence[Envelope]":
    from mobility.storage.database import faults, open_reader  # noqa: PLC0415 - as above
    from mobility.storage.fact_store import read_facts  # noqa: PLC0415

    connection = open_reader(data_dir / "ledger.sqlite")
    try:
        with faults("ledger.sqlite"):
            return list(read_facts(connection))
    finally:
        connection.close()


def _lines(told: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield one line a figure, named as in the JSON."""
    for name, value in told.items():
        if isinstance(value, dict):
            yield from _lines(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name:<{max(1, 44 - len(prefix))}} {'-' if value is None else value}"
