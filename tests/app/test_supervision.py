"""Work that fails on storage is begun anew and loses nothing that waits; a fault of ours is not hidden."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mobility.app.mode_log import MOST_WAITING, ModeLog
from mobility.app.supervision import AGAIN_S, Supervision
from mobility.core.clock import Instant
from mobility.core.errors import CorruptionError, ReadOnlyError, StorageError
from mobility.core.events import DrivingModeChanged
from mobility.core.vehicle import DrivingMode, VehicleState
from sim.edge.loop import run_virtual
from tests.fakes.clock import SettableClock
from tests.fakes.ledger import MemoryLedger
from tests.v2x.making import NOON, sample_at


def full_ledger() -> MemoryLedger:
    ledger = MemoryLedger(SettableClock(NOON))
    ledger.is_read_only = True
    return ledger


def seen(seq: int) -> VehicleState:
    mode = DrivingMode.MANUAL if seq % 2 else DrivingMode.ASSISTED
    at = Instant(NOON + seq * 1000)
    return VehicleState(sample=sample_at(seq, mode=mode), as_of=at, received_at=at)


def failing(*faults: BaseException) -> tuple[Callable[[], Awaitable[None]], list[BaseException]]:
    left = list(faults)

    async def work() -> None:
        if left:
            raise left.pop(0)

    return work, left


@pytest.mark.parametrize(
    "fault",
    [
        ReadOnlyError("full"),
        CorruptionError("damaged"),
        OSError(28, "No space left on device"),
        BaseExceptionGroup("of a task group", [ExceptionGroup("inner", [StorageError("busy")])]),
    ],
)
def test_a_fault_of_storage_ends_no_work(fault: BaseException):
    async def main() -> None:
        clock = SettableClock(NOON)
        supervision = Supervision(clock)
        work, left = failing(fault, fault)
        await supervision.keep("archive", work)
        assert (left, supervision.faults) == ([], 2)
        assert clock.now() == NOON + 2 * AGAIN_S * 1000

    asyncio.run(main())


def test_any_other_fault_is_passed_on():
    async def main() -> None:
        work, _ = failing(ValueError("ours"))
        await Supervision(SettableClock(NOON)).keep("archive", work)

    with pytest.raises(ValueError, match="ours"):
        asyncio.run(main())


def test_changes_of_mode_wait_for_a_ledger_that_takes_them_again():
    async def main() -> list[DrivingModeChanged]:
        ledger = full_ledger()
        modes = ModeLog(ledger)
        for seq in range(1, 5):
            modes.observe(seen(seq))
        for _ in range(3):
            with pytest.raises(ReadOnlyError):
                await modes.run()
        ledger.is_read_only = False
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(modes.run())
            modes.observe(seen(5))
            await asyncio.sleep(0.01)
            running.cancel()
        return [envelope.body for envelope in ledger.read()]

    facts = run_virtual(main())
    assert [fact.at for fact in facts] == [NOON + seq * 1000 for seq in range(1, 6)]


def test_a_vehicle_that_changes_its_mode_for_ever_fills_no_memory():
    modes = ModeLog(full_ledger())
    for seq in range(1, MOST_WAITING + 500):
        modes.observe(seen(seq))
    assert len(modes._changes) == MOST_WAITING
