"""What is particular to segments: frames, recovery, damage, bad disks, days and sealing."""

import asyncio
import errno
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError, CorruptionError, ReadOnlyError, StorageError
from mobility.core.geo import LatLon
from mobility.core.ids import BootId, TripId, VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.service_day import ServiceDay
from mobility.core.vehicle import Doors, DrivingMode, Sample, TripRef
from mobility.storage import segment_files
from mobility.storage.segment_frame import HEADER, MAGIC, FrameWriter, key_of, record_of
from mobility.storage.segment_scan import Finding, scan
from mobility.storage.segments import DayFinder, SegmentLog, read_day, seal_day
from tests.contracts.sample_facts import DAY, START
from tests.contracts.sample_records import record

ZONE = "Europe/Berlin"
TODAY = ServiceDay(DAY, ZONE)
SHUTTLE = (VehicleId("shuttle-1"), BootId("b1"))

_instants = st.integers(0, 2**45).map(Instant)
_metric = st.none() | st.floats(allow_nan=False, allow_infinity=False)
_names = st.text(st.characters(codec="utf-8"), max_size=12)
_samples = st.builds(
    Sample,
    vehicle_id=_names.map(VehicleId),
    boot_id=_names.map(BootId),
    seq=st.integers(0, 2**62),
    device_time=_instants,
    place=st.builds(LatLon, st.floats(-90, 90), st.floats(-180, 180)),
    speed_mps=_metric,
    bearing_deg=_metric,
    mode=st.sampled_from(DrivingMode),
    doors=st.sampled_from(Doors),
    passengers=st.none() | st.integers(0, 500),
    wheelchairs=st.none() | st.integers(0, 5),
    battery_frac=_metric,
    odometer_m=_metric,
    trip=st.none() | st.builds(TripRef, _names.map(TripId), st.dates()),
)
_records = st.builds(
    TelemetryRecord, sample=_samples, received_at=_instants, event_time=_instants, payload=st.binary(max_size=80)
)


def log_in(directory: Path, *, inline: bool = True) -> SegmentLog:
    return SegmentLog.open(directory, zone=ZONE, inline=inline)


def written(directory: Path, *records: TelemetryRecord) -> Path:
    """Write records and return the only segment."""

    async def main() -> None:
        async with log_in(directory) as log:
            await log.append(records)

    asyncio.run(main())
    [path] = directory.glob("*/*.seg")
    return path


def reopened(directory: Path) -> SegmentLog:
    log = log_in(directory)
    asyncio.run(log.stop())
    return log


@settings(max_examples=200)
@given(_records)
def test_every_record_comes_back_from_its_frame(kept: TelemetryRecord):
    frame = FrameWriter().frame(kept)
    body = frame[HEADER.size :]
    assert record_of(body) == kept
    assert key_of(body)[:3] == (kept.sample.vehicle_id, kept.sample.boot_id, kept.sample.seq)


@settings(max_examples=200)
@given(st.binary(max_size=250))
def test_foreign_bodies_give_the_one_error(data: bytes):
    for read in (record_of, key_of):
        try:
            read(data)
        except CorruptionError:
            continue
        assert len(data) > 100


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_foreign_files_give_the_one_error_or_findings(data: bytes):
    found = list(scan(MAGIC + data, Path("x.seg")))
    assert all(isinstance(part, Finding) for part in found)
    if not MAGIC.startswith(data[:8]):
        with pytest.raises(CorruptionError):
            list(scan(data, Path("x.seg")))


@pytest.mark.parametrize(
    "sample",
    [
        replace(record(1).sample, seq=2**63),
        replace(record(1).sample, passengers=2**40),
        replace(record(1).sample, vehicle_id=VehicleId("x" * 70_000)),
    ],
)
def test_a_record_that_fits_no_frame_is_refused_and_nothing_kept(tmp_path, sample):
    async def main() -> None:
        async with log_in(tmp_path, inline=False) as log:
            with pytest.raises(BadInputError):
                await log.append([record(1), replace(record(1), sample=sample)])
            assert dict(log.received()) == {}

    asyncio.run(main())
    assert list(read_day(tmp_path, TODAY)) == []


def test_a_reopened_log_knows_what_it_received(tmp_path):
    written(tmp_path, record(1), record(2), record(5), record(1, boot="b2"))
    log = reopened(tmp_path)
    assert log.findings == ()
    assert list(log.received()[SHUTTLE]) == [1, 2, 5]
    assert list(log.received()[VehicleId("shuttle-1"), BootId("b2")]) == [1]


def test_a_tail_torn_at_any_byte_is_cut_off_and_told(tmp_path):
    whole = written(tmp_path / "whole", record(1), record(2), record(3)).read_bytes()
    ends = [len(MAGIC)]
    for body in scan(whole, Path("x")):
        ends.append(ends[-1] + HEADER.size + len(body))
    for size in range(len(whole)):
        path = tmp_path / str(size) / "2025-10-14" / "000001.seg"
        path.parent.mkdir(parents=True)
        path.write_bytes(whole[:size])
        log = reopened(tmp_path / str(size))
        complete = sum(end <= size for end in ends[1:])
        assert len(log.received().get(SHUTTLE, ())) == complete
        is_torn = size not in (0, *ends)
        assert [f.kind for f in log.findings] == ["torn"] * is_torn
        if is_torn:
            assert path.stat().st_size + log.findings[0].length == size
            assert path.with_suffix(".torn").stat().st_size == log.findings[0].length
        assert [r.sample.seq for r in read_day(tmp_path / str(size), TODAY)] == [1, 2, 3][:complete]


def test_any_flipped_byte_is_seen_and_never_served(tmp_path):
    kept = [record(1), record(2), record(3)]
    path = written(tmp_path, *kept)
    whole = path.read_bytes()
    for at in range(len(whole)):
        flipped = bytearray(whole)
        flipped[at] ^= 0x41
        path.write_bytes(flipped)
        found: list[Finding] = []
        try:
            served = list(read_day(tmp_path, TODAY, damaged=found.append))
        except CorruptionError:
            assert at < len(MAGIC)
            continue
        assert all(record in kept for record in served)
        assert len(served) == 2
        # Only in the last frame can a flip look like a torn tail; the log tells that one when it opens.
        assert found or served == kept[:2]


def test_damage_in_the_middle_is_told_and_the_file_left_as_it_is(tmp_path):
    path = written(tmp_path, record(1), record(2), record(3))
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    log = reopened(tmp_path)
    assert [(f.kind, f.offset) for f in log.findings] == [("damaged", 8)]
    assert list(log.received()[SHUTTLE]) == [2, 3]
    assert path.read_bytes() == data
    with pytest.raises(CorruptionError, match="damaged at byte 8"):
        list(read_day(tmp_path, TODAY))
    with pytest.raises(CorruptionError):
        seal_day(tmp_path, TODAY)
    assert path.exists()


def test_a_foreign_file_among_the_segments_is_refused(tmp_path):
    path = written(tmp_path, record(1))
    path.with_name("000002.seg").write_bytes(b"Das ist kein Segment.")
    with pytest.raises(CorruptionError, match="no telemetry segment"):
        log_in(tmp_path)


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_after_a_failed_sync_nothing_is_acknowledged_any_more(tmp_path, monkeypatch, code):
    def failing(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    async def main() -> None:
        async with log_in(tmp_path, inline=False) as log:
            await log.append([record(1)])
            with monkeypatch.context() as patch:
                patch.setattr(segment_files.os, "fdatasync", failing)
                with pytest.raises(ReadOnlyError):
                    await log.append([record(2)])
            assert log.is_read_only
            with pytest.raises(ReadOnlyError):
                await log.append([record(3)])
            assert list(log.received()[SHUTTLE]) == [1]

    asyncio.run(main())


def test_a_disk_that_fills_up_within_a_frame_leaves_a_torn_tail_and_no_false_acknowledgement(tmp_path, monkeypatch):
    honest = segment_files.SegmentFiles.write

    def full(self, day: date, data: bytes) -> None:
        honest(self, day, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    async def main() -> None:
        async with log_in(tmp_path, inline=False) as log:
            await log.append([record(1)])
            monkeypatch.setattr(segment_files.SegmentFiles, "write", full)
            with pytest.raises(ReadOnlyError):
                await log.append([record(2)])

    asyncio.run(main())
    monkeypatch.undo()
    log = reopened(tmp_path)
    assert [f.kind for f in log.findings] == ["torn"]
    assert list(log.received()[SHUTTLE]) == [1]


def test_one_sync_serves_many_appends(tmp_path, monkeypatch):
    syncs = []
    honest = os.fdatasync

    def counting(descriptor: int) -> None:
        syncs.append(descriptor)
        honest(descriptor)

    monkeypatch.setattr(segment_files.os, "fdatasync", counting)

    async def main() -> None:
        async with log_in(tmp_path, inline=False) as log, asyncio.TaskGroup() as tasks:
            for seq in range(300):
                tasks.create_task(log.append([record(seq)]))

    asyncio.run(main())
    assert len(list(read_day(tmp_path, TODAY))) == 300
    assert 1 <= len(syncs) < 100


def test_a_full_segment_is_followed_by_another(tmp_path, monkeypatch):
    monkeypatch.setattr(segment_files, "ROTATE_BYTES", 500)

    async def main() -> None:
        async with log_in(tmp_path, inline=False) as log:
            for seq in range(12):
                await log.append([record(seq)])

    asyncio.run(main())
    assert len(list(tmp_path.glob("2025-10-14/*.seg"))) > 2
    assert [r.sample.seq for r in read_day(tmp_path, TODAY)] == list(range(12))


def test_a_record_lies_in_the_day_of_its_event_time(tmp_path):
    midnight = ServiceDay(DAY, ZONE).plus(1).at(0)

    async def main() -> None:
        async with log_in(tmp_path) as log:
            await log.append([record(1, at=midnight - 1), record(2, at=midnight), record(3, at=midnight - 2)])

    asyncio.run(main())
    assert [r.sample.seq for r in read_day(tmp_path, TODAY)] == [3, 1]
    assert [r.sample.seq for r in read_day(tmp_path, TODAY.plus(1))] == [2]
    assert list(read_day(tmp_path, TODAY.plus(2))) == []


@given(st.integers(1_740_000_000_000, 1_770_000_000_000).map(Instant))
def test_the_day_is_the_local_date_also_when_clocks_change(moment: Instant):
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - used here only

    from mobility.core.clock import datetime_at  # noqa: PLC0415 - used here only

    finder = DayFinder(ZONE)
    for near in (moment, Instant(moment + 3_600_000), moment):
        assert finder(near) == datetime_at(near, ZoneInfo(ZONE)).date()


def test_records_are_read_by_vehicle_event_time_and_number(tmp_path):
    written(tmp_path, record(3), record(1, vehicle="bus"), record(2), record(4, at=START + 2000), record(1))
    keys = [(r.sample.vehicle_id, r.event_time, r.sample.seq) for r in read_day(tmp_path, TODAY)]
    assert keys == sorted(keys)
    assert len(keys) == 5


def test_a_sealed_day_reads_like_the_unsealed_one(tmp_path):
    written(tmp_path, *(record(seq, vehicle=name) for seq in range(50) for name in ("shuttle-2", "shuttle-1")))
    before = list(read_day(tmp_path, TODAY))
    sealed = seal_day(tmp_path, TODAY)
    assert sealed is not None
    assert [path.name for path in sealed.parent.iterdir()] == ["samples.parquet"]
    assert list(read_day(tmp_path, TODAY)) == before
    assert list(reopened(tmp_path).received()[SHUTTLE]) == list(range(50))


@settings(max_examples=15, deadline=None)
@given(kept=st.lists(_samples, min_size=1, max_size=6))
def test_whatever_a_vehicle_sends_is_sealed_unchanged(tmp_path_factory, kept: list[Sample]):
    folder = tmp_path_factory.mktemp("sealed")
    records = [TelemetryRecord(sample=s, received_at=START, event_time=START, payload=b"x") for s in kept]
    written(folder, *records)
    before = list(read_day(folder, TODAY))
    seal_day(folder, TODAY)
    assert list(read_day(folder, TODAY)) == before


def test_sealing_is_the_same_bytes_every_time(tmp_path):
    files = []
    for name in ("a", "b"):
        written(tmp_path / name, *(record(seq) for seq in range(30)))
        sealed = seal_day(tmp_path / name, TODAY)
        assert sealed is not None
        files.append(sealed.read_bytes())
    assert files[0] == files[1]


def test_late_records_join_a_sealed_day(tmp_path):
    async def main() -> None:
        async with log_in(tmp_path, inline=False) as log:
            await log.append([record(1), record(3)])
            await log.seal(TODAY)
            await log.append([record(2)])
            assert [r.sample.seq for r in read_day(tmp_path, TODAY)] == [1, 2, 3]
            await log.seal(TODAY)
            assert await log.seal(TODAY.plus(9)) is None
            assert list(log.received()[SHUTTLE]) == [1, 2, 3]

    asyncio.run(main())
    assert [path.name for path in tmp_path.glob("*/*")] == ["samples.parquet"]
    assert [r.sample.seq for r in read_day(tmp_path, TODAY)] == [1, 2, 3]


def test_a_crash_between_sealing_and_clearing_away_doubles_nothing(tmp_path):
    path = written(tmp_path, record(1), record(2))
    bytes_before = path.read_bytes()
    seal_day(tmp_path, TODAY)
    path.write_bytes(bytes_before)
    assert [r.sample.seq for r in read_day(tmp_path, TODAY)] == [1, 2]
    assert written_again(tmp_path) == ["000001.seg", "000002.seg"]
    seal_day(tmp_path, TODAY)
    assert [r.sample.seq for r in read_day(tmp_path, TODAY)] == [1, 2, 7]
    assert not path.exists()


def written_again(directory: Path) -> list[str]:
    async def main() -> None:
        async with log_in(directory) as log:
            await log.append([record(7)])

    asyncio.run(main())
    return sorted(path.name for path in directory.glob("*/*.seg"))


def test_a_number_once_used_is_never_used_again(tmp_path):
    written(tmp_path, record(1))
    seal_day(tmp_path, TODAY)
    assert written_again(tmp_path) == ["000002.seg"]


def test_a_damaged_sealed_file_is_refused(tmp_path):
    written(tmp_path, record(1))
    sealed = seal_day(tmp_path, TODAY)
    assert sealed is not None
    sealed.write_bytes(sealed.read_bytes()[:-9])
    with pytest.raises(CorruptionError):
        list(read_day(tmp_path, TODAY))


def test_a_sealed_day_is_read_with_sql(tmp_path):
    import duckdb  # noqa: PLC0415 - heavy

    written(tmp_path, *(record(seq) for seq in range(20)))
    sealed = seal_day(tmp_path, TODAY)
    asked = "SELECT vehicle_id, count(*), max(passengers) FROM read_parquet($path) GROUP BY 1"
    found = duckdb.execute(asked, {"path": str(sealed)}).fetchall()
    assert found == [("shuttle-1", 20, 6)]


def test_a_second_process_can_not_write(tmp_path):
    async def main() -> None:
        async with log_in(tmp_path):
            with pytest.raises(StorageError, match="another process"):
                log_in(tmp_path)

    asyncio.run(main())


def test_a_log_that_is_not_running_says_so(tmp_path):
    async def main() -> None:
        log = log_in(tmp_path, inline=False)
        with pytest.raises(StorageError, match="not running"):
            await log.append([record(1)])
        await log.stop()
        await log.stop()

    asyncio.run(main())
