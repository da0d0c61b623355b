"""``mobility export event``: an archive from real storage that verifies, and clear answers where it can not be."""

import asyncio
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import typer
from typer.testing import CliRunner

from mobility.app import vehicle_side
from mobility.cli.export_event import event
from mobility.core.supervision import OccasionKind
from mobility.storage.ledger import SqlLedger
from mobility.storage.occasion_files import OccasionFiles
from mobility.storage.segment_window import SegmentWindows
from mobility.storage.segments import SegmentLog
from tests.fakes.clock import SettableClock
from tests.v2x.recorder.van import NOON, SPECS, ZONE, drive, record, usual
from v2x.edge.recorder import EventRecorder, extension_in
from v2x.extension import Incident

NAME = f"pmover-1-{NOON + 50_000}-conflict-vehicle-accident"
app = typer.Typer()
app.command()(event)


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def operated(folder: Path, *, freezes: bool = True, seconds: int = 90) -> Path:
    """A server's data after a minute and a half with an accident; frozen only where the recorder got so far."""

    async def main() -> None:
        clock = SettableClock(NOON)
        async with (
            SqlLedger.open(folder / "ledger.sqlite", clock=clock, inline=True) as ledger,
            SegmentLog.open(folder / "telemetry", zone=ZONE, inline=True) as log,
        ):
            recorder = EventRecorder(
                ledger=ledger,
                windows=SegmentWindows(folder / "telemetry", ZONE, inline=True),
                archive=OccasionFiles(folder / "occasions", inline=True),
                clock=clock,
                specs=SPECS,
                zone=ZONE,
            )
            ledger.subscribe(recorder.facts)
            trip = drive(1, seconds)
            crash = Incident(kind=OccasionKind.CONFLICT, detail="Aufprall", is_accident=True)
            trip[49] = record(50, replace(usual(50), incidents=(crash,)))
            for each in trip:
                clock.moment = each.received_at
                await log.append([each])
                recorder.observe(each, extension_in(each))
                if each.sample.seq == 55:
                    await recorder.settle()
            if freezes:
                clock.advance(20)
                await recorder.settle()

    asyncio.run(main())
    return folder


def test_an_occasion_is_written_and_the_archive_verifies(tmp_path: Path) -> None:
    data, out = operated(tmp_path / "var"), tmp_path / "out" / "event.zip"
    done = run(NAME, "--out", str(out), "--data-dir", str(data), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["occasion_id"], told["revision"]) == (NAME, 1)
    checked = run("--verify", str(out), "--fingerprint", told["key_sha256"], "--json")
    assert (checked.exit_code, json.loads(checked.stdout)["occasion_id"]) == (0, NAME)
    assert (data / vehicle_side.KEYS_FOLDER / "recorder.key").stat().st_mode & 0o077 == 0


def test_an_occasion_the_server_had_no_time_to_freeze_is_frozen_by_the_command(tmp_path: Path) -> None:
    data, out = operated(tmp_path / "var", freezes=False, seconds=58), tmp_path / "event.zip"
    assert not (data / "occasions").exists()
    done = run(NAME, "--out", str(out), "--data-dir", str(data))
    assert done.exit_code == 0, done.output
    assert run("--verify", str(out)).exit_code == 0


def test_a_changed_archive_is_found_wanting(tmp_path: Path) -> None:
    data, out = operated(tmp_path / "var"), tmp_path / "event.zip"
    run(NAME, "--out", str(out), "--data-dir", str(data))
    changed = bytearray(out.read_bytes())
    changed[len(changed) // 3] ^= 1
    out.write_bytes(changed)
    done = run("--verify", str(out))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert run("--verify", str(tmp_path / "nowhere.zip")).exit_code == 2


def test_another_key_is_found_wanting(tmp_path: Path) -> None:
    data, out = operated(tmp_path / "var"), tmp_path / "event.zip"
    run(NAME, "--out", str(out), "--data-dir", str(data))
    done = run("--verify", str(out), "--fingerprint", "00" * 32)
    assert done.exit_code == 1
    assert "another key" in done.stderr


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    data, out = operated(tmp_path / "var"), tmp_path / "event.zip"
    unknown = run("no-such-occasion", "--out", str(out), "--data-dir", str(data))
    assert unknown.exit_code == 1
    assert "knows no occasion no-such-occasion" in unknown.stderr
    assert run(NAME, "--out", str(out), "--data-dir", str(tmp_path)).exit_code == 2
    assert run(NAME).exit_code == 2
    assert run("--out", str(out)).exit_code == 2
    assert not out.exists()


def test_a_record_that_was_replaced_whole_is_not_the_one_the_ledger_knows(tmp_path: Path) -> None:
    data, out = operated(tmp_path / "var"), tmp_path / "event.zip"
    kept = next((data / "occasions").glob("*/0001-*.json"))
    body = kept.read_bytes().replace(b"Aufprall", b"Nichts..")
    kept.unlink()
    kept.with_name(f"0001-{hashlib.sha256(body).hexdigest()}.json").write_bytes(body)
    done = run(NAME, "--out", str(out), "--data-dir", str(data))
    assert done.exit_code == 1
    assert "not the one the ledger knows" in done.stderr
    assert not out.exists()


def test_a_record_that_is_gone_is_not_made_up_anew(tmp_path: Path) -> None:
    data, out = operated(tmp_path / "var"), tmp_path / "event.zip"
    shutil.rmtree(data / "occasions")
    done = run(NAME, "--out", str(out), "--data-dir", str(data))
    assert done.exit_code == 1
    assert "deleted or lost" in done.stderr


def test_changed_bytes_of_the_record_are_not_exported(tmp_path: Path) -> None:
    data, out = operated(tmp_path / "var"), tmp_path / "event.zip"
    kept = next((data / "occasions").glob("*/0001-*.json"))
    kept.write_bytes(kept.read_bytes().replace(b"Aufprall", b"Nichts.."))
    done = run(NAME, "--out", str(out), "--data-dir", str(data))
    assert done.exit_code == 1
    assert "does not match the hash" in done.stderr
