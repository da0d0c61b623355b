"""``mobility ledger``: is every fact still what it was, and do the tables that show them follow from it?"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobility.cli.leaving import FOUND_WANTING, fail
from mobility.core.errors import CorruptionError, StorageError

if TYPE_CHECKING:
    from mobility.storage.ledger_check import Rebuild, Verification

app = typer.Typer(name="ledger", help="Facts of the service: check and repair.", no_args_is_help=True)

LEDGER_NAME = "ledger.sqlite"
"""The ledger's file in the data directory."""


DataDir = Annotated[Path, typer.Option("--data-dir", help="Where the server keeps its data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def verify(*, data_dir: DataDir = Path("var"), as_json: AsJson = False) -> None:
    """Check the hash chain and the projections. Exit 0: sound; 1: found wanting; 2: there is no ledger."""
    from mobility.storage.ledger_check import verify as verify_file  # noqa: PLC0415 - other commands start without it

    path = _ledger_in(data_dir)
    try:
        found = verify_file(path)
    except StorageError as error:
        fail(str(error))
    typer.echo(json.dumps(asdict(found) | {"sound": found.is_sound}) if as_json else _verified(found))
    if not found.is_sound:
        raise typer.Exit(FOUND_WANTING)


@app.command()
def rebuild(*, data_dir: DataDir = Path("var"), as_json: AsJson = False) -> None:
    """Drop the projections and build them from the facts; only while the server is stopped.

    Exit 0: they are as before, row for row; 1: they differed and are mended, or the chain is broken and nothing was
    changed; 2: there is no ledger, or it is in use.
    """
    path = _ledger_in(data_dir)
    try:
        done = _rebuilt(path)
    except CorruptionError as error:
        fail(str(error), FOUND_WANTING)
    except StorageError as error:
        fail(str(error))
    typer.echo(json.dumps(asdict(done)) if as_json else _told(done))
    if not done.was_equal:
        raise typer.Exit(FOUND_WANTING)


def _rebuilt(path: Path) -> "Rebuild":
    from mobility.storage.database import WriterLock, open_writer  # noqa: PLC0415 - other commands start without it
    from mobility.storage.ledger_check import rebuild as rebuild_projections  # noqa: PLC0415

    lock = WriterLock(path)
    try:
        connection = open_writer(path, "ledger", is_durable=True)
        try:
            return rebuild_projections(connection)
        finally:
            connection.close()
    finally:
        lock.release()


def _ledger_in(data_dir: Path) -> Path:
    path = data_dir / LEDGER_NAME
    if not path.is_file():
        fail(f"there is no {LEDGER_NAME} in {data_dir}")
    return path


def _verified(found: "Verification") -> str:
    if found.is_sound:
        return f"{found.facts} facts, chain and projections are sound, head {found.head}"
    return f"{found.facts} facts are sound, then: {found.fault}"


def _told(done: "Rebuild") -> str:
    if done.was_equal:
        return f"{done.rows} rows rebuilt, equal to the former ones row for row"
    return f"{done.rows} rows rebuilt; the former ones did not follow from the facts"
