"""What could not be used is kept for inspection, within limits, and never in anybody's way."""

import json
from base64 import b64decode
from pathlib import Path

from mobility.core.clock import Instant
from mobility.core.ids import VehicleId
from mobility.storage.day_lines import DayLines
from mobility.storage.quarantine import MAX_FRAME_BYTES, FileQuarantine
from tests.fakes.clock import SettableClock

NOON = Instant(1_760_436_000_000)  # 2025-10-14 10:00 UTC


def lines_in(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def test_a_frame_is_kept_byte_for_byte_with_its_reason(tmp_path: Path) -> None:
    lines = DayLines(tmp_path, SettableClock(NOON))
    FileQuarantine(lines).keep(VehicleId("shuttle-1"), "corrupt", b"\x00\xffnot a frame")
    lines.close()
    [record] = lines_in(tmp_path)
    assert (record["vehicle_id"], record["reason"]) == ("shuttle-1", "corrupt")
    assert b64decode(record["frame"]) == b"\x00\xffnot a frame"


def test_of_a_huge_frame_the_beginning_and_the_length_are_kept(tmp_path: Path) -> None:
    lines = DayLines(tmp_path, SettableClock(NOON))
    FileQuarantine(lines).keep(None, "oversized", bytes(MAX_FRAME_BYTES + 7))
    lines.close()
    [record] = lines_in(tmp_path)
    assert record["length"] == MAX_FRAME_BYTES + 7
    assert len(b64decode(record["frame"])) == MAX_FRAME_BYTES


def test_what_was_set_aside_is_on_disk_while_the_server_runs(tmp_path: Path) -> None:
    lines = DayLines(tmp_path, SettableClock(NOON))
    FileQuarantine(lines).keep(VehicleId("bus-1"), "corrupt", b"noise")
    assert len(next(tmp_path.glob("*.jsonl")).read_text().splitlines()) == 1
    lines.close()


def test_each_day_has_its_own_file(tmp_path: Path) -> None:
    clock = SettableClock(NOON)
    lines = DayLines(tmp_path, clock)
    lines.append({"n": 1})
    clock.advance(86_400)
    lines.append({"n": 2})
    lines.close()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["2025-10-14.jsonl", "2025-10-15.jsonl"]


def test_a_full_day_drops_and_counts_instead_of_filling_the_disk(tmp_path: Path) -> None:
    lines = DayLines(tmp_path, SettableClock(NOON), max_bytes=200)
    for n in range(100):
        lines.append({"n": n})
    lines.close()
    assert lines.dropped == 100 - len(lines_in(tmp_path))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 200


def test_a_folder_that_can_not_be_made_is_counted_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    lines = DayLines(tmp_path / "file" / "quarantine", SettableClock(NOON))
    lines.append({"n": 1})
    assert lines.dropped == 1
