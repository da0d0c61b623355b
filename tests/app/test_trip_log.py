"""A day's trip log: what it tells of trips and rides, what it never tells, and that it is the same bytes every time."""

import asyncio
import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from gtfs.from_region import timetable_of
from mobility.app.trip_log import write_trip_log
from mobility.app.trip_log_tables import TABLES
from mobility.cli import export
from mobility.core.clock import Instant
from mobility.core.events import Envelope
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, TripId, VehicleId
from mobility.core.ports import Person, TelemetryRecord
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import Sample, TripRef
from mobility.storage import bundles
from mobility.storage.ledger import SqlLedger
from mobility.storage.segments import SegmentLog, read_day
from tests.contracts.sample_facts import BUS, DAY, START, one_of_each
from tests.contracts.sample_records import record
from tests.fakes.clock import SettableClock
from tests.gtfs.small_region import CAMPUS, MARKET, PLACES, STATION, line, region, trip

ZONE = "Europe/Berlin"
TODAY = ServiceDay(DAY, ZONE)
TOWN = region([line([trip("D-0800", "08:00"), trip("D-2358", "23:58")])])
ERNA = Person(name="Erna Mustermann", phone="+49 3677 4711")


def samples(trip_id: str, starts: Instant, *, vehicle: str = "shuttle-1") -> Iterator[TelemetryRecord]:
    """A vehicle on Markt, Bahnhof, Campus at 1 Hz, a minute late at the first stop and on time at the last."""
    legs = [(MARKET, 60, MARKET, 0), (MARKET, 0, STATION, 120), (STATION, 30, STATION, 0), (STATION, 0, CAMPUS, 110)]
    places: list[LatLon] = []
    for origin, stays_s, target, rides_s in [*legs, (CAMPUS, 60, CAMPUS, 0)]:
        a, b = PLACES[origin], PLACES[target]
        places += [a] * stays_s
        places += [
            LatLon(a.lat_deg + (b.lat_deg - a.lat_deg) * n / rides_s, a.lon_deg + (b.lon_deg - a.lon_deg) * n / rides_s)
            for n in range(rides_s)
        ]
    for seq, place in enumerate(places):
        moment = Instant(starts + seq * 1000)
        sample = Sample(
            vehicle_id=VehicleId(vehicle),
            boot_id=BootId("b1"),
            seq=seq,
            device_time=moment,
            place=place,
            trip=TripRef(TripId(trip_id), DAY),
        )
        yield TelemetryRecord(sample=sample, received_at=moment, event_time=moment, payload=b"")


def facts() -> list[Envelope]:
    return [Envelope(seq=n, recorded_at=START, actor="rider", body=body) for n, body in enumerate(one_of_each(), 1)]


def written(out: Path, kind: str = "csv", records=None, **options) -> dict[str, list[dict[str, str]]]:
    shown = list(samples("D-0800", TODAY.at(8 * 3600))) if records is None else records
    write_trip_log(
        out,
        format=kind,
        timetable=timetable_of(TOWN),
        records=shown,
        envelopes=facts(),
        region_zone=ZONE,
        **options,
    )
    if kind == "parquet":
        return {name: pq.read_table(out / f"{name}.parquet").to_pylist() for name in TABLES}
    return {name: list(csv.DictReader((out / f"{name}.csv").read_text("utf-8").splitlines())) for name in TABLES}


def test_a_trip_is_told_as_scheduled_and_as_driven(tmp_path):
    [driven] = written(tmp_path)["trips_performed"]
    assert driven["trip_id_performed"] == "D-0800@2025-10-14"
    assert driven["vehicle_id"] == "shuttle-1"
    assert driven["schedule_trip_start"] == "2025-10-14T06:00:00.000Z"
    assert "2025-10-14T06:00:55" < driven["actual_trip_start"] < "2025-10-14T06:01:15"
    assert driven["is_assumed"] == "false"


def test_stop_visits_carry_delay_and_dwell_in_seconds(tmp_path):
    visits = written(tmp_path)["stop_visits"]
    assert [visit["stop_id"] for visit in visits] == [MARKET, STATION, CAMPUS]
    assert 50 < float(visits[0]["departure_delay_s"]) < 80
    assert 15 < float(visits[1]["dwell_s"]) < 60


def test_every_position_of_a_line_vehicle_is_there_as_measured(tmp_path):
    shown = list(samples("D-0800", TODAY.at(8 * 3600)))
    positions = written(tmp_path, records=shown)["vehicle_positions"]
    assert [float(p["latitude"]) for p in positions] == [r.sample.place.lat_deg for r in shown]
    assert positions[0]["trip_service_date"] == "2025-10-14"


def test_rides_tell_outcome_and_promises_and_refusals(tmp_path):
    rides = written(tmp_path)["rides"]
    assert sorted(ride["outcome"] for ride in rides) == ["cancelled", "completed", "no_show", "refused", "withdrawn"]
    completed = next(ride for ride in rides if ride["outcome"] == "completed")
    assert (completed["pickup_outcome"], completed["pickup_revisions"]) == ("kept", "1")
    assert completed["time_band"] == "08-10"
    refused = next(ride for ride in rides if ride["outcome"] == "refused")
    assert refused["refusal_code"] == "no_seat_left"


def test_nothing_in_any_file_names_a_rider_a_booking_or_a_driver(tmp_path):
    written(tmp_path)
    everything = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    for secret in ("K7M-4QX", "rider-of", "d-7", "N0S-H0W", "Erna"):
        assert secret not in everything


def test_vehicles_that_carry_booked_riders_leave_no_positions(tmp_path):
    mixed = [*samples("D-0800", TODAY.at(8 * 3600)), record(1, vehicle=BUS)]
    tables = written(tmp_path, records=mixed)
    assert {p["vehicle_id"] for p in tables["vehicle_positions"]} == {"shuttle-1"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_same_facts_are_the_same_bytes_whatever_the_order_of_arrival(tmp_path, kind):
    shown = list(samples("D-0800", TODAY.at(8 * 3600)))
    written(tmp_path / "a", kind, shown)
    written(tmp_path / "b", kind, [*reversed(shown)])
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted([*(f"{name}.{kind}" for name in TABLES), "datapackage.json"])
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_parquet_and_csv_say_the_same(tmp_path):
    plain, typed = written(tmp_path / "a"), written(tmp_path / "b", "parquet")
    for name in TABLES:
        assert len(plain[name]) == len(typed[name]) > 0
        assert list(plain[name][0]) == list(typed[name][0])
    assert typed["trips_performed"][0]["service_date"] == date(2025, 10, 14)


def test_every_column_is_described_with_its_unit(tmp_path):
    written(tmp_path, "parquet")
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        fields = pq.read_schema(tmp_path / resource["path"])
        assert [f["name"] for f in resource["schema"]["fields"]] == fields.names
        assert all(f["description"] for f in resource["schema"]["fields"])
        assert all(b"meaning" in field.metadata for field in fields)
    seconds = [f for r in package["resources"] for f in r["schema"]["fields"] if f["name"].endswith("_s")]
    assert {f["unit"] for f in seconds} == {"s"}


def test_a_trip_past_midnight_belongs_to_the_day_it_started(tmp_path):
    shown = list(samples("D-2358", TODAY.at(23 * 3600 + 58 * 60)))
    tables = written(tmp_path, records=shown, days=(DAY, DAY))
    assert [trip["service_date"] for trip in tables["trips_performed"]] == ["2025-10-14"]
    assert len(tables["stop_visits"]) == 3
    assert tables["vehicle_positions"][-1]["event_timestamp"] < "2025-10-14T22:00"
    following = written(tmp_path, records=shown, days=(date(2025, 10, 15), date(2025, 10, 15)))
    assert following["trips_performed"] == []
    assert following["rides"] == []
    assert len(following["vehicle_positions"]) + len(tables["vehicle_positions"]) == len(shown)


def test_an_empty_day_gives_empty_tables_with_their_columns(tmp_path):
    written(tmp_path, "parquet", [], days=(date(2024, 1, 1), date(2024, 1, 1)))
    for name, columns in TABLES.items():
        table = pq.read_table(tmp_path / f"{name}.parquet")
        assert table.num_rows == 0
        assert table.column_names == [column.name for column in columns]


def data_dir(folder: Path) -> Path:
    """A server's data after a small day."""

    async def main() -> None:
        async with (
            SqlLedger.open(folder / "ledger.sqlite", clock=SettableClock(START), inline=True) as ledger,
            SegmentLog.open(folder / "telemetry", zone=ZONE, inline=True) as log,
        ):
            await ledger.submit(lambda _s, _n: one_of_each(), actor="dispatcher")
            await log.append(list(samples("D-0800", TODAY.at(8 * 3600))))

    asyncio.run(main())
    return folder


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small town in place of the shipped region."""
    monkeypatch.setattr(bundles, "load_region", lambda _folder: TOWN)


def exported(*arguments: str):
    return CliRunner().invoke(export.app, ["trips", *arguments])


def test_the_command_writes_a_span_of_days(tmp_path, town):
    folder = data_dir(tmp_path / "var")
    span = ("--from", "2025-10-14", "--to", "2025-10-14", "--data-dir", str(folder))
    done = exported(*span, "--out", str(tmp_path / "out"), "--format", "csv", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["rows"]["trips_performed"] == 1
    assert result["rows"]["rides"] == 5
    assert (tmp_path / "out" / "stop_visits.csv").is_file()


def test_damaged_telemetry_is_left_out_and_told(tmp_path, town):
    folder = data_dir(tmp_path / "var")
    [segment] = folder.glob("telemetry/*/*.seg")
    data = bytearray(segment.read_bytes())
    data[100] ^= 1
    segment.write_bytes(data)
    span = ("--from", "2025-10-14", "--to", "2025-10-14", "--data-dir", str(folder))
    done = exported(*span, "--out", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert "is damaged at byte 8" in done.stderr
    assert len(list(read_day(folder / "telemetry", TODAY, damaged=lambda _: None))) == 379


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "2025-10-14", "--to", "2025-10-13", "--out", "out"),
        ("--from", "2025-10-14", "--to", "2025-10-14", "--out", "out", "--data-dir", "nowhere"),
        ("--from", "gestern", "--to", "2025-10-14", "--out", "out"),
        ("--from", "2025-10-14", "--to", "2025-10-14", "--out", "out", "--format", "xls"),
    ],
)
def test_wrong_use_is_exit_code_2(arguments):
    assert exported(*arguments).exit_code == 2
