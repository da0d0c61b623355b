"""Sealed telemetry: one Parquet file for a service day, sorted by vehicle and event time; written whole or not at all.

The file names the segments it was made of. A crash between its rename and their removal leaves both; readers then
leave those segments out, and the next seal removes them.
"""

import json
import os
import threading
from array import array
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crc32c import crc32c

from mobility.core.clock import Instant, instant
from mobility.core.errors import CorruptionError
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, TripId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import Doors, DrivingMode, Sample, TripRef
from mobility.storage.database import sync_directory
from mobility.storage.segment_files import SEALED_NAME
from mobility.storage.sequence_index import SequenceIndex

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SEALING = threading.Lock()
"""Held while a day's sealed file is replaced: sealing and retention must not undo each other."""

_SOURCES = b"segments"
_ROW_GROUP_ROWS = 128 * 1024
_BATCH_ROWS = 8 * 1024
_DICTIONARY = ["vehicle_id", "boot_id", "mode", "doors", "trip_id", "trip_start_date", "passengers", "wheelchairs"]
_DELTA = dict.fromkeys(("seq", "event_time", "received_at", "device_time"), "DELTA_BINARY_PACKED")


def write_sealed(folder: Path, records: list[TelemetryRecord], sources: list[str]) -> Path:
    """Write ``samples.parquet`` from sorted records: to a temporary name, synced, renamed, folder synced."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, and the server starts without it
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and the server starts without it

    table = pa.table(_columns(records), schema=_schema())
    table = table.replace_schema_metadata({_SOURCES: json.dumps(sorted(sources)).encode()})
    path, temporary = folder / SEALED_NAME, folder / (SEALED_NAME + ".tmp")
    with temporary.open("wb") as file:
        pq.write_table(
            table,
            file,
            compression="zstd",
            row_group_size=_ROW_GROUP_ROWS,
            use_dictionary=_DICTIONARY,
            column_encoding=_DELTA,
        )
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(folder)
    return path


def sealed_sources(folder: Path) -> list[str]:
    """Return the names of the segments that are in the day's sealed file; none where there is no such file."""
    path = folder / SEALED_NAME
    if not path.is_file():
        return []
    metadata = _opened(path).schema_arrow.metadata or {}
    names: list[str] = json.loads(metadata.get(_SOURCES, b"[]"))
    return names


def read_sealed(folder: Path) -> Iterator[TelemetryRecord]:
    """Yield the sealed records in order; none where there is no sealed file."""
    path = folder / SEALED_NAME
    if not path.is_file():
        return
    for batch in _opened(path).iter_batches(batch_size=_BATCH_ROWS):
        for row in batch.to_pylist():
            yield record_of_row(row)


def index_sealed(folder: Path, received: dict[tuple[VehicleId, BootId], SequenceIndex]) -> None:
    """Add what the day's sealed file holds to the index of received sequence numbers."""
    index_table(folder / SEALED_NAME, received)


def index_table(path: Path, received: dict[tuple[VehicleId, BootId], SequenceIndex]) -> None:
    """Add the sequence numbers and checksums of a Parquet file to the index; nothing where there is no such file."""
    import numpy as np  # noqa: PLC0415 - only needed here

    if not path.is_file():
        return
    table = _opened(path).read(columns=["vehicle_id", "boot_id", "seq", "payload_crc32c"]).combine_chunks()
    names = list(zip(*(table.column(name).to_pylist() for name in ("vehicle_id", "boot_id")), strict=True))
    keys = {name: code for code, name in enumerate(dict.fromkeys(names))}
    codes = np.fromiter((keys[name] for name in names), np.int64, len(names))
    seqs, checksums = table.column("seq").to_numpy(), table.column("payload_crc32c").to_numpy()
    for (vehicle, boot), code in keys.items():
        mine = np.flatnonzero(codes == code)
        mine = mine[np.argsort(seqs[mine], kind="stable")]
        index = received.setdefault((VehicleId(vehicle), BootId(boot)), SequenceIndex())
        for run in np.split(mine, np.flatnonzero(np.diff(seqs[mine]) != 1) + 1):
            index.add_run(int(seqs[run[0]]), array("I", checksums[run].astype(np.uint32).tobytes()))


def _opened(path: Path) -> "pq.ParquetFile":
    import pyarrow as pa  # noqa: PLC0415 - heavy, and the server starts without it
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and the server starts without it

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise CorruptionError(f"{path.parent.name}/{path.name} is damaged: {error}") from error


def _schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415 - heavy, and the server starts without it

    moment = pa.timestamp("ms", tz="UTC")
    number, count = pa.float64(), pa.int32()
    return pa.schema(
        [
            pa.field("vehicle_id", pa.string(), nullable=False),
            pa.field("boot_id", pa.string(), nullable=False),
            pa.field("seq", pa.int64(), nullable=False),
            pa.field("event_time", moment, nullable=False),
            pa.field("received_at", moment, nullable=False),
            pa.field("device_time", moment, nullable=False),
            pa.field("lat_deg", number, nullable=False),
            pa.field("lon_deg", number, nullable=False),
            pa.field("speed_mps", number),
            pa.field("bearing_deg", number),
            pa.field("mode", pa.string(), nullable=False),
            pa.field("doors", pa.string(), nullable=False),
            pa.field("passengers", count),
            pa.field("wheelchairs", count),
            pa.field("battery_frac", number),
            pa.field("odometer_m", number),
            pa.field("trip_id", pa.string()),
            pa.field("trip_start_date", pa.date32()),
            pa.field("payload", pa.binary(), nullable=False),
            pa.field("payload_crc32c", pa.uint32(), nullable=False),
        ]
    )


def _columns(records: list[TelemetryRecord]) -> Mapping[str, list[Any]]:
    samples = [record.sample for record in records]
    return {
        "vehicle_id": [s.vehicle_id for s in samples],
        "boot_id": [s.boot_id for s in samples],
        "seq": [s.seq for s in samples],
        "event_time": [r.event_time for r in records],
        "received_at": [r.received_at for r in records],
        "device_time": [s.device_time for s in samples],
        "lat_deg": [s.place.lat_deg for s in samples],
        "lon_deg": [s.place.lon_deg for s in samples],
        "speed_mps": [s.speed_mps for s in samples],
        "bearing_deg": [s.bearing_deg for s in samples],
        "mode": [s.mode.value for s in samples],
        "doors": [s.doors.value for s in samples],
        "passengers": [s.passengers for s in samples],
        "wheelchairs": [s.wheelchairs for s in samples],
        "battery_frac": [s.battery_frac for s in samples],
        "odometer_m": [s.odometer_m for s in samples],
        "trip_id": [None if s.trip is None else s.trip.trip_id for s in samples],
        "trip_start_date": [None if s.trip is None else s.trip.start_date for s in samples],
        "payload": [r.payload for r in records],
        "payload_crc32c": [crc32c(r.payload) for r in records],
    }


def record_of_row(row: Mapping[str, Any]) -> TelemetryRecord:
    """Return the record of a row of the sealed file; raises ``CorruptionError`` where its checksum does not match."""
    start: date | None = row["trip_start_date"]
    sample = Sample(
        vehicle_id=VehicleId(row["vehicle_id"]),
        boot_id=BootId(row["boot_id"]),
        seq=row["seq"],
        device_time=_instant(row["device_time"]),
        place=LatLon(row["lat_deg"], row["lon_deg"]),
        speed_mps=row["speed_mps"],
        bearing_deg=row["bearing_deg"],
        mode=DrivingMode(row["mode"]),
        doors=Doors(row["doors"]),
        passengers=row["passengers"],
        wheelchairs=row["wheelchairs"],
        battery_frac=row["battery_frac"],
        odometer_m=row["odometer_m"],
        trip=None if start is None else TripRef(TripId(row["trip_id"]), start),
    )
    if crc32c(row["payload"]) != row["payload_crc32c"]:
        raise CorruptionError(f"sealed sample {sample.seq} of {sample.vehicle_id} does not match its checksum")
    return TelemetryRecord(
        sample=sample,
        received_at=_instant(row["received_at"]),
        event_time=_instant(row["event_time"]),
        payload=row["payload"],
    )


def _instant(moment: datetime) -> Instant:
    return instant(moment.astimezone(UTC))
