"""A window of telemetry: what a whole day would give, found fast, in sealed and unsealed segments."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.clock import Instant
from mobility.core.errors import CorruptionError
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from mobility.core.service_day import ServiceDay
from mobility.storage.segment_frame import FrameWriter
from mobility.storage.segment_window import _PEEK, SegmentWindows, read_window
from mobility.storage.segments import SegmentLog, read_day
from tests.contracts.sample_facts import START
from tests.contracts.sample_records import record

ZONE = "Europe/Berlin"
DAY = ServiceDay(date(2025, 10, 14), ZONE)
VAN = VehicleId("shuttle-1")


def stored(directory: Path, records: list[TelemetryRecord], *, sealed: bool = False) -> None:
    async def main() -> None:
        async with SegmentLog.open(directory, zone=ZONE, inline=True) as log:
            await log.append(records)
            if sealed:
                await log.seal(DAY)

    asyncio.run(main())


def at(seconds: int) -> Instant:
    return Instant(START + seconds * 1000)


def test_the_peek_reads_what_the_frame_says():
    made = FrameWriter().frame(record(5))
    length, event_time = _PEEK.unpack_from(made, 0)
    assert (length, event_time) == (len(made) - 8, record(5).event_time)


@pytest.mark.parametrize("sealed", [False, True])
def test_a_window_holds_the_vehicles_records_of_both_ends_in_order(tmp_path: Path, sealed: bool) -> None:
    mine = [record(seq) for seq in (5, 3, 4, 9, 2, 8)]
    stored(tmp_path, [*mine, record(4, vehicle="shuttle-2")], sealed=sealed)
    found = read_window(tmp_path, ZONE, VAN, at(3), at(8))
    assert found == [record(seq) for seq in (3, 4, 5, 8)]


def test_a_late_record_after_sealing_is_found_with_the_sealed_ones(tmp_path: Path) -> None:
    stored(tmp_path, [record(1), record(3)], sealed=True)
    stored(tmp_path, [record(2)])
    assert [r.sample.seq for r in read_window(tmp_path, ZONE, VAN, at(0), at(9))] == [1, 2, 3]


def test_a_window_over_midnight_reads_both_days(tmp_path: Path) -> None:
    midnight = Instant(DAY.plus(1).start)
    around = [record(seq, at=midnight + (seq - 3) * 1000) for seq in range(1, 6)]
    stored(tmp_path, around)
    assert read_window(tmp_path, ZONE, VAN, Instant(midnight - 2000), Instant(midnight + 2000)) == around


def test_nothing_is_found_where_nothing_is_kept(tmp_path: Path) -> None:
    assert read_window(tmp_path, ZONE, VAN, at(0), at(9)) == []
    assert asyncio.run(SegmentWindows(tmp_path, ZONE).read(VAN, at(0), at(9))) == []


def test_a_frame_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    stored(tmp_path, [record(1), record(2), record(3)])
    path = next(tmp_path.glob("*/*.seg"))
    path.write_bytes(path.read_bytes()[:-7])
    assert [r.sample.seq for r in read_window(tmp_path, ZONE, VAN, at(0), at(9))] == [1, 2]


def test_damage_costs_the_damaged_record_only(tmp_path: Path) -> None:
    stored(tmp_path, [record(seq) for seq in range(1, 30)])
    path = next(tmp_path.glob("*/*.seg"))
    whole = bytearray(path.read_bytes())
    frame = len(FrameWriter().frame(record(1)))
    whole[8 + frame + 60] ^= 0xFF
    path.write_bytes(whole)
    found = [r.sample.seq for r in read_window(tmp_path, ZONE, VAN, at(0), at(99))]
    assert found == [1, *range(3, 30)]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_flipped_byte_gives_no_wrong_record_and_loses_at_most_what_a_careful_reading_loses(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("flipped")
    stored(folder, [record(seq) for seq in range(1, 12)])
    path = next(folder.glob("*/*.seg"))
    whole = bytearray(path.read_bytes())
    where = data.draw(st.integers(8, len(whole) - 1))
    whole[where] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    found = read_window(folder, ZONE, VAN, at(0), at(99))
    careful = [r for r in read_day(folder, DAY, damaged=lambda _: None) if r.sample.vehicle_id == VAN]
    assert found == sorted(careful, key=lambda r: r.sample.seq)


def test_a_foreign_file_is_named(tmp_path: Path) -> None:
    stored(tmp_path, [record(1)])
    path = next(tmp_path.glob("*/*.seg"))
    path.write_bytes(b"no segment at all")
    with pytest.raises(CorruptionError, match=r"000001\.seg"):
        read_window(tmp_path, ZONE, VAN, at(0), at(9))


@settings(max_examples=40, deadline=None)
@given(
    seconds=st.lists(st.integers(0, 300), min_size=1, max_size=60, unique=True),
    first=st.integers(0, 300),
    span=st.integers(0, 120),
    sealed=st.booleans(),
)
def test_a_window_is_exactly_the_days_records_in_it(tmp_path_factory, seconds, first, span, sealed):
    folder = tmp_path_factory.mktemp("window")
    stored(folder, [record(s) for s in seconds], sealed=sealed)
    expected = [r for r in read_day(folder, DAY) if at(first) <= r.event_time <= at(first + span)]
    assert read_window(folder, ZONE, VAN, at(first), at(first + span)) == expected
