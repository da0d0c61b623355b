"""What every archive of occasions and every window of telemetry keeps to: on disk and in memory."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mobility.core.clock import Instant
from mobility.core.errors import StorageError
from mobility.core.ids import OccasionId, VehicleId
from mobility.core.ports import OccasionArchive, TelemetryWindows
from mobility.storage.occasion_files import OccasionFiles
from mobility.storage.segment_window import SegmentWindows
from mobility.storage.segments import SegmentLog
from tests.contracts.sample_facts import START
from tests.contracts.sample_records import record
from tests.fakes.occasion_archive import MemoryOccasionArchive, MemoryWindows

FALL = OccasionId("pmover-1-1760421600000-conflict-hard/braking ü..")


@pytest.fixture(params=["memory", "inline", "threaded"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> OccasionArchive:
    if request.param == "memory":
        return MemoryOccasionArchive()
    return OccasionFiles(tmp_path, inline=request.param == "inline")


def test_an_unknown_occasion_has_no_revision(archive: OccasionArchive) -> None:
    assert asyncio.run(archive.newest(FALL)) is None


def test_the_newest_revision_is_returned_with_its_hash(archive: OccasionArchive) -> None:
    async def main() -> None:
        await archive.put(FALL, 1, b'{"a":1}')
        put = await archive.put(FALL, 2, b'{"a":2}')
        assert await archive.newest(FALL) == put
        assert (put.revision, put.sha256) == (2, hashlib.sha256(b'{"a":2}').hexdigest())

    asyncio.run(main())


def test_a_revision_is_written_once(archive: OccasionArchive) -> None:
    async def main() -> None:
        await archive.put(FALL, 1, b"{}")
        with pytest.raises(StorageError, match="kept already"):
            await archive.put(FALL, 1, b'{"b":1}')
        newest = await archive.newest(FALL)
        assert newest is not None
        assert newest.body == b"{}"

    asyncio.run(main())


def test_tables_are_replaced_and_found_by_the_beginning_of_their_name(archive: OccasionArchive) -> None:
    async def main() -> None:
        assert await archive.tables() == {}
        await archive.put_table("2025-11-18~van/1", b"old")
        await archive.put_table("2025-11-18~van/1", b"new")
        await archive.put_table("2025-11-19~van/1", b"next")
        assert await archive.tables("2025-11-18~") == {"2025-11-18~van/1": b"new"}
        assert len(await archive.tables()) == 2

    asyncio.run(main())


Body = Callable[[TelemetryWindows], Awaitable[None]]


@pytest.fixture(params=["memory", "inline", "threaded"])
def windows(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Awaitable[TelemetryWindows]]:
    records = [record(seq) for seq in (3, 1, 2, 4)] + [record(2, vehicle="shuttle-2")]

    async def stored() -> TelemetryWindows:
        if request.param == "memory":
            memory = MemoryWindows()
            memory.records = records
            return memory
        async with SegmentLog.open(tmp_path, zone="Europe/Berlin") as log:
            await log.append(records)
        return SegmentWindows(tmp_path, "Europe/Berlin", inline=request.param == "inline")

    return stored


def test_a_window_has_one_vehicles_records_of_both_ends_in_order(windows) -> None:
    async def main() -> None:
        found = await (await windows()).read(VehicleId("shuttle-1"), Instant(START + 1000), Instant(START + 3000))
        assert list(found) == [record(1), record(2), record(3)]

    asyncio.run(main())
