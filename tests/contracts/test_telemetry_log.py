"""What every telemetry log keeps to: the real one with its thread, the real one inline, and the one in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from crc32c import crc32c

from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import TelemetryLog
from mobility.storage.segments import SegmentLog
from tests.contracts.sample_records import record
from tests.fakes.telemetry_log import MemoryTelemetryLog

Body = Callable[[TelemetryLog], Awaitable[None]]


@pytest.fixture(params=["memory", "inline", "threaded"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Body], None]:
    """Run an async test body on each kind of log."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[TelemetryLog]:
        if request.param == "memory":
            yield MemoryTelemetryLog()
            return
        async with SegmentLog.open(tmp_path, zone="Europe/Berlin", inline=request.param == "inline") as log:
            yield log

    async def main(body: Body) -> None:
        async with opened() as log:
            await body(log)

    return lambda body: asyncio.run(main(body))


def test_a_new_log_has_received_nothing(run):
    async def body(log: TelemetryLog) -> None:
        assert dict(log.received()) == {}

    run(body)


def test_what_was_appended_is_received_with_the_checksum_of_its_payload(run):
    async def body(log: TelemetryLog) -> None:
        await log.append([record(7), record(8)])
        await log.append([record(9)])
        received = log.received()[VehicleId("shuttle-1"), BootId("b1")]
        assert dict(received) == {seq: crc32c(f"shuttle-1/{seq}".encode()) for seq in (7, 8, 9)}

    run(body)


def test_vehicles_and_boots_are_told_apart(run):
    async def body(log: TelemetryLog) -> None:
        await log.append([record(1), record(1, vehicle="shuttle-2"), record(1, boot="b2")])
        assert sorted(log.received()) == [("shuttle-1", "b1"), ("shuttle-1", "b2"), ("shuttle-2", "b1")]

    run(body)


def test_gaps_stay_gaps_until_they_are_filled(run):
    async def body(log: TelemetryLog) -> None:
        await log.append([record(1), record(4)])
        received = log.received()[VehicleId("shuttle-1"), BootId("b1")]
        assert list(received) == [1, 4]
        assert 2 not in received
        await log.append([record(3), record(2)])
        assert sorted(log.received()[VehicleId("shuttle-1"), BootId("b1")]) == [1, 2, 3, 4]

    run(body)


def test_many_appends_at_once_are_all_received(run):
    async def body(log: TelemetryLog) -> None:
        async with asyncio.TaskGroup() as tasks:
            for seq in range(200):
                tasks.create_task(log.append([record(seq)]))
        assert len(log.received()[VehicleId("shuttle-1"), BootId("b1")]) == 200

    run(body)


def test_appending_nothing_is_no_fault(run):
    async def body(log: TelemetryLog) -> None:
        await log.append([])
        assert dict(log.received()) == {}

    run(body)
