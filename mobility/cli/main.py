"""The ``mobility`` command: its groups, and one way to say what went wrong."""

import sys

import typer

from mobility.cli import demo, export, gtfs, ledger, region, serve, sim
from mobility.core.errors import MobilityError

app = typer.Typer(
    name="mobility",
    help="Backend for a small town's automated shuttles and its citizen bus.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.add_typer(sim.app, name="sim")
app.add_typer(region.app, name="region")
app.add_typer(gtfs.app, name="gtfs")
app.add_typer(export.app, name="export")
app.add_typer(ledger.app, name="ledger")


def main() -> None:
    """Run the command line; faults are one sentence on stderr and exit code 1."""
    try:
        app()
    except MobilityError as error:
        typer.echo(f"mobility: {error}", err=True)
        sys.exit(1)
