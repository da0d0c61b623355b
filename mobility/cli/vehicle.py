"""``mobility vehicle``: certificates of vehicles and of their gateway: enrol, renew, revoke, list, trust."""

import json
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobility.core.clock import Instant, datetime_at
from mobility.core.errors import BadInputError

if TYPE_CHECKING:
    from v2x.edge.authority import DevelopmentAuthority
    from v2x.edge.issued import Issued

app = typer.Typer(name="vehicle", help="Certificates of vehicles and of their gateway.", no_args_is_help=True)

_DAYS = 7

AuthorityDir = Annotated[Path, typer.Option("--authority", help="The authority's directory; made on first use.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Days = Annotated[int, typer.Option(min=1, max=3650, help="Validity of the certificate.")]
Out = Annotated[Path | None, typer.Option(help="Where the vehicle's files go; a folder named like it if not told.")]
Csr = Annotated[
    Path | None,
    typer.Option(help="The vehicle's own signing request (PEM): its key never leaves it.", exists=True, dir_okay=False),
]
_AUTHORITY = Path("var/authority")


@app.command()
def enrol(
    vehicle_id: Annotated[str, typer.Argument(metavar="ID", help="The vehicle's id, e.g. shuttle-1.")],
    *,
    days: Days = _DAYS,
    authority: AuthorityDir = _AUTHORITY,
    out: Out = None,
    csr: Csr = None,
    as_json: AsJson = False,
) -> None:
    """Give a vehicle a certificate, with the key to it unless it has its own (--csr).

    Writes certificate.pem, key.pem, authority.pem (who vouches for the gateway) and, where the server has made them,
    command-keys.json (whose commands the vehicle obeys).
    """
    _issue(_open(authority), vehicle_id, days=days, out=out, csr=csr, as_json=as_json)


@app.command()
def renew(
    vehicle_id: Annotated[str, typer.Argument(metavar="ID", help="A vehicle that was enrolled before.")],
    *,
    days: Days = _DAYS,
    authority: AuthorityDir = _AUTHORITY,
    out: Out = None,
    csr: Csr = None,
    as_json: AsJson = False,
) -> None:
    """Give an enrolled vehicle its next certificate. Refused (exit 1) when its last one was revoked."""
    opened = _open(authority)
    last = next((entry for entry in reversed(opened.issued()) if entry.is_of(vehicle_id)), None)
    if last is None:
        raise BadInputError(f"{vehicle_id} was never enrolled by the authority in {authority}")
    if last.revoked_at is not None:
        raise BadInputError(f"the last certificate of {vehicle_id} was revoked; enrol it anew if that is over")
    _issue(opened, vehicle_id, days=days, out=out, csr=csr, as_json=as_json)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="ID|SERIAL", help="A vehicle, or one certificate's serial number.")],
    *,
    authority: AuthorityDir = _AUTHORITY,
    as_json: AsJson = False,
) -> None:
    """End the validity of certificates; the gateway ends open connections within a minute.

    Exit 1 when nothing of that name was signed here; nothing left to revoke is no fault.
    """
    revoked = _existing(authority).revoke(name)
    if as_json:
        typer.echo(json.dumps({"revoked": [_row(entry) for entry in revoked]}))
        return
    for entry in revoked:
        typer.echo(f"revoked {entry.name} {entry.serial_hex}, valid until {_day(entry.not_after)}")
    if not revoked:
        typer.echo("nothing was valid any more")


@app.command("list")
def show(
    *,
    authority: AuthorityDir = _AUTHORITY,
    as_json: AsJson = False,
) -> None:
    """Show every certificate that was signed here, oldest first."""
    entries = _existing(authority).issued()
    if as_json:
        typer.echo(json.dumps({"certificates": [_row(entry) for entry in entries]}))
        return
    for entry in entries:
        row = _row(entry)
        typer.echo(f"{row['standing']:8} {entry.kind:8} {entry.name:24} {row['not_after']}  {entry.serial_hex}")


@app.command("authority")
def trust(
    *,
    authority: AuthorityDir = _AUTHORITY,
    import_: Annotated[
        Path | None,
        typer.Option("--import", help="Another authority's certificate (PEM).", exists=True, dir_okay=False),
    ] = None,
    crl: Annotated[
        Path | None, typer.Option(help="Its revocation list (PEM or DER).", exists=True, dir_okay=False)
    ] = None,
    host: Annotated[list[str] | None, typer.Option(help="Make the gateway's certificate for these names.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who may sign vehicles here; let the operator's own authority in; make the gateway's certificate."""
    if crl is not None and import_ is None:
        raise BadInputError("a revocation list comes with the authority that signed it: --import CERT --crl FILE")
    opened = _open(authority)
    if import_ is not None:
        opened.let_in(import_.read_bytes(), crl.read_bytes() if crl is not None else None)
    gateway = opened.gateway(host).files if host else []
    if as_json:
        told = {"authorities": opened.authorities, "gateway": gateway}
        typer.echo(json.dumps({name: [str(file) for file in files] for name, files in told.items()}))
        return
    for file in opened.authorities:
        typer.echo(f"vehicles' certificates may be signed by {file}")
    for file in gateway:
        typer.echo(f"gateway's {file}")


def _issue(
    opened: "DevelopmentAuthority", vehicle_id: str, *, days: int, out: Path | None, csr: Path | None, as_json: bool
) -> None:
    from v2x.edge.authority import folder_name  # noqa: PLC0415 - other commands start without it

    folder = out or Path(folder_name(vehicle_id))
    if csr is None:
        files = opened.vehicle(vehicle_id, days, out=folder).files
    else:
        files = opened.vehicle_of_request(csr.read_bytes(), vehicle_id, days, out=folder)
    files += opened.hand_out_command_keys(folder)
    entry = next(entry for entry in reversed(opened.issued()) if entry.is_of(vehicle_id))
    if as_json:
        typer.echo(json.dumps(_row(entry) | {"files": [str(file) for file in files]}))
        return
    typer.echo(f"{vehicle_id}: certificate {entry.serial_hex}, valid until {_day(entry.not_after)}")
    for file in files:
        typer.echo(f"  {file}")


def _open(directory: Path) -> "DevelopmentAuthority":
    from mobility.app.clock import SystemClock  # noqa: PLC0415 - other commands start without it
    from v2x.edge.authority import DevelopmentAuthority  # noqa: PLC0415

    return DevelopmentAuthority.open(directory, SystemClock())


def _existing(directory: Path) -> "DevelopmentAuthority":
    if not (directory / "authority.pem").exists():
        raise BadInputError(f"there is no authority in {directory}")
    return _open(directory)


def _row(entry: "Issued") -> dict[str, object]:
    from mobility.app.clock import system_instant  # noqa: PLC0415

    return {
        "serial": entry.serial_hex,
        "kind": entry.kind,
        "name": entry.name,
        "hosts": list(entry.hosts),
        "not_before": _day(entry.not_before),
        "not_after": _day(entry.not_after),
        "standing": entry.standing(system_instant()),
    }


def _day(moment: Instant) -> str:
    return datetime_at(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
