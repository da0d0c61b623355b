"""``mobility export``: hand a span of days to research, without anything about persons."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mobility.cli.export_event import event
from mobility.cli.export_road import road
from mobility.cli.leaving import FOUND_WANTING, fail
from mobility.cli.working import working
from mobility.core.errors import BadInputError, StorageError
from mobility.core.ports import TelemetryRecord
from mobility.core.region import Region
from mobility.core.service_day import ServiceDay

app = typer.Typer(name="export", help="Data of past days, for research.", no_args_is_help=True)

_MOST_DAYS = 3660
"""Ten years in one go."""


class Format(StrEnum):
    """How tables are written."""

    PARQUET = "parquet"
    CSV = "csv"


@app.callback()
def _group() -> None:
    """Data of past days, for research."""


@app.command()
def trips(
    *,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First service day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last service day.")],
    out: Annotated[Path, typer.Option("--out", help="Directory for the tables; existing ones are replaced.")],
    table_format: Annotated[Format, typer.Option("--format", help="How tables are written.")] = Format.PARQUET,
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Where the server keeps its data.")] = Path("var"),
    region: Annotated[Path | None, typer.Option("--region", help="Bundle directory instead of Ilmenau.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write trips performed, stop visits, vehicle positions and rides. The server may run meanwhile.

    Exit 0: written; 1: damaged telemetry was left out, or the data can not be read; 2: wrong use.
    """
    span = first.date(), last.date()
    if span[1] < span[0]:
        fail(f"--to {span[1]} lies before --from {span[0]}")
    if (span[1] - span[0]).days > _MOST_DAYS or span[1] == date.max:
        fail(f"{span[0]} to {span[1]} is more than {_MOST_DAYS} days")
    if not (data_dir / "ledger.sqlite").is_file():
        fail(f"there is no ledger.sqlite in {data_dir}")
    try:
        rows, damaged = _exported(span, out, table_format, data_dir, region)
    except (BadInputError, StorageError) as error:
        fail(str(error), FOUND_WANTING)
    except OSError as error:
        fail(f"{out}: the tables can not be written ({error.strerror})")
    for told in damaged:
        typer.echo(f"mobility: {told}", err=True)
    result = {"out": str(out), "format": table_format.value, "rows": rows, "damaged": len(damaged)}
    typer.echo(json.dumps(result) if as_json else f"{out}: " + ", ".join(f"{n} {name}" for name, n in rows.items()))
    if damaged:
        raise typer.Exit(FOUND_WANTING)


app.command("event")(event)
app.command("road")(road)


def _exported(
    span: tuple[date, date], out: Path, table_format: Format, data_dir: Path, folder: Path | None
) -> tuple[dict[str, int], list[str]]:
    from gtfs.from_region import timetable_of  # noqa: PLC0415 - other commands start without it
    from mobility.app.trip_log import write_trip_log  # noqa: PLC0415
    from mobility.storage.bundles import load_region, shipped_region  # noqa: PLC0415
    from mobility.storage.database import faults, open_reader  # noqa: PLC0415
    from mobility.storage.fact_store import read_facts  # noqa: PLC0415

    damaged: list[str] = []
    facts = open_reader(data_dir / "ledger.sqlite")
    try:
        with working(f"Exporting {span[0]} to {span[1]}"), faults("ledger.sqlite"):
            region = load_region(folder or shipped_region("ilmenau"))
            rows = write_trip_log(
                out,
                format="csv" if table_format is Format.CSV else "parquet",
                timetable=timetable_of(region),
                records=_records(data_dir / "telemetry", region, span, damaged),
                envelopes=read_facts(facts),
                region_zone=region.zone,
                fleet=region.fleet,
                days=span,
            )
    finally:
        facts.close()
    return dict(rows), damaged


def _records(directory: Path, region: Region, span: tuple[date, date], damaged: list[str]) -> Iterator[TelemetryRecord]:
    """Yield the span's records and those of the day after: trips of the last day may pass midnight."""
    from mobility.storage.segments import read_day  # noqa: PLC0415 - other commands start without it

    day, end = ServiceDay(span[0], region.zone), span[1] + timedelta(days=1)
    while day.date <= end:
        yield from read_day(
            directory,
            day,
            damaged=lambda found: damaged.append(f"{found.path.name} is damaged at byte {found.offset}: left out"),
        )
        day = day.plus(1)
