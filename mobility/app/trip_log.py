"""Writing a trip log: four tables as Parquet or CSV and their description. Same facts, same bytes.

A trip log is a function of event times only. It holds no names, addresses, rider or booking references; of vehicles
that carry booked riders it holds no positions.
"""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO
from zoneinfo import ZoneInfo

from gtfs.timetable import Timetable
from mobility.app.trip_log_rows import (
    Cell,
    Row,
    on_demand_vehicles,
    position_rows,
    ride_rows,
    trip_rows,
    visit_rows,
)
from mobility.app.trip_log_tables import TABLES, Column, Kind
from mobility.core.clock import Instant, datetime_at
from mobility.core.events import Envelope
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import ServiceKind, VehicleSpec
from passenger_info.visits import visits

if TYPE_CHECKING:
    import pyarrow as pa

TripLogFormat = Literal["parquet", "csv"]

_NO_FLEET: Mapping[VehicleId, VehicleSpec] = {}
_NOT_PUBLIC = frozenset({ServiceKind.CITIZEN_BUS, ServiceKind.RESEARCH})
_TYPES: Mapping[Kind, str] = {
    "text": "string",
    "date": "date",
    "moment": "datetime",
    "number": "number",
    "count": "integer",
    "flag": "boolean",
}


def write_trip_log(
    out: Path,
    *,
    format: TripLogFormat,  # noqa: A002 - named like the option of the command line
    timetable: Timetable,
    records: Iterable[TelemetryRecord],
    envelopes: Iterable[Envelope],
    region_zone: str,
    fleet: Mapping[VehicleId, VehicleSpec] = _NO_FLEET,
    days: tuple[date, date] | None = None,
) -> Mapping[str, int]:
    """Write the tables and ``datapackage.json`` into ``out`` and return each table's rows.

    ``fleet`` tells citizen buses and research vans, which are on no public trip; without it, vehicles of published
    plans count as citizen buses. ``days`` (first and last local date, both wanted) leaves the rest out; ``records``
    should then reach into the day after, for trips that pass midnight. Existing tables are replaced.
    """
    facts = list(envelopes)
    withheld = on_demand_vehicles(facts) | _of_kinds(fleet, frozenset({ServiceKind.CITIZEN_BUS}))
    shown = [record for record in records if record.sample.vehicle_id not in withheld]
    private = _of_kinds(fleet, _NOT_PUBLIC)
    performed = visits(timetable, shown, is_public=lambda vehicle_id: vehicle_id not in private, envelopes=facts)
    is_day = _wanted(days)
    tables: Mapping[str, Iterable[Row]] = {
        "trips_performed": trip_rows(performed.trips, is_day),
        "stop_visits": visit_rows(performed.visits, is_day),
        "vehicle_positions": position_rows(sorted(shown, key=_order), _wanted_moment(days, region_zone)),
        "rides": ride_rows(facts, region_zone, is_day),
    }
    out.mkdir(parents=True, exist_ok=True)
    write = _write_parquet if format == "parquet" else _write_csv
    counts = {name: write(out / f"{name}.{format}", TABLES[name], list(rows)) for name, rows in tables.items()}
    _write_text(out / "datapackage.json", lambda file: file.write(_description(format)))
    return counts


def _of_kinds(fleet: Mapping[VehicleId, VehicleSpec], kinds: frozenset[ServiceKind]) -> frozenset[VehicleId]:
    return frozenset(vehicle_id for vehicle_id, spec in fleet.items() if spec.kind in kinds)


def _wanted(days: tuple[date, date] | None) -> Callable[[date], bool]:
    return (lambda _: True) if days is None else (lambda day: days[0] <= day <= days[1])


def _wanted_moment(days: tuple[date, date] | None, zone: str) -> Callable[[Instant], bool]:
    if days is None:
        return lambda _: True
    local = ZoneInfo(zone)
    return lambda moment: days[0] <= datetime_at(moment, local).date() <= days[1]


def _order(record: TelemetryRecord) -> tuple[str, int, str, int]:
    sample = record.sample
    return sample.vehicle_id, record.event_time, sample.boot_id, sample.seq


def _write_csv(path: Path, columns: Sequence[Column], rows: Sequence[Row]) -> int:
    def write(file: TextIO) -> None:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([column.name for column in columns])
        kinds = [column.kind for column in columns]
        table.writerows([_text(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in rows)

    _write_text(path, write)
    return len(rows)


def _text(cell: Cell, kind: Kind) -> str:
    if cell is None:
        return ""
    if kind == "moment" and isinstance(cell, int):
        return datetime_at(Instant(cell), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)


def _write_parquet(path: Path, columns: Sequence[Column], rows: Sequence[Row]) -> int:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and the server starts without it
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and the server starts without it

    by_column = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(cells, _arrow(column.kind)) for cells, column in zip(by_column, columns, strict=True)]
    fields = [pa.field(c.name, _arrow(c.kind), metadata={"meaning": c.meaning, "unit": c.unit}) for c in columns]
    temporary = path.with_name(path.name + ".tmp")
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), temporary, compression="zstd")
    temporary.replace(path)
    return len(rows)


def _arrow(kind: Kind) -> "pa.DataType":
    import pyarrow as pa  # noqa: PLC0415 - heavy, and the server starts without it

    return {
        "text": pa.string(),
        "date": pa.date32(),
        "moment": pa.timestamp("ms", tz="UTC"),
        "number": pa.float64(),
        "count": pa.int64(),
        "flag": pa.bool_(),
    }[kind]


def _description(suffix: str) -> str:
    """Return the tables' description as a Frictionless data package, as TIDES has it."""
    resources = [
        {"name": name, "path": f"{name}.{suffix}", "schema": {"fields": [_field(column) for column in columns]}}
        for name, columns in TABLES.items()
    ]
    package = {"name": "trip-log", "profile": "tabular-data-package", "resources": resources}
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def _field(column: Column) -> dict[str, Any]:
    plain = {"name": column.name, "type": _TYPES[column.kind], "description": column.meaning}
    return {**plain, "unit": column.unit} if column.unit else plain


def _write_text(path: Path, write: Callable[[TextIO], object]) -> None:
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        write(file)
    temporary.replace(path)
