"""The ``mobility`` command: its groups, and one way to say what went wrong."""

import sys

import typer

from mobility.cli import demo, dispatch, export, gtfs, ledger, region, roster, serve, service_levels, sim, v2x, vehicle
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
dispatch.app.add_typer(roster.app, name="roster")
dispatch.app.command("levels")(service_levels.levels)
app.add_typer(dispatch.app, name="dispatch")
app.add_typer(vehicle.app, name="vehicle")
app.add_typer(v2x.app, name="v2x")


def main() -> None:
    """Run the command line; a fault is one sentence on stderr and exit code 1, or 2 where the system refused a file."""
    code = 0
    try:
        app()
    except* MobilityError as faults:
        typer.echo(f"mobility: {_sentence(faults)}", err=True)
        code = 1
    except* OSError as faults:
        typer.echo(f"mobility: {_sentence(faults)}", err=True)
        code = code or 2
    if code:
        sys.exit(code)


def _sentence(fault: BaseException) -> str:
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    if isinstance(fault, OSError) and fault.filename is not None:
        return f"{fault.filename}: {fault.strerror}"
    return str(fault)
