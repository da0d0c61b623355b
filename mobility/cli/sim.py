"""``mobility sim``: a day in virtual time, and recorded positions sent through the gateway."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from mobility.core.errors import BadInputError

app = typer.Typer(help="Simulate a day, or replay a recorded one.", no_args_is_help=True)

Out = Annotated[Path, typer.Option(help="Directory for the results; made if needed.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@app.command()
def run(  # noqa: PLR0917 - one per option, Typer names them all
    scenario: Annotated[str, typer.Argument(help="Name of a shipped scenario, or a TOML file.")],
    out: Out,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    until: Annotated[str, typer.Option(metavar="HH:MM", help="End earlier; may pass 24:00.")] = "",
    record_feeds: Annotated[
        bool, typer.Option("--record-feeds", help="Keep a full dataset every 30 s, and every frame of the stream.")
    ] = False,
    stream: Annotated[bool, typer.Option(help="With --record-feeds: keep the stream too; it doubles the work.")] = True,
    as_json: AsJson = False,
) -> None:
    """Run a scenario headless, as fast as it goes; writes scorecard.json and trip_log/."""
    # Imported here, because every other command would pay for it.
    from mobility.cli.headless import Headless  # noqa: PLC0415

    headless = Headless.of(scenario, seed, out, until=_until(until), record_feeds=record_feeds, stream=stream)
    card = headless.run()
    typer.echo(json.dumps(card, indent=None if as_json else 2))


@app.command()
def replay(
    schedule: Annotated[Path, typer.Option(help="The static feed (zip).", exists=True)],
    positions: Annotated[list[Path], typer.Option(help="GTFS-realtime vehicle positions, in order.", exists=True)],
    out: Annotated[Path, typer.Option(help="Directory for all.pb; made if needed.")] = Path("var/replay"),
    as_json: AsJson = False,
) -> None:
    """Send recorded positions through the gateway of a server that runs on that feed; writes all.pb."""
    from mobility.cli.replayed import replay_feed  # noqa: PLC0415 - see above

    counts = replay_feed(schedule, positions, out)
    typer.echo(json.dumps(counts, indent=None if as_json else 2))


def _until(text: str) -> int | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)", text, re.ASCII)
    if match is None:
        raise BadInputError(f"{text!r} is no time like 12:30", field="--until")
    return int(match[1]) * 3600 + int(match[2]) * 60
