"""``mobility gtfs``: check any static feed, export the one of a region."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from gtfs.build import documents, tables
from gtfs.edge.check import VALIDATORS, ValidatorError, check_feed, installed_validators
from gtfs.edge.headers import headers
from gtfs.edge.load import load_feed
from gtfs.edge.write import zipped
from gtfs.findings import Finding, Severity
from gtfs.flex_drafts import draft_notes
from gtfs.flex_site import with_booking_site
from gtfs.timetable import Timetable
from mobility.cli.leaving import FOUND_WANTING, fail
from mobility.cli.working import working
from mobility.core.errors import BadInputError
from mobility.storage.bundles import load_region, shipped_region

app = typer.Typer(name="gtfs", help="Static feeds (GTFS Schedule): check and export.", no_args_is_help=True)


@app.command()
def check(
    feed: Annotated[Path, typer.Argument(help="A feed: a zip, or a folder of text files.")],
    *,
    on: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Check for this day instead of today.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run both offline validators over a feed and load it. Exit 0: no error; 1: errors; 2: it could not be checked."""
    if not feed.exists():
        fail(f"{feed}: there is no such feed")
    try:
        report = _report(feed, None if on is None else on.date())
    except BadInputError as error:
        fail(str(error), FOUND_WANTING)
    except ValidatorError as error:
        fail(str(error))
    for name in sorted(VALIDATORS - report.validators.keys()):
        typer.echo(f"mobility: {name} is not installed, its rules were not checked", err=True)
    typer.echo(json.dumps(asdict(report), ensure_ascii=False) if as_json else _words(report))
    if report.errors or report.fault:
        raise typer.Exit(FOUND_WANTING)


@app.command()
def export(
    *,
    out: Annotated[Path, typer.Option("--out", help="The zip to write; an existing one is replaced.")],
    region: Annotated[Path | None, typer.Option("--region", help="Bundle directory instead of Ilmenau.")] = None,
    site: Annotated[str, typer.Option("--site", help="Public address of the server that takes bookings.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the static feed of a region. The same bundle gives the same bytes."""
    if not out.parent.is_dir():
        fail(f"{out.parent}: there is no such directory")
    try:
        chosen = with_booking_site(load_region(region or shipped_region("ilmenau")), site)
        files, others = tables(chosen), documents(chosen)
    except BadInputError as error:
        fail(str(error), FOUND_WANTING)
    content = zipped(files, others)
    try:
        _replace(out, content)
    except OSError as error:
        fail(f"{out}: the feed can not be written ({error.strerror})")
    result = {
        "file": str(out),
        "bytes": len(content),
        "feed_version": files["feed_info.txt"][0]["feed_version"],
        "rows": {name: len(rows) for name, rows in files.items()},
    }
    version, trips = result["feed_version"], len(files.get("trips.txt", ()))
    typer.echo(json.dumps(result) if as_json else f"{out}: {trips} trips, {len(content)} bytes, version {version}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    feed: str
    feed_version: str
    validators: Mapping[str, str]
    errors: int
    warnings: int
    infos: int
    findings: Sequence[Finding]
    trips: int
    notes: Sequence[str]
    """What was left out while loading, and what to repair in a feed written to a draft."""
    fault: str
    """Why the feed does not load; empty where it does."""


def _report(feed: Path, on: date | None) -> _Report:
    with working(f"Checking {feed.name}"):
        findings = check_feed(feed, on=on)
        repairs = draft_notes(headers(feed))
        timetable = _loaded(feed)
    fault = str(timetable) if isinstance(timetable, BadInputError) else ""
    found = None if isinstance(timetable, BadInputError) else timetable
    counts = {level: sum(found.count for found in findings if found.severity is level) for level in Severity}
    return _Report(
        feed=str(feed),
        feed_version="" if found is None else found.feed_version,
        validators=installed_validators(),
        errors=counts[Severity.ERROR],
        warnings=counts[Severity.WARNING],
        infos=counts[Severity.INFO],
        findings=findings,
        trips=0 if found is None else len(found.trips),
        notes=(*(() if found is None else found.notes), *repairs),
        fault=fault,
    )


def _loaded(feed: Path) -> Timetable | BadInputError:
    try:
        return load_feed(feed)
    except BadInputError as error:
        # The validators have more to say about a feed than the first fault that keeps it from loading.
        return error


def _words(report: _Report) -> str:
    lines = [
        f"{found.severity:<8}{found.code} ({found.count}, {' and '.join(found.validators)}): {found.example}"
        for found in report.findings
    ]
    lines += report.notes
    end = f"{report.trips} trips load (version {report.feed_version})" if not report.fault else report.fault
    lines.append(f"{report.feed}: {report.errors} errors, {report.warnings} warnings, {report.infos} infos; {end}")
    return "\n".join(lines)


def _replace(out: Path, content: bytes) -> None:
    """Write the file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp makes files private; a feed is for everybody.
        part.chmod(0o644)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
