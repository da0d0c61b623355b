"""``mobility export road`` writes what stored telemetry and facts say about the roads."""

import asyncio
import csv
import json
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from mobility.cli.export_road import road
from mobility.core.clock import Instant
from mobility.core.events import HazardReported
from mobility.core.geo import LatLon, bearing_deg, distance_m
from mobility.core.ids import HazardId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.supervision import Hazard
from mobility.core.vehicle import ServiceKind
from mobility.storage.bundles import load_region, shipped_region
from mobility.storage.ledger import SqlLedger
from mobility.storage.segments import SegmentLog
from tests.fakes.clock import SettableClock
from tests.v2x.road.world import T0, record
from v2x.extension import Extension

DAY = "2025-11-18"
PLACE = LatLon(50.68, 10.92)


def along(edges: tuple[int, ...], starts_ms: int, first_seq: int, vehicle_id: str) -> list[TelemetryRecord]:
    """Drive over edges of the shipped network at 10 m/s, one record a second; every fourth arrives late."""
    network = load_region(shipped_region("ilmenau")).network
    line = [point for edge in edges for point in network.edge_line(edge)]
    records, way_m, next_m = [], 0.0, 0.0
    for a, b in pairwise(line):
        length_m = distance_m(a, b)
        while length_m > 0 and next_m < way_m + length_m:
            share = (next_m - way_m) / length_m
            here = LatLon(a.lat_deg + share * (b.lat_deg - a.lat_deg), a.lon_deg + share * (b.lon_deg - a.lon_deg))
            seq = first_seq + len(records)
            records.append(
                record(
                    seq,
                    starts_ms + len(records) * 1000,
                    here,
                    vehicle_id=vehicle_id,
                    late_ms=10_000 if seq % 4 == 0 else 100,
                    speed_mps=10.0,
                    bearing_deg=bearing_deg(a, b),
                    extension=Extension(roughness_mps2=0.9),
                )
            )
            next_m += 10.0
        way_m += length_m
    return records


def stored(folder: Path, vehicle_id: str, passes: int) -> Path:
    """A data directory with a vehicle that drove the same way some times, and one hazard."""
    network = load_region(shipped_region("ilmenau")).network
    first = 0
    following = next(
        edge
        for edge in range(network.edge_count)
        if network.source[edge] == network.target[first] and network.target[edge] != network.source[first]
    )

    async def write() -> None:
        clock = SettableClock(T0)
        async with (
            SegmentLog.open(folder / "telemetry", zone="Europe/Berlin", inline=True) as log,
            SqlLedger.open(folder / "ledger.sqlite", clock=clock, inline=True) as ledger,
        ):
            for number in range(passes):
                starts_ms = T0 + number * 1_200_000
                await log.append(along((first, following), starts_ms, 1 + number * 1000, vehicle_id))
            hazard = Hazard(
                hazard_id=HazardId("1:1"),
                cause_code=94,
                sub_cause_code=0,
                place=PLACE,
                detected_at=T0,
                valid_until=Instant(T0 + 60_000),
                reported_by="1",
            )
            await ledger.submit(lambda _, __: [HazardReported(hazard=hazard)], actor="test")

    asyncio.run(write())
    return folder


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(road)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_day_of_drives_becomes_map_layers(tmp_path: Path) -> None:
    data = stored(tmp_path / "var", "shuttle-1", 6)
    done = run("--from", DAY, "--to", DAY, "--out", tmp_path / "out", "--data-dir", data, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["features"]["roughness"] > 1
    assert told["features"]["hazards"] == 1
    layers = {path.stem: json.loads(path.read_text("utf-8")) for path in (tmp_path / "out").iterdir()}
    assert set(layers) == {"roughness", "junctions", "hazards", "coverage"}
    rough = [each["properties"] for each in layers["roughness"]["features"]]
    assert {row["passes"] for row in rough} == {6}
    assert {row["roughness_mps2"] for row in rough} == {0.9}
    late = [each["properties"]["late_frac"] for each in layers["coverage"]["features"]]
    assert 0.15 < sum(late) / len(late) < 0.35
    assert layers["hazards"]["features"][0]["properties"]["cause"] == "stationary_vehicle"


def test_the_tables_say_the_same_as_the_map(tmp_path: Path) -> None:
    data = stored(tmp_path / "var", "shuttle-1", 6)
    for form in ("geojson", "csv"):
        out = tmp_path / form
        assert run("--from", DAY, "--to", DAY, "--out", out, "--data-dir", data, "--format", form).exit_code == 0
    for name in ("roughness", "junctions", "hazards", "coverage"):
        drawn = json.loads((tmp_path / "geojson" / f"{name}.geojson").read_text("utf-8"))["features"]
        with (tmp_path / "csv" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(drawn)
        for row, each in zip(rows, drawn, strict=True):
            assert {key: "" if value is None else str(value) for key, value in each["properties"].items()} == {
                key: row[key] for key in each["properties"]
            }


def test_the_way_of_the_citizen_bus_is_not_exported_before_its_tenth_pass(tmp_path: Path) -> None:
    data = stored(tmp_path / "var", "van-1", 9)
    assert load_region(shipped_region("ilmenau")).fleet[VehicleId("van-1")].kind is ServiceKind.CITIZEN_BUS
    done = run("--from", DAY, "--to", DAY, "--out", tmp_path / "out", "--data-dir", data, "--json")
    assert json.loads(done.stdout)["features"] == {"roughness": 0, "junctions": 0, "hazards": 1, "coverage": 0}


@pytest.mark.parametrize(
    ("span", "names"),
    [
        (("2025-11-19", "2025-11-18"), "before"),
        (("0001-01-01", "9999-12-31"), "more than"),
        (("2025-11-18", "2025-11-18"), "no ledger.sqlite"),
    ],
)
def test_wrong_use_is_one_sentence(tmp_path: Path, span: tuple[str, str], names: str) -> None:
    done = run("--from", span[0], "--to", span[1], "--out", tmp_path / "out", "--data-dir", tmp_path)
    assert done.exit_code == 2
    assert names in done.stderr
    assert not (tmp_path / "out").exists()
