"""Writing a bundle that was built from maps and feeds: all of it, or nothing."""

import csv
import io
import json
import math
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mobility.core.errors import BadInputError
from mobility.core.evidence import SourceRow
from mobility.core.network import RoadNetwork
from mobility.core.place import Stop
from mobility.storage import bundle_sources, bundle_stops
from mobility.storage.bundle_network import network_bytes
from mobility.storage.bundles import load_region


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleHead:
    """What ``region.toml`` of a built bundle says."""

    region_id: str
    name: str
    zone: str
    crs: str
    version: str
    agency_name: str
    agency_url: str
    attribution: str
    scenario_day: date


def write_bundle(
    out: Path,
    head: BundleHead,
    network: RoadNetwork,
    *,
    stops: Sequence[Stop] = (),
    sources: Sequence[SourceRow] = (),
    feed: bytes | None = None,
) -> None:
    """Write a bundle to the new directory ``out``; ``feed`` becomes ``gtfs/schedule.zip``.

    It is written beside ``out``, loaded to prove it, and then renamed: there is never half a bundle.
    Raises ``BadInputError`` when ``out`` is in use, can not be written, or the parts make no bundle.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInputError("is in use; name a new directory", source=str(out))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise BadInputError(f"can not be written: {error.strerror}", source=str(out)) from error
    try:
        _fill(draft, _files(head, network, stops, sources, feed))
        load_region(draft)
        draft.chmod(0o755)
        draft.replace(out)
    except OSError as error:
        raise BadInputError(f"can not be written: {error.strerror}", source=str(out)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_network(directory: Path, network: RoadNetwork) -> None:
    """Replace a bundle's ``network.npz`` in one step; raises ``BadInputError`` when it can not be written."""
    draft = directory / ".network.npz.draft"
    try:
        draft.write_bytes(network_bytes(network))
        draft.replace(directory / "network.npz")
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadInputError(f"can not be written: {error.strerror}", source="network.npz") from error


def _files(
    head: BundleHead,
    network: RoadNetwork,
    stops: Sequence[Stop],
    sources: Sequence[SourceRow],
    feed: bytes | None,
) -> Mapping[str, bytes]:
    files = {
        "region.toml": _region_toml(head).encode(),
        "network.npz": network_bytes(network),
        "stops.csv": _csv(bundle_stops.COLUMNS, (_stop_cells(stop) for stop in stops)),
        "sources.csv": _csv(bundle_sources.COLUMNS, (_source_cells(row) for row in sources)),
    }
    return files if feed is None else {**files, "gtfs/schedule.zip": feed}


def _fill(directory: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _region_toml(head: BundleHead) -> str:
    # A TOML basic string is a JSON string; control characters are refused when the bundle is read again.
    texts = {
        "id": head.region_id,
        "name": head.name,
        "zone": head.zone,
        "crs": head.crs,
        "version": head.version,
        "agency_name": head.agency_name,
        "agency_url": head.agency_url,
        "attribution": head.attribution,
        "demo_starts": "07:40",
    }
    lines = [f"{name} = {json.dumps(text, ensure_ascii=False)}" for name, text in texts.items()]
    return "\n".join([*lines, 'languages = ["de", "en"]', f"scenario_day = {head.scenario_day}", ""])


def _stop_cells(stop: Stop) -> Sequence[str]:
    return (
        stop.stop_id,
        stop.name,
        stop.locality,
        f"{stop.place.lat_deg:.6f}",
        f"{stop.place.lon_deg:.6f}",
        "" if math.isnan(stop.elevation_m) else f"{stop.elevation_m:g}",
        *(
            "yes" if flag else "no"
            for flag in (stop.is_line_stop, stop.is_meeting_point, stop.is_wheelchair_accessible)
        ),
    )


def _source_cells(row: SourceRow) -> Sequence[str]:
    return (row.subject, row.fact, row.value, row.evidence, row.source, row.dated)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue().encode()
