"""The static view of any zip, read row by row: what a timetable leaves out (headways, empty times) is kept."""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from passenger_info.checker.static_view import Headway, StaticCall, StaticTrip, StaticView


def view_of(path: Path, *, ignore_shapes: bool = False) -> StaticView:
    with zipfile.ZipFile(path) as archive:
        calls = _calls(archive)
        shapes = {} if ignore_shapes else _shapes(archive)
        stops = list(_rows(archive, "stops.txt"))
        drawn = [point for shape in shapes.values() for point in shape]
        places = [(float(s["stop_lon"]), float(s["stop_lat"])) for s in stops if s["stop_lat"].strip()]
        loose, exact = _headways(archive)
        trips = {
            row["trip_id"]: StaticTrip(
                route_id=row["route_id"],
                direction=int(row["direction_id"]) if row.get("direction_id") in ("0", "1") else None,
                block_id=row.get("block_id") or "",
                calls=calls.get(row["trip_id"], ()),
                shape=shapes.get(row.get("shape_id") or "", ()),
            )
            for row in _rows(archive, "trips.txt")
        }
        return StaticView(
            agencies=frozenset(row.get("agency_id") or row["agency_name"] for row in _rows(archive, "agency.txt")),
            routes=frozenset(row["route_id"] for row in _rows(archive, "routes.txt")),
            stops={row["stop_id"]: int(row.get("location_type") or 0) for row in stops},
            trips=trips,
            shape_ids=frozenset(shapes),
            covered=tuple(drawn if len(drawn) > 3 else places),
            headway_trips=loose,
            exact_headways=exact,
        )


def rows_of(path: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        return list(_rows(archive, name))


def _rows(archive: zipfile.ZipFile, name: str) -> Iterator[dict[str, str]]:
    if name not in archive.namelist():
        return
    with archive.open(name) as file:
        for row in csv.DictReader(io.TextIOWrapper(file, "utf-8-sig"), skipinitialspace=True):
            yield {(key or "").strip(): (value or "").strip() for key, value in row.items() if isinstance(value, str)}


def _seconds(text: str) -> int | None:
    if not text:
        return None
    hours, minutes, seconds = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _calls(archive: zipfile.ZipFile) -> dict[str, tuple[StaticCall, ...]]:
    found: dict[str, list[StaticCall]] = defaultdict(list)
    for row in _rows(archive, "stop_times.txt"):
        arrival_s, departure_s = _seconds(row["arrival_time"]), _seconds(row["departure_time"])
        found[row["trip_id"]].append(
            StaticCall(int(row["stop_sequence"]), row["stop_id"], arrival_s, departure_s),
        )
    return {trip: tuple(sorted(calls, key=lambda call: call.stop_sequence)) for trip, calls in found.items()}


def _shapes(archive: zipfile.ZipFile) -> dict[str, tuple[tuple[float, float], ...]]:
    found: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for row in _rows(archive, "shapes.txt"):
        point = (int(row["shape_pt_sequence"]), float(row["shape_pt_lon"]), float(row["shape_pt_lat"]))
        found[row["shape_id"]].append(point)
    return {name: tuple((lon, lat) for _, lon, lat in sorted(points)) for name, points in found.items()}


def _headways(archive: zipfile.ZipFile) -> tuple[frozenset[str], dict[str, tuple[Headway, ...]]]:
    loose: set[str] = set()
    exact: dict[str, tuple[Headway, ...]] = {}
    for row in _rows(archive, "frequencies.txt"):
        if row.get("exact_times") == "1":
            period = Headway(_seconds(row["start_time"]) or 0, _seconds(row["end_time"]) or 0, int(row["headway_secs"]))
            exact[row["trip_id"]] = (*exact.get(row["trip_id"], ()), period)
        else:
            loose.add(row["trip_id"])
    return frozenset(loose), exact
