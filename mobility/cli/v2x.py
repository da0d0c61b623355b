"""``mobility v2x``: ITS messages out of captures, hex and raw files into JSON, and back."""

from pathlib import Path
from typing import Annotated

import typer

from mobility.cli.leaving import FOUND_WANTING, fail
from mobility.core.errors import BadInputError

app = typer.Typer(name="v2x", help="ITS messages (CAM, DENM, ...): decode and encode.", no_args_is_help=True)


@app.command()
def decode(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(help="pcap, pcapng, hex lines or one raw frame; - for stdin.")
    ],
    *,
    certificates: Annotated[
        Path | None, typer.Option(help="Certificates to verify with: hex lines, or one in COER; roots are trusted.")
    ] = None,
) -> None:
    """Print one JSON object a line and frame. Exit 1 when a frame was not decoded, or its signature is refuted."""
    # Imported here, because every other command would pay for it.
    from mobility.cli.its_files import decoded_lines, read_certificates  # noqa: PLC0415

    try:
        store = None if certificates is None else read_certificates(certificates)
    except OSError as error:
        fail(f"{certificates}: {error.strerror}")
    except BadInputError as error:
        fail(f"{certificates} holds no certificates: {error}")
    is_sound = True
    for line, is_right in decoded_lines(file.read(), store):
        typer.echo(line)
        is_sound = is_sound and is_right
    if not is_sound:
        raise typer.Exit(FOUND_WANTING)


@app.command()
def encode(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(help="JSON objects as decode prints them, one a line; - for stdin.")
    ] = "-",  # type: ignore[assignment]  # Typer opens it
    *,
    pcap: Annotated[Path | None, typer.Option(help="Write Ethernet frames to this capture instead.")] = None,
    frames: Annotated[bool, typer.Option("--frames", help="Print whole Ethernet frames, not bare messages.")] = False,
    signed: Annotated[bool, typer.Option("--signed", help="Sign with a development key; implies frames.")] = False,
    keys: Annotated[Path, typer.Option(help="Folder of the development keys; made if needed.")] = Path("var/its-keys"),
) -> None:
    """Write messages as hex lines or as a capture: CAM as single-hop broadcast, DENM as geo-broadcast.

    Exit 1 when an object could not be encoded; the others are written.
    """
    from mobility.cli.its_files import Encoded, encoded_objects, write_capture  # noqa: PLC0415 - see above

    made: list[Encoded] = []
    is_sound = True
    for row, found in enumerate(encoded_objects(file.read(), keys if signed else None), 1):
        if not isinstance(found, Encoded):
            typer.echo(f"mobility: row {row}: {found}", err=True)
            is_sound = False
        elif pcap is not None:
            made.append(found)
        else:
            typer.echo((found.frame if frames or signed else found.uper).hex())
    if pcap is not None:
        try:
            write_capture(pcap, made)
        except OSError as error:
            fail(f"{pcap}: the capture can not be written ({error.strerror})")
    if not is_sound:
        raise typer.Exit(FOUND_WANTING)
