"""The event recorder on a day of a million samples: reading a window, exporting an occasion, CPU per record.

Twelve vehicles, one sample a second for 23 h 20 min, in segments as the log leaves them. Samples of a vehicle share
sixty payloads, so that making the day does not take longer than measuring it. ``--sealed`` also measures the day in
Parquet, with DuckDB as the peer; sealing it takes longer than all the rest.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import duckdb

from mobility.core.clock import Clock, Instant, shifted
from mobility.core.events import OccasionNoted
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, OccasionId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.service_day import ServiceDay
from mobility.core.supervision import Occasion, OccasionKind
from mobility.core.vehicle import DrivingMode, Sample
from mobility.storage.ledger import SqlLedger
from mobility.storage.occasion_files import OccasionFiles
from mobility.storage.segment_window import SegmentWindows, read_window
from mobility.storage.segments import SegmentLog, seal_day
from v2x.codec import encode_sample
from v2x.edge.recorder import EventRecorder
from v2x.extension import Environment, Extension, Light, LinkReading, SystemState
from v2x.extension_codec import extension_of

ZONE = "Europe/Berlin"
DAY = ServiceDay(date(2025, 11, 18), ZONE)
VEHICLES = [VehicleId(f"van-{n:02d}") for n in range(12)]
SECONDS = 84_000
AT = Instant(DAY.start + 43_200_000)
NAME = OccasionId(f"{VEHICLES[7]}-{AT}-conflict-vehicle")
LIMIT_S = 5.0
LIMIT_US = 20.0
_COMMAND = "import typer; from mobility.cli.export_event import event; typer.run(event)"


class StandingClock:
    """Always says the same."""

    def now(self) -> Instant:
        """Return shortly after the occasion."""
        return shifted(AT, 60.0)

    async def sleep(self, duration_s: float) -> None:
        """Wait for nothing."""
        del duration_s


def main() -> int:
    """Print the lines; 1 where a limit is not kept."""
    with tempfile.TemporaryDirectory(prefix="mobility-event-") as name:
        folder = Path(name)
        records = payloads()
        asyncio.run(fill(folder, records))
        lines = []
        is_sealed = "--sealed" in sys.argv[1:]
        for line in (cpu(records), *windows(folder), *exports(folder, is_sealed=is_sealed)):
            print(json.dumps(line))
            lines.append(line)
    return 0 if all(line["ratio"] <= 1 or "peer_s" in line for line in lines) else 1


def payloads() -> list[TelemetryRecord]:
    """Return a minute of one vehicle."""
    quick = Extension(
        acceleration_long_mps2=0.2,
        acceleration_lat_mps2=0.1,
        supply_v=12.9,
        lights_on=frozenset({Light.LOW_BEAM}),
        altitude_m=480.0,
    )
    slow = replace(
        quick,
        vin="WV1ZZZ7HZ8H012345",
        environment=Environment(temperature_degc=3.0, illuminance_lx=9000, is_wiper_on=False),
        link=LinkReading(latency_ms=40, bandwidth_kbps=20_000),
        system=SystemState(software_version="7.2.1"),
    )
    made = []
    for second in range(60):
        moment = Instant(DAY.start + second * 1000)
        sample = Sample(
            vehicle_id=VEHICLES[0],
            boot_id=BootId("boot-1"),
            seq=second + 1,
            device_time=moment,
            place=LatLon(50.68 + second * 1e-5, 10.92),
            speed_mps=8.0,
            mode=DrivingMode.AUTOMATED,
        )
        payload = encode_sample(sample, slow if second == 0 else quick)
        made.append(TelemetryRecord(sample=sample, received_at=moment, event_time=moment, payload=payload))
    return made


def at(record: TelemetryRecord, vehicle: VehicleId, second: int) -> TelemetryRecord:
    """Return the record as another vehicle's, at another second of the day."""
    moment = Instant(DAY.start + second * 1000)
    sample = replace(record.sample, vehicle_id=vehicle, seq=second + 1, device_time=moment)
    return TelemetryRecord(sample=sample, received_at=moment, event_time=moment, payload=record.payload)


async def fill(folder: Path, records: list[TelemetryRecord]) -> None:
    """Write the day as the gateway does, and note an occasion."""
    async with SegmentLog.open(folder / "telemetry", zone=ZONE, inline=True) as log:
        for second in range(SECONDS):
            await log.append([at(records[second % 60], vehicle, second) for vehicle in VEHICLES])
    clock: Clock = StandingClock()
    occasion = Occasion(occasion_id=NAME, vehicle_id=VEHICLES[7], kind=OccasionKind.CONFLICT, at=AT, source="vehicle")
    async with SqlLedger.open(folder / "ledger.sqlite", clock=clock, inline=True) as ledger:
        await ledger.submit(lambda _, __: [OccasionNoted(occasion=occasion)], actor="vehicle:van-07")


def timed(work: Callable[[], int], rounds: int = 3) -> tuple[float, float, int]:
    """Return the median wall and CPU seconds, and what came out."""
    walls, cpus, count = [], [], 0
    for _ in range(rounds):
        wall, cpu_start = time.perf_counter(), time.process_time()
        count = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu_start)
    return median(walls), median(cpus), count


def windows(folder: Path) -> list[dict[str, object]]:
    """Read a window of unsealed segments."""
    first, last = shifted(AT, -100.0), shifted(AT, 10.0)
    wall, cpu_s, found = timed(lambda: len(read_window(folder / "telemetry", ZONE, VEHICLES[7], first, last)))
    return [
        {
            "benchmark": "event.window",
            "day": "unsealed",
            "samples": SECONDS * len(VEHICLES),
            "found": found,
            "s": round(wall, 3),
            "cpu_s": round(cpu_s, 3),
            "limit_s": LIMIT_S,
            "ratio": round(wall / LIMIT_S, 3),
        }
    ]


def exports(folder: Path, *, is_sealed: bool) -> Iterator[dict[str, object]]:
    """Export from segments and what was frozen, each in a fresh interpreter; where wanted from the sealed day too."""
    yield export(folder, "unsealed")
    if is_sealed:
        seal_day(folder / "telemetry", DAY)
        yield sealed_window(folder)
        yield export(folder, "sealed")
    asyncio.run(freeze(folder))
    yield export(folder, "frozen")


def export(folder: Path, day: str) -> dict[str, object]:
    """Run the command line and check what it wrote."""
    out = folder / f"{day}.zip"
    begun, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    arguments = [str(NAME), "--out", str(out), "--data-dir", str(folder)]
    subprocess.run([sys.executable, "-c", _COMMAND, *arguments], check=True, capture_output=True)
    wall = time.perf_counter() - begun
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime
    subprocess.run([sys.executable, "-c", _COMMAND, "--verify", str(out)], check=True, capture_output=True)
    return {
        "benchmark": "event.export",
        "day": day,
        "samples": SECONDS * len(VEHICLES),
        "bytes": out.stat().st_size,
        "s": round(wall, 3),
        "cpu_s": round(cpu_s, 3),
        "limit_s": LIMIT_S,
        "ratio": round(wall / LIMIT_S, 3),
    }


def sealed_window(folder: Path) -> dict[str, object]:
    """Read the window from Parquet; DuckDB does the same on the same file."""
    first, last = shifted(AT, -100.0), shifted(AT, 10.0)
    wall, _, found = timed(lambda: len(read_window(folder / "telemetry", ZONE, VEHICLES[7], first, last)))
    file = str(folder / "telemetry" / DAY.date.isoformat() / "samples.parquet")
    moments = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=each) for each in (first, last)]
    query = "SELECT * FROM read_parquet(?) WHERE vehicle_id = ? AND event_time BETWEEN ? AND ? ORDER BY event_time"
    peer, _, peers = timed(lambda: len(duckdb.sql(query, params=[file, VEHICLES[7], *moments]).to_arrow_table()))
    if found != peers:
        raise SystemExit(f"{found} records here, {peers} by DuckDB")
    return {
        "benchmark": "event.window",
        "day": "sealed",
        "samples": SECONDS * len(VEHICLES),
        "found": found,
        "s": round(wall, 3),
        "peer_s": round(peer, 3),
        "ratio": round(wall / peer, 3),
    }


async def freeze(folder: Path) -> None:
    """Let the recorder freeze the occasion."""
    clock = StandingClock()
    async with SqlLedger.open(folder / "ledger.sqlite", clock=clock, inline=True) as ledger:
        recorder = EventRecorder(
            ledger=ledger,
            windows=SegmentWindows(folder / "telemetry", ZONE),
            archive=OccasionFiles(folder / "occasions"),
            clock=clock,
            specs={},
            zone=ZONE,
        )
        clock.now = lambda: AT  # type: ignore[method-assign]  # when the occasion became known
        recorder.facts(list(ledger.read()))
        clock.now = lambda: shifted(AT, 60.0)  # type: ignore[method-assign]  # and when it is looked at
        await recorder.settle()


def cpu(records: list[TelemetryRecord]) -> dict[str, object]:
    """Hear twelve vehicles for ten minutes: CPU per record, decoding left out, which others need as well."""
    clock = StandingClock()
    heard = [at(records[second % 60], vehicle, second) for second in range(600) for vehicle in VEHICLES]
    extensions = [extension_of(record.payload) for record in heard]
    best_us = float("inf")
    for _ in range(3):
        recorder = EventRecorder(
            ledger=None,  # type: ignore[arg-type]  # never asked while hearing
            windows=None,  # type: ignore[arg-type]  # never asked while hearing
            archive=None,  # type: ignore[arg-type]  # never asked while hearing
            clock=clock,
            specs={},
            zone=ZONE,
        )
        begun = time.process_time()
        for record, extension in zip(heard, extensions, strict=True):
            recorder.observe(record, extension)
        best_us = min(best_us, (time.process_time() - begun) / len(heard) * 1e6)
    return {
        "benchmark": "event.record",
        "us": round(best_us, 2),
        "limit_us": LIMIT_US,
        "ratio": round(best_us / LIMIT_US, 3),
    }


if __name__ == "__main__":
    sys.exit(main())
