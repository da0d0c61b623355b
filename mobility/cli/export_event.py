"""``mobility export event``: one occasion of the event recorder as a signed archive, and checking such an archive."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobility.cli.leaving import FOUND_WANTING, fail
from mobility.core.errors import BadInputError, StorageError

if TYPE_CHECKING:
    from mobility.core.ids import OccasionId
    from mobility.core.ports import FrozenOccasion
    from mobility.core.region import Region

KEYS_FOLDER = "authority"
"""Below the data directory, as ``mobility.app.vehicle_side`` has it; imported from there it would cost a second."""


def event(
    *,
    occasion_id: Annotated[
        str, typer.Argument(metavar="[ID]", help="The occasion, as /api/v1/occasions lists it.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="File of the archive; an existing one is replaced.")] = None,
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Where the server keeps its data.")] = Path("var"),
    region: Annotated[Path | None, typer.Option("--region", help="Bundle directory instead of Ilmenau.")] = None,
    verify: Annotated[Path | None, typer.Option("--verify", help="Check this archive instead of writing one.")] = None,
    fingerprint: Annotated[str, typer.Option("--fingerprint", help="The key that must have signed, SHA-256.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the StVG §1g record of an occasion: JSON, GPX and MCAP, signed. The server may run meanwhile.

    Exit 0: written, or the archive is whole; 1: it is not, or the data can not be read; 2: wrong use.
    """
    try:
        if verify is not None:
            told = _verified(verify, fingerprint)
        elif not occasion_id or out is None:
            fail("name an occasion and --out FILE, or --verify FILE")
        else:
            told = _written(occasion_id, out, data_dir, region)
    except (BadInputError, StorageError) as error:
        fail(str(error), FOUND_WANTING)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")
    sentence = f"{told['file']}: occasion {told['occasion_id']}, revision {told['revision']}, key {told['key_sha256']}"
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else sentence)


def _verified(file: Path, fingerprint: str) -> dict[str, str | int]:
    from v2x.recorder.archive import verify_archive  # noqa: PLC0415 - other commands start without it

    found = verify_archive(file.read_bytes(), expected_fingerprint=fingerprint)
    return _told(file, found.occasion_id, found.revision, found.fingerprint)


def _written(occasion_id: str, out: Path, data_dir: Path, folder: Path | None) -> dict[str, str | int]:
    from mobility.core.ids import OccasionId  # noqa: PLC0415 - other commands start without it
    from mobility.storage.occasion_files import newest_revision  # noqa: PLC0415
    from v2x.edge.recorder_key import recorder_key  # noqa: PLC0415
    from v2x.recorder.archive import archive_of, fingerprint  # noqa: PLC0415

    if not (data_dir / "ledger.sqlite").is_file():
        fail(f"there is no ledger.sqlite in {data_dir}")
    name = OccasionId(occasion_id)
    frozen = newest_revision(data_dir / "occasions", name)
    _check(name, frozen, data_dir)
    frozen = frozen or _frozen_now(name, data_dir, folder)
    key = recorder_key(data_dir / KEYS_FOLDER)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(out.name + ".tmp")
    temporary.write_bytes(archive_of(frozen, key))
    temporary.replace(out)
    return _told(out, occasion_id, frozen.revision, fingerprint(key.public_key()))


def _told(file: Path, occasion_id: str, revision: int, key_sha256: str) -> dict[str, str | int]:
    return {"file": str(file), "occasion_id": occasion_id, "revision": revision, "key_sha256": key_sha256}


def _check(occasion_id: "OccasionId", frozen: "FrozenOccasion | None", data_dir: Path) -> None:
    """Compare the record with the hash in the ledger's chain; raises ``CorruptionError``."""
    from mobility.core.events import OccasionFrozen  # noqa: PLC0415 - other commands start without it
    from mobility.storage.database import faults, open_reader  # noqa: PLC0415
    from mobility.storage.occasion_files import supervision_facts  # noqa: PLC0415
    from v2x.recorder.anchor import check_anchor  # noqa: PLC0415

    ledger = open_reader(data_dir / "ledger.sqlite")
    try:
        with faults("ledger.sqlite"):
            facts = [fact for _, fact in supervision_facts(ledger, frozenset({"occasion_frozen"}))]
    finally:
        ledger.close()
    mine = [f for f in facts if isinstance(f, OccasionFrozen) and f.occasion_id == occasion_id]
    check_anchor(frozen, mine[-1] if mine else None)


def _frozen_now(occasion_id: "OccasionId", data_dir: Path, folder: Path | None) -> "FrozenOccasion":
    """Freeze an occasion that the server has not frozen: it was stopped within the window, say."""
    from hashlib import sha256  # noqa: PLC0415 - other commands start without it

    from mobility.core.clock import shifted  # noqa: PLC0415
    from mobility.core.events import OccasionNoted  # noqa: PLC0415
    from mobility.core.ports import FrozenOccasion  # noqa: PLC0415
    from mobility.storage.database import faults, open_reader  # noqa: PLC0415
    from mobility.storage.occasion_files import supervision_facts  # noqa: PLC0415
    from mobility.storage.segment_window import read_window  # noqa: PLC0415
    from v2x.recorder.facts import KINDS, FactBook  # noqa: PLC0415
    from v2x.recorder.frozen import LEAD_S, Material, content_of, sealed_bytes, window_of  # noqa: PLC0415

    region = _region(folder)
    book, found = FactBook(), None
    ledger = open_reader(data_dir / "ledger.sqlite")
    try:
        with faults("ledger.sqlite"):
            for _, fact in supervision_facts(ledger, KINDS):
                book.take(fact)
                if isinstance(fact, OccasionNoted) and fact.occasion.occasion_id == occasion_id:
                    found = fact.occasion
    finally:
        ledger.close()
    if found is None:
        raise BadInputError(f"the ledger knows no occasion {occasion_id}")
    first, last = window_of(found)
    records = read_window(data_dir / "telemetry", region.zone, found.vehicle_id, shifted(first, -LEAD_S), last)
    material = Material(
        occasion=found,
        spec=region.fleet.get(found.vehicle_id),
        records=records,
        facts=book.of(found.vehicle_id),
        zone=region.zone,
    )
    body = sealed_bytes(content_of(material), revision=1, previous_sha256="", frozen_at=last)
    digest = sha256(body).hexdigest()
    return FrozenOccasion(occasion_id=occasion_id, revision=1, sha256=digest, body=body)


def _region(folder: Path | None) -> "Region":
    from mobility.storage.bundles import load_region, shipped_region  # noqa: PLC0415 - other commands start without it

    return load_region(folder or shipped_region("ilmenau"))
