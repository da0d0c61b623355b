"""``mobility export road``: what past drives say about the roads, from stored telemetry, as map layers or tables."""

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobility.cli.leaving import FOUND_WANTING, fail
from mobility.cli.working import working
from mobility.core.clock import Instant
from mobility.core.errors import BadInputError, StorageError
from mobility.core.events import HazardReported
from mobility.core.ports import TelemetryRecord
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay
from mobility.core.supervision import Hazard

if TYPE_CHECKING:
    from v2x.road.layers import Feature

_MOST_DAYS = 3660


class RoadFormat(StrEnum):
    """How layers are written."""

    GEOJSON = "geojson"
    CSV = "csv"


def road(
    *,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")],
    out: Annotated[Path, typer.Option("--out", help="Directory for the layers; existing ones are replaced.")],
    layer_format: Annotated[RoadFormat, typer.Option("--format", help="How layers are written.")] = RoadFormat.GEOJSON,
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Where the server keeps its data.")] = Path("var"),
    region: Annotated[Path | None, typer.Option("--region", help="Bundle directory instead of Ilmenau.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write roughness and radio coverage per section, delay per junction approach, and reported hazards.

    Passes of vehicles on demand count only where there are ten. The server may run meanwhile.
    Exit 0: written; 1: damaged telemetry was left out, or the data can not be read; 2: wrong use.
    """
    span = first.date(), last.date()
    if span[1] < span[0]:
        fail(f"--to {span[1]} lies before --from {span[0]}")
    if (span[1] - span[0]).days > _MOST_DAYS or span[1] == date.max:
        fail(f"{span[0]} to {span[1]} is more than {_MOST_DAYS} days")
    if not (data_dir / "ledger.sqlite").is_file():
        fail(f"there is no ledger.sqlite in {data_dir}")
    damaged: list[str] = []
    try:
        layers = _layers(span, data_dir, region, damaged)
    except (BadInputError, StorageError) as error:
        fail(str(error), FOUND_WANTING)
    try:
        _write(out, layers, layer_format)
    except OSError as error:
        fail(f"{out}: the layers can not be written ({error.strerror})")
    for told in damaged:
        typer.echo(f"mobility: {told}", err=True)
    counts = {name: len(features) for name, features in layers.items()}
    result = {"out": str(out), "format": layer_format.value, "features": counts, "damaged": len(damaged)}
    typer.echo(json.dumps(result) if as_json else f"{out}: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
    if damaged:
        raise typer.Exit(FOUND_WANTING)


def _layers(
    span: tuple[date, date], data_dir: Path, folder: Path | None, damaged: list[str]
) -> "dict[str, Sequence[Feature]]":
    from mobility.storage.bundles import load_region, shipped_region  # noqa: PLC0415 - other commands start without it
    from v2x.edge.link_watch import on_demand  # noqa: PLC0415
    from v2x.link.history import DriveHistory  # noqa: PLC0415
    from v2x.link.picture import coverage_layer  # noqa: PLC0415
    from v2x.road.layers import hazard_layer, junction_layer, roughness_layer  # noqa: PLC0415

    region = load_region(folder or shipped_region("ilmenau"))
    history = DriveHistory(region.network, on_demand(region.fleet), region.zone)
    with working(f"Reading the drives of {span[0]} to {span[1]}"):
        for record in _records(data_dir / "telemetry", region, span, damaged):
            history.take(record)
    history.end()
    names = region.map_names
    return {
        "roughness": roughness_layer(history.survey, names),
        "junctions": junction_layer(history.survey, names),
        "hazards": hazard_layer(_hazards(data_dir, region, span), names),
        "coverage": coverage_layer(history.coverage(), history.survey.sections, names),
    }


def _records(directory: Path, region: Region, span: tuple[date, date], damaged: list[str]) -> Iterator[TelemetryRecord]:
    from mobility.storage.segments import read_day  # noqa: PLC0415 - other commands start without it

    day = ServiceDay(span[0], region.zone)
    while day.date <= span[1]:
        yield from read_day(
            directory,
            day,
            damaged=lambda found: damaged.append(f"{found.path.name} is damaged at byte {found.offset}: left out"),
        )
        day = day.plus(1)


def _hazards(data_dir: Path, region: Region, span: tuple[date, date]) -> list[Hazard]:
    """Return the hazards detected in the span, each as it was told last, cancelled ones too."""
    from mobility.storage.database import faults, open_reader  # noqa: PLC0415 - other commands start without it
    from mobility.storage.fact_store import read_facts  # noqa: PLC0415

    starts = ServiceDay(span[0], region.zone).start
    ends = Instant(ServiceDay(span[1] + timedelta(days=1), region.zone).start)
    found: dict[str, Hazard] = {}
    facts = open_reader(data_dir / "ledger.sqlite")
    try:
        with faults("ledger.sqlite"):
            for envelope in read_facts(facts):
                body = envelope.body
                if isinstance(body, HazardReported) and starts <= body.hazard.detected_at < ends:
                    found[body.hazard.hazard_id] = body.hazard
    finally:
        facts.close()
    return [found[hazard_id] for hazard_id in sorted(found)]


def _write(out: Path, layers: "dict[str, Sequence[Feature]]", layer_format: RoadFormat) -> None:
    from v2x.road.layers import collection, table  # noqa: PLC0415 - other commands start without it

    out.mkdir(parents=True, exist_ok=True)
    for name, features in layers.items():
        if layer_format is RoadFormat.GEOJSON:
            text = json.dumps(collection(features), ensure_ascii=False, separators=(",", ":")) + "\n"
            (out / f"{name}.geojson").write_text(text, encoding="utf-8")
            continue
        rows = table(features)
        with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["lat", "lon"])
            writer.writeheader()
            writer.writerows(rows)
